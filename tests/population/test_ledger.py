"""The ledger of this room: complete, sourced, used, and consistent with itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.population.world import write_population
from twin.population.days.activities import AIMS, DAYS
from twin.population.days.opportunities import DETERRED
from twin.population.file import DENSITY_CLASSES, OUTSIDE_PURPOSES
from twin.population.residents.archetypes import HOUSEHOLD_TYPES, N_BANDS
from twin.population.residents.attributes import INCOME_GROUPS
from twin.population.synthesis import synthesise
from twin.population.tables import OCCUPATIONS, SOCIO_OCCUPATIONAL
from twin.scenario.ledger import KINDS, Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
NAMES = LEDGER.names("population.*")


class Read(Parameters):
    """A ledger that remembers which rows were asked for."""

    def __init__(self) -> None:
        super().__init__({row.name: row for row in LEDGER.rows()})
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def test_every_row_has_kind_source_and_meaning() -> None:
    assert len(NAMES) > 80
    for name in NAMES:
        row = LEDGER.row(name)
        assert row.kind in KINDS
        assert row.source.strip(), name
        assert row.meaning.strip(), name
        assert row.unit.strip(), name


def test_every_row_is_used_and_nothing_else(town: Territory, tmp_path: Path) -> None:
    ledger = Read()
    synthesise(town, write_population(tmp_path), ledger, seed=1)
    synthesise(town, None, ledger, seed=1)
    shared = {
        f"population.{name}_{each}"
        for name in ("household_types", "age_shares", "mode_shares")
        for each in DENSITY_CLASSES
    }
    assert set(NAMES) - ledger.asked <= shared, "shares of classes that the town lacks"
    # of the conditions of days only whether a scenario adds work at home to the representative one
    telework = {"conditions.telework_share", "conditions.telework_in_days"}
    assert ledger.asked <= set(NAMES) | telework


@pytest.mark.parametrize("density", DENSITY_CLASSES)
def test_shares_sum_to_one(density: str) -> None:
    assert len(LEDGER[f"population.household_types_{density}"]) == len(HOUSEHOLD_TYPES)
    assert sum(LEDGER[f"population.household_types_{density}"]) == pytest.approx(1.0)
    assert len(LEDGER[f"population.age_shares_{density}"]) == N_BANDS
    assert sum(LEDGER[f"population.age_shares_{density}"]) == pytest.approx(1.0, abs=0.01)
    assert 0.9 < sum(LEDGER[f"population.mode_shares_{density}"]) <= 1.0


def test_lists_are_as_long_as_what_they_list() -> None:
    for name, days in DAYS.items():
        assert len(LEDGER[f"population.days_{name}"]) == len(days)
        assert all(
            day in LEDGER.row(f"population.days_{name}").meaning.replace(",", "").split()
            for day in days
            if day
        )
    assert len(LEDGER["population.deterrence_per_km"]) == len(DETERRED)
    assert len(LEDGER["population.outside_shares"]) == len(OUTSIDE_PURPOSES)
    for band in ("18_24", "25_39", "40_59", "60_74", "75_over"):
        assert len(LEDGER[f"population.occupation_{band}"]) == len(OCCUPATIONS)
        assert sum(LEDGER[f"population.occupation_{band}"]) == pytest.approx(1.0)
    assert sum(LEDGER[f"population.purpose_share_{aim}"] for aim in AIMS) < 0.7


def test_shares_of_attributes_sum_to_one() -> None:
    for name in DENSITY_CLASSES:
        shares = LEDGER[f"population.socio_occupational_{name}"]
        assert len(shares) == len(SOCIO_OCCUPATIONAL)
        assert sum(shares) == pytest.approx(1.0)
    for group in INCOME_GROUPS:
        assert len(LEDGER[f"population.income_shares_{group}"]) == 5
        assert sum(LEDGER[f"population.income_shares_{group}"]) == pytest.approx(1.0)
    assert sum(LEDGER["population.weak_skill_domains"]) == pytest.approx(1.0)
    assert sum(LEDGER["population.operator_shares"]) == pytest.approx(1.0)
    for fibre, covered in zip(
        LEDGER["population.fibre_share"], LEDGER["population.fibre_coverage"], strict=True
    ):
        assert fibre <= covered, "nobody is on a line that is not there"
        assert fibre + LEDGER["population.mobile_only_share"] <= 1.0


def test_illectronism_comes_out_as_published() -> None:
    """INSEE Premiere 1953: 15.4 % of people of 15 years and over, at the ages of the country."""
    ages = np.array(LEDGER["population.age_shares_town"])
    of_15_and_over = np.array([ages[3] + ages[4], ages[5], ages[6], ages[7], ages[8]])
    rate = (of_15_and_over * np.array(LEDGER["population.illectronism_share"])).sum() / of_15_and_over.sum()
    assert rate == pytest.approx(0.154, abs=0.015)


def test_smartphones_come_out_as_published() -> None:
    """ARCEP 2024: 91 % of people of 12 years and over."""
    ages = np.array(LEDGER["population.age_shares_town"])
    groups = np.array([ages[2] * 0.75 + ages[3], ages[4], ages[5], ages[6], ages[7] * 10 / 15])
    groups = np.append(groups, ages[7] * 5 / 15 + ages[8])
    rate = (groups * np.array(LEDGER["population.smartphone_share"])).sum() / groups.sum()
    assert rate == pytest.approx(0.91, abs=0.015)
