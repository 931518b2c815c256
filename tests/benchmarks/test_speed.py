"""The speed benchmark: one world for all engines, honest rows, and a clear line where a peer is missing."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.speed import loading
from benchmarks.speed.engine import measured
from benchmarks.speed.limits import limit_entries_per_s
from benchmarks.speed.loading import main
from benchmarks.speed.ours import loader_of
from benchmarks.speed.profile import state_bytes
from benchmarks.speed.scaling import touched_bytes
from benchmarks.speed.world import JAM_SPACING_M, WAVE_MPS, World, city_world, grid_world
from twin.kernels.traffic import FIRST_SLOTS, SLOT

pytestmark = pytest.mark.one_interpreter(
    "engines are compared here, and tested on every interpreter in their own rooms"
)


@pytest.fixture(scope="module", params=["grid", "city"])
def world(request: pytest.FixtureRequest) -> World:
    return grid_world(300) if request.param == "grid" else city_world(30, 300)


def test_routes_are_walks_that_never_turn_back(world: World) -> None:
    for trip in range(world.n_trips):
        route = world.pool[world.start[trip] : world.end[trip]]
        assert route.shape[0] >= 1
        assert (world.head[route[:-1]] == world.tail[route[1:]]).all()
        assert (world.tail[route[:-1]] != world.head[route[1:]]).all()


def test_the_world_is_the_same_again(world: World, tmp_path: Path) -> None:
    again = grid_world(300) if world.x_m.shape[0] == 900 and world.horizon_s < 86_400 else city_world(30, 300)
    again.save(tmp_path / "world.npz")
    stored = World.load(tmp_path / "world.npz")
    for field in fields(World):
        assert np.array_equal(getattr(stored, field.name), getattr(world, field.name)), field.name


def test_capacity_is_the_top_of_the_diagram(world: World) -> None:
    """v w kj / (v + w), a lane (Newell 1993)."""
    v = world.speed_mps
    top = v * WAVE_MPS / (JAM_SPACING_M * (v + WAVE_MPS)) * world.lanes
    assert np.allclose(world.capacity_vps, top, rtol=1e-12)


def test_the_grid_is_the_agreed_one() -> None:
    world = grid_world(10)
    assert (world.x_m.shape[0], world.tail.shape[0]) == (900, 3_480)
    crossings = {int(node) for node in world.head[world.lanes > 1]}
    assert len(crossings) == 2 * 6 * 30 - 36


def test_trips_of_the_city_are_five_kilometres_long() -> None:
    """Asked for a mean of 5 km; the city is only 8 km wide here, so long trips are cut."""
    world = city_world(80, 500)
    km = np.add.reduceat(world.length_m[world.pool], world.start).mean() / 1_000.0
    assert 3.5 < km < 5.5


def test_every_engine_gets_a_row_and_ours_the_ratio_of_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In this process, which has compiled already; the others' own processes are asked below."""
    file = tmp_path / "world.npz"
    grid_world(200).save(file)

    def run_here(name: str, world: Path, limit_s: float) -> dict[str, Any]:
        return measured(name, World.load(world)) if name == "twin" else {"note": "absent"}

    monkeypatch.setattr(loading, "run_engine", run_here)
    ours, absent = loading.rows_of("small", file, ("peer",), argparse.Namespace(limit_s=120.0))
    assert (ours["engine"], ours["ratio"], ours["completed"]) == ("twin", 1.0, 200.0)
    assert ours["link_entries"] == float((World.load(file).end - World.load(file).start).sum())
    assert ours["cpu_s"] > 0
    assert (absent["ratio"], absent["note"]) == (None, "absent")


def test_each_engine_counts_with_its_best_turn_and_a_long_one_has_one_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seconds = {
        "twin": iter([2.0, 1.0, 3.0, 4.0, 5.0]),
        "twin, junction control": iter([4.0, 4.0, 2.0, 4.0, 4.0]),
        "SUMO meso": iter([20.0, 25.0, 10.0, 28.0, 20.0]),
        "SUMO micro": iter([100.0]),
    }
    asked = []

    def told(name: str, world: Path, limit_s: float) -> dict[str, Any]:
        asked.append(name)
        return {"cpu_s": next(seconds[name]), "build_cpu_s": 0.0}

    monkeypatch.setattr(loading, "run_engine", told)
    rows = loading.rows_of("small", tmp_path, tuple(seconds)[1:], argparse.Namespace(limit_s=1.0))
    assert [row["cpu_s"] for row in rows] == [1.0, 2.0, 10.0, 100.0]
    assert [row["ratio"] for row in rows] == [1.0, 2.0, 10.0, 50.0], "against ours with the same rules"
    assert asked[:5] == [*seconds, "twin"], "in turn"
    assert rows[2]["cpu_s_of_turns"] == [20.0, 25.0, 10.0, 28.0, 20.0]


def test_an_engine_that_fails_says_so(tmp_path: Path) -> None:
    file = tmp_path / "world.npz"
    grid_world(1).save(file)
    assert loading.run_engine("no such engine", file, 120.0) == {"note": "failed with exit code 2"}


def test_an_engine_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    file = tmp_path / "world.npz"
    grid_world(1).save(file)
    assert "stopped" in loading.run_engine("twin", file, 0.01)["note"]


def test_missing_peers_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    assert main(["--peers", "--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "pip install uxsim" in shown.err


@pytest.mark.parametrize("wrong", [["--trips", "0"], ["--city", "3"], ["--city", "30", "--peers"]])
def test_bad_arguments_are_one_line(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(wrong) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1


def test_the_limit_of_five_lines_an_entry() -> None:
    assert limit_entries_per_s(7.0) == pytest.approx(28.6e6, rel=0.01)


def test_state_is_counted() -> None:
    world = grid_world(50)
    counted, loader = state_bytes(world), loader_of(world)
    assert counted["routes"] == loader.words.itemsize * loader.n_words < world.pool.nbytes
    beyond = np.maximum(loader.network.storage_veh - FIRST_SLOTS, 0)
    assert counted["slots"] == SLOT.itemsize * int(beyond.sum())
    assert json.dumps(counted)


def test_what_entries_touch_grows_with_the_links_and_is_at_least_their_two_lines() -> None:
    touched = [touched_bytes(loader_of(world)) for world in (grid_world(10), city_world(40, 10))]
    links = [world.tail.shape[0] for world in (grid_world(10), city_world(40, 10))]
    assert sorted(touched) == [touched[k] for k in np.argsort(links)]
    assert all(size > 2 * 64 * n for size, n in zip(touched, links, strict=True))
