"""The share of a loss that digital dependence causes: the same event with and without a fallback by hand.

What fails, whom it hits and all luck are alike in both; only counters and repairs go on by hand in one of
them. The share is the loss without the fallback less that with it, over the loss without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from twin.errors import InputError
from twin.indicators.focus import WHOLE
from twin.indicators.indicator import IndicatorValue
from twin.scenario.modifications import MODIFICATIONS
from twin.scenario.scenario import Scenario
from twin.study.compare import seeds_of
from twin.study.members import Member, Runner, SweepRunner
from twin.study.progress import Progress, silent, within
from twin.study.statistics import paired_ratio

FALLBACK = "manual_fallback"
LOST = "person_hours_lost"
"""Indicator of the loss, and the beginning of the names of its parts by service."""


@dataclass(frozen=True)
class DependentLoss:
    """A loss in person-hours, mean over seeds, and the share of it that is due to digital dependence.

    `share` is below nought where the fallback makes things worse, None where nothing is lost; its interval
    (Fieller) is None below five seeds, and where the loss cannot be told from nought.
    """

    service: str
    focus: str
    group: str
    without_fallback: float
    with_fallback: float
    share: float | None
    low: float | None
    high: float | None
    n_seeds: int


@dataclass(frozen=True)
class DigitalDependence:
    """Losses of a scenario, of all services ("") and of each, by focus and group."""

    scenario: Scenario
    seeds: tuple[int, ...]
    losses: tuple[DependentLoss, ...]

    def of(self, service: str = "", focus: str = WHOLE, group: str = "") -> DependentLoss:
        """One of the losses."""
        for each in self.losses:
            if (each.service, each.focus, each.group) == (service, focus, group):
                return each
        raise InputError(
            "digital dependence", f"no loss of {service!r}, {focus!r}, {group!r}", "one of those told"
        )

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.scenario.title,
            "seeds": list(self.seeds),
            "losses": [asdict(each) for each in self.losses],
        }


def with_fallback(scenario: Scenario, there: bool) -> Scenario:
    """The scenario with a fallback by hand, its own if it has one, or without any."""
    own = tuple(each for each in scenario.modifications if each.kind == FALLBACK)
    kept = tuple(each for each in scenario.modifications if each.kind != FALLBACK)
    if there:
        kind = MODIFICATIONS.get(FALLBACK, "digital dependence")
        kept = (*kept, *(own or (kind(kind=FALLBACK),)))
    return scenario.model_copy(update={"modifications": kept})


def needs_networks(scenario: Scenario) -> None:
    """Refuse a scenario that simulates no utility networks, before anything is lived."""
    if not scenario.with_utilities:
        right = "a modification such as substation_loss, or utilities = true"
        raise InputError(scenario.where("modification"), "no utility network is simulated", right)


def digital_dependence(
    scenario: Scenario,
    seeds: int | Sequence[int] = 1,
    *,
    cache: bool = True,
    progress: Progress = silent,
    runner: Runner | None = None,
) -> DigitalDependence:
    """Run a scenario with and without a fallback by hand with equal seeds.

    Raises `InputError` where the scenario simulates no utility networks.
    """
    needs_networks(scenario)
    chosen = seeds_of(scenario, seeds)
    members = SweepRunner(runner, cache)
    runs: list[list[Member]] = [[], []]
    for number, seed in enumerate(chosen):
        for there in (False, True):
            begin = (number + there / 2) / len(chosen)
            part = within(progress, begin, begin + 0.5 / len(chosen), f"seed {seed}")
            runs[there].append(members.member(with_fallback(scenario, there), seed, part))
    progress(1.0, "held against each other")
    wanted = (*scenario.focus_zones, WHOLE)
    losses = losses_of([each.values for each in runs[False]], [each.values for each in runs[True]], wanted)
    return DigitalDependence(scenario, chosen, losses)


def losses_of(
    without: Sequence[Sequence[IndicatorValue]],
    with_: Sequence[Sequence[IndicatorValue]],
    focuses: Sequence[str],
) -> tuple[DependentLoss, ...]:
    """Losses of each service, focus and group from the indicators of paired runs."""
    sides = [[_losses(values, focuses) for values in side] for side in (without, with_)]
    found = []
    for key in dict.fromkeys(key for run in sides[0] for key in run):
        digital, by_hand = ([run.get(key, float("nan")) for run in side] for side in sides)
        gain = [a - b for a, b in zip(digital, by_hand, strict=True)]
        ratio = paired_ratio(gain, digital)
        n = len(digital)
        found.append(
            DependentLoss(
                *key, sum(digital) / n, sum(by_hand) / n, ratio.value, ratio.low, ratio.high, ratio.n_seeds
            )
        )
    return tuple(found)


def _losses(values: Sequence[IndicatorValue], focuses: Sequence[str]) -> dict[tuple[str, str, str], float]:
    """Losses by service, focus and group; groups of the sum over services alone."""
    return {
        (each.name.removeprefix(LOST).removeprefix("_"), each.focus, each.group): each.value
        for each in values
        if each.name.startswith(LOST) and each.focus in focuses and (not each.group or each.name == LOST)
    }
