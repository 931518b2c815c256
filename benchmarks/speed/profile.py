"""What limits our loading now: ``python -m benchmarks.speed.profile [--city SIDE] [--trips N] [--json]``.

The same half hour of the city's morning (all who depart from 7:30 to 8:00, and an hour to get home) is loaded
as it is, with 33 % and 22 % of its capacity (queues: the mean trip takes 1.2 and 2 times as long), with
the rule for deadlocks, and with no vehicle at all (the bare scan of all nodes every second, and of all links
every 30 s). The small grid, whose state fits the caches, is loaded beside it. ``ratio`` is CPU time per link
entry over that of the city as it is.
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

import numpy as np

from benchmarks.machine import machine
from benchmarks.speed.limits import gather_ns
from benchmarks.speed.loading import CITY_TRIPS, city_file, run_engine
from benchmarks.speed.ours import Setup, loader_of
from benchmarks.speed.world import World, grid_world
from twin.kernels.turns import words_of

VARIANTS = {
    "as it is": "twin",
    "capacity x 0.33": "twin:0.33",
    "capacity x 0.22": "twin:0.22",
    "deadlock check every 30 s": "twin:1:30",
}
EMPTY_S = 3_600
FROM_S, UNTIL_S = 7.5 * 3_600, 8.0 * 3_600


def empty_day_s(world: World, check_s: int) -> float:
    """CPU seconds of a day without a vehicle: what is paid for looking at all nodes every second."""
    nobody = replace(world, depart_s=world.depart_s[:0], start=world.start[:0], end=world.end[:0])
    loader = loader_of(nobody, Setup(check_s=check_s))
    loader.advance(0, 1)
    begin = time.process_time()
    loader.advance(1, 1 + EMPTY_S)
    return (time.process_time() - begin) * 86_400 / EMPTY_S


def state_bytes(world: World) -> dict[str, int]:
    """Size of what the engine moves on: by link, by place on a link, by trip, and the routes."""
    loader = loader_of(replace(world, depart_s=world.depart_s[:1], start=world.start[:1], end=world.end[:1]))
    traffic, network, supply = loader.traffic, loader.network, loader.supply
    slots = traffic.slots.nbytes - traffic.links.nbytes  # which lie in the same memory
    fixed = (traffic.links, traffic.arms, *traffic.calendar, *traffic.work, *network[:-1], *supply)
    of_trips = world.n_trips * sum(column.itemsize for column in loader.vehicles[:8])
    words = int(words_of(world.start, world.end, network.turn_bits))
    routes = words * loader.words.itemsize
    return {"links": sum(a.nbytes for a in fixed), "slots": slots, "trips": of_trips, "routes": routes}


def rows_of(side: int, n_trips: int, limit_s: float) -> list[dict[str, Any]]:
    """All measurements, in turn."""
    rows: list[dict[str, Any]] = []
    city = World.load(city_file(side, n_trips)).between(FROM_S, UNTIL_S)
    with tempfile.TemporaryDirectory() as folder:
        file, small = Path(folder) / "city.npz", Path(folder) / "grid.npz"
        city.save(file)
        for case, engine in VARIANTS.items():
            print(case, file=sys.stderr, flush=True)
            rows.append({"case": case, "engine": engine} | run_engine(engine, file, limit_s))
        grid_world(100_000).save(small)
        rows.append({"case": "grid of 900 nodes", "engine": "twin"} | run_engine("twin", small, limit_s))
    for row in rows:
        if "cpu_s" in row:
            row["ns_per_entry"] = row["cpu_s"] / row["link_entries"] * 1e9
            row["ratio"] = row["ns_per_entry"] / rows[0]["ns_per_entry"]
    for case, check_s in (("no vehicle: scan of nodes", 10**9), ("no vehicle: scan and deadlock check", 30)):
        rows.append({"case": case, "engine": "twin", "cpu_s": empty_day_s(city, check_s), "ratio": None})
    rows.append({"case": "state [bytes]", "engine": "twin", "cpu_s": None, "ratio": None} | state_bytes(city))
    rows.append({"case": "gather", "engine": "machine", "cpu_s": None, "ratio": None, "ns": gather_ns()})
    mean = float(np.mean(city.end - city.start))
    rows.append({"case": "links a trip", "engine": "world", "cpu_s": None, "ratio": None, "mean": mean})
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print one line a measurement, or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.profile", description=__doc__)
    parser.add_argument("--city", type=int, default=172, metavar="SIDE")
    parser.add_argument("--trips", type=int, default=CITY_TRIPS)
    parser.add_argument("--limit-s", type=float, default=1_800.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = rows_of(options.city, options.trips, options.limit_s)
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    for row in rows:
        said = {
            key: value for key, value in row.items() if key not in {"case", "engine"} and value is not None
        }
        print(
            f"{row['case']:36}",
            ", ".join(
                f"{key} {value:.6g}" if isinstance(value, (int, float)) else value
                for key, value in said.items()
            ),
        )
    print(f"load average {machine()['load_average']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
