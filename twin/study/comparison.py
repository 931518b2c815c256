"""Scenarios side by side: indicators with differences and intervals, links, what differs in the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from twin.indicators.indicator import Better
from twin.scenario.assembly import leaves
from twin.scenario.scenario import Scenario
from twin.scenario.wording import spell
from twin.study.drawing import drawer
from twin.study.manifest import SeedTraffic
from twin.study.results import Result
from twin.study.statistics import LEAST_SEEDS, NO_INTERVAL
from twin.study.values import count_assumptions

Method = Literal["paired by seed", "side by side", "unpaired"]


@dataclass(frozen=True)
class ComparisonRow:
    """One indicator of one alternative (1, 2, ...) against the base.

    ``paired by seed``: same focus of the same area. ``side by side``: two focuses of one area, runs
    still paired by seed. ``unpaired``: two areas. The latter two give extensive numbers per inhabitant.
    """

    scenario: int
    indicator: str
    focus: str
    group: str
    unit: str
    base: float | None
    alternative: float | None
    difference: float | None
    low: float | None
    high: float | None
    better: Better
    n_seeds: int
    paired: bool
    method: Method
    base_focus: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A base and its alternatives.

    Parameters
    ----------
    scenarios
        The base first.
    seeds
        Of all scenarios alike.
    rows
        One per indicator, focus, group and alternative.
    links
        Per scenario the table of links, mean over seeds.
    samples
        Per scenario the whole result of the first seed, for pictures of distributions.
    digests
        Per scenario the digests of its runs, by seed.
    traffic
        Per scenario how traffic went, by seed.
    """

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    rows: tuple[ComparisonRow, ...]
    links: tuple[pd.DataFrame, ...]
    samples: tuple[Result, ...]
    digests: tuple[tuple[str, ...], ...]
    traffic: tuple[tuple[SeedTraffic, ...], ...]

    @property
    def base(self) -> Scenario:
        """The scenario that others are held against."""
        return self.scenarios[0]

    @property
    def alternatives(self) -> tuple[Scenario, ...]:
        """The others."""
        return self.scenarios[1:]

    @property
    def note(self) -> str:
        """What must be said of the intervals, or nothing."""
        return NO_INTERVAL if len(self.seeds) < LEAST_SEEDS else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """One for each scenario with seeds in which the network does not carry the demand."""
        said = []
        for scenario, by_seed in zip(self.scenarios, self.traffic, strict=True):
            jammed = [str(each.seed) for each in by_seed if not each.flows]
            share = f"{len(jammed)} of {len(by_seed)} seeds ({', '.join(jammed)})"
            said += [f"{scenario.title}: the network does not carry the demand well in {share}"] * bool(
                jammed
            )
        return tuple(said)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rows as a DataFrame."""
        return pd.DataFrame(
            [vars(row) for row in self.rows], columns=list(ComparisonRow.__dataclass_fields__)
        )

    @cached_property
    def differs(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """Keys in which the scenarios differ, with the value that each has (None: it has none)."""
        return input_differences(self.scenarios)

    def same_area(self, alternative: int = 1) -> bool:
        """Whether an alternative is simulated on the links of the base."""
        return list(self.links[0]["link_id"]) == list(self.links[alternative]["link_id"])

    def link_differences(self, column: str, alternative: int = 1) -> pd.DataFrame:
        """Per link: base, alternative and their difference in a column, mean over seeds."""
        base, other = self.links[0].set_index("link_id"), self.links[alternative].set_index("link_id")
        both = pd.DataFrame({"base": base[column], "alternative": other[column]})
        both["difference"] = both["alternative"] - both["base"]
        return both.reset_index()

    def map(self, column: str) -> Any:
        """A map of the differences in a column of links; of two areas, or two focuses, side by side."""
        return drawer().map(self, column)

    def to_html(self) -> str:
        """One self-contained page."""
        return drawer().page(self)

    def summary(self) -> dict[str, Any]:
        """What `twin compare --json` prints."""
        ledgers = [each.ledger() for each in self.scenarios]
        rows = [
            {**vars(row), "assumptions": count_assumptions(row.assumptions, ledgers[row.scenario])}
            for row in self.rows
        ]
        return {
            "indicators": rows,
            "differs": [key for key, _ in self.differs],
            "scenarios": [each.title for each in self.scenarios],
            "seeds": list(self.seeds),
            "digests": [list(each) for each in self.digests],
            "traffic": [[vars(each) for each in by_seed] for by_seed in self.traffic],
            "warnings": list(self.warnings),
            "note": self.note,
        }


def input_differences(scenarios: Sequence[Scenario]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Keys of the resolved scenarios whose values are not all equal, in the order of the first that has them.

    >>> a = Scenario.loads('title = "a"\\nterritory = "riviera"')
    >>> input_differences([a, a.varied("app_share", 0.6)])
    (('app_share', (0.25, 0.6)),)
    """
    resolved = [{spell(at): value for at, value in leaves(each.resolved())} for each in scenarios]
    keys = dict.fromkeys(key for each in resolved for key in each)
    values = {key: tuple(each.get(key) for each in resolved) for key in keys}
    return tuple((key, each) for key, each in values.items() if any(value != each[0] for value in each))
