"""What a scenario has happen to utility networks, found on its territory: damages, crews, what is ready."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.scenario.utility_events import (
    SKILLS,
    Batteries,
    Crews,
    ElementFailure,
    ManualFallback,
    PhysicalDamage,
    PlannedWorks,
    RandomFailures,
    RotatingCuts,
    Storm,
    SubstationLoss,
    UtilityEvent,
)
from twin.scenario.wording import nearest
from twin.territory.geometry import distances_m
from twin.territory.tables import Ints
from twin.territory.territory import Territory
from twin.territory.utilities.tables import POWER
from twin.units import S_PER_H
from twin.utilities.failures.crews import RepairCrews, crews_of
from twin.utilities.failures.damages import Damages, damages_of, join_damages, no_damages
from twin.utilities.failures.dispatch import RepairRules
from twin.utilities.failures.events import physical_damage, planned_works, random_failures, rotating_cuts
from twin.utilities.failures.inventory import Inventory, inventory_of
from twin.utilities.failures.storms import Gusts, storm_damages

KIND_OF_LEVEL = {"hv_mv": "hv_mv_substation", "mv_lv": "station"}


@dataclass(frozen=True)
class UtilityOrders:
    """Damages of the day, and what is ready: crews and their rules, how many times as long stores last."""

    damages: Damages
    crews: RepairCrews | None
    rules: RepairRules
    stores: float
    by_hand: frozenset[str]
    depot: int | None


@dataclass(frozen=True)
class _Ground:
    """What orders are found on."""

    territory: Territory
    known: Inventory
    parameters: Parameters
    seed: int


def utility_orders_of(spec: Scenario, territory: Territory, seed: int) -> UtilityOrders:
    """Orders in force of a scenario on its territory; an `InputError` where one names what is not there."""
    if not territory.utilities.laid:
        where = spec.where("territory")
        raise InputError(where, "the territory has no utility layers", "a territory built again")
    orders, parameters = spec.in_force(), spec.ledger()
    ground = _Ground(territory, inventory_of(territory.utilities), parameters, seed)
    tables = [_damages(order, ground, order.where()) for order in orders if isinstance(order, UtilityEvent)]
    crews = next((order for order in reversed(orders) if isinstance(order, Crews)), None)
    stores = [order.times for order in orders if isinstance(order, Batteries)]
    by_hand = {name for order in orders if isinstance(order, ManualFallback) for name in order.services}
    policy, critical = ("requests", ()) if crews is None else (crews.policy, crews.critical)
    if crews is not None:
        _known_places(critical, territory, crews.where("critical"))
    return UtilityOrders(
        damages=join_damages(no_damages(), *tables),
        crews=None if crews is None else _team(crews, parameters),
        rules=RepairRules(policy, critical, "repairs" in by_hand),
        stores=float(np.prod(stores)),
        by_hand=frozenset(by_hand),
        depot=None
        if crews is None or crews.depot is None
        else _link_of_place(crews.depot, territory, crews.where("depot")),
    )


def _team(order: Crews, parameters: Parameters) -> RepairCrews:
    """The crews that a scenario orders: the ledger's of the skills named, or as many of each."""
    of_ledger = zip(SKILLS, parameters["utilities.crews"], strict=True)
    counts = tuple(
        0.0 if skill not in order.skills else float(n if order.number is None else order.number)
        for skill, n in of_ledger
    )
    return crews_of(parameters.replaced({"utilities.crews": counts}, order.where()))


def _damages(order: UtilityEvent, ground: _Ground, where: str) -> Damages:
    """The damages that an event brings."""
    layers = ground.territory.utilities
    if isinstance(order, ElementFailure):
        names = np.array(order.element, dtype=np.str_)
        return _broken(order, ground.known.rows(names, f"{where}: element"), order.work_h, ground)
    if isinstance(order, SubstationLoss):
        return _broken(order, lost_substations(order, ground.territory, where), order.work_h, ground)
    if isinstance(order, PlannedWorks):
        names = np.array(order.element, dtype=np.str_)
        ground.known.rows(names, f"{where}: element")
        return planned_works(layers, dict.fromkeys(names.tolist(), (order.from_s, order.until_s)))
    if isinstance(order, RandomFailures):
        return random_failures(layers, ground.parameters, ground.seed, 0, order.stress)
    if isinstance(order, PhysicalDamage):
        return _harmed(order, ground, where)
    if isinstance(order, RotatingCuts):
        parameters = ground.parameters
        if order.cut_h is not None:
            parameters = parameters.replaced({"utilities.cut_h": order.cut_h}, f"{where}: cut_h")
        _known_places(order.spared, ground.territory, f"{where}: spared")
        span_s = float(order.from_s), float(order.until_s)
        return rotating_cuts(layers, parameters, ground.seed, span_s, order.share, order.spared)
    assert isinstance(order, Storm)
    before = np.zeros(round(order.from_s / S_PER_H))
    gusts = Gusts(np.concatenate([before, np.array(order.gust_mps, dtype=np.float64)]))
    return storm_damages(layers, gusts, ground.parameters, ground.seed, order.n_events)


def _harmed(order: PhysicalDamage, ground: _Ground, where: str) -> Damages:
    """Damages at moments spread evenly over the time of the event."""
    n = len(order.element) or order.number
    at_s = order.from_s + (order.until_s - order.from_s) * (np.arange(n) + 0.5) / max(n, 1)
    names = np.array(order.element, dtype=np.str_) if order.element else None
    if names is not None:
        ground.known.rows(names, f"{where}: element")
    layers = ground.territory.utilities
    return physical_damage(layers, ground.parameters, ground.seed, order.cause, at_s, names)


def _broken(order: UtilityEvent, rows: Ints, work_h: float | None, ground: _Ground) -> Damages:
    """Elements broken from a moment until another, or until mended."""
    at_s = np.full(len(rows), float(order.from_s))
    layers = ground.territory.utilities
    table = damages_of(layers, rows, at_s, "broken", ground.parameters, ground.seed)
    n = table.n_damages
    until_s = np.full(n, np.inf if order.until_mended else float(order.until_s))
    work_s = table.work_s if work_h is None else np.full(n, work_h * S_PER_H)
    return replace(table, until_s=until_s, work_s=work_s)


def lost_substations(order: SubstationLoss, territory: Territory, where: str) -> Ints:
    """Rows of the utility nodes that a loss takes: one by its id, the nearest to a place, all of a zone."""
    nodes, places = territory.utilities.nodes, territory.places
    kinds = tuple(KIND_OF_LEVEL.values())
    if order.substation is not None:
        known = [str(each) for each in nodes.node_id[np.isin(nodes.kind, kinds)]]
        if order.substation not in known:
            what = f"no substation {order.substation!r}"
            raise InputError(f"{where}: substation", what, nearest(order.substation, known))
        return np.array([territory.utilities.row_of[order.substation]], dtype=np.int32)
    able: Ints = np.flatnonzero((nodes.kind == KIND_OF_LEVEL[order.level]) & (nodes.utility == POWER)).astype(
        np.int32
    )
    if not len(able):
        raise InputError(f"{where}: level", f"no substation of {order.level}", "a level that is there")
    if order.place is not None:
        (place,) = _known_places((order.place,), territory, f"{where}: place")
        return _nearest_of(able, territory, places.lon[place], places.lat[place])
    zones = territory.zones
    rows = zones.rows(str(order.zone), f"{where}: zone")
    mine = np.isin(places.zone, rows)
    served = territory.utilities.rows_for("place", places.place_id[mine], POWER)
    area = nodes.area[served[served >= 0]]
    if order.level == "mv_lv":
        found = able[np.isin(nodes.node_id[able], area)]
        if len(found):
            return found.astype(np.int32)
    inside = able[np.isin(_zone_of_nodes(territory, able), rows)]
    if len(inside):
        return inside.astype(np.int32)
    return _nearest_of(able, territory, float(places.lon[mine].mean()), float(places.lat[mine].mean()))


def _nearest_of(able: Ints, territory: Territory, lon: float, lat: float) -> Ints:
    """The nearest of some nodes to a spot, the first by id among equals."""
    nodes = territory.utilities.nodes
    away = distances_m(nodes.lon[able], nodes.lat[able], np.array(lon), np.array(lat))
    order = np.lexsort((nodes.node_id[able], away.round(3)))
    return able[order[:1]].astype(np.int32)


def _zone_of_nodes(territory: Territory, rows: Ints) -> Ints:
    """Zone of the place nearest to each node (n,)."""
    nodes, places = territory.utilities.nodes, territory.places
    away = [distances_m(places.lon, places.lat, nodes.lon[row], nodes.lat[row]) for row in rows.tolist()]
    return np.array([places.zone[each.argmin()] for each in away], dtype=np.int32)


def _known_places(names: tuple[str, ...], territory: Territory, where: str) -> list[int]:
    row_of = {each: row for row, each in enumerate(territory.places.place_id.tolist())}
    for name in names:
        if name not in row_of:
            raise InputError(where, f"no place {name!r}", "an id among the places of the territory")
    return [row_of[name] for name in names]


def _link_of_place(name: str, territory: Territory, where: str) -> int:
    (row,) = _known_places((name,), territory, where)
    return int(territory.places.access_link[row])
