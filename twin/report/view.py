"""What a report says, before how it looks: plain values that the page and the maps draw.

Nothing here knows of files or HTML, and of studies only how traffic went. A builder (`twin.report.build`)
makes a `ReportView` from a run or a comparison; the page renders it. Scenario 0 is the base; the others
are alternatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from twin.report.drawn import (
    WHOLE,
    AccessTable,
    Bar,
    DrawnNetwork,
    DrawnPicture,
    GroupChange,
    GroupDelay,
    Histogram,
    HomeMap,
    LinkFlows,
    LinkMap,
    Profile,
    zone_label,
)
from twin.report.drawn_outages import Outage
from twin.study.manifest import SeedTraffic

Better = Literal["lower", "higher", "none"]
Verdict = Literal[
    "better", "worse", "changed", "same", "unclear", "untested better", "untested worse", "untested"
]

PAIRED = "paired by seed"
"""Method of rows whose base and alternative are one focus of one area."""
LEAST_SEEDS = 5
"""Fewest seeds for which an interval is printed."""


@dataclass(frozen=True)
class ScenarioCard:
    """One scenario of the report, as its card shows it."""

    title: str
    territory: str
    focus: tuple[str, ...]
    seeds: tuple[int, ...]
    digest: str
    role: str = "Base"
    facts: tuple[tuple[str, str], ...] = ()
    """Pairs of label and value, in words."""

    def focus_name(self, zone_names: Mapping[str, str]) -> str:
        """The focus in words, ``la_turbie`` as ``La Turbie``."""
        return ", ".join(zone_label(zone, zone_names) for zone in self.focus)


@dataclass(frozen=True)
class InputDifference:
    """One key of the scenario files that the scenarios do not share; one value per scenario."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator for one focus and one group; alternatives are compared with the base."""

    indicator: str
    unit: str
    base: float | None
    alternative: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    better: Better = "none"
    focus: str = WHOLE
    group: str = ""
    n_seeds: int = 1
    method: str = ""
    scenario: int = 1
    base_focus: str = ""
    """Focus of the base where it is another one."""
    assumptions: tuple[str, ...] = ()
    """Names of the ledger's assumptions behind the number."""
    meaning: str = ""
    theme: str = ""
    """Heading under which the table shows it."""

    @property
    def has_interval(self) -> bool:
        """Whether there are seeds enough, and both ends."""
        return self.n_seeds >= LEAST_SEEDS and self.low is not None and self.high is not None

    @property
    def verdict(self) -> Verdict:
        """Better or worse only when the interval excludes zero; untested below five seeds.

        Two places side by side differ; neither is the better for it.
        """
        if self.difference is None:
            return "untested"
        if self.difference == 0 and (not self.has_interval or self.low == self.high == 0):
            return "same"
        if (
            self.has_interval
            and self.low is not None
            and self.high is not None
            and self.low <= 0 <= self.high
        ):
            return "unclear"
        if self.better == "none" or self.method not in ("", PAIRED):
            return "changed" if self.has_interval else "untested"
        improves = (self.difference < 0) == (self.better == "lower")
        if self.has_interval:
            return "better" if improves else "worse"
        return "untested better" if improves else "untested worse"

    @property
    def relative(self) -> float | None:
        """Difference as a share of the base; None where the base is nought."""
        if self.difference is None or not self.base:
            return None
        return self.difference / abs(self.base)


@dataclass(frozen=True)
class Finding:
    """One headline sentence with its number."""

    text: str
    verdict: Verdict = "untested"


@dataclass(frozen=True)
class Demand:
    """How much was asked of the network, and whether it flowed."""

    scenario: int
    scale: float
    planned_trips: int
    vehicle_trips: int
    traffic: tuple[SeedTraffic, ...]
    """How it went, by seed."""
    zones: tuple[tuple[str, int, int, int, int], ...] = ()
    """Zone, trips of residents, of commuters, of through traffic, of delivery rounds."""
    full_sum: tuple[int, int] | None = None
    """Planned trips and vehicle trips of the ledger's full sum; None where they were not scaled."""


@dataclass(frozen=True)
class ProvenanceShare:
    """How a kind of value is known: counts of observed, inferred and assumed elements."""

    what: str
    observed: int
    inferred: int
    assumed: int

    @property
    def total(self) -> int:
        """All elements."""
        return self.observed + self.inferred + self.assumed


@dataclass(frozen=True)
class Assumption:
    """One row of the ledger that at least one indicator rests on."""

    name: str
    value: str
    low: str
    high: str
    unit: str
    kind: str
    source: str
    meaning: str
    n_indicators: int


@dataclass(frozen=True)
class ReportView:
    """Everything a page shows."""

    kind: Literal["run", "comparison"]
    title: str
    question: str
    scenarios: tuple[ScenarioCard, ...]
    rows: tuple[IndicatorRow, ...]
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    differs: tuple[InputDifference, ...] = ()
    demand: tuple[Demand, ...] = ()
    provenance: tuple[ProvenanceShare, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    zone_names: Mapping[str, str] = field(default_factory=dict)
    """Names of zones as people write them, by zone."""
    networks: tuple[DrawnNetwork, ...] = ()
    flows: tuple[LinkFlows, ...] = ()
    """One per scenario, or none at all."""
    maps: tuple[LinkMap, ...] = ()
    modes: tuple[Bar, ...] = ()
    profiles: tuple[Profile, ...] = ()
    histogram: Histogram | None = None
    changes: tuple[GroupChange, ...] = ()
    delays: tuple[GroupDelay, ...] = ()
    pictures: tuple[DrawnPicture, ...] = ()
    access: tuple[AccessTable, ...] = ()
    homes: tuple[HomeMap, ...] = ()
    outages: tuple[Outage, ...] = ()
    outage_facts: AccessTable | None = None
    footer: tuple[tuple[str, str], ...] = ()
    """Provenance of the numbers: label and value."""

    def label(self, scenario: int) -> str:
        """Short name of a scenario: its role, or its focus where the scenarios look at different ones."""
        if len({each.focus for each in self.scenarios}) == 1:
            return self.scenarios[scenario].role
        return self.scenarios[scenario].focus_name(self.zone_names)
