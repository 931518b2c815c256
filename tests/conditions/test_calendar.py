"""The calendar: kinds of days, legal holidays, school holidays."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.clock import parse_date
from twin.conditions.calendar import SUNDAY, WEEKDAY, calendar_day, easter, public_holidays
from twin.errors import InputError
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()


def test_easter_falls_where_tables_have_it():
    known = {2019: (4, 21), 2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2038: (4, 25)}
    assert {year: (easter(year).month, easter(year).day) for year in known} == known


@given(st.integers(1990, 2200))
def test_easter_is_a_sunday_in_spring_and_every_year_has_eleven_holidays(year):
    day = easter(year)
    assert day.weekday() == 6
    assert dt.date(year, 3, 22) <= day <= dt.date(year, 4, 25)
    # Ascension can fall on a fixed holiday
    assert 10 <= len(public_holidays(year)) <= 11


def test_a_legal_holiday_is_a_sunday_and_the_next_day_is_none():
    assert calendar_day(dt.date(2027, 7, 14), LEDGER).kind == SUNDAY
    assert calendar_day(dt.date(2027, 7, 15), LEDGER).kind == WEEKDAY


def test_school_holidays_are_those_of_the_year_2026_27():
    closed = {
        each: calendar_day(dt.date.fromisoformat(each), LEDGER).school_holidays
        for each in ("2026-10-20", "2026-11-03", "2026-12-28", "2027-01-02", "2027-01-04", "2027-02-20",
                     "2027-03-01", "2027-04-12", "2027-07-02", "2027-07-03", "2027-08-31", "2027-09-01")
    }  # fmt: skip
    assert closed == {
        "2026-10-20": True, "2026-11-03": False, "2026-12-28": True, "2027-01-02": True, "2027-01-04": False,
        "2027-02-20": True, "2027-03-01": False, "2027-04-12": True, "2027-07-02": False, "2027-07-03": True,
        "2027-08-31": True, "2027-09-01": False,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["2027-1-16", "16/01/2027", "2027-02-30", "20270116", ""])
def test_what_is_no_date_is_told(text):
    with pytest.raises(InputError, match="is not a date"):
        parse_date(text)
