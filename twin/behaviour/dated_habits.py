"""Habits learned on usual weekdays, for another day's trips: old ways kept, new ones chosen without crowding.

Whoever makes a trip never learned takes what feels best under the times learned. That they are many is
reckoned with as where habits begin: in rounds of successive averages (Sheffi 1985, Urban Transportation
Networks, ch. 5), on the times learned plus what a volume-delay function (Akcelik 1991) says that the day's
flows take more, or less, than the usual ones. So on a Sunday drivers expect a Sunday's streets.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.behaviour.habits import Drivers, Habits, felt_ms
from twin.behaviour.learning import reviewers, volume_delay_ms
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.kernels import paths
from twin.routing.routes import Routes
from twin.scenario.ledger import Parameters

ROUND_OFFSET = 2_000
"""Draws of who chooses again in a round are other ones than those with which habits begin or are fitted."""


def evened_out(
    drivers: Drivers,
    habits: Habits,
    new: np.ndarray,
    usual: tuple[Routes, np.ndarray],
    parameters: Parameters,
) -> Habits:
    """Habits of a day after rounds in which a shrinking part of those with new routes choose again.

    ``new`` are rows of trips whose routes were chosen by the times learned alone; ``usual`` are the usual
    day's routes and departures [ms] (n_usual,).
    """
    clock_ms = drivers.weights(habits.expected_ms).time_ms
    band = float(parameters["behaviour.switching_band"])

    def reckoned_ms(routes: Routes, depart_ms: np.ndarray) -> np.ndarray:
        flow = np.zeros((N_SLICES, drivers.free_ms.shape[0]), dtype=np.int32)
        paths.spread_flows(routes.pool, routes.start, routes.end, depart_ms, clock_ms, SLICE_MS, flow)
        capacity_veh = drivers.capacity_vps * (SLICE_MS / MS)
        time_ms = volume_delay_ms(drivers.free_ms, flow, capacity_veh, SLICE_MS, parameters)
        return time_ms.astype(np.int64)

    usual_ms = reckoned_ms(*usual)

    def expected(routes: Routes) -> np.ndarray:
        more_ms = reckoned_ms(routes, drivers.trips.depart_ms) - usual_ms
        return np.asarray(np.maximum(habits.expected_ms + more_ms, drivers.free_ms))

    routes, bounds = habits.routes, drivers.bounds()
    for number in range(2, int(parameters["behaviour.equilibrium_rounds"]) + 1):
        draws = reviewers(drivers.seed, -number - ROUND_OFFSET, 1.0 / number, drivers.trips.person[new])
        again = new[draws]
        if not again.size:
            continue
        weights = drivers.weights(expected(routes))
        found = drivers.choose(weights, bounds, again)
        now, then = (felt_ms(drivers, weights, each, again) for each in (routes, found))
        better = then < now * (1.0 - band)
        routes = routes.replaced(again[better], found)
    return replace(habits, routes=routes, expected_ms=expected(routes))
