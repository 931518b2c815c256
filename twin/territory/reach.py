"""Which links every other can be reached from and reach, turn by turn, and what is cut off."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from twin.territory.tables import Flags, Gateways, Ints, Longs, TurnBans


def turns_between(tail: Ints, head: Ints) -> tuple[Longs, Longs]:
    """All pairs of links of which the second begins where the first ends, (n_turns,) rows each."""
    order = np.argsort(tail, kind="stable")
    first = np.searchsorted(tail[order], head)
    n_next = np.searchsorted(tail[order], head, side="right") - first
    source = np.repeat(np.arange(tail.shape[0]), n_next)
    place = np.arange(source.shape[0]) - np.repeat(np.cumsum(n_next) - n_next, n_next)
    follows = order[np.repeat(first, n_next) + place]
    return source.astype(np.int64), follows.astype(np.int64)


def cut_off(
    links: tuple[Ints, Ints, Flags], bans: TurnBans, usable: Flags, gateways: Gateways
) -> tuple[Flags, Flags]:
    """Links of the core outside its largest strongly connected part, and gateways with no way from or to it.

    links are tail and head node rows and core of all links; answers (n_links,) and (n_gateways,) bool. A
    link that is not usable leads nowhere and counts as outside where it is of the core.
    """
    tail, head, core = links
    n_links = tail.shape[0]
    source, follows = turns_between(tail, head)
    banned = np.isin(source * n_links + follows, bans.from_link.astype(np.int64) * n_links + bans.to_link)
    open_ = usable[source] & usable[follows] & ~banned
    ones = np.ones(int(open_.sum()), dtype=np.int8)
    graph = coo_array((ones, (source[open_], follows[open_])), shape=(n_links, n_links)).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    inner = core & usable
    giant = np.bincount(part[inner]).argmax() if inner.any() else -1
    within = part == giant
    one = int(np.argmax(within))
    reached, reaching = (np.zeros(n_links, dtype=np.bool_) for _ in range(2))
    if within.any():
        reached[breadth_first_order(graph, one, return_predecessors=False)] = True
        reaching[breadth_first_order(graph.T.tocsr(), one, return_predecessors=False)] = True
    into, out_of = gateways.in_link, gateways.out_link
    lost = (into >= 0) & ~reaching[np.maximum(into, 0)]
    lost |= (out_of >= 0) & ~reached[np.maximum(out_of, 0)]
    return core & ~within, lost
