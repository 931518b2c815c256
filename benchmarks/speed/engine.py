"""One engine on one world, in a process of its own: ``python -m benchmarks.speed.engine NAME WORLD OUT``.

Building (network, vehicles, files, compiling) and simulating are timed apart, in CPU seconds of all threads.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.speed.junctions import FOLLOW_UP_MS, control_of, signals_of
from benchmarks.speed.world import JAM_SPACING_M, WAVE_MPS, World
from twin.errors import InputError
from twin.kernels.random import keys_of
from twin.mobility.links import build_network, headway_ms, link_ms, places_and_holes, supply_of
from twin.mobility.loading import Loader
from twin.mobility.rules import Rules
from twin.routing.routes import Routes

Simulation = Callable[[], None]
Results = Callable[[], dict[str, float]]
PART_S = 3_600
"""The log of passages is dropped this often, so that memory is the engine's own."""
UXSIM = {
    "UXsim C++ platoons of 5": (5, True),
    "UXsim C++ single vehicles": (1, True),
    "UXsim Python platoons of 5": (5, False),
}
OURS_CONTROLLED = "twin, junction control"
"""Signals, give-way, and the rule for deadlocks every 30 s."""
SUMO = ("SUMO meso", "SUMO meso, junction control", "SUMO micro")


def loader_of(
    world: World,
    capacity_factor: float = 1.0,
    deadlock_check_s: int = 0,
    controlled: bool = False,
    domains: tuple[int, int] = (1, 1),
) -> Loader:
    """Our engine on a world, all trips released; the rule for deadlocks is off unless asked for."""
    capacity = world.capacity_vps * capacity_factor
    free_s, storage = world.length_m / world.speed_mps, world.length_m * world.lanes / JAM_SPACING_M
    places, hole_ms = places_and_holes(free_s, world.length_m / WAVE_MPS, storage)
    control = control_of(world) if controlled else None
    network = build_network(world.topology(), places, hole_ms, capacity, control)
    apart_ms = headway_ms(capacity)
    if control is not None:
        apart_ms = np.maximum(apart_ms, np.where(control.gap_ms > 0, FOLLOW_UP_MS, 0))
    supply = supply_of(link_ms(free_s), apart_ms, *(signals_of(world) if controlled else ()))
    routes = Routes(world.pool, world.start, world.end)
    keys = keys_of(np.arange(world.n_trips))
    loader = Loader(network, supply, keys, routes, Rules(1.0, deadlock_check_s), domains=domains)
    loader.release(np.arange(world.n_trips), np.rint(1_000.0 * world.depart_s).astype(np.int64))
    return loader


def build_twin(
    world: World, factor: float = 1.0, check_s: int = 0, controlled: bool = False
) -> tuple[Simulation, Results]:
    """Our engine, compiled."""
    loader_of(world, factor, check_s).advance(0, 1)  # compiles, or reads what was compiled before
    loader = loader_of(world, factor, check_s, controlled)
    entries = [0]

    def simulate() -> None:
        for from_s in range(0, world.horizon_s, PART_S):
            until_s = min(from_s + PART_S, world.horizon_s)
            entries[0] += loader.advance(from_s, until_s).link.shape[0]

    def results() -> dict[str, float]:
        vehicles = loader.vehicles
        ended = vehicles.arrived_ms >= 0
        trip_ms = (vehicles.arrived_ms.astype(np.int64) - vehicles.release_ms)[ended]
        return {
            "completed": float(ended.sum()),
            "mean_trip_s": float(trip_ms.mean() / 1_000.0),
            "link_entries": float(entries[0]),
            "rotations": float(loader.rotations),
        }

    return simulate, results


def build(name: str, world: World, folder: Path) -> tuple[Simulation, Results]:
    """The simulation of that engine. ``twin`` may carry ``:factor`` of capacity and ``:check`` in seconds."""
    if name == OURS_CONTROLLED:
        return build_twin(world, check_s=30, controlled=True)
    if name.startswith("twin"):
        parts = name.split(":")[1:]
        factor = float(parts[0]) if parts else 1.0
        return build_twin(world, factor, int(parts[1]) if len(parts) > 1 else 0)
    if name in UXSIM:
        from benchmarks.peers.uxsim_loading import build as build_uxsim

        return build_uxsim(world, *UXSIM[name])
    if name not in SUMO:
        raise InputError(f"engine {name}", "is not known", ", ".join(("twin", *SUMO, *UXSIM)))
    from benchmarks.peers.sumo_loading import build as build_sumo

    return build_sumo(world, name, folder)


def measured(name: str, world: World) -> dict[str, float]:
    """Build and run, both timed."""
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time() + _children_s()
        simulate, results = build(name, world, Path(folder))
        built = time.process_time() + _children_s()
        wall = time.perf_counter()
        simulate()
        spent, wall = time.process_time() + _children_s() - built, time.perf_counter() - wall
        memory_mb = _peak_mb()
        found = results()
    return {
        "cpu_s": spent,
        "wall_s": wall,
        "build_cpu_s": built - before,
        "memory_mb": memory_mb,
        "trips": float(world.n_trips),
        **found,
    }


def _peak_mb() -> float:
    """Peak resident memory; Linux's own line, since the usage record also remembers the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(row for row in status.read_text(encoding="ascii").splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1_024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024.0


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(name: str, world: str, out: str) -> int:
    """Measure one engine and write what was found."""
    try:
        found = measured(name, World.load(Path(world)))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    Path(out).write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
