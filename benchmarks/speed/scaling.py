"""How our loading scales: ``python -m benchmarks.speed.scaling [--side N] [--trips N] [--pairs N] [--json]``.

A city of 100,000 links and a million trips, with validation physics and with all physics; a city of 250,000
links; capacities so low that the mean trip takes three times as long as in free flow; one thread against two,
in turn, pair by pair; and whether every number of threads and domains and every numbering gives the same
moments. Rates are link entries per CPU second, beside the limit that the machine's memory sets in this call.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.speed.limits import gather_ns, limit_entries_per_s
from benchmarks.speed.loading import city_file
from benchmarks.speed.ours import ALL_PHYSICS, PLAIN, Setup, loader_of
from benchmarks.speed.world import World
from twin.mobility.loading import Loader

PART_S = 3_600
TURNS = 5
"""Runs of each rate, of which the best counts, as many as engines take beside their peers."""
LARGER = 272 / 172
LARGER_PAIRS = 5
CONGESTED = (0.22, 0.18, 0.15, 0.12)
"""Factors on capacity, tried in turn until the mean trip takes three times as long."""
MORNING_S = (7.5 * 3_600, 8.0 * 3_600)
SPLITS = ((1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (4, 2), (8, 2))


def drive(loader: Loader, horizon_s: int) -> tuple[int, float, float]:
    """Link entries, CPU seconds and seconds of a whole horizon."""
    entries, cpu, wall = 0, time.process_time(), time.perf_counter()
    for from_s in range(0, horizon_s, PART_S):
        entries += loader.advance(from_s, min(from_s + PART_S, horizon_s)).link.shape[0]
    return entries, time.process_time() - cpu, time.perf_counter() - wall


def mean_trip_s(loader: Loader) -> float:
    """Mean time from wish to arrival of those who have arrived [s]."""
    vehicles = loader.vehicles
    there = vehicles.arrived_ms >= 0
    return float((vehicles.arrived_ms[there].astype(np.int64) - vehicles.release_ms[there]).mean() / 1_000)


def digest_of(world: World, setup: Setup) -> str:
    """Digest over all moments of entry and arrival, in the order of trips."""
    loader = loader_of(world, setup)
    drive(loader, world.horizon_s)
    digest = hashlib.sha256()
    for column in (loader.vehicles.entered_ms, loader.vehicles.arrived_ms):
        digest.update(column.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def rate_row(case: str, world: World, setup: Setup) -> dict[str, Any]:
    """Link entries per CPU second, and what share of the memory's limit they are.

    Both count with the best of several turns: others on the machine make a run slower, never faster.
    """
    loader_of(world, setup).advance(0, 1)
    turns, reads_ns = [], []
    for _ in range(TURNS):
        loader = loader_of(world, setup)
        turns.append(drive(loader, world.horizon_s))
        reads_ns.append(gather_ns())
    entries, cpu_s, wall_s = min(turns, key=lambda turn: turn[1])
    limit = limit_entries_per_s(min(reads_ns))
    return {
        "case": case,
        "engine": "twin",
        "cpu_s": cpu_s,
        "cpu_s_of_turns": [turn[1] for turn in turns],
        "wall_s": wall_s,
        "link_entries": entries,
        "entries_per_cpu_s": entries / cpu_s,
        "limit_per_cpu_s": limit,
        "share_of_limit": entries / cpu_s / limit,
        "mean_trip_s": mean_trip_s(loader),
        "completed": int((loader.vehicles.arrived_ms >= 0).sum()),
        "rotations": loader.rotations,
        "load_average": machine()["load_average"][0],
    }


def congested_row(world: World, free_trip_s: float) -> dict[str, Any]:
    """The first factor on capacity at which the mean trip takes three times as long as in free flow."""
    row: dict[str, Any] = {}
    for factor in CONGESTED:
        case = f"morning, capacity x {factor:g}"
        row = rate_row(case, replace(world, horizon_s=4 * 3_600), Setup(factor, check_s=30))
        row["mean_trip_over_free"] = row["mean_trip_s"] / free_trip_s
        if row["mean_trip_over_free"] >= 3.0:
            break
    return row


def touched_bytes(loader: Loader) -> int:
    """Memory that entries touch again and again: of each link its two lines; the calendar."""
    traffic = loader.traffic
    return int(traffic.links.shape[0] * traffic.links.itemsize + traffic.calendar.words.nbytes)


def larger_row(city: World, larger: World) -> dict[str, Any]:
    """CPU time of an entry in the larger city over that in the city, pair by pair.

    Beside it what one read at random costs of as much memory as either city's entries touch, the larger over
    the smaller: an engine that did nothing but such reads would have that ratio.
    """
    ratios, reads = [], []
    for _ in range(LARGER_PAIRS):
        entries_s = []
        for world in (city, larger):
            entries, cpu_s, _ = drive(loader_of(world, PLAIN), world.horizon_s)
            entries_s.append(cpu_s / entries)
        ratios.append(entries_s[1] / entries_s[0])
        sets = [touched_bytes(loader_of(world, PLAIN)) for world in (city, larger)]
        read_ns = [gather_ns(3, each) for each in sets]
        reads.append(read_ns[1] / read_ns[0])
    row = {"case": f"larger city over city, {LARGER_PAIRS} pairs", "engine": "twin", "cpu_s": None}
    spread = {"median": median(ratios), "least": min(ratios), "most": max(ratios)}
    told = {"reads_at_random": median(reads), "touched_mb": [round(each / 2**20, 1) for each in sets]}
    return row | spread | told | {"load_average": machine()["load_average"][0]}


def threads_row(world: World, n_pairs: int) -> dict[str, Any]:
    """Seconds of one thread over those of two, pair by pair."""
    ratios = []
    for _ in range(n_pairs):
        walls = [
            drive(loader_of(world, Setup(domains=split)), world.horizon_s)[2] for split in ((1, 1), (2, 2))
        ]
        ratios.append(walls[0] / walls[1])
    row = {"case": f"one thread over two, {n_pairs} pairs", "engine": "twin", "cpu_s": None}
    loads = machine()["load_average"]
    return row | {
        "median": median(ratios),
        "least": min(ratios),
        "most": max(ratios),
        "load_average": loads[0],
    }


def equal_row(world: World) -> dict[str, Any]:
    """Digests by threads, domains and numbering; one is right."""
    found = {}
    for physics, setup in (("validation", Setup(0.33)), ("all", ALL_PHYSICS)):
        digests = {
            digest_of(world, replace(setup, domains=split, renumbered=renumbered))
            for split in SPLITS
            for renumbered in (False, True)
        }
        found[physics] = sorted(digests)
    same = all(len(digests) == 1 for digests in found.values())
    return {"case": "digests", "engine": "twin", "cpu_s": None, "equal": same, "digests": found}


def bytes_a_trip(world: World) -> dict[str, Any]:
    """Memory of a trip: its columns and the turns of its route."""
    loader = loader_of(world)
    columns = sum(column.itemsize for column in loader.vehicles[:8])
    words = loader.n_words * loader.words.itemsize / world.n_trips
    return {"case": "bytes a trip", "engine": "twin", "cpu_s": None, "columns": columns, "route": words}


def rows_of(side: int, n_trips: int, n_pairs: int) -> list[dict[str, Any]]:
    """All measurements, in turn."""
    city = World.load(city_file(side, n_trips))
    rows = [
        rate_row("city, validation physics", city, PLAIN),
        rate_row("city, all physics", city, ALL_PHYSICS),
    ]
    larger = World.load(city_file(round(side * LARGER), n_trips))
    rows.append(rate_row("larger city, validation physics", larger, PLAIN))
    rows.append(larger_row(city, larger))
    del larger
    morning = city.between(*MORNING_S)
    free = loader_of(morning, Setup(10.0))
    drive(free, morning.horizon_s)
    rows.append(rate_row("morning, validation physics", morning, PLAIN))
    rows.append(congested_row(morning, mean_trip_s(free)))
    rows[-1]["rate_over_morning"] = rows[-1]["entries_per_cpu_s"] / rows[-2]["entries_per_cpu_s"]
    rows += [
        threads_row(morning, n_pairs),
        equal_row(city.between(7.5 * 3_600, 7.6 * 3_600)),
        bytes_a_trip(city),
    ]
    return rows


def _spoken(value: object) -> str:
    """A number, or several, in four digits."""
    if isinstance(value, list):
        return " ".join(map(_spoken, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Print one line a measurement, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.scaling", description=__doc__)
    parser.add_argument("--side", type=int, default=172)
    parser.add_argument("--trips", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = rows_of(options.side, options.trips, options.pairs)
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        said = {
            key: value for key, value in row.items() if key not in {"case", "engine"} and value is not None
        }
        words = (f"{key} {_spoken(value)}" for key, value in said.items())
        print(f"{row['case']:34}", ", ".join(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
