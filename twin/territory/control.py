"""Junction control: where each link ends, a signal, a stop or give-way sign, a roundabout, or nothing.

Observed is what nodes of the map say: on the junction itself, or on a node of the way within the
ledger's reach before it, in the direction the node names or else towards the nearer junction. Nodes
that short links were merged into one junction with count as on it. Whoever enters a way tagged as a
roundabout, or a mini roundabout, yields to the circle. Inferred is a give-way where a link meets a
through road of higher rank and no signal is mapped. Signals of crossings for people on foot between
junctions (and all that stand farther from a junction than the reach) control none: they are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from twin.readers.osm import Member, OsmExtract, Tags
from twin.scenario.ledger import Parameters
from twin.territory.tables import (
    ASSUMED,
    CONTROLS,
    GIVE_WAY,
    INFERRED,
    NO_CONTROL,
    OBSERVED,
    PROVENANCES,
    ROAD_CLASSES,
    ROUNDABOUT,
    SIGNAL,
    STOP,
    Flags,
    Floats,
    Ints,
    Longs,
    Streets,
)

KINDS = {"traffic_signals": SIGNAL, "stop": STOP, "give_way": GIVE_WAY, "mini_roundabout": ROUNDABOUT}
NO_SIGNALS = frozenset({"blinker", "blink_mode", "emergency", "level_crossing", "pedestrian_crossing", "no"})
SENSES = {"forward": 1, "backward": -1}
MERGED_INTO = frozenset(ROAD_CLASSES.index(name) for name in ("motorway", "trunk"))  # by acceleration lanes
RAMPS = frozenset(number for number, name in enumerate(ROAD_CLASSES) if name.endswith("_link"))
MOST_STEPS = 8  # ends of links without a junction that are looked across for the next one
NAMES = {"traffic_signals": "traffic signals", "give_way": "give-way signs", "stop": "stop signs",
         "mini_roundabout": "mini roundabouts"}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A node that controls: its kind, along (1), against (-1) its way or unsaid (0), for all arms or not."""

    kind: int
    sense: int
    for_all: bool


@dataclass(frozen=True)
class Ends:
    """Links as control sees them: end rows (n_links,), node ids, members, and what was merged where.

    `merged` names the junction of each node of a vanished link, `round_nodes` the junctions and
    `round_ways` the ways that are roundabouts.
    """

    node_id: Longs
    tail: Ints
    head: Ints
    road_class: np.ndarray
    members: Sequence[Sequence[Member]]
    length_m: Sequence[Floats]  # of the members of each link
    merged: Mapping[int, int]
    round_nodes: frozenset[int]
    round_ways: frozenset[int]

    @cached_property
    def total_m(self) -> Floats:
        """Length of each link (n_links,)."""
        return np.array([float(each.sum()) for each in self.length_m])

    @cached_property
    def neighbours(self) -> Longs:
        """Number of other nodes that links join each node to (n_nodes,): a junction has three or more."""
        low, high = np.minimum(self.tail, self.head), np.maximum(self.tail, self.head)
        pairs = np.unique(np.column_stack([low, high])[low != high], axis=0)
        return np.bincount(pairs.ravel(), minlength=len(self.node_id))


@dataclass(frozen=True)
class JunctionControl:
    """Control and its provenance at the head of each link (n_links,) int8, and counts of what was mapped."""

    control: np.ndarray
    provenance: np.ndarray
    counts: Mapping[str, int]


def mark_of(tags: Tags) -> Mark | None:
    """What a node's tags say of who goes first, None if nothing.

    >>> mark_of({"highway": "stop", "direction": "backward"})
    Mark(kind=2, sense=-1, for_all=False)
    >>> mark_of({"highway": "crossing", "crossing": "traffic_signals"}) is None
    True
    """
    kind = KINDS.get(tags.get("highway", ""))
    if kind is None or (kind == SIGNAL and tags.get("traffic_signals", "") in NO_SIGNALS):
        return None
    said = tags.get("traffic_signals:direction", "") if kind == SIGNAL else ""
    sense = SENSES.get(said or tags.get("direction", ""), 0)
    return Mark(kind, sense, kind in (SIGNAL, ROUNDABOUT) or tags.get("stop") == "all")


def links_by_control(streets: Streets) -> dict[str, dict[str, int]]:
    """Links by the control at their heads, of each kind those observed and those inferred."""
    found = {}
    for number, name in enumerate(CONTROLS):
        rows = streets.control == number
        if number != NO_CONTROL:
            found[name] = {
                PROVENANCES[how]: int((streets.control_provenance[rows] == how).sum())
                for how in (OBSERVED, INFERRED)
            }
    return found


def control_of(
    ends: Ends, extract: OsmExtract, driven: Iterable[int], parameters: Parameters
) -> JunctionControl:
    """Control of the head of every link; `driven` are the nodes of all drivable ways."""
    on_streets = frozenset(driven)
    tags = {point.id: point.tags for point in extract.points if point.id in on_streets}
    marks = {node: mark for node, each in tags.items() if (mark := mark_of(each)) is not None}
    rank = np.array(parameters["territory.priority_rank"], dtype=float)[ends.road_class]
    control = np.full(len(ends.tail), NO_CONTROL, dtype=np.int8)
    used = _observe(ends, marks, rank, parameters["territory.control_reach_m"], (control, extract))
    circles = _roundabouts(ends, marks, control, used)
    provenance = np.where((control != NO_CONTROL) | circles, OBSERVED, ASSUMED).astype(np.int8)
    inferred = _inferred(ends, rank, control, circles)
    control[inferred], provenance[inferred] = GIVE_WAY, INFERRED
    return JunctionControl(control, provenance, _counts(tags, marks, used))


def _counts(tags: Mapping[int, Tags], marks: Mapping[int, Mark], used: set[int]) -> dict[str, int]:
    """Nodes on drivable streets by kind, and how many of them control the end of a link."""
    counts: Counter[str] = Counter()
    for node, each in tags.items():
        kind = each.get("highway", "")
        if kind in NAMES:
            counts[NAMES[kind]] += 1
            counts[f"{NAMES[kind]} at junctions"] += node in used
        elif each.get("crossing") == "traffic_signals":
            counts["signalled crossings"] += 1
    return dict(sorted(counts.items()))


def _observe(
    ends: Ends,
    marks: Mapping[int, Mark],
    rank: Floats,
    reach_m: float,
    written: tuple[np.ndarray, OsmExtract],
) -> set[int]:
    """Write the control that nodes say into `written[0]`; nodes that control something are returned."""
    control, extract = written
    junction, ahead_m, behind_m = _to_junctions(ends)
    minor = rank > _best_rank(ends, rank)[ends.head]
    minor |= ~_any_at(ends, minor)[ends.head]  # where all arms are alike a sign is for all
    inside: dict[int, list[int]] = {}
    for node in marks:
        inside.setdefault(ends.merged.get(node, node), []).append(node)
    used: set[int] = set()
    columns = junction[ends.head], ends.node_id[ends.head], minor, ahead_m, behind_m + ends.total_m
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for link, (here, node_id, is_minor, *to_junctions) in enumerate(rows):
        members, lengths_m = ends.members[link], ends.length_m[link].tolist()
        last, (away_m, behind) = members[-1][2], to_junctions
        found = []
        if here:
            found = [node for node in inside.get(node_id, ()) if marks[node].for_all or is_minor]
        for (way, u, v), length_m in zip(reversed(members), reversed(lengths_m), strict=True):
            if away_m > reach_m:
                break
            mark = marks.get(v)
            if mark is not None and mark.kind != ROUNDABOUT and not (here and v == last):
                along = _sense(way, u, v, extract) if mark.sense else 0
                if along == mark.sense and (mark.sense or away_m <= behind):
                    found.append(v)
            away_m, behind = away_m + length_m, behind - length_m
        if found:
            first = min(found, key=lambda node: marks[node].kind != SIGNAL)  # a signal before any sign
            control[link] = marks[first].kind
            used.update(found)
    return used


def _sense(way: int, u: int, v: int, extract: OsmExtract) -> int:
    """Whether a segment runs along its way (1) or against it (-1)."""
    refs = extract.ways[way].refs
    return 1 if (u, v) in pairwise(refs) else -1


def _to_junctions(ends: Ends) -> tuple[Flags, Floats, Floats]:
    """Which nodes are junctions (three neighbours or more), and the way from each link's ends to the next.

    A link may also end where only its class or number changes; its control is that of the next junction.
    """
    neighbours, length = ends.neighbours, ends.total_m
    junction = neighbours >= 3
    both = []
    for first, second in ((ends.tail, ends.head), (ends.head, ends.tail)):
        onward = _onward(first, second, neighbours == 2)
        away = np.where(junction[second], 0.0, np.inf)
        for _ in range(MOST_STEPS):
            away = np.where(onward >= 0, length[onward] + away[onward], away)
        both.append(away)
    return junction, both[0], both[1]


def _onward(tail: Ints, head: Ints, passed: Flags) -> Longs:
    """The one link that goes on where a node is only passed, -1 where there is none."""
    out_of: dict[int, list[int]] = {}
    for link in np.flatnonzero(passed[tail]).tolist():
        out_of.setdefault(int(tail[link]), []).append(link)
    onward = np.full(len(tail), -1, dtype=np.int64)
    for link in np.flatnonzero(passed[head]).tolist():
        ahead = [other for other in out_of.get(int(head[link]), ()) if head[other] != tail[link]]
        onward[link] = ahead[0] if len(ahead) == 1 else -1
    return onward


def _best_rank(ends: Ends, rank: Floats) -> Floats:
    """Rank of the road that goes first at each node: the lowest number there (n_nodes,)."""
    best = np.full(len(ends.node_id), np.inf)
    np.minimum.at(best, ends.tail, rank)
    np.minimum.at(best, ends.head, rank)
    return best


def _any_at(ends: Ends, chosen: Flags) -> Flags:
    """Nodes at which a chosen link ends (n_nodes,)."""
    return np.bincount(ends.head[chosen], minlength=len(ends.node_id)) > 0


def _roundabouts(ends: Ends, marks: Mapping[int, Mark], control: np.ndarray, used: set[int]) -> Flags:
    """Write the control of those who enter a circle; links of circles are returned (n_links,)."""
    circles = np.array([link[-1][0] in ends.round_ways for link in ends.members], dtype=bool)
    starts = np.array([link[0][0] in ends.round_ways for link in ends.members], dtype=bool)
    at_circle = np.bincount(ends.tail[starts], minlength=len(ends.node_id)) > 0
    at_circle |= np.isin(ends.node_id, np.array(sorted(ends.round_nodes), dtype=np.int64))
    enters = at_circle[ends.head] & ~circles & (control != SIGNAL)
    control[enters] = ROUNDABOUT
    control[circles & (control != SIGNAL)] = NO_CONTROL
    return circles


def _inferred(ends: Ends, rank: Floats, control: np.ndarray, circles: Flags) -> Flags:
    """Links that meet a through road of higher rank without any mapped signal at the junction.

    A road goes through where its rank leads in and, by another arm, out. Ramps merge into motorways and
    trunk roads by an acceleration lane and do not yield there.
    """
    best = _best_rank(ends, rank)
    through = np.zeros(len(ends.node_id), dtype=bool)
    merge = np.zeros(len(ends.node_id), dtype=bool)
    first_out = rank == best[ends.tail]
    merge[ends.tail[first_out & np.isin(ends.road_class, sorted(MERGED_INTO))]] = True
    leads_on: dict[int, set[int]] = {}
    for tail, head in zip(ends.tail[first_out].tolist(), ends.head[first_out].tolist(), strict=True):
        leads_on.setdefault(tail, set()).add(head)
    first_in = rank == best[ends.head]
    for tail, head in zip(ends.tail[first_in].tolist(), ends.head[first_in].tolist(), strict=True):
        if not leads_on.get(head, set()) <= {tail}:
            through[head] = True
    ramp = np.isin(ends.road_class, sorted(RAMPS))
    signalled = _any_at(ends, control == SIGNAL)
    junction = ends.neighbours >= 3
    yields = (control == NO_CONTROL) & ~circles & (rank > best[ends.head])
    yields &= (through & junction & ~signalled)[ends.head]
    return np.asarray(yields & ~(ramp & merge[ends.head]))
