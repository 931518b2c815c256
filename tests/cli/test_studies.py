"""Commands that simulate, on a town of one grid: what they print, write, and take up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.world import jams_later, small_scenario
from twin.cli.main import run_command
from twin.study.compare import compare

RUN_KEYS = {
    "digest",
    "indicators",
    "trips",
    "completed_trips",
    "rotations",
    "mean_car_time_over_free_flow",
    "demand",
    "timings_s",
    "peak_memory_mb",
    "link_entries",
}
COMPARE_KEYS = {"unit", "base", "alternative", "difference", "low", "high", "better"}

Captured = pytest.CaptureFixture[str]


def ask(arguments: list[str], capsys: Captured) -> dict[str, Any]:
    """What a command prints with --json: one object and nothing else."""
    assert run_command([*arguments, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_a_run_prints_what_it_came_to_and_leaves_a_folder(town: Path, capsys: Captured) -> None:
    first = ask(["run", "day.toml", "--out", "out", "--threads", "1"], capsys)
    assert set(first) >= RUN_KEYS
    assert first["trips"] >= first["completed_trips"] > 0
    assert {row["focus"] for row in first["indicators"]} == {"village", "all"}
    manifest = json.loads((town / "out" / "manifest.json").read_text())
    assert manifest["digest"] == first["digest"]
    again = ask(["run", "day.toml", "--out", "out2", "--threads", "2"], capsys)
    assert again["digest"] == first["digest"], "threads change nothing"
    other = ask(["run", "day.toml", "--out", "out3", "--seed", "2"], capsys)
    assert other["digest"] != first["digest"]
    written = (town / "out" / "manifest.json").stat().st_mtime_ns
    resumed = ask(["run", "day.toml", "--out", "out", "--resume"], capsys)
    assert resumed["digest"] == first["digest"]
    assert (town / "out" / "manifest.json").stat().st_mtime_ns == written, "what is finished is read"


@pytest.mark.one_interpreter("a run and a comparison are asked for on each")
def test_progress_goes_to_standard_error_and_quiet_silences_it(town: Path, capsys: Captured) -> None:
    assert run_command(["run", "day.toml"]) == 0
    printed = capsys.readouterr()
    assert "mean_delay" in printed.out
    assert "runs/day-s1" in printed.out
    assert "%" in printed.err
    assert (town / "runs" / "day-s1" / "manifest.json").is_file()
    assert run_command(["run", "day.toml", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_a_comparison_pairs_by_seed_says_what_differs_and_writes_the_page(
    town: Path, capsys: Captured
) -> None:
    answer = ask(["compare", "day.toml", "works.toml", "--seeds", "1", "--out", "both"], capsys)
    assert set(answer["indicators"][0]) >= COMPARE_KEYS
    assert {row["method"] for row in answer["indicators"]} == {"paired by seed"}
    assert answer["note"] == "no interval below 5 seeds"
    assert {"title", "modification 1: speed_kmh"} <= set(answer["differs"])
    page = (town / "both" / "report.html").read_text()
    assert answer["report"] == "both/report.html"
    assert "Works" in page
    assert run_command(["compare", "day.toml", "works.toml", "--seeds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "A day  →  Works (paired by seed)" in printed
    assert "no interval below 5 seeds" in printed

    report = ask(["report", "both", "--out", "page.html"], capsys)
    assert report == {"file": "page.html", "bytes": (town / "page.html").stat().st_size}

    listed = ask(["runs"], capsys)["runs"]
    assert [row["kind"] for row in listed] == ["comparison", "run", "run"]
    assert ask(["runs", "--prune"], capsys)["pruned"] == 2
    assert [row["kind"] for row in ask(["runs"], capsys)["runs"]] == ["comparison"]


def test_a_comparison_warns_of_a_jam_that_only_a_later_seed_has(
    town: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = small_scenario(town / "small")
    guided = base.varied("app_share", 0.6).varied("title", "With the app")
    jammed = compare(base, guided, seeds=2, cache=False, runner=jams_later)
    monkeypatch.setattr("twin.study.compare.compare", lambda *_, **__: jammed)
    warning = "With the app: the network does not carry the demand well in 1 of 2 seeds (2)"
    (town / "both").mkdir()
    assert run_command(["compare", "day.toml", "works.toml", "--out", "both"]) == 0
    assert warning in capsys.readouterr().out
    assert ask(["compare", "day.toml", "works.toml", "--out", "both"], capsys)["warnings"] == [warning]


@pytest.mark.one_interpreter("a run and a comparison are asked for on each")
def test_a_sweep_runs_every_combination(town: Path, capsys: Captured) -> None:
    vary = ["--vary", "app_share=0,1", "--vary", "provider.Alpha.respect=0.5"]
    answer = ask(["sweep", "day.toml", *vary, "--out", "many"], capsys)
    assert (answer["members"], answer["done"], answer["failed"]) == (2, 2, [])
    lines = Path(answer["table"]).read_text().splitlines()
    assert lines[0].startswith("app_share,provider.Alpha.respect,seed,indicator")
    assert {line.split(",")[0] for line in lines[1:]} == {"0", "1"}


def test_a_folder_that_holds_no_result_has_no_report(town: Path, capsys: Captured) -> None:
    (town / "empty").mkdir()
    assert run_command(["report", "empty"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("twin: empty: holds no manifest.json; right would be:")
    assert printed.err.count("\n") == 1
    assert list((town / "empty").iterdir()) == []


def test_results_taken_from_the_package_draw_themselves(town: Path) -> None:
    import twin
    from twin.study.drawing import drawer

    result = twin.run("day.toml", seed=1)
    assert type(drawer()).__name__ == "ReportDrawer"
    assert result.to_html().startswith("<!")
    assert result.map("flow_veh").axes


def test_a_folder_that_cannot_be_written_is_bad_input(town: Path, capsys: Captured) -> None:
    (town / "taken").write_text("a file")
    assert run_command(["run", "day.toml", "--out", "taken/deep", "--quiet"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("twin: taken/deep: cannot be written")
    assert line.count("\n") == 1


@pytest.mark.one_interpreter("a run and a comparison are asked for on each")
def test_influence_tells_who_moves_whom_and_where_there_is_no_lever(town: Path, capsys: Captured) -> None:
    answer = ask(["influence", "works.toml", "--seeds", "1", "--out", "moved"], capsys)
    assert answer["actors"] == ["Alpha", "calculators", "road_manager", "all"]
    assert answer["levers"] == ["speed limit: on zone town, speed_kmh 10.0, from 07:00, until 09:00"]
    moved = {(row["actor"], row["measure"]): row["mean"] for row in answer["moving"] if not row["group"]}
    assert moved["road_manager", "person_min"] > 0
    assert moved["Alpha", "vehicle_km"] == moved["calculators", "vehicle_km"]
    assert answer["ratio"]["person_min"]["note"] == answer["note"] == "no interval below 5 seeds"
    assert json.loads((town / "moved" / "influence.json").read_text())["digests"] == answer["digests"]
    assert run_command(["influence", "day.toml", "--seeds", "1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert "calculators / road manager, vehicle_km: no lever in force" in printed
    assert "flow_concentration" in printed
    assert (town / "runs" / "influence-day" / "influence.json").is_file()
