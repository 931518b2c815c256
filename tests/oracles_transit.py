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
    refused: int = 0


def ride_together(
    riders: list[SlowRider],
    keys: list[int],
    pattern_of_run: list[int],
    moments: tuple[list[list[int]], list[list[int]]],
    passed: list[list[bool]],
    places: list[int],
) -> None:
    """All riders' journeys in runs that hold so many: every moment of the day, one after another.

    `moments` are departures and arrivals of every run, -1 never. At a stop people stand in the order of
    coming, then of their keys.
    """
    left_ms, arrived_ms = moments
    happenings = []
    for run, (gone, come) in enumerate(zip(left_ms, arrived_ms, strict=True)):
        for place in range(len(gone)):
            happenings += [(come[place], 2 * place, run)] if come[place] >= 0 else []
            happenings += [(gone[place], 2 * place + 1, run)] if gone[place] >= 0 else []
    aboard: list[list[int]] = [[] for _ in places]
    now = [0] * len(riders)
    for moment, rank, run in sorted(happenings):
        place, pattern = rank // 2, pattern_of_run[run]
        goes_on = not all(passed[run][place + 1 :])
        if rank % 2:
            line = [
                i
                for i, rider in enumerate(riders)
                if now[i] < len(rider.rides)
                and rider.rides[now[i]][:2] == (pattern, place)
                and not any(i in those for those in aboard)
                and rider.ready_ms <= moment
            ]
            for i in sorted(line, key=lambda each: (riders[each].ready_ms, keys[each])):
                if goes_on and len(aboard[run]) < places[run]:
                    aboard[run].append(i)
                    riders[i].calls.append((run, place))
                elif goes_on:
                    riders[i].refused += 1
        else:
            for i in list(aboard[run]):
                _, _, alight_at, walk_ms = riders[i].rides[now[i]]
                if alight_at <= place or not goes_on:
                    aboard[run].remove(i)
                    riders[i].calls.append((run, place))
                    riders[i].ready_ms = moment + walk_ms
                    now[i] += 1
    for i, rider in enumerate(riders):
        rider.done = now[i] == len(rider.rides)
        if not rider.done and not any(i in those for those in aboard):
            pattern, board_at = rider.rides[now[i]][:2]
            runs = [run for run, each in enumerate(pattern_of_run) if each == pattern]
            rider.stranded = all(left_ms[run][board_at] >= 0 or passed[run][board_at] for run in runs)
            rider.done = rider.stranded
