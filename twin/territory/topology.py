"""Topology of the streets: simplified, short links merged, and what traffic can use kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.readers.osm import Member, OsmExtract
from twin.readers.osm_streets import simplify_streets
from twin.scenario.ledger import Parameters
from twin.territory.contraction import contract
from twin.territory.gateways import find_gates, keep_links
from twin.territory.geometry import distances_m, positions
from twin.territory.pieces import Pieces
from twin.territory.tables import ROAD_CLASSES, Flags, Floats, Longs, TurnBans
from twin.territory.turns import Junctions, ban_turns, without_traps


@dataclass(frozen=True)
class StreetNetwork:
    """Kept links: the ordered members of each, its end nodes by outside id; gates; km by class.

    `merged` names the junction of each node of the links that vanished, `vanished_ways` the ways of those
    links by junction.
    """

    members: tuple[tuple[Member, ...], ...]
    tail_id: Longs
    head_id: Longs
    core: Flags
    gate_id: tuple[int, ...]
    gate_kind: tuple[str, ...]
    lost_km: Mapping[str, float]
    total_km: Mapping[str, float]
    bans: TurnBans
    restrictions: Mapping[str, int]
    merged: Mapping[int, int]
    vanished_ways: Mapping[int, frozenset[int]]


def lay_out(
    pieces: Pieces, extract: OsmExtract, parameters: Parameters, repairs: Counter[str]
) -> StreetNetwork:
    """Simplify, merge short links, find gates and keep what traffic can use."""
    members = simplify_streets(pieces.pieces, pieces.touched)
    class_of = {piece.way: ROAD_CLASSES.index(piece.road_class) for piece in pieces.pieces}
    road_class = np.array([class_of[link[0][0]] for link in members], dtype=np.int8)
    length = lengths_m(members, extract)
    first, last = [link[0][1] for link in members], [link[-1][2] for link in members]
    ids = np.unique(np.array(first + last, dtype=np.int64))
    ends = np.searchsorted(ids, first).astype(np.int32), np.searchsorted(ids, last).astype(np.int32)
    gates = find_gates(ids, ends, road_class, pieces.cut, extract, parameters)
    pinned = np.isin(ids, np.array(sorted(pieces.touched), dtype=np.int64)) | gates.is_gate
    cluster, gone = contract(*ends, length < parameters["territory.short_link_m"], pinned)
    repairs["short_links_merged"] += int(gone.sum())
    repairs["short_links_merged_m"] += round(float(length[gone].sum()))
    tail, head = cluster[ends[0]], cluster[ends[1]]
    kept, core = keep_links(tail, head, ~gone, gates.is_gate)
    junctions = Junctions(members, *ends, cluster, gone, kept)
    bans, restrictions = ban_turns(extract.relations, junctions)
    bans, n_traps = without_traps(bans, tail[kept], head[kept], core[kept])
    repairs["bans_that_cut_streets_off"] += n_traps
    return StreetNetwork(
        tuple(tuple(members[link]) for link in np.flatnonzero(kept)),
        ids[tail[kept]],
        ids[head[kept]],
        core[kept],
        tuple(ids[gates.rows].tolist()),
        gates.kind,
        km_by_class(length, road_class, ~gone & ~kept),
        km_by_class(length, road_class, ~gone),
        bans,
        restrictions,
        *_vanished(members, gone, ids[tail]),
    )


def _vanished(
    members: Sequence[Sequence[Member]], gone: Flags, junction_id: Longs
) -> tuple[dict[int, int], dict[int, frozenset[int]]]:
    """The junction of each node of a vanished link, and the ways of those links by junction."""
    merged: dict[int, int] = {}
    ways: dict[int, frozenset[int]] = {}
    for link in np.flatnonzero(gone).tolist():
        junction = int(junction_id[link])
        for way, u, v in members[link]:
            merged[u] = merged[v] = junction
            ways[junction] = ways.get(junction, frozenset()) | {way}
    return merged, ways


def lengths_m(links: Sequence[Sequence[Member]], extract: OsmExtract) -> Floats:
    """Length of each link, the sum of its members' whole mm (n_links,)."""
    tail = positions(extract.nodes, [u for link in links for _, u, _ in link])
    head = positions(extract.nodes, [v for link in links for *_, v in link])
    start = np.cumsum([0, *map(len, links)])[:-1]
    return np.asarray(np.add.reduceat(distances_m(*tail.T, *head.T), start))


def km_by_class(length_m: Floats, road_class: np.ndarray, chosen: Flags) -> dict[str, float]:
    """Directed kilometres of the chosen links by road class, classes without any left out."""
    km = {}
    for number, name in enumerate(ROAD_CLASSES):
        metres = float(length_m[chosen & (road_class == number)].sum())
        if metres > 0.0:
            km[name] = round(metres / 1000.0, 3)
    return km
