"""Conditions: a function of seed and date alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.conditions.day import DayConditions, conditions_on
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
DATES = st.dates(dt.date(2020, 1, 1), dt.date(2060, 12, 31))


def on(seed: int, date: dt.date) -> DayConditions:
    return conditions_on(seed, date, "riviera", LEDGER)


def same(one: DayConditions, other: DayConditions) -> bool:
    arrays = all(
        np.array_equal(getattr(one.weather, name), getattr(other.weather, name))
        for name in ("rain_mm_per_h", "temperature_c")
    )
    return one.told() == other.told() and one.level == other.level and arrays


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**62), st.lists(DATES, min_size=2, max_size=5, unique=True), st.randoms())
def test_the_order_of_asking_changes_nothing(seed, dates, random):
    first = {date: on(seed, date) for date in dates}
    random.shuffle(dates)
    assert all(same(first[date], on(seed, date)) for date in dates)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**62), DATES)
def test_another_seed_has_another_day(seed, date):
    one, other = on(seed, date), on(seed + 1, date)
    assert one.level != other.level
    assert one.calendar == other.calendar


def test_levels_have_mean_1_and_the_weeks_pattern():
    """Over 1,500 dates; weekdays are as the ledger has them, relative to their mean."""
    first = dt.date(2027, 1, 4)
    days = [on(8, first + dt.timedelta(days=day)) for day in range(1_500)]
    level = np.array([day.level for day in days])
    weekday = np.array([day.calendar.date.weekday() if day.kind == 0 else -1 for day in days])
    means = [level[weekday == each].mean() for each in range(5)]
    assert np.allclose(means, LEDGER["conditions.weekday_factor"], atol=0.012)
    assert abs(level.mean() - 1.0) < 0.006
    left = np.log(level[weekday >= 0] / np.array(LEDGER["conditions.weekday_factor"])[weekday[weekday >= 0]])
    assert abs(left.std() / LEDGER["conditions.level_spread"] - 1.0) < 0.12
