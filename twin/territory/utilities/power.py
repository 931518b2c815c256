"""Power: HV/MV substations, MV feeders with a trunk of their own and open ties, MV/LV stations, radial LV.

A station is one node: MV edges end there, LV edges begin there; its transformer is its rating.
Rules: stations within reach of every place (Amme et al. 2018, ding0, J. Phys. Conf. Ser. 977, take load
areas in the same way), feeders of 4 to 8 MVA, cables by current at the lowest voltage allowed.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from twin.territory.tables import ASSUMED, INFERRED, Floats
from twin.territory.utilities.draft import Edge
from twin.territory.utilities.half_rings import TIE, ties_between
from twin.territory.utilities.observed import ObservedPoint
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.tables import POWER
from twin.territory.utilities.trees import (
    Tree,
    beyond,
    central_points,
    cut_areas,
    grow_tree,
    middle_of,
    needed_runs,
    points_by_area,
    rerooted,
    within_area,
)

HIGH_KV = 45.0
"""A mapped substation above this voltage is where high voltage comes in."""
MOST_UNITS_KVA = 630.0


@dataclass
class PowerSupply:
    """What of the power network others need: LV or station node by point, and by place of its own station."""

    node_of_point: dict[int, str] = field(default_factory=dict)
    node_of_place: dict[int, str] = field(default_factory=dict)


@dataclass
class _Stations:
    """Stations by point of the skeleton, with the load that each feeds [kVA]."""

    at: dict[int, list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))

    def load_kva(self, n_points: int) -> Floats:
        load = np.zeros(n_points)
        for point, stations in self.at.items():
            load[point] = sum(kva for _, kva in stations)
        return load


def lay_power(plan: LayingPlan) -> PowerSupply:
    """Lay the network; every place gets a node."""
    supply, stations = PowerSupply(), _Stations()
    own = plan.asked.load_kva > plan.parameters["utilities.own_station_kva"]
    load = plan.at_points(plan.asked.load_kva)
    sources = _sources(plan, load)
    tree = grow_tree(plan.skeleton, sources)
    shared = plan.at_points(np.where(own, 0.0, plan.asked.load_kva))
    _lay_low_voltage(plan, tree, shared, supply, stations)
    for place in np.flatnonzero(own).tolist():
        _own_station(plan, place, supply, stations)
    _lay_medium_voltage(plan, tree, sources, stations)
    return supply


def _sources(plan: LayingPlan, load: Floats) -> dict[int, str]:
    """HV/MV substations by point: mapped ones, and an assumed one in the middle of parts without."""
    sources: dict[int, str] = {}
    for each, point, _ in plan.snapped(plan.observed.of(POWER, "substation")):
        if each.voltage_kv > HIGH_KV and point not in sources:
            sources[point] = each.id
            plan.draft.nodes[each.id].kind = "hv_mv_substation"
    served = set(plan.part[list(sources)].tolist())
    for point in central_points(plan.skeleton, load, plan.part):
        if int(plan.part[point]) not in served:
            node = plan.node_at(
                point, f"power:hv_mv:{plan.skeleton.id[point]}", POWER, "hv_mv_substation", ASSUMED
            )
            sources[point] = plan.draft.node(node)
    return sources


def _lay_low_voltage(
    plan: LayingPlan, tree: Tree, load: Floats, supply: PowerSupply, stations: _Stations
) -> None:
    """Areas of low voltage, each a tree around its station."""
    most, reach_m = (
        plan.by_density("utilities.station_load_kva"),
        plan.by_density("utilities.station_reach_m"),
    )
    area = cut_areas(tree, load, most, reach_m)
    mapped: dict[int, list[tuple[float, ObservedPoint]]] = defaultdict(list)
    for each, point, away_m in plan.snapped(plan.observed.of(POWER, "substation", "transformer")):
        if not each.voltage_kv > HIGH_KV and area[point] >= 0:
            mapped[int(area[point])].append((away_m, each))
    for top, points in points_by_area(area).items():
        found = min(mapped.get(top, []), key=lambda pair: (pair[0], pair[1].id), default=None)
        _lay_area(plan, tree, points, load, (supply, stations), None if found is None else found[1])


def _lay_area(
    plan: LayingPlan,
    tree: Tree,
    points: list[int],
    load: Floats,
    known: tuple[PowerSupply, _Stations],
    mapped: ObservedPoint | None,
) -> None:
    """A station in the middle of an area, or where one is mapped, and low voltage to all its points."""
    supply, stations = known
    draft, net = plan.draft, plan.skeleton
    near = within_area(points, tree)
    middle = middle_of(near) if mapped is None else _nearest_of(points, plan, mapped)
    total = float(load[points].sum())
    if mapped is None:
        station = draft.node(
            plan.node_at(middle, f"power:station:{net.id[middle]}", POWER, "station", INFERRED)
        )
        supply.node_of_point[middle] = station
    else:
        station = mapped.id
        draft.nodes[station].kind = "station"
    _rate(plan, station, total)
    stations.at[middle].append((station, total))
    parent, mm, order = rerooted(near, middle)
    runs, kept = needed_runs(parent, mm, order, [*(each for each in points if load[each] > 0.0), middle])
    flow = beyond(runs, load)
    for point in kept:
        if point not in supply.node_of_point:
            node = plan.node_at(point, f"power:lv:{net.id[point]}", POWER, "lv_node", INFERRED)
            node.area = station
            supply.node_of_point[point] = draft.node(node)
    if mapped is not None:
        away_m = net.nearest(mapped.lon, mapped.lat)[1]
        _cable(plan, (station, supply.node_of_point[middle]), away_m, total, low=True)
    for tail, head, length_m in runs:
        ends = supply.node_of_point[tail], supply.node_of_point[head]
        _cable(plan, ends, length_m, flow[head], low=True)


def _nearest_of(points: list[int], plan: LayingPlan, mapped: ObservedPoint) -> int:
    x = plan.skeleton.plane.x_m(np.array([mapped.lon]))[0]
    y = plan.skeleton.plane.y_m(np.array([mapped.lat]))[0]
    away = np.hypot(plan.skeleton.x_m[points] - x, plan.skeleton.y_m[points] - y).round(3)
    return points[int(away.argmin())]


def _rate(plan: LayingPlan, station: str, load_kva: float) -> None:
    """The smallest transformer that the load fills to the ledger's share, or several."""
    needed = load_kva / plan.parameters["utilities.station_loading"]
    ratings = plan.parameters["utilities.transformer_kva"]
    node = plan.draft.nodes[station]
    fitting = [each for each in ratings if each >= needed]
    node.numbers |= {"rating_kva": min(fitting) if fitting else MOST_UNITS_KVA}
    node.numbers["voltage_kv"] = plan.parameters["utilities.mv_kv"]
    node.n_units = 1 if fitting else math.ceil(needed / MOST_UNITS_KVA)
    node.area = node.area or station


def _own_station(plan: LayingPlan, place: int, supply: PowerSupply, stations: _Stations) -> None:
    """The station of a place with a large load."""
    places, point = plan.places, int(plan.skeleton.place_point[place])
    node = plan.node_at(point, f"power:station:{places.place_id[place]}", POWER, "station", INFERRED)
    node.lon, node.lat = float(places.lon[place]), float(places.lat[place])
    supply.node_of_place[place] = plan.draft.node(node)
    _rate(plan, node.id, float(plan.asked.load_kva[place]))
    stations.at[point].append((node.id, float(plan.asked.load_kva[place])))


def _lay_medium_voltage(plan: LayingPlan, tree: Tree, sources: dict[int, str], stations: _Stations) -> None:
    """Feeders: parts of the tree, each with a trunk of its own from the substation."""
    load = stations.load_kva(plan.skeleton.n_points)
    most = np.full(plan.skeleton.n_points, plan.parameters["utilities.feeder_kva"])
    feeder = cut_areas(tree, load, most, np.full(plan.skeleton.n_points, np.inf))
    total: dict[int, float] = defaultdict(float)
    for point in stations.at:
        total[int(feeder[point])] += float(load[point])
    inside = np.where(feeder == np.arange(len(feeder)), -1, tree.parent).tolist()
    runs, kept = needed_runs(inside, tree.lengths_mm, tree.outwards, list(stations.at))
    nodes = _medium_voltage_nodes(plan, kept, feeder, stations)
    flow = beyond(runs, load)
    for top, kva in sorted(total.items()):
        length_m = float(tree.far_mm[top]) / 1000.0
        _cable(plan, (sources[int(tree.source[top])], nodes[top]), length_m, kva, low=False, kind="mv_trunk")
    for tail, head, length_m in runs:
        _cable(plan, (nodes[tail], nodes[head]), length_m, flow[head], low=False)
    for point, here in sorted(stations.at.items()):
        for station, kva in here:
            if station != nodes[point]:
                _cable(plan, (nodes[point], station), _apart_m(plan, point, station), kva, low=False)
    for point, end, length_m in ties_between(plan, tree, feeder, set(stations.at), nodes):
        kva = max(total[int(feeder[point])], total[int(feeder[end])])
        _cable(plan, (nodes[point], nodes[end]), length_m, kva, low=False, kind=TIE)
    for point, name in sources.items():
        _rate_source(plan, name, sum(kva for top, kva in total.items() if tree.source[top] == point))


def _medium_voltage_nodes(
    plan: LayingPlan, kept: list[int], feeder: np.ndarray, stations: _Stations
) -> dict[int, str]:
    """A node at each kept point: the area's own station where it stands there, else a joint."""
    nodes = {}
    for point in kept:
        name = f"power:station:{plan.skeleton.id[point]}"
        if name not in {station for station, _ in stations.at.get(point, [])}:
            node = plan.node_at(point, f"power:mv:{plan.skeleton.id[point]}", POWER, "mv_node", INFERRED)
            node.area = f"feeder:{plan.skeleton.id[int(feeder[point])]}"
            name = plan.draft.node(node)
        nodes[point] = name
    return nodes


def _apart_m(plan: LayingPlan, point: int, node_id: str) -> float:
    node, net = plan.draft.nodes[node_id], plan.skeleton
    x, y = net.plane.x_m(np.array([node.lon]))[0], net.plane.y_m(np.array([node.lat]))[0]
    return float(np.hypot(net.x_m[point] - x, net.y_m[point] - y))


def _rate_source(plan: LayingPlan, name: str, load_kva: float) -> None:
    node, unit = plan.draft.nodes[name], plan.parameters["utilities.hv_mv_transformer_kva"]
    node.numbers["rating_kva"] = unit
    node.numbers.setdefault("voltage_kv", float("nan"))
    node.n_units = max(1, math.ceil(load_kva / (float(plan.parameters["utilities.hv_mv_loading"]) * unit)))
    node.area = name


def _cable(
    plan: LayingPlan, ends: tuple[str, str], length_m: float, load_kva: float, *, low: bool, kind: str = ""
) -> None:
    """A cable with the smallest cross section, or as many in parallel, that carry the current."""
    kv, kva_per_a, allowed = plan.cables[low]
    current_a = load_kva / kva_per_a
    fitting = [mm2 for mm2, ampere in allowed if ampere >= current_a]
    edge = Edge(POWER, kind or ("lv_cable" if low else "mv_cable"), *ends, length_m, INFERRED)
    edge.numbers = {"voltage_kv": kv, "section_mm2": min(fitting) if fitting else allowed[-1][0]}
    edge.n_parallel = 1 if fitting else math.ceil(current_a / allowed[-1][1])
    plan.draft.edge(edge)
