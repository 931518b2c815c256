"""Commands that simulate, on a town of one grid: what they print, write, and take up again."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from twin.cli.main import run_command

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


def test_debug(town: Path, capsys: Captured) -> None:
    t = time.time()
    answer = ask(["run", "day.toml", "--out", "out"], capsys)
    print("run", time.time() - t, answer["trips"])
    t = time.time()
    ask(["compare", "day.toml", "works.toml", "--seeds", "1"], capsys)
    print("compare", time.time() - t)
    t = time.time()
    ask(["sweep", "day.toml", "--vary", "app_share=0,1"], capsys)
    print("sweep", time.time() - t)
    assert 0
