"""What the day was to those who travel: trips done, time spent, time lost, modes, waiting."""

from __future__ import annotations

import numpy as np

from twin.behaviour.days import ARRIVED
from twin.clock import HORIZON_MS
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, SKILL_GROUPS, ratio, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import DEMAND, TRAFFIC
from twin.indicators.records import DayRecord
from twin.population.tables import MODES, MODES_MADE
from twin.units import MS_PER_H, S_PER_H


@indicator("trips", "none", DEMAND, extensive=True)
def planned_trips(record: DayRecord, focus: Focus) -> Groups:
    """Trips planned for the day, every mode: ``n``."""
    return {EVERYBODY: float(focus.trips(record).sum())}


@indicator("share", "higher", TRAFFIC)
def completed_trips(record: DayRecord, focus: Focus) -> Groups:
    """Share of all planned trips, every mode, that ended by 30:00: ``n_arrived / n_planned``.

    Trips that could not enter, found no path or never began count as not completed.
    """
    return ratios(record, focus.trips(record), record.state == ARRIVED)


@indicator("ratio", "lower", TRAFFIC)
def mean_car_time_over_free_flow(record: DayRecord, focus: Focus) -> Groups:
    """Time of car trips over their free-flow time: ``sum(elapsed) / sum(free flow)``.

    Waiting at origins and gates counts, and a trip that has not ended counts until 30:00.
    """
    return ratios(record, focus.trips(record) & record.comparable, record.elapsed_s, record.free_flow_s)


@indicator("s/trip", "lower", TRAFFIC)
def mean_delay(record: DayRecord, focus: Focus) -> Groups:
    """Time over free flow per car trip: ``sum(elapsed - free flow) / n``, counted as above."""
    return ratios(record, focus.trips(record) & record.comparable, record.delay_s)


@indicator("s/trip", "lower", TRAFFIC)
def skill_gap_of_delay(record: DayRecord, focus: Focus) -> Groups:
    """Delay per car trip of people without digital skill, less that of people with advanced skill."""
    delay = ratios(record, focus.trips(record) & record.comparable, record.delay_s)
    nan = float("nan")
    return {EVERYBODY: delay.get(SKILL_GROUPS[0], nan) - delay.get(SKILL_GROUPS[-1], nan)}


@indicator("h", "lower", TRAFFIC, extensive=True)
def person_time(record: DayRecord, focus: Focus) -> Groups:
    """Hours spent travelling by those who left their origin, in all and by mode."""
    chosen = focus.trips(record) & (record.departed_ms >= 0)
    hours = np.bincount(
        record.population.trips.mode[chosen], weights=record.elapsed_s[chosen], minlength=len(MODES_MADE)
    )
    by_mode = {f"mode:{mode}": hours[row] / S_PER_H for row, mode in enumerate(_modes(record))}
    return {EVERYBODY: hours.sum() / S_PER_H, **by_mode}


@indicator("share", "none", DEMAND)
def mode_share(record: DayRecord, focus: Focus) -> Groups:
    """Share of planned trips by mode: ``n_mode / n``."""
    count = np.bincount(record.population.trips.mode[focus.trips(record)], minlength=len(MODES_MADE))
    return {f"mode:{mode}": ratio(count[row], count.sum()) for row, mode in enumerate(_modes(record))}


@indicator("km/person", "higher", DEMAND)
def active_travel(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres walked and cycled by completed trips, per person of the focus."""
    trips = record.population.trips
    active = np.isin(trips.mode, [MODES.index("walk"), MODES.index("cycle")])
    done = focus.trips(record) & active & (record.state == ARRIVED)
    return {EVERYBODY: ratio(trips.distance_m[done].sum() / 1_000.0, focus.persons(record).sum())}


@indicator("h", "lower", TRAFFIC, extensive=True)
def waiting_to_enter(record: DayRecord, focus: Focus) -> Groups:
    """Hours that vehicles wait before their first link, in all, at origins and at gates (vertical queues).

    ``sum(entered - departed)``; who has not entered waits until 30:00.
    """
    chosen = focus.trips(record) & record.by_car & (record.departed_ms >= 0)
    if record.transit is not None:
        chosen &= ~record.transit.rides_first  # who rides to the car has not waited for the street meanwhile
    until_ms = np.where(record.entered_ms >= 0, record.entered_ms, HORIZON_MS)
    hours = np.where(chosen, until_ms - record.departed_ms, 0) / MS_PER_H
    at_gate = record.population.trips.origin_place < 0
    at_gates, at_origins = float(hours[at_gate].sum()), float(hours[~at_gate].sum())
    return {EVERYBODY: at_origins + at_gates, "where:origins": at_origins, "where:gates": at_gates}


@indicator("veh", "lower", TRAFFIC)
def longest_queue_to_enter(record: DayRecord, focus: Focus) -> Groups:
    """Most vehicles that waited at one moment, at all origins and at all gates; of the whole area only."""
    if not focus.is_whole:
        return {}
    return {
        "where:origins": float(record.max_origin_queue_veh),
        "where:gates": float(record.max_gate_queue_veh),
    }


def _modes(record: DayRecord) -> tuple[str, ...]:
    """Modes in which trips of that day may be made."""
    return MODES if record.on_demand is None else MODES_MADE
