"""The roads of a model's day: a territory's streets with the scenario's edits, for cars and for buses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.kernels.paths import RouteQueries, Topology
from twin.mobility.network import Roads, roads_of
from twin.mobility.signal_plans import ordered
from twin.routing.kerbs import best_sides
from twin.routing.topology import restricted
from twin.scenario.ledger import Parameters
from twin.scenario.road_edits import RoadEdit, SignalPlan
from twin.territory.edits import edited_territory
from twin.territory.select import select_links
from twin.territory.territory import Territory


@dataclass(frozen=True, eq=False)
class DayRoads:
    """What a day is driven on.

    Parameters
    ----------
    territory
        The territory with its streets as edited; itself where nothing is.
    roads
        Its roads; their topology is that of cars.
    for_buses
        The topology of buses: they take their own lanes, and cars never do.
    before
        Roads without the edits, on which addresses find their side of the street.
    instead
        The link to which an address on each link has moved, (n_links,) int32.
    """

    territory: Territory
    roads: Roads
    for_buses: Topology
    before: Roads
    instead: np.ndarray

    @property
    def edited(self) -> bool:
        """Whether anything is edited."""
        return self.roads is not self.before

    def addressed(self, trips: RouteQueries, rows: np.ndarray) -> RouteQueries:
        """Trips (rows by car) from and to the sides of their streets that are quickest without the edits.

        An address on a direction that is no more lies on the other: nobody is moved for anything else.
        """
        n_before = self.before.free_ms.shape[0]
        length_m = self.territory.streets.length_m[:n_before]
        sides = best_sides(self.before.topology, self.before.free_ms, length_m, trips, rows)
        if not self.edited:
            return sides
        ends = (np.where(link >= 0, self.instead[np.maximum(link, 0)], link) for link in sides[:2])
        origin, destination = (each.astype(np.int32) for each in ends)
        return sides._replace(origin=origin, destination=destination)


def day_roads(
    territory: Territory,
    orders: Sequence[RoadEdit],
    parameters: Parameters,
    seed: int,
    plans: Sequence[SignalPlan] = (),
) -> DayRoads:
    """Roads of a territory with edits and signal plans in force; an `InputError` where one does not fit.

    The seed draws the offsets of signals that no plan is ordered for.
    """

    def roads(ground: Territory) -> Roads:
        streets = ground.streets
        of_links = [
            ordered(
                plan,
                select_links(plan.links, streets, ground.zones, plan.where("links"), ground.places),
                streets.link_id,
            )
            for plan in plans
        ]
        return roads_of(ground.streets, parameters, ground.turns, seed, of_links)

    before = roads(territory)
    edited, made = edited_territory(territory, orders, parameters)
    if edited is territory:
        return DayRoads(territory, before, before.topology, before, made.instead)
    after = roads(edited)
    for_cars, for_buses = (restricted(after.topology, each) for each in (made.for_cars, made.for_buses))
    return DayRoads(edited, replace(after, topology=for_cars), for_buses, before, made.instead)
