"""The ledger of conditions: complete lists, means that are 1, and every row in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.population.world import grid_town, write_population
from twin.conditions.calendar import DAY_KINDS
from twin.conditions.day import conditions_on
from twin.conditions.weather import CLIMATES, climate_of, rain_factors
from twin.model.conditions import day_incidents
from twin.population.days.activities import AIMS, DAYS
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameter, Parameters

LEDGER = Parameters.defaults()
NAMES = LEDGER.names("conditions.*")


class Read(Parameters):
    """A ledger that remembers which rows were asked for, also by what is made of it."""

    def __init__(self, rows: Mapping[str, Parameter], asked: set[str]) -> None:
        super().__init__(rows)
        self.asked = asked

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def replaced(self, values: Mapping[str, Any], where: str = "parameters") -> Parameters:
        return Read({row.name: row for row in super().replaced(values, where).rows()}, self.asked)


def test_every_row_is_used(tmp_path: Path):
    town, file, asked = grid_town(), write_population(tmp_path), set[str]()
    ledger = Read({row.name: row for row in LEDGER.rows()}, asked)
    for climate in CLIMATES:
        for date in (dt.date(2027, 1, 12), dt.date(2027, 2, 16), dt.date(2027, 1, 16), dt.date(2027, 1, 17)):
            today = conditions_on(1, date, climate, ledger)
            if climate == CLIMATES[0] or date.weekday() == 1:
                synthesise(town, file, ledger, seed=1, today=today)
            day_incidents(town.streets, today, ledger, 1)
    climate_of(7.4, 43.7, ledger)
    rain_factors(10.0, ledger)
    # the rain of a wet day is asked for when there is one
    for seed in range(60):
        conditions_on(seed, dt.date(2027, 10, 12), CLIMATES[seed % 2], ledger)
    assert set(NAMES) - asked == {"conditions.learning_days"}, "which the study of days reads"


def test_lists_are_as_long_as_what_they_list():
    for kind in DAY_KINDS[1:]:
        for group, days in DAYS.items():
            row = LEDGER.row(f"conditions.{kind}_days_{group}")
            assert len(row.value) == len(days), row.name
            words = row.meaning.replace(",", "").split()
            assert [day for day in days if day] == words[-len([day for day in days if day]) :]
        assert len(LEDGER[f"conditions.{kind}_purpose_shares"]) == len(AIMS)
    for name in ("wet_days", "rain", "season_factor"):
        for climate in CLIMATES:
            assert len(LEDGER[f"conditions.{name}_{climate}"]) == 12
    for name in ("commuter_factor", "through_factor", "freight_factor"):
        assert len(LEDGER[f"conditions.{name}"]) == len(DAY_KINDS)
        assert LEDGER[f"conditions.{name}"][0] == 1.0
    for name in LEDGER.names("conditions.weekend_profile_*"):
        assert len(LEDGER[name]) == 24


def test_what_is_relative_to_a_mean_has_mean_one():
    for name in ("weekday_factor", "telework_by_weekday", "season_factor_riviera", "season_factor_default"):
        assert np.mean(LEDGER[f"conditions.{name}"]) == pytest.approx(1.0, abs=0.005), name


def test_no_weekend_day_has_school():
    for kind in DAY_KINDS[1:]:
        for group, days in DAYS.items():
            for day, weight in zip(days, LEDGER[f"conditions.{kind}_days_{group}"], strict=True):
                assert weight == 0.0 or "c" not in day, (kind, group, day)
