"""Stays: how long people stay where they go, and when work, school and lunch begin and end."""

from __future__ import annotations

import numpy as np

from twin.population.days.legs import ResidentTrips
from twin.population.days.profiles import invert_profile
from twin.population.draws import Draws
from twin.population.tables import (
    BUSINESS,
    COUNTER,
    HEALTH,
    LEISURE,
    SCHOOL,
    SHOP,
    STUDENT,
    VISIT,
)
from twin.scenario.ledger import Parameters
from twin.units import S_PER_H

STAYS = {
    SHOP: "shop",
    HEALTH: "health",
    COUNTER: "counter",
    LEISURE: "leisure",
    VISIT: "visit",
    BUSINESS: "business",
}


def least_stay_s(parameters: Parameters) -> float:
    """Shortest stay anywhere [s]."""
    return 60.0 * float(parameters["population.least_stay_min"])


def fixed_stays(legs: ResidentTrips, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Stays at stops that have a duration of their own: a median, times a spread drawn evenly in log."""
    least_s = least_stay_s(parameters)
    stay = np.full(len(legs.person), least_s)
    for purpose, name in STAYS.items():
        rows = np.flatnonzero(legs.purpose == purpose)
        u = draws.uniform(f"stay.{name}", legs.key[rows], legs.sequence[rows])
        spread = parameters["population.stay_spread_factor"] ** (2.0 * u - 1.0)
        stay[rows] = 60.0 * parameters[f"population.stay_{name}_min"] * spread
    return np.asarray(np.maximum(stay, least_s))


def main_arrivals(
    legs: ResidentTrips, age: np.ndarray, occupation: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Moment to be at work or school: one per person."""
    u = draws.uniform("work_start", legs.key)
    work = invert_profile(np.array(parameters["population.work_start_profile"]), u)
    bell = draws.bell("school_start", legs.key)
    hour, spread = _by_level("school_start", age, occupation, parameters)
    return np.where(_goes_to(legs, SCHOOL), S_PER_H * (hour + spread * bell), work)


def main_spans(
    legs: ResidentTrips, age: np.ndarray, occupation: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """From that moment to the end of work or school, lunch included."""
    p = parameters
    bell = draws.bell("work_span", legs.key)
    part_time = draws.uniform("part_time", legs.key) < p["population.part_time_day_share"]
    full = p["population.work_span_h"] + p["population.work_span_spread_h"] * bell
    half = p["population.part_time_span_h"] + p["population.work_span_spread_h"] * bell
    hours, spread = _by_level("school_span", age, occupation, p)
    school = hours + spread * draws.bell("school_span", legs.key)
    return np.asarray(S_PER_H * np.where(_goes_to(legs, SCHOOL), school, np.where(part_time, half, full)))


def _goes_to(legs: ResidentTrips, purpose: int) -> np.ndarray:
    """Legs of persons who have such a stop in their day."""
    n_persons = int(legs.person.max(initial=-1)) + 1
    days = np.bincount(legs.person, weights=legs.purpose == purpose, minlength=n_persons)
    return np.asarray(days[legs.person] > 0)


def _by_level(
    name: str, age: np.ndarray, occupation: np.ndarray, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Hours and their spread by level: primary (to 10), secondary, student."""
    level = np.where(occupation == STUDENT, 2, np.where(age > 10, 1, 0))
    hours = np.array(parameters[f"population.{name}_h"])[level]
    return hours, np.array(parameters[f"population.{name}_spread_h"])[level]


def lunch_leave(
    legs: ResidentTrips, rows: np.ndarray, age: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Moment to leave work or school for lunch; pupils up to 10 years half an hour earlier."""
    bell = draws.bell("lunch", legs.key[rows])
    hour = np.where(age[rows] <= 10, parameters["population.lunch_h"] - 0.5, parameters["population.lunch_h"])
    return np.asarray(S_PER_H * (hour + parameters["population.lunch_spread_h"] * bell))
