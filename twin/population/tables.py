"""The two tables of a population: persons, and the trips they plan for a day. Columns are read-only.

A person is a row with an outside id and a random key of its own; a trip names its person by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from twin.clock import HORIZON_S

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

SOCIO_OCCUPATIONAL = ("farmer", "self_employed", "executive", "intermediate", "employee", "manual_worker")
"""Socio-occupational groups of who works (INSEE, PCS); executive stands for cadres."""
LANGUAGES = ("french", "other, fluent in French", "other")
"""Main language, and whether one gets by in French."""
CONNECTIONS = ("none", "mobile_only", "dsl", "fibre_or_cable")
CONSENT_PURPOSES = ("navigation", "planning", "advertising", "energy")
"""What a person may let data of itself be used for."""
UNKNOWN = -1

RESIDENT, COMMUTER, THROUGH, FREIGHT = range(4)
CAR, PASSENGER, WALK, CYCLE, TRANSIT, ON_DEMAND = range(6)
HOME, WORK, BUSINESS, SCHOOL, SHOP, HEALTH, COUNTER, LEISURE, VISIT, ESCORT, PASSING, DELIVERY = range(12)
INFANT, PUPIL, STUDENT, WORKER, UNEMPLOYED, AT_HOME, RETIRED = range(7)

MOBILE_FROM_AGE = 6
"""Trips are surveyed from this age on (EMP 2019)."""
LATEST_DEPARTURE_S = float(HORIZON_S)
"""Departures lie before 30:00."""
TRIPS_PER_PERSON_LIMIT = 32
"""A trip's id is its person's id times this, plus its place in the day."""


@dataclass(frozen=True, eq=False)
class FrozenColumns:
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
        columns = [part.columns() if isinstance(part, FrozenColumns) else part for part in parts]
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
    "household_type": "int8",
    "household_size": "int8",
    "income_quintile": "int8",
    "household_bicycles": "int8",
    "household_pedelecs": "int8",
    "socio_occupational": "int8",
    "telework_eligible": "bool",
    "mobility_impaired": "bool",
    "language": "int8",
    "skill_domains": "int8",
    "confidence": "float32",
    "helper_at_home": "bool",
    "connection": "int8",
    "operator": "int8",
    "other_consents": "uint8",
}
PLAIN_ATTRIBUTES: Mapping[str, int | float] = {
    "household_type": UNKNOWN,
    "household_size": UNKNOWN,
    "income_quintile": UNKNOWN,
    "household_bicycles": 0,
    "household_pedelecs": 0,
    "socio_occupational": UNKNOWN,
    "telework_eligible": False,
    "mobility_impaired": False,
    "language": 0,
    "skill_domains": UNKNOWN,
    "confidence": np.nan,
    "helper_at_home": False,
    "connection": UNKNOWN,
    "operator": UNKNOWN,
    "other_consents": 0,
}
"""What a column holds of who was not asked: travellers from outside have no household here."""
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

_LEFT_OUT: Any = None


@dataclass(frozen=True, eq=False)
class Persons(FrozenColumns):
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
    """Internet at home, alike for a household; who works at home has it."""
    skill: np.ndarray
    """Index into `SKILLS`."""
    consent: np.ndarray
    """Lets a navigation app use the person's position."""
    household_type: np.ndarray = _LEFT_OUT
    """Index into `HOUSEHOLD_TYPES`; -1 for travellers from outside, as in all columns of households below."""
    household_size: np.ndarray = _LEFT_OUT
    income_quintile: np.ndarray = _LEFT_OUT
    """Fifth of the country's standard of living that the household is in, 0 the poorest."""
    household_bicycles: np.ndarray = _LEFT_OUT
    household_pedelecs: np.ndarray = _LEFT_OUT
    """Of the bicycles."""
    socio_occupational: np.ndarray = _LEFT_OUT
    """Index into `SOCIO_OCCUPATIONAL` of who works; -1 of all others."""
    telework_eligible: np.ndarray = _LEFT_OUT
    """Works at what can be done from home."""
    mobility_impaired: np.ndarray = _LEFT_OUT
    """Has much trouble walking."""
    language: np.ndarray = _LEFT_OUT
    """Index into `LANGUAGES`."""
    skill_domains: np.ndarray = _LEFT_OUT
    """Domains of digital skill, of five, in which one has at least the basics; goes with `skill`."""
    confidence: np.ndarray = _LEFT_OUT
    """In the use of digital services, 0 to 1."""
    helper_at_home: np.ndarray = _LEFT_OUT
    """Somebody else of 15 years or over in the household has at least basic skill."""
    connection: np.ndarray = _LEFT_OUT
    """Index into `CONNECTIONS` of the home."""
    operator: np.ndarray = _LEFT_OUT
    """Number of the home's internet operator; -1 without a connection."""
    other_consents: np.ndarray = _LEFT_OUT
    """Bits, the lowest first, of `CONSENT_PURPOSES` after navigation, which `consent` tells."""

    def __post_init__(self) -> None:
        for name, value in PLAIN_ATTRIBUTES.items():
            if getattr(self, name) is _LEFT_OUT:
                object.__setattr__(self, name, np.full(len(self.person_id), value))
        super().__post_init__()

    def consents_to(self, purpose: str) -> np.ndarray:
        """Who (n,) lets data of itself be used for one of `CONSENT_PURPOSES`."""
        if purpose == CONSENT_PURPOSES[0]:
            return self.consent
        bit = np.uint8(CONSENT_PURPOSES[1:].index(purpose))
        return np.asarray((self.other_consents >> bit) & np.uint8(1), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Trips(FrozenColumns):
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
