"""Drivers who know the tolls: they leave a tolled way where the one round it is worth it to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.behaviour.closed_hours import touched
from twin.behaviour.habits import PERCEPTION, Drivers, Habits, felt_ms
from twin.kernels.paths import BLOCKED, Stream
from twin.routing.search import bounds_to, find_routes
from twin.units import MS_PER_H


def charge_ms(eur: np.ndarray, value_of_time_eur_per_h: float) -> np.ndarray:
    """Charges as time [ms], int32: what is paid over the value of an hour.

    >>> charge_ms(np.array([0.0, 5.0]), 10.0).tolist()
    [0, 1800000]
    """
    return np.asarray(np.minimum(np.rint(eur / value_of_time_eur_per_h * MS_PER_H), BLOCKED - 1), np.int32)


def planned_by_toll(drivers: Drivers, habits: Habits, charge: np.ndarray, band: float) -> Habits:
    """Habits of the drivers ``rows`` when links cost so much more, (N_SLICES, n_links) int32 [ms].

    Only who would pay looks for another route, and takes it if it is charged less and feels better by
    more than the band: what is felt is time and charge together. The times expected stay as they are.
    """
    rows = touched(habits.routes, drivers.rows, np.asarray(charge.any(axis=0)))
    if not rows.size:
        return habits
    free = drivers.weights(habits.expected_ms)
    priced = free._replace(cost_ms=np.minimum(free.cost_ms, BLOCKED - 1 - charge) + charge)
    only = free._replace(cost_ms=np.ascontiguousarray(charge), sigma=0.0)
    least_ms = np.floor(drivers.free_ms * drivers.aversion).astype(np.int32)
    bounds = bounds_to(drivers.topology, least_ms, drivers.trips.destination[rows])
    draws = Stream(drivers.seed, PERCEPTION)
    found = find_routes(drivers.topology, priced, bounds, drivers.trips, rows, draws, drivers.threads)
    rows = rows[found.start[rows] >= 0]
    felt, paid = (
        [felt_ms(drivers, weights, routes, rows) for routes in (habits.routes, found)]
        for weights in (priced, only)
    )
    switching = rows[(paid[1] < paid[0]) & (felt[1] < felt[0] * (1.0 - band))]
    return replace(habits, routes=habits.routes.replaced(switching, found))
