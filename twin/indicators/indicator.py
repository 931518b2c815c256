"""An indicator: a pure function of (record, focus), with its unit, its better direction and its ledger.

A module of this room writes ``@indicator(...)`` above a function that returns a value per group (the
group ``""`` is everybody). A package outside adds any callable ``(record, focus) -> list[IndicatorValue]``
by an entry point in the group ``twin.indicator``.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from twin.indicators.focus import Focus
from twin.registry import Registry

if TYPE_CHECKING:
    from twin.indicators.records import DayRecord

INDICATORS = Registry("indicator")

Better = Literal["lower", "higher", "none"]
Groups = Mapping[str, float]
"""Value by group; ``""`` is everybody."""


@dataclass(frozen=True)
class IndicatorValue:
    """One number with what it takes to read it.

    Parameters
    ----------
    name, value, unit
        What, how much, of what.
    better
        The direction that is better, or ``none``.
    group
        ``""`` for everybody, else ``kind:group``, for example ``age:75+``.
    focus
        Name of a zone, or ``all``.
    assumptions
        Names of the ledger rows that it rests on, of every kind.
    extensive
        Whether it grows with the size of the place, and so is compared per inhabitant.
    """

    name: str
    value: float
    unit: str
    better: Better
    group: str = ""
    focus: str = "all"
    assumptions: tuple[str, ...] = ()
    extensive: bool = False


@dataclass(frozen=True)
class Indicator:
    """A measure and how to read it; called with (record, focus) it gives its values."""

    name: str
    measure: Callable[[DayRecord, Focus], Groups]
    unit: str
    better: Better
    rests_on: tuple[str, ...]
    extensive: bool
    meaning: str

    def __call__(self, record: DayRecord, focus: Focus) -> list[IndicatorValue]:
        """Its value for each group for which there is one."""
        assumptions = ledger_names(record, self.rests_on)
        return [
            IndicatorValue(
                self.name,
                float(value),
                self.unit,
                self.better,
                group,
                focus.name,
                assumptions,
                self.extensive,
            )
            for group, value in self.measure(record, focus).items()
            if math.isfinite(value)
        ]


def indicator(
    unit: str, better: Better, rests_on: tuple[str, ...], extensive: bool = False
) -> Callable[[Callable[[DayRecord, Focus], Groups]], Indicator]:
    """Make a function an indicator and enter it into the registry under the function's name.

    Parameters
    ----------
    rests_on
        Shell patterns of the ledger names behind the number, for example ``population.*``.
    extensive
        Whether the number grows with the size of the place.
    """

    def enter(measure: Callable[[DayRecord, Focus], Groups]) -> Indicator:
        name = measure.__name__
        meaning = (measure.__doc__ or "").strip().splitlines()[0]
        made = Indicator(name, measure, unit, better, rests_on, extensive, meaning)
        INDICATORS.add(name, made)
        return made

    return enter


def ledger_names(record: DayRecord, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the ledger rows that match any of the patterns, sorted."""
    return _matching(tuple(record.parameters), patterns)


@lru_cache(maxsize=256)
def _matching(names: tuple[str, ...], patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for pattern in patterns for name in fnmatch.filter(names, pattern)}))
