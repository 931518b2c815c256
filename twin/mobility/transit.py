"""Buses on the road: each leg from stop to stop is a vehicle of the loading, released at its stop.

A bus counts as one car and drives as fast; it stands in a bay, off the lane, while it dwells and while
its timetable holds it. Where a line leaves the road its runs keep their scheduled times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS
from twin.errors import WorkError
from twin.kernels.jit import read_only
from twin.kernels.random import keys_of
from twin.kernels.synthesis import fill_keys
from twin.kernels.traffic import Vehicles
from twin.mobility.vehicles import Legs
from twin.routing.lines import LineRoutes
from twin.routing.routes import Routes
from twin.territory.timetable import Timetable


@dataclass(frozen=True, eq=False)
class TransitRuns:
    """Legs of all runs of a day, and how calls follow from them; calls are rows of the timetable.

    Parameters
    ----------
    legs
        Vehicles of the loading, (n_legs,) in the order of calls.
    leg_call
        Call from which each leg leaves, (n_legs,).
    first
        Legs that follow none: the timetable releases them, (n_legs,) bool.
    on_road, in_place
        By call (n_calls,): the way on to the next call is on the road; both stops are on one link, so
        that there is no way at all.
    arrival_ms, departure_ms
        Scheduled, (n_calls,) int64.
    dwell_ms
        Least stay at a stop where nobody gets on or off.
    """

    legs: Legs
    leg_call: np.ndarray
    first: np.ndarray
    on_road: np.ndarray
    in_place: np.ndarray
    arrival_ms: np.ndarray
    departure_ms: np.ndarray
    dwell_ms: int

    @property
    def n_calls(self) -> int:
        """Number of calls."""
        return int(self.arrival_ms.shape[0])

    def due(self, from_ms: int, until_ms: int) -> np.ndarray:
        """Legs that the timetable releases in [from, until)."""
        leaves_ms = self.departure_ms[self.leg_call]
        return np.flatnonzero(self.first & (leaves_ms >= from_ms) & (leaves_ms < until_ms))

    def moments(
        self, vehicles: Vehicles, first_row: int, until_ms: int, calls: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Arrivals and departures of all calls (n_calls,) that have happened before a moment, else -1.

        A bus leaves when it enters the lane. ``first_row`` is the row of the first bus among the vehicles.
        ``calls`` are the call that each leg leads to (n_legs,), the next or one behind stops passed by, and
        the least stay at each call (n_calls,) [ms].
        """
        rows = slice(first_row, first_row + self.legs.n_legs)
        ends_at, dwell_ms = calls
        arrived_ms, left_ms = self.arrival_ms.copy(), self.departure_ms.copy()
        left_ms[self.on_road] = -1
        arrived_ms[1:][self.on_road[:-1]] = -1
        left_ms[self.leg_call] = vehicles.entered_ms[rows]
        there = np.flatnonzero(vehicles.arrived_ms[rows] >= 0)
        arrived_ms[ends_at[there]] = vehicles.arrived_ms[rows][there]
        for standing in _one_after_another(self.in_place):
            there = standing[arrived_ms[standing] >= 0]
            left_ms[there] = np.maximum(arrived_ms[there] + dwell_ms[there], self.departure_ms[there])
            arrived_ms[there + 1] = left_ms[there]
        for column in (arrived_ms, left_ms):
            column[column >= until_ms] = -1
        return arrived_ms, left_ms

    def dwells_ms(self, of_call_ms: np.ndarray) -> np.ndarray:
        """Stay between the leg before each leg and it (n_legs,), of the stays at calls (n_calls,)."""
        total = np.concatenate([[0], np.cumsum(of_call_ms)])
        stands = _dwells(self.leg_call, self.legs.next_leg)
        return np.asarray(total[self.leg_call + 1] - total[self.leg_call + 1 - stands])


def buses_of(timetable: Timetable, lines: LineRoutes, least_dwell_s: float, ends: np.ndarray) -> TransitRuns:
    """The buses of a day.

    Parameters
    ----------
    least_dwell_s
        Least stay at a stop; a run that is early stays until its scheduled departure.
    ends
        Tail and head of every link, (2, n_links): a leg must begin where the leg before it ends.
    """
    run = np.repeat(np.arange(timetable.n_runs), np.diff(timetable.call_start))
    place = np.arange(timetable.n_calls) - timetable.call_start[run]
    pattern = timetable.pattern_of_run[run]
    row = timetable.pattern_start[pattern] + place
    is_last = np.append(run[1:] != run[:-1], True)[: run.shape[0]]
    leg = np.where(is_last, 0, lines.pattern_leg_start[pattern] + place)
    n_links = np.where(is_last, 0, np.diff(lines.leg_link_start, append=0)[leg]) if leg.size else leg
    here = lines.stop_link[row]
    beyond = np.where(is_last, -1, lines.stop_link[np.where(is_last, row, row + 1)])
    on_road = ~is_last & (here >= 0) & (beyond >= 0) & ((n_links > 0) | (here == beyond))
    drives = np.flatnonzero(on_road & (n_links > 0))
    departure_ms = np.rint(timetable.call_departure_s * MS).astype(np.int64)
    arrival_ms = np.rint(timetable.call_arrival_s * MS).astype(np.int64)
    dwell_ms = round(least_dwell_s * MS)
    following = _following(drives, on_road)
    key = np.empty(drives.shape[0], dtype=np.uint64)
    fill_keys(read_only(keys_of(timetable.run_id)[run[drives]]), read_only(place[drives]), key)
    legs = Legs(
        key=key,
        routes=_routes(lines, leg[drives]),
        next_leg=following.astype(np.int32),
        not_before_ms=_not_before_ms(drives, following, departure_ms, dwell_ms),
        dwell_ms=_dwells(drives, following) * dwell_ms,
    )
    _check_joints(legs, ends)
    first = np.ones(drives.shape[0], dtype=np.bool_)
    first[following[following >= 0]] = False
    in_place = on_road & (n_links == 0)
    return TransitRuns(legs, drives, first, on_road, in_place, arrival_ms, departure_ms, dwell_ms)


def _following(drives: np.ndarray, on_road: np.ndarray) -> np.ndarray:
    """The leg that goes on from each leg's end (n_legs,), -1 none: nothing off the road may lie between."""
    following = np.full(drives.shape[0], -1, dtype=np.int64)
    off_road: np.ndarray = np.cumsum(~on_road)
    joined = off_road[drives[1:] - 1] == off_road[drives[:-1]]
    following[:-1][joined] = np.flatnonzero(joined) + 1
    return following


def _dwells(drives: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Stops at which a bus dwells between the leg before and this one (n_legs,)."""
    n = np.zeros(drives.shape[0], dtype=np.int64)
    before = np.flatnonzero(following >= 0)
    n[following[before]] = drives[following[before]] - drives[before]
    return n


def _not_before_ms(
    drives: np.ndarray, following: np.ndarray, departure_ms: np.ndarray, dwell_ms: int
) -> np.ndarray:
    """Earliest release of each leg (n_legs,): scheduled departures here and at stops on the link before."""
    earliest = departure_ms[drives]
    dwells = _dwells(drives, following)
    for back in range(1, int(dwells.max(initial=0))):
        legs = np.flatnonzero(dwells > back)
        earliest[legs] = np.maximum(earliest[legs], departure_ms[drives[legs] - back] + back * dwell_ms)
    return np.asarray(earliest)


def _routes(lines: LineRoutes, leg: np.ndarray) -> Routes:
    """Routes of legs: runs of a pattern share their place in the pool."""
    start, end = lines.leg_link_start[leg], lines.leg_link_start[leg + 1]
    return Routes(lines.leg_links.astype(np.int32), start.astype(np.int64), end.astype(np.int64))


def _check_joints(legs: Legs, ends: np.ndarray) -> None:
    tail, head = ends
    before = np.flatnonzero(legs.next_leg >= 0)
    after = legs.next_leg[before]
    stops_at = head[legs.routes.pool[legs.routes.end[before] - 1]]
    goes_from = tail[legs.routes.pool[legs.routes.start[after]]]
    if (stops_at != goes_from).any():
        wrong = int(np.flatnonzero(stops_at != goes_from)[0])
        raise WorkError(f"leg {int(after[wrong])} of a bus begins off the end of leg {int(before[wrong])}")


def _one_after_another(marked: np.ndarray) -> list[np.ndarray]:
    """Marked rows by how many marked ones stand right before them: first those with none, and so on."""
    rows = np.flatnonzero(marked)
    if not rows.size:
        return []
    begins = np.append(True, np.diff(rows) != 1)
    rank = np.arange(rows.shape[0]) - np.maximum.accumulate(np.where(begins, np.arange(rows.shape[0]), 0))
    return [rows[rank == level] for level in range(int(rank.max()) + 1)]
