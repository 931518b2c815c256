"""Energy used and pollutants emitted by vehicles, one link passage at a time, by speed curve.

A passage of length L [km] in time t [h] has the mean speed v = L/t. Energy per km is ``a/v + b + c v +
d v^2`` (a is what an idling engine burns per hour, so the curve holds in queues as well), exhaust
pollutants per km are ``(a + c v + e v^2 + f/v) / (1 + b v + d v^2)`` (EMEP/EEA air pollutant emission
inventory guidebook, 1.A.3.b.i-iv, hot emissions), wear of tyres, brakes and road is a mass per km with a
factor of speed (the same, 1.A.3.b.vi-vii). Coefficients are rows of the ledger, ``emissions.*``. Cold
starts and slopes are left out. A car on a link at the end of the day, or waiting at its origin or gate,
has burnt nothing yet.

All is rounded per passage to billionths of its unit and added as whole numbers: sums do not depend on the
order of passages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.kernels.emissions import Sums, add_emissions
from twin.mobility.curves import CARRIERS, Factors
from twin.population.residents.fleet import TripVehicles

NANO = 1e9
QUANTITIES = ("co2_kg", "energy_mj", "nox_g", "exhaust_pm_g", "wear_pm_g")
"""What is summed by link, in the kernel's order; particles from exhausts, below 10 um from wear."""


class PassageColumns(NamedTuple):
    """Links left: trip and link rows (n,) int32, moments (n,) whole [ms]."""

    trip: NDArray[np.int32]
    link: NDArray[np.int32]
    enter_ms: NDArray[np.integer]
    exit_ms: NDArray[np.integer]


@dataclass(frozen=True)
class Emissions:
    """What one day's passages burnt and emitted.

    energy_by_trip (n_trips, n_carriers) [L petrol, L diesel, kWh]; co2_kg_by_trip, nox_g_by_trip (n_trips,);
    by_link: (n_links,) for each of `QUANTITIES`, the vehicles of services among them.
    """

    energy_by_trip: NDArray[np.float64]
    co2_kg_by_trip: NDArray[np.float64]
    nox_g_by_trip: NDArray[np.float64]
    by_link: dict[str, NDArray[np.float64]]

    @property
    def co2_kg_by_link(self) -> NDArray[np.float64]:
        """CO2 from exhausts on each link (n_links,) [kg]."""
        return self.by_link["co2_kg"]

    def with_services(self, services: Emissions) -> Emissions:
        """These, and on the links what vehicles that make no trip of anybody emitted as well."""
        by_link = {name: total + services.by_link[name] for name, total in self.by_link.items()}
        return replace(self, by_link=by_link)


def day_emissions(
    passages: PassageColumns,
    vehicles: TripVehicles,
    length_m: NDArray[np.float64],
    factors: Factors,
) -> Emissions:
    """What all passages of a day burnt and emitted, by trip and by link.

    Parameters
    ----------
    passages
        Read, (n_passages,) columns.
    vehicles
        Read, the vehicle of each trip.
    length_m
        Read, (n_links,) [m].
    factors
        Read, from `twin.mobility.curves.factors_of`.
    """
    n_trips, n_links = vehicles.row.shape[0], length_m.shape[0]
    sums = Sums(np.zeros((n_trips, len(CARRIERS))), np.zeros(n_trips), np.zeros((len(QUANTITIES), n_links)))
    columns = [np.asarray(column, dtype=np.int64) for column in vehicles[1:]]
    moved = (passages.trip, passages.link, passages.enter_ms, passages.exit_ms)
    add_emissions(moved, factors.group_of(*columns), length_m, factors.as_curves(), sums)
    energy = sums.energy / NANO
    by_link = dict(zip(QUANTITIES, sums.by_link / NANO, strict=True))
    return Emissions(energy, energy @ factors.co2_kg_per_unit, sums.nox_g / NANO, by_link)
