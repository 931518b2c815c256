"""Slow twins of on-demand transport: a plan's cost by simulation, every insertion, the optimal plan.

Plain Python over small cases. A route is a list of stops; stop 2 r picks up request r, 2 r + 1 sets it down.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twin.kernels.insertion import FleetState, RideRequests, RoutePlan
from twin.mobility.on_demand import Terms, promises

Route = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One problem."""

    fleet: FleetState
    requests: RideRequests
    travel_ms: np.ndarray
    terms: Terms

    @property
    def n_requests(self) -> int:
        return len(self.requests.origin)


def random_case(seed: int, n_requests: int, n_vehicles: int, seats: int = 4) -> Case:
    """Points in a square of 6 km driven at 30 km/h, requests within half an hour, one depot."""
    draw = np.random.default_rng(seed)
    xy_m = draw.uniform(0.0, 6_000.0, (2 * n_requests + 1, 2))
    metres = np.abs(xy_m[:, None] - xy_m[None]).sum(axis=2)  # along a grid: the triangle inequality holds
    travel_ms = np.ceil(metres * 120.0).astype(np.int64)
    asked_ms = draw.integers(0, 1_800, n_requests) * 1_000
    origin, destination = (np.arange(n_requests, dtype=np.int32) + shift for shift in (0, n_requests))
    direct = travel_ms[origin, destination]
    pick_up_by, set_down_by = promises(asked_ms, direct, 900.0, 1.6, 900.0)
    row = np.full(n_vehicles, 2 * n_requests, dtype=np.int32)
    none = np.zeros(n_vehicles, dtype=np.int32)
    fleet = FleetState(row, none.astype(np.int64), none + seats, none, row)
    nobody = np.full(n_requests, -1, dtype=np.int32)
    requests = RideRequests(
        origin, destination, draw.integers(1, 3, n_requests).astype(np.int32), asked_ms,
        pick_up_by, set_down_by, nobody, nobody.astype(np.int64),
    )  # fmt: skip
    return Case(fleet, requests, travel_ms, Terms(30.0, 0.5, 0.25))


def objective(plan: RoutePlan) -> tuple[int, int]:
    """What plans are compared by, the less the better: requests rejected, and cost in thousandths of a ms."""
    return int((plan.vehicle < 0).sum()), int(plan.cost.sum())


def simulated(case: Case, v: int, route: Route) -> int | None:
    """Cost of a route [thousandths of a ms], driven as soon as can be; None: a promise is broken."""
    fleet, asked, (stay, w_wait, w_ride, _) = case.fleet, case.requests, case.terms.row().tolist()
    place, now, load = int(fleet.place[v]), int(fleet.ready_ms[v]), int(fleet.aboard[v])
    cost, boarded = 0, {}
    for stop in route:
        r, there = stop // 2, int((asked.destination if stop % 2 else asked.origin)[stop // 2])
        cost += 1_000 * int(case.travel_ms[place, there])
        now += int(case.travel_ms[place, there])
        party = int(asked.party[r])
        if stop % 2:
            began = boarded.get(r, int(asked.picked_ms[r]))
            if now > asked.set_down_by_ms[r]:
                return None
            cost += party * w_ride * (now - began)
            load -= party
        else:
            now = max(now, int(asked.earliest_ms[r]))
            load += party
            if now > asked.pick_up_by_ms[r] or load > fleet.seats[v]:
                return None
            cost += party * w_wait * (now - int(asked.earliest_ms[r]))
            boarded[r] = now
        now, place = now + stay, there
    return cost + (1_000 * int(case.travel_ms[place, fleet.home[v]]) if fleet.home[v] >= 0 else 0)


def inserted(case: Case, routes: tuple[Route, ...], items: tuple[int, ...]) -> tuple[int, int]:
    """Least (rejected, cost) over all ways to put the items into the routes, or to leave them out."""
    if not items:
        costs = [simulated(case, v, route) for v, route in enumerate(routes)]
        return (0, sum(costs)) if all(cost is not None for cost in costs) else (10**6, 0)
    first, rest = items[0], items[1:]
    left_out = inserted(case, routes, rest)
    best = (left_out[0] + 1, left_out[1])
    for v, route in enumerate(routes):
        for i in range(len(route) + 1):
            for j in range(i, len(route) + 1):
                longer = (*route[:i], 2 * first, *route[i:j], 2 * first + 1, *route[j:])
                if simulated(case, v, longer) is not None:
                    best = min(best, inserted(case, (*routes[:v], longer, *routes[v + 1 :]), rest))
    return best


def optimum(case: Case) -> tuple[int, int]:
    """Least (rejected, cost) of all plans, by dynamic programming for each vehicle and over their shares.

    A label is where a vehicle is (picked up, set down, last stop), when, and what it has cost. Riding is
    paid at set-downs, less what boarding moments take off, so that an earlier label of less cost is never
    worse: waiting weighs no less than riding.
    """
    assert case.terms.wait_weight >= case.terms.ride_weight
    by_vehicle = [_cost_by_set(case, v) for v in range(len(case.fleet.place))]
    best = {0: 0}
    for costs in by_vehicle:
        merged: dict[int, int] = {}
        for served, cost in best.items():
            for more, extra in costs.items():
                if not served & more:
                    at = served | more
                    merged[at] = min(merged.get(at, cost + extra), cost + extra)
        best = merged
    return min((case.n_requests - served.bit_count(), cost) for served, cost in best.items())


def _cost_by_set(case: Case, v: int) -> dict[int, int]:
    """Least cost of vehicle v by the set of requests (bits) that it serves."""
    fleet, asked, ms = case.fleet, case.requests, case.travel_ms.tolist()
    stay, w_wait, w_ride, _ = case.terms.row().tolist()
    n = case.n_requests
    origin, end, party = (column.tolist() for column in (asked.origin, asked.destination, asked.party))
    earliest, pick_by, down_by = (
        column.tolist() for column in (asked.earliest_ms, asked.pick_up_by_ms, asked.set_down_by_ms)
    )
    home, seats = int(fleet.home[v]), int(fleet.seats[v])
    labels = {(0, 0, int(fleet.place[v])): [(int(fleet.ready_ms[v]), 0)]}
    costs = {0: 1_000 * ms[int(fleet.place[v])][home] if home >= 0 else 0}
    while labels:
        following: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for (picked, down, place), moments in labels.items():
            aboard = [r for r in range(n) if (picked & ~down) >> r & 1]
            load = sum(party[r] for r in aboard)
            for now, cost in moments:
                if any(now + ms[place][end[r]] > down_by[r] for r in aboard):
                    continue
                for r in aboard:
                    at = now + ms[place][end[r]]
                    paid = cost + 1_000 * ms[place][end[r]] + party[r] * w_ride * at
                    following.setdefault((picked, down | 1 << r, end[r]), []).append((at + stay, paid))
                for r in range(n):
                    at = max(now + ms[place][origin[r]], earliest[r])
                    if picked >> r & 1 or load + party[r] > seats or at > pick_by[r]:
                        continue
                    paid = cost + 1_000 * ms[place][origin[r]] - party[r] * w_ride * at
                    paid += party[r] * w_wait * (at - earliest[r])
                    following.setdefault((picked | 1 << r, down, origin[r]), []).append((at + stay, paid))
        labels = {key: _not_dominated(moments) for key, moments in following.items()}
        for (picked, down, place), moments in labels.items():
            if picked == down:
                least = min(cost for _, cost in moments) + (1_000 * ms[place][home] if home >= 0 else 0)
                costs[picked] = min(costs.get(picked, least), least)
    return costs


def _not_dominated(moments: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for now, cost in sorted(set(moments)):
        if not kept or cost < kept[-1][1]:
            kept.append((now, cost))
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(kept))
    return kept
