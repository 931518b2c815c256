"""District heat: only where the map shows it or somebody declares it, and only branches that pay.

Branches are kept by the exact rule for a tree: one is worth its heat less the least heat per metre, with
all that is kept beyond it (the prize-collecting Steiner tree of a tree; Ljubic et al. 2006, Mathematical
Programming 105, 427). Metres are those of trenches in the street, each with a supply and a return pipe;
service pipes from the street into buildings are not laid and do not count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.kernels.keys import keys_of
from twin.territory.tables import ASSUMED, INFERRED, Flags, Floats
from twin.territory.utilities.draft import Edge
from twin.territory.utilities.plan import LayingPlan
from twin.territory.utilities.tables import HEAT, POWER
from twin.territory.utilities.trees import Tree, beyond, grow_tree, needed_runs

_JOINS = "territory.utilities.heat"
FRICTION, WATER_KG_PER_M3, WATER_J_PER_M3_K = 0.02, 978.0, 4.094e6
W_PER_MWH_PER_DAY = 1e6 / 24.0
NO_SEED = 0
"""Territories are not drawn anew with a scenario's seed."""


@dataclass(frozen=True)
class HeatDeclared:
    """A heat source that a study declares, and the share of buildings that join (the ledger's if None)."""

    lon: float
    lat: float
    connection_rate: float | None = None


def lay_heat(plan: LayingPlan, declared: HeatDeclared | None = None) -> dict[int, str]:
    """Lay the network where there is evidence of one; the node of each place that joins, by place row."""
    source = _source(plan, declared)
    if source is None:
        return {}
    point, name = source
    rate = plan.parameters["utilities.heat_connection_rate"]
    if declared is not None and declared.connection_rate is not None:
        rate = declared.connection_rate
    joins = _who_joins(plan, float(rate))
    heat = plan.at_points(np.where(joins, plan.asked.heat_mwh, 0.0))
    tree = grow_tree(plan.skeleton, [point])
    kept = worth_keeping(tree, heat, float(plan.parameters["utilities.heat_mwh_per_m"]))
    wanted = [each for each in np.flatnonzero(kept & (heat > 0.0)).tolist() if each != point]
    runs, met = needed_runs(tree.parents, tree.lengths_mm, tree.outwards, [*wanted, point])
    nodes = {}
    for each in met:
        node = plan.node_at(each, f"heat:{plan.skeleton.id[each]}", HEAT, "heat_node", INFERRED)
        node.area = name
        nodes[each] = plan.draft.node(node)
    away_m = plan.skeleton.nearest(plan.draft.nodes[name].lon, plan.draft.nodes[name].lat)[1]
    load = beyond(runs, heat)
    _pipe(plan, (name, nodes[point]), away_m, float(heat[[point, *wanted]].sum()))
    for tail, head, length_m in runs:
        _pipe(plan, (nodes[tail], nodes[head]), length_m, load[head])
    at = plan.skeleton.place_point
    served = np.isin(at, [*wanted, point]) & joins
    return {place: nodes[int(at[place])] for place in np.flatnonzero(served).tolist()}


def _pipe(plan: LayingPlan, ends: tuple[str, str], length_m: float, mwh: float) -> None:
    """A trench with the smallest pipes that bring the design load of so much heat in a year.

    Velocity v from the pressure that may be lost along a metre, f rho v^2 / (2 d), with f of 0.02.
    """
    ledger = plan.parameters
    coldest_k = ledger["utilities.heat_base_c"] - ledger["utilities.heat_design_c"]
    watt = mwh * W_PER_MWH_PER_DAY / ledger["utilities.heat_degree_days"] * coldest_k
    cooled_k = ledger["utilities.heat_supply_c"][0] - ledger["utilities.heat_return_c"]
    m3_s = watt / (cooled_k * WATER_J_PER_M3_K)
    edge = Edge(HEAT, "heat_pipe", *ends, length_m, INFERRED, substance="hot_water")
    sizes = list(
        zip(ledger["utilities.heat_pipe_dn_mm"], ledger["utilities.heat_pipe_inner_mm"], strict=True)
    )
    edge.numbers = {"diameter_mm": float(sizes[-1][0])}
    for nominal, inner_mm in sizes:
        inner_m = inner_mm / 1000.0
        fastest = math.sqrt(2.0 * inner_m * ledger["utilities.heat_pa_per_m"] / (FRICTION * WATER_KG_PER_M3))
        fastest = min(fastest, ledger["utilities.heat_velocity_mps"])
        if m3_s <= fastest * 0.25 * math.pi * inner_m**2:
            edge.numbers = {"diameter_mm": float(nominal)}
            break
    plan.draft.edge(edge)


def _source(plan: LayingPlan, declared: HeatDeclared | None) -> tuple[int, str] | None:
    """Point and node of the source: declared, a mapped plant, or the middle of the longest mapped pipe."""
    net = plan.skeleton
    if declared is not None:
        point = net.nearest(declared.lon, declared.lat)[0]
        return point, _assumed_source(plan, point)
    plants = plan.snapped(
        [*plan.observed.of(HEAT, "heat_plant"), *plan.observed.of(POWER, "plant_with_heat")]
    )
    if plants:
        plant, point, _ = plants[0]
        if plant.utility == HEAT:
            plan.draft.nodes[plant.id].kind = "heat_source"
            return point, plant.id
        return point, _assumed_source(plan, point)
    pipes = [each for each in plan.observed.lines if each.utility == HEAT]
    if not pipes:
        return None
    longest = max(pipes, key=lambda each: (_extent(each.points), each.id))
    lon, lat = longest.points[len(longest.points) // 2].tolist()
    point, away_m = net.nearest(lon, lat)
    if away_m > plan.parameters["utilities.snap_m"]:
        return None
    return point, _assumed_source(plan, point)


def _assumed_source(plan: LayingPlan, point: int) -> str:
    name = f"heat:source:{plan.skeleton.id[point]}"
    return plan.draft.node(plan.node_at(point, name, HEAT, "heat_source", ASSUMED))


def _extent(points: Floats) -> float:
    return float(np.hypot(*(points.max(axis=0) - points.min(axis=0))).round(7))


def _who_joins(plan: LayingPlan, rate: float) -> Flags:
    """Which buildings join (n_places,): those of a lower rate are among those of a higher."""
    from twin.kernels.random import stream_of, uniforms  # compiled code, and heat is laid in few places

    draw = uniforms(NO_SEED, stream_of(_JOINS), keys_of(plan.places.place_id))
    return np.asarray((draw < rate) & (plan.asked.heat_mwh > 0.0))


def worth_keeping(tree: Tree, heat_mwh: Floats, least_mwh_per_m: float) -> Flags:
    """Points whose branch pays (n,): its heat, less what its own metres and those kept beyond it ask for."""
    worth = heat_mwh.astype(float).copy()
    pays = np.zeros(len(worth), dtype=bool)
    for point in tree.order[::-1].tolist():
        above = int(tree.parent[point])
        gain = float(worth[point]) - least_mwh_per_m * float(tree.mm[point]) / 1000.0
        pays[point] = above < 0 or gain > 0.0
        if above >= 0 and gain > 0.0:
            worth[above] += gain
    for point in tree.order.tolist():
        if tree.parent[point] >= 0:
            pays[point] &= pays[tree.parent[point]]
    return pays
