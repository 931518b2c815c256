"""On-demand transport: shared vehicles, requests with promises, and routes that keep them.

Kernels: `twin.kernels.insertion` and `twin.kernels.reinsertion`; this is their public door. Of two plans
the better serves more requests; of those that serve as many, the one of less cost: vehicle seconds driven,
the way back to the depot counted, and weighted rider seconds of waiting and of riding.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from twin.clock import MS
from twin.errors import WorkError
from twin.kernels import insertion, reinsertion
from twin.kernels.insertion import FleetState, Problem, RideRequests, RoutePlan, Search, Travel
from twin.kernels.paths import Bounds
from twin.mobility.network import Roads
from twin.routing.search import times_between
from twin.scenario.ledger import Parameters

EXACT_UP_TO = 4
"""So many requests are placed at once by enumeration to its end."""
MOST_AT_ONCE = 8
"""So many are placed again together in the improvement, where that makes few sets of them."""
MOST_SETS = 300
STEPS_A_SET = 3_000
"""Bounds of the improvement: sets of one size, and places tried for one set. They only limit its time."""
CURSOR_COLUMNS = 5


@dataclass(frozen=True)
class Terms:
    """What is declared of stops and costs: stay at a stop [s], weights over a vehicle second.

    Waiting weighs no less than riding, or who waits for others aboard would be better off waiting outside.
    """

    stay_s: float
    wait_weight: float
    ride_weight: float

    @staticmethod
    def of(parameters: Parameters) -> Terms:
        """Those of the ledger."""
        names = ("stay_s", "wait_weight", "ride_weight")
        return Terms(*(float(parameters[f"on_demand.{name}"]) for name in names))

    def row(self) -> np.ndarray:
        """As the kernels read them."""
        monotone = self.wait_weight >= self.ride_weight
        thousandths = (round(1_000 * self.wait_weight), round(1_000 * self.ride_weight))
        return np.array([round(self.stay_s * MS), *thousandths, monotone], dtype=np.int64)


def driving_times_ms(roads: Roads, bounds: Bounds, links: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Driving times by which an operator reckons from link to link (n, n) int64 [ms].

    Those of free flow, longer by a share; rounded up, so that the triangle inequality stays. The bounds are
    those to the links in free flow.
    """
    free_ms = times_between(roads.topology, bounds, links[:, None], links) + roads.free_ms[links]
    table = np.ceil(free_ms * float(parameters["on_demand.running_time_share"])).astype(np.int64)
    np.fill_diagonal(table, 0)
    return np.ascontiguousarray(table)


def promises(
    asked_ms: np.ndarray, direct_ms: np.ndarray, wait_s: float, factor: float, more_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Latest pick-up and latest set-down (n,) int64 [ms] of requests.

    The pick-up is at most ``wait_s`` after the request, the set-down ``factor`` times the direct drive and
    ``more_s`` after it, the wait included (Bischoff, Maciejewski & Nagel 2017: alpha and beta).

    >>> promises(np.array([0]), np.array([600_000]), 900.0, 1.5, 600.0)
    (array([900000]), array([1500000]))
    """
    by_ms = asked_ms + np.rint(factor * direct_ms).astype(np.int64) + round(more_s * MS)
    return asked_ms + round(wait_s * MS), by_ms


def empty_problem(fleet: FleetState, requests: RideRequests, travel_ms: np.ndarray, terms: Terms) -> Problem:
    """Routes without a stop, and all the room that a search takes."""
    n_vehicles, n_requests = fleet.place.shape[0], requests.origin.shape[0]
    shape = (n_vehicles, 2 * n_requests + 2)
    stops, moments = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int64)
    none, nobody = np.zeros(n_vehicles, dtype=np.int32), np.full(n_requests, -1, dtype=np.int32)
    plan = RoutePlan(
        stop=stops,
        n=none,
        reach_ms=moments,
        wait_ms=moments.copy(),
        leave_ms=moments.copy(),
        slack_ms=moments.copy(),
        load=stops.copy(),
        cost=np.zeros(n_vehicles, dtype=np.int64),
        vehicle=nobody,
        begin_ms=np.zeros(n_requests, dtype=np.int64),
    )
    cursor, item = np.zeros((MOST_AT_ONCE, CURSOR_COLUMNS), np.int64), np.zeros(MOST_AT_ONCE, np.int64)
    search = Search(
        cursor=cursor,
        best=cursor.copy(),
        item=item,
        at=item.copy(),
        steps=np.zeros(2, dtype=np.int64),
        kept_stop=stops.copy(),
        kept_n=none.copy(),
        kept_vehicle=nobody.copy(),
    )
    problem = Problem(fleet, requests, Travel(travel_ms, terms.row()), plan, search)
    for v in range(n_vehicles):
        insertion.schedule(problem, v)
    return problem


def insert_best(problem: Problem, requests: np.ndarray) -> int:
    """Place those requests (up to `EXACT_UP_TO`) at their best; how many of them are served."""
    n = requests.shape[0]
    if n > EXACT_UP_TO:
        raise WorkError(f"{n} requests at once, {EXACT_UP_TO} are the most")
    problem.search.item[:n] = requests
    problem.search.steps[1] = insertion.NO_LIMIT
    reinsertion.place_best(problem, n, 0, int(insertion.NO_LIMIT))
    return int((problem.plan.vehicle[requests] >= 0).sum())


def improve(problem: Problem, movable: np.ndarray, most_sets: int = MOST_SETS) -> int:
    """Place sets of those requests again until none gets better; how often one did.

    Sets are as large as leaves no more than ``most_sets`` of one size; of one request at least.
    """
    sizes = [size for size in range(1, MOST_AT_ONCE + 1) if comb(movable.shape[0], size) > most_sets]
    most = sizes[0] - 1 if sizes else MOST_AT_ONCE
    problem.search.steps[1] = STEPS_A_SET
    return int(reinsertion.improve(problem, np.ascontiguousarray(movable, dtype=np.int64), max(most, 1)))
