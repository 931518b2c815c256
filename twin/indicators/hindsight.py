"""Routes in hindsight: what the best one would have taken, on the times that were lived that day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.behaviour.learning import lived_times_ms
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.kernels.paths import (
    BLOCKED,
    Bounds,
    RoutePool,
    RouteQueries,
    Topology,
    Weights,
    route_costs,
    whole_ms,
)
from twin.kernels.random import stream_of, uniforms
from twin.mobility.links import link_ms
from twin.mobility.network import topology_of
from twin.routing.search import NO_DRAWS, bounds_to, find_routes

if TYPE_CHECKING:
    from twin.indicators.records import DayRecord

_DRAWN = stream_of("indicators.hindsight")


@dataclass(frozen=True)
class Hindsight:
    """Trips by car drawn from each place of residence.

    Parameters
    ----------
    trip
        Rows of the trips drawn (n,).
    regret_s
        Time on the route taken less that on the best route, both from the end of the first link to the
        beginning of the last, (n,) [s], 0 or more.
    weight
        Trips that each one drawn stands for (n,).
    """

    trip: NDArray[np.int64]
    regret_s: NDArray[np.float64]
    weight: NDArray[np.float64]


def driven_routes(record: DayRecord) -> RoutePool:
    """Links left by each trip, in the order driven."""
    trip, link = record.event_trip, record.event_link
    if (np.diff(trip) < 0).any():
        order = np.lexsort((record.event_enter_ms, trip))
        trip, link = trip[order], link[order]
    count = np.bincount(trip, minlength=record.n_trips)
    end = np.cumsum(count, dtype=np.int64)
    return RoutePool(np.ascontiguousarray(link, dtype=np.int32), end - count, end)


def hindsight_of(record: DayRecord) -> Hindsight:
    """Regret of some of the trips that arrived: their routes against the best on experienced times.

    Links take what those took who entered them in the same quarter of an hour. The best route keeps to
    links that somebody drove and that were never closed that day: of the others nobody knows the time. It
    is no worse than the one taken, which is among those held against each other.
    """
    driven = driven_routes(record)
    rows, weight = _drawn(record, driven.end - driven.start)
    if not rows.size:
        return Hindsight(rows, np.zeros(0), weight)
    n_trips = record.n_trips
    first, last = (np.full(n_trips, -1, dtype=np.int32) for _ in range(2))
    first[rows], last[rows] = (driven.link[at] for at in (driven.start[rows], driven.end[rows] - 1))
    left_ms = np.zeros(n_trips, dtype=np.int64)
    left_ms[rows] = record.entered_ms[rows]
    who = record.population.trips.trip_key.copy()  # the search is compiled for keys that may be written
    trips = RouteQueries(first, last, left_ms, who)
    weights, topology, bounds = _ground(record, last[rows])
    found = find_routes(topology, weights, bounds, trips, rows, NO_DRAWS)
    taken_ms, best_ms = (np.zeros(rows.shape[0], dtype=np.int64) for _ in range(2))
    lived = weights._replace(cost_ms=weights.time_ms)  # the route taken may lie on a link closed later
    for routes, out in (
        (driven, taken_ms),
        (RoutePool(found.pool, found.start, found.end), best_ms),
    ):
        route_costs(routes, trips, rows, lived, topology.link_key, NO_DRAWS, out)
    best_ms = np.where(found.start[rows] >= 0, np.minimum(best_ms, taken_ms), taken_ms)
    return Hindsight(rows, (taken_ms - best_ms) / MS, weight)


def _drawn(record: DayRecord, n_links: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Trips drawn by their own keys, and how many each stands for, residence by residence."""
    wanted = int(record.parameters["indicators.hindsight_trips"])
    zone = record.population.persons.zone[record.population.trips.person]
    there = record.by_car & (record.arrived_ms >= 0) & (n_links > 1)
    drawn, weight = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for row in np.unique(zone[there]).tolist():
        members = np.flatnonzero(there & (zone == row))
        draws = uniforms(record.seed, _DRAWN, record.population.trips.trip_key[members])
        chosen = np.sort(members[np.argsort(draws, kind="stable")[:wanted]])
        drawn.append(chosen)
        weight.append(np.full(chosen.shape[0], members.shape[0] / chosen.shape[0]))
    rows, weights = np.concatenate(drawn), np.concatenate(weight)
    order = np.argsort(rows)
    return rows[order], weights[order]


def _ground(record: DayRecord, destinations: NDArray[np.int32]) -> tuple[Weights, Topology, Bounds]:
    """Lived times by slice, links without any barred; what leads where; least times to destinations."""
    streets = record.territory.streets
    free_ms = link_ms(streets.free_flow_time_s)
    columns = (record.event_link, record.event_enter_ms, record.event_exit_ms)
    time_ms = whole_ms(lived_times_ms(*columns, SLICE_MS, N_SLICES, free_ms))
    barred = np.bincount(record.event_link, minlength=streets.n_links) == 0
    if record.closed is not None:
        barred |= record.closed
    weights = Weights(np.where(barred, BLOCKED, time_ms), time_ms, SLICE_MS, 0.0)
    topology = topology_of(streets, record.parameters, record.territory.turns)
    return weights, topology, bounds_to(topology, free_ms, destinations)
