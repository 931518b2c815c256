"""Fuel burnt and CO2 emitted by cars, one link passage at a time, by speed curve.

A passage of length L [km] in time t [h] has the mean speed v = L/t, and burns
``(a/v + b + c v + d v^2) L = a t + (b + c v + d v^2) L`` litres (kWh for electric cars): a is what an
idling engine burns per hour, so the curve holds in queues as well (UK Department for Transport, TAG
data book; coefficients in the ledger, ``emissions.*``). A car on a link at the end of the day, or
waiting at its origin or gate, has burnt nothing yet.

Fuel is rounded per passage to whole nanolitres (millionths of a Wh) and added as whole numbers: sums do
not depend on the order of passages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.population.tables import FUELS
from twin.scenario.ledger import Parameters

MS_PER_H = 3_600_000.0
NANO = 1e9
CHUNK = 1_000_000
"""Passages worked on at a time, so that a day of five million needs little memory."""


class PassageColumns(NamedTuple):
    """Links left: trip and link rows (n,) int32, moments (n,) int64 [ms]."""

    trip: NDArray[np.int32]
    link: NDArray[np.int32]
    enter_ms: NDArray[np.int64]
    exit_ms: NDArray[np.int64]


class Curves(NamedTuple):
    """Curve (n_fuels, 4) [unit/km] and CO2 (n_fuels,) [kg/unit]; the unit is L, or kWh if electric."""

    coefficients: NDArray[np.float64]
    co2_kg_per_unit: NDArray[np.float64]


@dataclass(frozen=True)
class Emissions:
    """What one day's passages burnt and emitted.

    fuel_by_trip (n_trips,) [L, kWh if electric], co2_kg_by_trip (n_trips,), co2_kg_by_link (n_links,).
    """

    fuel_by_trip: NDArray[np.float64]
    co2_kg_by_trip: NDArray[np.float64]
    co2_kg_by_link: NDArray[np.float64]


def curves_of(parameters: Parameters) -> Curves:
    """The curves that the ledger holds, in the order of `FUELS`."""
    coefficients = [parameters[f"emissions.{fuel}_car_curve"] for fuel in FUELS]
    co2_kg_per_unit = [
        parameters["emissions.petrol_co2_kg_per_l"],
        parameters["emissions.diesel_co2_kg_per_l"],
        parameters["emissions.electricity_co2_kg_per_kwh"],
    ]
    return Curves(np.array(coefficients, dtype=np.float64), np.array(co2_kg_per_unit, dtype=np.float64))


def fuel_per_km(speed_kmh: NDArray[np.float64], curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fuel per km [L/km or kWh/km] at a mean speed [km/h]; curve (4,) holds a, b, c, d.

    >>> petrol = curves_of(Parameters.defaults()).coefficients[0]
    >>> round(float(fuel_per_km(np.array([50.0]), petrol)[0] * 2_310))
    158
    """
    a, b, c, d = curve
    burnt: NDArray[np.float64] = a / speed_kmh + b + c * speed_kmh + d * speed_kmh**2
    return burnt


def day_emissions(
    passages: PassageColumns,
    fuel_of_trip: NDArray[np.int8],
    length_m: NDArray[np.float64],
    curves: Curves,
) -> Emissions:
    """Fuel and CO2 of all passages of a day, by trip and by link.

    Parameters
    ----------
    passages
        Read, (n_passages,) columns.
    fuel_of_trip
        Read, (n_trips,) row of `FUELS`.
    length_m
        Read, (n_links,) [m].
    curves
        Read, from `curves_of`.
    """
    n_trips, n_links = fuel_of_trip.shape[0], length_m.shape[0]
    fuel_n = np.zeros(n_trips)
    co2_ug_by_link = np.zeros(n_links)
    for first in range(0, passages.trip.shape[0], CHUNK):
        part = slice(first, first + CHUNK)
        trip, link = passages.trip[part], passages.link[part]
        fuel = fuel_of_trip[trip]
        hours = (passages.exit_ms[part] - passages.enter_ms[part]) / MS_PER_H
        burnt_n = np.rint(_burnt(length_m[link] / 1_000.0, hours, fuel, curves) * NANO)
        co2_ug = np.rint(burnt_n * curves.co2_kg_per_unit[fuel])
        fuel_n += np.bincount(trip, weights=burnt_n, minlength=n_trips)
        co2_ug_by_link += np.bincount(link, weights=co2_ug, minlength=n_links)
    fuel_by_trip = fuel_n / NANO
    return Emissions(fuel_by_trip, fuel_by_trip * curves.co2_kg_per_unit[fuel_of_trip], co2_ug_by_link / NANO)


def _burnt(
    length_km: NDArray[np.float64], hours: NDArray[np.float64], fuel: NDArray[np.int8], curves: Curves
) -> NDArray[np.float64]:
    """Fuel of each passage (n,) [L, kWh if electric]."""
    a, b, c, d = curves.coefficients[fuel].T
    speed_kmh = length_km / hours
    burnt: NDArray[np.float64] = a * hours + (b + speed_kmh * (c + d * speed_kmh)) * length_km
    return burnt
