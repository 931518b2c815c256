"""Whom and what an indicator is about: a zone or pool of zones, its inhabitants and links; or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.indicators.once import once

if TYPE_CHECKING:
    from twin.indicators.records import DayRecord
    from twin.territory.territory import Territory

WHOLE = "all"
"""Name of the focus that is the whole area."""


@dataclass(frozen=True)
class Focus:
    """A zone or a pool of zones by name and rows, or the whole area (no row).

    Of a zone or pool, the people are its inhabitants. Of the whole area they are all who travel, those who
    come in by gateways included.
    """

    name: str
    zones: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether this is the whole area."""
        return not self.zones

    def persons(self, record: DayRecord) -> NDArray[np.bool_]:
        """(n_persons,) who belongs to the focus."""
        return _persons(record, self)

    def trips(self, record: DayRecord) -> NDArray[np.bool_]:
        """(n_trips,) trips made by the people of the focus."""
        return _trips(record, self)

    def links(self, record: DayRecord) -> NDArray[np.bool_]:
        """(n_links,) links that lie in the focus."""
        return _links(record, self)

    def through_trips(self, record: DayRecord) -> NDArray[np.bool_]:
        """(n_trips,) trips with neither end at a place in the focus."""
        return _through_trips(record, self)


@once
def _persons(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    return _within(focus, record.population.persons.zone)


@once
def _trips(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    return np.asarray(_persons(record, focus)[record.population.trips.person])


@once
def _links(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    return _within(focus, record.territory.streets.zone)


@once
def _through_trips(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    if focus.is_whole:
        trips = record.population.trips
        return np.asarray((trips.origin_place < 0) & (trips.destination_place < 0))
    origin, destination = record.ends_in_zone
    return ~_within(focus, origin) & ~_within(focus, destination)


def _within(focus: Focus, zone: NDArray[np.integer]) -> NDArray[np.bool_]:
    return np.ones(zone.shape[0], dtype=np.bool_) if focus.is_whole else np.isin(zone, focus.zones)


def every_focus(territory: Territory) -> tuple[Focus, ...]:
    """All zones of a territory, its pools of zones, then the whole."""
    zones = territory.zones
    pools = (Focus(name, tuple(zones.name.index(each) for each in members)) for name, members in zones.pools)
    return (*(Focus(name, (row,)) for row, name in enumerate(zones.name)), *pools, Focus(WHOLE, ()))


def focuses_of(territory: Territory, focus: str | Sequence[str], where: str = "focus") -> tuple[Focus, ...]:
    """The zones and pools a scenario's focus names, then the whole; an `InputError` names those there are."""
    named = (focus,) if isinstance(focus, str) else tuple(focus)
    known = {each.name: each for each in every_focus(territory)}
    for name in named:
        if name not in known:
            raise InputError(where, f"no zone {name!r}", "one of " + ", ".join(known))
    return tuple(known[name] for name in dict.fromkeys((*named, WHOLE)))
