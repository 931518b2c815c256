"""Population: who lives in, comes to and passes a territory, and what they plan for a day. Frozen.

What changes from day to day (habits, trust, choices) lives elsewhere; here is the start.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from twin.errors import InputError
from twin.population.additions import PERSON_IDS, person_columns, trip_columns
from twin.population.draws import Draws, member_keys
from twin.population.tables import (
    CAR,
    LATEST_DEPARTURE_S,
    MODES,
    OCCUPATIONS,
    PERSON_KINDS,
    PURPOSES,
    SKILLS,
    TRIPS_PER_PERSON_LIMIT,
    FrozenColumns,
    Persons,
    Trips,
)

__all__ = [
    "MODES",
    "OCCUPATIONS",
    "PERSON_KINDS",
    "PURPOSES",
    "SKILLS",
    "Persons",
    "Population",
    "Trips",
]

CLONE_JITTER_S = 1_800.0
"""A clone's day is shifted as a whole by up to so much either way [s]. It only keeps clones, which stand for
a demand scaled beyond the population, from moving in step with their originals."""


@dataclass(frozen=True, eq=False)
class Population:
    """Persons and their planned trips, with a canonical digest and a report of what was made of what."""

    persons: Persons
    trips: Trips
    digest: str
    report: dict[str, Any]

    @classmethod
    def of(cls, persons: Persons, trips: Trips, report: Mapping[str, Any]) -> Self:
        """A population of these tables, its digest reckoned."""
        return cls(persons, trips, digest_of(persons, trips), dict(report))

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def n_trips(self) -> int:
        """Number of planned trips, all modes."""
        return len(self.trips)

    @property
    def first_trip(self) -> np.ndarray:
        """Trips of person i are rows first_trip[i]..first_trip[i + 1]; (n_persons + 1,) int64."""
        return np.searchsorted(self.trips.person, np.arange(self.n_persons + 1))

    def with_person(self, person: Mapping[str, Any], trips: Sequence[Mapping[str, Any]]) -> Population:
        """The same population and one person more, as its last row; all other rows are the same bits.

        `person` needs a `person_id` not taken; `trips` are in the order of the day. What is left out
        has the plainest value (no home, no phone; trips: purpose home, mode walk).
        """
        row = person_columns(person, self.persons)
        added = trip_columns(trips, row, self.n_persons)
        persons = Persons.stacked(self.persons, row)
        report = {**self.report, "persons_added": int(self.report.get("persons_added", 0)) + 1}
        return Population.of(persons, Trips.stacked(self.trips, added) if trips else self.trips, report)

    def scaled(self, factor: float, seed: int = 0) -> Population:
        """Demand times a factor: below 1 some of the persons, above 1 clones with own ids and times.

        Each person is kept or cloned by a draw of its own key: a smaller factor's persons are among those of
        a larger one, and factor 1 is this population itself. The report keeps the trips of the full sum.
        """
        if not np.isfinite(factor) or factor <= 0.0:
            raise InputError("demand_scale", f"{factor!r} is no scale", "a number above 0, for example 1.2")
        if factor == 1.0:
            return self
        parts = [self._copies(number, factor, seed) for number in range(int(np.ceil(factor)))]
        offsets = np.cumsum([0] + [len(persons) for persons, _ in parts])
        trips = [
            part.with_columns(person=part.person + offset)
            for (_, part), offset in zip(parts, offsets, strict=False)
        ]
        report = {
            "full_sum": {"trips": self.n_trips, "vehicle_trips": int((self.trips.mode == CAR).sum())},
            **self.report,
            "demand_scale": factor * float(self.report.get("demand_scale", 1.0)),
        }
        told = report.get("calibration") or {}
        if told.get("counts"):
            why = f"demand is scaled by {report['demand_scale']:g} after counts were met"
            report["calibration"] = {**told, "calibrated": False, "reasons": [*told["reasons"], why]}
        return Population.of(
            Persons.stacked(*(persons for persons, _ in parts)), Trips.stacked(*trips), report
        )

    def _copies(self, number: int, factor: float, seed: int) -> tuple[Persons, Trips]:
        """Copy ``number`` of the persons who have one: 0 the persons themselves, 1 and on their clones."""
        draws = Draws(seed)
        kept = draws.uniform("scale", self.persons.person_key, number) < factor - number
        rows = np.flatnonzero(kept)
        new_row = np.cumsum(kept) - 1
        trips = self.trips.take(np.flatnonzero(kept[self.trips.person]))
        persons = self.persons.take(rows)
        trips = trips.with_columns(person=new_row[trips.person])
        if number == 0:
            return persons, trips
        # ids that no clone of an earlier scaling has
        step = number * PERSON_IDS * (int(self.persons.person_id.max(initial=0)) // PERSON_IDS + 1)
        return _cloned(persons, trips, number, step, draws)


def _cloned(persons: Persons, trips: Trips, number: int, step: int, draws: Draws) -> tuple[Persons, Trips]:
    """The same persons as others: own ids and keys, and their day shifted as a whole by an own draw."""
    key = member_keys(persons.person_key, np.full(len(persons), number))
    household = np.where(persons.household < 0, -1, persons.household + step)
    clones = persons.with_columns(person_id=persons.person_id + step, person_key=key, household=household)
    shift = CLONE_JITTER_S * (2.0 * draws.uniform("jitter", key) - 1.0)
    first, last = np.full(len(persons), LATEST_DEPARTURE_S), np.zeros(len(persons))
    np.minimum.at(first, trips.person, trips.depart_s)
    np.maximum.at(last, trips.person, trips.depart_s)
    shift = np.clip(shift, -first, LATEST_DEPARTURE_S - 1.0 - last)
    return clones, trips.with_columns(
        trip_id=clones.person_id[trips.person] * TRIPS_PER_PERSON_LIMIT + trips.sequence,
        trip_key=member_keys(key[trips.person], trips.sequence),
        depart_s=(trips.depart_s + shift[trips.person]).round(3),
    )


def digest_of(persons: Persons, trips: Trips) -> str:
    """SHA-256 over all columns, persons in the order of their ids, trips in that of theirs.

    Row numbers of persons are left out, so that their order does not matter.
    """
    digest = hashlib.sha256()
    for table, order, left_out in (
        (persons, np.argsort(persons.person_id, kind="stable"), ()),
        (trips, np.argsort(trips.trip_id, kind="stable"), ("person",)),
    ):
        _digest_table(digest, table, order, left_out)
    return digest.hexdigest()


def _digest_table(digest: Any, table: FrozenColumns, order: np.ndarray, left_out: tuple[str, ...]) -> None:
    for name, column in table.columns().items():
        if name not in left_out:
            little_endian = column[order].astype(column.dtype.newbyteorder("<"))
            digest.update(f"{name} {column.dtype.str[1:]} {len(column)} ".encode() + little_endian.tobytes())
