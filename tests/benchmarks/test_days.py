"""The table of eight weeks: dates come out as written, and the page says what the table says."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest

from benchmarks.studies.days import DAYS, FIRST, MOVED, TABLE, line_of, scenario
from benchmarks.studies.table import read_rows
from tests.conftest import ROOT
from twin.conditions.day import conditions_on
from twin.study.dated_days import dated_days, dates_from
from twin.study.rivals import RIVALS, rival_errors, variance_shares

PAGE = (ROOT / "docs" / "days.md").read_text(encoding="utf-8")


@pytest.mark.one_interpreter("long; days with dates are lived on each in the room of the model")
def test_dates_come_out_as_written():
    """A usual weekday, and the Saturday of the incident, lived without the days between."""
    lines = {line["date"]: line for line in read_rows(TABLE)}
    assert list(lines) == [date.isoformat() for date in dates_from(FIRST, DAYS)]
    dates = [dt.date(2027, 1, 30), dt.date(2027, 1, 12)]
    for date, day in zip(dates, dated_days(scenario(), dates, 1), strict=True):
        assert line_of(day, 1) == lines[date.isoformat()]


def test_an_incident_and_rain_are_to_be_seen():
    rows = read_rows(TABLE)
    delay_h = {row["date"]: float(row["delay_h"]) for row in rows}
    saturdays = [
        delay_h[row["date"]] for row in rows if row["kind"] == "saturday" and row["incidents"] == "0"
    ]
    assert delay_h["2027-01-30"] > 4.0 * max(saturdays)
    dry = [delay_h[row["date"]] for row in rows if row["kind"] == "weekday" and float(row["rain_mm"]) == 0.0]
    assert delay_h["2027-01-19"] > 1.5 * max(dry)


def test_the_page_says_what_the_table_says():
    rows = read_rows(TABLE)
    ledger = scenario().ledger()
    conditions = [conditions_on(1, dt.date.fromisoformat(row["date"]), "riviera", ledger) for row in rows]
    daily = np.array([[float(row["links_left"])] for row in rows])
    errors = rival_errors(daily, conditions, MOVED)
    told = [float(number) for number in re.findall(r"^\| [a-z].*? \| ([\d.]+) \| [\d.]+ \|$", PAGE, re.M)]
    assert told == pytest.approx([errors[name] / errors["mean"] for name in RIVALS], abs=0.001)
    shares = variance_shares(daily, conditions)
    for words, share in zip(
        ("between days of the week", "of the rest", "left"), shares.values(), strict=True
    ):
        said = re.search(rf"^\| {words}[^|]*\| ([\d.]+) % \|", PAGE, re.M)
        assert said
        assert float(said[1]) == pytest.approx(100.0 * share, abs=0.1)
