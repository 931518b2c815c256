"""Turn restrictions of the map as pairs of links: which link must not follow which.

A restriction names a way from, a node via and a way to. `no_...` bans the turns from the one to the
other, `only_...` all others at that node. What holds for other vehicles, at some hours or over a
whole way is left out and counted, and so is what names a way that passes through the node unsplit.
Where short links were merged into one junction, a ban on a turn into a vanished link holds for what
could be reached through it alone. Routes honour the bans (`twin.routing`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.readers.osm_records import Member, OsmRelation, Tags, is_restriction
from twin.territory.reach import turns_between
from twin.territory.tables import Flags, Ints, TurnBans

FOR_CARS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
CARS = frozenset({"motorcar", "motor_vehicle", "vehicle"})
SOMETIMES = ("day_on", "day_off", "hour_on", "hour_off")
BANS = frozenset({
    "no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_turn", "no_entry", "no_exit",
})  # fmt: skip
ORDERS = frozenset({
    "only_straight_on", "only_left_turn", "only_right_turn", "only_u_turn",
})  # fmt: skip

READ, CONDITIONAL, OTHERS, UNKNOWN = "read", "conditional", "not for cars", "unknown kind"
VIA_WAY, INCOMPLETE, AMBIGUOUS = "via a way", "incomplete", "ambiguous"
NO_EFFECT, APPLIED = "without effect", "applied"

Pair = tuple[int, int]


@dataclass(frozen=True)
class Junctions:
    """Links before short ones vanish: members, end rows, and what merging made of them."""

    members: Sequence[Sequence[Member]]
    tail: Ints
    head: Ints
    cluster: Ints  # of each node row
    gone: Flags  # (n_links,)
    kept: Flags  # (n_links,)


@dataclass(frozen=True)
class _Rule:
    relation: int
    from_ways: frozenset[int]
    via: int
    to_ways: frozenset[int]
    is_order: bool
    is_u_turn: bool


def restriction_of(tags: Tags) -> str:
    """The restriction that holds for cars at all hours, else why there is none.

    >>> restriction_of({"type": "restriction", "restriction": "no_left_turn"})
    'no_left_turn'
    >>> restriction_of({"restriction:hgv": "no_u_turn"})
    'not for cars'
    >>> restriction_of({"restriction:conditional": "no_u_turn @ wet"})
    'conditional'
    """
    if CARS & {each.strip() for each in tags.get("except", "").split(";")}:
        return OTHERS
    if any(key in tags for key in SOMETIMES):
        return CONDITIONAL
    for key in FOR_CARS:
        if key in tags:
            return tags[key] if tags[key] in BANS | ORDERS else UNKNOWN
    if any(f"{key}:conditional" in tags for key in FOR_CARS):
        return CONDITIONAL
    return OTHERS if any(key.startswith("restriction:") for key in tags) else UNKNOWN


def _rule(relation: OsmRelation, counts: Counter[str]) -> _Rule | None:
    kind = restriction_of(relation.tags)
    if kind not in BANS | ORDERS:
        counts[kind] += 1
        return None
    by_role: dict[str, list[tuple[str, int]]] = {}
    for what, ref, role in relation.members:
        by_role.setdefault(role, []).append((what, ref))
    via = by_role.get("via", [])
    if any(what == "w" for what, _ in via):
        counts[VIA_WAY] += 1
        return None
    ends = [frozenset(ref for what, ref in by_role.get(role, []) if what == "w") for role in ("from", "to")]
    if len(via) != 1 or not ends[0] or not ends[1]:
        counts[INCOMPLETE] += 1
        return None
    return _Rule(relation.id, ends[0], via[0][1], ends[1], kind in ORDERS, kind.endswith("u_turn"))


def ban_turns(relations: Iterable[OsmRelation], junctions: Junctions) -> tuple[TurnBans, dict[str, int]]:
    """Banned pairs of kept links, by their rows among the kept; and what became of the restrictions."""
    counts: Counter[str] = Counter()
    banned: dict[Pair, int] = {}
    into: dict[int, list[int]] = {}
    out_of: dict[int, list[int]] = {}
    for link, members in enumerate(junctions.members):
        out_of.setdefault(members[0][1], []).append(link)
        into.setdefault(members[-1][2], []).append(link)
    for relation in sorted(relations, key=lambda each: each.id):
        if not is_restriction(relation.tags):
            continue
        counts[READ] += 1
        rule = _rule(relation, counts)
        if rule is not None:
            pairs = _pairs(rule, junctions.members, into.get(rule.via, []), out_of.get(rule.via, []))
            counts[AMBIGUOUS if pairs is None else APPLIED if pairs else NO_EFFECT] += 1
            for pair in pairs or ():
                banned.setdefault(pair, rule.relation)
    return _table(_through_junctions(banned, junctions), junctions.kept), dict(sorted(counts.items()))


def _pairs(
    rule: _Rule, members: Sequence[Sequence[Member]], into: Sequence[int], out_of: Sequence[int]
) -> list[Pair] | None:
    """Pairs of links at the via node that a rule bans; None where a way that goes on leaves it open."""
    first_links = [link for link in into if members[link][-1][0] in rule.from_ways]
    found: list[Pair] = []
    for first in first_links:
        way, u, via = members[first][-1]
        back = {link for link in out_of if members[link][0] == (way, via, u)}
        aims = [link for link in out_of if members[link][0][0] in rule.to_ways]
        if rule.is_u_turn:  # within one way, or from one carriageway to the other
            aims = [link for link in aims if link in back or members[link][0][0] != way]
        else:
            aims = [link for link in aims if link not in back]
        if not rule.is_u_turn and (_doubled(aims, members, 0) or _doubled(first_links, members, -1)):
            return None
        if rule.is_order:
            found += [(first, link) for link in out_of if aims and link not in aims]
        else:
            found += [(first, link) for link in aims]
    return found


def _doubled(links: Sequence[int], members: Sequence[Sequence[Member]], at: int) -> bool:
    """Whether two of the links belong to one way at the node: it passes through, unsplit."""
    ways = [members[link][at][0] for link in links]
    return len(set(ways)) < len(ways)


def _through_junctions(banned: Mapping[Pair, int], junctions: Junctions) -> dict[Pair, int]:
    """Bans between links that stay, where links between them vanished into a junction."""
    found: dict[Pair, int] = {}
    place = junctions.cluster
    leaving: dict[int, list[int]] = {}
    for link in range(len(junctions.members)):
        leaving.setdefault(int(junctions.tail[link]), []).append(link)
    touched = {int(place[junctions.head[first]]) for first, _ in banned}
    for first in np.flatnonzero(junctions.kept).tolist():
        if int(place[junctions.head[first]]) not in touched:
            continue
        reason: dict[int, int] = {}
        free = _ways_on(first, leaving, junctions, {})
        allowed = _ways_on(first, leaving, junctions, banned, reason)
        for link in sorted(free - allowed):
            found[first, link] = reason.get(link, min(reason.values(), default=0))
    return found


def _ways_on(
    first: int,
    leaving: Mapping[int, Sequence[int]],
    junctions: Junctions,
    banned: Mapping[Pair, int],
    reason: dict[int, int] | None = None,
) -> set[int]:
    """Kept links that can follow a link, over vanished ones; `reason` is given the ban that stopped one."""
    found: set[int] = set()
    seen = {first}
    todo = [first]
    while todo:
        link = todo.pop()
        for onward in leaving.get(int(junctions.head[link]), ()):
            if (link, onward) in banned:
                if reason is not None:
                    reason.setdefault(onward, banned[link, onward])
            elif junctions.gone[onward] and onward not in seen:
                seen.add(onward)
                todo.append(onward)
            elif junctions.kept[onward]:
                found.add(onward)
    return found


def _table(banned: Mapping[Pair, int], kept: Flags) -> TurnBans:
    row = np.cumsum(kept) - 1
    pairs = sorted((int(row[first]), int(row[onward]), why) for (first, onward), why in banned.items())
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 3)
    return TurnBans(columns[:, 0].astype(np.int32), columns[:, 1].astype(np.int32), columns[:, 2])


def without_traps(bans: TurnBans, tail: Ints, head: Ints, core: Flags) -> tuple[TurnBans, int]:
    """The bans that leave every link of the core within reach of every other, and how many were left out.

    tail, head node rows and core of the links (n_links,). A ban that shuts a link in or off is taken for an
    error of the map, or stands with others that are not on it: all that touch such a link are left out.
    """
    kept = np.ones(bans.from_link.shape[0], dtype=np.bool_)
    source, follows = turns_between(tail, head)
    inner = core[source] & core[follows]
    source, follows = source[inner], follows[inner]
    n_links = np.int64(tail.shape[0])
    turn = source * n_links + follows
    while kept.any():
        banned = bans.from_link[kept].astype(np.int64) * n_links + bans.to_link[kept]
        open_ = ~np.isin(turn, banned)
        ones = np.ones(int(open_.sum()), dtype=np.int8)
        graph = coo_array((ones, (source[open_], follows[open_])), shape=(n_links, n_links))
        _, part = connected_components(graph, directed=True, connection="strong")
        giant = np.bincount(part[core]).argmax()
        stray = core & (part != giant)
        traps = kept & (stray[bans.from_link] | stray[bans.to_link])
        if not traps.any():
            break
        kept &= ~traps
    left = TurnBans(bans.from_link[kept], bans.to_link[kept], bans.relation[kept])
    return left, int((~kept).sum())
