"""The committed table of the village study: whole, under its digest, and reproduced where it counts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmarks.studies.village import (
    CLASS_SHARE,
    SHARES,
    TABLE,
    Member,
    finished,
    members,
    run_members,
)

DIGEST = Path(TABLE).with_suffix(".sha256")


def test_the_table_is_the_one_that_was_measured() -> None:
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == DIGEST.read_text().split()[0]


def test_the_table_is_whole() -> None:
    lines = finished(TABLE)
    assert set(lines) == {member.name for member in members(range(1, 21))}
    assert {line["completed"] for line in lines.values()} == {"1"}


def test_a_closed_motorway_fills_the_village_both_ways() -> None:
    lines = finished(TABLE)
    for seed in range(1, 21):
        line = lines[Member("closed", 0.0, None, seed).name]
        assert float(line["use_eastbound"]) >= 0.9, seed
        assert float(line["use_westbound"]) >= 0.9, seed


def test_respect_keeps_guided_through_traffic_out_and_no_respect_is_no_class() -> None:
    lines = finished(TABLE)
    fallen = []
    for seed in range(1, 21):
        base = lines[Member("one_lane", CLASS_SHARE, None, seed).name]
        ignored = lines[Member("class", CLASS_SHARE, 0.0, seed).name]
        honoured = lines[Member("class", CLASS_SHARE, 1.0, seed).name]
        assert ignored["digest"] == base["digest"], seed
        fallen.append(float(honoured["guided_through_km"]) - float(base["guided_through_km"]))
    mean = sum(fallen) / len(fallen)
    spread = (sum((x - mean) ** 2 for x in fallen) / (len(fallen) - 1)) ** 0.5
    assert mean + 2.093 * spread / len(fallen) ** 0.5 < 0.0  # Student's t, 19 degrees of freedom, 95 %


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_two_seeds_come_out_again(seed: int) -> None:
    wanted = [
        member
        for member in members(range(seed, seed + 1), (SHARES[0], CLASS_SHARE))
        if member.experiment == "one_lane"
    ]
    lines = finished(TABLE)
    again = list(run_members(wanted))
    assert len(again) == 2
    for member, row in again:
        assert {name: lines[member.name][name] for name in row} == row
