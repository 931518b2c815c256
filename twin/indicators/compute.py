"""All indicators of a day, for each focus."""

from __future__ import annotations

from collections.abc import Sequence

from twin.indicators import (
    access,
    books,
    charging,
    crowding,
    false_data,
    fares,
    fleets,
    footprint,
    guidance,
    meters,
    on_demand,
    park_and_ride,
    parking,
    pictures,
    routes,
    rules,
    schools,
    services,
    traffic,
    transit,
    travel,
    utilities_networks,
    utilities_people,
)
from twin.indicators.focus import every_focus, focuses_of
from twin.indicators.indicator import INDICATORS, IndicatorValue
from twin.indicators.records import DayRecord

HOME_MODULES = (
    travel,
    traffic,
    transit,
    crowding,
    false_data,
    fares,
    on_demand,
    guidance,
    routes,
    footprint,
    pictures,
    access,
    services,
    books,
    meters,
    fleets,
    park_and_ride,
    schools,
    parking,
    rules,
    charging,
    utilities_networks,
    utilities_people,
)
"""The modules whose indicators enter the registry as they are imported."""


def compute(record: DayRecord, focus: str | Sequence[str] = "all") -> list[IndicatorValue]:
    """Every indicator for each zone the focus names and for the whole area.

    In the order of the indicators' names, then of the focus, then as each indicator orders its groups.
    """
    focuses = focuses_of(record.territory, focus)
    return _values(record, [each.name for each in focuses])


def compute_everywhere(record: DayRecord) -> list[IndicatorValue]:
    """Every indicator for each zone of the territory and for the whole: any focus can be read from it."""
    return _values(record, [each.name for each in every_focus(record.territory)])


def _values(record: DayRecord, names: Sequence[str]) -> list[IndicatorValue]:
    by_name = {each.name: each for each in every_focus(record.territory)}
    return [
        value
        for kind in INDICATORS.names()
        for name in names
        for value in INDICATORS.get(kind, "indicators")(record, by_name[name])
    ]
