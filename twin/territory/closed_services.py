"""A territory in which services have closed: they are gone, and their places have room for fewer visitors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.errors import InputError
from twin.scenario.basket import SERVICES
from twin.scenario.services import CloseService
from twin.territory.select_places import select_places
from twin.territory.services import CAPACITY_OF, USE_OF
from twin.territory.tables import Flags, Places
from twin.territory.territory import Territory


def closings_of(orders: Sequence[object]) -> tuple[CloseService, ...]:
    """Those of the orders that close services."""
    return tuple(order for order in orders if isinstance(order, CloseService))


def without_services(territory: Territory, orders: Sequence[object]) -> Territory:
    """The territory with the services closed that the orders close; itself where they close none.

    Raises
    ------
    InputError
        An order names places that are not there, or none of which has such a service.
    """
    closings = closings_of(orders)
    if not closings:
        return territory
    closed = np.zeros(len(territory.services), dtype=np.bool_)
    for order in closings:
        closed |= _closed_by(territory, order)
    spelled = "\n".join((territory.digest, *(order.model_dump_json() for order in closings)))
    return replace(
        territory,
        services=territory.services.closed(closed),
        places=_emptied(territory, closed),
        digest=hashlib.sha256(spelled.encode()).hexdigest(),
    )


def _closed_by(territory: Territory, order: CloseService) -> Flags:
    """Services that one order closes (n_services,)."""
    where, services = order.where("at"), territory.services
    communes = territory.streets.communes
    chosen = select_places(order.at, territory.places, territory.zones, communes, where)
    named = services.service == SERVICES.index(order.service)
    found = named & np.isin(services.place, chosen)
    if not found.any():
        there = territory.places.place_id[services.place[named]].tolist()
        right = "places such as " + ", ".join(there[:3]) if there else f"a territory with a {order.service}"
        raise InputError(where, f"no {order.service} service at {order.at.spelled()}", right)
    return np.asarray(found)


def _emptied(territory: Territory, closed: Flags) -> Places:
    """Places with the capacities that the closed services leave."""
    services, places = territory.services, territory.places
    changed = {}
    for use, column in CAPACITY_OF.items():
        of_use = np.array([USE_OF[name] == use for name in SERVICES])[services.service]
        lost = np.bincount(
            services.place[closed & of_use],
            weights=services.capacity[closed & of_use],
            minlength=places.n_places,
        )
        changed[column] = np.maximum(getattr(places, column) - lost, 0.0).round(1).astype(np.float32)
    return replace(places, **changed)
