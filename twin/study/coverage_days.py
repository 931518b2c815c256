"""Days that differ, kept small: what an estimator is fed with, and judged by.

Of each date only what estimators and their judge need: links left and time on them by slice, and passages
of some persons' phones. A date that is kept is not lived again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np

from twin.clock import N_HOURS, SLICES_PER_H
from twin.conditions.calendar import calendar_day
from twin.indicators.records import DayRecord
from twin.kernels.random import stream_of, uniforms
from twin.scenario.scenario import REPORTED_ONLY, Scenario
from twin.study.dated_days import dated_days
from twin.study.digests import truth_digest
from twin.study.keys import stamp_of_ground

PHONES_SHARE = 0.2
"""Of car trips whose passages are kept: no share of phones above it can be asked for."""
_PHONE = stream_of("study.coverage.phone")
_OUTSIDE_KEY = (*REPORTED_ONLY, "date", "month", "parameters")
_KNOWING = ("knowledge.", "sensing.")
"""Rows of the ledger that change what is known of a day, never the day."""


@dataclass(frozen=True, eq=False)
class KeptDay:
    """One date: flows, times and phones.

    exits (N_SLICES, n_links) vehicles; time_ms likewise, their times summed. Phones' passages, rows by trip
    and moment: phone_draw float32 (one a person, below `PHONES_SHARE`; low ones are in any larger share),
    phone_trip, phone_link, phone_left_ms, phone_time_ms.
    """

    date: str
    kind: int
    digest: str
    exits: np.ndarray
    time_ms: np.ndarray
    phone_draw: np.ndarray
    phone_trip: np.ndarray
    phone_link: np.ndarray
    phone_left_ms: np.ndarray
    phone_time_ms: np.ndarray

    @property
    def flow_veh(self) -> np.ndarray:
        """Vehicles that left each link by hour (30, n_links)."""
        return np.asarray(self.exits.reshape(N_HOURS, SLICES_PER_H, -1).sum(axis=1), dtype=np.float64)

    @property
    def travel_time_s(self) -> np.ndarray:
        """Mean time on each link by hour (30, n_links) [s], NaN where nobody left it."""
        time_ms = self.time_ms.reshape(N_HOURS, SLICES_PER_H, -1).sum(axis=1)
        flow = self.flow_veh
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(flow > 0, time_ms / flow / 1_000.0, np.nan))

    @classmethod
    def of(cls, date: dt.date, kind: int, record: DayRecord) -> Self:
        """What is kept of a day that was lived."""
        return cls(
            date=date.isoformat(),
            kind=kind,
            digest=truth_digest(record),
            exits=record.exits,
            time_ms=record.time_ms,
            **_phones(record),
        )

    def write(self, path: Path) -> None:
        """Write the whole file, or leave it."""
        beside = path.with_suffix(".part")
        with beside.open("wb") as file:
            np.savez_compressed(file, **{each.name: getattr(self, each.name) for each in fields(self)})
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """A day that was kept."""
        with np.load(path, allow_pickle=False) as kept:
            columns = {each.name: kept[each.name] for each in fields(cls)}
        plain = {"date": str(columns["date"]), "kind": int(columns["kind"]), "digest": str(columns["digest"])}
        return cls(**{**columns, **plain})


def nobody(words: str) -> None:
    """Tell nobody."""


def kept_days(
    scenario: Scenario,
    dates: Sequence[dt.date],
    seed: int,
    folder: Path,
    threads: int = 1,
    told: Callable[[str], None] = nobody,
) -> Iterator[KeptDay]:
    """The dates of a place and a seed in their order, lived where the folder has them not yet.

    ``told`` hears of each date that was lived.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {date: folder / f"{_key(scenario, seed)}-{date.isoformat()}.npz" for date in dates}
    missing = [date for date in dates if not paths[date].is_file()]
    ledger = scenario.ledger()
    for day in dated_days(scenario, missing, seed, threads=threads) if missing else ():
        date = day.conditions.calendar.date
        KeptDay.of(date, calendar_day(date, ledger).kind, day.record).write(paths[date])
        told(f"lived {date}")
    for date in dates:
        yield KeptDay.read(paths[date])


def _key(scenario: Scenario, seed: int) -> str:
    """What a kept day depends on, the code left out: whoever changes the code empties the folder."""
    rows = [
        f"{row.name}={row.value}" for row in scenario.ledger().rows() if not row.name.startswith(_KNOWING)
    ]
    asked = {name: value for name, value in scenario.resolved().items() if name not in _OUTSIDE_KEY}
    told = json.dumps(asked, sort_keys=True)
    parts = (stamp_of_ground(scenario), told, *rows, str(seed))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _phones(record: DayRecord) -> dict[str, np.ndarray]:
    """Passages of the persons whose draw is below `PHONES_SHARE`."""
    draw = uniforms(record.seed, _PHONE, record.population.persons.person_key)
    of_trip = draw[record.population.trips.person]
    row = np.flatnonzero(of_trip[record.event_trip] < PHONES_SHARE)
    trip = record.event_trip[row]
    left_ms = record.event_exit_ms[row].astype(np.int32)
    return {
        "phone_draw": of_trip[trip].astype(np.float32),
        "phone_trip": trip,
        "phone_link": record.event_link[row].astype(np.int32),
        "phone_left_ms": left_ms,
        "phone_time_ms": left_ms - record.event_enter_ms[row].astype(np.int32),
    }


def dates_of_year(year: int, seed: int, count: int, beyond: dt.date) -> list[dt.date]:
    """So many dates of a year after a date, drawn by seed, no two alike."""
    days = [dt.date(year, 1, 1) + dt.timedelta(days=day) for day in range(365)]
    open_days = [day for day in days if day > beyond]
    key = np.array([day.toordinal() for day in open_days], dtype=np.uint64)
    order = np.argsort(uniforms(seed, stream_of("study.coverage.date"), key), kind="stable")
    return [open_days[row] for row in order[:count].tolist()]
