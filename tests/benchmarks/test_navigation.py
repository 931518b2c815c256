"""A day with navigation: what guidance is for, the same again, and nobody guided is no guidance."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.speed import navigation
from benchmarks.speed.coast import JOINED_BY, coast_streets, coast_world
from benchmarks.speed.guidance import PARTS, Guidance, Incident
from benchmarks.speed.guided import Navigation, digest_of
from benchmarks.speed.navigation import main
from benchmarks.speed.ours import CONTROLLED, PLAIN, Setup, loader_of
from benchmarks.speed.world import World, grid_world

pytestmark = pytest.mark.one_interpreter(
    "engines are compared here, and tested on every interpreter in their own rooms"
)


@pytest.fixture(scope="module")
def world() -> World:
    return grid_world(6_000)


@pytest.fixture(scope="module")
def incident(world: World) -> Incident:
    """Some 20 vehicles an hour get through ten links, from 5 minutes on until an hour and a half."""
    return replace(Incident.busiest(world, 10, (300 / 3_600, 1.5)), factor=60)


def driven(
    world: World, share: float, incident: Incident | None, setup: Setup = PLAIN, **changes: Any
) -> Navigation:
    day = Navigation(world, setup, replace(Guidance(share), **changes), incident)
    day.run()
    return day


def test_nobody_guided_is_plain_loading(world: World) -> None:
    for setup in (PLAIN, CONTROLLED):
        loader = loader_of(world, setup)
        loader.advance(0, world.horizon_s)
        assert digest_of(driven(world, 0.0, None, setup).loader) == digest_of(loader)


def test_guidance_helps_where_there_is_an_incident(world: World, incident: Incident) -> None:
    """All arrive; on average sooner than without, the guided as well as all others; and the same again."""
    before, after = driven(world, 0.0, incident), driven(world, 0.3, incident)
    assert after.results()["completed"] == before.results()["completed"] == world.n_trips
    assert after.tally.n["rerouted"] > 100
    assert after.results()["mean_trip_s"] < 0.9 * before.results()["mean_trip_s"]
    took = [day.loader.vehicles.arrived_ms - day.loader.vehicles.release_ms for day in (before, after)]
    guided = after.provider_of >= 0
    for group in (guided, ~guided):
        assert took[1][group].mean() < took[0][group].mean()
    assert digest_of(after.loader) == digest_of(driven(world, 0.3, incident).loader)


def test_bounds_leave_out_only_who_cannot_gain(world: World, incident: Incident) -> None:
    bounded, all_searched = (driven(world, 0.3, incident, bounded=kind) for kind in (True, False))
    assert digest_of(bounded.loader) == digest_of(all_searched.loader)
    assert bounded.tally.n["rerouted"] == all_searched.tally.n["rerouted"]
    assert bounded.tally.n["searched"] < all_searched.tally.n["searched"] < all_searched.tally.n["asked"]


def test_a_provider_knows_what_its_own_users_saw(world: World, incident: Incident) -> None:
    """Pictures of two providers differ, and who has hardly any users hardly differs from the map."""
    day = driven(world, 0.3, incident, market=(0.99, 0.01))
    large, small = ((p.weights_ms != p.free_ms).sum() for p in _at_an_hour(day, world, incident))
    assert small < 0.3 * large
    shares = [(day.provider_of == row).mean() for row in (-1, 0, 1)]
    assert shares == pytest.approx([0.7, 0.297, 0.003], abs=0.02)


def _at_an_hour(day: Navigation, world: World, incident: Incident) -> list[Any]:
    again = Navigation(world, PLAIN, day.guidance, incident)
    again.run(until_s=3_600)
    return again.providers


def test_the_coast_is_one_network() -> None:
    net, xy = coast_streets((2, 2))
    one, _ = coast_streets((1, 1))
    assert net["tail"].shape[0] == 4 * one["tail"].shape[0] + 4 * 2 * JOINED_BY
    assert (np.bincount(net["head"], minlength=xy.shape[0]) > 0).all()
    world = coast_world(400, (2, 2))
    assert world.n_trips == 400
    assert (world.end > world.start).all()
    for trip in range(400):
        route = world.pool[world.start[trip] : world.end[trip]]
        assert (world.head[route[:-1]] == world.tail[route[1:]]).all()


def test_rows_of_a_small_city(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main(["--side", "24", "--trips", "400", "--incident", "--levers", "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    nobody, guided, unbounded = told["rows"]
    assert nobody["asked"] == 0 < guided["asked"]
    assert guided["digest"] == unbounded["digest"]
    assert guided["completed_share"] == 1.0
    assert sum(guided[f"{part}_s"] for part in PARTS) == pytest.approx(guided["cpu_s"], rel=0.2)
    assert told["levers"]


def test_peers_are_asked_in_one_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours runs first and last and counts with the better of the two."""
    spent = iter([0.2, 0.1, 4.0, 40.0, 20.0, 0.1])
    asked = []

    def run_here(name: str, world: Path, limit_s: float) -> dict[str, Any]:
        asked.append(name)
        return {"cpu_s": next(spent), "completed": 20.0, "mean_trip_s": 300.0}

    monkeypatch.setattr(navigation, "check", lambda module: None)
    monkeypatch.setattr(navigation, "run_engine", run_here)
    assert main(["--peers", "--trips", "20", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert asked[0] == asked[-1] == rows[0]["engine"] == "twin, 30 % guided"
    assert {row["engine"]: round(row["ratio"]) for row in rows}["SUMO meso, re-routing"] == 400


@pytest.mark.parametrize("wrong", [["--trips", "0"], ["--side", "3"], ["--peers"]])
def test_bad_arguments_are_one_line(
    wrong: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert main(wrong) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
