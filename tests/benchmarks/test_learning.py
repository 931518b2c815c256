"""The committed table of learning: what the ledger and the page say of it, and one that is made here."""

from __future__ import annotations

import re

import pytest

from benchmarks.studies.learning import DAYS, lived_days, read_table
from tests.conftest import ROOT
from tests.model.village import scenario
from twin.scenario.ledger import Parameters

LINES = {(line["seed"], int(line["day"])): line for line in read_table()}
SEEDS = sorted({seed for seed, _ in LINES})


def column(name: str, day: int) -> list[float]:
    return [float(LINES[seed, day][name]) for seed in SEEDS]


def test_the_table_is_whole() -> None:
    assert set(LINES) == {(seed, day) for seed in SEEDS for day in range(1, DAYS + 1)}
    assert len(SEEDS) >= 2


def test_the_studied_day_is_as_near_to_the_last_as_the_ledger_says() -> None:
    ledger = Parameters.defaults()
    studied = int(ledger["behaviour.learning_rounds"]) + 1
    said = ledger.row("behaviour.learning_rounds").source
    low, high = (float(number) / 100 for number in re.findall(r"(\d+) to (\d+) % above", said)[0])
    for now, last in zip(column("mean_time_s", studied), column("mean_time_s", DAYS), strict=True):
        assert low - 0.005 <= now / last - 1.0 <= high + 0.005
    low, high = (float(number) / 100 for number in re.findall(r"gap of (\d+) to (\d+) %", said)[0])
    assert all(low - 0.005 <= gap <= high + 0.005 for gap in column("gap", studied))


def test_the_jam_of_the_first_day_dissolves_and_changes_of_route_die_out() -> None:
    assert all(
        first > 2.0 * later
        for first, later in zip(column("most_driving", 1), column("most_driving", 7), strict=True)
    )
    assert max(column("unfinished", 7)) == 0
    for day in range(1, DAYS - 2):
        # Of three days, for a day now and then asks for a few changes more than the one before.
        assert all(
            now > later
            for now, later in zip(column("switched", day), column("switched", day + 2), strict=True)
        )
    assert all(
        first > 20.0 * last
        for first, last in zip(column("switched", 1), column("switched", DAYS), strict=True)
    )


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "learning.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+), (\d+) \|.*\| (\d+), (\d+) \|$", page, re.MULTILINE)
    assert len(rows) == 5
    for day, *told in rows:
        assert list(map(int, told[:2])) == [round(value) for value in column("mean_time_s", int(day))]
        assert list(map(int, told[2:])) == list(map(int, column("most_driving", int(day))))


@pytest.mark.timeout(600)
def test_the_study_runs_on_the_village() -> None:
    days = list(lived_days(scenario(), 1, 3))
    assert [line["day"] for line in days] == ["1", "2", "3"]
    for line in days:
        assert float(line["gap"]) >= 0.0
        assert float(line["mean_time_s"]) > 0.0
        assert 0.0 <= float(line["switched"]) <= 1.0
    again = list(lived_days(scenario(), 1, 2))
    assert again == days[:2]
