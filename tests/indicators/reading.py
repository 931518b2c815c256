"""Reading indicators in tests."""

from __future__ import annotations

from collections.abc import Sequence

from twin.indicators.compute import compute_everywhere
from twin.indicators.indicator import IndicatorValue
from twin.indicators.records import DayRecord

Values = dict[tuple[str, str, str], float]
"""Value by indicator, focus and group."""


def values_of(record: DayRecord) -> Values:
    """All indicators of a day, of every focus."""
    return by_name(compute_everywhere(record))


def by_name(values: Sequence[IndicatorValue]) -> Values:
    """Values by (indicator, focus, group)."""
    found = {(each.name, each.focus, each.group): each.value for each in values}
    assert len(found) == len(values), "two values of one name, focus and group"
    return found
