"""Journeys by timetable: the connection scan of Dibbelt, Pajor, Strasser & Wagner (2013, SEA, LNCS 7933).

A connection is one run between two calls that follow each other. Scanned in the order of departure,
each is looked at once a query: it can be taken if its run was boarded before, or if its stop was
reached in time. On foot one goes from the origin to a stop, from stop to stop between two rides, and
from the last stop to the destination.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel

MOST_RIDES = 6
"""A journey of more rides counts as none."""
NEVER_MS = np.int64(2**62)


class Connections(NamedTuple):
    """Connections sorted by (departure, run, place in the run), (n,); calls are rows of the timetable."""

    departure_ms: np.ndarray  # int64
    arrival_ms: np.ndarray  # int64
    from_stop: np.ndarray  # int32
    to_stop: np.ndarray  # int32
    run: np.ndarray  # int32
    from_call: np.ndarray  # int64; the next call is that of the arrival
    pickup: np.ndarray  # bool, may board
    drop: np.ndarray  # bool, may alight


class Footpaths(NamedTuple):
    """Changes on foot: from stop s to stops to[start[s]..start[s + 1]], s itself among them; ms >= 1."""

    start: np.ndarray  # int64 (n_stops + 1,)
    to: np.ndarray  # int32
    ms: np.ndarray  # int64


class Queries(NamedTuple):
    """Who asks (n,): departure, latest useful arrival, and walks between their ends and stops."""

    depart_ms: np.ndarray  # int64
    latest_ms: np.ndarray  # int64, arrivals must be earlier
    access_start: np.ndarray  # int64 (n + 1,)
    access_stop: np.ndarray  # int32
    access_ms: np.ndarray  # int64
    egress_start: np.ndarray  # int64 (n + 1,)
    egress_stop: np.ndarray  # int32
    egress_ms: np.ndarray  # int64


class Memory(NamedTuple):
    """Memory of the scans, reused by the next; a label is valid if its number is the query's."""

    stop_query: np.ndarray  # int64 (n_stops,) query that reached the stop
    stop_ms: np.ndarray  # int64 (n_stops,) earliest moment at the stop
    enter: np.ndarray  # int64 (n_stops,) connection boarded on the way here, -1 on foot from the origin
    leave: np.ndarray  # int64 (n_stops,) connection alighted from
    goal_query: np.ndarray  # int64 (n_stops,)
    goal_ms: np.ndarray  # int64 (n_stops,) walk from the stop to the destination
    run_query: np.ndarray  # int64 (n_runs,)
    run_enter: np.ndarray  # int64 (n_runs,) connection at which the run was boarded


class Journeys(NamedTuple):
    """What came of it (n,): arrival (NEVER_MS: none) and the calls boarded and alighted at, ride by ride."""

    arrival_ms: np.ndarray  # int64
    n_rides: np.ndarray  # int32
    board_call: np.ndarray  # int64 (n, MOST_RIDES)
    alight_call: np.ndarray  # int64 (n, MOST_RIDES)


@inline_kernel
def _prepare(queries: Queries, memory: Memory, q: int) -> None:
    """Mark the stops reached on foot from the origin, and those from which the destination is."""
    for k in range(queries.access_start[q], queries.access_start[q + 1]):
        stop, moment = queries.access_stop[k], queries.depart_ms[q] + queries.access_ms[k]
        if memory.stop_query[stop] != q or moment < memory.stop_ms[stop]:
            memory.stop_query[stop] = q
            memory.stop_ms[stop] = moment
            memory.enter[stop] = -1
    for k in range(queries.egress_start[q], queries.egress_start[q + 1]):
        stop, walk = queries.egress_stop[k], queries.egress_ms[k]
        if memory.goal_query[stop] != q or walk < memory.goal_ms[stop]:
            memory.goal_query[stop] = q
            memory.goal_ms[stop] = walk


@inline_kernel
def _scan(
    connections: Connections, footpaths: Footpaths, memory: Memory, q: int, first: int, latest_ms: int
) -> tuple[int, int, int]:
    """Earliest arrival before the latest, and the connections of the last ride: boarded, alighted from."""
    best_ms, best_enter, best_leave = np.int64(latest_ms), np.int64(-1), np.int64(-1)
    for c in range(first, connections.departure_ms.shape[0]):
        departure_ms = connections.departure_ms[c]
        if departure_ms >= best_ms:
            break
        run, stop = connections.run[c], connections.from_stop[c]
        if memory.run_query[run] != q:
            in_time = memory.stop_query[stop] == q and memory.stop_ms[stop] <= departure_ms
            if not in_time or not connections.pickup[c]:
                continue
            memory.run_query[run] = q
            memory.run_enter[run] = c
        if not connections.drop[c]:
            continue
        end, arrival_ms = connections.to_stop[c], connections.arrival_ms[c]
        if memory.goal_query[end] == q and arrival_ms + memory.goal_ms[end] < best_ms:
            best_ms = arrival_ms + memory.goal_ms[end]
            best_enter, best_leave = memory.run_enter[run], np.int64(c)
        for k in range(footpaths.start[end], footpaths.start[end + 1]):
            other, moment = footpaths.to[k], arrival_ms + footpaths.ms[k]
            if memory.stop_query[other] != q or moment < memory.stop_ms[other]:
                memory.stop_query[other] = q
                memory.stop_ms[other] = moment
                memory.enter[other] = memory.run_enter[run]
                memory.leave[other] = c
    return best_ms, best_enter, best_leave


@inline_kernel
def _write(
    connections: Connections, memory: Memory, last: tuple[int, int], q: int, journeys: Journeys
) -> bool:
    """Write down the rides, last first and then turned round; False if there are too many."""
    enter, leave = last
    n = 0
    while enter >= 0:
        if n == MOST_RIDES:
            return False
        journeys.board_call[q, n] = connections.from_call[enter]
        journeys.alight_call[q, n] = connections.from_call[leave] + 1
        n += 1
        stop = connections.from_stop[enter]
        enter, leave = memory.enter[stop], memory.leave[stop]
    for k in range(n // 2):
        for column in (journeys.board_call, journeys.alight_call):
            column[q, k], column[q, n - 1 - k] = column[q, n - 1 - k], column[q, k]
    journeys.n_rides[q] = n
    return True


@inline_kernel
def _first_from(departures: np.ndarray, moment: int) -> int:
    """The first connection that leaves at that moment or later."""
    first, after = np.int64(0), np.int64(departures.shape[0])
    while first < after:
        middle = (first + after) >> 1
        if departures[middle] < moment:
            first = middle + 1
        else:
            after = middle
    return first


@kernel
def scan_connections(
    connections: Connections, footpaths: Footpaths, queries: Queries, memory: Memory, journeys: Journeys
) -> None:
    """The journey that arrives earliest, for each query; none if it would arrive too late."""
    departures = connections.departure_ms
    for q in range(queries.depart_ms.shape[0]):
        _prepare(queries, memory, q)
        found = _scan(
            connections,
            footpaths,
            memory,
            q,
            _first_from(departures, queries.depart_ms[q]),
            queries.latest_ms[q],
        )
        journeys.n_rides[q] = 0
        journeys.arrival_ms[q] = NEVER_MS
        if found[1] >= 0 and _write(connections, memory, (found[1], found[2]), q, journeys):
            journeys.arrival_ms[q] = found[0]


@kernel
def scan_all_stops(
    connections: Connections, footpaths: Footpaths, queries: Queries, memory: Memory, out_ms: np.ndarray
) -> None:
    """Earliest moment at which a ride ends at each stop, out (n, n_stops) int64 written; NEVER_MS: none.

    The scan of `scan_connections` without a destination; egress and goals of the queries are not read.
    """
    departures = connections.departure_ms
    for q in range(queries.depart_ms.shape[0]):
        out_ms[q, :] = NEVER_MS
        for k in range(queries.access_start[q], queries.access_start[q + 1]):
            stop, moment = queries.access_stop[k], queries.depart_ms[q] + queries.access_ms[k]
            if memory.stop_query[stop] != q or moment < memory.stop_ms[stop]:
                memory.stop_query[stop] = q
                memory.stop_ms[stop] = moment
        for c in range(_first_from(departures, queries.depart_ms[q]), departures.shape[0]):
            if departures[c] >= queries.latest_ms[q]:
                break
            run, stop = connections.run[c], connections.from_stop[c]
            if memory.run_query[run] != q:
                in_time = memory.stop_query[stop] == q and memory.stop_ms[stop] <= departures[c]
                if not in_time or not connections.pickup[c]:
                    continue
                memory.run_query[run] = q
            end, arrival_ms = connections.to_stop[c], connections.arrival_ms[c]
            if not connections.drop[c] or arrival_ms >= queries.latest_ms[q]:
                continue
            out_ms[q, end] = min(out_ms[q, end], arrival_ms)
            for k in range(footpaths.start[end], footpaths.start[end + 1]):
                other, moment = footpaths.to[k], arrival_ms + footpaths.ms[k]
                if memory.stop_query[other] != q or moment < memory.stop_ms[other]:
                    memory.stop_query[other] = q
                    memory.stop_ms[other] = moment
