"""Alarms that holders of data raise over what cannot be, by what each may see; only where data are false.

A day alone has no earlier days to compare with (these are for `benchmarks.studies.bad_data`): an owner of
counters sees which of them repeat themselves, a provider sees more phones at once than vehicles find room,
and a city to which traffic is given back sees queues told that its counts leave no room for. An alarm is
raised when its holder has what shows it: after the delays of reports, not when what they tell happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twin.clock import HORIZON_S, SLICE_S
from twin.indicators.false_data_record import FalseDataRecord
from twin.indicators.records import ROAD_MANAGER
from twin.knowledge.bad_data_checks import over_storage, reports_by_interval, stuck_evidence
from twin.model.city_day import city_estimate
from twin.sensing.fleets import Fleet
from twin.units import S_PER_H

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


class Alarm(NamedTuple):
    """Who, over which link, when [s]."""

    holder: str
    link: int
    at_s: float


def false_data_record_of(model: TwinModel) -> FalseDataRecord | None:
    """Alarms of the day, and whether they are right; None where nothing is false."""
    made = [model.false_data.made[number] for number in sorted(model.false_data.made)]
    if not made:
        return None
    first: dict[tuple[str, int], float] = {}
    for alarm in _alarms(model):
        key = (alarm.holder, alarm.link)
        first[key] = min(first.get(key, np.inf), alarm.at_s)
    rows = sorted(first.items())
    holder = np.array([key[0] for key, _ in rows], dtype=np.str_)
    link = np.array([key[1] for key, _ in rows], dtype=np.int32)
    at_s = np.array([moment for _, moment in rows])
    right, hours = np.zeros(len(rows), dtype=np.bool_), []
    for falsifier in made:
        mine = np.isin(link, falsifier.streams) & (at_s >= falsifier.span.from_s)
        right |= mine
        hours.append((at_s[mine].min() - falsifier.span.from_s) / S_PER_H if mine.any() else np.nan)
    return FalseDataRecord(holder, link, at_s, right, np.array(hours))


def _alarms(model: TwinModel) -> Iterator[Alarm]:
    for fleet in model.fleets:
        if fleet.kind == "road_counter":
            yield from _repeating(model, fleet)
        elif fleet.kind == "probe":
            yield from _crowded(model, fleet)
    yield from _no_room(model)


def _repeating(model: TwinModel, fleet: Fleet) -> Iterator[Alarm]:
    """Counters whose reports stay the same longer than chance lets any of them in a day."""
    interval_s = int(fleet.settings.interval_s)
    rows = model.state.platform.visible(fleet.dataset.owner, fleet.dataset.name, HORIZON_S)
    reports = reports_by_interval(rows, fleet.link, interval_s, HORIZON_S // interval_s)
    evidence = stuck_evidence(reports, np.nan_to_num(reports, nan=0.0))
    came_s = reports_by_interval(
        rows._replace(result=rows.result_time_s), fleet.link, interval_s, HORIZON_S // interval_s
    )
    limit = np.log(reports.size / float(model.parameters["security.false_alarms"]))
    for sensor in np.flatnonzero((evidence > limit).any(axis=0)).tolist():
        interval = int(np.argmax(evidence[:, sensor] > limit))
        yield Alarm(fleet.dataset.owner, int(fleet.link[sensor]), float(came_s[interval, sensor]))


def _crowded(model: TwinModel, fleet: Fleet) -> Iterator[Alarm]:
    """Links on which more phones reported at one look than vehicles find room: as the one too many comes."""
    n_links = model.territory.streets.n_links
    rows = model.state.platform.visible(fleet.dataset.owner, fleet.dataset.name, HORIZON_S)
    at_look = rows.phenomenon_time_s % model.step_s == 0.0
    look = (rows.phenomenon_time_s[at_look] // model.step_s).astype(np.int64)
    room = float(model.parameters["security.room_margin"]) * model.territory.streets.storage_veh
    link, at_s = too_many(look * n_links + rows.datastream[at_look], rows.result_time_s[at_look], room)
    for one, moment in zip(link.tolist(), at_s.tolist(), strict=True):
        yield Alarm(fleet.dataset.owner, one, moment)


def too_many(cell: np.ndarray, came_s: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Links of cells (look times links plus link, one entry a report) with more reports than room (n_links,),
    and when the first report came for which there was none left [s].

    >>> cell, came_s = np.array([1, 3, 1, 1]), np.array([70.0, 61.0, 65.0, 90.0])
    >>> link, at_s = too_many(cell, came_s, np.array([1.0, 1.5]))
    >>> link.tolist(), at_s.tolist()
    ([1], [70.0])
    """
    order = np.lexsort((came_s, cell))
    cell, came_s = cell[order], came_s[order]
    before = np.arange(len(cell)) - np.searchsorted(cell, cell, side="left")
    link = cell % len(room)
    over = (before + 1 > room[link]) & (before <= room[link])
    return link[over], came_s[over]


def _no_room(model: TwinModel) -> Iterator[Alarm]:
    """Links where the city counts a flow, and is told times, that together need more room than there is.

    The city looks at the end of each slice, at all that it has by then.
    """
    streets = model.territory.streets
    room, margin = streets.storage_veh.astype(np.float64), float(model.parameters["security.room_margin"])

    def over(moment_s: float) -> np.ndarray:
        held = city_estimate(model, moment_s)
        with np.errstate(invalid="ignore"):
            fill = over_storage(held.flow_veh / SLICE_S, streets.length_m / held.speed_mps, room)
            return np.asarray(fill > margin)

    slots, links = np.nonzero(over(HORIZON_S))
    waiting = set(links.tolist())
    for end_s in range((int(slots.min()) + 1) * SLICE_S if waiting else HORIZON_S, HORIZON_S + 1, SLICE_S):
        if not waiting:
            return
        for link in sorted(waiting & set(np.nonzero(over(end_s))[1].tolist())):
            waiting.remove(link)
            yield Alarm(ROAD_MANAGER, link, float(end_s))
