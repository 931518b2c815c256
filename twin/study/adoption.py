"""Days of one scenario lived one after another: who takes up a calculator, who leaves, and where it ends.

Trust and subscriptions, and if wished drivers' habits, are carried from day to day; everything else, luck
included, is the same each day. From two starts, few users and many, the days lead to one end or to two:
what differs between them is the part of the result that depends on the start.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.calculators.adoption import Subscriptions
from twin.errors import InputError
from twin.model.record import record_of
from twin.model.users import EarlierDays
from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.lived_days import (
    LivedDay,
    after_day,
    first_subscriptions,
    live,
    moved_share,
    outcome_of,
    profiles_of,
    reviewed,
)
from twin.study.progress import Progress, silent, within
from twin.study.run import World, world_of
from twin.territory.settle import settled

OUTCOMES = ("user_share", "mean_trust", "car_hours", "user_s", "other_s", "co2_kg", "late_s")
"""What is held against each other at the two ends."""
STAYS = 3
"""Days in a row that must be alike before a state counts as a fixed point."""


@dataclass(frozen=True)
class Course:
    """Days from one start.

    start_share: app share of the first day; cycle: days after which the state repeats, 1 a fixed point, 0 not
    settled within the days; states: subscriptions at the beginning of each day, and after the last.
    """

    start_share: float
    days: tuple[LivedDay, ...]
    states: tuple[Subscriptions, ...]
    cycle: int

    @property
    def verdict(self) -> str:
        """In words."""
        if self.cycle == 0:
            return "not settled"
        return "fixed point" if self.cycle == 1 else f"cycle of {self.cycle} days"

    def end(self, outcome: str) -> float:
        """An outcome where the days lead to: the last day, or the mean over the cycle."""
        last = self.days[-max(self.cycle, 1) :]
        return float(np.mean([getattr(day, outcome) for day in last]))

    def summary(self) -> dict[str, Any]:
        """All of it but persons, for JSON."""
        changes = [
            0.0,
            *(abs(b.car_hours / a.car_hours - 1.0) for a, b in zip(self.days, self.days[1:], strict=False)),
        ]
        return {
            "start_share": self.start_share,
            "verdict": self.verdict,
            "cycle_days": self.cycle,
            "days": [
                {**vars(day), "car_hours_change": change}
                for day, change in zip(self.days, changes, strict=True)
            ],
            "end": {name: self.end(name) for name in OUTCOMES},
        }


@dataclass(frozen=True)
class Adoption:
    """Where two starts lead.

    differing_share: persons who consult another provider, or none, at one end than at the other.
    """

    scenario: Scenario
    seed: int
    courses: tuple[Course, Course]
    differing_share: float

    def from_start(self, outcome: str) -> float:
        """Share of an outcome that depends on the start: |high - low| / max, between 0 and 1 or so."""
        low, high = (course.end(outcome) for course in self.courses)
        most = max(abs(low), abs(high))
        return abs(high - low) / most if most > 0.0 else 0.0

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.scenario.title,
            "seed": self.seed,
            "courses": [course.summary() for course in self.courses],
            "from_start": {name: self.from_start(name) for name in OUTCOMES},
            "differing_share": self.differing_share,
        }


def needs_providers(scenario: Scenario) -> None:
    """Refuse a scenario in which nobody offers a calculator."""
    if not scenario.providers:
        raise InputError(scenario.where("provider"), "nobody offers a calculator", "one [[provider]] or more")


def adopt(
    scenario: Scenario,
    seed: int | None = None,
    *,
    days: int = 20,
    starts: Sequence[float] = (),
    learns: bool = True,
    threads: int = 1,
    progress: Progress = silent,
) -> Adoption:
    """Days of a scenario from two app shares, until each settles or ``days`` are over.

    Parameters
    ----------
    starts
        Least and greatest app share of the first day; the range of the ledger's row if not given.
    learns
        Whether drivers review their habits after each day; else these stay those of ordinary days.
    """
    needs_providers(scenario)
    if days < 1:
        raise InputError("days", f"{days}", "1 or more")
    low, high = starts or _range_of_app_shares(scenario)
    chosen = scenario.seed if seed is None else seed
    learning = within(progress, 0.0, 0.4)
    world = world_of(scenario, chosen, threads=threads, folders=cache_folders(), progress=learning)
    courses = []
    for number, share in enumerate((low, high)):
        part = within(progress, 0.4 + 0.3 * number, 0.7 + 0.3 * number)
        courses.append(course_of(scenario, chosen, world, share, (days, learns, threads), part))
    ends = [course.states[-1].provider for course in courses]
    progress(1.0, "done")
    return Adoption(scenario, chosen, (courses[0], courses[1]), float(np.mean(ends[0] != ends[1])))


def course_of(
    scenario: Scenario,
    seed: int,
    world: World,
    start_share: float,
    how: tuple[int, bool, int],
    progress: Progress = silent,
) -> Course:
    """Days from one app share in a world that stands; ``how``: most days, whether drivers learn, threads."""
    days, learns, threads = how
    spec, habits = settled(scenario, world.territory), world.habits
    earlier = first_subscriptions(spec, seed, world, start_share)
    tolerance = float(spec.ledger()["calculators.adoption_settled_share"])
    lived: list[LivedDay] = []
    states = [earlier.subscriptions]
    cycle = 0
    while len(lived) < days and not cycle:
        progress(len(lived) / days, f"day {len(lived) + 1} from an app share of {start_share:g}")
        model = live(spec, seed, world, (habits, earlier), threads)
        record = record_of(model)
        after = after_day(model, record, len(lived) + 1)
        kept = reviewed(model, len(lived) + 1) if learns else habits
        lived.append(
            outcome_of(record, states[-1], after, moved_share(model.habits, kept) if learns else 0.0)
        )
        earlier = EarlierDays(after, profiles_of(model))
        states.append(after)
        habits = kept
        del model, record
        gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes
        cycle = cycle_of(states, tolerance)
    return Course(start_share, tuple(lived), tuple(states), cycle)


def cycle_of(states: Sequence[Subscriptions], tolerance: float) -> int:
    """Days after which the last states repeat: 1 a fixed point, 2 and more a cycle, 0 neither."""
    n = len(states)
    if n > STAYS and all(_distance(states[-k], states[-k - 1]) <= tolerance for k in range(1, STAYS + 1)):
        return 1
    for length in range(2, n // 2 + 1):
        back = range(1, length + 1)
        moves = max(_distance(states[-k], states[-k - 1]) for k in back) > tolerance
        if moves and all(_distance(states[-k], states[-k - length]) <= tolerance for k in back):
            return length
    return 0


def _distance(a: Subscriptions, b: Subscriptions) -> float:
    """How far two states are apart: share of persons with another provider, or mean change of trust."""
    return max(float(np.mean(a.provider != b.provider)), float(np.mean(np.abs(a.trust - b.trust))))


def _range_of_app_shares(scenario: Scenario) -> tuple[float, float]:
    """What the ledger thinks possible."""
    row = scenario.ledger().row("scenario.app_share")
    if not isinstance(row.low, float) or not isinstance(row.high, float):
        raise InputError("scenario.app_share", "has no range", "a row with low and high")
    return row.low, row.high
