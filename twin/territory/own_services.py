"""Services at the places of a user's own table: named there, or gone with the capacity for their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.scenario.basket import SERVICES
from twin.territory.services import CAPACITY_OF, USE_OF, Services
from twin.territory.tables import OBSERVED, Places


class OwnServices(NamedTuple):
    """What a row says of a place's services: all that it has, or None, and the uses it has nothing for."""

    place_id: str
    services: tuple[str, ...] | None
    without: tuple[str, ...]


def services_listed(text: str, where: str) -> tuple[str, ...] | None:
    """Services in a cell, apart by blanks; a blank cell is silent, "none" says that there is none.

    >>> services_listed("food cafe", "places.csv: line 2: services")
    ('food', 'cafe')
    """
    if not text:
        return None
    named = () if text == "none" else tuple(dict.fromkeys(text.split()))
    for each in named:
        if each not in SERVICES:
            right = "none, or services apart by blanks: " + ", ".join(SERVICES)
            raise InputError(where, f"{each!r} is no service", right)
    return named


def with_own_services(services: Services, places: Places, told: Sequence[OwnServices]) -> Services:
    """Services of the territory as the rows tell of their places; all others stay, and what goes has closed.

    A named service is observed and has an equal part of its place's capacity for the use it belongs to.
    """
    row_of = {name: row for row, name in enumerate(places.place_id.tolist())}
    use = np.array([USE_OF[name] for name in SERVICES])[services.service]
    stays = np.ones(len(services), dtype=np.bool_)
    for each in told:
        here = services.place == row_of[each.place_id]
        stays &= ~here if each.services is not None else ~(here & np.isin(use, each.without))
    kept = services.closed(~stays)
    new = [(each.place_id, name) for each in told for name in each.services or ()]
    if not new:
        return kept
    capacity = [_part(places, row_of[place], name, new, place) for place, name in new]
    columns: Mapping[str, list[object]] = {
        "service_id": [f"{place} {name}" for place, name in new],
        "service": [SERVICES.index(name) for _, name in new],
        "place": [row_of[place] for place, _ in new],
        "capacity": list(capacity),
        "provenance": [OBSERVED] * len(new),
    }
    return Services(**{
        name: np.concatenate([column, np.array(columns[name]).astype(_type_of(column))])
        for name, column in kept.columns().items()
    })  # fmt: skip


def _type_of(column: np.ndarray) -> str | np.dtype[np.generic]:
    return "U" if column.dtype.kind == "U" else column.dtype


def _part(places: Places, row: int, name: str, new: Sequence[tuple[str, str]], place_id: str) -> float:
    """Capacity of one of the services that share their place's for one use."""
    alike = sum(place == place_id and USE_OF[other] == USE_OF[name] for place, other in new)
    return float(getattr(places, CAPACITY_OF[USE_OF[name]])[row]) / alike
