"""Riders take what really comes and has room; the kernel, in steps, agrees with its slow twin of the day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles_transit import SlowRider, ride_together
from twin.kernels.riding import DONE, Queues, Riders, Rides, Service, begin, ride

LENGTHS = (2, 3, 4)
"""Calls of the runs of each pattern."""


class Day(NamedTuple):
    """Runs of three patterns and what happens to them, -1 never; riders with their rides."""

    pattern_of_run: list[int]
    left_ms: list[list[int]]
    arrived_ms: list[list[int]]
    passed: list[list[bool]]
    riders: list[tuple[int, list[tuple[int, int, int, int]]]]
    places: list[int]
    keys: list[int]


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
            rides.append((pattern, board, alight, draw(st.integers(1, 12))))
        riders.append((draw(st.integers(0, 80)), rides))
    places = [draw(st.sampled_from([0, 1, 1, 2, 9])) for _ in pattern_of_run]
    keys = draw(st.permutations(range(len(riders))))
    return Day(pattern_of_run, left, arrived, passed, riders, places, keys)


def ride_by_kernel(day: Day, step: int) -> tuple[Riders, Queues]:
    """The kernel, called again and again as moments become known."""
    patterns = np.array(day.pattern_of_run)
    order = np.argsort(patterns, kind="stable").astype(np.int32)
    lengths = [LENGTHS[pattern] for pattern in day.pattern_of_run]
    first_position = np.cumsum([0, *LENGTHS])
    rides = [each for _, rides in day.riders for each in rides]
    columns = [np.array(column) for column in zip(*rides, strict=True)]
    plan = Rides(
        np.cumsum([0] + [len(rides) for _, rides in day.riders]),
        *(column.astype(np.int32) for column in columns[:3]),
        columns[3].astype(np.int64),
        first_position[columns[0]] + columns[1],
        np.array(day.keys, dtype=np.uint64),
    )
    n, n_runs = len(day.riders), len(lengths)
    riders = Riders(
        np.full(n, -1),
        np.array([ready for ready, _ in day.riders]),
        np.full(n, -1, dtype=np.int32),
        np.full(len(rides), -1),
        np.full(len(rides), -1),
        np.zeros(len(rides), dtype=np.int32),
        np.full(n, -1),
        np.zeros(n, dtype=np.bool_),
    )
    left, arrived = np.concatenate(day.left_ms), np.concatenate(day.arrived_ms)
    run_of_call = np.repeat(np.arange(n_runs), lengths)
    place = np.arange(left.shape[0]) - np.cumsum([0, *lengths])[run_of_call]
    queues = Queues(
        np.full(first_position[-1], -1), np.full(n_runs, -1), np.full(n, -1),
        np.zeros(n_runs, dtype=np.int32),
        np.zeros(left.shape[0], dtype=np.bool_), np.zeros(left.shape[0], dtype=np.bool_),
    )  # fmt: skip
    begin(plan, riders, queues, np.arange(n))
    moment_of = np.stack([arrived, left], axis=1).ravel()
    rank = (2 * place[:, None] + np.arange(2)).ravel()
    in_order = np.lexsort((np.repeat(run_of_call, 2), rank, moment_of))
    for since in range(0, 400, step):
        until = since + step
        service = Service(
            np.searchsorted(patterns[order], np.arange(4)).astype(np.int64),
            order,
            np.cumsum([0, *lengths]),
            run_of_call.astype(np.int32),
            first_position[patterns[run_of_call]] + place,
            np.array(day.places, dtype=np.int32),
            np.where(arrived < until, arrived, -1),
            np.where(left < until, left, -1),
            np.concatenate(day.passed),
        )
        now = (moment_of[in_order] >= since) & (moment_of[in_order] < until)
        ride(service, plan, riders, queues, in_order[now])
    return riders, queues


@settings(max_examples=400)
@given(days(), st.sampled_from([1, 10, 60, 300]))
def test_kernel_agrees_with_twin(day: Day, step: int) -> None:
    found, queues = ride_by_kernel(day, step)
    start = np.cumsum([0] + [LENGTHS[pattern] for pattern in day.pattern_of_run])
    slow = [SlowRider(rides, ready_ms, []) for ready_ms, rides in day.riders]
    ride_together(
        slow, day.keys, day.pattern_of_run, (day.left_ms, day.arrived_ms), day.passed, day.places
    )  # fmt: skip
    row = 0
    for i, (each, (_, rides)) in enumerate(zip(slow, day.riders, strict=True)):
        assert bool(found.ride[i] == DONE) == each.done
        assert bool(found.stranded[i]) == each.stranded
        both = zip(found.boarded_call[row : row + len(rides)], found.alighted_call[row:], strict=False)
        calls = [int(call) for pair in both for call in pair if call >= 0]
        assert calls == [int(start[run]) + place for run, place in each.calls]
        assert found.refused[row : row + len(rides)].sum() == each.refused
        if not each.stranded:
            assert found.ready_ms[i] == each.ready_ms
        row += len(rides)
    sits = np.bincount(found.run[found.run >= 0], minlength=len(day.places))
    assert queues.load.tolist() == sits.tolist(), "everybody is counted once"
    assert (queues.load <= np.array(day.places)).all()


def test_who_comes_too_late_takes_the_next_and_after_the_last_is_stranded() -> None:
    day = Day(
        [0, 0], [[10, -1], [30, -1]], [[10, 20], [30, 40]], [[False] * 2] * 2,
        [(10, [(0, 0, 1, 5)]), (11, [(0, 0, 1, 5)]), (31, [(0, 0, 1, 5)])], [9, 9], [0, 1, 2],
    )  # fmt: skip
    found, _ = ride_by_kernel(day, 1)
    assert found.ready_ms.tolist() == [25, 45, 31]
    assert found.stranded.tolist() == [False, False, True]


def test_who_came_first_boards_first_and_who_finds_no_room_waits_for_the_next() -> None:
    """Two runs of one place each: of three, the one who came last is left behind when the last has gone."""
    day = Day(
        [0, 0], [[10, -1], [30, -1]], [[10, 20], [30, 40]], [[False] * 2] * 2,
        [(9, [(0, 0, 1, 5)]), (4, [(0, 0, 1, 5)]), (4, [(0, 0, 1, 5)])], [1, 1], [0, 8, 7],
    )  # fmt: skip
    found, _ = ride_by_kernel(day, 300)
    assert found.refused.tolist() == [2, 1, 0], "of those who came at one moment the lower key goes first"
    assert found.stranded.tolist() == [True, False, False]
    assert found.ready_ms.tolist() == [30, 45, 25], "who is left behind knows it when the last run leaves"
