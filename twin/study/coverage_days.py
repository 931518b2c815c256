"""Days that differ, kept small: what an estimator is fed with, and judged by.

Of each date only what estimators and their judge need: links left and time on them by slice, passages of
some persons' phones, and who went from where to where by which links. A date that is kept is not lived again.
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
from scipy.sparse import coo_array, csr_array

from twin.clock import N_HOURS, SLICES_PER_H
from twin.conditions.calendar import calendar_day
from twin.indicators.records import DayRecord
from twin.kernels.random import stream_of, uniforms
from twin.population.tables import CAR
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
    """One date: flows, times, phones and journeys.

    exits (N_SLICES, n_links) vehicles; time_ms likewise, their times summed. Phones' passages, rows by trip
    and moment: phone_draw float32 (one a person, below `PHONES_SHARE`; low ones are in any larger share),
    phone_trip, phone_link, phone_left_ms, phone_time_ms. od (n_ends²,) car trips; passed_*: how many trips of
    a pair of ends left a link (sparse triplets).
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
    od: np.ndarray
    passed_link: np.ndarray
    passed_pair: np.ndarray
    passed_trips: np.ndarray

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

    @property
    def passed(self) -> csr_array:
        """Trips by link and pair of ends (n_links, n_pairs)."""
        shape = (self.exits.shape[1], len(self.od))
        return csr_array(coo_array((self.passed_trips, (self.passed_link, self.passed_pair)), shape=shape))

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
            **_journeys(record),
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


def n_ends(record: DayRecord) -> int:
    """Zones, then gates: where journeys begin and end."""
    return len(record.territory.zones.name) + len(record.territory.gateways.gate_id)


def _journeys(record: DayRecord) -> dict[str, np.ndarray]:
    """Car trips by pair of ends, and by which links."""
    trips, gates = record.population.trips, record.territory.gateways
    n_zones, n = len(record.territory.zones.name), n_ends(record)
    zone_from, zone_to = record.ends_in_zone
    ends = []
    for zone, link, at in (
        (zone_from, trips.origin_link, gates.in_link),
        (zone_to, trips.destination_link, gates.out_link),
    ):
        gate_of = np.full(record.territory.streets.n_links + 1, n - 1)
        known = np.flatnonzero(at >= 0)
        gate_of[at[known]] = n_zones + known
        ends.append(np.where(zone >= 0, zone, gate_of[link]))
    pair = ends[0] * n + ends[1]
    driven = (trips.mode == CAR) & (record.departed_ms >= 0)
    cell = record.event_link.astype(np.int64) * n * n + pair[record.event_trip]
    cells, count = np.unique(cell, return_counts=True)
    return {
        "od": np.bincount(pair[driven], minlength=n * n),
        "passed_link": (cells // (n * n)).astype(np.int32),
        "passed_pair": (cells % (n * n)).astype(np.int32),
        "passed_trips": count.astype(np.int32),
    }


def dates_of_year(year: int, seed: int, count: int, beyond: dt.date) -> list[dt.date]:
    """So many dates of a year after a date, drawn by seed, no two alike."""
    days = [dt.date(year, 1, 1) + dt.timedelta(days=day) for day in range(365)]
    open_days = [day for day in days if day > beyond]
    key = np.array([day.toordinal() for day in open_days], dtype=np.uint64)
    order = np.argsort(uniforms(seed, stream_of("study.coverage.date"), key), kind="stable")
    return [open_days[row] for row in order[:count].tolist()]
