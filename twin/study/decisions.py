"""Two decisions that a city makes from counts of people, and what they cost in the truth.

Where to put some services, so that people have the least way to the nearest (the p-median problem: Hakimi
1964, Operations Research 12; interchange: Teitz & Bart 1968, Operations Research 16); and how many shared
vehicles to keep, between paying for idle ones and losing travellers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


def sited(demand: np.ndarray, distance_m: np.ndarray, n_sites: int) -> np.ndarray:
    """Rows of the sites that are chosen for a demand (n_cells,), ascending; distance_m (n_sites, n_cells).

    From each site in turn: others are added where most is gained, then exchanged while that helps. The best
    set found is taken, the first of equals.

    >>> apart = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    >>> sited(np.array([9.0, 0, 0, 0, 1]), apart, 1).tolist()
    [0]
    """
    best, cost = np.zeros(0, dtype=np.int64), np.inf
    for first in range(len(distance_m)):
        chosen, found = _exchanged(_added([first], demand, distance_m, n_sites), demand, distance_m)
        if found < cost - 1e-9 * max(found, 1.0):
            best, cost = np.sort(np.array(chosen, dtype=np.int64)), found
    return best


def _added(chosen: list[int], demand: np.ndarray, distance_m: np.ndarray, n_sites: int) -> list[int]:
    """Sites, one more after the other where most is gained."""
    nearest = distance_m[chosen].min(axis=0)
    while len(chosen) < min(n_sites, len(distance_m)):
        cost = np.minimum(distance_m, nearest) @ demand
        cost[chosen] = np.inf
        chosen = [*chosen, int(cost.argmin())]
        nearest = np.minimum(nearest, distance_m[chosen[-1]])
    return chosen


def _exchanged(chosen: list[int], demand: np.ndarray, distance_m: np.ndarray) -> tuple[list[int], float]:
    """Sites after exchanging one for another while that helps, and what they cost."""
    best = float(distance_m[chosen].min(axis=0) @ demand)
    better = True
    while better:
        better = False
        for place in range(len(chosen)):
            others = chosen[:place] + chosen[place + 1 :]
            rest = distance_m[others].min(axis=0) if others else np.full(distance_m.shape[1], np.inf)
            cost = np.minimum(distance_m, rest) @ demand
            cost[others] = np.inf
            row = int(cost.argmin())
            if cost[row] < best - 1e-9 * max(best, 1.0):
                chosen[place], best, better = row, float(cost[row]), True
    return chosen, best


def mean_way_m(demand: np.ndarray, distance_m: np.ndarray, sites: np.ndarray) -> float:
    """Mean way of a demand to the nearest of some sites [m]."""
    return float(distance_m[sites].min(axis=0) @ demand / demand.sum())


class FleetCost(NamedTuple):
    """What a fleet costs: a vehicle's day [EUR], trips that it carries in an hour, a lost trip [EUR]."""

    vehicle_day_eur: float
    trips_per_vehicle_h: float
    lost_trip_eur: float

    def of(self, n_vehicles: np.ndarray | float, trips_by_hour: np.ndarray) -> np.ndarray:
        """Cost of a day [EUR] with so many vehicles (n,) for the trips asked in each hour (24,)."""
        fleet = np.atleast_1d(np.asarray(n_vehicles, dtype=np.float64))
        lost = np.maximum(trips_by_hour[None, :] - fleet[:, None] * self.trips_per_vehicle_h, 0.0)
        return np.asarray(fleet * self.vehicle_day_eur + lost.sum(axis=1) * self.lost_trip_eur)

    def fleet(self, trips_by_hour: np.ndarray) -> int:
        """The number of vehicles that costs least for the trips asked in each hour.

        >>> FleetCost(30.0, 3.0, 20.0).fleet(np.array([6.0, 12.0, 6.0]))
        4
        """
        most = int(np.ceil(trips_by_hour.max() / self.trips_per_vehicle_h)) + 1
        return int(self.of(np.arange(most + 1), trips_by_hour).argmin())
