"""Streets as edits make them: lanes, one direction, banned turns, bus and bike lanes, new links.

Rows that are there keep their place and their ids, so that whatever is keyed by them stays right. What is
added stands behind them; what is taken away stays in the table, and no vehicle may enter it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.scenario.modification import OnLinks
from twin.scenario.points import Point
from twin.scenario.road_edits import BikeLane, BusLane, Lanes, NewLink, OneWay, RoadEdit, TurnBan
from twin.scenario.selectors import LinkSelector
from twin.territory.attributes import lane_capacity_vps, propagate_lane_drops, storage_veh
from twin.territory.edit_rows import (
    Street,
    lanes_beside,
    nearest_node,
    new_link_id,
    opposites,
    straight_m,
    with_bus_lanes,
    with_street,
)
from twin.territory.edited_streets import MOST_NAMED, EditedStreets, checked, few
from twin.territory.select import known_value, select_links
from twin.territory.tables import ASSUMED, ROAD_CLASSES, Floats, Ints, Streets, TurnBans
from twin.territory.territory import Territory
from twin.territory.timetable_build import projected
from twin.units import KMH_PER_MPS

SCENARIO = 0
"""In place of the map's relation that bans a turn: the scenario does."""
Ban = tuple[int, int, int]
"""Rows of two links of which the second must not follow the first, and the relation that says so."""


def edits_of(orders: Sequence[object]) -> tuple[RoadEdit, ...]:
    """Those of the orders that edit streets."""
    return tuple(order for order in orders if isinstance(order, RoadEdit))


def edited(territory: Territory, orders: Sequence[RoadEdit], parameters: Parameters) -> EditedStreets:
    """Streets and banned turns of a territory after edits, in the order given.

    Raises
    ------
    InputError
        An order names what is not there, or cuts places or gateways off.
    """
    made = EditedStreets.of(territory.streets, territory.turns)
    for order in orders:
        where = order.where()
        if isinstance(order, NewLink):
            made = _new_link(made, order, parameters, where)
            continue
        rows = (
            _selected(made, order.links, territory, f"{where}: links") if isinstance(order, OnLinks) else None
        )
        if rows is None:
            raise InputError(where, "is no edit known here", "a kind of road edit")
        if isinstance(order, Lanes):
            made = _lanes(made, rows, np.full(len(rows), order.lanes), parameters)
        elif isinstance(order, BusLane):
            made = _bus_lane(made, rows, order.takes_lane, parameters, where)
        elif isinstance(order, BikeLane) and order.takes_lane:
            made = _lanes(made, rows, _one_less(made.streets, rows, where), parameters)
        elif isinstance(order, OneWay):
            made = checked(territory, made, _one_way(made, rows, where), where)
        elif isinstance(order, TurnBan):
            onto = _selected(made, order.onto, territory, f"{where}: onto")
            made = checked(territory, made, _turn_ban(made, rows, onto, where), where)
    return made


def edited_territory(
    territory: Territory, orders: Sequence[RoadEdit], parameters: Parameters
) -> tuple[Territory, EditedStreets]:
    """A territory with edited streets and places that open to streets which are still there."""
    made = edited(territory, orders, parameters)
    if made.streets is territory.streets and made.turns is territory.turns and made.for_cars.all():
        return territory, made
    spelled = "\n".join((territory.digest, parameters.digest, *(order.model_dump_json() for order in orders)))
    door = territory.places.access_link
    moved = np.where(door >= 0, made.instead[np.maximum(door, 0)], door).astype(np.int32)
    places = replace(territory.places, access_link=moved)
    digest = hashlib.sha256(spelled.encode()).hexdigest()
    return replace(territory, streets=made.streets, turns=made.turns, places=places, digest=digest), made


def _selected(made: EditedStreets, selector: LinkSelector, territory: Territory, where: str) -> Ints:
    """Links that a selector names, those that no car may enter left out."""
    rows = select_links(selector, made.streets, territory.zones, where, territory.places)
    rows = rows[made.for_cars[rows]]
    if not len(rows):
        raise InputError(where, f"no car may enter {selector.spelled()}", "links that are open to cars")
    return rows


def _lanes(made: EditedStreets, rows: Ints, lanes: Floats, parameters: Parameters) -> EditedStreets:
    """Links with those lanes; what leads to a link narrowed or widened without a junction follows it."""
    streets = made.streets
    changes = streets.lanes[rows] != lanes
    rows, lanes = rows[changes], lanes[changes]
    if not len(rows):
        return made
    now = streets.lanes.copy()
    now[rows] = lanes
    storage, lanes_from = streets.storage_veh.copy(), streets.lanes_provenance.copy()
    storage[rows] = storage_veh(streets.length_m[rows] * lanes, parameters)
    lanes_from[rows] = ASSUMED
    before, after = (_capacity_vps(made, each, parameters) for each in (streets.lanes, now))
    capacity = np.where(before == after, streets.flow_capacity_vps, after)
    streets = replace(
        streets, lanes=now, storage_veh=storage, flow_capacity_vps=capacity, lanes_provenance=lanes_from
    )
    return replace(made, streets=streets)


def _capacity_vps(made: EditedStreets, lanes: Floats, parameters: Parameters) -> Floats:
    """Flow capacity of all links with those lanes, (n_links,) [veh/s]; lane drops among those for cars."""
    streets, cars = made.streets, np.flatnonzero(made.for_cars)
    capacity = lane_capacity_vps(streets.road_class, lanes, parameters)
    opposite = opposites(streets, cars)[cars]
    place = np.append(np.cumsum(made.for_cars) - 1, -1).astype(np.int32)  # the last is that of no link, -1
    ends = streets.tail[cars], streets.head[cars]
    capacity[cars] = propagate_lane_drops(capacity[cars], *ends, place[opposite])[0]
    return capacity


def _one_less(streets: Streets, rows: Ints, where: str) -> Floats:
    """Lanes of links that give one away."""
    narrow = rows[streets.lanes[rows] < 2.0]
    if len(narrow):
        first = streets.link_id[narrow[:MOST_NAMED]].tolist()
        what = f"{len(narrow)} of {len(rows)} links have no second lane to give: {few(first, len(narrow))}"
        raise InputError(f"{where}: links", what, "links of two lanes or more, or takes_lane = false")
    return np.asarray(streets.lanes[rows] - 1.0)


def _bus_lane(
    made: EditedStreets, rows: Ints, takes_lane: bool, parameters: Parameters, where: str
) -> EditedStreets:
    """Links with a lane of its own beside each, which buses take and must take."""
    if (~made.for_buses[rows]).any():
        first = made.streets.link_id[rows[~made.for_buses[rows]]][0]
        raise InputError(f"{where}: links", f"{first} has a bus lane already", "each link once")
    if takes_lane:
        made = _lanes(made, rows, _one_less(made.streets, rows, where), parameters)
    n_before = made.streets.n_links
    made = made.longer(with_bus_lanes(made.streets, rows, parameters), cars=False)
    for_buses = made.for_buses.copy()
    for_buses[rows] = False
    turns = made.turns
    known = list(zip(turns.from_link.tolist(), turns.to_link.tolist(), turns.relation.tolist(), strict=True))
    more = [ban for ban in _as_in_lanes(made, known) if max(ban[:2]) >= n_before]
    return replace(made, for_buses=for_buses, turns=_more_bans(turns, more))


def _as_in_lanes(made: EditedStreets, bans: list[Ban]) -> list[Ban]:
    """Bans, and the same from and onto the bus lanes beside the links of each."""
    lane = lanes_beside(made.streets)
    return [
        (a, b, why)
        for first, onto, why in bans
        for a in dict.fromkeys((first, lane.get(first, first)))
        for b in dict.fromkeys((onto, lane.get(onto, onto)))
    ]


def _more_bans(turns: TurnBans, more: list[Ban]) -> TurnBans:
    if not more:
        return turns
    added = np.array(more, dtype=np.int64).reshape(-1, 3)
    return TurnBans(
        np.append(turns.from_link, added[:, 0].astype(np.int32)),
        np.append(turns.to_link, added[:, 1].astype(np.int32)),
        np.append(turns.relation, added[:, 2]),
    )


def _one_way(made: EditedStreets, rows: Ints, where: str) -> EditedStreets:
    """Streets without the direction that is not named; addresses on it move to the one that is."""
    opposite = opposites(made.streets, np.flatnonzero(made.for_cars))[rows]
    both = rows[np.isin(opposite, rows)]
    if len(both):
        first = made.streets.link_id[both[0]]
        what = f"names both directions of {len(both) // 2 or 1} streets, the first at {first}"
        raise InputError(f"{where}: links", what, "one direction, by direction or by link")
    kept, gone = rows[opposite >= 0], opposite[opposite >= 0]
    if not len(gone):
        return made
    for_cars, for_buses, instead = made.for_cars.copy(), made.for_buses.copy(), made.instead.copy()
    for_cars[gone] = for_buses[gone] = False
    moved = np.arange(made.streets.n_links, dtype=np.int32)
    moved[gone] = kept
    return replace(made, for_cars=for_cars, for_buses=for_buses, instead=moved[instead])


def _turn_ban(made: EditedStreets, rows: Ints, onto: Ints, where: str) -> EditedStreets:
    """Streets on which none of one links leads onto any of the others."""
    streets, turns = made.streets, made.turns
    first, second = np.nonzero(streets.head[rows][:, None] == streets.tail[onto][None, :])
    pairs = [(int(rows[a]), int(onto[b])) for a, b in zip(first, second, strict=True) if rows[a] != onto[b]]
    if not pairs:
        what = "none of the links leads onto any of those it names"
        raise InputError(f"{where}: onto", what, "links that begin where the others end")
    known = set(zip(turns.from_link.tolist(), turns.to_link.tolist(), strict=True))
    banned = [pair for pair in pairs if pair not in known]
    turns = _more_bans(turns, _as_in_lanes(made, [(*pair, SCENARIO) for pair in banned]))
    return replace(made, turns=turns)


def _new_link(made: EditedStreets, order: NewLink, parameters: Parameters, where: str) -> EditedStreets:
    """Streets with one more, between two nodes that are there."""
    streets = made.streets
    tail = _node(streets, order.start, order.snap_m, f"{where}: start")
    head = _node(streets, order.end, order.snap_m, f"{where}: end")
    if tail == head:
        what = f"begins and ends at node {streets.node_id[tail]}"
        raise InputError(f"{where}: end", what, "another node")
    ends = [(tail, head), (head, tail)] if order.both_ways else [(tail, head)]
    known = set(streets.link_id.tolist())
    if any(new_link_id(streets, a, b) in known for a, b in ends):
        raise InputError(
            where, f"a second one from {streets.node_id[tail]}", "one new link between two nodes"
        )
    known_value([order.road_class], ROAD_CLASSES, f"{where}: road_class", "road class")
    least_m = straight_m(streets, tail, head)
    length_m = least_m * order.detour if order.length_m is None else order.length_m
    if length_m < 0.999 * least_m:
        what = f"{length_m:g} m is less than the straight line, {least_m:.0f} m"
        raise InputError(f"{where}: length_m", what, "at least the straight line")
    road_class = ROAD_CLASSES.index(order.road_class)
    kmh = order.speed_kmh or float(parameters["territory.urban_speed_kmh"][road_class])
    street = Street(tail, head, order.name, road_class, order.lanes, kmh / KMH_PER_MPS, length_m)
    return made.longer(with_street(streets, street, order.both_ways, parameters), cars=True)


def _node(streets: Streets, end: int | Point, snap_m: float, where: str) -> int:
    """Row of the node that one end of a new link names."""
    if isinstance(end, int):
        at = np.flatnonzero(streets.node_id == end)
        if not len(at):
            raise InputError(
                where, f"no node {end} in the territory", "the end of a link, or [lon, lat] near it"
            )
        return int(at[0])
    position = projected(np.array([end[0]]), np.array([end[1]]), streets)
    row, apart_m = nearest_node(streets, position)
    if apart_m > snap_m:
        what = f"no node within {snap_m:g} m of [{end[0]:g}, {end[1]:g}]"
        right = f"a place near a node; the nearest, {streets.node_id[row]}, is {apart_m:.0f} m off"
        raise InputError(where, what, right)
    return row
