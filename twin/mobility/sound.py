"""Noise of road traffic at the kerb, by the emission law of CNOSSOS-EU.

Sound power of a vehicle is rolling, A + B lg(v/70), and propulsion, A + B (v - 70)/70, in eight octaves
(Directive (EU) 2015/996, annex, 2.2 and table F-1: light vehicles and heavy ones, no correction for
surface, slope, temperature or junctions). Vehicles of a link make a line of sound; over hard ground and
without anything in between, at distance d from a long line, the level is that of its power a metre less
10 lg(2 d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.scenario.ledger import Parameters

Floats = NDArray[np.float64]
A_WEIGHT_DB = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
"""A-weighting of the octaves from 63 Hz to 8 kHz (IEC 61672-1)."""
REFERENCE_KMH, SLOWEST_KMH, FASTEST_KMH = 70.0, 20.0, 130.0
LIGHT, HEAVY = "light", "heavy"


def vehicle_power_db(speed_kmh: Floats, group: str, parameters: Parameters) -> Floats:
    """A-weighted sound power level of one vehicle at speeds (n,) [dB].

    >>> vehicle_power_db(np.array([50.0, 90.0]), "light", Parameters.defaults()).round(1)
    array([ 96., 104.])
    """
    speed = np.clip(np.asarray(speed_kmh, dtype=np.float64), SLOWEST_KMH, FASTEST_KMH)[..., None]

    def of(name: str) -> Floats:
        return np.array(parameters[f"emissions.sound_{name}_{group}"])

    rolling = of("rolling_a") + of("rolling_b") * np.log10(speed / REFERENCE_KMH)
    propulsion = of("propulsion_a") + of("propulsion_b") * (speed - REFERENCE_KMH) / REFERENCE_KMH
    octaves = 10.0 ** ((rolling + A_WEIGHT_DB) / 10.0) + 10.0 ** ((propulsion + A_WEIGHT_DB) / 10.0)
    return np.asarray(10.0 * np.log10(octaves.sum(axis=-1)))


def line_energy(veh_per_h: Floats, speed_kmh: Floats, group: str, parameters: Parameters) -> Floats:
    """Sound power of a metre of line in units of the reference power (n_links,), 0 where nobody drives.

    Vehicles a metre are flow over speed (Directive (EU) 2015/996, 2.2.1).
    """
    speed = np.clip(np.nan_to_num(speed_kmh, nan=SLOWEST_KMH), SLOWEST_KMH, FASTEST_KMH)
    each = 10.0 ** (vehicle_power_db(speed, group, parameters) / 10.0)
    return np.asarray(each * veh_per_h / (1_000.0 * speed))


def kerb_level_db(energy: Floats, distance_m: float, background_db: float) -> Floats:
    """A-weighted equivalent level at a distance from lines of that energy (n_links,) [dB].

    >>> kerb_level_db(np.array([0.0]), 7.5, 40.0)
    array([40.])
    """
    near = np.asarray(energy) / (2.0 * distance_m)
    return np.asarray(10.0 * np.log10(near + 10.0 ** (background_db / 10.0)))
