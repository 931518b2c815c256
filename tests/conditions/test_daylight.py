"""The sun over the Riviera: known days within minutes, long days in summer, dark shares that add up."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.conditions.daylight import dark_share, summer_time, sun_hours

NICE = (7.26, 43.70)


@pytest.mark.parametrize(
    ("date", "rise_h", "set_h"),
    [
        (dt.date(2027, 3, 1), 7.05, 18.25),
        (dt.date(2027, 6, 21), 5.8, 21.25),
        (dt.date(2027, 12, 21), 7.95, 16.9),
    ],
)
def test_sunrise_and_sunset_are_those_of_the_almanac_within_minutes(date, rise_h, set_h):
    found = sun_hours(date, *NICE)
    assert found[0] == pytest.approx(rise_h, abs=0.2)
    assert found[1] == pytest.approx(set_h, abs=0.2)


def test_clocks_change_on_last_sundays():
    assert not summer_time(dt.date(2027, 3, 27))
    assert summer_time(dt.date(2027, 3, 28))
    assert summer_time(dt.date(2027, 10, 30))
    assert not summer_time(dt.date(2027, 10, 31))


def test_the_pole_has_days_without_end_and_nights_without_end():
    rise_h, set_h = sun_hours(dt.date(2027, 6, 21), 0.0, 80.0)
    assert set_h - rise_h == pytest.approx(24.0)
    rise_h, set_h = sun_hours(dt.date(2027, 12, 21), 0.0, 80.0)
    assert set_h == rise_h


@given(st.floats(4.0, 9.0), st.floats(16.0, 22.0), st.floats(0.0, 29.0), st.floats(0.01, 1.0))
def test_dark_and_light_of_parts_add_up_to_the_whole(rise_h, set_h, start_h, half_h):
    middle, end = start_h + half_h, start_h + 2.0 * half_h
    parts = [dark_share(rise_h, set_h, *each) for each in ((start_h, middle), (middle, end))]
    assert sum(parts) / 2.0 == pytest.approx(dark_share(rise_h, set_h, start_h, end), abs=1e-9)
    whole = dark_share(rise_h, set_h, 0.0, 24.0)
    assert whole == pytest.approx(1.0 - (set_h - rise_h) / 24.0)
