"""Journeys by public transport: planned on the timetable, from door to door, by the earliest arrival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.kernels.connections import (
    MOST_RIDES,
    NEVER_MS,
    Connections,
    Footpaths,
    Journeys,
    Memory,
    Queries,
    scan_all_stops,
    scan_connections,
)
from twin.routing.walking import Walks, walks_to_stops
from twin.scenario.ledger import Parameters
from twin.territory.tables import Paths
from twin.territory.timetable import Timetable


@dataclass(frozen=True)
class Offer:
    """A timetable as travellers use it: connections, changes on foot, and stops within a walk.

    Parameters
    ----------
    footpaths
        Changes between stops; one at the same stop takes `change_ms`, at another the walk besides.
    """

    timetable: Timetable
    connections: Connections
    footpaths: Footpaths
    walks: Walks
    stop_node: np.ndarray
    walk_mps: float
    change_ms: int

    @staticmethod
    def of(timetable: Timetable, paths: Paths, parameters: Parameters) -> Offer:
        """The offer of a timetable."""
        walk_mps = float(parameters["population.walk_speed_mps"])
        change_ms = round(float(parameters["transit.change_s"]) * MS)
        node = timetable.stop_path_node
        walks = walks_to_stops(paths, node, float(parameters["transit.walk_to_stop_m"]))
        start, other, metres = walks.around(node)
        near = metres <= float(parameters["transit.walk_between_stops_m"])
        owner = np.repeat(np.arange(timetable.n_stops), np.diff(start))
        near &= other != owner
        each = np.arange(timetable.n_stops)
        owner, other = np.concatenate([owner[near], each]), np.concatenate([other[near], each])
        ms = np.concatenate([_walk_ms(metres[near], walk_mps), np.zeros(each.shape[0], dtype=np.int64)])
        order = np.lexsort((other, owner))
        footpaths = Footpaths(
            np.searchsorted(owner[order], np.arange(timetable.n_stops + 1)).astype(np.int64),
            other[order].astype(np.int32),
            np.maximum(ms[order] + change_ms, 1),
        )
        return Offer(timetable, connections_of(timetable), footpaths, walks, node, walk_mps, change_ms)

    def journeys(self, asked: JourneyQueries) -> Planned:
        """The journey that arrives earliest, for each who asks."""
        n = asked.depart_ms.shape[0]
        access, egress = self.walks.around(asked.origin_node), self.walks.around(asked.destination_node)
        queries = Queries(
            asked.depart_ms, asked.latest_ms,
            access[0], access[1], _walk_ms(access[2], self.walk_mps),
            egress[0], egress[1], _walk_ms(egress[2], self.walk_mps),
        )  # fmt: skip
        memory = self._memory()
        rides = np.full((2, n, MOST_RIDES), -1, dtype=np.int64)
        found = Journeys(np.full(n, NEVER_MS), np.zeros(n, dtype=np.int32), rides[0], rides[1])
        scan_connections(self.connections, self.footpaths, queries, memory, found)
        return self._on_foot(asked, found)

    def arrivals_ms(self, node: np.ndarray, depart_ms: np.ndarray, latest_ms: np.ndarray) -> np.ndarray:
        """Earliest moment by ride at every stop (n, n_stops) [ms] from path nodes (n,); NEVER_MS: none."""
        n = depart_ms.shape[0]
        start, stop, metres = self.walks.around(node)
        nowhere = np.zeros(n + 1, dtype=np.int64), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
        queries = Queries(depart_ms, latest_ms, start, stop, _walk_ms(metres, self.walk_mps), *nowhere)
        out_ms = np.empty((n, self.timetable.n_stops), dtype=np.int64)
        scan_all_stops(self.connections, self.footpaths, queries, self._memory(), out_ms)
        return out_ms

    def _memory(self) -> Memory:
        """Memory for the scans of one call."""
        timetable = self.timetable
        stops = np.full((5, timetable.n_stops), -1, dtype=np.int64)
        runs = np.full((2, timetable.n_runs), -1, dtype=np.int64)
        goal = np.zeros(timetable.n_stops, dtype=np.int64)
        return Memory(stops[0], stops[1], stops[2], stops[3], stops[4], goal, runs[0], runs[1])

    def _on_foot(self, asked: JourneyQueries, found: Journeys) -> Planned:
        """The walks of journeys: to the first stop, and after every ride."""
        calls = self.timetable.call_stop
        rows = np.flatnonzero(found.n_rides > 0)
        walk_ms = np.zeros((found.n_rides.shape[0], MOST_RIDES + 1), dtype=np.int64)
        first = calls[found.board_call[rows, 0]]
        walk_ms[rows, 0] = self._walk(asked.origin_node[rows], first)
        for k in range(MOST_RIDES):
            riding = rows[found.n_rides[rows] > k]
            alights = calls[found.alight_call[riding, k]]
            ends = found.n_rides[riding] == k + 1
            walk_ms[riding[ends], k + 1] = self._walk(asked.destination_node[riding[ends]], alights[ends])
            goes_on = riding[~ends]
            boards = calls[found.board_call[goes_on, k + 1]] if goes_on.size else goes_on
            walk_ms[goes_on, k + 1] = self._change_ms(alights[~ends], boards)
        return Planned(found.arrival_ms, found.n_rides, found.board_call, found.alight_call, walk_ms)

    def _walk(self, nodes: np.ndarray, stops: np.ndarray) -> np.ndarray:
        return _walk_ms(self.walks.metres_of(nodes, stops), self.walk_mps)

    def _change_ms(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Time of a change from stop to stop (n,)."""
        feet = self.footpaths
        out = np.empty(a.shape[0], dtype=np.int64)
        for k, (before, after) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
            row = slice(feet.start[before], feet.start[before + 1])
            out[k] = feet.ms[row][np.flatnonzero(feet.to[row] == after)[0]]
        return out


@dataclass(frozen=True)
class JourneyQueries:
    """Who asks (n,): path nodes of both ends (-1 none), departure, latest useful arrival [ms]."""

    origin_node: np.ndarray
    destination_node: np.ndarray
    depart_ms: np.ndarray
    latest_ms: np.ndarray


@dataclass(frozen=True)
class Planned:
    """Journeys (n,), none where there is no ride: arrival, rides by calls, and walks [ms].

    Of `walk_ms` (n, MOST_RIDES + 1) the first column is the walk to the first stop, and column k the one
    after ride k, changes included.
    """

    arrival_ms: np.ndarray
    n_rides: np.ndarray
    board_call: np.ndarray
    alight_call: np.ndarray
    walk_ms: np.ndarray

    @staticmethod
    def none() -> Planned:
        """Nobody's journeys."""
        no, wide = np.empty(0, dtype=np.int64), np.empty((0, MOST_RIDES), dtype=np.int64)
        return Planned(no, no.astype(np.int32), wide, wide, np.empty((0, MOST_RIDES + 1), dtype=np.int64))

    def of(self, rows: np.ndarray) -> Planned:
        """The journeys of some, rows or mask."""
        columns = (self.arrival_ms, self.n_rides, self.board_call, self.alight_call, self.walk_ms)
        return Planned(*(column[rows] for column in columns))

    @property
    def found(self) -> np.ndarray:
        """Who has a journey (n,)."""
        there: np.ndarray = self.n_rides > 0
        return there


def connections_of(timetable: Timetable) -> Connections:
    """Connections of a timetable in the order of departure."""
    last = np.zeros(timetable.n_calls, dtype=np.bool_)
    last[timetable.call_start[1:] - 1] = True
    calls = np.flatnonzero(~last)
    run = np.repeat(np.arange(timetable.n_runs, dtype=np.int32), np.diff(timetable.call_start))[calls]
    departure_ms = np.rint(timetable.call_departure_s[calls] * MS).astype(np.int64)
    order = np.lexsort((calls, run, departure_ms))
    calls = calls[order]
    return Connections(
        departure_ms[order],
        np.rint(timetable.call_arrival_s[calls + 1] * MS).astype(np.int64),
        timetable.call_stop[calls],
        timetable.call_stop[calls + 1],
        run[order],
        calls,
        timetable.call_pickup[calls],
        timetable.call_drop[calls + 1],
    )


def _walk_ms(metres: np.ndarray, walk_mps: float) -> np.ndarray:
    return np.asarray(np.rint(metres / walk_mps * MS).astype(np.int64))
