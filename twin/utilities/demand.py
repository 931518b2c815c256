"""What people draw from the networks: water and electricity of each place, by who is there and when.

A rate belongs to a person who is present; it comes from a daily total, an hourly shape and the share of
people at home in that hour, rate = total / 24 * shape / share, so that people who live like the mean use
the total, and a house whose people are out uses less. Part of a household's electricity and of a place of
work's is drawn whoever is there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from twin.errors import InputError
from twin.population.population import Population
from twin.population.presence import Presence, Stays
from twin.scenario.ledger import Parameters
from twin.territory.tables import Places
from twin.units import H_PER_DAY, MS_PER_H, S_PER_H

WATER, POWER = "water", "power"
UNITS = {WATER: "l", POWER: "kWh"}
"""Utilities of which consumption is known, and its units."""


class ConsumptionRates:
    """Rates of consumption, and what of it does not depend on who is there.

    household (n_places,) counts the households that live in each place; job_base_kw (n_places,).
    """

    def __init__(self, population: Population, places: Places, parameters: Parameters) -> None:
        self.stays = Stays(population, places.n_places)
        self.households = _households(population, places.n_places)
        jobs = places.jobs.astype(np.float64)
        self.job_base_kw = jobs * float(parameters["utilities.power_base_kw_per_job"])
        present = np.array(parameters["utilities.home_presence"])
        water = _mean_one(np.array(parameters["utilities.water_home_shape"]))
        self.water_home = parameters["utilities.litres_per_person_per_day"] / H_PER_DAY * water / present
        self.water_away = (
            float(parameters["utilities.water_work_l_per_h"]),
            float(parameters["utilities.water_visit_l_per_h"]),
        )
        self.base_kw = _base_share(parameters) * parameters["utilities.household_kwh_per_day"] / H_PER_DAY
        self.power_home = _active_kw(parameters, present)
        self.power_away = (
            float(parameters["utilities.power_work_kw"]),
            float(parameters["utilities.power_visit_kw"]),
        )

    def drawn(self, utility: str, presence: Presence, hour: int, lasts_h: float) -> np.ndarray:
        """Consumption (n_places,) of a part of an hour with that presence [l or kWh]."""
        at_home, at_work, visiting = (each / S_PER_H for each in presence)
        home, away = (
            (self.water_home, self.water_away) if utility == WATER else (self.power_home, self.power_away)
        )
        total = at_home * home[hour % H_PER_DAY] + at_work * away[0] + visiting * away[1]
        if utility == POWER:
            total = total + (self.households * self.base_kw + self.job_base_kw) * lasts_h
        return np.asarray(total)


class DayConsumption:
    """Consumption of every place on one day, from when each trip departed and arrived (n_trips,) [ms].

    ``more_kwh`` adds to the electricity what else is drawn in each place in [start, end) [ms], (n_places,)
    [kWh]: charging vehicles (`twin.mobility.charging`). A household's total may hold some of that already.
    """

    def __init__(
        self,
        demand: ConsumptionRates,
        departed_ms: np.ndarray,
        arrived_ms: np.ndarray,
        more_kwh: Callable[[int, int], np.ndarray] | None = None,
    ) -> None:
        self._demand, self._departed_ms, self._arrived_ms = demand, departed_ms, arrived_ms
        self._more_kwh = more_kwh
        self._presence = lru_cache(maxsize=4)(self._presence_between)

    def _presence_between(self, start_ms: int, end_ms: int) -> Presence:
        return self._demand.stays.between(self._departed_ms, self._arrived_ms, start_ms, end_ms)

    @property
    def demand(self) -> ConsumptionRates:
        """The rates that it is reckoned from."""
        return self._demand

    def presence(self, start_ms: int, end_ms: int) -> Presence:
        """Person-seconds in each place (n_places,) in [start, end)."""
        return self._presence(start_ms, end_ms)

    def between(self, utility: str, start_ms: int, end_ms: int) -> np.ndarray:
        """Consumption (n_places,) in [start, end) [l or kWh]; hours are reckoned one by one."""
        if utility not in UNITS:
            raise InputError("consumption", f"no utility {utility!r}", " or ".join(UNITS))
        total = np.zeros(self._demand.stays.n_places)
        at_ms = start_ms
        while at_ms < end_ms:
            until_ms = min(end_ms, (at_ms // MS_PER_H + 1) * MS_PER_H)
            presence = self._presence(at_ms, until_ms)
            lasts_h = (until_ms - at_ms) / MS_PER_H
            total += self._demand.drawn(utility, presence, at_ms // MS_PER_H, lasts_h)
            at_ms = until_ms
        if utility == POWER and self._more_kwh is not None:
            total += self._more_kwh(start_ms, end_ms)
        return total


def _households(population: Population, n_places: int) -> np.ndarray:
    """Households that live in each place (n_places,); who has none counts as one."""
    persons = population.persons
    rows = np.flatnonzero(persons.home >= 0)
    alone = -1 - np.arange(len(persons))
    household = np.where(persons.household >= 0, persons.household, alone)
    first = np.unique(household[rows], return_index=True)[1]
    return np.bincount(persons.home[rows[first]], minlength=n_places).astype(np.float64)


def _mean_one(shape: np.ndarray) -> np.ndarray:
    return np.asarray(shape / shape.mean())


def _base_share(parameters: Parameters) -> float:
    """Share of a household's electricity that is drawn whoever is there; no more than the night's least."""
    least = float(_mean_one(np.array(parameters["utilities.power_home_shape"])).min())
    share = float(parameters["utilities.household_base_share"])
    if share > least:
        what = f"{share:g} is more than the night's least"
        raise InputError("utilities.household_base_share", what, f"at most {least:.3f}")
    return share


def _active_kw(parameters: Parameters, present: np.ndarray) -> np.ndarray:
    """Electricity (24,) of a person at home, beside the household's base [kW]."""
    shape = _mean_one(np.array(parameters["utilities.power_home_shape"])) - _base_share(parameters)
    per_person = parameters["utilities.household_kwh_per_day"] / parameters["utilities.persons_per_dwelling"]
    return np.asarray(per_person / H_PER_DAY * shape / present)
