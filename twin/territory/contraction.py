"""Short links contracted into one node, only where no movement is gained or lost.

A link too short to store a queue makes a loading model jam. It may vanish if its two ends are one
junction in effect: (1) one can drive from each end to the other over short links (two-way stubs
between staggered arms, small roundabouts), or (2) its tail leads nowhere else (a merge), or (3) its
head is reached from nowhere else (a diverge). In each case every traveller who could go from one
remaining link to another still can, and nobody else; so a motorway merge keeps its sense, and
opposite carriageways are never joined by a crossing link.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.territory.tables import Flags, Ints, Longs


def contract(tail: Ints, head: Ints, short: Flags, pinned: Flags) -> tuple[Ints, Flags]:
    """Cluster of each node (n_nodes,) and which links vanish (n_links,).

    Parameters
    ----------
    tail, head
        Node rows of each link, (n_links,).
    short
        Links that should vanish if they may, (n_links,).
    pinned
        Nodes that stay as they are, (n_nodes,): gates and cut ends.

    A cluster is named by its lowest node row. Steps (2) and (3) look at one link after the other in
    row order; each keeps all movements, so the order changes which links vanish, never who can
    drive where.
    """
    n_nodes = len(pinned)
    movable = short & ~pinned[tail] & ~pinned[head] & (tail != head)
    pairs = coo_array((np.ones(int(movable.sum())), (tail[movable], head[movable])), (n_nodes, n_nodes))
    _, label = connected_components(pairs, directed=True, connection="strong")
    first = np.full(n_nodes, n_nodes, dtype=np.int64)
    np.minimum.at(first, label, np.arange(n_nodes))
    cluster = first[label]
    _absorb_one_way(tail, head, movable, cluster)
    gone = (cluster[tail] == cluster[head]) & short & (tail != head)
    gone &= ~pinned[tail] & ~pinned[head]
    return cluster.astype(np.int32), gone


def _absorb_one_way(tail: Ints, head: Ints, movable: Flags, cluster: Longs) -> None:
    """Merge the ends of sole ways out and sole ways in; `cluster` is written."""
    out_of: dict[int, set[int]] = {}
    into: dict[int, set[int]] = {}
    for link, (a, b) in enumerate(zip(cluster[tail].tolist(), cluster[head].tolist(), strict=True)):
        inside = a == b and movable[link]
        if not inside:
            out_of.setdefault(a, set()).add(link)
            into.setdefault(b, set()).add(link)
    joined = {int(name): int(name) for name in np.unique(cluster)}
    for link in np.flatnonzero(movable).tolist():
        a, b = _root(joined, int(cluster[tail[link]])), _root(joined, int(cluster[head[link]]))
        if a == b or (out_of[a] != {link} and into[b] != {link}):
            continue
        keep, drop = min(a, b), max(a, b)
        joined[drop] = keep
        for ends in (out_of, into):
            ends[keep] = (ends.get(a, set()) | ends.get(b, set())) - {link}
    cluster[:] = [_root(joined, int(name)) for name in cluster]


def _root(joined: dict[int, int], name: int) -> int:
    while joined[name] != name:
        name = joined[name]
    return name
