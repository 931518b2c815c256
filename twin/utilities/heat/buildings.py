"""Heat that buildings ask for, and how warm they are: degree hours, who is there, and hot water.

A building is one body of one temperature, C dT/dt = heat - UA (T - T_out) + gains, solved exactly over a
step. People and the sun bring what it loses between the base of degree days and the temperature that is
kept, so a building kept at that temperature all year needs what its degree days say.
"""

from __future__ import annotations

import numpy as np

from twin.population.presence import Presence
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Places
from twin.units import H_PER_DAY, S_PER_H, W_PER_KW
from twin.utilities.demand import ConsumptionRates

WATER_J_PER_KG_K = 4_186.0


class HeatBuildings:
    """Indoor temperature of every place, (n_places,) [degC], and what it asks for; NaN where none is heated.

    ua_w_per_k (n_places,) is what a place loses for each kelvin, most_w (n_places,) the power of its heating.
    """

    def __init__(self, demand: ConsumptionRates, places: Places, parameters: Parameters) -> None:
        heated = np.where(places.dwellings + places.jobs > 0.0, places.floor_area_m2, 0.0)
        year_kwh = heated * float(parameters["utilities.heat_kwh_per_m2"])
        self.ua_w_per_k = year_kwh * W_PER_KW / (H_PER_DAY * parameters["utilities.heat_degree_days"])
        self.base_c = float(parameters["utilities.heat_base_c"])
        self.kept_c = float(parameters["utilities.indoor_c"])
        self.absent_c = float(parameters["utilities.indoor_absent_c"])
        coldest_k = self.base_c - float(parameters["utilities.heat_design_c"])
        oversize = float(parameters["utilities.heat_oversize"])
        self.most_w: Floats = self.ua_w_per_k * coldest_k * oversize
        self._constant_s = float(parameters["utilities.building_time_constant_h"]) * S_PER_H
        self._household = float(parameters["utilities.persons_per_dwelling"])
        self._homes = demand.households * self._household
        share = parameters["utilities.hot_water_litres"] / parameters["utilities.litres_per_person_per_day"]
        joules = WATER_J_PER_KG_K * float(parameters["utilities.hot_water_lift_k"])
        self.water_w = demand.water_home * share * joules / S_PER_H  # of a person at home, by hour
        self.indoor_c = np.where(self.ua_w_per_k > 0.0, self.kept_c, np.nan)

    def kept(self, presence: Presence, step_s: float) -> Floats:
        """Temperature that is kept (n_places,): in dwellings with somebody at home, and where people are.

        Of those who live in a place a share p is at home; if they come and go by themselves, somebody is at
        home in 1 - (1 - p)^n of the households of n.
        """
        here = (presence.at_work_s + presence.visiting_s) / step_s
        at_home = np.minimum(presence.at_home_s / step_s / np.maximum(self._homes, 1e-9), 1.0)
        lived_in = 1.0 - (1.0 - at_home) ** self._household
        share = np.where(self._homes > 0.0, np.maximum(lived_in, 0.0), 0.0)
        share = np.maximum(share, np.minimum(here, 1.0))
        return np.asarray(self.absent_c + (self.kept_c - self.absent_c) * share)

    def asked_w(
        self, presence: Presence, hour: int, outside_c: float, step_s: float, most_w: Floats
    ) -> tuple[Floats, Floats]:
        """Heating to what is kept by the end of a step, at most `most_w`, and hot water [W]."""
        left = float(np.exp(-step_s / self._constant_s))
        end_k = self.kept(presence, step_s) - self._free_c(outside_c)
        need_k = (end_k - (self.indoor_c - self._free_c(outside_c)) * left) / (1.0 - left)
        heating = np.where(self.ua_w_per_k > 0.0, self.ua_w_per_k * need_k, 0.0)
        water = presence.at_home_s / step_s * self.water_w[hour % H_PER_DAY]
        return np.clip(heating, 0.0, most_w), np.asarray(water)

    def held_w(self, presence: Presence, outside_c: float, step_s: float, most_w: Floats) -> Floats:
        """Heating (n_places,) [W] that holds what is kept, in a building that has it.

        What going without lacks is no more: a building that has cooled asks for all that its heating can
        give until it is warm again, and summed over the outage that would count the same heat many times.
        """
        held = self.ua_w_per_k * (self.kept(presence, step_s) - self._free_c(outside_c))
        return np.asarray(np.clip(np.nan_to_num(held), 0.0, most_w))

    def heat(self, given_w: Floats, outside_c: float, step_s: float) -> None:
        """Let a step pass in which each place is heated by so much (n_places,) [W]."""
        left = float(np.exp(-step_s / self._constant_s))
        warmer_k = np.zeros_like(given_w)
        np.divide(given_w, self.ua_w_per_k, out=warmer_k, where=self.ua_w_per_k > 0.0)
        end_c = self._free_c(outside_c) + warmer_k
        self.indoor_c = end_c + (self.indoor_c - end_c) * left

    def _free_c(self, outside_c: float) -> float:
        """Temperature to which an unheated building tends: what people and the sun bring is in it."""
        return outside_c + self.kept_c - self.base_c


def cold_person_h(indoor_c: Floats, people: Floats, comfort_c: float, step_s: float) -> float:
    """Hours that people (n_steps, n_places) spend where it is under a temperature.

    >>> cold_person_h(np.array([[17.0, 19.0]]), np.array([[3.0, 4.0]]), 18.0, 7200.0)
    6.0
    """
    return float(np.where(indoor_c < comfort_c, people, 0.0).sum() * step_s / S_PER_H)
