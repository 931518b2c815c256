"""The traces of a run's residents: the simulated day, and more weekdays drawn for the same persons.

A result's folder holds when each trip began and ended, not where: that is personal and stays out of it. It
is found again by drawing the population from the scenario and seed that the manifest names; the trips' ids
must be those of the folder. Further days keep who people are, where they work and when they start, and draw
anew what they do, where they shop, visit or eat out, and how long they stay
(`twin.population.days.another_day`); they are not simulated: trips leave as planned, cars go at the mean
speed of the simulated day.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.errors import InputError, WorkError
from twin.knowledge.traces import Sightings
from twin.model.sources import load_population, load_territory
from twin.population.population import Population
from twin.population.tables import MODES, RESIDENT, Trips
from twin.study.results import Result
from twin.territory.territory import Territory

DAY_S = 86_400.0
_CAR = MODES.index("car")


def resident_sightings(folder: Path, n_days: int) -> tuple[Sightings, dict[str, Any]]:
    """Where and when residents' trips began and ended over so many days; and what of it was simulated."""
    result = Result.load(folder)
    if result.trips.columns.empty:
        raise InputError(str(folder), "kept no table of trips", "a folder that `twin run` wrote")
    scenario, seed = result.scenario, result.seed
    territory = load_territory(scenario)
    first = load_population(scenario, territory, seed)
    trips = result.trips
    if not np.array_equal(trips["trip_id"].to_numpy(), first.trips.trip_id):
        raise InputError(str(folder), "its trips are not those of its scenario and seed now", "run it again")
    parts = [_of_day(territory, first, trips["departed_s"].to_numpy(), trips["arrived_s"].to_numpy(), 0)]
    speed_mps = _car_speed_mps(trips)
    for day in range(1, n_days):
        later = load_population(scenario, territory, seed, day)
        if not np.array_equal(later.persons.person_id, first.persons.person_id):
            raise WorkError(f"day {day} has other persons than the first")
        arrived_s = later.trips.depart_s + _planned_s(later.trips, speed_mps)
        parts.append(_of_day(territory, later, later.trips.depart_s, arrived_s, day))
    seen = Sightings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    about = {
        "residents": int((first.persons.kind == RESIDENT).sum()),
        "days": n_days,
        "days_simulated": 1,
        "what": "where and when residents' trips began and ended; days after the first drawn, not simulated",
    }
    return seen, about


def _of_day(
    territory: Territory, population: Population, departed_s: np.ndarray, arrived_s: np.ndarray, day: int
) -> tuple[np.ndarray, ...]:
    """Both ends of residents' trips of a day: person, x, y, moment; what never happened is left out."""
    trips, streets = population.trips, territory.streets
    resident = population.persons.kind[trips.person] == RESIDENT
    ends = (
        (trips.origin_place, streets.tail[trips.origin_link], departed_s),
        (trips.destination_place, streets.head[trips.destination_link], arrived_s),
    )
    columns = []
    for place, node, moment_s in ends:
        happened = resident & np.isfinite(moment_s)
        inside = place >= 0
        x_m = np.where(inside, territory.places.x_m[place], streets.node_x_m[node])
        y_m = np.where(inside, territory.places.y_m[place], streets.node_y_m[node])
        columns.append(
            (trips.person[happened], x_m[happened], y_m[happened], moment_s[happened] + day * DAY_S)
        )
    return tuple(np.concatenate(pair) for pair in zip(*columns, strict=True))


def _planned_s(trips: Trips, speed_mps: float) -> np.ndarray:
    """Time each trip is planned to take [s]; a car's by its distance."""
    return np.asarray(np.where(trips.mode == _CAR, trips.distance_m / speed_mps, trips.duration_s))


def _car_speed_mps(trips: pd.DataFrame) -> float:
    """Mean speed of the cars that arrived on the simulated day [m/s]."""
    done = trips[(trips["mode"] == "car") & trips["arrived_s"].notna()]
    seconds, km = float(done["elapsed_s"].sum()), float(done["route_km"].sum())
    return 1_000.0 * km / seconds if seconds > 0.0 and km > 0.0 else 10.0
