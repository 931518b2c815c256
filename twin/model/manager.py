"""The road manager: closes and classifies as the scenario says, and writes down what it has."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.calculators.agreement import notices
from twin.calculators.levers import closed_to_entry, mask_of
from twin.indicators.records import ROAD_MANAGER
from twin.kernels.paths import Topology
from twin.model.actor import Actor
from twin.model.levers import Lever, holding
from twin.model.state import Access
from twin.routing.topology import usable_in
from twin.scenario.ghg_ranking import RankByGhg
from twin.scenario.modifications import ClassifySecondary, CloseLink
from twin.territory.edit_rows import lanes_beside
from twin.territory.territory import Streets


class RoadManager(Actor):
    """The city as manager of its roads; what its orders are to the streets is `twin.model.street_supply`.

    Parameters
    ----------
    levers
        Closures and classes of this scenario, in the order written: what it announces.
    rankings
        Rankings by greenhouse gases that it asks of providers; the last one holds.
    """

    def __init__(
        self,
        model: Any,
        streets: Streets,
        topology: Topology,
        levers: tuple[Lever, ...],
        rankings: tuple[RankByGhg, ...] = (),
    ) -> None:
        super().__init__(model)
        self.rankings = rankings
        self.name = ROAD_MANAGER
        self.streets, self.levers = streets, levers
        self.unused = ~usable_in(topology)
        self.lanes = np.array(list(lanes_beside(streets).items()), dtype=np.int64).reshape(-1, 2).T

    def act(self, state: Access, moment_s: int) -> None:
        """Close, open and classify what is due, and publish it."""
        orders = state.orders
        in_force = holding(self.levers, moment_s)
        if np.array_equal(in_force, orders.in_force):
            return
        orders.in_force[:] = in_force
        n_links = self.streets.n_links
        closed, signed, classified = (np.zeros(n_links, dtype=np.bool_) for _ in range(3))
        for lever in (each for each, holds in zip(self.levers, in_force, strict=True) if holds):
            named = mask_of(lever.links, n_links)
            if isinstance(lever.order, CloseLink):
                closed |= named
                signed |= named & lever.order.signed_exit
            else:
                classified |= named
        barred = self._barred(closed)
        at_s, platform = float(moment_s), state.platform
        platform.append(f"{self.name}.closures", notices(orders.closed, barred, at_s))
        platform.append(f"{self.name}.classes", notices(orders.classified, classified, at_s))
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
