"""Modes: a multinomial logit over whole tours (McFadden 1974), its constants fitted to mode shares.

A tour keeps its mode, so that a car comes home. Utility is minus generalised time: minutes door to door plus
money over the value of time, plus a constant for each mode, density class and legal regime: people whose
statistics are another state's do not bend the choices of the others. The constants are fitted so that
the expected shares of trips meet the ledger's; the draw is one per tour, by the person's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.population.days.legs import ResidentTrips
from twin.population.draws import Draws, picks
from twin.population.file import DENSITY_CLASSES
from twin.population.residents.fit_report import FitReport
from twin.population.tables import (
    BUSINESS,
    CAR,
    CYCLE,
    MODES,
    PASSENGER,
    SCHOOL,
    TRANSIT,
    WALK,
    WORK,
    Persons,
)
from twin.scenario.ledger import Parameters

FIT_ROUNDS = 200
FIT_TOLERANCE = 1e-6
FACTOR_LIMIT = 400.0
"""exp(constant) stays within this and its inverse: a constant worth two hours on the way says that a share
cannot be reached (children who leave the area are driven, whatever the share), not how the others choose."""


@dataclass(frozen=True)
class Travellers:
    """What the choice of mode depends on, for persons (n,)."""

    age: np.ndarray
    density: np.ndarray
    licence: np.ndarray
    household_cars: np.ndarray
    household_licences: np.ndarray


def travellers_of(persons: Persons) -> Travellers:
    """Persons as far as their choice of mode goes; nobody shares a licence with those from outside."""
    _, household = np.unique(persons.household, return_inverse=True)
    licences = np.bincount(household, weights=persons.licence)[household]
    licences[persons.household < 0] = 1.0
    return Travellers(persons.age, persons.density, persons.licence, persons.household_cars, licences)


@dataclass(frozen=True)
class Tours:
    """Tours (n,): person, draw moment, number of legs, generalised minutes by mode, what can be used."""

    person: np.ndarray
    key: np.ndarray
    moment: np.ndarray
    n_legs: np.ndarray
    minutes: np.ndarray  # (n, n_modes)
    available: np.ndarray  # (n, n_modes)


@dataclass(frozen=True)
class FittedModes:
    """Constants by stratum (`stratum`) and mode, and how the fit to the shares of modes ended in each."""

    constants: dict[str, dict[str, float]]
    fits: tuple[FitReport, ...]


def stratum(density_class: str, legal_regime: str) -> str:
    """Name of those who share constants.

    >>> stratum("dense", "France")
    'dense, France'
    """
    return f"{density_class}, {legal_regime}"


def choose_modes(
    legs: ResidentTrips,
    travellers: Travellers,
    strata: tuple[np.ndarray, Sequence[str]],
    parameters: Parameters,
    draws: Draws,
) -> tuple[np.ndarray, FittedModes]:
    """Mode of each leg, and what was fitted by stratum; ``strata`` are each person's and their names."""
    of_person, names = strata
    tours = build_tours(legs, travellers, parameters)
    attraction = np.where(
        tours.available, np.exp(-parameters["population.scale_per_min"] * tours.minutes), 0.0
    )
    mode = np.full(len(tours.person), WALK, dtype=np.int8)
    u = draws.uniform("mode", tours.key, tours.moment)
    constants: dict[str, dict[str, float]] = {}
    fits = []
    for number, name in enumerate(names):
        rows = np.flatnonzero(of_person[tours.person] == number)
        if not len(rows):
            continue
        target = target_shares(DENSITY_CLASSES[travellers.density[tours.person[rows[0]]]], parameters)
        factor, rounds = fit_factors(attraction[rows], tours.n_legs[rows], target)
        reached = _shares(attraction[rows] * factor, tours.n_legs[rows])
        aims = {MODES[m]: (float(target[m]), float(reached[m])) for m in range(len(MODES))}
        what = f"mode shares, {name}"
        fits.append(FitReport.of(what, aims, (rounds, FIT_ROUNDS), FIT_TOLERANCE, "share"))
        mode[rows] = picks(np.cumsum(attraction[rows] * factor, axis=1), np.arange(len(rows)), u[rows])
        constants[name] = {MODES[m]: round(float(np.log(factor[m])), 6) for m in range(len(MODES))}
    return mode_of_legs(mode, legs), FittedModes(constants, tuple(fits))


def mode_of_legs(mode: np.ndarray, legs: ResidentTrips) -> np.ndarray:
    """Mode of each leg (n,) int8 of tours by those modes (n_tours,).

    A car that would not leave its street stays there: that leg is walked, or somebody gives a lift outside.
    """
    of_leg = mode[legs.tour]
    instead = np.where(legs.outside, PASSENGER, WALK)
    return np.where((of_leg == CAR) & legs.one_link, instead, of_leg).astype(np.int8)


def target_shares(density: str, parameters: Parameters) -> np.ndarray:
    """Shares of trips by mode: the ledger's, brought to 1, those in cars split by occupancy."""
    by_car, walk, cycle, transit = np.array(parameters[f"population.mode_shares_{density}"])
    drivers = by_car / parameters["population.car_occupancy"]
    shares = np.zeros(len(MODES))
    shares[[CAR, PASSENGER, WALK, CYCLE, TRANSIT]] = drivers, by_car - drivers, walk, cycle, transit
    return np.asarray(shares / shares.sum())


def fit_factors(attraction: np.ndarray, n_legs: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, int]:
    """exp(constant) by mode, the car's 1, so that expected shares of legs meet the target; rounds made."""
    factor = np.ones(len(target))
    for made in range(FIT_ROUNDS):
        shares = _shares(attraction * factor, n_legs)
        if np.abs(shares - target).max() < FIT_TOLERANCE:
            return factor, made
        factor = np.where(shares > 0.0, factor * target / np.maximum(shares, 1e-12), factor)
        # a share that cannot be reached (nobody can walk so far) does not drive its constant to infinity
        factor = np.clip(factor / factor[CAR], 1.0 / FACTOR_LIMIT, FACTOR_LIMIT)
    return factor, FIT_ROUNDS


def _shares(weight: np.ndarray, n_legs: np.ndarray) -> np.ndarray:
    """Expected shares of legs by mode (n_modes,) of tours with these weights (n, n_modes) and legs (n,)."""
    return np.asarray((weight * (n_legs / weight.sum(axis=1))[:, None]).sum(axis=0) / n_legs.sum())


def build_tours(legs: ResidentTrips, travellers: Travellers, parameters: Parameters) -> Tours:
    """Generalised minutes and availability of every mode for every tour."""
    n_tours = int(legs.tour.max(initial=-1)) + 1
    first = np.searchsorted(legs.tour, np.arange(n_tours))
    person = legs.person[first]
    minutes = np.zeros((n_tours, len(MODES)))
    per_leg = leg_minutes(legs, travellers.density[legs.person], parameters)
    for mode in range(len(MODES)):
        minutes[:, mode] = np.bincount(legs.tour, weights=per_leg[mode], minlength=n_tours)
    commutes = np.isin(legs.purpose, (WORK, BUSINESS, SCHOOL))
    with_work = np.bincount(legs.tour, weights=commutes, minlength=n_tours) > 0
    available, share_of_car = _availability(legs, n_tours, person, travellers, parameters)
    minutes[:, CAR] += (1.0 - share_of_car) * parameters["population.shared_car_min"]
    without_car = travellers.household_cars[person] == 0
    minutes[:, PASSENGER] += without_car * parameters["population.lift_from_others_min"]
    nth = np.arange(n_tours) - np.searchsorted(person, person)
    return Tours(
        person=person,
        key=legs.key[first],
        moment=np.where(with_work, 0, nth + 1),
        n_legs=np.bincount(legs.tour, minlength=n_tours).astype(np.float64),
        minutes=minutes,
        available=available,
    )


def leg_minutes(legs: ResidentTrips, density: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Generalised minutes of each leg by mode (n_modes, n_legs), those outside the area included."""
    p = {name: np.array(parameters[f"population.{name}"]) for name in BY_DENSITY}
    inside_km = legs.straight_m / 1_000.0
    car_km = inside_km * parameters["population.detour_factor_car"]
    path_km = inside_km * parameters["population.detour_factor_walk"]
    beyond_km = np.where(legs.outside, parameters["population.outside_distance_km"], 0.0)
    value = value_of_time_eur_per_h(legs.purpose, parameters)
    ride = 60.0 * (
        car_km / p["car_speed_kmh"][density] + beyond_km / parameters["population.car_speed_outside_kmh"]
    )
    ride = ride + p["car_access_min"][density]
    cost_eur = parameters["population.car_cost_eur_per_km"] * (car_km + beyond_km)
    line = 60.0 * car_km / p["transit_speed_kmh"][density] + p["transit_access_min"][density]
    line = line + 60.0 * beyond_km / parameters["population.transit_speed_outside_kmh"]
    fare = 60.0 * parameters["population.transit_fare_eur"] / value
    minutes = np.zeros((len(MODES), len(inside_km)))
    minutes[CAR] = ride + 60.0 * cost_eur / value
    minutes[PASSENGER] = ride
    minutes[WALK] = 1_000.0 / 60.0 * path_km / parameters["population.walk_speed_mps"]
    minutes[CYCLE] = 60.0 * path_km / parameters["population.cycle_speed_kmh"]
    minutes[TRANSIT] = line + fare
    return minutes


def value_of_time_eur_per_h(purpose: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Value of time (n,) [EUR/h] of who chooses a mode, by the purpose (n,) of the trip."""
    commute, other = (
        float(parameters[f"population.value_of_time_{name}_eur_per_h"]) for name in ("commute", "other")
    )
    return np.where(np.isin(purpose, (WORK, BUSINESS, SCHOOL)), commute, other)


BY_DENSITY = ("car_speed_kmh", "car_access_min", "transit_speed_kmh", "transit_access_min")


def _availability(
    legs: ResidentTrips, n_tours: int, person: np.ndarray, travellers: Travellers, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Modes each tour can be made by (n_tours, n_modes); cars per licence in the household, at most 1."""
    path_m = legs.straight_m * parameters["population.detour_factor_walk"]
    longest = np.zeros(n_tours)
    np.maximum.at(longest, legs.tour, path_m)
    inside = np.bincount(legs.tour, weights=legs.outside, minlength=n_tours) == 0
    moves = np.bincount(legs.tour, weights=~legs.one_link, minlength=n_tours) > 0
    age = travellers.age[person]
    cars = travellers.household_cars[person]
    available = np.zeros((n_tours, len(MODES)), dtype=bool)
    available[:, CAR] = moves & travellers.licence[person] & (cars > 0)
    available[:, PASSENGER] = moves | ~inside
    available[:, WALK] = inside & (longest <= 1_000.0 * parameters["population.walk_limit_km"])
    available[:, CYCLE] = inside & (age >= parameters["population.cycle_from_age"])
    available[:, CYCLE] &= longest <= 1_000.0 * parameters["population.cycle_limit_km"]
    available[:, TRANSIT] = moves & (age >= parameters["population.transit_from_age"])
    available[:, WALK] |= ~available.any(axis=1)
    share = np.minimum(cars / np.maximum(travellers.household_licences[person], 1), 1.0)
    return available, share
