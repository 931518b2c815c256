"""A planner's own census and places, as the commands take them: the examples shown, and their faults."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.integration.commands import ROOT, tree
from twin.cli.main import run_command
from twin.model.sources import load_population, load_territory
from twin.scenario.scenario import Scenario

EXAMPLES = ROOT / "docs" / "examples" / "population"
NAMED = """
[census]
file = "census.csv"
kind = "assumption"
source = "the default's own counts, a form to fill in"

[places]
file = "places.csv"
kind = "assumption"
source = "made up for the example"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the village, whose population.toml names the example files, and a scenario on it."""
    village = tmp_path / "networks" / "village"
    shutil.copytree(ROOT / "networks" / "la_turbie_crop", village)
    for name in ("census.csv", "places.csv"):
        shutil.copy(EXAMPLES / name, village / name)
    (village / "population.toml").write_text((village / "population.toml").read_text() + NAMED)
    (tmp_path / "day.toml").write_text('title = "A day"\nterritory = "village"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_the_examples_replace_the_defaults(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["check", "day.toml", "--json"]) == 0
    areas = {area["name"]: area for area in json.loads(capfd.readouterr().out)["areas"]}
    village = areas["la_turbie"]
    assert (village["basis"], village["inhabitants"]) == ("census", 1_890)
    assert (village["density_class"], village["legal_regime"]) == ("village", "France")
    assert areas["rest"]["basis"] == "file"
    scenario = Scenario.load(here / "day.toml")
    territory = load_territory(scenario)
    assert {"own:school_road_12", "own:town_hall_counter"} <= set(territory.places.place_id.tolist())
    persons = load_population(scenario, territory, seed=1).persons
    mine = (persons.kind == 0) & (persons.zone == territory.zones.row("la_turbie"))
    assert abs(int(persons.female[mine].sum()) - 948) <= 1
    block = int(np.flatnonzero(territory.places.place_id == "own:school_road_12")[0])
    assert (persons.home == block).any()


@pytest.mark.one_interpreter("what is refused is the same on all")
@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        (
            "census.csv",
            ",count",
            ",persons",
            "census.csv: line 1: unknown column 'persons'; right would be: a CSV",
        ),
        (
            "census.csv",
            "6_10,113",
            "6_10,-113",
            "census.csv: line 3: count: -113 is negative; right would be:",
        ),
        (
            "census.csv",
            "male,942",
            "male,492",
            "census.csv: la_turbie: sex: its counts sum to 1440, but there are",
        ),
        (
            "census.csv",
            "type,couple_with_children,238",
            "type,couple_with_children,2380",
            "census.csv: la_turbie: household_size: its counts sum to 822, those of household_type to 2964",
        ),
        (
            "places.csv",
            ",shop",
            ",shops",
            "places.csv: line 1: unknown column 'shops'; right would be: a CSV",
        ),
        ("places.csv", ",24,", ",-24,", "places.csv: line 3: dwellings: -24 is negative; right would be:"),
    ],
)
def test_a_fault_is_one_line_and_nothing_is_written(
    here: Path, command: str, name: str, old: str, new: str, line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file = here / "networks" / "village" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    before = tree(here)
    out = [] if command == "check" else ["--out", "day"]
    assert run_command([command, "day.toml", *out, "--json"]) == 2
    said, error = capfd.readouterr()
    assert said == ""
    assert error.count("\n") == 1, error
    assert line in error
    assert tree(here) == before


def test_check_says_whose_statistics_monaco_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    (tmp_path / "day.toml").write_text('title = "A day"\nterritory = "riviera"\n')
    assert run_command(["check", str(tmp_path / "day.toml")]) == 0
    said = " ".join(capfd.readouterr().out.split())
    assert "dense/Monaco is under the law of Monaco, but its people are drawn by statistics of France" in said
    assert "Beausoleil is under" not in said
