"""A stand-in for the simulation: the small day, a little slower with every seed and less with the app."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tests.indicators.small_day import small_day
from twin.behaviour.days import ARRIVED
from twin.errors import WorkError
from twin.indicators.records import DayRecord
from twin.scenario.scenario import Scenario
from twin.study.progress import Progress
from twin.study.results import Result

BASE = """
title = "A small day"
territory = "small"
focus = "village"
app_share = 0.3

[[provider]]
name = "Alpha"
market_share = 1.0
"""


def small_scenario(folder: Path, *, text: str = BASE, territory: str = "small") -> Scenario:
    """A scenario on a territory whose files are one note."""
    home = folder / "networks" / territory
    home.mkdir(parents=True, exist_ok=True)
    (home / "note.txt").write_text(f"the streets of {territory}\n")
    return Scenario.loads(text, folder)


def day_of(scenario: Scenario, seed: int) -> DayRecord:
    """The small day of a seed: car trips arrive later by (seed + 10 (1 - app share)) seconds."""
    record = small_day(seed=seed)
    late_ms = round(1_000 * (seed + 10 * (1 - scenario.app_share_in_force)))
    moves = record.by_car & (record.arrived_ms >= 0)
    return small_day(seed=seed, arrived_ms=np.where(moves, record.arrived_ms + late_ms, record.arrived_ms))


def carried(**changes: object) -> DayRecord:
    """The small day with every trip arrived, in decent time."""
    day = small_day()
    arrived = np.full(day.n_trips, ARRIVED, dtype=np.int8)
    ended_ms = day.departed_ms + 1_000 * np.where(np.isfinite(day.free_flow_s), day.free_flow_s, 100.0)
    usual = replace(day, state=arrived, arrived_ms=ended_ms.astype(np.int64), rotations=0)
    return replace(usual, **changes)


@dataclass
class StandIn:
    """Runs scenarios at once, notes which, and fails or stops where it is told to."""

    ran: list[tuple[str, int]] = field(default_factory=list)
    fails_at: tuple[int, ...] = ()
    stops_after: int | None = None

    def __call__(self, scenario: Scenario, *, seed: int, progress: Progress, cache: bool) -> Result:
        """One run."""
        if self.stops_after is not None and len(self.ran) >= self.stops_after:
            raise KeyboardInterrupt
        if seed in self.fails_at:
            raise WorkError(f"seed {seed} does not work")
        self.ran.append((scenario.title, seed))
        progress(0.5, "loading")
        return Result.of_day(day_of(scenario, seed), scenario)
