"""A day with navigation: ``python -m benchmarks.speed.navigation [--side N] [--trips N] [--peers] [--json]``.

The city (172: about 100,000 links) or with ``--coast`` the streets of the riviera laid side by side, a
million trips over 24 h, three in ten guided by two providers that know what their own users saw; new
weights every 5 minutes. Loading is included, reading the world and ordering its nodes is not. First the
same day with nobody guided. ``--incident``: one vehicle in ten gets through the busiest links, 7:00 to 9:00.
With ``--peers`` 20,000 trips on the grid of 900 nodes instead, and SUMO's mesoscopic model whose equipped
vehicles look for a route every 5 minutes, each in a process of its own; ``ratio`` is CPU seconds over ours.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.peers import check
from benchmarks.speed.coast import TILES, coast_world
from benchmarks.speed.engine import GUIDED, SUMO_GUIDED
from benchmarks.speed.guidance import COUNTS, PARTS, Guidance, Incident
from benchmarks.speed.guided import Navigation, compile_kernels, digest_of
from benchmarks.speed.kept import kept_world
from benchmarks.speed.loading import CITY_TRIPS, SMALL_TRIPS, city_file, run_engine
from benchmarks.speed.ours import ALL_PHYSICS, Setup
from benchmarks.speed.world import World, grid_world
from twin.errors import InputError

SIDE = 172
BLOCKED_LINKS = 10
LEVERS = (
    "bounds: who could not gain even on empty roads is not searched for (one run down the hierarchy a goal)",
    "costs first: a path is written only for who gains",
    "by destination: one label of the goal for all who go there",
    "weights late: the hierarchy gets a picture when somebody is searched for, not before",
    "by what changed: weights that stay are not handed on again, where few are other ones",
    "kernels for what each asker needs: what lies ahead, what it costs, what it may cost",
)


def coast_file(n_trips: int) -> Path:
    """The coast with its routes, made once and kept."""
    sources = ("coast.py", "world.py")
    return kept_world(f"coast-{n_trips}", sources, f"{TILES} {n_trips}", lambda: coast_world(n_trips))


def day_row(
    case: str, world: World, setup: Setup, guidance: Guidance, incident: Incident | None = None
) -> dict[str, Any]:
    """One day: CPU seconds in all and by part, and what came of it."""
    compile_kernels(world, setup)
    before = time.process_time()
    navigation = Navigation(world, setup, guidance, incident)
    built, wall = time.process_time(), time.perf_counter()
    navigation.run()
    spent, wall = time.process_time() - built, time.perf_counter() - wall
    found = navigation.results()
    return {
        "case": case,
        "engine": "twin",
        "cpu_s": spent,
        "wall_s": wall,
        "build_cpu_s": built - before,
        "links": int(world.tail.shape[0]),
        "trips": world.n_trips,
        "completed_share": found["completed"] / world.n_trips,
        **found,
        "digest": digest_of(navigation.loader),
        "load_average": machine()["load_average"],
    }


def day_rows(case: str, world: World, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Nobody guided, three in ten guided, and the same without bounds if asked for."""
    physics = Setup(check_s=30) if options.plain else ALL_PHYSICS
    setup = replace(physics, capacity_factor=options.capacity)
    incident = Incident.busiest(world, BLOCKED_LINKS, (7.0, 9.0)) if options.incident else None
    kinds = [("nobody guided", Guidance(share=0.0)), ("30 % guided", Guidance())]
    if options.levers:
        kinds.append(("30 % guided, all searched for", Guidance(bounded=False)))
    rows = []
    for name, guidance in kinds:
        print(f"{case}, {name}", file=sys.stderr, flush=True)
        rows.append(day_row(f"{case}, {name}", world, setup, guidance, incident))
    return rows


def peer_rows(n_trips: int, limit_s: float) -> list[dict[str, Any]]:
    """One row an engine on the grid; the guided twin runs first and last, and counts with the better one."""
    for module in ("sumo", "libsumo"):
        check(module)
    case, rows = f"grid 900, {n_trips} trips", []
    ours = next(iter(GUIDED))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "world.npz"
        grid_world(n_trips).save(file)
        for name in (*GUIDED, *SUMO_GUIDED, ours):
            print(f"{case}: {name}", file=sys.stderr, flush=True)
            rows.append({"case": case, "engine": name} | run_engine(name, file, limit_s))
    best = min((row for row in rows if row["engine"] == ours), key=lambda row: row.get("cpu_s", float("inf")))
    rows = [best, *(row for row in rows if row["engine"] != ours)]
    for row in rows:
        row["ratio"] = row["cpu_s"] / best["cpu_s"] if "cpu_s" in row and "cpu_s" in best else None
    return rows


def spoken(row: dict[str, Any]) -> str:
    """The lines of a row."""
    name = row["engine"] if row["engine"] != "twin" else row["case"]
    if "note" in row:
        return f"{name:48} {row['note']}"
    ratio = f" {row['ratio']:>7.1f} x" if row.get("ratio") else ""
    came = f"{row['completed']:.0f} completed, mean trip {row['mean_trip_s']:.1f} s"
    lines = [f"{name:48} {row['cpu_s']:>9.3f} CPU s{ratio}, {came}"]
    if row.get("asked"):
        lines.append("  CPU s: " + ", ".join(f"{part} {row[f'{part}_s']:.3f}" for part in PARTS))
        lines.append("  " + ", ".join(f"{name} {row[name]:.0f}" for name in COUNTS))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run all, print a few lines a row or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.navigation", description=__doc__)
    parser.add_argument("--side", type=int, default=SIDE, help="the city, SIDE x SIDE nodes")
    parser.add_argument("--coast", action="store_true", help="the riviera's streets side by side instead")
    parser.add_argument("--trips", type=int, default=None, help="trips (a million; 20,000 with --peers)")
    parser.add_argument("--plain", action="store_true", help="no signals, give-way and lorries")
    parser.add_argument("--capacity", type=float, default=1.0, help="factor on every link's capacity")
    parser.add_argument("--incident", action="store_true", help="one in ten gets through the busiest links")
    parser.add_argument("--levers", action="store_true", help="once more without bounds")
    parser.add_argument("--peers", action="store_true", help="the grid of 900 nodes, and SUMO")
    parser.add_argument("--limit-s", type=float, default=1_800.0, help="no engine runs longer than this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        if options.trips is not None and options.trips < 1:
            raise InputError("--trips", f"{options.trips} is no number of trips", "1 or more")
        if options.side < 24:
            raise InputError("--side", f"{options.side} is too small a city", "24 or more")
        rows = _rows(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": rows, "levers": LEVERS, "machine": machine()}))
        return 0
    for row in rows:
        print(spoken(row))
    print("what makes it fast:", *LEVERS, sep="\n  - ")
    print(f"load average {machine()['load_average']}")
    return 0


def _rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    if options.peers:
        return peer_rows(options.trips or SMALL_TRIPS, options.limit_s)
    n_trips = options.trips or CITY_TRIPS
    if options.coast:
        return day_rows(f"coast, {n_trips} trips", World.load(coast_file(n_trips)), options)
    world = World.load(city_file(options.side, n_trips))
    return day_rows(f"city {options.side}, {n_trips} trips", world, options)


if __name__ == "__main__":
    sys.exit(main())
