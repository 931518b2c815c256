"""Gateways: roads that go on outside, and which links traffic can use once they are joined outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from twin.readers.osm import Box, OsmExtract
from twin.scenario.ledger import Parameters
from twin.territory.geometry import side_of_box
from twin.territory.tables import ROAD_CLASSES, Flags, Gateways, Ints, Longs, Streets

LOWEST_GATE_CLASS = ROAD_CLASSES.index("tertiary_link")
SIDE_NAMES = {"N": "north", "E": "east", "S": "south", "W": "west"}


@dataclass(frozen=True)
class GateNodes:
    """Gate nodes by row of the simplified graph: which enter, which leave, and why they are gates."""

    rows: Ints
    kind: tuple[str, ...]
    is_gate: Flags


def find_gates(
    node_id: Longs,
    ends: tuple[Ints, Ints],
    road_class: np.ndarray,
    cut: Mapping[int, str],
    extract: OsmExtract,
    parameters: Parameters,
) -> GateNodes:
    """Cut ends, and one-neighbour ends near the extract's box, of tertiary class and above.

    Minor roads that are cut are dead ends: no traffic gate stands there.
    """
    tail, head = ends
    n_nodes = len(node_id)
    best = np.full(n_nodes, len(ROAD_CLASSES))
    np.minimum.at(best, tail, road_class)
    np.minimum.at(best, head, road_class)
    near_m = parameters["territory.gate_distance_m"]
    neighbours = _n_neighbours(tail, head, n_nodes)
    rows, kinds = [], []
    for row, outside_id in enumerate(node_id.tolist()):
        if outside_id in cut:
            is_gate = ROAD_CLASSES.index(cut[outside_id]) <= LOWEST_GATE_CLASS
            kind = "cut"
        else:
            ends_here = neighbours[row] == 1 and best[row] <= LOWEST_GATE_CLASS
            is_gate = ends_here and side_of_box(*extract.nodes[outside_id], extract.box)[1] <= near_m
            kind = "end"
        if is_gate:
            rows.append(row)
            kinds.append(kind)
    is_gate_row = np.zeros(n_nodes, dtype=bool)
    is_gate_row[rows] = True
    return GateNodes(np.array(rows, dtype=np.int32), tuple(kinds), is_gate_row)


def _n_neighbours(tail: Ints, head: Ints, n_nodes: int) -> Longs:
    """Distinct neighbours of each node, whichever way the links run."""
    low, high = np.minimum(tail, head).astype(np.int64), np.maximum(tail, head).astype(np.int64)
    pairs = np.unique((low * n_nodes + high)[low != high])
    return np.bincount(pairs // n_nodes, minlength=n_nodes) + np.bincount(pairs % n_nodes, minlength=n_nodes)


def keep_links(tail: Ints, head: Ints, alive: Flags, is_gate: Flags) -> tuple[Flags, Flags]:
    """Links that traffic can use, and those of the strongly connected core, (n_links,) each.

    A link is kept if it can be reached from the core or a gate and can reach the core or a gate: a
    plain largest component would lose every motorway that the box cuts. Without a core (a village
    street between two gates) the gates alone decide.
    """
    n_nodes = len(is_gate)
    a, b = tail[alive], head[alive]
    graph = coo_array((np.ones(len(a)), (a, b)), (n_nodes, n_nodes)).tocsr()
    _, label = connected_components(graph, directed=True, connection="strong")
    inside = np.bincount(label[a[label[a] == label[b]]], minlength=int(label.max()) + 1)
    in_core = label == inside.argmax() if inside.any() else np.zeros(n_nodes, dtype=bool)
    source = in_core | is_gate
    reached, reaching = _reach(graph, source), _reach(graph.T.tocsr(), source)
    core = alive & in_core[tail] & in_core[head]
    return alive & reached[tail] & reaching[head], core


def _reach(graph: coo_array, source: Flags) -> Flags:
    """Nodes reached from any source node, the sources included."""
    n_nodes = len(source)
    rows, columns = graph.tocoo().row, graph.tocoo().col
    starts = np.flatnonzero(source)
    rows = np.concatenate([rows, np.full(len(starts), n_nodes)])
    columns = np.concatenate([columns, starts])
    joined = coo_array((np.ones(len(rows)), (rows, columns)), (n_nodes + 1, n_nodes + 1)).tocsr()
    order = breadth_first_order(joined, n_nodes, directed=True, return_predecessors=False)
    reached = np.zeros(n_nodes + 1, dtype=bool)
    reached[order] = True
    return reached[:-1]


def make_gateways(gate_id: Sequence[int], kinds: Sequence[str], streets: Streets, box: Box) -> Gateways:
    """The gateways table, for gate nodes that kept a link; grouped by road reference and compass side."""
    row_of = {int(node): row for row, node in enumerate(streets.node_id)}
    rows = []
    for outside_id, kind in sorted(zip(gate_id, kinds, strict=True)):
        if outside_id not in row_of:
            continue
        node = row_of[outside_id]
        into, out = best_link(streets, streets.tail == node), best_link(streets, streets.head == node)
        link = into if into >= 0 else out
        side, _ = side_of_box(float(streets.node_lon[node]), float(streets.node_lat[node]), box)
        group = f"{road_name(streets, link)} {SIDE_NAMES[side]}"
        rows.append((f"gate:{outside_id}", node, group, into, out, streets.road_class[link], side, kind))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    kinds_of = (np.str_, np.int32, np.str_, np.int32, np.int32, np.int8, np.str_, np.str_)
    return Gateways(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds_of, strict=True)))


def best_link(streets: Streets, chosen: Flags) -> int:
    """The link of the highest class among those chosen, the lowest id deciding; -1 if there is none."""
    links = np.flatnonzero(chosen)
    if len(links) == 0:
        return -1
    return int(min(links, key=lambda link: (streets.road_class[link], streets.link_id[link])))


def road_name(streets: Streets, link: int) -> str:
    """Reference of the road, else its name, else its class."""
    reference = str(streets.member_ref[streets.member_start[link]]).split(";")[0]
    return reference or str(streets.name[link]) or ROAD_CLASSES[streets.road_class[link]].replace("_", " ")


def unreachable_pairs(gateways: Gateways, streets: Streets) -> int:
    """Ordered pairs of different gates, one to enter and one to leave, without a path between them."""
    n_nodes = streets.n_nodes
    weights = np.ones(streets.n_links)
    graph = coo_array((weights, (streets.tail, streets.head)), (n_nodes, n_nodes)).tocsr()
    entering = np.flatnonzero(gateways.in_link >= 0)
    leaving = np.flatnonzero(gateways.out_link >= 0)
    missing = 0
    for gate in entering:
        source = np.zeros(n_nodes, dtype=bool)
        source[gateways.node[gate]] = True
        reached = _reach(graph, source)
        others = leaving[leaving != gate]
        missing += int((~reached[gateways.node[others]]).sum())
    return missing
