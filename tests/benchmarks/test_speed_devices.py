"""The benchmark of devices, made small: all is on, bytes are kept, shares add up."""

from __future__ import annotations

import pytest

from benchmarks.speed.devices import BUDGET_BYTES, BUDGET_PLACEMENT_S, day_row, placement_rows
from tests.conftest import ROOT


def test_a_small_day_keeps_its_bytes_and_tells_what_came_of_every_report():
    row = day_row(4_000, threads=2)
    assert row["devices"] == 4_000
    assert row["reports"] == 4_000 * 96
    assert row["bytes_a_device"] <= BUDGET_BYTES
    assert row["bytes_an_observation"] == 8.0
    assert row["arrived"] + row["lost"] + row["down"] + row["nothing"] == pytest.approx(1.0)
    assert 0.8 < row["arrived"] < 1.0
    assert row["lost"] > 0.0 < row["down"]
    assert row["visits"] > 0


def test_a_hundred_sensors_are_placed_in_the_metropolis_in_time(monkeypatch):
    monkeypatch.chdir(ROOT)
    for row in placement_rows():
        assert row["sensors"] == 100
        assert row["cpu_s"] <= BUDGET_PLACEMENT_S, row["row"]
