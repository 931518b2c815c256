"""The live twin of a dated day: what is not right is told before a day is lived; what ships fits together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SCENARIO, WORKS
from tests.conftest import ROOT
from twin.cli.main import run_command
from twin.live.live_twin import changed_from
from twin.live.observed import fleets_of
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory

pytest.importorskip("orjson")
Captured = pytest.CaptureFixture[str]
NOW = ("nowcast", "today.toml", "--observed", "live", "--at", "09:00")


@pytest.fixture
def today(town: Path) -> Path:
    """The town with counts of one street on its date, three quarters of an hour of them."""
    (town / "today.toml").write_text(f'date = "2027-01-12"\n{SCENARIO}')
    (town / "works.toml").write_text(WORKS.replace("day.toml", "today.toml").replace("09:00", "12:00"))
    link = Territory.load("networks/town").streets.link_id[0]
    told = [
        {
            "phenomenonTime": f"2027-01-12T07:{minute:02d}:00Z",
            "resultTime": f"2027-01-12T07:{minute:02d}:30Z",
            "result": minute,
            "Datastream": {"@iot.id": f"counters/{link}"},
            "parameters": {"gatewayTime": f"2027-01-12T07:{minute:02d}:30Z"},
        }
        for minute in range(5, 50, 5)
    ]
    (town / "told.jsonl").write_text("".join(json.dumps(each) + "\n" for each in told))
    assert run_command(["ingest", "told.jsonl", "--run", "live", "--quiet"]) == 0
    return town


def test_what_is_not_right_is_told_before_any_day_is_lived(
    today: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(today / "networks" / "town", today / "networks" / "city")
    (today / "abroad.toml").write_text('territory = "city"\n' + (today / "works.toml").read_text())
    (today / "tomorrow.toml").write_text((today / "today.toml").read_text().replace("01-12", "01-13"))
    lived = []
    monkeypatch.setattr("twin.live.live_twin.usual_world", lambda *_: lived.append(1) or 1 / 0)
    tomorrow = ["nowcast", "tomorrow.toml", *NOW[2:]]
    for arguments, why in (
        ([*NOW, "--zone", "Mars/Olympus"], "time zone 'Mars/Olympus': is not known here"),
        ([*NOW, "--what-if", "abroad.toml"], "abroad.toml: territory: is another territory than the present"),
        ([*NOW, "--what-if", "today.toml"], "nothing is changed"),
        ([*NOW[:-1], "08:00"], "live: no counts of 2027-01-12 until 08:00:00; right would be: observations"),
        (tomorrow, "live: no counts of 2027-01-13 until 09:00:00; right would be: observations of that date"),
    ):
        assert run_command([*arguments, "--quiet"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert why in said
    assert lived == []
    with pytest.raises(ZeroDivisionError):
        run_command([*NOW, "--what-if", "works.toml", "--quiet"])
    assert lived == [1], "what is right goes on to live days"


def test_a_file_of_which_nothing_is_an_observation_is_told_on_any_store(
    today: Path, capsys: Captured
) -> None:
    (today / "bad.jsonl").write_text("no\n{}\n")
    assert run_command(["ingest", "bad.jsonl", "--run", "live", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert (
        "bad.jsonl: none of its 2 lines is one; right would be: observations as `twin export` writes" in said
    )
    assert run_command(["ingest", "bad.jsonl", "--run", "live"]) == 0
    assert "bad.jsonl: all of its 2 lines were read before" in capsys.readouterr().out
    with (today / "bad.jsonl").open("a") as file:
        file.write((today / "told.jsonl").read_text().splitlines()[0] + "\n")
    assert run_command(["ingest", "bad.jsonl", "--run", "live", "--json"]) == 0
    came = json.loads(capsys.readouterr().out)["came"]
    assert (came["lines"], came["lines_before"], came["duplicate"], came["refused"]) == (1, 2, 1, 0)


def test_the_dated_day_that_ships_can_be_nowcast_with_the_change_that_the_page_shows() -> None:
    scenario = Scenario.load(ROOT / "scenarios" / "riviera_today.toml")
    assert scenario.date is not None
    assert [fleet.name for fleet in fleets_of(scenario)] == ["city counters"]
    assert scenario.demand_scale == 1.0
    changed = changed_from(
        scenario, Scenario.load(ROOT / "scenarios" / "metropolis_incident.toml"), 8 * 3_600.0
    )
    assert [change.kind for change in changed.modifications] == ["incident"]
    assert changed.modifications[0].from_s == 8 * 3_600.0
    plain = Scenario.load(ROOT / "scenarios" / "riviera.toml")
    usual = scenario.model_copy(update={"date": None})
    assert usual.simulation_digest() == plain.simulation_digest(), "its drivers learn what the baseline's do"
