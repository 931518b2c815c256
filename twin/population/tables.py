"""The two tables of a population: persons, and the trips they plan for a day. Columns are read-only.

A person is a row with an outside id and a random key of its own; a trip names its person by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

PERSON_KINDS = ("resident", "commuter", "through", "freight")
OCCUPATIONS = ("infant", "pupil", "student", "worker", "unemployed", "at_home", "retired")
PURPOSES = (
    "home",
    "work",
    "business",
    "school",
    "shop",
    "health",
    "counter",
    "leisure",
    "visit",
    "escort",
    "through",
    "delivery",
)
MODES = ("car", "passenger", "walk", "cycle", "transit")
"""Modes between which a population chooses."""
MODES_MADE = (*MODES, "on_demand")
"""Modes by which trips are made: a scenario may offer more than the population was asked about."""
SKILLS = ("none", "weak", "basic", "advanced")
"""Digital skill; none is illectronism (INSEE)."""

RESIDENT, COMMUTER, THROUGH, FREIGHT = range(4)
CAR, PASSENGER, WALK, CYCLE, TRANSIT, ON_DEMAND = range(6)
HOME, WORK, BUSINESS, SCHOOL, SHOP, HEALTH, COUNTER, LEISURE, VISIT, ESCORT, PASSING, DELIVERY = range(12)
INFANT, PUPIL, STUDENT, WORKER, UNEMPLOYED, AT_HOME, RETIRED = range(7)

LATEST_DEPARTURE_S = 108_000.0
"""Departures lie before 30:00."""
TRIPS_PER_PERSON_LIMIT = 32
"""A trip's id is its person's id times this, plus its place in the day."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length, born read-only."""

    DTYPES: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        for field in fields(self):
            column = np.array(getattr(self, field.name), dtype=self.DTYPES[field.name])
            column.flags.writeable = False
            object.__setattr__(self, field.name, column)

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def columns(self) -> dict[str, np.ndarray]:
        """All columns by name, in the table's order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, rows: np.ndarray) -> Self:
        """The same columns with these rows, in this order."""
        return type(self)(**{name: column[rows] for name, column in self.columns().items()})

    def with_columns(self, **changed: np.ndarray) -> Self:
        """The same table with some columns replaced."""
        return type(self)(**{**self.columns(), **changed})

    @classmethod
    def stacked(cls, *parts: Self | Mapping[str, Any]) -> Self:
        """Tables or mappings of columns, one under the other."""
        columns = [part.columns() if isinstance(part, Table) else part for part in parts]
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([np.asarray(part[name]) for part in columns]) for name in names})


PERSON_DTYPES = {
    "person_id": "int64",
    "person_key": "uint64",
    "kind": "int8",
    "household": "int64",
    "zone": "int16",
    "home": "int32",
    "density": "int8",
    "age": "int16",
    "female": "bool",
    "occupation": "int8",
    "licence": "bool",
    "household_cars": "int8",
    "smartphone": "bool",
    "home_internet": "bool",
    "skill": "int8",
    "consent": "bool",
}
TRIP_DTYPES = {
    "trip_id": "int64",
    "trip_key": "uint64",
    "person": "int32",
    "sequence": "int16",
    "purpose": "int8",
    "mode": "int8",
    "depart_s": "float64",
    "min_stay_s": "float64",
    "origin_place": "int32",
    "destination_place": "int32",
    "origin_link": "int32",
    "destination_link": "int32",
    "distance_m": "float64",
    "duration_s": "float64",
}


@dataclass(frozen=True, eq=False)
class Persons(Table):
    """Who there is: residents, commuters who come by a gateway, who only passes, who delivers."""

    DTYPES: ClassVar[Mapping[str, str]] = PERSON_DTYPES

    person_id: np.ndarray
    """Outside id."""
    person_key: np.ndarray
    """Key of all the person's draws."""
    kind: np.ndarray
    """Index into `PERSON_KINDS`."""
    household: np.ndarray
    """Outside id of the household; -1 for travellers from outside."""
    zone: np.ndarray
    """Row of the zone of the home; -1 outside."""
    home: np.ndarray
    """Row of the place of the home; -1 outside."""
    density: np.ndarray
    """Density class of the area of the home, index into `population.file.DENSITY_CLASSES`; -1 outside."""
    age: np.ndarray
    """Years."""
    female: np.ndarray
    occupation: np.ndarray
    """Index into `OCCUPATIONS`."""
    licence: np.ndarray
    """Holds a driving licence."""
    household_cars: np.ndarray
    """Cars of the household."""
    smartphone: np.ndarray
    home_internet: np.ndarray
    """Internet at home, alike for a household; for the services to come, nothing here reads it yet."""
    skill: np.ndarray
    """Index into `SKILLS`."""
    consent: np.ndarray
    """Lets a navigation app use the person's position."""


@dataclass(frozen=True, eq=False)
class Trips(Table):
    """What they plan: sorted by person row, then by sequence."""

    DTYPES: ClassVar[Mapping[str, str]] = TRIP_DTYPES

    trip_id: np.ndarray
    """Outside id: person_id * 32 + sequence."""
    trip_key: np.ndarray
    person: np.ndarray
    """Row of the person."""
    sequence: np.ndarray
    """0 for the first trip of the day."""
    purpose: np.ndarray
    """Index into `PURPOSES`: what the traveller goes to do."""
    mode: np.ndarray
    """Index into `MODES_MADE`; only "car" trips are vehicles of their own."""
    depart_s: np.ndarray
    """Planned departure [s from 00:00], in [0, 108000)."""
    min_stay_s: np.ndarray
    """Least stay between the arrival of the trip before and this departure [s], >= 600."""
    origin_place: np.ndarray
    """Row of the place; -1 a gate."""
    destination_place: np.ndarray
    """Row of the place; -1 a gate."""
    origin_link: np.ndarray
    """Drivable link: a vehicle starts at its upstream end."""
    destination_link: np.ndarray
    """Drivable link: a vehicle ends at its downstream end."""
    distance_m: np.ndarray
    """Planning distance [m]: along paths for walk and cycle, straight line times detour for others."""
    duration_s: np.ndarray
    """Door to door [s] for all modes but car; NaN for car, which only traffic can tell."""
