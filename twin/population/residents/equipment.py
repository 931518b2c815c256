"""What persons have and can do at the start: work, licence, cars, phone, internet, skill, consent.

Each is drawn from its own stream by the person's key; what a household shares, by the household's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.population.draws import Draws
from twin.population.tables import INFANT, PUPIL
from twin.scenario.ledger import Parameters

ADULT_BANDS = ("18_24", "25_39", "40_59", "60_74", "75_over")
LICENCE_AGES = (18, 25, 40, 60, 75)
PHONE_AGES = (12, 18, 25, 40, 60, 70)
INTERNET_AGES = (18, 60, 70)
SKILL_AGES = (15, 25, 40, 60, 75)


def by_age(age: np.ndarray, edges: Sequence[int], values: Sequence[float], younger: float) -> np.ndarray:
    """Values of a table by age: values[i] from edges[i] years on, ``younger`` below the first edge.

    >>> by_age(np.array([10, 18, 80]), (18, 60), (0.9, 0.5), 0.0).tolist()
    [0.0, 0.9, 0.5]
    """
    return np.asarray(np.array((younger, *values))[np.searchsorted(np.array(edges), age, side="right")])


def occupation_shares(parameters: Parameters) -> np.ndarray:
    """Shares of the occupations by band of adults' age: (5, n_occupations)."""
    return np.array([parameters[f"population.occupation_{band}"] for band in ADULT_BANDS])


def draw_occupation(age: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Index into `OCCUPATIONS`: infants under 6, pupils to 17, then by age band."""
    weights = occupation_shares(parameters)
    band = np.searchsorted(np.array((25, 40, 60, 75)), age, side="right")
    drawn = draws.chosen("occupation", weights, band, key)
    young = np.where(age < 6, INFANT, PUPIL)
    return np.asarray(np.where(age < 18, young, drawn), dtype=np.int8)


def car_shares(density: int, parameters: Parameters) -> np.ndarray:
    """Shares of households with 0, 1, and 2 cars or more: (2, 3), with one adult and with several.

    >>> car_shares(0, Parameters.defaults()).round(2).tolist()
    [[0.48, 0.52, 0.0], [0.16, 0.56, 0.28]]
    """
    alone = parameters["population.motorised_share_one_adult"][density]
    several = parameters["population.motorised_share_several_adults"][density]
    second = min(parameters["population.second_car_share_several_adults"][density], several)
    return np.array([[1.0 - alone, alone, 0.0], [1.0 - several, several - second, second]])


def draw_household_cars(
    n_adults: np.ndarray, density: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Cars of households: 0, 1 or 2 (two and more) by density class and whether there are several adults."""
    alone = np.array(parameters["population.motorised_share_one_adult"])[density]
    several = np.array(parameters["population.motorised_share_several_adults"])[density]
    second = np.array(parameters["population.second_car_share_several_adults"])[density]
    u = draws.uniform("cars", key)
    cars = np.where(n_adults > 1, (u < several).astype(np.int8) + (u < second), u < alone)
    return np.asarray(cars, dtype=np.int8)


def draw_licence(age: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Driving licence, by age."""
    share = by_age(age, LICENCE_AGES, parameters["population.licence_share"], 0.0)
    return np.asarray(draws.uniform("licence", key) < share)


def draw_internet(
    eldest_age: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Internet at home, by the eldest's age; drawn by the household's key, so that all members share it."""
    share = by_age(eldest_age, INTERNET_AGES, parameters["population.home_internet_share"], 1.0)
    return np.asarray(draws.uniform("internet", key) < share)


def draw_skill(
    age: np.ndarray, density: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Digital skill, index into `SKILLS`: illectronism by age and territory, then weak to advanced."""
    none = illectronism_share(age, density, parameters)
    weak = by_age(age, SKILL_AGES, parameters["population.weak_skill_share"], 0.5)
    advanced = by_age(age, SKILL_AGES, parameters["population.advanced_skill_share"], 0.0)
    u = draws.uniform("skill", key)
    rest = (u - none) / np.maximum(1.0 - none, 1e-12)
    return np.select([u < none, rest < weak, rest < 1.0 - advanced], [0, 1, 2], default=3).astype(np.int8)


def illectronism_share(age: np.ndarray, density: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Share without digital skill: by age, times the ratio of the kind of territory to the country."""
    share = by_age(age, SKILL_AGES, parameters["population.illectronism_share"], 0.0)
    ratio = np.array(parameters["population.illectronism_ratio"])[density]
    return np.asarray(np.minimum(share * ratio, 0.95))


def draw_smartphone(
    age: np.ndarray,
    density: np.ndarray,
    skill: np.ndarray,
    key: np.ndarray,
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Smartphone, by age; rarer without digital skill, commoner with it: the share by age holds."""
    share = by_age(age, PHONE_AGES, parameters["population.smartphone_share"], 0.0)
    none = illectronism_share(age, density, parameters)
    # where nearly all are without skill, more of them have one: all of the rest would not make up the share
    needed = (share - (1.0 - none)) / np.maximum(none, 1e-12)
    without = np.minimum(share, np.maximum(parameters["population.smartphone_share_without_skill"], needed))
    able = np.minimum((share - none * without) / np.maximum(1.0 - none, 1e-12), 1.0)
    return np.asarray(draws.uniform("smartphone", key) < np.where(skill == 0, without, able))


def draw_consent(key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Consent to share one's position with a navigation app."""
    return np.asarray(draws.uniform("consent", key) < parameters["population.consent_share"])


def draw_traveller_age(key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Age of a driver from outside [years]: by bands 18-24, 25-39, 40-59, 60-74, evenly within."""
    low, high = np.array((18, 25, 40, 60)), np.array((25, 40, 60, 75))
    weights = np.array([parameters["population.traveller_age_shares"]])
    band = draws.chosen("traveller_age_band", weights, np.zeros(len(key), dtype=np.int64), key)
    u = draws.uniform("traveller_age", key)
    return np.asarray(low[band] + np.floor(u * (high - low)[band]).astype(np.int64))
