"""The laid networks as elements that need each other: what stands without power, and for how long.

Elements are the utility nodes. Pumps, mobile sites, exchanges, heat sources and data centres need power;
a tank needs the pump that fills it; every node must be reached from a source over nodes that work, water
only forwards through pumps and valves. Who is watched from afar and loses telecom is blind, not down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.territory.utilities.half_rings import TIE
from twin.territory.utilities.tables import (
    HEAT,
    LAID,
    POWER,
    SOURCE_KINDS,
    TELECOM,
    UTILITIES,
    WATER,
    Utilities,
)
from twin.utilities.failures.cascade import BROKEN, Cascade, Elements, Fall, Needs, Paths

INPUTS = (POWER, WATER)
"""Utilities that elements need from another element, and can store; rows of the inputs."""
POWERED = ("pump", "site", "exchange", "gateway", "heat_source", "pumping_station", "data_center")
ONE_WAY = ("pump", "valve")
S_PER_MIN, S_PER_H, S_PER_DAY = 60.0, 3_600.0, 86_400.0
RUNNING = 0.5
"""Level from which equipment runs."""


def laid_cascade(layers: Utilities, parameters: Parameters, seed: int) -> Cascade:
    """Cascade over a territory's utility nodes; the seed says which sites need a visit to restart."""
    nodes = layers.nodes
    if not layers.laid:
        raise InputError("utilities", "the territory has no utility layers", "a territory built again")
    powered = np.isin(nodes.kind, POWERED) & (nodes.utility != POWER)
    elements = Elements(
        least=np.where(powered, RUNNING, 0.0),
        restart_s=np.where(powered, _restart_s(layers, parameters, seed), 0.0),
        store_s=_store_s(layers, parameters),
    )
    paths = [_paths(layers, utility) for utility in LAID]
    recharge = float(parameters["utilities.recharge_ratio"])
    return Cascade(elements, _needs(layers, powered), paths, recharge)


def _restart_s(layers: Utilities, parameters: Parameters, seed: int) -> Floats:
    nodes = layers.nodes
    alone_s = parameters["utilities.restart_min"] * S_PER_MIN
    visit_s = parameters["utilities.visit_h"] * S_PER_H
    draw = uniforms(seed, stream_of("utilities.restart"), keys_of(nodes.node_id))
    visited = (nodes.kind == "site") & (draw >= parameters["utilities.restart_alone"])
    return np.asarray(np.where(visited, visit_s, alone_s))


def _store_s(layers: Utilities, parameters: Parameters) -> Floats:
    """How long each element goes on without each input (n_inputs, n)."""
    kind = layers.nodes.kind
    store = np.zeros((len(INPUTS), layers.nodes.n_nodes))
    store[POWER, kind == "site"] = parameters["utilities.site_battery_min"] * S_PER_MIN
    store[POWER, kind == "exchange"] = parameters["utilities.exchange_battery_h"] * S_PER_H
    store[POWER, kind == "gateway"] = parameters["utilities.gateway_battery_h"] * S_PER_H
    store[POWER, kind == "data_center"] = parameters["utilities.data_center_backup_h"] * S_PER_H
    tank_days = parameters["utilities.tank_days"] * parameters["utilities.tank_filled"]
    store[WATER, kind == "tank"] = tank_days * S_PER_DAY
    return store


def _needs(layers: Utilities, powered: Flags) -> Needs:
    """Power of what is powered; each tank's pumps, which share the work."""
    nodes, table = layers.nodes, layers.dependencies
    rows = np.flatnonzero((table.utility == POWER) & np.isin(table.consumer_kind, POWERED))
    consumer = [layers.row_of[each] for each in table.consumer_id[rows].tolist()]
    support, utility, weight = table.node[rows].tolist(), [POWER] * len(rows), [1.0] * len(rows)
    missing = set(np.flatnonzero(powered & np.isin(nodes.utility, LAID)).tolist()) - set(consumer)
    if missing:
        name = str(nodes.node_id[min(missing)])
        raise InputError(name, f"a {nodes.kind[min(missing)]} without a power node", "one it depends on")
    pumps: dict[str, list[int]] = {}
    for pump in np.flatnonzero(nodes.kind == "pump").tolist():
        pumps.setdefault(str(nodes.area[pump]), []).append(pump)
    for tank in np.flatnonzero((nodes.kind == "tank") & (nodes.utility == WATER)).tolist():
        filling = pumps.get(str(nodes.area[tank]), [])
        for pump in filling:
            consumer.append(tank)
            support.append(pump)
            utility.append(WATER)
            weight.append(1.0 / len(filling))
    ints = [np.array(each, dtype=np.int32) for each in (consumer, support, utility)]
    return Needs(ints[0], ints[1], ints[2], np.array(weight))


def _paths(layers: Utilities, utility: int) -> Paths:
    """Ways of a utility: both ways, but forwards only at pumps and valves; tanks are sources, too."""
    nodes, edges = layers.nodes, layers.edges
    rows = (edges.utility == utility) & (edges.kind != TIE)
    tail, head = edges.tail[rows], edges.head[rows]
    both = ~(np.isin(nodes.kind[tail], ONE_WAY) | np.isin(nodes.kind[head], ONE_WAY))
    kinds = (*SOURCE_KINDS[utility], *(("tank",) if utility == WATER else ()))
    sources = np.flatnonzero((nodes.utility == utility) & np.isin(nodes.kind, kinds)).astype(np.int32)
    ends = np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]])
    return Paths(nodes.n_nodes, ends[0], ends[1], sources)


def outage(
    layers: Utilities, broken: Mapping[str, tuple[float, float]], n_steps: int, step_s: float
) -> Floats:
    """Health (n_steps, n) when nodes are broken from a second until another; steps are whole."""
    health = np.ones((n_steps, layers.nodes.n_nodes))
    for name, (from_s, until_s) in broken.items():
        if name not in layers.row_of:
            raise InputError(f"outage: {name}", "no such utility node", "an id among the utility nodes")
        if not 0.0 <= from_s < until_s:
            raise InputError(f"outage: {name}", f"from {from_s:g} s until {until_s:g} s", "a time that ends")
        first, last = int(from_s // step_s), int(np.ceil(until_s / step_s))
        health[first:last, layers.row_of[name]] = 0.0
    return health


@dataclass(frozen=True)
class Services:
    """What places get (n_steps, n_places): shares of power, water, heat, fibre and mobile.

    Fibre at a place needs power there, too: the box stands on the mains. NaN where a place never had it.
    """

    power: Floats
    water: Floats
    heat: Floats
    fibre: Floats
    mobile: Floats


def services(layers: Utilities, place_id: Texts, level: Floats) -> Services:
    """Services at places for levels (n_steps, n_nodes) of the utility nodes."""

    def of(utility: int, over_air: bool = False) -> Floats:
        row: Ints = layers.rows_for("place", place_id, utility, over_air)
        return np.where(row >= 0, level[:, row], np.nan)

    power = of(POWER)
    return Services(power, of(WATER), of(HEAT), of(TELECOM) * power, of(TELECOM, True))


def blind_links(layers: Utilities, link_id: Texts, level: Floats) -> Flags:
    """Links (n_steps, n_links) whose sensors and signals have no power, or no mobile site to speak to."""
    power = layers.rows_for("link", link_id, POWER)
    site = layers.rows_for("link", link_id, TELECOM, over_air=True)
    known = [row >= 0 for row in (power, site)]
    up = [(level[:, row] >= RUNNING) | ~there for row, there in zip((power, site), known, strict=True)]
    return ~(up[0] & up[1])


def story(layers: Utilities, falls: list[Fall], step_s: float) -> list[str]:
    """Line by line: when equipment and sources went down or came back, and why."""
    nodes = layers.nodes
    shown = (*POWERED, "tank", *(kind for kinds in SOURCE_KINDS.values() for kind in kinds))
    harmed = {fall.element for fall in falls if fall.down and fall.cause == BROKEN}
    lines = []
    for fall in falls:
        if nodes.kind[fall.element] in shown or fall.element in harmed:
            minutes = round(fall.step * step_s / S_PER_MIN)
            what = f"{nodes.kind[fall.element]} {nodes.node_id[fall.element]}"
            why = f"down: {_why(fall.cause)}" if fall.down else "works again"
            lines.append(f"{minutes // 60:02d}:{minutes % 60:02d} {what} {why}")
    return lines


def _why(cause: int) -> str:
    if cause == BROKEN:
        return "broken"
    if cause < len(INPUTS):
        return ("no power", "not filled")[cause]
    return f"not reached by {UTILITIES[LAID[cause - len(INPUTS)]]}"
