"""Network loading against its peers: ``python -m benchmarks.speed.loading [--peers] [--trips N] [--json]``.

One network and one demand table; every engine runs in turn, in a process of its own, in this one call. Beside
peers all take several turns, and each counts with the one in which it took least: others on the machine can
make a run slower, never faster. An engine that takes long runs once.
``--city SIDE`` takes the synthetic city (172: about 100,000 links; 272: 250,000) with a million trips, our
engine alone, and the rate that the machine's memory allows. ``ratio`` is an engine's CPU seconds over ours
under the same rules of junctions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.peers import check
from benchmarks.speed.engine import SUMO, UXSIM
from benchmarks.speed.kept import kept_world
from benchmarks.speed.limits import gather_ns, limit_entries_per_s
from benchmarks.speed.ours import OURS
from benchmarks.speed.world import World, city_world, grid_world
from twin.errors import InputError

CITY_TRIPS = 1_000_000
SMALL_TRIPS = 20_000
"""Above this many trips, engines that would run for an hour or take ten gigabytes are left out."""
LARGE_ENGINES = ("SUMO meso", "UXsim C++ platoons of 5")
SAME_RULES = dict.fromkeys(("SUMO meso, junction control", "SUMO micro"), "twin, junction control")
"""Against which of ours a peer's ratio is: the one whose junctions have its rules; else ``twin``."""
TURNS = 5
LONG_S = 30.0
"""CPU seconds of a run above which an engine does not run again; building apart, where ours may compile."""


def run_engine(name: str, world: Path, limit_s: float) -> dict[str, Any]:
    """What one engine measured of itself; a note where it did not come to an end."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        command = [sys.executable, "-m", "benchmarks.speed.engine", name, str(world), str(out)]
        try:
            done = subprocess.run(command, timeout=limit_s, stdout=subprocess.DEVNULL, check=False)
        except subprocess.TimeoutExpired:
            return {"note": f"stopped after {limit_s:.0f} s"}
        if done.returncode:
            return {"note": f"failed with exit code {done.returncode}"}
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


def city_file(side: int, n_trips: int) -> Path:
    """The city with its routes, made once and kept."""
    build = partial(city_world, side, n_trips)
    return kept_world(f"city-{side}-{n_trips}", ("world.py",), f"{side} {n_trips}", build)


def peers_of(n_trips: int) -> tuple[str, ...]:
    """The peers that a demand of this size is asked of, checked for being installed."""
    for module in ("uxsim", "sumo", "libsumo"):
        check(module)
    return (*OURS, *SUMO, *UXSIM) if n_trips <= SMALL_TRIPS else (*OURS, *LARGE_ENGINES)


def rows_of(
    case: str, world: Path, engines: tuple[str, ...], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """One row an engine, ours first: of all its turns the one in which it took the fewest CPU seconds."""
    names = ("twin", *engines)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(TURNS if engines else 1):
        for name in names:
            if any("cpu_s" not in row or row["cpu_s"] > LONG_S for row in found[name]):
                continue
            print(f"{case}: {name}", file=sys.stderr, flush=True)
            found[name].append(run_engine(name, world, options.limit_s))
    rows = [{"case": case, "engine": name} | _least(found[name]) for name in names]
    seconds = {row["engine"]: row["cpu_s"] for row in rows if "cpu_s" in row}
    for row in rows:
        mine, ours = seconds.get(row["engine"]), seconds.get(SAME_RULES.get(row["engine"], "twin"))
        row["ratio"] = mine / ours if mine and ours else None
    return rows


def _least(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run that took the fewest CPU seconds, and the seconds of all; the note of one that did not end."""
    broken = [run for run in runs if "cpu_s" not in run]
    if broken:
        return broken[0]
    return min(runs, key=lambda run: run["cpu_s"]) | {"cpu_s_of_turns": [run["cpu_s"] for run in runs]}


def with_limit(row: dict[str, Any]) -> dict[str, Any]:
    """The rate of a row, and its share of what the machine's memory allows in this run."""
    ns = gather_ns()
    rate = row["link_entries"] / row["cpu_s"] if "cpu_s" in row else None
    limit = limit_entries_per_s(ns)
    return row | {
        "entries_per_cpu_s": rate,
        "gather_ns": ns,
        "limit_per_cpu_s": limit,
        "share_of_limit": rate / limit if rate is not None else None,
    }


def spoken(row: dict[str, Any]) -> str:
    """One line of the table."""
    if "note" in row:
        return f"{row['engine']:30} {row['note']}"
    line = (
        f"{row['engine']:30} {row['cpu_s']:>9.3f} {row['build_cpu_s']:>9.2f} {row['memory_mb']:>8.0f} "
        f"{row['completed']:>9.0f} {row['mean_trip_s']:>9.1f} {row['ratio'] or 0.0:>8.1f}"
    )
    if row.get("entries_per_cpu_s"):
        line += (
            f"  {row['entries_per_cpu_s'] / 1e6:.2f} M entries/s, {row['share_of_limit']:.1%} of the limit"
        )
    return line + (f"  {row['teleports']:.0f} teleports" if row.get("teleports") else "")


def main(arguments: list[str] | None = None) -> int:
    """Run all, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.loading", description=__doc__)
    parser.add_argument("--trips", type=int, default=None, help="trips (20,000; a million in the city)")
    parser.add_argument("--city", type=int, default=None, metavar="SIDE", help="the city, SIDE x SIDE nodes")
    parser.add_argument("--peers", action="store_true", help="run SUMO and UXsim as well (not in the city)")
    parser.add_argument("--limit-s", type=float, default=1_800.0, help="no engine runs longer than this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        if options.trips is not None and options.trips < 1:
            raise InputError("--trips", f"{options.trips} is no number of trips", "1 or more")
        if options.city is not None and (options.peers or options.city < 24):
            raise InputError("--city", "cannot be run so", "a side of 24 or more, without --peers")
        rows = _rows(options)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    print(f"{'engine':30} {'CPU s':>9} {'build s':>9} {'MB':>8} {'completed':>9} {'mean s':>9} {'ratio':>8}")
    for row in rows:
        print(spoken(row))
    print(f"load average {machine()['load_average']}")
    return 0


def _rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    if options.city is not None:
        n_trips = options.trips or CITY_TRIPS
        file = city_file(options.city, n_trips)
        rows = rows_of(f"city {options.city}, {n_trips} trips", file, (), options)
        return [with_limit(row) for row in rows]
    n_trips = options.trips or SMALL_TRIPS
    engines = peers_of(n_trips) if options.peers else ()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "world.npz"
        world: World = grid_world(n_trips)
        world.save(file)
        rows = rows_of(f"grid 900, {n_trips} trips", file, engines, options)
    return [with_limit(rows[0]), *rows[1:]]


if __name__ == "__main__":
    sys.exit(main())
