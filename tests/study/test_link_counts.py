"""Calibration to counts of streets: a demand that was changed and counted is found again by living days."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import pytest

from tests.territories import grid_territory
from twin.cli.main import run_command
from twin.errors import InputError
from twin.model.sources import load_population, load_territory
from twin.population.file import CalibrationTable, with_calibration, with_scaled_totals
from twin.scenario.scenario import Scenario
from twin.study.link_counts import COLUMNS, calibrate, read_link_counts
from twin.study.run import run

SCENARIO = """
title = "A day"
territory = "town"
app_share = 0.0

[parameters]
"behaviour.learning_rounds" = 1
"""
PROFILE = "[0,0,0,0,0,0,1,3,3,1,1,1,1,1,1,1,1,1,1,0,0,0,0,0]"
PEOPLE = f"""
schema_version = 1
place = "the grid"

[[area]]
zone = "town"
inhabitants = 300
density_class = "town"
legal_regime = "France"
kind = "assumption"
source = "made for the test"

[[area]]
zone = "village"
inhabitants = 0
density_class = "village"
legal_regime = "France"
kind = "assumption"
source = "made for the test"

[[commuters]]
zone = "town"
trips_per_day = 600
gates = {{ "D1 W" = 1.0, "D1 E" = 1.0 }}
arrival_profile = {PROFILE}
kind = "assumption"
source = "made for the test"

[[through]]
enter = "D1 W"
leave = "D1 E"
vehicles_per_day = 400 # by guess
profile = {PROFILE}
kind = "assumption"
source = "made for the test"
"""
REALITY = with_scaled_totals(PEOPLE, (1.3,), (0.7,), "here")
"""The place as it is: 1.3 times the commuters, 0.7 times the through traffic."""
Captured = pytest.CaptureFixture[str]


def place(folder: Path, people: str) -> Scenario:
    """The grid with these people; a scenario on it."""
    grid_territory().save(folder / "networks" / "town")
    (folder / "networks" / "town" / "population.toml").write_text(people)
    (folder / "day.toml").write_text(SCENARIO)
    return Scenario.load(folder / "day.toml")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What loops in all streets of the real place count in a day, those with more than 60 vehicles."""
    result = run(place(tmp_path_factory.mktemp("real"), REALITY), seed=1, cache=False)
    assert result.record is not None
    entries = result.record.entries.sum(axis=0) if result.record.entries.shape[1] else result.record.entries
    flow = dict(zip(result.record.territory.streets.link_id.tolist(), entries.tolist(), strict=True))
    return [
        {"links": link, "from_hour": "0", "until_hour": "24", "vehicles": str(n), "source": "a loop"}
        for link, n in flow.items()
        if n > 60
    ]


def written(file: Path, rows: list[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_totals_are_recovered_from_counts_inside(tmp_path: Path, counted: list[dict[str, str]]) -> None:
    scenario = place(tmp_path, PEOPLE)
    territory = grid_territory()
    inside = sorted(counted, key=lambda row: -float(row["vehicles"]))[:4]
    counts = read_link_counts(written(tmp_path / "counts.csv", inside), territory)
    found = calibrate(scenario, counts, seed=1)
    assert found.met
    assert found.stopped == "every count is met"
    assert 1 < len(found.rounds) <= 5
    assert found.rounds[0].worst > found.rounds[found.best].worst
    told = found.summary()
    assert told["factors"]["commuters 1"] == pytest.approx(1.3, abs=0.15)
    assert told["factors"]["through 1"] == pytest.approx(0.7, abs=0.15)
    assert all(row["met"] for row in told["counts"])
    (commuters,) = tomllib.loads(found.text)["commuters"]
    assert commuters["trips_per_day"] == pytest.approx(600 * told["factors"]["commuters 1"], abs=0.1)
    assert "# by guess" in found.text, "what else stands in the file stays"
    calibrated = place(tmp_path / "again", found.text)
    territory = load_territory(calibrated)
    told = load_population(calibrated, territory, seed=1).report["calibration"]
    assert told["streets"]["counts"] == 4
    assert told["reasons"] == []
    assert told["calibrated"]
    twice = with_calibration(found.text, CalibrationTable.model_validate(told["streets"]))
    assert twice == found.text


@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_counts_that_nobody_can_meet_end_without_the_flag(tmp_path: Path) -> None:
    """A street counted twice, with numbers that contradict each other."""
    scenario = place(tmp_path, PEOPLE)
    territory = grid_territory()
    gate = str(territory.streets.link_id[territory.gateways.in_link[0]])
    rows = [
        {"links": gate, "from_hour": "0", "until_hour": "24", "vehicles": n, "source": "a loop"}
        for n in ("300", "900")
    ]
    counts = read_link_counts(written(tmp_path / "counts.csv", rows), territory)
    found = calibrate(scenario, counts, seed=1, rounds=3)
    assert not found.met
    assert found.stopped in ("rounds ran out", "the last round came no closer")
    assert not found.summary()["calibrated"]


@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_the_command_writes_the_population_with_its_new_totals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    place(tmp_path, PEOPLE)
    monkeypatch.chdir(tmp_path)
    territory = grid_territory()
    gate = str(territory.streets.link_id[territory.gateways.in_link[0]])
    line = {"links": gate, "from_hour": "0", "until_hour": "24", "vehicles": "700", "source": "a loop"}
    written(tmp_path / "counts.csv", [line])
    command = ["calibrate", "day.toml", "--counts", "counts.csv", "--rounds", "2", "--json", "--quiet"]
    assert run_command([*command, "--out", "new/population.toml"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"][0]["counted"] == 700.0
    assert told["rounds"][0]["factors"] == [1.0, 1.0]
    new = tomllib.loads((tmp_path / "new" / "population.toml").read_text())
    assert new["through"][0]["vehicles_per_day"] == pytest.approx(400 * told["factors"]["through 1"], abs=0.1)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"links": "nowhere"}, "line 2: links: no link 'nowhere'"),
        ({"links": ""}, "line 2: links: no link ''"),
        ({"until_hour": "0"}, "line 2: from 0 until 0 is no time"),
        ({"from_hour": "7.5"}, "line 2: hours are no whole numbers"),
        ({"vehicles": "many"}, "line 2: vehicles: 'many' is no number"),
        ({"vehicles": "-3"}, "line 2: vehicles: -3 is negative"),
        ({"vehicles": "0"}, "line 2: vehicles: 0 is no count"),
        ({"source": " "}, "line 2: source: missing"),
    ],
)
def test_a_bad_count_is_one_line(tmp_path: Path, change: dict[str, str], line: str) -> None:
    territory = grid_territory()
    good = {
        "links": str(territory.streets.link_id[0]),
        "from_hour": "0",
        "until_hour": "24",
        "vehicles": "9",
        "source": "a loop",
    }
    assert len(read_link_counts(written(tmp_path / "good.csv", [good]), territory)) == 1
    with pytest.raises(InputError) as caught:
        read_link_counts(written(tmp_path / "bad.csv", [good | change]), territory)
    assert line in str(caught.value)


def test_what_cannot_be_scaled_is_one_line(tmp_path: Path) -> None:
    territory = grid_territory()
    (tmp_path / "short.csv").write_text("links,vehicles\n1,2\n")
    with pytest.raises(InputError, match="line 1: no column 'from_hour'"):
        read_link_counts(tmp_path / "short.csv", territory)
    with pytest.raises(InputError, match="without a count"):
        read_link_counts(written(tmp_path / "empty.csv", []), territory)
    without = place(tmp_path / "a", PEOPLE[: PEOPLE.index("[[commuters]]")])
    with pytest.raises(InputError, match="nobody from outside to scale"):
        calibrate(without, (), seed=1)
    gate = '\n[[count]]\ngate = "D1 W"\nvehicles = 10\nkind = "assumption"\nsource = "here"\n'
    with_gate = place(tmp_path / "b", PEOPLE + gate)
    with pytest.raises(InputError, match="counts at gateways scale the same totals"):
        calibrate(with_gate, (), seed=1)
    with pytest.raises(InputError, match="a total cannot be found"):
        with_scaled_totals("[[through]]", (), (1.2,), "here")
