"""`twin run` as a pipeline calls it: one object, the same bits again, and learning taken up after a kill."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.integration.commands import ask, command, environment, one_object, tree
from tests.integration.conftest import Desk

FIELDS = {
    "digest", "indicators", "trips", "completed_trips", "rotations", "mean_car_time_over_free_flow", "demand",
    "timings_s", "peak_memory_mb", "link_entries", "first_full",
}  # fmt: skip
KINDS = {"resident", "commuter", "through", "freight"}
AT_THE_WORST_S = 120.0
"""Longest wait for a process that learns, kernels compiled meanwhile included."""


def whole_area(found: dict[str, Any]) -> dict[str, float]:
    """Indicators of everybody in the whole area, by name."""
    return {
        row["indicator"]: row["value"]
        for row in found["indicators"]
        if (row["focus"], row["group"]) == ("all", "")
    }


def test_one_object_with_every_field(desk: Desk, day: dict[str, Any]) -> None:
    assert set(day) >= FIELDS
    assert day["trips"] >= day["completed_trips"] > 10_000
    assert day["link_entries"] > day["trips"]
    assert 1.0 <= day["mean_car_time_over_free_flow"] <= 2.0
    assert 0 <= day["rotations"] <= 10
    assert set(day["demand"]["by_kind"]) == KINDS
    assert sum(each["trips"] for each in day["demand"]["by_kind"].values()) == day["trips"]
    by_zone = [each["trips"] for zone in day["demand"]["by_zone"].values() for each in zone.values()]
    assert sum(by_zone) == day["trips"]
    assert len(whole_area(day)) >= 15
    assert all(row["unit"] is not None for row in day["indicators"])
    assert 1 <= len(day["first_full"]) <= 10
    assert [at for _, at in day["first_full"]] == sorted(at for _, at in day["first_full"])
    assert {"load", "advise", "learn", "sense"} <= set(day["timings_s"])
    assert day["peak_memory_mb"] > 10
    links = pq.read_table(desk.folder / "out" / "links.parquet", columns=["link_id"])
    assert {link for link, _ in day["first_full"]} <= set(links["link_id"].to_pylist())
    assert {"manifest.json", "links.parquet", "trips.parquet"} <= set(tree(desk.folder / "out"))


def test_once_more_on_habits_read_back(desk: Desk, day: dict[str, Any]) -> None:
    answer = ask(desk.folder, desk.cache, "run", "day.toml", "--out", "again", "--json", "--quiet")
    assert answer.stderr == ""
    again = one_object(answer)
    assert again["digest"] == day["digest"]
    assert again["indicators_digest"] == day["indicators_digest"]


@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_on_two_threads_from_the_first_day_of_learning(
    desk: Desk, day: dict[str, Any], tmp_path: Path
) -> None:
    run = ("run", "day.toml", "--out", tmp_path / "out", "--threads", "2", "--json")
    answer = ask(desk.folder, tmp_path / "cache", *run)
    assert "learning habits" in answer.stderr
    found = one_object(answer)
    assert found["digest"] == day["digest"]
    assert found["indicators_digest"] == day["indicators_digest"]


@pytest.mark.one_interpreter("lives days, which the table of the village shows to be the same bits on each")
def test_another_seed_is_another_day(desk: Desk, day: dict[str, Any]) -> None:
    other = one_object(
        ask(desk.folder, desk.cache, "run", "day.toml", "--out", "s2", "--seed", "2", "--json")
    )
    assert other["seed"] == 2
    assert other["digest"] != day["digest"]
    ours, theirs = whole_area(day), whole_area(other)
    assert ours.keys() == theirs.keys()
    assert sum(value != theirs[name] for name, value in ours.items()) >= 10


def test_what_is_finished_is_read_and_not_run_again(desk: Desk, day: dict[str, Any]) -> None:
    written = {path: path.stat().st_mtime_ns for path in (desk.folder / "out").iterdir()}
    answer = ask(desk.folder, desk.cache, "run", "day.toml", "--out", "out", "--resume", "--json")
    assert one_object(answer)["digest"] == day["digest"]
    assert {path: path.stat().st_mtime_ns for path in (desk.folder / "out").iterdir()} == written
    assert "07:00" not in answer.stderr


@pytest.mark.one_interpreter("what is kept while learning is read back on each in the room of study")
def test_killed_while_learning_it_goes_on_to_the_same_bits(
    desk: Desk, day: dict[str, Any], tmp_path: Path
) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out"
    run = command("run", "day.toml", "--out", out, "--json")
    with subprocess.Popen(
        run, cwd=desk.folder, env=environment(cache), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as learner:
        patience = time.monotonic() + AT_THE_WORST_S
        while not list(cache.glob("twin/habits/*/day-02/manifest.json")):
            assert learner.poll() is None, "it ended before it had learned two days"
            assert time.monotonic() < patience
            time.sleep(0.005)
        learner.send_signal(signal.SIGKILL)
        assert learner.stdout is not None
        assert learner.stdout.read() == b""
    assert learner.returncode == -signal.SIGKILL
    assert not (out / "manifest.json").exists()

    answer = ask(desk.folder, cache, "run", "day.toml", "--out", out, "--resume", "--json")
    assert one_object(answer)["digest"] == day["digest"]
    assert "learning habits, day 6" in answer.stderr
    assert "learning habits, day 2" not in answer.stderr, "days that were learned are not learned again"


@pytest.mark.one_interpreter("a folder in the way is the same on each")
def test_work_that_fails_is_one_line_and_exit_1(desk: Desk, day: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "out" / "links.parquet").mkdir(parents=True)
    answer = ask(desk.folder, desk.cache, "run", "day.toml", "--out", tmp_path / "out", "--quiet", "--json")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.count("\n") == 1
    assert "links.parquet" in answer.stderr
    assert not (tmp_path / "out" / "manifest.json").exists(), f"{day['digest']} would pass for finished"
