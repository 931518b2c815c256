"""Walking distances from every node of the paths to the nearest service of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from twin.routing.walking import walk_graph

if TYPE_CHECKING:
    from twin.territory.territory import Territory

SERVICES = ("health", "counter", "shop")
"""Kinds of service, as the columns of places are named."""


def walk_to_nearest_m(territory: Territory, service: str) -> NDArray[np.float64]:
    """(n_path_nodes,) [m] along walkable paths to the nearest place with that service; infinite: none.

    One search from all such places at once (Dijkstra 1959).
    """
    paths, places = territory.paths, territory.places
    n_nodes = paths.node_x_m.shape[0]
    offered = (getattr(places, service) > 0) & (places.path_node >= 0)
    sources = np.unique(places.path_node[offered])
    if not sources.shape[0]:
        return np.full(n_nodes, np.inf)
    distance_m: NDArray[np.float64] = dijkstra(
        walk_graph(paths), directed=False, indices=sources, min_only=True
    )
    return distance_m
