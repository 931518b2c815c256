"""Times of day: when each trip is to start, and how long a stay lasts at least.

Who works or learns arrives at a time drawn for that, and what comes before is reckoned back from it; all else
departs by the hourly profile of its purpose, no earlier than the stay before allows. A plan never overlaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.destinations import OUTSIDE
from twin.population.days.legs import ResidentTrips
from twin.population.days.profiles import draw_after, invert_profile
from twin.population.days.stays import fixed_stays, least_stay_s, lunch_leave, main_arrivals, main_spans
from twin.population.draws import Draws
from twin.population.tables import (
    COUNTER,
    ESCORT,
    HEALTH,
    HOME,
    LEISURE,
    SCHOOL,
    SHOP,
    VISIT,
    WORK,
)
from twin.scenario.ledger import Parameters
from twin.units import S_PER_H

PROFILES = {
    SHOP: "shop",
    HEALTH: "errand",
    COUNTER: "errand",
    LEISURE: "leisure",
    VISIT: "leisure",
    ESCORT: "escort",
}


@dataclass(frozen=True)
class TripSchedule:
    """For legs (n,): planned departure [s] and least stay before it [s]."""

    depart_s: np.ndarray
    min_stay_s: np.ndarray


@dataclass(frozen=True)
class Clock:
    """Per leg (n,): whether it goes to the day's main stop (work or school), and where that stands."""

    is_main: np.ndarray
    main_before: np.ndarray  # the day's main stop lies before this leg
    main_after: np.ndarray  # it lies after this leg


def plan_times(
    legs: ResidentTrips,
    planned_s: np.ndarray,
    age: np.ndarray,
    occupation: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> TripSchedule:
    """Departures and least stays of all legs; age and occupation are those of each leg's person (n_legs,)."""
    clock = _clock(legs)
    stay = fixed_stays(legs, parameters, draws)
    start = main_arrivals(legs, age, occupation, parameters, draws)
    end = start + main_spans(legs, age, occupation, parameters, draws)
    end = np.minimum(end, S_PER_H * parameters["population.latest_work_end_h"])
    depart = _first_departures(legs, clock, planned_s, stay, start, parameters, draws)
    least_s = least_stay_s(parameters)
    min_stay = np.full(len(depart), least_s)
    share = parameters["population.min_stay_share"]
    # who goes outside drives on beyond the gate, and passes it later on the way back
    back_s = _beyond_s(legs.origin_place, parameters)
    for k in range(1, int(legs.sequence.max(initial=0)) + 1):
        rows = np.flatnonzero(legs.sequence == k)
        before = rows - 1
        arrival = depart[before] + planned_s[before] + back_s[rows]
        lunch = lunch_leave(legs, rows, age, parameters, draws)
        here = legs.purpose[before]
        broken = clock.is_main[before] & clock.main_after[before]
        leaves = np.where(
            broken,
            np.maximum(lunch, arrival + 1.5 * S_PER_H),
            np.maximum(end[before], arrival + 2.0 * S_PER_H),
        )
        leaves = np.where(clock.is_main[before], leaves, arrival + stay[before])
        leaves = np.where(here == HOME, _leave_home(legs, clock, rows, arrival, parameters, draws), leaves)
        depart[rows] = np.maximum(leaves, arrival + least_s) + back_s[rows]
        min_stay[rows] = np.maximum(least_s, share * (depart[rows] - arrival))
    return TripSchedule(*_within_day(legs, depart, min_stay, parameters))


def _beyond_s(place: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Time between a gate and what lies beyond it [s]; 0 for places inside."""
    hours = parameters["population.outside_distance_km"] / parameters["population.car_speed_outside_kmh"]
    return np.where(place == OUTSIDE, S_PER_H * hours, 0.0)


def _clock(legs: ResidentTrips) -> Clock:
    main = (legs.purpose == WORK) | (legs.purpose == SCHOOL)
    n_persons = int(legs.person.max(initial=-1)) + 1
    total = np.bincount(legs.person, weights=main, minlength=n_persons)[legs.person]
    running = np.cumsum(main)
    first = np.searchsorted(legs.person, legs.person)
    before = running - main - (running[first] - main[first])
    return Clock(main, before > 0, before + main < total)


def _first_departures(
    legs: ResidentTrips,
    clock: Clock,
    planned_s: np.ndarray,
    stay: np.ndarray,
    start: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Departure of the first leg of each day (others stay 0): back from the main stop, or by profile."""
    depart = np.zeros(len(legs.person))
    # time from leaving home to reaching the main stop: legs up to it, and the stays between them
    counts = ~clock.main_before
    travel = np.where(counts, planned_s + _beyond_s(legs.destination_place, parameters), 0.0)
    rests = np.where(counts & ~clock.is_main, stay, 0.0)
    n_persons = int(legs.person.max(initial=-1)) + 1
    lead = np.bincount(legs.person, weights=travel + rests, minlength=n_persons)
    rows = np.flatnonzero(legs.sequence == 0)
    has_main = clock.is_main[rows] | clock.main_after[rows]
    free = np.zeros(len(rows))
    for purpose, name in PROFILES.items():
        mine = np.flatnonzero(legs.purpose[rows] == purpose)
        u = draws.uniform(f"depart.{name}", legs.key[rows[mine]])
        free[mine] = invert_profile(np.array(parameters[f"population.departure_profile_{name}"]), u)
    back = np.maximum(start[rows] - lead[legs.person[rows]], 0.0)
    depart[rows] = np.where(has_main, back, free)
    return depart


def _leave_home(
    legs: ResidentTrips,
    clock: Clock,
    rows: np.ndarray,
    arrival: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Departure from home later in the day: after lunch for work or school, else by the purpose's profile."""
    key, moment = legs.key[rows], legs.sequence[rows]
    pause = parameters["population.lunch_at_home_h"] + 0.25 * draws.bell("lunch_at_home", key)
    leaves = arrival + S_PER_H * np.maximum(pause, 0.5)
    back_to_main = clock.is_main[rows] | clock.main_after[rows] & (legs.purpose[rows] == ESCORT)
    for purpose, name in PROFILES.items():
        mine = np.flatnonzero((legs.purpose[rows] == purpose) & ~back_to_main)
        profile = np.array(parameters[f"population.departure_profile_{name}"])
        u = draws.uniform(f"depart.{name}", key[mine], moment[mine])
        earliest = arrival[mine] + 60.0 * parameters["population.home_between_tours_min"]
        leaves[mine] = draw_after(profile, earliest, S_PER_H * parameters["population.last_departure_h"], u)
    return np.asarray(leaves)


def _within_day(
    legs: ResidentTrips, depart_s: np.ndarray, min_stay_s: np.ndarray, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """The whole plan a little earlier where its last departure would come too late; whole milliseconds."""
    n_persons = int(legs.person.max(initial=-1)) + 1
    last = np.zeros(n_persons)
    np.maximum.at(last, legs.person, depart_s)
    latest_s = S_PER_H * parameters["population.latest_planned_h"]
    excess = np.maximum(last - latest_s, 0.0)[legs.person]
    return np.maximum(depart_s - excess, 0.0).round(3), np.floor(min_stay_s)
