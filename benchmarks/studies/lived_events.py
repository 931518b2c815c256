"""Events of dated days, lived once and kept on disk: what sensors of many seeds are then shown.

A day is kept as one file: every link left by a car, by whom, when and after how long. Sensors, faults and
attacks are drawn over it by seed; the traffic itself is the simulator's.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from twin.clock import MS
from twin.conditions.calendar import DAY_KINDS, calendar_day
from twin.indicators.records import DayRecord
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.study.dated_days import DatedDay, dated_days
from twin.study.habits import cache_folders
from twin.study.run import world_of, world_of_days
from twin.units import MS_PER_H
from twin.utilities.demand import POWER, WATER


class LivedDay(NamedTuple):
    """One date's passages by car, by moment of exit: trip and link rows int32, exit and duration int32 [ms].

    trip_key uint64 (n_trips,): the random keys of trips. water_l, power_kwh float32 (24, n_places): what
    places drew, by hour.
    """

    date: dt.date
    trip: np.ndarray
    link: np.ndarray
    exit_ms: np.ndarray
    time_ms: np.ndarray
    trip_key: np.ndarray
    water_l: np.ndarray
    power_kwh: np.ndarray


def school_days(first: dt.date, n_days: int) -> list[dt.date]:
    """So many weekdays from a date on, holidays of workers and of pupils left out."""
    ledger, days = Parameters.defaults(), []
    while len(days) < n_days:
        day = calendar_day(first, ledger)
        if DAY_KINDS[day.kind] == "weekday" and not day.school_holidays:
            days.append(first)
        first += dt.timedelta(days=1)
    return days


def kept_days(scenario: Scenario, dates: Sequence[dt.date], seed: int, folder: Path) -> Iterator[LivedDay]:
    """The dates in order, read where they stand in the folder, lived and kept where not."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [date for date in dates if not _file(folder, date).is_file()]
    lived = _lived(scenario, missing, seed)
    for date in dates:
        if date in missing:
            _keep(folder, next(lived))
        yield _read(folder, date)


def default_folder(name: str) -> Path:
    """Where lived days of a territory are kept for this user."""
    return cache_folders()[0].parent / "lived" / name


def _lived(scenario: Scenario, dates: Sequence[dt.date], seed: int) -> Iterator[DatedDay]:
    if not dates:
        return iter(())
    folders = cache_folders()
    plain = scenario.model_copy(update={"date": None})
    usual = world_of_days(plain, seed, world_of(plain, seed, folders=folders), 1, folders)
    return dated_days(plain, dates, seed, usual=usual)


def _file(folder: Path, date: dt.date) -> Path:
    return folder / f"{date.isoformat()}.npz"


def _keep(folder: Path, day: DatedDay) -> None:
    record = day.record
    order = np.argsort(record.event_exit_ms, kind="stable")
    columns = {
        "trip": record.event_trip[order].astype(np.int32),
        "link": record.event_link[order].astype(np.int32),
        "exit_ms": record.event_exit_ms[order].astype(np.int32),
        "time_ms": (record.event_exit_ms - record.event_enter_ms)[order].astype(np.int32),
        "trip_key": record.population.trips.trip_key,
        "water_l": _drawn(record, WATER),
        "power_kwh": _drawn(record, POWER),
    }
    path = _file(folder, day.conditions.calendar.date)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, **columns)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _drawn(record: DayRecord, utility: str) -> np.ndarray:
    drawn = [record.consumption.between(utility, h * MS_PER_H, (h + 1) * MS_PER_H) for h in range(24)]
    return np.array(drawn, dtype=np.float32)


def _read(folder: Path, date: dt.date) -> LivedDay:
    with np.load(_file(folder, date), allow_pickle=False) as kept:
        return LivedDay(date, *(kept[name] for name in LivedDay._fields[1:]))


def exits_by(day: LivedDay, interval_s: int, n_links: int, horizon_s: int) -> np.ndarray:
    """Vehicles that left each link by interval (n_intervals, n_links) int32."""
    n = horizon_s // interval_s
    slot = day.exit_ms // (interval_s * MS)
    cell = slot.astype(np.int64) * n_links + day.link
    return np.bincount(cell[slot < n], minlength=n * n_links).reshape(n, n_links).astype(np.int32)
