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

from benchmarks.speed.guidance import Guidance
from benchmarks.speed.guided import Navigation, compile_kernels
from benchmarks.speed.ours import CONTROLLED, OURS, PLAIN, Setup, loader_of
from benchmarks.speed.world import World
from twin.errors import InputError

Simulation = Callable[[], None]
Results = Callable[[], dict[str, float]]
PART_S = 3_600
"""The log of passages is dropped this often, so that memory is the engine's own."""
UXSIM = {
    "UXsim C++ platoons of 5": (5, True),
    "UXsim C++ single vehicles": (1, True),
    "UXsim Python platoons of 5": (5, False),
}
SUMO = ("SUMO meso", "SUMO meso, junction control", "SUMO micro")
GUIDED = {"twin, 30 % guided": 0.3, "twin, nobody guided": 0.0}
"""Our engine with junction control, in intervals of 5 minutes."""
SUMO_GUIDED = ("SUMO meso, junction control", "SUMO meso, re-routing", "SUMO meso, re-routing by A*")


def build_twin(world: World, setup: Setup = PLAIN) -> tuple[Simulation, Results]:
    """Our engine, compiled."""
    loader_of(world, setup).advance(0, 1)  # compiles, or reads what was compiled before
    loader = loader_of(world, setup)
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


def build_guided(world: World, share: float) -> tuple[Simulation, Results]:
    """Our engine, compiled, with part of the trips guided by two providers."""
    compile_kernels(world, CONTROLLED)
    navigation = Navigation(world, CONTROLLED, Guidance(share))

    def simulate() -> None:
        navigation.run()

    return simulate, navigation.results


def build(name: str, world: World, folder: Path) -> tuple[Simulation, Results]:
    """The simulation of that engine. ``twin`` may carry ``:factor`` of capacity and ``:check`` in seconds."""
    if name in OURS:
        return build_twin(world, OURS[name])
    if name in GUIDED:
        return build_guided(world, GUIDED[name])
    if name.startswith("twin"):
        parts = name.split(":")[1:]
        factor = float(parts[0]) if parts else 1.0
        return build_twin(world, Setup(factor, int(parts[1]) if len(parts) > 1 else 0))
    if name in UXSIM:
        from benchmarks.peers.uxsim_loading import build as build_uxsim

        return build_uxsim(world, *UXSIM[name])
    known = (*SUMO, *SUMO_GUIDED)
    if name not in known:
        raise InputError(f"engine {name}", "is not known", ", ".join(("twin", *GUIDED, *known, *UXSIM)))
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
