"""What a report draws of utility networks that fail, as values; numbers as in `twin.report.drawn`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.report.drawn import WHOLE, AccessTable, Bounds, Floats
from twin.study.utilities_story import StoryLine

SOME = 1e-6


@dataclass(frozen=True)
class ServedCurve:
    """Share of inhabitants who have a service, as steps: from each hour on."""

    service: str
    hours: tuple[float, ...]
    served: tuple[float, ...]


@dataclass(frozen=True)
class OutageMap:
    """Places that are ever without power, water or mobile, those that share their day together.

    `lost` has for each of these sets a digit for each quarter of an hour, with a bit for each of power, water
    and mobile (1, 2, 4); `people` is its inhabitants.
    """

    title: str
    network: int
    points_m: tuple[Floats, ...]
    lost: tuple[str, ...]
    people: tuple[float, ...]
    bounds_m: Bounds | None = None
    focus: str = WHOLE

    @property
    def worst(self) -> int:
        """The quarter in which most services are gone, counted over inhabitants; the first of several."""
        bits = np.array([[int(digit).bit_count() for digit in each] for each in self.lost])
        weight = np.array(self.people) + SOME  # where nobody lives, places count
        return int((bits * weight[:, None]).sum(axis=0).argmax())


@dataclass(frozen=True)
class Dependence:
    """A loss of one service in two runs that differ in the fallback by hand, and the share it saves."""

    service: str
    digital: float
    by_hand: float
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Outage:
    """One scenario's day of the networks, of its first seed."""

    scenario: int
    story: tuple[StoryLine, ...]
    n_more: int
    curves: tuple[ServedCurve, ...]
    losses: AccessTable
    map: OutageMap | None
    dependence: tuple[Dependence, ...] = ()
