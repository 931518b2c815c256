"""Nested-dissection orders: what comes last separates what comes before (George 1973).

By METIS (Karypis & Kumar 1998) where the extra `routing` is installed, otherwise by straight cuts across the
map: in every cell, the cut among some directions and positions that severs fewest streets for its balance
(inertial bisection), and of its streets the fewest nodes that cover them all (König 1931).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, maximum_bipartite_matching

DIRECTIONS = 8
"""Directions of cuts tried in each cell."""
LEAST_SHARE = 0.3
"""Least share of a cell's nodes on either side of a cut."""

Pairs = tuple[np.ndarray, np.ndarray]


def has_metis() -> bool:
    """Whether the extra `routing` is installed."""
    return find_spec("pymetis") is not None


def metis_order(low: np.ndarray, high: np.ndarray, n: int) -> np.ndarray:
    """Rank (n,) of each node by METIS, for edges between low and high, each once."""
    import pymetis

    graph = _matrix(low, high, n)
    graph = (graph + graph.T).tocsr()
    adjacency = pymetis.CSRAdjacency(graph.indptr.astype(np.int32), graph.indices.astype(np.int32))
    _, rank = pymetis.nested_dissection(adjacency=adjacency)
    return np.asarray(rank, dtype=np.int64)


def geometric_order(low: np.ndarray, high: np.ndarray, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Rank (n,) of each node by straight cuts, for edges between low and high, each once.

    >>> x, y = np.arange(7.0), np.zeros(7)  # a road: its middle comes last
    >>> int(np.argmax(geometric_order(np.arange(6), np.arange(1, 7), x, y)))
    3
    """
    n = x_m.shape[0]
    level, along = np.full(n, -1, dtype=np.int64), np.zeros(n)
    nodes, edges, number = np.arange(n), (low, high), 0
    while nodes.shape[0]:
        row = np.full(n, -1, dtype=np.int64)
        row[nodes] = np.arange(nodes.shape[0])
        edges = _within(edges, row)
        inside = (row[edges[0]], row[edges[1]])
        side, across = _best_cuts(inside, x_m[nodes], y_m[nodes])
        severed = np.flatnonzero(side[inside[0]] != side[inside[1]])
        separates = _cover((inside[0][severed], inside[1][severed]), side)
        separates |= _alone(inside, nodes.shape[0])
        level[nodes[separates]], along[nodes[separates]] = number, across[separates]
        nodes, number = nodes[~separates], number + 1
    rank = np.empty(n, dtype=np.int64)
    rank[np.lexsort((np.arange(n), along, -level))] = np.arange(n)
    return rank


def _matrix(low: np.ndarray, high: np.ndarray, n: int) -> Any:
    return coo_array((np.ones(low.shape[0], dtype=np.int8), (low, high)), shape=(n, n))


def _within(edges: Pairs, row: np.ndarray) -> Pairs:
    """Edges of which both ends are left."""
    kept = (row[edges[0]] >= 0) & (row[edges[1]] >= 0)
    return edges[0][kept], edges[1][kept]


def _alone(edges: Pairs, n: int) -> np.ndarray:
    """Nodes without an edge."""
    return np.asarray(np.bincount(np.concatenate(edges), minlength=n) == 0)


def _best_cuts(edges: Pairs, x_m: np.ndarray, y_m: np.ndarray) -> Pairs:
    """Side of the best cut in its own cell (n,) bool, and the place along that cut (n,)."""
    n = x_m.shape[0]
    _, cell = connected_components(_matrix(*edges, n), directed=False)
    size = np.bincount(cell)
    begin = np.cumsum(size) - size
    best, side, along = np.full(size.shape[0], np.inf), np.zeros(n, dtype=np.bool_), np.zeros(n)
    for k in range(DIRECTIONS):
        cos, sin = np.cos(np.pi * k / DIRECTIONS), np.sin(np.pi * k / DIRECTIONS)
        order = np.lexsort((cos * x_m + sin * y_m, cell))
        place = np.empty(n, dtype=np.int64)
        place[order] = np.arange(n)
        ends = np.sort(np.stack([place[edges[0]], place[edges[1]]]), axis=0)
        # cuts before place p sever the edges with one end before p and one from p on
        severed = np.bincount(ends[0] + 1, minlength=n + 2) - np.bincount(ends[1] + 1, minlength=n + 2)
        severed = np.cumsum(severed)[:n]
        own = np.repeat(np.arange(size.shape[0]), size)
        before = np.arange(n) - begin[own]
        lesser = np.minimum(before, size[own] - before)
        cost = np.where(
            (lesser >= np.maximum(1, np.floor(LEAST_SHARE * size[own]))),
            severed / np.maximum(lesser, 1),
            np.inf,
        )
        least = np.minimum.reduceat(cost, begin)
        at = np.flatnonzero(cost == least[own])
        split = np.zeros(size.shape[0], dtype=np.int64)
        split[own[at][::-1]] = at[::-1]
        mine = (least < best)[cell]
        side = np.where(mine, place >= split[cell], side)
        along = np.where(mine, cos * y_m - sin * x_m, along)
        best = np.minimum(best, least)
    return side, along


def _cover(severed: Pairs, side: np.ndarray) -> np.ndarray:
    """Fewest nodes (n,) bool that touch all severed edges (König 1931), from a largest matching."""
    n = side.shape[0]
    left = np.where(side[severed[0]], severed[1], severed[0])
    right = np.where(side[severed[0]], severed[0], severed[1])
    partner = maximum_bipartite_matching(_matrix(left, right, n).tocsr(), perm_type="column")
    is_left, is_right = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    is_left[left], is_right[right] = True, True
    reached = is_left & (partner < 0)
    mate = np.full(n, -1, dtype=np.int64)
    mate[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    while True:  # alternating paths from the unmatched
        met = np.zeros(n, dtype=np.bool_)
        met[right[reached[left]]] = True
        onward = mate[np.flatnonzero(met & ~reached)]
        if not (met & ~reached).any():
            break
        reached |= met
        reached[onward[onward >= 0]] = True
    return np.asarray((is_left & ~reached) | (is_right & reached))
