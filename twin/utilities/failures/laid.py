"""The laid networks as elements that need each other: what stands without power, and for how long.

Elements are the utility nodes, then the utility edges. Pumps, mobile sites, gateways, exchanges, heat sources
and data centres need power; a tank needs the pump that fills it, a data centre the water that cools it; every
element must be reached from a source over what works, water only forwards through pumps and valves.
Who is watched from afar and loses telecom is blind, not down: it runs on, but nobody switches it from afar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.clock import DAY_S
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
    WATER,
    Utilities,
)
from twin.units import S_PER_H, S_PER_MIN
from twin.utilities.failures.cascade import Cascade, Elements, Needs, SupplyPaths
from twin.utilities.failures.inventory import inventory_of
from twin.utilities.spans import RUNNING

INPUTS = (POWER, WATER)
"""Utilities that elements need from another element, and can store; rows of the inputs."""
POWERED = (
    "pump",
    "site",
    "gateway",
    "exchange",
    "heat_source",
    "heat_pump",
    "pumping_station",
    "data_center",
)
COOLED = ("data_center",)
ONE_WAY = ("pump", "valve")


def laid_cascade(layers: Utilities, parameters: Parameters, seed: int, crews: bool = False) -> Cascade:
    """Cascade over a territory's utility nodes and edges; the seed says which sites need a visit to restart.

    Where crews are simulated such a site waits for one, else the visit takes the ledger's time.
    """
    nodes = layers.nodes
    if not layers.laid:
        raise InputError("utilities", "the territory has no utility layers", "a territory built again")
    powered = np.isin(nodes.kind, POWERED) & (nodes.utility != POWER)
    restart_s = np.where(powered, _restart_s(layers, parameters, seed, crews), 0.0)
    beside = (0, layers.edges.n_edges)
    elements = Elements(
        least=np.pad(np.where(powered, RUNNING, 0.0), beside),
        restart_s=np.pad(restart_s, beside),
        store_s=np.pad(_store_s(layers, parameters, seed), ((0, 0), beside)),
    )
    paths = [paths_of(layers, utility) for utility in LAID]
    recharge = float(parameters["utilities.recharge_ratio"])
    ties = np.flatnonzero(layers.edges.kind == TIE) + nodes.n_nodes
    return Cascade(elements, _needs(layers, powered), paths, recharge, ties.astype(np.int32))


def _restart_s(layers: Utilities, parameters: Parameters, seed: int, crews: bool) -> Floats:
    nodes = layers.nodes
    alone_s = parameters["utilities.restart_min"] * S_PER_MIN
    visit_s = np.inf if crews else parameters["utilities.visit_h"] * S_PER_H
    draw = uniforms(seed, stream_of("utilities.restart"), keys_of(nodes.node_id))
    visited = (nodes.kind == "site") & (draw >= parameters["utilities.restart_alone"])
    return np.asarray(np.where(visited, visit_s, alone_s))


def _store_s(layers: Utilities, parameters: Parameters, seed: int) -> Floats:
    """How long each element goes on without each input (n_inputs, n_nodes)."""
    kind = layers.nodes.kind
    store = np.zeros((len(INPUTS), layers.nodes.n_nodes))
    store[POWER, kind == "site"] = parameters["utilities.site_battery_min"] * S_PER_MIN
    store[POWER, kind == "gateway"] = parameters["utilities.gateway_battery_h"] * S_PER_H
    store[POWER, kind == "exchange"] = parameters["utilities.exchange_battery_h"] * S_PER_H
    draw = uniforms(seed, stream_of("utilities.generator"), keys_of(layers.nodes.node_id))
    fuel_s = parameters["utilities.data_center_backup_h"] * S_PER_H
    fuelled = np.where(draw < parameters["utilities.generator_starts"], fuel_s, 0.0)
    centre = kind == "data_center"
    store[POWER, centre] = fuelled[centre] + parameters["utilities.ups_min"] * S_PER_MIN
    store[WATER, centre] = parameters["utilities.cooling_store_h"] * S_PER_H
    tank_days = parameters["utilities.tank_days"] * parameters["utilities.tank_filled"]
    store[WATER, kind == "tank"] = tank_days * DAY_S
    return store


def _needs(layers: Utilities, powered: Flags) -> Needs:
    """Power of what is powered, water of what it cools; each tank's pumps, which share the work."""
    nodes, table = layers.nodes, layers.dependencies
    fed = (table.utility == POWER) & np.isin(table.consumer_kind, POWERED)
    rows = np.flatnonzero(fed | (table.utility == WATER) & np.isin(table.consumer_kind, COOLED))
    consumer = [layers.row_of[each] for each in table.consumer_id[rows].tolist()]
    support, utility, weight = table.node[rows].tolist(), table.utility[rows].tolist(), [1.0] * len(rows)
    missing = set(np.flatnonzero(powered & np.isin(nodes.utility, LAID)).tolist())
    missing -= {row for row, of in zip(consumer, utility, strict=True) if of == POWER}
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


def paths_of(layers: Utilities, utility: int) -> SupplyPaths:
    """Ways of a utility: both ways, but forwards only at pumps and valves; tanks are sources, too."""
    nodes, edges = layers.nodes, layers.edges
    rows = np.flatnonzero(edges.utility == utility).astype(np.int32)
    tail, head, via = edges.tail[rows], edges.head[rows], rows + nodes.n_nodes
    both = ~(np.isin(nodes.kind[tail], ONE_WAY) | np.isin(nodes.kind[head], ONE_WAY))
    kinds = (*SOURCE_KINDS[utility], *(("tank",) if utility == WATER else ()))
    sources = np.flatnonzero((nodes.utility == utility) & np.isin(nodes.kind, kinds)).astype(np.int32)
    ends = np.concatenate([tail, head[both]]), np.concatenate([head, tail[both]])
    over = np.concatenate([via, via[both]]).astype(np.int32)
    ties = via[edges.kind[rows] == TIE].astype(np.int32)
    n_elements = nodes.n_nodes + edges.n_edges
    return SupplyPaths(n_elements, ends[0], ends[1], sources, over, ties)


def outage(
    layers: Utilities, broken: Mapping[str, tuple[float, float]], n_steps: int, step_s: float
) -> Floats:
    """Health (n_steps, n_elements) when some are broken from a second until another; steps are whole."""
    known = inventory_of(layers)
    health = np.ones((n_steps, known.n_elements))
    for name, (from_s, until_s) in broken.items():
        (row,) = known.rows(np.array([name]), "outage")
        if not 0.0 <= from_s < until_s:
            raise InputError(f"outage: {name}", f"from {from_s:g} s until {until_s:g} s", "a time that ends")
        first, last = int(from_s // step_s), int(np.ceil(until_s / step_s))
        health[first:last, row] = 0.0
    return health


@dataclass(frozen=True)
class PlaceSupply:
    """What places get (n_steps, n_places): shares of power, water, heat, fibre and mobile.

    Fibre at a place needs power there, too: the box stands on the mains. NaN where a place never had it.
    """

    power: Floats
    water: Floats
    heat: Floats
    fibre: Floats
    mobile: Floats


def services(layers: Utilities, place_id: Texts, level: Floats) -> PlaceSupply:
    """Services at places for levels (n_steps, n_elements) of the utility nodes and edges."""

    def of(utility: int, over_air: bool = False) -> Floats:
        row: Ints = layers.rows_for("place", place_id, utility, over_air)
        return np.where(row >= 0, level[:, row], np.nan)

    power = of(POWER)
    return PlaceSupply(power, of(WATER), of(HEAT), of(TELECOM) * power, of(TELECOM, True))


def blind_links(layers: Utilities, link_id: Texts, level: Floats) -> Flags:
    """Links (n_steps, n_links) whose sensors and signals have no power, or no mobile site to speak to."""
    power = layers.rows_for("link", link_id, POWER)
    site = layers.rows_for("link", link_id, TELECOM, over_air=True)
    known = [row >= 0 for row in (power, site)]
    up = [(level[:, row] >= RUNNING) | ~there for row, there in zip((power, site), known, strict=True)]
    return ~(up[0] & up[1])
