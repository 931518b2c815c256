"""Water: where it comes in, pumps and tanks, mains along the streets with loops where it is dense.

Pressure zones are grown where heights are known; where they are not, each network is one zone whose
head is assumed and whose pressures nobody can verify.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from twin.clock import DAY_S
from twin.territory.tables import ASSUMED, INFERRED, Floats, Ints
from twin.territory.utilities.draft import Edge, Node
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.tables import WATER
from twin.territory.utilities.trees import Run, Tree, central_points, grow_tree, needed_runs
from twin.units import L_PER_M3

INTAKE_M = 50.0
"""Assumed length of the pipes between a source, its pump and its tank."""


@dataclass
class Mains:
    """What of the water network others need: the node of each point, and the pumping stations."""

    node_of_point: dict[int, str]
    pumps: list[tuple[str, int]]


def lay_water(plan: LayingPlan) -> Mains:
    """Lay the network; every place gets a node, mapped hydrants join it."""
    litres = plan.at_points(plan.asked.litres_per_day)
    tanks = _tanks(plan, litres)
    tree = grow_tree(plan.skeleton, tanks)
    hydrants = plan.snapped(plan.observed.of(WATER, "hydrant"))
    wanted = set(np.flatnonzero(litres > 0.0).tolist()) | {point for _, point, _ in hydrants} | set(tanks)
    wanted = {point for point in wanted if tree.far_mm[point] >= 0}
    loops = _loops(plan, tree, wanted)
    wanted |= {end for u, v, _ in loops for end in (u, v)}
    runs, kept = needed_runs(tree.parents, tree.lengths_mm, tree.outwards, wanted)
    zone = _zones(plan, tree, runs, kept)
    mains = Mains({}, [])
    for point in kept:
        node = plan.node_at(point, f"water:{plan.skeleton.id[point]}", WATER, "junction", INFERRED)
        node.area = f"zone:{plan.skeleton.id[int(zone[point])]}"
        mains.node_of_point[point] = plan.draft.node(node)
    flow = _flow_lps(plan, runs, litres)
    slope = _slopes(plan, runs, zone)
    _lay_mains(plan, mains, (runs, flow, slope), zone)
    for u, v, length_m in loops:
        if zone[u] == zone[v]:
            _main(
                plan,
                (mains.node_of_point[u], mains.node_of_point[v]),
                length_m,
                (0.0, slope[int(zone[u])]),
                u,
            )
    for point, tank in tanks.items():
        drawn = float(litres[(tree.source == point)].sum())
        _intake(plan, mains, (point, tank), drawn, _head(plan, zone, point))
    for each, point, away_m in hydrants:
        if point in mains.node_of_point:
            plan.draft.edge(
                Edge(WATER, "hydrant_branch", mains.node_of_point[point], each.id, away_m, INFERRED)
            )
    return mains


def _tanks(plan: LayingPlan, litres: Floats) -> dict[int, str]:
    """Tanks by point: mapped ones, and an assumed one in parts without, on high ground if it is known."""
    tanks: dict[int, str] = {}
    for each, point, _ in plan.snapped(plan.observed.of(WATER, "tank")):
        tanks.setdefault(point, each.id)
    served = set(plan.part[list(tanks)].tolist())
    for middle in central_points(plan.skeleton, litres, plan.part):
        if int(plan.part[middle]) in served:
            continue
        rows = np.flatnonzero(plan.part == plan.part[middle])
        heights = plan.skeleton.elevation_m[rows]
        point = middle if np.isnan(heights).all() else int(rows[int(np.nanargmax(heights))])
        node = plan.node_at(point, f"water:tank:{plan.skeleton.id[point]}", WATER, "tank", ASSUMED)
        tanks[point] = plan.draft.node(node)
    return tanks


def _intake(plan: LayingPlan, mains: Mains, at: tuple[int, str], litres: float, head_m: float) -> None:
    """Source, pump and tank of a network: that there are such is assumed, unless the tank is mapped."""
    point, tank = at
    draft, name = plan.draft, plan.skeleton.id[point]
    source = draft.node(plan.node_at(point, f"water:source:{name}", WATER, "source", ASSUMED))
    pump = draft.node(plan.node_at(point, f"water:pump:{name}", WATER, "pump", ASSUMED))
    days, reserve = plan.parameters["utilities.tank_days"], plan.parameters["utilities.fire_reserve_m3"]
    volume_m3 = litres * days / L_PER_M3 + reserve
    draft.nodes[tank].numbers |= {"volume_m3": volume_m3, "head_m": head_m}
    draft.nodes[pump].numbers |= {"head_m": head_m}
    zone = draft.nodes[mains.node_of_point[point]].area
    for each in (source, pump, tank):
        draft.nodes[each].area = zone
    lps = litres * plan.parameters["utilities.water_peak_hour_factor"] / DAY_S
    for ends in ((source, pump), (pump, tank), (tank, mains.node_of_point[point])):
        _main(plan, ends, INTAKE_M, (lps, _steepest(plan)), point, ASSUMED)
    mains.pumps.append((pump, point))


def _loops(plan: LayingPlan, tree: Tree, wanted: set[int]) -> list[Run]:
    """Pieces beside the tree that close a loop in dense parts, between points that mains reach."""
    parent, dense, reached = tree.parents, plan.dense.tolist(), set()
    for point in wanted:
        at = point
        while at >= 0 and at not in reached:
            reached.add(at)
            at = parent[at]
    loops = []
    for u in sorted(reached):
        for v, mm, cost in plan.skeleton.around[u]:
            beside = u < v and parent[u] != v and parent[v] != u
            if beside and cost == mm and v in reached and dense[u] and dense[v]:
                loops.append((u, v, mm / 1000.0))
    return loops


def _zones(plan: LayingPlan, tree: Tree, runs: list[Run], kept: list[int]) -> Ints:
    """Pressure zone of each kept point, by its first point: grown along the tree, most people first."""
    zone = np.full(plan.skeleton.n_points, -1, dtype=np.int32)
    heights = plan.skeleton.elevation_m
    if np.isnan(heights[kept]).any():  # one zone each network: nobody knows the heights
        zone[kept] = tree.source[kept]
        return zone
    near: dict[int, list[int]] = {point: [] for point in kept}
    for tail, head, _ in runs:
        near[tail].append(head)
        near[head].append(tail)
    people = plan.at_points(plan.asked.residents)
    span_m = plan.parameters["utilities.zone_span_m"]
    for seed in sorted(kept, key=lambda point: (-people[point], point)):
        if zone[seed] < 0:
            _grow_zone(seed, zone, near, heights, span_m)
    return zone


def _grow_zone(seed: int, zone: Ints, near: dict[int, list[int]], heights: Floats, span_m: float) -> None:
    """A zone around a point: the neighbour nearest in height first, while all lie within the span."""
    low = high = float(heights[seed])
    heap = [(0.0, seed)]
    while heap:
        _, point = heapq.heappop(heap)
        height = float(heights[point])
        if zone[point] >= 0 or max(high, height) - min(low, height) > span_m:
            continue
        zone[point] = seed
        low, high = min(low, height), max(high, height)
        for other in near[point]:
            if zone[other] < 0:
                heapq.heappush(heap, (round(abs(float(heights[other]) - float(heights[seed])), 2), other))


def _head(plan: LayingPlan, zone: Ints, point: int) -> float:
    """Head kept in the zone of a point: above its top, or above flat ground where heights are unknown."""
    heights = plan.skeleton.elevation_m[zone == zone[point]]
    top = 0.0 if np.isnan(heights).any() else float(heights.max())
    return top + float(plan.parameters["utilities.zone_head_m"])


def _flow_lps(plan: LayingPlan, runs: list[Run], litres: Floats) -> dict[int, float]:
    """Peak flow at and beyond the far end of each stretch [l/s]."""
    peak = plan.parameters["utilities.water_peak_hour_factor"] / DAY_S
    flow = {head: float(litres[head]) * peak for _, head, _ in runs}
    for tail, head, _ in reversed(runs):
        if tail in flow:
            flow[tail] += flow[head]
    return flow


def _steepest(plan: LayingPlan) -> float:
    """Most loss of head along a main by its length."""
    return float(plan.parameters["utilities.main_loss_m_per_km"]) / 1000.0


def _slopes(plan: LayingPlan, runs: list[Run], zone: Ints) -> dict[int, float]:
    """Loss of head by length at which each zone's mains are sized: its longest way loses what it may."""
    way: dict[int, float] = {}
    longest = dict.fromkeys(zone[zone >= 0].tolist(), INTAKE_M)
    for tail, head, length_m in runs:
        inside = zone[tail] == zone[head]
        way[head] = way.get(tail, INTAKE_M) + length_m if inside else INTAKE_M + length_m / 2.0
        longest[int(zone[head])] = max(longest[int(zone[head])], way[head])
    loss_m, most = float(plan.parameters["utilities.zone_loss_m"]), _steepest(plan)
    return {each: min(loss_m / metres, most) for each, metres in longest.items()}


def _lay_mains(
    plan: LayingPlan, mains: Mains, sized: tuple[list[Run], dict[int, float], dict[int, float]], zone: Ints
) -> None:
    """Mains of the tree; where a zone begins, what lifts or lowers the head, and its tank."""
    runs, flow, slope = sized
    people = plan.at_points(plan.asked.residents)
    for tail, head, length_m in runs:
        ends = mains.node_of_point[tail], mains.node_of_point[head]
        by = flow[head], min(slope[int(zone[tail])], slope[int(zone[head])])
        if zone[tail] == zone[head]:
            _main(plan, ends, length_m, by, head)
            continue
        lifts = _head(plan, zone, head) > _head(plan, zone, tail)
        kind, what = ("pump", "pump") if lifts else ("valve", "valve")
        entry = _entry(plan, what, kind, head, zone)
        _main(plan, (ends[0], entry), length_m / 2.0, by, head)
        _main(plan, (entry, ends[1]), length_m / 2.0, by, head)
        if kind == "pump":
            mains.pumps.append((entry, head))
        inside = float(people[zone == zone[head]].sum())
        if inside >= plan.parameters["utilities.tank_inhabitants"] and kind == "pump":
            _zone_tank(plan, mains, head, zone, (inside, flow[head]))


def _entry(plan: LayingPlan, what: str, kind: str, point: int, zone: Ints) -> str:
    node = plan.node_at(point, f"water:{what}:{plan.skeleton.id[point]}", WATER, kind, ASSUMED)
    node.area = f"zone:{plan.skeleton.id[int(zone[point])]}"
    node.numbers["head_m"] = _head(plan, zone, point)
    return plan.draft.node(node)


def _zone_tank(plan: LayingPlan, mains: Mains, point: int, zone: Ints, size: tuple[float, float]) -> None:
    """The tank of a zone that a pump fills, for so many people and so much flow [l/s]."""
    people, lps = size
    node: Node = plan.node_at(point, f"water:tank:{plan.skeleton.id[point]}", WATER, "tank", ASSUMED)
    litres = people * plan.parameters["utilities.litres_per_person_per_day"]
    days, reserve = plan.parameters["utilities.tank_days"], plan.parameters["utilities.fire_reserve_m3"]
    node.numbers |= {"volume_m3": litres * days / L_PER_M3 + reserve, "head_m": _head(plan, zone, point)}
    node.area = plan.draft.nodes[mains.node_of_point[point]].area
    tank = plan.draft.node(node)
    _main(plan, (mains.node_of_point[point], tank), INTAKE_M, (lps, _steepest(plan)), point, ASSUMED)


def _main(
    plan: LayingPlan,
    ends: tuple[str, str],
    length_m: float,
    by: tuple[float, float],
    point: int,
    known: int = INFERRED,
) -> None:
    """A main of the smallest diameter that keeps velocity and loss of head, and the least for hydrants.

    `by` is the flow [l/s] and the loss of head by length that is allowed (Hazen and Williams 1905, in SI
    units h/L = 10.67 Q^1.852 / (C^1.852 D^4.871)).
    """
    flow, slope = by[0] / L_PER_M3, by[1]
    velocity = plan.parameters["utilities.main_velocity_mps"]
    fast_mm = 1000.0 * math.sqrt(4.0 * flow / (math.pi * velocity))
    rough = float(plan.parameters["utilities.hazen_williams"])
    steep_mm = 1000.0 * (10.67 * (flow / rough) ** 1.852 / slope) ** (1.0 / 4.871)
    dense, elsewhere = plan.parameters["utilities.least_main_mm"]
    least = max(fast_mm, steep_mm, dense if plan.dense[point] else elsewhere)
    diameters = plan.parameters["utilities.main_diameters_mm"]
    edge = Edge(WATER, "main", *ends, length_m, known, substance="water")
    edge.numbers["diameter_mm"] = next((each for each in diameters if each >= least), diameters[-1])
    plan.draft.edge(edge)
