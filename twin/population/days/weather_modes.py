"""Modes in bad weather: who cycles or walks by plan and takes another mode today."""

from __future__ import annotations

import math

import numpy as np

from twin.conditions.day import DayConditions
from twin.population.days.legs import ResidentTrips
from twin.population.draws import Draws
from twin.population.tables import CAR, CYCLE, PASSENGER, TRANSIT, WALK, Persons
from twin.scenario.ledger import Parameters


def losses(parameters: Parameters, today: DayConditions) -> dict[int, float]:
    """Share of the tours by bicycle and on foot that are made by another mode today.

    Cycling falls by a share for each millimetre of the day's rain and for each degree below the year's mean.
    """
    rain_mm, mean_c = today.weather.rain_mm, float(parameters[f"conditions.temperature_{today.climate}"][0])
    cold_c = max(mean_c - today.weather.mean_temperature_c, 0.0)
    keep = {name: 1.0 - parameters[f"conditions.{name}_loss_per_mm"] for name in ("cycle", "walk")}
    warm = math.exp(-cold_c * float(parameters["conditions.cycle_loss_per_degree"]))
    return {CYCLE: 1.0 - keep["cycle"] ** rain_mm * warm, WALK: 1.0 - keep["walk"] ** rain_mm}


def sheltered(
    legs: ResidentTrips,
    mode: np.ndarray,
    persons: Persons,
    parameters: Parameters,
    draws: Draws,
    today: DayConditions,
) -> np.ndarray:
    """Modes of legs (n,) where whole tours change: to the household's car, driving or driven, else the bus.

    Who walks and has no car walks on. A tour that changes in little rain changes in more.
    """
    n_tours = int(legs.tour.max(initial=-1)) + 1
    first = np.searchsorted(legs.tour, np.arange(n_tours))
    person = legs.person[first]
    nth = np.arange(n_tours) - np.searchsorted(person, person)
    u = draws.uniform("rain_mode", legs.key[first], nth)
    moves = np.bincount(legs.tour, weights=~legs.one_link, minlength=n_tours) > 0
    by_car = persons.household_cars[person] > 0
    instead = np.where(by_car & persons.licence[person], CAR, np.where(by_car, PASSENGER, TRANSIT))
    out = mode.copy()
    for own, share in losses(parameters, today).items():
        whole = np.bincount(legs.tour, weights=mode != own, minlength=n_tours) == 0
        changes = whole & moves & (u < share) & ((own == CYCLE) | by_car)
        rows = np.flatnonzero(changes[legs.tour])
        new = instead[legs.tour[rows]]
        out[rows] = np.where((new == CAR) & legs.one_link[rows], WALK, new)
    return out
