"""Heat of a town, quarter by quarter: buildings ask, the network brings, and indoor temperatures follow.

Who did not join district heating has a boiler or a heat pump of their own, which needs power and nothing
else that is reckoned here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.population.presence import Presence
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats
from twin.territory.territory import Territory
from twin.utilities.demand import ConsumptionRates, DayConsumption
from twin.utilities.heat.buildings import HeatBuildings, cold_person_h
from twin.utilities.heat.flow import HeatFlow
from twin.utilities.heat.laid import LaidHeat, heat_control_of, laid_heat
from twin.utilities.spans import QUARTER_S, RUNNING

QUARTERS_PER_H = 4


class HeatFlows(NamedTuple):
    """A quarter of an hour of the network (or arrays of them), heat in J.

    Heat brought by the source, taken by substations, lost, and held by the pipes at the end over the
    ground's temperature; the pump's electricity; temperatures at the source at the end; and the largest
    part of a step's heat that the balance does not explain.
    """

    brought_j: Any
    taken_j: Any
    lost_j: Any
    stored_j: Any
    pump_j: Any
    supply_c: Any
    return_c: Any
    imbalance: Any


NO_NETWORK = HeatFlows(0.0, 0.0, 0.0, 0.0, 0.0, float("nan"), float("nan"), 0.0)


class HeatQuarter(NamedTuple):
    """A quarter of an hour of places (n_places,), and of the network.

    `asked_w` and `given_w` are heating and hot water together, by whatever means; `needed_w` is what was
    asked for, but no more than a building as warm as is kept would; `people` is who was there.
    """

    asked_w: Floats
    given_w: Floats
    needed_w: Floats
    indoor_c: Floats
    people: Floats
    network: HeatFlows


class TownHeat:
    """Buildings and, where one is laid, the heat network of a territory, moved on quarter by quarter."""

    def __init__(
        self, territory: Territory, demand: ConsumptionRates, parameters: Parameters, outside_c: float
    ) -> None:
        """`outside_c` is the temperature before the first quarter, for which the network is warm."""
        self.buildings = HeatBuildings(demand, territory.places, parameters)
        self._parameters = parameters
        self._n_steps = round(QUARTER_S / float(parameters["utilities.heat_step_s"]))
        if self._n_steps * parameters["utilities.heat_step_s"] != QUARTER_S:
            right = "seconds that divide a quarter of an hour"
            raise InputError("utilities.heat_step_s", f"{parameters['utilities.heat_step_s']:g} s", right)
        self.laid = laid_heat(territory.utilities, territory.places.place_id, parameters)
        self.flow = None if self.laid is None else self._flow(self.laid, demand, outside_c)

    def _flow(self, laid: LaidHeat, demand: ConsumptionRates, outside_c: float) -> HeatFlow:
        people = demand.households * float(self._parameters["utilities.persons_per_dwelling"])
        water_w = people * self.buildings.water_w.max()
        control = heat_control_of(laid, self.buildings.most_w, water_w, self._parameters)
        return HeatFlow(laid.network, control, (self.supply_c(outside_c), control.return_c))

    def supply_c(self, outside_c: float) -> float:
        """Supply temperature that is set at an outside temperature [degC]."""
        hot_c, mild_c = self._parameters["utilities.heat_supply_c"]
        coldest_k = self.buildings.base_c - float(self._parameters["utilities.heat_design_c"])
        cold = min(max((self.buildings.base_c - outside_c) / coldest_k, 0.0), 1.0)
        return float(mild_c + (hot_c - mild_c) * cold)

    def _most_w(self, outside_c: float) -> Floats:
        """Power of each place's heating [W]: less from district heat while its water is cooler."""
        most_w: Floats = self.buildings.most_w
        if self.laid is not None:
            back_c = float(self._parameters["utilities.heat_return_c"])
            hot_c = float(self._parameters["utilities.heat_supply_c"][0])
            share = (self.supply_c(outside_c) - back_c) / (hot_c - back_c)
            most_w = most_w * np.where(self.laid.station_of_place >= 0, share, 1.0)
        return most_w

    def step(
        self, presence: Presence, quarter: int, outside_c: float, node_level: Floats, power: Floats
    ) -> HeatQuarter:
        """A quarter with so many person-seconds at places, a day's `quarter` and an outside temperature.

        `node_level` (n_nodes,) is how far each utility node works: the source without power, and what it
        does not reach, bring nothing. `power` (n_places,) is the share of the quarter that places have it.
        """
        buildings = self.buildings
        hour, most_w = quarter // QUARTERS_PER_H, self._most_w(outside_c)
        heating, water = buildings.asked_w(presence, hour, outside_c, QUARTER_S, most_w)
        held = buildings.held_w(presence, outside_c, QUARTER_S, most_w)
        asked, needed = heating + water, np.minimum(heating, held) + water
        given, network = asked * power, NO_NETWORK
        if self.flow is not None and self.laid is not None:
            joined = self.laid.station_of_place >= 0
            taken_w, network = self._bring(self.laid.at_stations(asked), outside_c, node_level, power)
            given = np.where(joined, self.laid.shared(taken_w, asked), given)
        buildings.heat(np.maximum(given - water, 0.0), outside_c, QUARTER_S)
        people = (presence.at_home_s + presence.at_work_s + presence.visiting_s) / QUARTER_S
        return HeatQuarter(asked, given, needed, buildings.indoor_c.copy(), people, network)

    def _bring(
        self, asked_w: Floats, outside_c: float, node_level: Floats, power: Floats
    ) -> tuple[Floats, HeatFlows]:
        """The network's steps of a quarter: mean power taken (n_stations,) [W], and what it sums to."""
        assert self.flow is not None
        assert self.laid is not None
        up = node_level[self.laid.node_row] >= RUNNING
        running, opened = bool(up[self.laid.network.source]), self._opened(up, power)
        supply_c, taken = self.supply_c(outside_c), np.zeros(len(asked_w))
        sums, worst = np.zeros(3), 0.0
        for _ in range(self._n_steps):
            last = self.flow.step(asked_w, supply_c, QUARTER_S / self._n_steps, running, opened)
            taken += last.taken_j
            sums += last.brought_j, last.lost_j, last.pump_j
            worst = max(worst, last.imbalance)
        brought, lost, pump = sums.tolist()
        ends = last.supply_c, last.return_c, worst
        total = float(taken.sum())
        return taken / QUARTER_S, HeatFlows(brought, total, lost, last.stored_j, pump, *ends)

    def _opened(self, up: Flags, power: Floats) -> Flags:
        """Substations that are reached, and whose valve has power at one of their places."""
        assert self.laid is not None
        joined = self.laid.station_of_place >= 0
        lit = np.zeros(self.laid.n_stations, dtype=bool)
        np.logical_or.at(lit, self.laid.station_of_place[joined], power[joined] >= RUNNING)
        return np.asarray(up[self.laid.network.substation] & lit)


@dataclass(frozen=True)
class HeatDay:
    """Quarters one behind the other, columns as in `HeatQuarter`: (n_quarters, n_places) or (n_quarters,)."""

    asked_w: Floats
    given_w: Floats
    needed_w: Floats
    indoor_c: Floats
    people: Floats
    network: HeatFlows

    @classmethod
    def of(cls, quarters: Sequence[HeatQuarter]) -> HeatDay:
        """Stack quarters."""
        asked, given, needed, indoor, people, network = zip(*quarters, strict=True)
        a, g, n, i, p = (np.array(each) for each in (asked, given, needed, indoor, people))
        return cls(a, g, n, i, p, HeatFlows(*np.array(network).T))

    def cold_person_h(self, comfort_c: float) -> float:
        """Hours that people spend where it is colder than that."""
        return cold_person_h(self.indoor_c, self.people, comfort_c, QUARTER_S)


def heat_day(
    territory: Territory,
    consumption: DayConsumption,
    parameters: Parameters,
    outside_c: Floats,
    node_level: Floats | None = None,
    power: Floats | None = None,
) -> HeatDay:
    """A row of quarters from midnight on with outside temperatures (n_quarters,) [degC].

    `node_level` (n_quarters, n_nodes) and `power` (n_quarters, n_places) are as in `TownHeat.step`; without
    them all works.
    """
    town = TownHeat(territory, consumption.demand, parameters, float(outside_c[0]))
    all_nodes = np.ones(territory.utilities.nodes.n_nodes)
    everybody = np.ones(territory.places.n_places)
    quarters = []
    for row, outside in enumerate(outside_c.tolist()):
        presence = consumption.presence(round(row * QUARTER_S) * MS, round((row + 1) * QUARTER_S) * MS)
        level = all_nodes if node_level is None else node_level[row]
        lit = everybody if power is None else power[row]
        quarters.append(town.step(presence, row, outside, level, lit))
    return HeatDay.of(quarters)
