"""Days of persons: a trip begins as planned, or after the least stay since the one before it ended."""

from __future__ import annotations

import numpy as np
import pytest

from twin.behaviour.days import ARRIVED, NOT_YET, PLANNED, TRAVELLING, WAITING, Itineraries

PERSON = np.array([0, 0, 0, 1, 2, 2])
SEQUENCE = np.array([0, 1, 2, 0, 0, 1])
DEPART_S = np.array([100.0, 200.0, 5_000.0, 150.0, 100.0005, 900.0])
PLAN_MS = np.rint(DEPART_S * 1_000).astype(np.int64)
STAY_MS = np.full(6, 600_000)


@pytest.fixture
def days() -> Itineraries:
    return Itineraries.planned(DEPART_S, SEQUENCE)


def arrive(days: Itineraries, rows: list[int], arrived_ms: list[int]) -> None:
    days.arrive(np.array(rows), np.array(arrived_ms), PERSON, PLAN_MS, STAY_MS)


def test_only_first_trips_may_leave_at_first(days: Itineraries) -> None:
    assert days.leaves_ms.tolist() == [100_000, NOT_YET, NOT_YET, 150_000, 100_000, NOT_YET]
    assert days.due(100_000).tolist() == []
    assert days.due(100_001).tolist() == [0, 4]
    assert days.due(NOT_YET).tolist() == [0, 3, 4]


def test_who_has_left_is_not_due_again(days: Itineraries) -> None:
    days.depart(np.array([0, 4]), WAITING)
    days.depart(np.array([3]), TRAVELLING)
    assert days.departed_ms.tolist() == [100_000, -1, -1, 150_000, 100_000, -1]
    assert days.state.tolist() == [WAITING, PLANNED, PLANNED, TRAVELLING, WAITING, PLANNED]
    assert days.due(NOT_YET).size == 0


@pytest.mark.parametrize(("arrived_ms", "leaves_ms"), [(110_000, 710_000), (4_500_000, 5_100_000)])
def test_lateness_is_carried_along(days: Itineraries, arrived_ms: int, leaves_ms: int) -> None:
    """The second trip was planned before the least stay of 600 s is over, whenever the first ends."""
    days.depart(np.array([0]), WAITING)
    arrive(days, [0], [arrived_ms])
    assert days.leaves_ms[1] == leaves_ms
    assert days.leaves_ms[2] == NOT_YET
    assert days.arrived_ms[0] == arrived_ms
    days.depart(np.array([1]), WAITING)
    arrive(days, [1], [leaves_ms + 60_000])
    assert days.leaves_ms[2] == max(5_000_000, leaves_ms + 660_000)


def test_one_persons_arrival_is_no_others_business(days: Itineraries) -> None:
    """Rows 3 and 4 belong to different persons; row 5 is the last and has no trip after it."""
    before = days.leaves_ms.copy()
    arrive(days, [3, 5], [200_000, 300_000])
    assert days.leaves_ms.tolist() == before.tolist()
    assert days.state.tolist() == [PLANNED, PLANNED, PLANNED, ARRIVED, PLANNED, ARRIVED]
