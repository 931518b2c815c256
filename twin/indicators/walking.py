"""Walking distances from every node of the paths to the nearest service of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

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
    u, v, length_m = _shortest_parallel(paths.u[paths.walk], paths.v[paths.walk], paths.length_m[paths.walk])
    graph = coo_array((length_m, (u, v)), shape=(n_nodes, n_nodes)).tocsr()
    distance_m: NDArray[np.float64] = dijkstra(graph, directed=False, indices=sources, min_only=True)
    return distance_m


def _shortest_parallel(
    u: NDArray[np.int32], v: NDArray[np.int32], length_m: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """One edge per pair of nodes, the shortest: a sparse matrix would add parallel ones."""
    low, high = np.minimum(u, v).astype(np.int64), np.maximum(u, v).astype(np.int64)
    order = np.lexsort((length_m, high, low))
    low, high, length_m = low[order], high[order], length_m[order]
    is_first = np.ones(low.shape[0], dtype=np.bool_)
    is_first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    kept = is_first & (low != high)
    return low[kept], high[kept], length_m[kept]
