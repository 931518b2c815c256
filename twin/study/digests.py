"""What names a result: a digest of the truth alone, and another of the indicators.

The truth is dumped in an order and in types that depend on nothing but the truth: rows by outside id,
links by their key, moments in whole milliseconds, little-endian. Knowledge, providers' names, titles,
focus, times taken and versions are outside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np

from twin.behaviour.days import ARRIVED
from twin.clock import HORIZON_MS
from twin.indicators.indicator import IndicatorValue
from twin.indicators.records import DayRecord
from twin.study.on_demand_digest import on_demand_tables
from twin.study.transit_digest import Column, transit_tables
from twin.study.utilities_digest import utilities_tables

_MM_PER_KM = 1_000_000
_MOMENT_BITS = np.int64(27)
"""Bits of a moment in a sort key: 30 hours are less than 2**27 ms."""


def truth_digest(record: DayRecord) -> str:
    """SHA-256 over trips, link entries and exits, and persons' outcomes, each sorted by outside ids.

    Where there is a timetable, also over its calls, its passengers' rides and its buses' passages; where
    vehicles can be called, over calls and those vehicles' passages; where utility networks are reckoned,
    over who fell, who came, who was without and what flowed.
    """
    digest = hashlib.sha256()
    tables = [("trips", _trips(record)), ("passages", _passages(record)), ("persons", _persons(record))]
    if record.transit is not None:
        tables += transit_tables(record, record.transit)
    if record.on_demand is not None:
        tables += on_demand_tables(record, record.on_demand)
    if record.utilities is not None:
        tables += utilities_tables(record.utilities)
    for name, columns in tables:
        digest.update(f"{name}\n".encode())
        for column, dtype, values in columns:
            digest.update(f"{column} {dtype} {values.shape[0]}\n".encode())
            digest.update(np.ascontiguousarray(values.astype(dtype)).data)
    return digest.hexdigest()


def indicators_digest(values: Iterable[IndicatorValue]) -> str:
    """SHA-256 over the indicators of every focus and group, to the last bit of each number."""
    rows = sorted((each.name, each.focus, each.group, each.unit, each.value.hex()) for each in values)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _trips(record: DayRecord) -> list[Column]:
    trip_id = record.population.trips.trip_id
    order = np.argsort(trip_id, kind="stable")
    route_mm = np.rint(np.nan_to_num(record.route_km) * _MM_PER_KM)
    columns: list[Column] = [
        ("trip_id", "<i8", trip_id),
        ("mode", "<i1", record.population.trips.mode),
        ("departed_ms", "<i8", record.departed_ms),
        ("entered_ms", "<i8", record.entered_ms),
        ("arrived_ms", "<i8", record.arrived_ms),
        ("state", "<i1", record.state),
        ("route_mm", "<i8", route_mm),
        ("guided", "<i1", record.guided),
        ("n_reroutes", "<i2", record.n_reroutes),
    ]
    return [(name, dtype, values[order]) for name, dtype, values in columns]


def _passages(record: DayRecord) -> list[Column]:
    """Links left, by (trip id, moment of entry); a trip enters one link at a moment."""
    trip_id = record.population.trips.trip_id
    rank = np.empty(trip_id.shape[0], dtype=np.int64)
    rank[np.argsort(trip_id, kind="stable")] = np.arange(trip_id.shape[0])
    key = (rank[record.event_trip] << _MOMENT_BITS) + record.event_enter_ms
    in_order = bool((key[1:] >= key[:-1]).all())  # as they are where trips stand in the order of their ids
    order = slice(None) if in_order else np.argsort(key, kind="stable")
    link_key = record.territory.streets.link_key
    return [
        ("trip_id", "<i8", trip_id[record.event_trip[order]]),
        ("link_key", "<u8", link_key[record.event_link[order]]),
        ("enter_ms", "<i8", record.event_enter_ms[order]),
        ("exit_ms", "<i8", record.event_exit_ms[order]),
    ]


def _persons(record: DayRecord) -> list[Column]:
    """Per person: trips ended, time away from places until 30:00, moment of the last arrival."""
    person_id = record.population.persons.person_id
    person = record.population.trips.person
    n_persons = person_id.shape[0]
    arrived = record.state == ARRIVED
    until_ms = np.where(record.arrived_ms >= 0, record.arrived_ms, HORIZON_MS)
    travel_ms = np.where(record.departed_ms >= 0, until_ms - record.departed_ms, 0)
    total_ms, last_ms = np.zeros(n_persons, dtype=np.int64), np.full(n_persons, -1, dtype=np.int64)
    np.add.at(total_ms, person, travel_ms)
    np.maximum.at(last_ms, person, record.arrived_ms)
    order = np.argsort(person_id, kind="stable")
    columns: list[Column] = [
        ("person_id", "<i8", person_id),
        ("n_arrived", "<i4", np.bincount(person[arrived], minlength=n_persons)),
        ("travel_ms", "<i8", total_ms),
        ("last_arrival_ms", "<i8", last_ms),
    ]
    return [(name, dtype, values[order]) for name, dtype, values in columns]
