"""Habits of another day: those who are new on a street reckon with each other, those who are not stay."""

from __future__ import annotations

import numpy as np

from tests.behaviour.test_fitted_habits import drivers, known
from twin.behaviour.dated_habits import evened_out
from twin.behaviour.habits import Habits
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
SHORT, LONG = [0, 1, 3], [0, 2, 3]
MANY = 1_200
"""Trips within an hour over streets that take 600."""


def nobody() -> tuple:
    """A usual day without anybody."""
    return known(*[[]] * 1).routes, np.zeros(1, dtype=np.int64)


def on_long(habits: Habits) -> int:
    return sum(habits.routes.of(trip).tolist() == LONG for trip in range(habits.routes.start.shape[0]))


def test_many_new_trips_spread_over_two_streets() -> None:
    """All would take the short way by the times learned, when it was empty; it cannot take them all."""
    n = MANY
    people, habits = drivers([(0, 3)] * n), known(*[SHORT] * n)
    after = evened_out(people, habits, np.arange(n), nobody(), LEDGER)
    assert 0.1 * n < on_long(after) < 0.9 * n
    assert (after.expected_ms >= people.free_ms).all()
    assert after.expected_ms[:, 1].max() > 1.2 * people.free_ms[1]


def test_who_is_not_new_keeps_the_way_learned() -> None:
    n = MANY
    people, habits = drivers([(0, 3)] * n), known(*[SHORT] * n)
    after = evened_out(people, habits, np.arange(n // 2), nobody(), LEDGER)
    assert all(after.routes.of(trip).tolist() == SHORT for trip in range(n // 2, n))
    assert 0 < on_long(after) <= n // 2


def test_a_day_like_the_usual_one_is_expected_to_take_what_it_took() -> None:
    n = 400
    people, habits = drivers([(0, 3)] * n), known(*[SHORT] * n)
    usual = habits.routes, people.trips.depart_ms
    after = evened_out(people, habits, np.zeros(0, dtype=np.int64), usual, LEDGER)
    assert after.routes is habits.routes
    assert (after.expected_ms == habits.expected_ms).all()


def test_an_emptier_day_is_expected_to_take_less_but_no_less_than_free_flow() -> None:
    n, few = 400, 40
    full = known(*[SHORT] * n)
    crowded = np.tile(drivers([(0, 3)]).free_ms * 3.0, (full.expected_ms.shape[0], 1))
    people = drivers([(0, 3)] * few)
    habits = Habits(known(*[SHORT] * few).routes, crowded)
    usual = full.routes, drivers([(0, 3)] * n).trips.depart_ms
    after = evened_out(people, habits, np.zeros(0, dtype=np.int64), usual, LEDGER)
    assert (after.expected_ms <= crowded).all()
    assert after.expected_ms[:, 1].min() < crowded[:, 1].min()
    assert (after.expected_ms >= people.free_ms).all()
