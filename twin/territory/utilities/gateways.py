"""LoRaWAN gateways that hear the streets' battery devices, and the data centre that all of it runs in.

Gateways stand where the greedy rule of mobile sites puts them, with their own reach. Where the map shows no
data centre, the operator's stands far away: it needs no power of this territory, only an exchange that works.
"""

from __future__ import annotations

import numpy as np

from twin.territory.tables import ASSUMED
from twin.territory.utilities.draft import Edge
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.tables import TELECOM
from twin.territory.utilities.telecom import TelecomSupply, backhaul, greedy_cover

HOSTED = ("apps", "calculators", "control")
"""What runs in a data centre: consumers of kind `hosted`."""


def lay_gateways(plan: LayingPlan, reach: TelecomSupply) -> None:
    """Gateways one by one where they hear most places, until enough are heard."""
    net = plan.skeleton
    radius_m = plan.by_density("utilities.gateway_reach_m")
    place = np.bincount(net.place_point, minlength=net.n_points)
    points = np.flatnonzero(place)
    xy = np.column_stack([net.x_m, net.y_m])[points]
    allowed = (1.0 - plan.parameters["utilities.site_coverage"]) * float(place.sum())
    for row in greedy_cover(xy, place[points].astype(np.int64), radius_m[points], allowed):
        point = int(points[row])
        node = plan.node_at(point, f"telecom:gateway:{net.id[point]}", TELECOM, "gateway", ASSUMED)
        node.numbers["reach_m"], node.area = float(radius_m[point]), node.id
        at = float(xy[row, 0]), float(xy[row, 1])
        reach.gateways.append((plan.draft.node(node), *at))
        backhaul(plan, reach, node.id, at, 0.0)


def lay_data_center(plan: LayingPlan, reach: TelecomSupply) -> None:
    """The mapped data centre on the fibre that is nearest, else a distant one behind every exchange."""
    mapped = plan.snapped(plan.observed.of(TELECOM, "data_center"))
    if mapped:
        center, _, away_m = mapped[0]
        x, y = (
            plan.skeleton.plane.x_m(np.array([center.lon])),
            plan.skeleton.plane.y_m(np.array([center.lat])),
        )
        backhaul(plan, reach, center.id, (float(x[0]), float(y[0])), away_m)
        reach.data_center = center.id
        return
    point = reach.exchanges[0][1]
    node = plan.node_at(point, "telecom:distant_data_center", TELECOM, "distant_data_center", ASSUMED)
    reach.data_center = plan.draft.node(node)
    for exchange, _ in reach.exchanges:
        plan.draft.edge(Edge(TELECOM, "transit", exchange, reach.data_center, 0.0, ASSUMED))
