"""What a report draws: streets, flows by link and hour, bars, lines, groups and pictures, as values.

Scenario numbers are rows of `twin.report.view.ReportView.scenarios`; 0 is the base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bounds = tuple[float, float, float, float]
"""West, south, east, north in local metres."""

Measure = Literal["flow", "flow_difference", "delay_difference", "residual"]

WHOLE = "all"
"""Name of the focus that is the whole territory."""


def zones_in(focus: Sequence[str], pools: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The zones of a focus, pools as the zones they stand for.

    >>> zones_in(("metropole", "eze"), {"metropole": ("dense", "rest")})
    ('dense', 'rest', 'eze')
    """
    return tuple(dict.fromkeys(zone for name in focus for zone in pools.get(name, (name,))))


def zone_label(zone: str, names: Mapping[str, str] | None = None) -> str:
    """A zone's name as people write it, from the names given, else from its own letters.

    >>> zone_label("la_turbie"), zone_label("all"), zone_label("eze", {"eze": "Èze"})
    ('La Turbie', 'Whole area', 'Èze')
    """
    if zone == WHOLE:
        return "Whole area"
    if names and zone in names:
        return names[zone]
    if zone != zone.lower():
        return zone
    return " ".join(word.capitalize() for word in zone.replace("_", " ").split())


@dataclass(frozen=True)
class Outline:
    """A zone: its rings in local metres, none where only a place is known, and where its label stands."""

    name: str
    label: str
    label_m: tuple[float, float]
    rings_m: tuple[Floats, ...] = ()


@dataclass(frozen=True)
class DrawnGateway:
    """A gateway of the territory."""

    name: str
    x_m: float
    y_m: float


@dataclass(frozen=True)
class DrawnNetwork:
    """The streets of one territory, as maps draw them; rows are links."""

    name: str
    link_id: tuple[str, ...]
    link_name: tuple[str, ...]
    road_class: tuple[str, ...]
    zone: tuple[str, ...]
    lines_m: tuple[Floats, ...]
    """Per link, points (n, 2) from tail to head, east and north, local metres."""
    two_way: Bools
    """Whether another link runs the other way between the same nodes."""
    length_m: Floats
    lanes: Floats
    free_speed_mps: Floats
    outlines: tuple[Outline, ...] = ()
    gates: tuple[DrawnGateway, ...] = ()
    built_m: Floats = field(default_factory=lambda: np.empty((0, 2)))
    """Buildings, points (n, 2)."""
    attribution: str = "© OpenStreetMap contributors, ODbL"
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Zones of each pool of zones."""
    origin: tuple[float, float] = (0.0, 0.0)
    """Longitude and latitude from which local metres count."""

    def zones_in(self, focus: Sequence[str]) -> tuple[str, ...]:
        """The zones of a focus, pools as the zones they stand for."""
        return zones_in(focus, self.pools)

    @property
    def n_links(self) -> int:
        """Number of links."""
        return len(self.link_id)


@dataclass(frozen=True)
class LinkFlows:
    """Flow and delay by link and hour in one scenario, mean over its seeds."""

    network: int
    flow_veh: Floats
    """(n_hours, n_links) vehicles that entered in the hour [veh]."""
    delay_s: Floats
    """(n_hours, n_links) mean time over free flow of those that left [s]; NaN where nobody did."""

    @property
    def day_flow_veh(self) -> Floats:
        """(n_links,) vehicles of the day."""
        return np.asarray(self.flow_veh.sum(axis=0), dtype=np.float64)

    @property
    def day_delay_s(self) -> Floats:
        """(n_links,) mean delay of the day, weighted by flow; NaN where nobody drove."""
        weight = np.where(np.isnan(self.delay_s), 0.0, self.flow_veh)
        total = weight.sum(axis=0)
        summed = (np.nan_to_num(self.delay_s) * weight).sum(axis=0)
        mean: Floats = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
        return mean


@dataclass(frozen=True)
class LinkMap:
    """One picture of a network: what it measures, for whom, and the frame."""

    title: str
    measure: Measure
    scenario: int
    against: int | None = None
    bounds_m: Bounds | None = None
    focus: str = WHOLE
    wide: bool = True
    values: Floats | None = None
    """(n_links,) what makes the colour of a map of residuals; NaN where nothing is known."""


@dataclass(frozen=True)
class HomeMap:
    """One picture of where people live, each home coloured by its minutes to services without a car."""

    title: str
    scenario: int
    network: int
    place_id: tuple[str, ...]
    points_m: Floats
    """(n, 2) homes, as the network's lines are."""
    people: Floats
    minutes: Floats
    bounds_m: Bounds | None = None
    focus: str = WHOLE
    wide: bool = False


@dataclass(frozen=True)
class AccessTable:
    """How well people reach services: a row a group, a service or a way, a column a place or scenario."""

    title: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One stacked bar: a scenario's trips by category, counts."""

    label: str
    parts: Mapping[str, float]
    scenario: int = 0


@dataclass(frozen=True)
class ProfileLine:
    """One line of an hourly profile."""

    label: str
    values: tuple[float | None, ...]
    scenario: int = 0


@dataclass(frozen=True)
class Profile:
    """Values through the day, one line per scenario."""

    title: str
    unit: str
    lines: tuple[ProfileLine, ...]


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, one series per scenario."""

    title: str
    unit: str
    edges: tuple[float, ...]
    lines: tuple[ProfileLine, ...]


@dataclass(frozen=True)
class GroupChange:
    """Who gains and who loses: travellers of a group by change of their own day's travel time."""

    group: str
    n_persons: int
    gain: float
    same: float
    lose: float
    """Shares of the group; they sum to one."""
    mean_change_s: float
    scenario: int = 1
    family: str = "group"
    """What the groups divide by: age, digital skill."""


@dataclass(frozen=True)
class GroupDelay:
    """Delay of a group's car trips in one run: quantiles in seconds."""

    group: str
    n_trips: int
    p10_s: float
    median_s: float
    p90_s: float
    mean_s: float
    family: str = "group"


@dataclass(frozen=True)
class DrawnPicture:
    """What an owner believes of the streets, beside the truth, by link and hour."""

    owner: str
    scenario: int
    what: str
    unit: str
    coverage_links: float
    """Share of links it has any estimate for."""
    coverage_flow: float
    """Share of driven kilometres on those links."""
    bias: float
    """Mean of (belief - truth), as a share of the mean truth."""
    median_error: float
    """Median of |belief - truth| / truth."""
    n_pairs: int
    pairs: tuple[tuple[float, float], ...] = ()
    """Up to a few hundred pairs (truth, belief) for the picture."""
