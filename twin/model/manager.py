"""The road manager: carries out the scenario's levers, and writes down what it has closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.calculators.agreement import notices
from twin.calculators.levers import closed_to_entry, limited_speed, mask_of, narrowed_capacity
from twin.conditions.weather import rain_factors
from twin.indicators.records import ROAD_MANAGER
from twin.mobility.dark_signals import AllWayStop, darken
from twin.mobility.links import link_ms
from twin.mobility.network import Roads
from twin.model.actor import Actor
from twin.model.state import Access
from twin.routing.topology import usable_in
from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.modification import Modification
from twin.scenario.modifications import ClassifySecondary, CloseLink, Narrowed, SpeedLimit
from twin.scenario.weather import Rain
from twin.territory.edit_rows import lanes_beside
from twin.territory.territory import Streets


@dataclass(frozen=True)
class Lever:
    """A modification of the streets and the link rows that it names."""

    order: Modification
    links: np.ndarray

    def holds(self, moment_s: int) -> bool:
        """Whether it is in force at that moment of the day."""
        return self.order.from_s <= moment_s < self.order.until_s


class RoadManager(Actor):
    """The city as manager of its roads; incidents, rain and dark signals, unordered, come by the same hands.

    Parameters
    ----------
    levers
        What this scenario changes on the streets, in the order written.
    rankings
        Rankings by greenhouse gases that it asks of providers; the last one holds.
    """

    def __init__(
        self,
        model: Any,
        streets: Streets,
        roads: Roads,
        levers: tuple[Lever, ...],
        rankings: tuple[RankByGhg, ...] = (),
    ) -> None:
        super().__init__(model)
        self.rankings = rankings
        self.name = ROAD_MANAGER
        self.streets, self.roads, self.levers = streets, roads, levers
        self._dark = np.zeros(0, dtype=np.bool_)
        self.unused = ~usable_in(roads.topology)
        self.lanes = np.array(list(lanes_beside(streets).items()), dtype=np.int64).reshape(-1, 2).T

    def act(self, state: Access, moment_s: int) -> None:
        """Put in force what begins now, and take back what ends."""
        supply, orders = state.supply, state.orders
        in_force = np.array([lever.holds(moment_s) for lever in self.levers], dtype=np.bool_)
        dark = state.utilities.dark
        if np.array_equal(in_force, orders.in_force) and np.array_equal(dark, self._dark):
            return
        self._dark = dark.copy()
        orders.in_force[:] = in_force
        standing = [lever for lever, holds in zip(self.levers, in_force, strict=True) if holds]
        speed = self.streets.free_speed_mps
        capacity = self.streets.flow_capacity_vps
        n_links = self.streets.n_links
        closed, signed, classified = (np.zeros(n_links, dtype=np.bool_) for _ in range(3))
        for lever in standing:
            order = lever.order
            if isinstance(order, SpeedLimit):
                speed = limited_speed(speed, lever.links, order.speed_kmh)
            elif isinstance(order, Narrowed):
                capacity = narrowed_capacity(capacity, lever.links, order.capacity_vph, order.factor)
            elif isinstance(order, Rain):
                drier = rain_factors(order.mm_per_h, self.model.parameters)
                capacity, speed = capacity * drier[0], speed * drier[1]
            elif isinstance(order, CloseLink):
                closed |= mask_of(lever.links, n_links)
                signed |= mask_of(lever.links, n_links) & order.signed_exit
            elif isinstance(order, ClassifySecondary):
                classified |= mask_of(lever.links, n_links)
        supply.free_ms[:] = link_ms(self.streets.length_m / speed)
        supply.headway_ms[:] = self.roads.headways_ms(capacity)
        darken(supply, self.roads, capacity, dark, AllWayStop.of(self.model.parameters))
        barred = self._barred(closed)
        at_s, platform = float(moment_s), state.platform
        platform.append(f"{self.name}.closures", notices(orders.closed, barred, at_s))
        platform.append(f"{self.name}.classes", notices(orders.classified, classified, at_s))
        supply.closed[:] = barred
        orders.closed[:] = barred
        orders.ever_closed |= closed
        orders.signed[:] = self._barred(signed) & barred
        orders.classified[:] = classified

    def _barred(self, closed: np.ndarray) -> np.ndarray:
        """Links that nobody may enter when some are closed, (n_links,) bool; a bus lane goes with its street.

        What no car may drive on is no exit, and is not closed for that.
        """
        tail, head = self.streets.tail, self.streets.head
        if self.unused.any():
            barred = closed_to_entry(closed | self.unused, tail, head)
            barred &= ~self.unused | closed
            street, lane = self.lanes
            barred[lane] |= barred[street]
            return barred
        return closed_to_entry(closed, tail, head)

    def respect(self, own: float, moment_s: int) -> float:
        """Share of trips on which a provider, whose own share that is, honours the classes in force."""
        shares = {
            own if lever.order.respect is None else lever.order.respect
            for lever in self.levers
            if isinstance(lever.order, ClassifySecondary) and lever.holds(moment_s)
        }
        return max(shares, default=0.0)  # a scenario is refused whose classes in force differ in it

    def ghg_ranking(self, own: float) -> tuple[float, float]:
        """Band, and share of trips on which a provider, whose own share is ``own``, ranks by CO2."""
        if not self.rankings:
            return 0.0, 0.0
        order = self.rankings[-1]
        return order.band, own if order.respect is None else order.respect
