"""What parking was to drivers where it is limited: search, walk back, fees, spaces taken."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, mean, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.records import DayRecord

PARKING = (*TRAFFIC, "parking.*", "territory.*")
"""What parking rests on: supply by the territory's and the room's own rows, and traffic."""


@indicator("s/trip", "lower", PARKING)
def parking_search_time(record: DayRecord, focus: Focus) -> Groups:
    """Driving beyond the destination for a free space, over trips by car that parked (0 where at hand)."""
    return {} if record.parking is None else _mean_of(record, focus, record.parking.search_s)


@indicator("s/trip", "lower", PARKING)
def parking_walk_time(record: DayRecord, focus: Focus) -> Groups:
    """Walk from the space to the destination, over trips by car that parked."""
    return {} if record.parking is None else _mean_of(record, focus, record.parking.walk_s)


@indicator("share", "lower", PARKING)
def parking_searchers(record: DayRecord, focus: Focus) -> Groups:
    """Share of trips by car whose drivers drove on from the destination for a space, or found none at all."""
    if record.parking is None:
        return {}
    looked = record.parking.searched | (record.parking.found == 0)
    return _mean_of(record, focus, looked.astype(np.float64))


@indicator("trips", "lower", PARKING, extensive=True)
def parking_unserved(record: DayRecord, focus: Focus) -> Groups:
    """Trips by car that found no space within the longest search, and stop where they may not."""
    if record.parking is None:
        return {}
    return {EVERYBODY: float((_parked(record, focus) & (record.parking.found == 0)).sum())}


@indicator("EUR", "none", PARKING, extensive=True)
def parking_fees(record: DayRecord, focus: Focus) -> Groups:
    """Fees of the stays that follow trips by car."""
    if record.parking is None:
        return {}
    return {EVERYBODY: float(record.parking.fee_eur[_parked(record, focus)].sum())}


@indicator("share", "none", PARKING)
def parking_occupancy(record: DayRecord, focus: Focus) -> Groups:
    """Share of the spaces of the focus's streets and car parks that are taken when most are."""
    if record.parking is None:
        return {}
    rows = slice(None) if focus.is_whole else list(focus.zones)
    taken, spaces = record.parking.taken[:, rows].sum(axis=1), record.parking.spaces[rows].sum()
    return {EVERYBODY: ratio(float(taken.max(initial=0)), float(spaces))}


def _parked(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    assert record.parking is not None
    return np.asarray(focus.trips(record) & record.parking.parked)


def _mean_of(record: DayRecord, focus: Focus, values: NDArray[np.float64]) -> Groups:
    return {EVERYBODY: mean(values[_parked(record, focus)])}
