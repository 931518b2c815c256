"""What influence by counterfactual came to: whom every actor moves, and what that does to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twin.scenario.scenario import Scenario
from twin.scenario.without import levers_of
from twin.study.statistics import LEAST_SEEDS, NO_INTERVAL, Ratio, paired_difference, paired_ratio

CALCULATORS, MANAGER, ALL = "calculators", "road_manager", "all"
"""Actors beside the providers by name: all providers, the road manager, and all of these together."""
MEASURES = {"vehicle_km": "veh km", "person_min": "person min"}
"""What is moved, and its unit."""
NOT_RUN = "not run"
NO_LEVER = "no lever in force"
NO_EFFECT = "levers without effect"
UNBOUNDED = "the denominator cannot be told from 0"
SEPARATOR = "|"


@dataclass(frozen=True)
class Moving:
    """What one actor moves in a day: mean over seeds and interval, by measure and group of trips."""

    actor: str
    measure: str
    unit: str
    group: str
    mean: float | None
    low: float | None
    high: float | None
    n_seeds: int


@dataclass(frozen=True)
class Externality:
    """An indicator of the day as it is, and what it has more there than without the actor, paired by seed."""

    indicator: str
    focus: str
    group: str
    unit: str
    without: str
    mean: float | None
    difference: float | None
    low: float | None
    high: float | None
    n_seeds: int


@dataclass(frozen=True, eq=False)
class Influence:
    """Influence of every actor of a scenario.

    Parameters
    ----------
    moving
        By actor, measure and group (``""``: everybody).
    overlap
        By measure, what calculators and road manager move each alone, added, less what they move together.
    ratio, note
        By measure, calculators over road manager, and why there is none or no interval.
    levers
        The road manager's levers in force, in words.
    """

    scenario: Scenario
    seeds: tuple[int, ...]
    actors: tuple[str, ...]
    levers: tuple[str, ...]
    moving: tuple[Moving, ...]
    overlap: tuple[Moving, ...]
    ratio: dict[str, Ratio]
    note: dict[str, str]
    externalities: tuple[Externality, ...]
    digests: dict[str, tuple[str, ...]]

    def summary(self) -> dict[str, Any]:
        """What `twin influence --json` prints."""
        return {
            "scenario": self.scenario.title,
            "seeds": list(self.seeds),
            "actors": list(self.actors),
            "levers": list(self.levers),
            "moving": [asdict(each) for each in self.moving],
            "overlap": [asdict(each) for each in self.overlap],
            "ratio": {name: {**asdict(each), "note": self.note[name]} for name, each in self.ratio.items()},
            "externalities": [asdict(each) for each in self.externalities],
            "digests": {name: list(each) for name, each in self.digests.items()},
            "note": NO_INTERVAL if len(self.seeds) < LEAST_SEEDS else "",
        }


def influence_of(
    scenario: Scenario, seeds: tuple[int, ...], actors: tuple[str, ...], found: Sequence[dict[str, Any]]
) -> Influence:
    """The whole from what each seed came to."""
    totals = {
        (actor, name): [each["actors"][actor]["moved"][name][""] for each in found]
        for actor in actors
        for name in MEASURES
    }
    levers = tuple(each.differs() for each in levers_of(scenario))
    ratio = {name: paired_ratio(totals[CALCULATORS, name], totals[MANAGER, name]) for name in MEASURES}
    overlap = {
        name: [
            one + other - both
            for one, other, both in zip(
                *(totals[actor, name] for actor in (CALCULATORS, MANAGER, ALL)), strict=True
            )
        ]
        for name in MEASURES
    }
    return Influence(
        scenario, seeds, actors, levers, tuple(_moving(actors, found)),
        tuple(_row("overlap", name, "", values) for name, values in overlap.items()),
        ratio, {name: note_of(each, bool(levers)) for name, each in ratio.items()},
        tuple(_externalities(actors, found)), _digests(actors, found),
    )  # fmt: skip


def note_of(ratio: Ratio, levers: bool) -> str:
    """Why a ratio has no value or no interval; nothing where it has both."""
    if not ratio.n_seeds:
        return NOT_RUN
    if ratio.value is None:
        return NO_EFFECT if levers else NO_LEVER
    if ratio.n_seeds < LEAST_SEEDS:
        return NO_INTERVAL
    return UNBOUNDED if ratio.low is None else ""


def _row(actor: str, measure: str, group: str, values: Sequence[float]) -> Moving:
    mean = paired_difference([0.0] * len(values), values)
    return Moving(
        actor, measure, MEASURES[measure], group, mean.alternative, mean.low, mean.high, mean.n_seeds
    )


def _moving(actors: Sequence[str], found: Sequence[dict[str, Any]]) -> Iterator[Moving]:
    for actor in actors:
        for measure in MEASURES:
            by_seed = [each["actors"][actor]["moved"][measure] for each in found]
            for group in sorted({group for groups in by_seed for group in groups}):
                yield _row(actor, measure, group, [groups.get(group, 0.0) for groups in by_seed])


def _externalities(actors: Sequence[str], found: Sequence[dict[str, Any]]) -> Iterator[Externality]:
    for name in sorted({name for each in found for name in each["about"]["values"]}):
        for actor in actors:
            base = [each["about"]["values"].get(name, float("nan")) for each in found]
            gone = [each["actors"][actor]["about"]["values"].get(name, float("nan")) for each in found]
            seen = paired_difference(gone, base)
            indicator, focus, group, unit = name.split(SEPARATOR)
            yield Externality(
                indicator, focus, group, unit, actor, seen.alternative, seen.difference, seen.low, seen.high,
                seen.n_seeds,
            )  # fmt: skip


def _digests(actors: Sequence[str], found: Sequence[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """By day, with everybody ("") and without each actor, the digests of its truth by seed."""
    gone = {actor: tuple(each["actors"][actor]["about"]["digest"] for each in found) for actor in actors}
    return {"": tuple(each["about"]["digest"] for each in found), **gone}
