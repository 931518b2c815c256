"""How full vehicles are: who was left behind, how many shared the seats, and what the minutes counted as."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.clock import MS
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.records import DayRecord
from twin.indicators.transit import RIDING
from twin.indicators.transit_record import TransitRecord
from twin.mobility.crowding import perceived_factor
from twin.units import S_PER_MIN


@indicator("boardings", "lower", RIDING, extensive=True)
def denied_boardings(record: DayRecord, focus: Focus) -> Groups:
    """Times that passengers of the focus saw a run leave without them because it was full."""
    transit = record.transit
    if transit is None:
        return {}
    mine = focus.trips(record)[_trip_of_ride(transit)]
    return {EVERYBODY: float(transit.refused[mine].sum())}


@indicator("share", "lower", RIDING)
def passengers_left_behind(record: DayRecord, focus: Focus) -> Groups:
    """Share of trips by the timetable's lines to which that happened at least once."""
    transit = record.transit
    if transit is None:
        return {}
    refused = np.bincount(_trip_of_ride(transit), weights=transit.refused, minlength=record.n_trips) > 0
    return ratios(record, focus.trips(record) & _rides(record, transit), refused)


@indicator("passengers/seat", "none", RIDING)
def load_factor(record: DayRecord, focus: Focus) -> Groups:
    """Passengers over seats, on the mean over hours under way, and of the fullest run; whole area only."""
    transit = record.transit
    if transit is None or not focus.is_whole:
        return {}
    under_way_s, _ = _stretches_s(transit)
    seats = transit.seats[transit.run_of_call]
    mean = ratio(float((under_way_s * transit.load).sum()), float((under_way_s * seats).sum()))
    moves = (under_way_s > 0.0) & (seats > 0)
    fullest = float((transit.load[moves] / seats[moves]).max()) if moves.any() else float("nan")
    return {EVERYBODY: mean, "run:fullest": fullest}


@indicator("person min", "lower", RIDING, extensive=True)
def crowded_time(record: DayRecord, focus: Focus) -> Groups:
    """Minutes that passengers of the focus rode in vehicles with more passengers than seats."""
    transit = record.transit
    if transit is None:
        return {}
    packed = (transit.load > transit.seats[transit.run_of_call]).astype(np.float64)
    mine = focus.trips(record)[_trip_of_ride(transit)]
    return {EVERYBODY: float(_aboard_s(transit, packed)[mine].sum()) / S_PER_MIN}


@indicator("ratio", "lower", (*RIDING, "transit.crowding_*"))
def perceived_ride_time(record: DayRecord, focus: Focus) -> Groups:
    """What time aboard counted as among so many passengers, over what it took (Wardman & Whelan 2011)."""
    transit = record.transit
    if transit is None:
        return {}
    factor = perceived_factor(transit.load, transit.seats[transit.run_of_call], record.parameters)
    trip, n = _trip_of_ride(transit), record.n_trips
    perceived_s, real_s = (
        np.asarray(np.bincount(trip, weights=_aboard_s(transit, each), minlength=n), dtype=np.float64)
        for each in (factor, np.ones(factor.shape[0]))
    )
    return ratios(record, focus.trips(record) & (real_s > 0.0), perceived_s, real_s)


def _rides(record: DayRecord, transit: TransitRecord) -> NDArray[np.bool_]:
    rides = np.zeros(record.n_trips, dtype=np.bool_)
    rides[transit.trip] = True
    return rides


def _trip_of_ride(transit: TransitRecord) -> NDArray[np.int64]:
    """Trip of each ride (n_rides,)."""
    return np.repeat(transit.trip, np.diff(transit.ride_start))


def _stretches_s(transit: TransitRecord) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time under way from each call to the next at which the run called, and time stood there (n_calls,)."""
    under_way_s, stood_s = np.zeros(transit.left_ms.shape[0]), np.zeros(transit.left_ms.shape[0])
    called = np.flatnonzero(transit.arrived_ms >= 0)
    here, beyond = called[:-1], called[1:]
    goes = (transit.run_of_call[here] == transit.run_of_call[beyond]) & (transit.left_ms[here] >= 0)
    here, beyond = here[goes], beyond[goes]
    under_way_s[here] = np.maximum(transit.arrived_ms[beyond] - transit.left_ms[here], 0) / MS
    stood_s[here] = np.maximum(transit.left_ms[here] - transit.arrived_ms[here], 0) / MS
    return under_way_s, stood_s


def _aboard_s(transit: TransitRecord, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time that each ride took aboard (n_rides,), weighted by call (n_calls,); nought if it did not end."""
    under_way_s, stood_s = _stretches_s(transit)
    rides, stands = (np.concatenate([[0.0], np.cumsum(each * weight)]) for each in (under_way_s, stood_s))
    ended = (transit.alight_call >= 0) & (transit.alight_call > transit.board_call)
    board, alight = np.where(ended, transit.board_call, 0), np.where(ended, transit.alight_call, 0)
    on_the_way = stands[alight] - stands[np.minimum(board + 1, alight)]
    return np.asarray(np.where(ended, rides[alight] - rides[board] + on_the_way, 0.0))
