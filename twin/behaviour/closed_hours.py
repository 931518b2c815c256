"""Drivers who know at which hours some streets are closed plan round them; who lives there may come in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.behaviour.habits import PERCEPTION, Drivers, Habits
from twin.clock import N_SLICES, SLICE_MS
from twin.kernels.paths import BLOCKED, RouteQueries, Stream
from twin.routing.routes import Routes
from twin.routing.search import bounds_to, find_routes


@dataclass(frozen=True)
class ClosedHours:
    """Streets closed at certain hours, and who may drive into them all the same.

    Parameters
    ----------
    barred
        Slices and links, (N_SLICES, n_links) bool.
    admitted
        Car trips that may end in a closed street, (n_trips,) bool: those that lead home.
    person
        Traveller of each trip, (n_trips,) rows in which one person's trips follow each other.
    """

    barred: np.ndarray
    admitted: np.ndarray
    person: np.ndarray


@dataclass
class _Plan:
    """One trip's route in three pieces, as its driver would have it: leave, drive, come in."""

    trip: int
    leave: np.ndarray
    drive: np.ndarray
    come_in: np.ndarray
    enter_ms: int  # when the driven piece begins
    detours: bool


def planned_round(drivers: Drivers, habits: Habits, closed: ClosedHours) -> Habits:
    """The habits of those who know the hours: routes lead round the streets while these are closed.

    A trip that would end in one parks on the last link before it, unless it is admitted, and the next
    trip by car of that person sets out outside. Who is inside may leave. Where no way leads round, the
    habit stays. The times that drivers expect stay as they are.
    """
    plans, parked, ever = [], set(), np.asarray(closed.barred.any(axis=0))
    trips = touched(habits.routes, drivers.rows, ever)
    if not trips.size:
        return habits
    usual = habits.routes.taken(trips).packed()
    entered_ms = _entries_ms(usual, drivers.trips.depart_ms[trips], habits.expected_ms)
    barred = closed.barred[np.minimum(entered_ms // SLICE_MS, N_SLICES - 1), usual.pool]
    meets = np.logical_or.reduceat(barred, usual.start).tolist()
    for number, trip in enumerate(trips.tolist()):
        from_outside = trip - 1 in parked and closed.person[trip] == closed.person[trip - 1]
        if not (meets[number] or from_outside):
            continue
        its = slice(usual.start[number], usual.end[number])
        plan = _plan(trip, usual.pool[its], entered_ms[its], barred[its], ever if from_outside else None)
        if plan is not None:
            plans.append(plan)
            if not closed.admitted[trip] and plan.come_in.size:
                parked.add(trip)
                plan.come_in = plan.come_in[:0]
    if not plans:
        return habits
    driven = _driven(drivers, habits, closed.barred, plans)
    pieces = [
        np.concatenate([plan.leave, way, plan.come_in]) for plan, way in zip(plans, driven, strict=True)
    ]
    n_trips = habits.routes.start.shape[0]
    start, end = np.full((2, n_trips), -1, dtype=np.int64)
    rows = np.array([plan.trip for plan in plans])
    end[rows] = np.cumsum([piece.shape[0] for piece in pieces])
    start[rows] = end[rows] - [piece.shape[0] for piece in pieces]
    planned = Routes(np.concatenate(pieces).astype(np.int32), start, end)
    return replace(habits, routes=habits.routes.replaced(rows, planned))


def touched(routes: Routes, rows: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Those of the trips ``rows`` whose route uses any of the links (n_links,) bool, in order."""
    uses = np.concatenate([[0], np.cumsum(links[routes.pool])])
    known = rows[routes.start[rows] >= 0]
    return np.asarray(known[uses[routes.end[known]] > uses[routes.start[known]]])


def _entries_ms(routes: Routes, depart_ms: np.ndarray, expected_ms: np.ndarray) -> np.ndarray:
    """When trips enter the links of their routes as drivers expect [ms], by place in the pool, int64."""
    length = routes.end - routes.start
    moments, at_ms = np.empty(routes.pool.shape[0], dtype=np.int64), depart_ms.astype(np.int64)
    for place in range(int(length.max())):
        on = np.flatnonzero(length > place)
        moments[routes.start[on] + place] = at_ms[on]
        link, now = routes.pool[routes.start[on] + place], np.minimum(at_ms[on] // SLICE_MS, N_SLICES - 1)
        at_ms[on] += expected_ms[now, link].astype(np.int64)
    return moments


def _plan(
    trip: int, route: np.ndarray, entered_ms: np.ndarray, barred: np.ndarray, from_outside: np.ndarray | None
) -> _Plan | None:
    """What a trip must plan anew, None if nothing: it meets no street while that is closed.

    Who comes from outside, where the car was parked, has no way into links that are ever closed (n_links,).
    """
    inside = barred if from_outside is None else from_outside[route]
    if not (barred | inside).any() or (barred | inside).all():
        return None
    first = int(np.argmin(inside))  # who is inside leaves
    last = route.shape[0] - int(np.argmin(barred[::-1]))
    if first >= last:
        return None
    leave = route[:first] if from_outside is None else route[:0]
    detours = bool(barred[first:last].any())
    if not (detours or from_outside is not None or last < route.shape[0]):
        return None
    return _Plan(trip, leave, route[first:last], route[last:], int(entered_ms[first]), detours)


def _driven(drivers: Drivers, habits: Habits, barred: np.ndarray, plans: list[_Plan]) -> list[np.ndarray]:
    """The middle piece of each plan, led round the closed streets where there is a way."""
    ways = [plan.drive for plan in plans]
    asks = [number for number, plan in enumerate(plans) if plan.detours]
    if not asks:
        return ways
    asked = RouteQueries(
        np.array([ways[number][0] for number in asks], dtype=np.int32),
        np.array([ways[number][-1] for number in asks], dtype=np.int32),
        np.array([plans[number].enter_ms for number in asks], dtype=np.int64),
        drivers.trips.person[[plans[number].trip for number in asks]],
    )
    weights = drivers.weights(habits.expected_ms)
    weights = weights._replace(cost_ms=np.where(barred, BLOCKED, weights.cost_ms))
    least_ms = np.floor(drivers.free_ms * drivers.aversion).astype(np.int32)
    bounds = bounds_to(drivers.topology, least_ms, asked.destination)
    draws = Stream(drivers.seed, PERCEPTION)
    found = find_routes(
        drivers.topology, weights, bounds, asked, np.arange(len(asks)), draws, drivers.threads
    )
    for place, number in enumerate(asks):
        if found.start[place] >= 0:
            ways[number] = found.of(place)
    return ways
