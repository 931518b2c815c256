"""Riders take what really comes; the kernel, step by step, agrees with its slow twin after the event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles_transit import SlowRider, ride_through
from twin.kernels.riding import DONE, Riders, Rides, Service, ride

LENGTHS = (2, 3, 4)
"""Calls of the runs of each pattern."""


class Day(NamedTuple):
    """Runs of three patterns and what happens to them, -1 never; riders with their rides."""

    pattern_of_run: list[int]
    left_ms: list[list[int]]
    arrived_ms: list[list[int]]
    passed: list[list[bool]]
    riders: list[tuple[int, list[tuple[int, int, int, int]]]]


@st.composite
def days(draw: st.DrawFn) -> Day:
    """Runs overtake each other, get stuck and pass stops by."""
    pattern_of_run = draw(st.lists(st.integers(0, 2), min_size=1, max_size=8))
    left, arrived, passed = [], [], []
    for pattern in pattern_of_run:
        n, moment = LENGTHS[pattern], draw(st.integers(0, 60))
        went_until = draw(st.sampled_from([n, n, n, n - 1, 1, 0]))
        by, gone, come = [], [], []
        for place in range(n):
            by.append(place > 0 and draw(st.integers(0, 4)) == 0)
            come.append(moment if place < went_until else -1)
            moment += draw(st.integers(0, 9))
            gone.append(moment if place + 1 < went_until else -1)
            moment += draw(st.integers(1, 15))
        come[0] = gone[0]
        passed.append(by)
        left.append([-1 if skips else each for skips, each in zip(by, gone, strict=True)])
        arrived.append([-1 if skips else each for skips, each in zip(by, come, strict=True)])
    riders = []
    for _ in range(draw(st.integers(1, 8))):
        rides = []
        for _ in range(draw(st.integers(1, 3))):
            pattern = draw(st.integers(0, 2))
            board = draw(st.integers(0, LENGTHS[pattern] - 2))
            alight = draw(st.integers(board + 1, LENGTHS[pattern] - 1))
            rides.append((pattern, board, alight, draw(st.integers(0, 12))))
        riders.append((draw(st.integers(0, 80)), rides))
    return Day(pattern_of_run, left, arrived, passed, riders)


def ride_by_kernel(day: Day, step: int) -> Riders:
    """The kernel, called again and again as moments become known."""
    patterns = np.array(day.pattern_of_run)
    order = np.argsort(patterns, kind="stable").astype(np.int32)
    lengths = [LENGTHS[pattern] for pattern in day.pattern_of_run]
    rides = [each for _, rides in day.riders for each in rides]
    columns = [np.array(column) for column in zip(*rides, strict=True)]
    plan = Rides(
        np.cumsum([0] + [len(rides) for _, rides in day.riders]),
        *(column.astype(np.int32) for column in columns[:3]),
        columns[3].astype(np.int64),
    )
    n = len(day.riders)
    riders = Riders(
        plan.start[:-1].copy(),
        np.array([ready for ready, _ in day.riders]),
        np.full(n, -1, dtype=np.int32),
        np.full(len(rides), -1),
        np.full(len(rides), -1),
        np.zeros(n, dtype=np.bool_),
    )
    left, arrived = np.concatenate(day.left_ms), np.concatenate(day.arrived_ms)
    for until in [*range(step, 400, step), 10**6]:
        service = Service(
            np.searchsorted(patterns[order], np.arange(4)).astype(np.int64),
            order,
            np.cumsum([0, *lengths]),
            np.where(arrived < until, arrived, -1),
            np.where(left < until, left, -1),
            np.concatenate(day.passed),
        )
        ride(service, plan, riders, np.flatnonzero(riders.ride >= 0))
    return riders


@settings(max_examples=300)
@given(days(), st.sampled_from([1, 10, 60, 300]))
def test_kernel_agrees_with_twin(day: Day, step: int) -> None:
    found = ride_by_kernel(day, step)
    runs_of = {p: [run for run, each in enumerate(day.pattern_of_run) if each == p] for p in range(3)}
    start = np.cumsum([0] + [LENGTHS[pattern] for pattern in day.pattern_of_run])
    row = 0
    for i, (ready_ms, rides) in enumerate(day.riders):
        slow = SlowRider(rides, ready_ms, [])
        ride_through(slow, runs_of, day.left_ms, day.arrived_ms, day.passed)
        assert bool(found.ride[i] == DONE) == slow.done
        assert bool(found.stranded[i]) == slow.stranded
        assert found.ready_ms[i] == slow.ready_ms
        both = zip(found.boarded_call[row : row + len(rides)], found.alighted_call[row:], strict=False)
        calls = [int(call) for pair in both for call in pair if call >= 0]
        assert calls == [int(start[run]) + place for run, place in slow.calls]
        row += len(rides)


def test_who_comes_too_late_takes_the_next_and_after_the_last_is_stranded() -> None:
    day = Day(
        [0, 0], [[10, -1], [30, -1]], [[10, 20], [30, 40]], [[False] * 2] * 2,
        [(10, [(0, 0, 1, 5)]), (11, [(0, 0, 1, 5)]), (31, [(0, 0, 1, 5)])],
    )  # fmt: skip
    found = ride_by_kernel(day, 1)
    assert found.ready_ms.tolist() == [25, 45, 31]
    assert found.stranded.tolist() == [False, False, True]
