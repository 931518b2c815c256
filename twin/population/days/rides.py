"""What trips amount to by a mode: how far along paths or streets, and how long from door to door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.cycling import cycle_times_s
from twin.population.days.legs import ResidentTrips
from twin.population.days.modes import BY_DENSITY
from twin.population.days.paths import leg_distances_m
from twin.population.days.speeds import walk_speeds_mps
from twin.population.draws import Draws
from twin.population.tables import CAR, CYCLE, TRANSIT, WALK, Persons, Trips
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.units import KMH_PER_MPS


@dataclass(frozen=True)
class Made:
    """Legs (n,) as they are made: distance [m], time as planned and from door to door [s].

    The door-to-door time by car is NaN: only traffic can tell. off_paths is how many walks and rides found no
    way along the paths.
    """

    distance_m: np.ndarray
    planned_s: np.ndarray
    duration_s: np.ndarray
    off_paths: int


def made_by(
    mode: np.ndarray,
    legs: ResidentTrips,
    persons: Persons,
    territory: Territory,
    parameters: Parameters,
    draws: Draws,
) -> Made:
    """Legs (n,) by those modes (n,)."""
    distance_m, off_paths = leg_distances_m(territory, legs, mode, parameters)
    age, density = persons.age[legs.person], persons.density[legs.person]
    cycle_s = cycle_times_s(territory, legs, mode, (distance_m, age), parameters, draws)
    planned_s, duration_s = durations_s(mode, legs, distance_m, cycle_s, (age, density), parameters, draws)
    return Made(distance_m.round(3), planned_s, duration_s, off_paths)


def remade(trips: Trips, row: np.ndarray, mode: np.ndarray, made: Made) -> Trips:
    """The trips with those rows (n,) by those modes (n,), and as long as these make them."""
    columns = {name: getattr(trips, name).copy() for name in ("mode", "distance_m", "duration_s")}
    columns["mode"][row], columns["distance_m"][row] = mode, made.distance_m
    columns["duration_s"][row] = made.duration_s
    return trips.with_columns(**columns)


def durations_s(
    mode: np.ndarray,
    legs: ResidentTrips,
    distance_m: np.ndarray,
    cycle_s: np.ndarray,
    travellers: tuple[np.ndarray, np.ndarray],
    parameters: Parameters,
    draws: Draws,
) -> tuple[np.ndarray, np.ndarray]:
    """Planned time of each leg [s], and its door-to-door time: NaN for car, which only traffic can tell.

    ``cycle_s`` (n,) is what it takes by bicycle, ``travellers`` age and density class of each leg (n,).
    """
    age, density = travellers
    p = {name: np.array(parameters[f"population.{name}"])[density] for name in BY_DENSITY}
    walk_mps = walk_speeds_mps(age, legs.key, parameters, draws)
    ride_s = KMH_PER_MPS * distance_m / p["car_speed_kmh"] + 60.0 * p["car_access_min"]
    transit_s = KMH_PER_MPS * distance_m / p["transit_speed_kmh"] + 60.0 * p["transit_access_min"]
    planned = np.select(
        [mode == WALK, mode == CYCLE, mode == TRANSIT], [distance_m / walk_mps, cycle_s, transit_s], ride_s
    )
    planned = planned.round(3)
    return planned, np.where(mode == CAR, np.nan, planned)
