"""Slow twins of the kernels of public transport, in plain Python: journeys by timetable, and rides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Hop(NamedTuple):
    """One run from one call to the next."""

    run: int
    place: int
    from_stop: int
    to_stop: int
    departure_ms: int
    arrival_ms: int
    pickup: bool
    drop: bool


def earliest_arrival_ms(
    hops: Sequence[Hop],
    feet: dict[tuple[int, int], int],
    depart_ms: int,
    access: dict[int, int],
    egress: dict[int, int],
) -> float:
    """Earliest arrival by at least one ride: what can be boarded is found anew until nothing more is.

    A run can be sat in if it was boarded at an earlier call; it can be boarded at a stop reached on foot
    from the origin, or from where another run was alighted from.
    """
    aboard: set[int] = set()
    while True:
        at_stop = {stop: depart_ms + walk for stop, walk in access.items()}
        for i in aboard:
            for (a, b), walk in feet.items():
                if a == hops[i].to_stop and hops[i].drop:
                    at_stop[b] = min(at_stop.get(b, 10**18), hops[i].arrival_ms + walk)
        new = set(aboard)
        for i, hop in enumerate(hops):
            sits = any(hops[j].run == hop.run and hops[j].place < hop.place for j in aboard)
            boards = hop.pickup and at_stop.get(hop.from_stop, 10**18) <= hop.departure_ms
            if sits or boards:
                new.add(i)
        if new == aboard:
            break
        aboard = new
    ends = [
        hops[i].arrival_ms + egress[hops[i].to_stop]
        for i in aboard
        if hops[i].drop and hops[i].to_stop in egress
    ]
    return min(ends, default=float("inf"))


@dataclass
class SlowRider:
    """One rider: rides (pattern, place to board, to alight, walk after), and moment at the first stop."""

    rides: list[tuple[int, int, int, int]]
    ready_ms: int
    calls: list[tuple[int, int]]
    done: bool = False
    stranded: bool = False


def ride_through(
    rider: SlowRider,
    runs_of: dict[int, list[int]],
    left_ms: list[list[int]],
    arrived_ms: list[list[int]],
    passed: list[list[bool]],
) -> None:
    """A rider's whole journey, once everything has happened; calls gets (run, place) one after another."""
    for pattern, board_at, alight_at, walk_ms in rider.rides:
        calling = [run for run in runs_of[pattern] if not passed[run][board_at]]
        caught = [run for run in calling if left_ms[run][board_at] >= rider.ready_ms]
        if not caught:
            rider.stranded = all(left_ms[run][board_at] >= 0 for run in calling)
            rider.done = rider.stranded
            return
        run = min(caught, key=lambda each: (left_ms[each][board_at], runs_of[pattern].index(each)))
        rider.calls.append((run, board_at))
        later = [place for place in range(alight_at, len(passed[run])) if not passed[run][place]]
        before = [place for place in range(alight_at) if not passed[run][place]]
        place = later[0] if later else before[-1]
        if arrived_ms[run][place] < 0:
            return
        rider.calls.append((run, place))
        rider.ready_ms = max(arrived_ms[run][place], left_ms[run][board_at]) + walk_ms
    rider.done = True
