"""A survey of a population's residents: who they are, and the trips they plan, as an interviewer would ask.

Trips that lead out of the area are as long as their way to the gate and the ledger's distance beyond it;
cars take the planned time, since only traffic can tell the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.legs import purpose_served
from twin.population.file import DENSITY_CLASSES
from twin.population.population import Population
from twin.population.residents.households import AREA_IDS
from twin.population.tables import CAR, HOME, RESIDENT, TRANSIT, WORK
from twin.scenario.ledger import Parameters

UNSURVEYED = -1


@dataclass(frozen=True)
class Survey:
    """Persons (n,), their households (h,) and their trips (t,); household and person are rows."""

    household: np.ndarray
    density: np.ndarray
    age: np.ndarray
    occupation: np.ndarray
    cars: np.ndarray
    smartphone: np.ndarray
    home_internet: np.ndarray
    skill: np.ndarray
    consent: np.ndarray
    household_size: np.ndarray
    household_cars: np.ndarray
    person: np.ndarray
    mode: np.ndarray
    purpose: np.ndarray  # the way home counts for what was done last before it
    to_work: np.ndarray
    hour: np.ndarray
    length_km: np.ndarray
    minutes: np.ndarray

    @property
    def everybody(self) -> np.ndarray:
        """All persons (n,)."""
        return np.ones(len(self.age), dtype=bool)

    @property
    def every_trip(self) -> np.ndarray:
        """All trips (t,)."""
        return np.ones(len(self.mode), dtype=bool)


def areas_of(population: Population) -> np.ndarray:
    """Row of each person's area in the population's report (n_persons,); -1 of who does not live there."""
    persons = population.persons
    n_areas = len(population.report.get("areas", ()))
    area = persons.person_id // AREA_IDS
    lives = (persons.kind == RESIDENT) & (persons.household >= 0) & (area < n_areas)
    return np.where(lives, area, UNSURVEYED)


def survey_of(population: Population, areas: np.ndarray, parameters: Parameters) -> Survey:
    """The residents of some areas, a mask (n_areas,) over those of the population's report."""
    persons, trips = population.persons, population.trips
    area = areas_of(population)
    rows = np.flatnonzero((area >= 0) & np.append(areas, False)[area])
    density_of = np.array(
        [DENSITY_CLASSES.index(each["density_class"]) for each in population.report["areas"]], dtype=np.int64
    )
    density = density_of[area[rows]]
    _, first, household = np.unique(persons.household[rows], return_index=True, return_inverse=True)
    row_of = np.full(len(persons), UNSURVEYED)
    row_of[rows] = np.arange(len(rows))
    made = np.flatnonzero(row_of[trips.person] >= 0)
    person, mode = row_of[trips.person[made]], trips.mode[made]
    beyond_km = parameters["population.outside_distance_km"] * (
        (trips.origin_place[made] < 0) | (trips.destination_place[made] < 0)
    )
    purpose = trips.purpose[made]
    follows = trips.sequence[made] > 0
    return Survey(
        household=household.reshape(-1),
        density=density,
        age=persons.age[rows],
        occupation=persons.occupation[rows],
        cars=persons.household_cars[rows],
        smartphone=persons.smartphone[rows],
        home_internet=persons.home_internet[rows],
        skill=persons.skill[rows],
        consent=persons.consent[rows],
        household_size=np.bincount(household.reshape(-1), minlength=len(first)),
        household_cars=persons.household_cars[rows][first],
        person=person,
        mode=mode,
        purpose=purpose_served(purpose, trips.sequence[made]),
        to_work=(purpose == WORK) & (~follows | (np.roll(purpose, 1) == HOME)),
        hour=(trips.depart_s[made] // 3_600.0).astype(np.int64) % 24,
        length_km=trips.distance_m[made] / 1_000.0 + beyond_km,
        minutes=_minutes(population, made, density[person], beyond_km, parameters),
    )


def _minutes(
    population: Population,
    made: np.ndarray,
    density: np.ndarray,
    beyond_km: np.ndarray,
    parameters: Parameters,
) -> np.ndarray:
    """Door to door [min] of these trips, beyond the gate included; cars at the ledger's planning speeds."""
    trips = population.trips
    mode = trips.mode[made]
    speed, access = (
        np.array(parameters[f"population.{name}"])[density] for name in ("car_speed_kmh", "car_access_min")
    )
    inside = np.where(
        mode == CAR, 60.0 * trips.distance_m[made] / 1_000.0 / speed + access, trips.duration_s[made] / 60.0
    )
    outside_kmh = np.where(
        mode == TRANSIT,
        parameters["population.transit_speed_outside_kmh"],
        parameters["population.car_speed_outside_kmh"],
    )
    return np.asarray(inside + 60.0 * beyond_km / outside_kmh)
