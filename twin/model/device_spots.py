"""Where devices may stand in the model's territory, by what they observe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.errors import InputError
from twin.kernels.random import keys_of
from twin.model.metering import stations_of
from twin.routing.kerbs import other_directions
from twin.scenario.actors import SensorFleet
from twin.sensing.devices import Spots
from twin.sensing.kinds import KINDS
from twin.territory.select_places import select_places
from twin.territory.utilities.tables import HEAT, WATER
from twin.units import M_PER_DEGREE

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

ON_STREETS = ("parked", "lamp")
"""What belongs to both directions of a street together, known by its first link."""


def spots_of(order: SensorFleet, named: np.ndarray, model: TwinModel) -> Spots | None:
    """Spots of an order's kind, of the links ``named`` (rows); None of kinds that need none.

    A road counter that is placed by coverage or value needs those of links, too.
    """
    kind = KINDS.get(order.kind)
    if kind is None:
        needs = order.kind == "road_counter" and order.placement in ("coverage", "value")
        return _links(model, named, "flow") if needs else None
    where = order.where()
    refused = "links" if kind.feature == "place" else "places"
    if getattr(order, refused) is not None:
        raise InputError(f"{where}: {refused}", f"a {order.kind} stands at a {kind.feature}",
                         "places" if refused == "links" else "links")  # fmt: skip
    _check(kind.sees, where, model)
    if kind.feature == "link":
        return _links(model, named, kind.sees)
    if kind.feature == "place":
        return _places(order, model, kind.sees)
    return _nodes(model, named if order.links is not None else None, kind.sees)


def _check(sees: str, where: str, model: TwinModel) -> None:
    if sees == "parked" and model.parking is None:
        raise InputError(where, "where cars stand is not known while parking is not limited",
                         "parameters with parking.limited = 1")  # fmt: skip
    if sees in ("pressure", "heat") and not model.spec.with_utilities:
        raise InputError(where, "utility networks are not reckoned", "utilities = true")


def _links(model: TwinModel, named: np.ndarray, sees: str) -> Spots:
    streets, places = model.territory.streets, model.territory.places
    rows = np.arange(streets.n_links, dtype=np.int32)
    x_m, y_m = (
        (each[streets.tail] + each[streets.head]) / 2.0 for each in (streets.node_x_m, streets.node_y_m)
    )
    worth, units, candidates = streets.length_m, np.ones(len(rows)), named
    if sees in ON_STREETS:
        other = other_directions(streets.tail, streets.head, streets.length_m)
        candidates = np.unique(np.where(other >= 0, np.minimum(rows, other), rows)[named])
    if sees in ("flow", "equipped_time"):
        worth = streets.length_m * streets.flow_capacity_vps
    elif sees in ("nox", "sound"):
        worth = np.bincount(places.access_link, places.dwellings, len(rows)).astype(np.float64)
    elif sees == "lamp":
        units = np.maximum(np.round(streets.length_m / model.parameters["utilities.lamp_spacing_m"]), 1.0)
    elif sees == "parked":
        assert model.parking is not None, "checked before"
        worth = units = model.parking.supply.spaces.astype(np.float64)
        candidates = candidates[worth[candidates] > 0.0]
    return Spots(candidates.astype(np.int32), streets.link_key, x_m, y_m, rows, worth, units)


def _places(order: SensorFleet, model: TwinModel, sees: str) -> Spots:
    territory = model.territory
    places, zones = territory.places, territory.zones
    if order.places is None:
        named = np.arange(places.n_places, dtype=np.int32)
    else:
        where = order.where("places")
        named = select_places(order.places, places, zones, territory.streets.communes, where)
    home = model.population.persons.home
    worth = {
        "fill": np.bincount(home[home >= 0], minlength=places.n_places),
        "heat": places.floor_area_m2,
        "present": places.shop + places.health + places.counter + places.leisure + places.school_places
        + places.jobs,
    }[sees].astype(np.float64)  # fmt: skip
    stands = worth > 0.0
    if sees == "heat":
        stands = territory.utilities.rows_for("place", places.place_id, HEAT) >= 0
    return Spots(
        named[stands[named]].astype(np.int32), keys_of(places.place_id), places.x_m, places.y_m,
        places.access_link, worth, np.ones(places.n_places), "places",
    )  # fmt: skip


def _nodes(model: TwinModel, named: np.ndarray | None, sees: str) -> Spots:
    """Utility nodes: transformer stations that serve places, or junctions of water mains."""
    territory = model.territory
    nodes, streets = territory.utilities.nodes, territory.streets
    worth = np.ones(nodes.n_nodes)
    if sees == "station_power":
        station = stations_of(territory)
        behind = np.bincount(station[station >= 0], minlength=nodes.n_nodes)
        stands, worth = behind > 0, behind.astype(np.float64)
    else:
        stands = (nodes.utility == WATER) & (nodes.kind == "junction")
    if not nodes.n_nodes:
        nowhere = np.empty(0, dtype=np.int32)
        return Spots(nowhere, nowhere.astype(np.uint64), worth, worth, nowhere, worth, worth, "nodes")
    street = model.device_ground.street_of_nodes
    if named is not None:
        stands &= np.isin(street, named)
    across = M_PER_DEGREE * np.cos(np.radians(float(streets.node_lat.mean())))
    x_m = (nodes.lon - float(streets.node_lon.mean())) * across
    y_m = (nodes.lat - float(streets.node_lat.mean())) * M_PER_DEGREE
    rows = np.flatnonzero(stands).astype(np.int32)
    return Spots(rows, keys_of(nodes.node_id), x_m, y_m, street, worth, np.ones(nodes.n_nodes), "nodes")
