"""A scenario's utility networks: what there is of them, and what people lose over some seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.indicators.focus import WHOLE
from twin.indicators.indicator import INDICATORS, IndicatorValue
from twin.scenario.scenario import Scenario
from twin.study.compare import seeds_of
from twin.study.members import Member, Runner, SweepRunner
from twin.study.progress import Progress, silent, within
from twin.study.results import Result
from twin.study.utilities_story import StoryLine, story_of
from twin.territory.territory import Territory
from twin.territory.utilities.lengths import Lengths, lengths_of, observed_shares

THEMES = ("utilities_networks", "utilities_people")
"""Modules of the indicators that tell of utilities."""


@dataclass(frozen=True)
class UtilitiesStudy:
    """Networks and losses; a mean over seeds is by indicator, focus and group.

    `sample` is the first seed's result; `means` are empty where nothing of networks is simulated.
    """

    scenario: Scenario
    seeds: tuple[int, ...]
    lengths: tuple[Lengths, ...]
    observed: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    story: tuple[StoryLine, ...]
    means: Mapping[tuple[str, str, str], float]
    units: Mapping[str, str]
    sample: Result

    @property
    def simulated(self) -> bool:
        """Whether networks are simulated in the scenario."""
        return bool(self.means)

    @property
    def focuses(self) -> tuple[str, ...]:
        """The scenario's focus, and the whole."""
        return tuple(dict.fromkeys((*self.scenario.focus_zones, WHOLE)))

    def value(self, indicator: str, focus: str = WHOLE, group: str = "") -> float:
        """A mean over seeds, NaN where there is none."""
        return self.means.get((indicator, focus, group), float("nan"))

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "title": self.scenario.title,
            "seeds": list(self.seeds),
            "networks": [
                {
                    "zone": each.zone,
                    "inhabitants": each.inhabitants,
                    "metres": each.metres,
                    "metres_per_inhabitant": each.per_inhabitant,
                }
                for each in self.lengths
            ],
            "elements": {name: dict(row) for name, row in self.counts.items()},
            "observed_share": dict(self.observed),
            "simulated": self.simulated,
            "story": [line.spoken() for line in self.story],
            "indicators": [
                {"indicator": name, "focus": focus, "group": group, "unit": self.units[name], "mean": value}
                for (name, focus, group), value in self.means.items()
            ],
        }


def study_utilities(
    scenario: Scenario,
    territory: Territory,
    seeds: int | Sequence[int] = 1,
    *,
    cache: bool = True,
    progress: Progress = silent,
    runner: Runner | None = None,
) -> UtilitiesStudy:
    """Run a scenario with some seeds and tell of its utility networks."""
    chosen, members = seeds_of(scenario, seeds), SweepRunner(runner, cache)
    parts = [within(progress, row / len(chosen), (row + 1) / len(chosen)) for row in range(len(chosen))]
    sample = members.result(scenario, chosen[0], parts[0])
    runs = [Member.of(sample)]
    runs += [members.member(scenario, seed, part) for seed, part in zip(chosen[1:], parts[1:], strict=True)]
    layers, wanted = territory.utilities, (*scenario.focus_zones, WHOLE)
    means, units = _means([each.values for each in runs], wanted)
    return UtilitiesStudy(
        scenario=scenario,
        seeds=chosen,
        lengths=lengths_of(territory),
        observed=observed_shares(layers),
        counts={name: row for name, row in layers.counts().items() if row["elements"]},
        story=story_of(sample.utility_failures),
        means=means,
        units=units,
        sample=sample,
    )


def _means(
    runs: Sequence[Sequence[IndicatorValue]], focuses: Sequence[str]
) -> tuple[dict[tuple[str, str, str], float], dict[str, str]]:
    """Means over runs of the indicators of utilities, by indicator, focus and group; and their units."""
    kinds = {name: INDICATORS.get(name, "indicators") for name in INDICATORS.names()}
    module_of = {name: str(getattr(kind, "measure", kind).__module__) for name, kind in kinds.items()}
    ours = {name for name, module in module_of.items() if module.endswith(THEMES)}
    found: dict[tuple[str, str, str], list[float]] = {}
    units: dict[str, str] = {}
    for values in runs:
        for each in values:
            if each.name in ours and each.focus in focuses:
                found.setdefault((each.name, each.focus, each.group), []).append(each.value)
                units[each.name] = each.unit
    return {key: float(np.mean(values)) for key, values in found.items()}, units
