"""Through traffic on named links: who drives there without an end there, when, and which way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.clock import MS
from twin.errors import InputError
from twin.indicators.focus import Focus
from twin.indicators.records import DayRecord
from twin.units import S_PER_H

DIRECTIONS = ("northbound", "eastbound", "southbound", "westbound")


def through_vehicle_km(
    record: DayRecord,
    links: NDArray[np.int32],
    focus: Focus,
    hours: tuple[float, float] = (0.0, 30.0),
    guided_only: bool = False,
    direction: str | None = None,
) -> float:
    """Vehicle-km on some links by trips with neither end in the focus.

    Parameters
    ----------
    links
        Read, rows of links.
    focus
        The zone in which through trips have no end; of the whole area: no end at any place.
    hours
        Passages that begin in [from, until) count [h].
    guided_only
        Only trips that followed at least one advice.
    direction
        One of `DIRECTIONS`, or None for all. A trip's direction is that from where it first enters the
        links to where it last leaves them: bends of a mountain road do not matter. Eastbound and
        westbound are all trips but those that end due north or south of where they began.
    """
    trips = focus.through_trips(record)
    if guided_only:
        trips = trips & record.guided
    return vehicle_km_of(record, links, trips, hours, direction)


def vehicle_km_of(
    record: DayRecord,
    links: NDArray[np.int32],
    trips: NDArray[np.bool_],
    hours: tuple[float, float] = (0.0, 30.0),
    direction: str | None = None,
) -> float:
    """Vehicle-km on some links by some trips (n_trips,) in some hours; see `through_vehicle_km`."""
    named = np.zeros(record.territory.streets.n_links, dtype=np.bool_)
    named[links] = True
    from_ms, until_ms = (round(hour * S_PER_H * MS) for hour in hours)
    chosen = named[record.event_link] & trips[record.event_trip]
    chosen &= (record.event_enter_ms >= from_ms) & (record.event_enter_ms < until_ms)
    events = np.flatnonzero(chosen)
    if direction is not None:
        events = events[_heads(record, events, direction)]
    return float(record.territory.streets.length_m[record.event_link[events]].sum()) / 1_000.0


def _heads(record: DayRecord, events: NDArray[np.int64], direction: str) -> NDArray[np.bool_]:
    """(n_events,) whether the trip of each passage heads that way over all these passages."""
    if direction not in DIRECTIONS:
        raise InputError("direction", f"no direction {direction!r}", "one of " + ", ".join(DIRECTIONS))
    streets = record.territory.streets
    order = events[np.lexsort((record.event_enter_ms[events], record.event_trip[events]))]
    trip, link = record.event_trip[order], record.event_link[order]
    is_first = np.diff(trip, prepend=-1) != 0
    is_last = np.diff(trip, append=-1) != 0
    along = streets.node_x_m if direction in ("eastbound", "westbound") else streets.node_y_m
    sign = 1.0 if direction in ("eastbound", "northbound") else -1.0
    gain = sign * (along[streets.head[link[is_last]]] - along[streets.tail[link[is_first]]])
    heading = np.zeros(record.n_trips, dtype=np.bool_)
    heading[trip[is_first]] = gain > 0
    return heading[record.event_trip[events]]
