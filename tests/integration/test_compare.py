"""`twin compare` of a day with itself under another title: run twice, and not one digit differs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.integration.commands import ask
from tests.integration.conftest import Desk
from tests.model.village import TABLES, world
from tests.study.stand_in import StandIn, small_scenario
from twin.study.compare import compare, load_comparison
from twin.study.comparison import Comparison

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

PRESENT_KMH = 50.0
QUIET_DAY = (
    TABLES.replace("app_share", "demand_scale = 0.5\napp_share", 1)
    + """
[parameters]
"behaviour.learning_rounds" = 5
"""
)
SAME = f"""
title = "Signs are renewed"
extends = "quiet.toml"
[[modification]]
kind = "speed_limit"
links = {{ file = "fifty.csv" }}
speed_kmh = {PRESENT_KMH:g}
"""


@pytest.fixture(scope="module")
def told(desk: Desk) -> str:
    """What the comparison printed; its folder is `both`. Every link of 50 km/h is limited to 50 km/h."""
    streets = world().territory.streets
    already = np.flatnonzero(np.abs(streets.free_speed_mps * 3.6 - PRESENT_KMH) < 1e-6)
    assert already.size >= 10
    lines = "\n".join(streets.link_id[already].tolist())
    (desk.folder / "fifty.csv").write_text(f"link_id\n{lines}\n")
    (desk.folder / "quiet.toml").write_text(QUIET_DAY)
    (desk.folder / "same.toml").write_text(SAME)
    arguments = ("compare", "quiet.toml", "same.toml", "--no-cache", "--seeds", "2", "--out", "both")
    answer = ask(desk.folder, desk.cache, *arguments)
    assert answer.returncode == 0, answer.stderr
    (desk.folder / "progress.txt").write_text(answer.stderr)
    return answer.stdout


@pytest.fixture(scope="module")
def both(desk: Desk, told: str) -> Comparison:
    """The comparison as it was kept."""
    assert told
    return load_comparison(desk.folder / "both")


def test_every_difference_is_exactly_nought(both: Comparison) -> None:
    assert len({row.indicator for row in both.rows}) >= 15
    assert {row.difference for row in both.rows} == {0.0}
    assert both.digests[0] == both.digests[1]
    assert len(set(both.digests[0])) == 2
    for column in ("flow_veh", "delay_s"):
        difference = both.link_differences(column)["difference"].dropna()
        assert len(difference) > 50
        assert (difference == 0.0).all()


def test_both_were_run(desk: Desk, both: Comparison) -> None:
    timings = [
        json.loads((desk.folder / "both" / f"sample_{number}" / "manifest.json").read_text())["timings_s"]
        for number in (0, 1)
    ]
    assert all(each["load"] > 0 for each in timings)
    assert timings[0] != timings[1], "two runs never take the same time to the last digit"
    progress = (desk.folder / "progress.txt").read_text()
    for title in ("A day in the village", "Signs are renewed"):
        for seed in both.seeds:
            assert f"{title}, seed {seed}: learning habits" in progress
    assert not list(Path(desk.cache).glob("twin/runs/*/manifest.json")), "the cache was to be left alone"


def test_seeds_side_by_side_come_to_the_same(desk: Desk, both: Comparison, tmp_path: Path) -> None:
    arguments = ("compare", "quiet.toml", "same.toml", "--seeds", "2", "--out", "beside")
    answer = ask(desk.folder, tmp_path, *arguments)
    assert answer.returncode == 0, answer.stderr
    assert "2 seeds done" in answer.stderr or os.cpu_count() == 1
    assert load_comparison(desk.folder / "beside").digests == both.digests


def test_it_says_what_differs_and_that_two_seeds_give_no_interval(told: str, both: Comparison) -> None:
    assert "no interval below 5 seeds" in told
    assert "A day in the village  →  Signs are renewed (paired by seed)" in told
    assert {(row.low, row.high) for row in both.rows} == {(None, None)}
    assert {"title", "modification 1: speed_kmh"} <= {key for key, _ in both.differs}


def test_five_seeds_give_an_interval(tmp_path: Path) -> None:
    base = small_scenario(tmp_path)
    comparison = compare(base, base.varied("app_share", 0.6), seeds=5, runner=StandIn())
    assert comparison.note == ""
    known = [row for row in comparison.rows if row.difference is not None]
    assert len(known) > 10
    for row in known:
        assert row.low is not None, row.indicator
        assert row.high is not None, row.indicator
        assert row.low <= row.difference <= row.high
