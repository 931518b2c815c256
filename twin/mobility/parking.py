"""Parking supply as drivers meet it: own spaces of places, spaces of streets with their car parks, prices.

The kerbs of both directions of a street and the car parks reached from it are one stock, known by the
street's first link. How drivers choose: `twin.kernels.parking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.scenario.ledger import Parameters
from twin.territory.access import with_doors
from twin.territory.tables import Places, Streets


@dataclass(frozen=True)
class ParkingChange:
    """What an order does to parking on links (rows): a factor on spaces, a price [EUR/h]; None: as it is."""

    links: np.ndarray
    factor: float | None
    eur_per_h: float | None


@dataclass(frozen=True)
class ParkingSupply:
    """Spaces at the start: own (n_places,) and of streets (n_links,) int32, by the first link of each street.

    `street` (n_links,) int32 names that link, -1 on motorways and the like; `eur_per_h`, `x_m` and `y_m`
    (n_links,) float64: mean price of the street's spaces, and the middle of each link.
    """

    own: np.ndarray
    spaces: np.ndarray
    street: np.ndarray
    eur_per_h: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray


def parking_supply_of(
    streets: Streets,
    places: Places,
    other: np.ndarray,
    parameters: Parameters,
    changes: Sequence[ParkingChange] = (),
) -> ParkingSupply:
    """Supply of a territory, with changes in force; `other` is each link's other direction, -1 none.

    Own spaces follow from dwellings, jobs, visitors and pupils by rows of the ledger.
    """
    rows = np.arange(streets.n_links)
    street = np.where(other >= 0, np.minimum(rows, other), rows).astype(np.int32)
    spaces = streets.parking_spaces.astype(np.float64)
    paid = spaces * streets.parking_eur_per_h
    lots = places.parking.astype(np.float64)
    at = places.access_link
    np.add.at(spaces, at, lots)
    np.add.at(paid, at, lots * places.parking_eur_per_h)
    for change in changes:
        if change.eur_per_h is not None:
            paid[change.links] = spaces[change.links] * change.eur_per_h
        if change.factor is not None:
            spaces[change.links] *= change.factor
            paid[change.links] *= change.factor
    pooled, pooled_paid = np.zeros((2, streets.n_links))
    np.add.at(pooled, street, spaces)
    np.add.at(pooled_paid, street, paid)
    own = sum(
        parameters[f"parking.own_spaces_per_{unit}"] * column.astype(np.float64)
        for unit, column in (
            ("dwelling", places.dwellings),
            ("job", places.jobs),
            ("visitor", places.shop + places.health + places.counter + places.leisure),
            ("school_place", places.school_places),
        )
    )
    ends = np.stack([streets.tail, streets.head])
    return ParkingSupply(
        np.rint(np.asarray(own)).astype(np.int32),
        np.rint(pooled).astype(np.int32),
        np.where(with_doors(streets), street, -1).astype(np.int32),
        np.divide(pooled_paid, pooled, out=np.zeros_like(pooled), where=pooled > 0.0),
        streets.node_x_m[ends].mean(axis=0),
        streets.node_y_m[ends].mean(axis=0),
    )


def ranks_within(group: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Place of each within its group by key, from 0 (n,) int64.

    >>> ranks_within(np.array([5, 5, 2]), np.array([9, 1, 4])).tolist()
    [1, 0, 0]
    """
    order = np.lexsort((key, group))
    sorted_group = group[order]
    first = np.searchsorted(sorted_group, sorted_group)
    rank = np.empty(group.shape[0], dtype=np.int64)
    rank[order] = np.arange(group.shape[0]) - first
    return rank
