"""Speeds of those who walk and cycle: their own, by age and by bicycle, and how a slope changes them.

On a slope a rider's speed follows the balance of power (Martin et al. 1998, J. Applied Biomechanics 14(3)):
P e = (m g (sin a + c cos a) + r A v^2 / 2) v. Riders give more power uphill (Parkin & Rotheram 2010,
Transport Policy 17(5)), and downhill they brake.
"""

from __future__ import annotations

import numpy as np

from twin.population.draws import Draws
from twin.scenario.ledger import Parameters
from twin.units import KMH_PER_MPS

SPEED_AGE_FROM = (0, 18, 30, 45, 65, 75)
"""Ages from which each factor of the ledger's lists by age holds."""
GRAVITY_MPS2, AIR_KG_PER_M3 = 9.81, 1.2
FASTEST_MPS, HALVINGS = 40.0, 50
BICYCLE, PEDELEC = 0, 1


def walk_speeds_mps(age: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Own walking speed (n,) [m/s] (Weidmann 1993: mean 1.34 m/s, spread 0.26 m/s), by age."""
    bell = draws.bell("walk_speed", key)
    mps = parameters["population.walk_speed_mps"] + parameters["population.walk_speed_spread_mps"] * bell
    return np.asarray(mps * _by_age(age, parameters["population.walk_age_factor"]))


def bicycle_of(key: np.ndarray, parameters: Parameters, draws: Draws) -> np.ndarray:
    """Whether a person's bicycle is a pedelec (n,): `BICYCLE` or `PEDELEC`."""
    assisted = draws.uniform("pedelec", key) < parameters["population.pedelec_share"]
    return np.where(assisted, PEDELEC, BICYCLE)


def cycle_speeds_mps(
    age: np.ndarray, bicycle: np.ndarray, key: np.ndarray, parameters: Parameters, draws: Draws
) -> np.ndarray:
    """Own cycling speed on the flat (n,) [m/s]: by bicycle and age, and a spread of one's own."""
    names = "population.cycle_speed_kmh", "population.pedelec_speed_kmh"
    mps = np.array([parameters[name] for name in names])[bicycle] / KMH_PER_MPS
    spread = parameters["population.cycle_speed_spread"] * draws.bell("cycle_speed", key)
    return np.asarray(mps * (1.0 + spread) * _by_age(age, parameters["population.cycle_age_factor"]))


def _by_age(age: np.ndarray, factors: tuple[float, ...]) -> np.ndarray:
    return np.asarray(np.array(factors)[np.searchsorted(SPEED_AGE_FROM, age, side="right") - 1])


def pushing_factor(parameters: Parameters) -> float:
    """Speed of who pushes a bicycle over that of who rides it."""
    ride_mps = parameters["population.cycle_speed_kmh"] / KMH_PER_MPS
    return float(min(parameters["population.walk_speed_mps"] / ride_mps, 1.0))


def slope_factors(grade: np.ndarray, bicycle: int, parameters: Parameters) -> np.ndarray:
    """Cycling speed on a slope over that on the flat (n,): no slower than pushing, no faster than is safe.

    Parameters
    ----------
    grade
        Rise over run, negative downhill (n,).

    >>> slope_factors(np.array([0.08, 0.0, -0.05]), BICYCLE, Parameters.defaults()).round(2).tolist()
    [0.44, 1.0, 1.14]
    """
    steepest = float(parameters["population.steepest_grade"])
    grade = np.clip(grade, -steepest, steepest)
    flat_w, climb_w = parameters["population.cycle_power_w"]
    full = parameters["population.cycle_climb_grade"]
    power_w = flat_w + (climb_w - flat_w) * np.clip(grade / full, 0.0, 1.0)
    on_flat = _balanced_mps(np.full(1, flat_w), np.zeros(1), parameters)
    share = _balanced_mps(power_w, grade, parameters) / on_flat
    if bicycle == PEDELEC:  # on the flat and downhill the rider is as fast as the own speed says
        limit_mps = parameters["population.pedelec_limit_kmh"] / KMH_PER_MPS
        helped = _balanced_mps(power_w + parameters["population.pedelec_power_w"], grade, parameters)
        climbing = np.minimum(np.minimum(helped, limit_mps) / np.minimum(on_flat, limit_mps), 1.0)
        share = np.where(grade > 0.0, np.maximum(share, climbing), share)
    safe = parameters["population.cycle_downhill_factor"]
    return np.asarray(np.clip(share, pushing_factor(parameters), safe))


def _balanced_mps(power_w: np.ndarray, grade: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Speed at which what is given at the pedals meets slope, rolling and air (n,), by halving."""
    angle = np.arctan(grade)
    rolling = parameters["population.cycle_rolling"]
    weight_n = GRAVITY_MPS2 * parameters["population.cycle_mass_kg"]
    steady_n = weight_n * (np.sin(angle) + rolling * np.cos(angle))
    air = 0.5 * AIR_KG_PER_M3 * parameters["population.cycle_drag_m2"]
    given_w = power_w * parameters["population.cycle_efficiency"]
    low, high = np.zeros(grade.shape[0]), np.full(grade.shape[0], FASTEST_MPS)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        slower = (steady_n + air * middle**2) * middle < given_w
        low, high = np.where(slower, middle, low), np.where(slower, high, middle)
    return np.asarray(0.5 * (low + high))
