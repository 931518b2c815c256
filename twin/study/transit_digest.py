"""The truth of a day's public transport as tables for the digest: rows by outside ids of runs and trips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.records import DayRecord
from twin.indicators.transit_record import TransitRecord
from twin.kernels.random import keys_of

Column = tuple[str, str, NDArray[np.generic]]
"""Name, little-endian dtype, values."""
Tables = list[tuple[str, list[Column]]]


def transit_tables(record: DayRecord, transit: TransitRecord) -> Tables:
    """Calls by (run, place), rides by (trip, number), buses' passages by (run, place, moment of entry)."""
    run_key = keys_of(transit.timetable.run_id)[transit.run_of_call]
    place = transit.place_of_call
    order = np.lexsort((place, run_key))
    calls: list[Column] = [
        ("run_key", "<u8", run_key[order]),
        ("place", "<i4", place[order]),
        ("arrived_ms", "<i8", transit.arrived_ms[order]),
        ("left_ms", "<i8", transit.left_ms[order]),
        ("passed", "<i1", transit.passed[order]),
        ("boarded", "<i4", transit.boarded[order]),
    ]
    return [
        ("calls", calls),
        ("rides", _rides(record, transit, run_key)),
        ("bus passages", _passages(record, transit, run_key)),
    ]


def _rides(record: DayRecord, transit: TransitRecord, run_key: NDArray[np.uint64]) -> list[Column]:
    n_rides = np.diff(transit.ride_start)
    trip_id = np.repeat(record.population.trips.trip_id[transit.trip], n_rides)
    number = np.arange(trip_id.shape[0]) - np.repeat(transit.ride_start[:-1], n_rides)
    order = np.lexsort((number, trip_id))
    columns: list[Column] = [
        ("trip_id", "<i8", trip_id[order]),
        ("number", "<i2", number[order]),
        ("stranded", "<i1", np.repeat(transit.stranded, n_rides)[order]),
        ("refused", "<i4", transit.refused[order]),
    ]
    for name, call in (("boarded", transit.board_call[order]), ("alighted", transit.alight_call[order])):
        known = call >= 0
        columns.append((f"{name}_run", "<u8", np.where(known, run_key[call], np.uint64(0))))
        columns.append((f"{name}_place", "<i4", np.where(known, transit.place_of_call[call], -1)))
    return columns


def _passages(record: DayRecord, transit: TransitRecord, run_key: NDArray[np.uint64]) -> list[Column]:
    call = transit.leg_call[transit.event_leg]
    order = np.lexsort((transit.event_enter_ms, transit.place_of_call[call], run_key[call]))
    return [
        ("run_key", "<u8", run_key[call][order]),
        ("place", "<i4", transit.place_of_call[call][order]),
        ("link_key", "<u8", record.territory.streets.link_key[transit.event_link[order]]),
        ("enter_ms", "<i8", transit.event_enter_ms[order]),
        ("exit_ms", "<i8", transit.event_exit_ms[order]),
    ]
