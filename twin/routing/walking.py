"""Walking along the paths of a territory: the graph, and what lies within a walk of every node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from twin.territory.tables import Paths

AT_ONCE = 64
"""Nodes searched from at one time: what is held is their distances to all nodes."""


@dataclass(frozen=True)
class Walks:
    """Stops within a walk of path node i: rows start[i]..start[i + 1] of stop and metres, nearest first."""

    start: np.ndarray
    stop: np.ndarray
    metres: np.ndarray

    def around(self, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets (n + 1,), stops and metres around each of those nodes; none around node -1."""
        known = nodes >= 0
        first = np.where(known, self.start[np.maximum(nodes, 0)], 0)
        count = np.where(known, self.start[np.maximum(nodes, 0) + 1] - first, 0)
        offset = np.zeros(nodes.shape[0] + 1, dtype=np.int64)
        np.cumsum(count, out=offset[1:])
        rows = np.repeat(first - offset[:-1], count) + np.arange(offset[-1])
        return offset, self.stop[rows], self.metres[rows]

    def metres_of(self, nodes: np.ndarray, stops: np.ndarray) -> np.ndarray:
        """Metres from each node to the stop named with it (n,); NaN beyond a walk."""
        offset, stop, metres = self.around(nodes)
        owner = np.repeat(np.arange(nodes.shape[0]), np.diff(offset))
        found = stop == stops[owner]
        out = np.full(nodes.shape[0], np.nan)
        out[owner[found]] = metres[found]
        return out


def walk_graph(paths: Paths) -> Any:
    """Walkable paths as a sparse matrix (n_nodes, n_nodes) of metres, one entry a pair: the shortest."""
    n_nodes = paths.node_x_m.shape[0]
    u, v, length_m = paths.u[paths.walk], paths.v[paths.walk], paths.length_m[paths.walk]
    low, high = np.minimum(u, v).astype(np.int64), np.maximum(u, v).astype(np.int64)
    order = np.lexsort((length_m, high, low))
    low, high, length_m = low[order], high[order], length_m[order]
    is_first = np.ones(low.shape[0], dtype=np.bool_)
    is_first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    kept = is_first & (low != high)
    return coo_array((length_m[kept], (low[kept], high[kept])), shape=(n_nodes, n_nodes)).tocsr()


def walks_to_stops(paths: Paths, stop_node: np.ndarray, limit_m: float) -> Walks:
    """Which stops are within a walk of each path node (Dijkstra 1959 from each stop, up to the limit).

    Parameters
    ----------
    stop_node
        Path node of each stop, (n_stops,), -1 none: such a stop is within no walk.
    """
    graph = walk_graph(paths)
    n_nodes = graph.shape[0]
    sources, of_source = np.unique(stop_node[stop_node >= 0], return_inverse=True)
    stops = np.flatnonzero(stop_node >= 0)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for first in range(0, sources.shape[0], AT_ONCE):
        away = dijkstra(graph, directed=False, indices=sources[first : first + AT_ONCE], limit=limit_m)
        for k in range(away.shape[0]):
            near = np.flatnonzero(np.isfinite(away[k]))
            for stop in stops[of_source == first + k]:
                parts.append((near, np.full(near.shape[0], stop), away[k, near]))
    columns = zip(*parts, strict=True) if parts else [[np.empty(0)]] * 3
    node, stop, metres = (np.concatenate(column) for column in columns)
    order = np.lexsort((stop, metres, node))
    start = np.searchsorted(node[order], np.arange(n_nodes + 1)).astype(np.int64)
    return Walks(start, stop[order].astype(np.int32), metres[order])
