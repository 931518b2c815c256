"""The commands of the live twin: what they print, and what they say of what is not right."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.live.messages import message
from tests.live.worlds import hand_made_run, hand_made_territory
from twin.cli.main import run_command
from twin.study.ground import RunGround

pytest.importorskip("orjson")
SCENARIO = f"""
title = "Today"
territory = "{ROOT}/networks/la_turbie_crop"
date = "2027-01-20"
"""
COUNTERS = """
[[sensor_fleet]]
name = "loops"
kind = "road_counter"
owner = "city"
count = 5
"""


@pytest.fixture
def live(tmp_path):
    """A folder with two messages of a file in it."""
    (tmp_path / "in.jsonl").write_bytes(message(1) + b"\n" + message(1) + b"\nno\n" + message(2))
    assert (
        run_command(["ingest", str(tmp_path / "in.jsonl"), "--run", str(tmp_path / "live"), "--quiet"]) == 0
    )
    return tmp_path / "live"


def test_ingest_tells_what_came_of_it(live, capsys):
    capsys.readouterr()
    file = str(live.parent / "in.jsonl")
    assert run_command(["ingest", file, "--run", str(live), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {key: told[key] for key in ("accepted", "duplicate", "late", "refused")} == {
        "accepted": 2, "duplicate": 1, "late": 0, "refused": 1,
    }  # fmt: skip
    assert {each.name for each in live.iterdir()} >= {
        "segments",
        "sums.parquet",
        "corrections.parquet",
        "refused.jsonl",
    }


def test_export_writes_what_a_run_observed(tmp_path, monkeypatch, capsys):
    territory = hand_made_territory()
    run = hand_made_run(territory)
    at_nodes = run.observations.iloc[:2].assign(dataset="meters", datastream="node-7")
    run = replace(
        run,
        observations=pd.concat([run.observations, at_nodes], ignore_index=True),
        trips=pd.DataFrame({"trip_id": [1]}),
        manifest={**run.manifest, "observations": {"phones": 4, "loops": 60, "meters": 2}},
    )
    monkeypatch.setattr("twin.study.results.Result.load", lambda _: run)
    ground = RunGround(run.scenario, territory, territory)
    monkeypatch.setattr("twin.study.ground.ground_of", lambda *_: ground)
    for form in ("sensorthings", "ngsi-ld"):
        assert run_command(["export", "run", "--form", form, "--out", str(tmp_path / form), "--json"]) == 0
    assert "phones" not in "".join(file.read_text() for file in tmp_path.rglob("*.json*"))
    assert '"Observations": 60' in capsys.readouterr().out
    assert run_command(["export", "run", "--form", "sensorthings", "--out", str(tmp_path / "again")]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        f"{tmp_path}/again: 60 observations; left out: phones (4 rows; personal data: no right opens them "
        "(GDPR art. 5 and 6)); meters (2 rows; not of streets: sensors are written by the link at which they "
        "stand); trips (1 rows; personal data: they leave by `twin publish` alone)"
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["ingest", "absent.jsonl", "--run", "live"], "no such file"),
        (["export", "live", "--form", "csv", "--out", "out"], "one of sensorthings, ngsi-ld"),
        (["export", "live", "--form", "ngsi-ld", "--out", "out"], "holds no manifest.json"),
        (["sensorthings", "nowhere"], "neither a run nor observations"),
        (["nowcast", "today.toml", "--observed", "live", "--at", "half past"], "is not a time of day"),
        (["nowcast", "today.toml", "--observed", "nowhere", "--at", "09:00"], "holds no observations"),
        (["nowcast", "undated.toml", "--observed", "live", "--at", "09:00"], "nobody's present"),
        (["nowcast", "uncounted.toml", "--observed", "live", "--at", "09:00"], "nothing counts on roads"),
    ],
)
def test_what_is_not_right_is_one_line_and_exit_code_2(live, monkeypatch, capsys, arguments, why):
    monkeypatch.chdir(live.parent)
    (live.parent / "today.toml").write_text(SCENARIO + COUNTERS)
    (live.parent / "uncounted.toml").write_text(SCENARIO)
    (live.parent / "undated.toml").write_text(SCENARIO.replace('date = "2027-01-20"\n', "") + COUNTERS)
    before = sorted(live.parent.rglob("*"))
    assert run_command(arguments) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("twin: ")
    assert why in told
    assert sorted(live.parent.rglob("*")) == before


def test_a_file_without_any_observation_is_told(tmp_path, capsys):
    (tmp_path / "in.jsonl").write_text("no\n{}\n")
    assert run_command(["ingest", str(tmp_path / "in.jsonl"), "--run", str(tmp_path / "live")]) == 2
    said = capsys.readouterr().err
    assert "in.jsonl: none of its 2 lines is one; right would be" in said
    assert (tmp_path / "live" / "refused.jsonl").read_text().count("\n") == 2


def test_without_the_extra_a_line_says_how_to_have_it(live, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "orjson", None)
    assert run_command(["ingest", str(live.parent / "in.jsonl"), "--run", str(live.parent / "other")]) == 2
    assert "pip install 'twin[live]'" in capsys.readouterr().err
