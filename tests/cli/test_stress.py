"""`twin run --stress`: the day itself, and beside it what the same day at a greater demand came to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cli.conftest import SCENARIO
from tests.cli.test_studies import Captured, ask
from twin.clock import parse_time_s
from twin.study.manifest import CAR_TIME, LEAST_COMPLETED

FACTOR, SCALE = 4.0, 2.5
NARROW = """
[[modification]]
kind = "reduce_capacity"
links = { zone = "town" }
capacity_vph = 40
from = "07:00"
until = "30:00"
"""
COUNTS = ("vehicle_trips", "rotations", "first_full", "flows", CAR_TIME)


def test_it_is_the_day_lived_at_that_scale_and_the_day_itself_stays(town: Path, capsys: Captured) -> None:
    """Whatever the scenario's own scale is, the demand is so many times as large, and learned for.

    The streets are narrow enough that this is more than they carry: no number is trivial.
    """
    (town / "busy.toml").write_text(f"demand_scale = {SCALE}\n{SCENARIO}{NARROW}")
    (town / "full.toml").write_text(f"demand_scale = {SCALE * FACTOR}\n{SCENARIO}{NARROW}")
    plain = ask(["run", "busy.toml", "--out", "plain"], capsys)
    asked = ask(["run", "busy.toml", "--out", "stressed", "--stress", str(FACTOR)], capsys)
    full = ask(["run", "full.toml", "--out", "full"], capsys)

    told: dict[str, Any] = asked.pop("stress")
    assert asked.keys() == plain.keys()
    assert asked["digest"] == plain["digest"]
    assert asked["indicators_digest"] == plain["indicators_digest"]
    assert {name: asked[name] for name in COUNTS} == {name: plain[name] for name in COUNTS}

    assert (told["factor"], told["demand_scale"]) == (FACTOR, SCALE * FACTOR)
    assert {name: told[name] for name in COUNTS} == {name: full[name] for name in COUNTS}
    assert told["completed_share"] == full["completed_trips"] / full["trips"]
    assert told["vehicle_trips"] > plain["vehicle_trips"]
    at = [parse_time_s(moment) for _, moment in told["first_full"]]
    assert len(at) == 10
    assert at == sorted(at)
    assert told["rotations"] > 0
    assert told["completed_share"] < LEAST_COMPLETED
    assert not told["flows"]
    assert plain["first_full"] == [], "the day itself is another"
