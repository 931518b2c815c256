"""The live twin from end to end: a day is run, exported, taken in, and the present told from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import SCENARIO, WORKS
from twin.cli.main import run_command

pytest.importorskip("orjson")
pytestmark = pytest.mark.one_interpreter("what each step does is tested on each in its own room")
Captured = pytest.CaptureFixture[str]
NOW = ("nowcast", "today.toml", "--observed", "live", "--at", "09:00", "--days", "2")


@pytest.fixture
def today(town: Path) -> Path:
    """The town with a day of another seed taken in."""
    (town / "today.toml").write_text(f'date = "2027-01-12"\n{SCENARIO}')
    (town / "works.toml").write_text(WORKS.replace("day.toml", "today.toml").replace("09:00", "12:00"))
    assert run_command(["run", "today.toml", "--seed", "2", "--out", "reality", "--quiet"]) == 0
    assert run_command(["export", "reality", "--form", "sensorthings", "--out", "things", "--quiet"]) == 0
    assert run_command(["ingest", "things/Observations.jsonl", "--run", "live", "--quiet"]) == 0
    return town


def test_the_present_is_told_and_what_a_change_would_do(today: Path, capsys: Captured) -> None:
    assert run_command([*NOW, "--what-if", "works.toml", "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["now"] == "09:00:00"
    assert told["n_foreign"] == 0
    assert any("persistence" in line for line in told["report"][:1])
    delay = told["what_if"]["delay_h"]
    assert delay["with"] > delay["without"], "who drives at 10 km/h is late"


def test_what_is_not_right_is_told_before_any_day_is_lived(
    today: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(today / "networks" / "town", today / "networks" / "city")
    (today / "abroad.toml").write_text('territory = "city"\n' + (today / "works.toml").read_text())
    (today / "tomorrow.toml").write_text((today / "today.toml").read_text().replace("01-12", "01-13"))
    monkeypatch.setattr("twin.live.live_twin.usual_world", lambda *_: pytest.fail("a day is lived"))
    tomorrow = ["nowcast", "tomorrow.toml", *NOW[2:]]
    for arguments, why in (
        ([*NOW, "--zone", "Mars/Olympus"], "time zone 'Mars/Olympus': is not known here"),
        ([*NOW, "--what-if", "abroad.toml"], "abroad.toml: territory: is another territory than the present"),
        ([*NOW, "--what-if", "today.toml"], "nothing is changed"),
        (tomorrow, "live: no counts of 2027-01-13 until 09:00:00; right would be: observations of that date"),
    ):
        assert run_command([*arguments, "--quiet"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert why in said


def test_a_file_of_which_nothing_is_an_observation_is_told_on_any_store(today: Path, capsys: Captured) -> None:
    (today / "bad.jsonl").write_text("no\n{}\n")
    assert run_command(["ingest", "bad.jsonl", "--run", "live", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert "bad.jsonl: none of its 2 lines is one; right would be: observations as `twin export` writes" in said
    assert run_command(["ingest", "bad.jsonl", "--run", "live"]) == 0
    assert "bad.jsonl: all of its 2 lines were read before" in capsys.readouterr().out
    with (today / "bad.jsonl").open("a") as file:
        file.write((today / "things" / "Observations.jsonl").read_text().splitlines()[0] + "\n")
    assert run_command(["ingest", "bad.jsonl", "--run", "live", "--json"]) == 0
    came = json.loads(capsys.readouterr().out)["came"]
    assert (came["lines"], came["lines_before"], came["duplicate"], came["refused"]) == (1, 2, 1, 0)
