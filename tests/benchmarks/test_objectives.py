"""The committed table of objectives: what the page says of it, and lines that are made here."""

from __future__ import annotations

import re

import pytest

from benchmarks.studies.objectives import APP_SHARES, LINES, days_of, read_table
from tests.conftest import ROOT
from tests.model.village import WORKS, scenario

RANKING = '\n[[modification]]\nkind = "rank_by_ghg"\nrespect = 1.0\n'
TABLE = {(line["seed"], line["app_share"], line["objective"]): line for line in read_table()}
SEEDS = sorted({seed for seed, _, _ in TABLE})
SHARES = tuple(f"{share:g}" for share in APP_SHARES)


def change(objective: str, name: str, share: str) -> list[float]:
    """Relative change against `time`, by seed."""
    held = [[float(TABLE[seed, share, each][name]) for each in (objective, "time")] for seed in SEEDS]
    return [value / base - 1.0 for value, base in held]


def test_the_table_is_whole() -> None:
    assert set(TABLE) == {(seed, share, line) for seed in SEEDS for share in SHARES for line in LINES}
    assert len(SEEDS) >= 3


def test_objectives_do_what_they_are_for_and_the_page_says_where_they_do_not() -> None:
    for share in SHARES:
        assert sum(change("time_co2", "co2_t", share)) < 0.0
        assert max(change("secondary_penalty", "local_km", share)) < 0.0
        assert max(change("ranked_by_ghg", "local_km", share)) > 0.0, "the law's two aims are at odds"
    assert max(change("ranked_by_ghg", "co2_t", "0.2")) < 0.0
    *saving, jammed = sorted(change("ranked_by_ghg", "co2_t", "0.6"))
    assert max(saving) < 0.0 < jammed, "with one seed the short local streets jam"
    assert max(change("marginal_linear", "car_hours", "0.2")) < 0.0
    assert min(change("marginal_cost", "car_hours", "0.6")) > 0.0, "many users overreact to old information"
    assert max(change("forward", "car_hours", "0.6")) < 0.0
    assert sum(change("marginal_linear", "car_hours", "0.6")) < sum(
        change("marginal_cost", "car_hours", "0.6")
    )


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "calculators.md").read_text(encoding="utf-8")
    number = r"([-+.\d]+) %"
    rows = re.findall(
        rf"^\| `(\w+)` \| {number}, {number} \| {number}, {number} \| {number}, {number} \|$", page, re.M
    )
    assert [row[0] for row in rows] == [line for line in LINES if line != "time"]
    for line, *told in rows:
        names = [(name, share) for name in ("car_hours", "co2_t", "local_km") for share in SHARES]
        for (name, share), value in zip(names, told, strict=True):
            mean = 100 * sum(change(line, name, share)) / len(SEEDS)
            assert float(value) == pytest.approx(mean, abs=0.051), f"{line}: {name} at {share}"


@pytest.mark.timeout(600)
def test_the_study_runs_on_the_village() -> None:
    base, ranked = scenario(WORKS), scenario(WORKS + RANKING)
    made = list(days_of(base, ranked, 1, ("time", "diverse", "ranked_by_ghg"), (0.6,)))
    assert [line["objective"] for line in made] == ["time", "diverse", "ranked_by_ghg"]
    for line in made:
        assert float(line["car_hours"]) > 0.0
        assert 0.0 < float(line["local_km"]) < float(line["vehicle_km"])
    assert float(made[2]["guided"]) > float(made[0]["guided"])
    assert list(days_of(base, ranked, 1, ("time",), (0.6,))) == made[:1]
