"""The rule of no immediate U-turn: nobody turns back into the street just left where another way leads on."""

from __future__ import annotations

import numpy as np

from twin.territory.tables import Ints, Streets, TurnBans
from twin.territory.turns import without_traps

BY_RULE = -1
"""Stands where a ban names the relation of the map that says so."""


def back_links(streets: Streets) -> Ints:
    """The link that goes back the way each link came, along the same way of the map (n_links,), -1 none."""
    first, last = streets.member_start[:-1], streets.member_start[1:] - 1
    begins = zip(
        streets.member_way[first].tolist(),
        streets.member_from[first].tolist(),
        streets.member_to[first].tolist(),
        strict=True,
    )
    by_begin = {begin: link for link, begin in enumerate(begins)}
    ends = zip(
        streets.member_way[last].tolist(),
        streets.member_to[last].tolist(),
        streets.member_from[last].tolist(),
        strict=True,
    )
    back = np.array([by_begin.get(end, -1) for end in ends], dtype=np.int32)
    meets = (back >= 0) & (streets.tail[back] == streets.head)
    return np.where(meets, back, -1).astype(np.int32)


def without_u_turns(streets: Streets, turns: TurnBans) -> TurnBans:
    """The bans of the map, and one on every immediate U-turn where another link may follow.

    At dead ends people turn round, and so they do where the rule would cut streets of the core off.
    """
    back = back_links(streets)
    n_links = np.int64(streets.n_links)
    banned = turns.from_link.astype(np.int64) * n_links + turns.to_link
    pairs = np.arange(n_links) * n_links + back
    n_out = np.bincount(streets.tail, minlength=streets.n_nodes)[streets.head]
    n_banned = np.bincount(turns.from_link, minlength=streets.n_links)
    turns_back = back >= 0
    leads_on = n_out - n_banned - (turns_back & ~np.isin(pairs, banned)) > 0
    new = np.flatnonzero(turns_back & leads_on & ~np.isin(pairs, banned)).astype(np.int32)
    ends = streets.tail, streets.head
    rule, _ = without_traps(_joined(turns, new, back), *ends, streets.core)
    kept = rule.relation == BY_RULE
    return _joined(turns, rule.from_link[kept], back)


def _joined(turns: TurnBans, links: Ints, back: Ints) -> TurnBans:
    """Bans, and those on turning back from some links, in the order of links."""
    columns = (
        np.concatenate([turns.from_link, links]),
        np.concatenate([turns.to_link, back[links]]),
        np.concatenate([turns.relation, np.full(links.shape[0], BY_RULE)]),
    )
    order = np.lexsort((columns[1], columns[0]))
    first, onward, relation = (column[order] for column in columns)
    return TurnBans(first.astype(np.int32), onward.astype(np.int32), relation.astype(np.int64))
