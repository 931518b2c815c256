"""The committed table of objectives: what the page says of it, and lines that are made here."""

from __future__ import annotations

import re

import pytest

from benchmarks.studies.objectives import LINES, days_of, read_table
from tests.conftest import ROOT
from tests.model.village import WORKS, scenario

RANKING = '\n[[modification]]\nkind = "rank_by_ghg"\nrespect = 1.0\n'
TABLE = {(line["seed"], line["objective"]): line for line in read_table()}
SEEDS = sorted({seed for seed, _ in TABLE})


def change(objective: str, name: str) -> list[float]:
    """Relative change against `time`, by seed."""
    return [float(TABLE[seed, objective][name]) / float(TABLE[seed, "time"][name]) - 1.0 for seed in SEEDS]


def test_the_table_is_whole() -> None:
    assert set(TABLE) == {(seed, line) for seed in SEEDS for line in LINES}
    assert len(SEEDS) >= 2


def test_objectives_do_what_they_are_for() -> None:
    assert max(change("time_co2", "co2_t")) <= 0.0
    assert max(change("ranked_by_ghg", "co2_t")) < 0.0
    assert max(change("secondary_penalty", "local_km")) < -0.03
    assert max(change("marginal_cost", "car_hours")) < 0.0


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "calculators.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([-+.\d]+) % \| ([-+.\d]+) % \| ([-+.\d]+) % \|", page, re.MULTILINE)
    assert [row[0] for row in rows] == [line for line in LINES if line != "time"]
    for line, *told in rows:
        for name, value in zip(("car_hours", "co2_t", "local_km"), told, strict=True):
            mean = 100 * sum(change(line, name)) / len(SEEDS)
            assert float(value) == pytest.approx(mean, abs=0.051), f"{line}: {name}"


@pytest.mark.timeout(600)
def test_the_study_runs_on_the_village() -> None:
    base, ranked = scenario(WORKS), scenario(WORKS + RANKING)
    made = list(days_of(base, ranked, 1, ("time", "diverse", "ranked_by_ghg")))
    assert [line["objective"] for line in made] == ["time", "diverse", "ranked_by_ghg"]
    for line in made:
        assert float(line["car_hours"]) > 0.0
        assert 0.0 < float(line["local_km"]) < float(line["vehicle_km"])
    assert float(made[2]["guided"]) > float(made[0]["guided"])
    assert list(days_of(base, ranked, 1, ("time",))) == made[:1]
