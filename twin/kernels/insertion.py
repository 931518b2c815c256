"""Insertion of requests into routes of shared vehicles, within time windows (the dial-a-ride problem).

See Cordeau & Laporte 2007, Ann. Oper. Res. 153. A vehicle serves its stops in order, each as soon as it
can. A stop can be put in where the delay it makes is within the forward slack of all that follows
(Savelsbergh 1992, ORSA J. Comput. 4(2)), where travel times obey the triangle inequality.
Stop 2 r picks up request r, 2 r + 1 sets it down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel

NO_LIMIT = np.int64(2**60)
VEHICLE, PICK_UP, SET_DOWN, DELAY, STATE = range(5)
"""Columns of a cursor; a state is one of those below."""
FRESH, PLACED, SKIPPED = range(3)


class FleetState(NamedTuple):
    """Vehicles (n_vehicles,): from where and when they can go on, with how many aboard."""

    place: np.ndarray  # int32 row of `Travel.ms`
    ready_ms: np.ndarray  # int64
    seats: np.ndarray  # int32
    aboard: np.ndarray  # int32 seats taken at that moment
    home: np.ndarray  # int32 place of the depot that they return to, -1: they stay where they end


class RideRequests(NamedTuple):
    """Who wants to ride (n_requests,)."""

    origin: np.ndarray  # int32 place
    destination: np.ndarray  # int32 place
    party: np.ndarray  # int32 seats
    earliest_ms: np.ndarray  # int64 earliest pick-up
    pick_up_by_ms: np.ndarray  # int64 latest pick-up
    set_down_by_ms: np.ndarray  # int64 latest set-down
    sits_in: np.ndarray  # int32 vehicle that has picked them up already, -1 none
    picked_ms: np.ndarray  # int64 when it did


class Travel(NamedTuple):
    """Driving times (n_places, n_places) int64 [ms] and what is declared of costs (5,) int64.

    terms: stay at a stop [ms]; thousandths of a vehicle millisecond that a rider's millisecond of waiting
    and of riding count; whether an insertion never lowers cost (waiting weighs no less than riding), 0 or 1.
    """

    ms: np.ndarray
    terms: np.ndarray


class RoutePlan(NamedTuple):
    """Routes as they are planned, and what follows from them; rows are vehicles, columns stops."""

    stop: np.ndarray  # int32 (n_vehicles, room)
    n: np.ndarray  # int32 (n_vehicles,)
    reach_ms: np.ndarray  # int64 (n_vehicles, room) arrival
    wait_ms: np.ndarray  # int64 stands until the earliest pick-up
    leave_ms: np.ndarray  # int64
    slack_ms: np.ndarray  # int64 delay of the arrival that all from here on can bear
    load: np.ndarray  # int32 seats taken behind the stop
    cost: np.ndarray  # int64 (n_vehicles,) in thousandths of a millisecond
    vehicle: np.ndarray  # int32 (n_requests,) who serves the request, -1 nobody
    begin_ms: np.ndarray  # int64 (n_requests,) pick-up


class Search(NamedTuple):
    """Scratch: cursors of each depth now and at their best, (most, 5) int64; routes kept aside."""

    cursor: np.ndarray
    best: np.ndarray
    item: np.ndarray  # int64 (most,) requests to place
    at: np.ndarray  # int64 (most,) their places among those that may be placed again
    steps: np.ndarray  # int64 (2,) places tried, and how many at most in one enumeration
    kept_stop: np.ndarray  # int32 (n_vehicles, room)
    kept_n: np.ndarray  # int32 (n_vehicles,)
    kept_vehicle: np.ndarray  # int32 (n_requests,)


class Problem(NamedTuple):
    """All that a search works on."""

    fleet: FleetState
    requests: RideRequests
    travel: Travel
    plan: RoutePlan
    search: Search


@inline_kernel
def place_of(requests: RideRequests, stop: int) -> int:
    """Place of a stop."""
    return requests.destination[stop >> 1] if stop & 1 else requests.origin[stop >> 1]


@kernel
def schedule(problem: Problem, v: int) -> None:
    """Work out vehicle v's moments, loads, slacks and cost from its stops."""
    fleet, requests, travel, plan = problem.fleet, problem.requests, problem.travel, problem.plan
    stay_ms, w_wait, w_ride = travel.terms[0], travel.terms[1], travel.terms[2]
    place, leave, load, cost = fleet.place[v], fleet.ready_ms[v], fleet.aboard[v], np.int64(0)
    for k in range(plan.n[v]):
        stop = plan.stop[v, k]
        r, there = stop >> 1, place_of(requests, stop)
        drive = travel.ms[place, there]
        reach = leave + drive
        cost += 1_000 * drive
        begin = reach
        if stop & 1:
            boarded = requests.picked_ms[r] if requests.sits_in[r] >= 0 else plan.begin_ms[r]
            cost += requests.party[r] * w_ride * (reach - boarded)
            load -= requests.party[r]
        else:
            begin = max(reach, requests.earliest_ms[r])
            plan.begin_ms[r] = begin
            cost += requests.party[r] * w_wait * (begin - requests.earliest_ms[r])
            load += requests.party[r]
        leave, place = begin + stay_ms, there
        plan.reach_ms[v, k], plan.wait_ms[v, k], plan.leave_ms[v, k] = reach, begin - reach, leave
        plan.load[v, k] = load
    if fleet.home[v] >= 0:
        cost += 1_000 * travel.ms[place, fleet.home[v]]
    plan.cost[v] = cost
    slack = NO_LIMIT
    for back in range(plan.n[v]):
        k = plan.n[v] - 1 - back
        stop = plan.stop[v, k]
        by_ms = requests.set_down_by_ms[stop >> 1] if stop & 1 else requests.pick_up_by_ms[stop >> 1]
        slack = min(by_ms - plan.reach_ms[v, k], plan.wait_ms[v, k] + slack)
        plan.slack_ms[v, k] = slack


@inline_kernel
def before(problem: Problem, v: int, k: int) -> tuple[int, int, int]:
    """Place, moment of leaving and load with which vehicle v goes on to its stop k."""
    if k == 0:
        return problem.fleet.place[v], problem.fleet.ready_ms[v], problem.fleet.aboard[v]
    place = place_of(problem.requests, problem.plan.stop[v, k - 1])
    return place, problem.plan.leave_ms[v, k - 1], problem.plan.load[v, k - 1]


@inline_kernel
def like_the_one_before(problem: Problem, v: int) -> bool:
    """Whether vehicle v is as free, at the same place, as the one before it: what fits one fits the other."""
    fleet, plan, u = problem.fleet, problem.plan, v - 1
    empty = plan.n[v] == 0 and plan.n[u] == 0 and fleet.aboard[v] == fleet.aboard[u]
    there = fleet.place[v] == fleet.place[u] and fleet.home[v] == fleet.home[u]
    return empty and there and fleet.ready_ms[v] == fleet.ready_ms[u] and fleet.seats[v] == fleet.seats[u]


@kernel
def next_place(problem: Problem, r: int, cursor: np.ndarray) -> bool:
    """Move a cursor to the next place where request r fits; False behind the last.

    A place is (vehicle, i, j): picked up before the present stop i, set down before the present stop j.
    Who sits in a vehicle is only set down, by that vehicle.
    """
    requests, plan, ms = problem.requests, problem.plan, problem.travel.ms
    stay_ms, origin, end = problem.travel.terms[0], requests.origin[r], requests.destination[r]
    sits_in = requests.sits_in[r]
    party = 0 if sits_in >= 0 else requests.party[r]
    v, i, j, delay = cursor[VEHICLE], cursor[PICK_UP], cursor[SET_DOWN], cursor[DELAY]
    while v < plan.n.shape[0]:
        n, seats = plan.n[v], problem.fleet.seats[v]
        last = 0 if sits_in >= 0 else n
        last = -1 if sits_in < 0 and v > 0 and like_the_one_before(problem, v) else last
        while i <= last and (sits_in < 0 or sits_in == v):
            place, leave, load = before(problem, v, i)
            begin = max(leave + ms[place, origin], requests.earliest_ms[r])
            if sits_in < 0 and begin > requests.pick_up_by_ms[r]:
                break  # and later still further down the route
            open_here = load + party <= seats
            while open_here and j < n:
                j += 1
                if j == i:
                    reach = begin + stay_ms + ms[origin, end] if sits_in < 0 else leave + ms[place, end]
                else:  # one more stop is passed before the set-down
                    stop = place_of(requests, plan.stop[v, j - 1])
                    if sits_in >= 0:
                        delay = 0
                    elif j == i + 1:
                        delay = begin + stay_ms + ms[origin, stop] - plan.reach_ms[v, i]
                    else:
                        delay = max(0, delay - plan.wait_ms[v, j - 2])
                    if delay > plan.slack_ms[v, j - 1] or plan.load[v, j - 1] + party > seats:
                        break
                    leaves = plan.leave_ms[v, j - 1] + max(0, delay - plan.wait_ms[v, j - 1])
                    reach = leaves + ms[stop, end]
                if reach > requests.set_down_by_ms[r]:
                    break
                if j < n:
                    onward = reach + stay_ms + ms[end, place_of(requests, plan.stop[v, j])]
                    if onward - plan.reach_ms[v, j] > plan.slack_ms[v, j]:
                        continue
                cursor[VEHICLE], cursor[PICK_UP], cursor[SET_DOWN], cursor[DELAY] = v, i, j, delay
                return True
            i += 1
            j, delay = i - 1, 0
        v += 1
        i, j, delay = 0, -1, 0
    cursor[VEHICLE] = v
    return False


@kernel
def insert(problem: Problem, r: int, v: int, i: int, j: int) -> None:
    """Put request r into vehicle v's route at (i, j)."""
    plan, sits = problem.plan, problem.requests.sits_in[r] >= 0
    more = 1 if sits else 2
    for back in range(plan.n[v] - j):
        k = plan.n[v] - 1 - back
        plan.stop[v, k + more] = plan.stop[v, k]
    plan.stop[v, j + more - 1] = 2 * r + 1
    if not sits:
        for back in range(j - i):
            k = j - 1 - back
            plan.stop[v, k + 1] = plan.stop[v, k]
        plan.stop[v, i] = 2 * r
    plan.n[v] += more
    plan.vehicle[r] = v
    schedule(problem, v)


@kernel
def remove(problem: Problem, r: int) -> None:
    """Take request r out of the route that it is in."""
    plan, v = problem.plan, problem.plan.vehicle[r]
    n = 0
    for k in range(plan.n[v]):
        stop = plan.stop[v, k]
        if stop >> 1 != r:
            plan.stop[v, n] = stop
            n += 1
    plan.n[v] = n
    plan.vehicle[r] = -1
    schedule(problem, v)
