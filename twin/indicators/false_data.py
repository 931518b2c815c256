"""Alarms over false data on a day with faults or attacks: how many, how many rightly, how soon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import KNOWLEDGE
from twin.indicators.records import DayRecord

RESTS_ON = (*KNOWLEDGE, "security.*")


@indicator("alarms", "none", RESTS_ON)
def false_data_alarms(record: DayRecord, focus: Focus) -> Groups:
    """Links over which a holder of data raised an alarm, by holder, on a day with false data."""
    if record.false_data is None:
        return {}
    holders = record.false_data.holder[_inside(record, focus)]
    found = {f"owner:{name}": float((holders == name).sum()) for name in np.unique(holders).tolist()}
    return {EVERYBODY: float(len(holders)), **found}


@indicator("share", "higher", RESTS_ON)
def false_data_alarms_right(record: DayRecord, focus: Focus) -> Groups:
    """Share of the alarms over links where data were false by then; the others cost a visit for nothing."""
    told = record.false_data
    right = np.zeros(0) if told is None else told.right[_inside(record, focus)]
    return {EVERYBODY: float(right.mean())} if len(right) else {}


@indicator("share", "higher", RESTS_ON)
def false_data_found(record: DayRecord, focus: Focus) -> Groups:
    """Faults and attacks of the day over which at least one right alarm was raised."""
    told = record.false_data
    if told is None or not focus.is_whole:
        return {}
    return {EVERYBODY: float(np.isfinite(told.hours_to_detect).mean())}


@indicator("h", "lower", RESTS_ON)
def false_data_hours_to_detect(record: DayRecord, focus: Focus) -> Groups:
    """Median hours from the begin of a fault or attack to the first right alarm, of those found."""
    told = record.false_data
    if told is None or not focus.is_whole or not np.isfinite(told.hours_to_detect).any():
        return {}
    return {EVERYBODY: float(np.nanmedian(told.hours_to_detect))}


def _inside(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    """Alarms over links in the focus (n_alarms,)."""
    link = np.zeros(0, dtype=np.int32) if record.false_data is None else record.false_data.link
    zone = record.territory.streets.zone[link]
    return np.ones(len(link), dtype=np.bool_) if focus.is_whole else np.isin(zone, focus.zones)
