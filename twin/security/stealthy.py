"""A stealthy attack on road counters: a stream that no equation of flows can tell from a real one.

False data a = H c leave no residual (Liu, Ning & Reiter 2011, ACM TISSEC 14). With H from the conservation
of vehicles, c is a flow that balances at every node: a way from gate to gate. All counters on it must be
owned; links without a counter are free to use.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

_OWNED_COST = 1e-3


def hidden_stream(
    tail: np.ndarray, head: np.ndarray, open_nodes: np.ndarray, barred: np.ndarray, owned: np.ndarray
) -> np.ndarray:
    """How often a stream passes each link (n_links,), from an open node to another through an owned link.

    barred (n_links,) bool: counters of others stand there, or no car drives there; owned (n_links,) bool.
    Of all such ways the one that keeps most to owned links; all zeros where there is none.

    >>> ways = hidden_stream(np.array([0, 1, 1]), np.array([1, 2, 3]), np.array([0, 2, 3]),
    ...                      np.array([False, False, True]), np.array([True, True, False]))
    >>> ways.tolist()
    [1.0, 1.0, 0.0]
    """
    n_nodes = int(max(tail.max(initial=0), head.max(initial=0))) + 1
    free = np.flatnonzero(~barred)
    cost = np.where(owned[free], _OWNED_COST, 1.0)
    order = np.lexsort((free, -cost))  # of parallel links the cheapest is written last and stays
    link_of = {(int(tail[free[k]]), int(head[free[k]])): int(free[k]) for k in order.tolist()}
    ends = np.array(list(link_of), dtype=np.int64).reshape(-1, 2)
    weight = np.where(owned[list(link_of.values())], _OWNED_COST, 1.0) if link_of else np.zeros(0)
    there = csr_array((weight, (ends[:, 0], ends[:, 1])), shape=(n_nodes, n_nodes))
    gates = np.unique(open_nodes)
    to, before, _ = dijkstra(there, indices=gates, min_only=True, return_predecessors=True)
    on, after, _ = dijkstra(there.T.tocsr(), indices=gates, min_only=True, return_predecessors=True)
    stream = np.zeros(len(tail))
    mine = free[owned[free]]
    mine = mine[tail[mine] != head[mine]]
    length = to[tail[mine]] + on[head[mine]]
    if not np.isfinite(length).any():
        return stream
    first = mine[np.argmin(length)]
    nodes = _way(int(tail[first]), before)[::-1] + _way(int(head[first]), after)
    for a, b in pairwise(nodes):
        stream[link_of[a, b]] += 1.0
    return stream


def _way(node: int, previous: np.ndarray) -> list[int]:
    nodes = [node]
    while previous[nodes[-1]] >= 0:
        nodes.append(int(previous[nodes[-1]]))
    return nodes
