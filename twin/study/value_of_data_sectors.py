"""Squares of water mains in a focus: what a crew searches at once, and the districts that are metered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.kernels.random import keys_of
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.tables import UtilityNodes
from twin.units import M_PER_DEGREE
from twin.utilities.water.laid import LaidWater

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sectors:
    """Squares of mains in the focus (n_sectors,): metres to search, district, and the junction that stands
    for each; `of_node` (n_nodes,) is the sector of each junction, -1 outside the focus. `key` (n_sectors,)
    and `district_key` (n_districts,) are random keys, of where squares and districts lie.
    """

    metres: Floats
    district: NDArray[np.int64]
    node: NDArray[np.int64]
    of_node: NDArray[np.int64]
    key: np.ndarray
    district_key: np.ndarray

    @property
    def n_districts(self) -> int:
        """Number of districts."""
        return len(self.district_key)


def sectors_of(territory: Territory, laid: LaidWater, zones: np.ndarray, parameters: Parameters) -> Sectors:
    """Squares of the focus with mains in them: the focus is where its places draw water."""
    nodes, edges, places = laid.layers.nodes, laid.layers.edges, territory.places
    inside = np.zeros(len(laid.zone), dtype=bool)
    served = (laid.node_of_place >= 0) & np.isin(places.zone, zones)
    inside[laid.node_of_place[served]] = True
    inside &= laid.zone >= 0
    metres = np.zeros(len(laid.zone))
    for end in (edges.tail[laid.mains], edges.head[laid.mains]):
        np.add.at(metres, end, 0.5 * edges.length_m[laid.mains])
    x, y = _plane(nodes)
    square = np.stack([np.floor(each / float(parameters["value.sector_m"])) for each in (x, y)], axis=1)
    squares, of = np.unique(square[inside], axis=0, return_inverse=True)
    of_node = np.full(len(laid.zone), -1, dtype=np.int64)
    of_node[inside] = of.reshape(-1)
    n = len(squares)
    rows = np.flatnonzero(inside)
    total = np.bincount(of_node[rows], metres[rows], n)
    wide = float(parameters["value.district_m"]) / float(parameters["value.sector_m"])
    districts, district = np.unique(np.floor(squares / wide), axis=0, return_inverse=True)
    node = np.array([_middle(rows[of_node[rows] == row], x, y) for row in range(n)], dtype=np.int64)
    return Sectors(
        np.maximum(total, 1.0), district.reshape(-1), node, of_node, _keys(squares), _keys(districts)
    )  # fmt: skip


def _keys(squares: Floats) -> np.ndarray:
    """Random keys (n,) of squares (n, 2) by column and row on the ground."""
    names = [f"{x} {y}" for x, y in squares.astype(np.int64).tolist()]
    return keys_of(np.array(names, dtype=np.str_))


def _middle(rows: NDArray[np.int64], x: Floats, y: Floats) -> int:
    """The row nearest to the centre of some."""
    away = np.hypot(x[rows] - x[rows].mean(), y[rows] - y[rows].mean())
    return int(rows[np.argmin(away)])


def _plane(nodes: UtilityNodes) -> tuple[Floats, Floats]:
    """Coordinates of utility nodes [m]; a plane is exact enough for squares."""
    across = M_PER_DEGREE * np.cos(np.radians(np.nanmean(nodes.lat)))
    return np.asarray(nodes.lon * across), np.asarray(nodes.lat * M_PER_DEGREE)
