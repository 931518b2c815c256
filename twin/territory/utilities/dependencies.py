"""Who depends on which node: places and streets, and the elements of one utility on those of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.territory.tables import Floats
from twin.territory.utilities.gateways import HOSTED
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.power import PowerSupply
from twin.territory.utilities.tables import POWER
from twin.territory.utilities.telecom import TelecomSupply
from twin.territory.utilities.water import Mains

NEEDS_POWER = ("pump", "site", "exchange", "gateway", "heat_source", "pumping_station", "data_center")
"""Kinds of elements that stand still without power, once their own store is empty."""
NEEDS_WATER = ("data_center",)
"""Kinds of elements that water cools."""
NEEDS_TELECOM = ("hv_mv_substation", "pump", "heat_source")
"""Kinds of elements that are watched and switched from afar."""


@dataclass(frozen=True)
class LaidNetworks:
    """All networks as laid, for whoever depends on them; heat by place row."""

    power: PowerSupply
    water: Mains
    heat: dict[int, str]
    telecom: TelecomSupply


def depend(plan: LayingPlan, laid: LaidNetworks) -> None:
    """Enter every dependency."""
    _places(plan, laid)
    near = _Near(plan, laid)
    _streets(plan, near)
    for name in HOSTED:
        plan.draft.depend("hosted", name, laid.telecom.data_center)
    nodes = [
        (name, node)
        for name, node in plan.draft.nodes.items()
        if node.kind in (*NEEDS_TELECOM, *NEEDS_WATER) or (node.kind in NEEDS_POWER and node.utility != POWER)
    ]
    if not nodes:
        return
    at = near.at(np.array([node.lon for _, node in nodes]), np.array([node.lat for _, node in nodes]))
    found = near.power(at), near.fibre(at), near.water(at)
    for (name, node), power, fibre, water in zip(nodes, *found, strict=True):
        if node.kind in NEEDS_POWER and node.utility != POWER:
            plan.draft.depend(node.kind, name, power)
        if node.kind in NEEDS_TELECOM:
            plan.draft.depend(node.kind, name, fibre)
        if node.kind in NEEDS_WATER:
            plan.draft.depend(node.kind, name, water)


def _places(plan: LayingPlan, laid: LaidNetworks) -> None:
    """Each place on its power, water and fibre node, the site that covers it, and heat if it joined."""
    ids, at = plan.places.place_id.tolist(), plan.skeleton.place_point.tolist()
    covered, depends = _covering(plan, laid.telecom), plan.draft.depend
    for place, (name, point) in enumerate(zip(ids, at, strict=True)):
        depends("place", name, laid.power.node_of_place.get(place) or laid.power.node_of_point[point])
        depends("place", name, laid.water.node_of_point[point])
        depends("place", name, laid.telecom.node_of_point[point])
        if covered[place]:
            depends("place", name, covered[place])
        if place in laid.heat:
            depends("place", name, laid.heat[place])


def _covering(plan: LayingPlan, telecom: TelecomSupply) -> list[str]:
    """The nearest site that covers each place's point on the street, "" where none does."""
    net = plan.skeleton
    x, y = net.x_m[net.place_point], net.y_m[net.place_point]
    best = np.full(len(x), np.inf)
    found = np.full(len(x), -1)
    for row, (_, site_x, site_y, reach_m) in enumerate(telecom.sites):
        away = np.hypot(x - site_x, y - site_y).round(3)
        nearer = (away <= reach_m) & (away < best)
        best[nearer], found[nearer] = away[nearer], row
    return [telecom.sites[row][0] if row >= 0 else "" for row in found.tolist()]


class _Near:
    """The nearest low-voltage, fibre and mobile node of any spot."""

    def __init__(self, plan: LayingPlan, laid: LaidNetworks) -> None:
        self.plan = plan
        self._power = _finder(plan, laid.power.node_of_point or _of_places(plan, laid.power))
        self._fibre = _finder(plan, laid.telecom.node_of_point)
        self._water = _finder(plan, laid.water.node_of_point)
        self._sites = laid.telecom.sites
        self._gateways = laid.telecom.gateways
        self._site_tree, self._gateway_tree = (
            cKDTree(np.array([each[1:3] for each in stand]).reshape(-1, 2))
            for stand in (self._sites, self._gateways)
        )

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Metres east and north (n, 2)."""
        plane = self.plan.skeleton.plane
        return np.column_stack([plane.x_m(lon), plane.y_m(lat)])

    def power(self, at: Floats) -> list[str]:
        """Power node of each spot (n, 2)."""
        return _found(self._power, at)

    def fibre(self, at: Floats) -> list[str]:
        """Fibre node of each spot."""
        return _found(self._fibre, at)

    def water(self, at: Floats) -> list[str]:
        """Junction of the mains nearest to each spot."""
        return _found(self._water, at)

    def site(self, at: Floats) -> list[str]:
        """Mobile site of each spot."""
        return [self._sites[row][0] for row in self._site_tree.query(at)[1].tolist()]

    def gateway(self, at: Floats) -> list[str]:
        """LoRaWAN gateway of each spot."""
        return [self._gateways[row][0] for row in self._gateway_tree.query(at)[1].tolist()]


def _of_places(plan: LayingPlan, power: PowerSupply) -> dict[int, str]:
    """Stations of their own by point, for a territory without low voltage."""
    return {
        int(plan.skeleton.place_point[place]): node for place, node in sorted(power.node_of_place.items())
    }


def _finder(plan: LayingPlan, nodes: dict[int, str]) -> tuple[cKDTree, list[str]]:
    rows = sorted(nodes)
    xy = np.column_stack([plan.skeleton.x_m[rows], plan.skeleton.y_m[rows]])
    return cKDTree(xy), [nodes[row] for row in rows]


def _found(finder: tuple[cKDTree, list[str]], at: Floats) -> list[str]:
    tree, names = finder
    return [names[row] for row in tree.query(at)[1].tolist()]


def _streets(plan: LayingPlan, near: _Near) -> None:
    """Each link, for what stands along it: the power node and the mobile site nearest to its middle.

    Battery devices (`device`) on a link speak to the gateway nearest to it.
    """
    streets = plan.streets
    middle = (streets.shape_start[:-1] + streets.shape_start[1:]) // 2
    at = near.at(streets.shape_lon[middle], streets.shape_lat[middle])
    found = near.power(at), near.site(at), near.gateway(at)
    for name, power, site, gateway in zip(streets.link_id.tolist(), *found, strict=True):
        plan.draft.depend("link", name, power)
        plan.draft.depend("link", name, site)
        plan.draft.depend("device", name, gateway)
