"""A scenario's date: which month it is in, and what is wrong with one that is none."""

from __future__ import annotations

import pytest

from twin.clock import N_HOURS, middle_of_month, parse_date, parse_month
from twin.conditions.day import conditions_on
from twin.conditions.weather import CLIMATES
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario

BASE = 'title = "A"\nterritory = "riviera"\n'


def test_a_date_tells_the_month():
    spec = Scenario.loads(BASE + 'date = "2027-07-16"')
    assert (spec.date, spec.month) == ("2027-07-16", "2027-07")
    assert spec.varied("date", "2027-08-01").month == "2027-08"


def test_without_a_date_nothing_is_new():
    """Neither in what is written nor in the digests under which runs are kept."""
    spec = Scenario.loads(BASE)
    assert spec.date is None
    assert "date" not in spec.resolved()
    assert spec.digest != Scenario.loads(BASE + 'date = "2027-01-16"').digest
    assert spec.simulation_digest() != Scenario.loads(BASE + 'date = "2027-01-16"').simulation_digest()


def test_months_in_force_are_those_of_the_date():
    works = '[[modification]]\nkind = "incident"\nlinks = { ref = "A8" }\nfactor = 0.5\nfrom = "2027-06"\n'
    for date, holds in (("2027-05-31", 0), ("2027-06-01", 1)):
        assert len(Scenario.loads(f'{BASE}date = "{date}"\n{works}').in_force()) == holds


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('date = "2027-02-30"', "is not a date"),
        ('date = "tomorrow"', "is not a date"),
        ("date = 2027", "date"),
        ('date = "2027-02-03"\nmonth = "2027-03"', "is not in the month"),
    ],
)
def test_a_date_that_is_none_is_told_in_one_line(line, words):
    with pytest.raises(InputError, match=words) as told:
        Scenario.loads(BASE + line)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "line",
    [
        'date = "0001-01-01"',
        'date = "1899-12-31"',
        'date = "2200-01-01"',
        'date = "9999-12-31"',
        'month = "0000-01"',
        'month = "1899-12"',
        'month = "2200-01"',
        'month = "9999-12"',
        '[[modification]]\nkind = "app_share"\nvalue = 0.5\nfrom = "2200-01"',
        '[[modification]]\nkind = "app_share"\nvalue = 0.5\nuntil = "1899-12"',
    ],
)
def test_beyond_the_years_of_dates_and_months_it_is_said_which_are_right(line):
    """One error, of the key that was written: days before and after must be dates of the calendar too."""
    with pytest.raises(InputError, match=r"right would be: .*YYYY-MM.* from 1900-01.* to 2199-12") as told:
        Scenario.loads(BASE + line)
    assert "\n" not in str(told.value)
    assert line.split("=")[-2].split()[-1] in told.value.where


@pytest.mark.parametrize("date", ["1900-01-01", "2199-12-31"])
def test_the_first_and_the_last_date_have_their_conditions(date):
    spec = Scenario.loads(BASE + f'date = "{date}"')
    assert spec.month == date[:7]
    assert Scenario.loads(BASE + f'month = "{spec.month}"').month == spec.month
    assert middle_of_month(parse_month(spec.month)).isoformat() == f"{spec.month}-15"
    for climate in CLIMATES:
        day = conditions_on(1, parse_date(date), climate, Parameters.defaults())
        assert day.calendar.date.isoformat() == date
        assert len(day.weather.temperature_c) == N_HOURS


def test_rain_is_a_modification():
    rain = '[[modification]]\nkind = "rain"\nmm_per_h = 4.0\nfrom = "07:00"\nuntil = "09:00"\n'
    (order,) = Scenario.loads(BASE + rain).in_force()
    assert (order.kind, order.from_s, order.until_s) == ("rain", 7 * 3_600, 9 * 3_600)
    with pytest.raises(InputError, match="mm_per_h"):
        Scenario.loads(BASE + rain.replace("4.0", "-4.0"))
