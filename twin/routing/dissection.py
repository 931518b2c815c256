"""Nested-dissection orders: what comes last separates what comes before (George 1973).

From the map: in every cell, the direction in which some straight cut severs fewest streets for its balance,
and between the first and the last nodes in that direction the fewest that separate them, by a largest flow
(inertial flow; Schild & Sommer 2015). All cells of one depth are cut at once. Or by METIS (Karypis & Kumar
1998) where the extra `routing` is installed, in an eighth of the time.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

DIRECTIONS = 8
"""Directions of cuts tried in each cell."""
LEAST_SHARE = 0.3
"""Share of a cell's nodes that come first, and that come last, in its direction."""

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

    >>> x, y = np.arange(20.0), np.zeros(20)  # a road is cut in two, somewhere from 30 to 70 % of its way
    >>> int(np.argmax(geometric_order(np.arange(19), np.arange(1, 20), x, y)))
    5
    """
    n = x_m.shape[0]
    level, along = np.full(n, -1, dtype=np.int64), np.zeros(n)
    nodes, edges, number = np.arange(n), (low, high), 0
    while nodes.shape[0]:
        row = np.full(n, -1, dtype=np.int64)
        row[nodes] = np.arange(nodes.shape[0])
        edges = _within(edges, row)
        inside = (row[edges[0]], row[edges[1]])
        separates, place = _cuts(inside, x_m[nodes], y_m[nodes])
        separates |= _alone(inside, nodes.shape[0])
        level[nodes[separates]], along[nodes[separates]] = number, place[separates]
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


def _cuts(edges: Pairs, x_m: np.ndarray, y_m: np.ndarray) -> Pairs:
    """Which nodes separate each cell (n,) bool, and the place along the cut (n,)."""
    n = x_m.shape[0]
    _, cell = connected_components(_matrix(*edges, n), directed=False)
    size = np.bincount(cell)
    begin = np.cumsum(size) - size
    best, along, across = np.full(size.shape[0], np.inf), np.zeros(n), np.zeros(n, dtype=np.int64)
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
        allowed = lesser >= np.maximum(1, np.floor(LEAST_SHARE * size[own]))
        least = np.minimum.reduceat(np.where(allowed, severed / np.maximum(lesser, 1), np.inf), begin)
        mine = (least < best)[cell]
        across = np.where(mine, place - begin[cell], across)
        along = np.where(mine, cos * y_m - sin * x_m, along)
        best = np.minimum(best, least)
    return _separators(edges, across, size[cell]), along


def _separators(edges: Pairs, across: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Fewest nodes (n,) bool between the first and the last of each cell, by one largest flow.

    Every node lets one unit through (from 2 v to 2 v + 1), edges let any amount; what the residual reaches
    on one side only is the cut (Menger 1927; Ford & Fulkerson 1956), the same for every largest flow.
    """
    n = across.shape[0]
    ends = np.maximum(1, np.floor(LEAST_SHARE * size)).astype(np.int64)
    first, last = (
        np.flatnonzero((across < ends) & (size > 1)),
        np.flatnonzero((across >= size - ends) & (size > 1)),
    )
    nodes, source, sink, wide = np.arange(n), 2 * n, 2 * n + 1, n + 1
    tails = [2 * nodes, 2 * edges[0] + 1, 2 * edges[1] + 1, np.full(first.shape[0], source), 2 * last + 1]
    heads = [2 * nodes + 1, 2 * edges[1], 2 * edges[0], 2 * first, np.full(last.shape[0], sink)]
    room = np.full(sum(map(len, tails)), wide, dtype=np.int32)
    room[:n] = 1
    graph = coo_array(
        (room, (np.concatenate(tails), np.concatenate(heads))), shape=(2 * n + 2, 2 * n + 2)
    ).tocsr()
    graph.indices, graph.indptr = graph.indices.astype(np.int32), graph.indptr.astype(np.int32)
    residual = graph - maximum_flow(csr_matrix(graph), source, sink).flow
    residual.data[residual.data < 0] = 0
    residual.eliminate_zeros()
    reached = np.zeros(2 * n + 2, dtype=np.bool_)
    reached[breadth_first_order(residual, source, return_predecessors=False)] = True
    return np.asarray(reached[2 * nodes] & ~reached[2 * nodes + 1])
