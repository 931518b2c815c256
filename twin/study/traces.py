"""The days of a run's residents: the simulated day, and more weekdays drawn for the same persons.

A result's folder holds when each trip began and ended, not where: that is personal and stays out of it. It
is found again by drawing the population from the scenario and seed that the manifest names; the trips' ids
must be those of the folder, less those of persons who were erased from it. Further days keep who people are,
where they work and when they start, and draw anew what they do, where they shop, visit or eat out, and how
long they stay (`twin.population.days.another_day`); they are not simulated: trips leave as planned, cars go
at the mean speed of the simulated day.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.clock import DAY_S
from twin.errors import InputError, WorkError
from twin.knowledge.traces import Sightings
from twin.model.sources import load_population
from twin.population.population import Population
from twin.population.tables import CONSENT_PURPOSES, MODES, RESIDENT, Persons, Trips
from twin.scenario.scenario import Scenario
from twin.study.ground import ground_of
from twin.study.people import person_keys
from twin.study.progress import Progress, silent
from twin.study.results import Result
from twin.territory.territory import Territory

PLANNING, ENERGY = "planning", "energy"
_CAR = MODES.index("car")


@dataclass(frozen=True)
class TracedTrips:
    """Trips of people over some days, (n,); moments from the first day's midnight, NaN: never.

    person is the row of the person, places are rows, -1 outside.
    """

    person: np.ndarray
    day: np.ndarray
    by_car: np.ndarray
    origin_place: np.ndarray
    destination_place: np.ndarray
    origin_x_m: np.ndarray
    origin_y_m: np.ndarray
    destination_x_m: np.ndarray
    destination_y_m: np.ndarray
    departed_s: np.ndarray
    arrived_s: np.ndarray
    distance_m: np.ndarray

    def where(self, rows: np.ndarray) -> TracedTrips:
        """Some of them."""
        return TracedTrips(*(getattr(self, field.name)[rows] for field in fields(self)))

    def sightings(self) -> Sightings:
        """Both ends of every trip, as far as they happened."""
        left, came = np.isfinite(self.departed_s), np.isfinite(self.arrived_s)
        starts = (self.person, self.origin_x_m, self.origin_y_m, self.departed_s)
        ends = (self.person, self.destination_x_m, self.destination_y_m, self.arrived_s)
        pairs = zip(starts, ends, strict=True)
        return Sightings(*(np.concatenate([start[left], end[came]]) for start, end in pairs))


@dataclass(frozen=True)
class ResidentDays:
    """What the publisher of a run holds of its residents: who they are, and their trips.

    ``erased`` (n_persons,) bool: of them nothing stands in the folder any more.
    """

    territory: Territory
    persons: Persons
    journeys: TracedTrips
    erased: np.ndarray
    n_days: int

    def consenting(self, purpose: str) -> np.ndarray:
        """Residents who let their data be used for a purpose, and were not erased (n_persons,) bool."""
        here = (self.persons.kind == RESIDENT) & ~self.erased
        return np.asarray(consents_to(self.persons, purpose) & here)

    def journeys_of(self, purpose: str) -> TracedTrips:
        """Trips of those who consent: nobody else's leave."""
        return self.journeys.where(self.consenting(purpose)[self.journeys.person])

    def about(self) -> dict[str, Any]:
        """How many there are, and what of it was simulated."""
        return {
            "residents": int((self.persons.kind == RESIDENT).sum()),
            "consent": int(self.consenting(PLANNING).sum()),
            "erased": int(self.erased.sum()),
            "days": self.n_days,
            "days_simulated": 1,
            "what": "where and when residents' trips began and ended; days after the first drawn, "
            "not simulated",
        }


def consents_to(persons: Persons, purpose: str) -> np.ndarray:
    """Who lets their data be used for a purpose (n_persons,) bool."""
    if purpose not in CONSENT_PURPOSES:
        raise InputError("purpose", f"no purpose {purpose!r}", "one of " + ", ".join(CONSENT_PURPOSES))
    bit = CONSENT_PURPOSES.index(purpose) - 1
    if bit < 0:
        return np.asarray(persons.consent)
    return np.asarray((persons.other_consents >> np.uint8(bit)) & np.uint8(1) == 1)


@dataclass(frozen=True)
class FirstDay:
    """A run's own day: its people as drawn, and which of their trips stand in the folder (n_trips,) bool."""

    result: Result
    scenario: Scenario
    territory: Territory
    population: Population
    stands: np.ndarray

    @property
    def erased(self) -> np.ndarray:
        """Persons (n_persons,) bool of whom nothing stands any more."""
        gone = np.zeros(self.population.n_persons, dtype=np.bool_)
        gone[self.population.trips.person[~self.stands]] = True
        return gone

    def keys_of_residents(self) -> np.ndarray:
        """Keys (n,) uint64 of the residents who were not erased, whatever they consent to."""
        persons = self.population.persons
        keys = person_keys(persons, self.territory, self.result.seed)
        return np.asarray(keys[(persons.kind == RESIDENT) & ~self.erased])


def first_day(folder: Path) -> FirstDay:
    """The people of the run in a folder, drawn again; raises `InputError` where its trips are not theirs."""
    result = Result.load(folder)
    if result.trips.columns.empty:
        raise InputError(str(folder), "kept no table of trips", "a folder that `twin run` wrote")
    ground = ground_of(result.scenario, result.manifest, folder)
    population = load_population(ground.scenario, ground.built, result.seed)
    return FirstDay(result, ground.scenario, ground.built, population, _stands(folder, result, population))


def check_days(scenario: Scenario, n_days: int) -> None:
    """Raise `InputError` where a scenario has not so many days: one of a date has that one."""
    if scenario.date is not None and n_days > 1:
        raise InputError("--days", f"{n_days} days of a run of one date", "1, or a run of a mean weekday")


def resident_days(
    folder: Path, n_days: int, known: FirstDay | None = None, progress: Progress = silent
) -> ResidentDays:
    """The days of the residents of the run in a folder; ``known`` is its first, where that was read."""
    progress(0.0, "reading the run")
    day_one = known or first_day(folder)
    check_days(day_one.scenario, n_days)
    result, territory, first = day_one.result, day_one.territory, day_one.population
    moments = np.full((2, len(day_one.stands)), np.nan)
    moments[:, day_one.stands] = result.trips[["departed_s", "arrived_s"]].to_numpy(dtype=np.float64).T
    parts = [_of_day(territory, first, moments[0], moments[1], 0)]
    speed_mps = _car_speed_mps(result.trips)
    for day in range(1, n_days):
        progress(day / n_days, f"drawing day {day + 1}")
        later = load_population(day_one.scenario, territory, result.seed, day)
        if not np.array_equal(later.persons.person_id, first.persons.person_id):
            raise WorkError(f"day {day} has other persons than the first")
        arrived_s = later.trips.depart_s + _planned_s(later.trips, speed_mps)
        parts.append(_of_day(territory, later, later.trips.depart_s, arrived_s, day))
    joined = [np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(TracedTrips)]
    return ResidentDays(territory, first.persons, TracedTrips(*joined), day_one.erased, n_days)


def _stands(folder: Path, result: Result, drawn: Population) -> np.ndarray:
    """Which drawn trips the folder holds (n_trips,) bool: all but those of erased persons."""
    kept = result.trips["trip_id"].to_numpy()
    stands = np.isin(drawn.trips.trip_id, kept)
    gone = np.unique(drawn.trips.person[~stands])
    whole = not np.isin(drawn.trips.person[stands], gone).any()
    n_erased = int(result.manifest.get("erased_persons", 0))
    if not (np.array_equal(drawn.trips.trip_id[stands], kept) and whole and len(gone) <= n_erased):
        raise InputError(str(folder), "its trips are not those of its scenario and seed now", "run it again")
    return np.asarray(stands)


def _of_day(
    territory: Territory, population: Population, departed_s: np.ndarray, arrived_s: np.ndarray, day: int
) -> TracedTrips:
    """Trips of residents on a day."""
    trips, streets, places = population.trips, territory.streets, territory.places
    mine = population.persons.kind[trips.person] == RESIDENT
    spots = []
    for place, node in (
        (trips.origin_place[mine], streets.tail[trips.origin_link[mine]]),
        (trips.destination_place[mine], streets.head[trips.destination_link[mine]]),
    ):
        inside = place >= 0
        spots.append(
            (
                np.where(inside, places.x_m[place], streets.node_x_m[node]),
                np.where(inside, places.y_m[place], streets.node_y_m[node]),
            )
        )
    begins_s = day * DAY_S
    (origin_x_m, origin_y_m), (destination_x_m, destination_y_m) = spots
    return TracedTrips(
        trips.person[mine].astype(np.int64), np.full(int(mine.sum()), day), trips.mode[mine] == _CAR,
        trips.origin_place[mine], trips.destination_place[mine],
        origin_x_m, origin_y_m, destination_x_m, destination_y_m,
        departed_s[mine] + begins_s, arrived_s[mine] + begins_s, trips.distance_m[mine],
    )  # fmt: skip


def _planned_s(trips: Trips, speed_mps: float) -> np.ndarray:
    """Time each trip is planned to take [s]; a car's by its distance."""
    return np.asarray(np.where(trips.mode == _CAR, trips.distance_m / speed_mps, trips.duration_s))


def _car_speed_mps(trips: pd.DataFrame) -> float:
    """Mean speed of the cars that arrived on the simulated day [m/s]."""
    done = trips[(trips["mode"] == "car") & trips["arrived_s"].notna()]
    seconds, km = float(done["elapsed_s"].sum()), float(done["route_km"].sum())
    return 1_000.0 * km / seconds if seconds > 0.0 and km > 0.0 else 10.0
