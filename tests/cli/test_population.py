"""The command `population`: two lists as tables, one JSON object, a file, and one line for bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from twin.cli.main import run_command
from twin.population.published.figures import french_figures

POPULATION = """
schema_version = 1
place = "the grid"

[[area]]
zone = "town"
inhabitants = 900
density_class = "town"
legal_regime = "France"
class_source = "stated for the test"
kind = "assumption"
source = "made for the test"

[[area]]
zone = "village"
inhabitants = 300
density_class = "village"
legal_regime = "Monaco"
kind = "assumption"
source = "made for the test"
"""
FIGURES = """
schema_version = 1
legal_regime = "Monaco"

[[figures]]
measure = "household_size"
values = { all = 9.0 }
list = "fitted"
known = "recalled"
source = "made for the test"
"""
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def peopled(town: Path) -> Path:
    """The town with a file of its people, one zone of it in another state."""
    (town / "networks" / "town" / "population.toml").write_text(POPULATION)
    return town


def test_two_lists_as_json(peopled: Path, capsys: Captured) -> None:
    assert run_command(["population", "day.toml", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["territory"], told["seeds"], told["legal_regime"]) == ("grid 4", [1], "France")
    areas = {area["name"]: area for area in told["areas"]}
    assert areas["town"] == {
        "name": "town",
        "inhabitants": 900,
        "density_class": "town",
        "legal_regime": "France",
        "class_source": "stated for the test",
        "basis": "file",
        "source": "assumption: made for the test",
        "statistics": "France",
        "own_statistics": [],
        "foreign_statistics": False,
        "compared": True,
    }
    assert not areas["village"]["compared"]
    assert not told["calibration"]["calibrated"]
    rows = told["fitted"] + told["held_out"]
    assert len(rows) == len(french_figures().rows)
    assert {"target", "simulated", "error", "standard_error", "source", "known", "holds"} <= set(rows[0])
    trips = next(row for row in rows if row["measure"] == "trips_per_person")
    assert trips["error"] == pytest.approx(trips["simulated"] - 3.0)
    assert trips["n"] < 900, "of those of 6 and over who live in the French part"
    village = next(row for row in rows if row["group"] == "village")
    assert (village["simulated"], village["holds"], village["n"]) == (None, None, 0)
    judged = [row for row in told["fitted"] if row["holds"] is not None]
    assert (told["fitted_judged"], told["fitted_met"]) == (len(judged), sum(row["holds"] for row in judged))


def test_everyone_and_the_mean_of_seeds(peopled: Path, capsys: Captured) -> None:
    command = ["population", "day.toml", "--everyone", "--seed", "3", "--seeds", "2", "--json", "--quiet"]
    assert run_command(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["seeds"] == [3, 4]
    assert all(area["compared"] for area in told["areas"])
    village = next(row for row in told["fitted"] if row["group"] == "village")
    assert village["n"] > 0
    assert village["spread_between_seeds"] > 0.0


def test_the_tables_for_people_and_the_flag(peopled: Path, capsys: Captured) -> None:
    assert run_command(["population", "day.toml", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("Fitted") < printed.index("Held out")
    assert "Not calibrated: no count of traffic is given." in printed
    assert "Not calibrated: people of village (legal regime Monaco) are given statistics" in printed
    assert "fitted figures hold, seed 1" in printed
    assert "source 1: SDES" in printed


def test_the_table_as_a_file(peopled: Path, capsys: Captured) -> None:
    for name in ("table.csv", "table.md"):
        assert run_command(["population", "day.toml", "--out", f"out/{name}", "--json", "--quiet"]) == 0
    rows = list(csv.DictReader((peopled / "out" / "table.csv").read_text().splitlines()))
    assert len(rows) == len(french_figures().rows)
    assert {row["list"] for row in rows} == {"fitted", "held_out"}
    lines = (peopled / "out" / "table.md").read_text().splitlines()
    assert sum(line.startswith("| ") for line in lines) == len(rows) + 4
    assert lines[0] == "Fitted, seed 1:"


def test_other_figures(peopled: Path, capsys: Captured) -> None:
    (peopled / "figures.toml").write_text(FIGURES)
    assert run_command(["population", "day.toml", "--figures", "figures.toml", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [area["compared"] for area in told["areas"]] == [False, True]
    (row,) = told["fitted"]
    assert (row["target"], row["holds"]) == (9.0, False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["population", "day.toml", "--out", "table.txt"],
            "no form of table; right would be: a name",
        ),
        (["population", "day.toml", "--figures", "none.toml"], "none.toml: cannot be read"),
        (["population", "night.toml"], "night.toml: no such file"),
        (["population", "day.toml", "--seeds", "0"], "Invalid value for '--seeds'"),
        (["population", "day.toml", "--out", "day.toml/table.csv"], "day.toml: cannot be written"),
    ],
)
def test_bad_input_is_one_line(peopled: Path, capsys: Captured, arguments: list[str], line: str) -> None:
    before = sorted(peopled.rglob("*"))
    assert run_command([*arguments, "--quiet"]) == 2
    printed = capsys.readouterr()
    assert line in printed.err
    assert printed.err.count("\n") == 1
    assert sorted(peopled.rglob("*")) == before
