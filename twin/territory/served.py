"""Where an on-demand transport serves, and where its vehicles stand."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.scenario.on_demand import OnDemandTransport
from twin.territory.select_places import select_places
from twin.territory.tables import Flags, Ints
from twin.territory.territory import Territory
from twin.territory.within import check_within


def served_places(order: OnDemandTransport, territory: Territory) -> Flags:
    """Places that an order serves, (n_places,) bool."""
    places, where = territory.places, order.where()
    served = np.ones(places.n_places, dtype=np.bool_)
    if order.serves is not None:
        named = select_places(
            order.serves, places, territory.zones, territory.streets.communes, f"{where}: serves"
        )
        served = np.isin(np.arange(places.n_places), named)
    if order.polygon is not None:
        corners = np.array(order.polygon)
        served &= inside_polygon(places.lon, places.lat, corners[:, 0], corners[:, 1])
        if not served.any():
            raise InputError(f"{where}: polygon", "no place lies in it", "an area with places in it")
    return served


def carried(order: OnDemandTransport, territory: Territory, origin: Ints, destination: Ints) -> Flags:
    """Trips from place to place (n,) rows that an order carries: from where it serves or to there."""
    served = served_places(order, territory)
    reached = served.copy()
    if order.reaches is not None:
        where = order.where("reaches")
        communes = territory.streets.communes
        reached[select_places(order.reaches, territory.places, territory.zones, communes, where)] = True
    out = served[origin] & reached[destination]
    return np.asarray(out | (reached[origin] & served[destination]))


def inside_polygon(x: np.ndarray, y: np.ndarray, corner_x: np.ndarray, corner_y: np.ndarray) -> Flags:
    """Points (n,) inside a polygon of corners (m,), by the parity of edges to their right.

    >>> square = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> inside_polygon(np.array([0.5, 1.5]), np.array([0.5, 0.5]), *square).tolist()
    [True, False]
    """
    inside = np.zeros(x.shape[0], dtype=np.bool_)
    for k in range(corner_x.shape[0]):
        (x1, y1), (x2, y2) = ((corner_x[k - back], corner_y[k - back]) for back in (0, 1))
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    return inside


def depot_of(order: OnDemandTransport, territory: Territory) -> int:
    """Link at whose end the vehicles stand: of the depot's place, or of the nearest that is served."""
    places, where = territory.places, order.where("depot")
    if isinstance(order.depot, str):
        found = np.flatnonzero(places.place_id == order.depot)
        if not found.size:
            raise InputError(where, f"no place {order.depot!r}", "[lon, lat] or a place id")
        return int(places.access_link[found[0]])
    candidates = np.flatnonzero(served_places(order, territory))
    if order.depot is not None:
        lon, lat = order.depot
        check_within(order.depot, territory.streets, where)
    else:
        lon, lat = float(places.lon[candidates].mean()), float(places.lat[candidates].mean())
    east = (places.lon[candidates] - lon) * np.cos(np.radians(lat))
    away = np.hypot(east, places.lat[candidates] - lat)
    nearest = np.lexsort((places.place_id[candidates], away))[0]
    return int(places.access_link[candidates[nearest]])
