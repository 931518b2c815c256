"""Whether a network carries its demand, and how it holds when there is more of it."""

from __future__ import annotations

from typing import Any

from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.progress import Progress, silent, within
from twin.study.run import run_in, world_of


def stressed(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with ``factor`` times the demand; `InputError` where that is too much."""
    return scenario.varied("demand_scale", scenario.demand_scale * factor, "--stress")


def stress_of(
    scenario: Scenario,
    seed: int,
    factor: float,
    *,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """The same day with ``factor`` times the demand, habits learned for it: what it came to."""
    more = stressed(scenario, factor)
    world = world_of(
        more, seed, threads=threads, folders=cache_folders(), progress=within(progress, 0.0, 0.8)
    )
    result = run_in(more, seed, world, threads=threads, progress=within(progress, 0.8, 1.0))
    manifest = result.manifest
    return {
        "factor": factor,
        "demand_scale": more.demand_scale,
        "vehicle_trips": manifest["vehicle_trips"],
        "completed_share": manifest["completed_trips"] / manifest["trips"],
        "rotations": manifest["rotations"],
        "mean_car_time_over_free_flow": manifest["mean_car_time_over_free_flow"],
        "first_full": manifest["first_full"],
        "flows": manifest["flows"],
    }
