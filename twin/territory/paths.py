"""Walking and cycling network: every way but motorways, both directions, its largest connected part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.readers.osm import Box, OsmExtract, OsmWay, Tags
from twin.territory.geometry import distances_m, in_box, positions
from twin.territory.streets import StreetGround
from twin.territory.tables import Paths

NOT_WALKED = frozenset({
    "motorway", "motorway_link", "trunk", "trunk_link", "construction", "proposed", "raceway", "escape",
    "rest_area", "services", "abandoned", "razed", "platform", "bus_guideway", "corridor", "elevator",
})  # fmt: skip
NOT_CYCLED = frozenset({"steps", "footway", "path", "pedestrian"})
REFUSED = frozenset({"no", "private"})

Edge = tuple[int, int]


def allowed(tags: Tags) -> tuple[bool, bool]:
    """Whether one may walk and cycle along a way.

    >>> allowed({"highway": "steps"}), allowed({"highway": "residential"}), allowed({"highway": "motorway"})
    ((True, False), (True, True), (False, False))
    """
    highway = tags.get("highway", "")
    if not highway or highway in NOT_WALKED:
        return False, False
    closed = tags.get("access") in REFUSED
    walk = tags.get("foot", "no" if closed else "yes") not in REFUSED
    by_default = "no" if closed or highway in NOT_CYCLED else "yes"
    return walk, tags.get("bicycle", by_default) not in (*REFUSED, "dismount")


def make_paths(
    extract: OsmExtract, ground: StreetGround, box: Box | None, with_heights: bool = False
) -> Paths:
    """Paths between junctions; long ones get nodes in between, at least each `territory.path_step_m`.

    Heights are kept where a file of them was given: the few that a map has tagged tell nothing of slopes.
    """
    plane, step_m = ground.plane, ground.parameters["territory.path_step_m"]
    heights = ground.elevation.height_m if with_heights else None
    uses = _segments(extract, box)
    around: dict[int, set[int]] = defaultdict(set)
    for u, v in uses:
        around[u].add(v)
        around[v].add(u)
    edges = sorted(_simplified(uses, around, extract, step_m))
    ids = np.unique(np.array([(u, v) for u, v, *_ in edges], dtype=np.int64).reshape(-1, 2))
    low = np.searchsorted(ids, [edge[0] for edge in edges]).astype(np.int32)
    high = np.searchsorted(ids, [edge[1] for edge in edges]).astype(np.int32)
    links = coo_array((np.ones(len(low)), (low, high)), (len(ids), len(ids)))
    _, label = connected_components(links, directed=False)
    largest = np.bincount(label).argmax() if len(ids) else 0
    keep_node, keep_edge = label == largest, label[low] == largest
    row = np.cumsum(keep_node) - 1
    place = positions(extract.nodes, ids[keep_node].tolist())
    columns = [np.array([edge[at] for edge in edges])[keep_edge] for at in (2, 3, 4)]
    return Paths(
        node_x_m=plane.x_m(place[:, 0]),
        node_y_m=plane.y_m(place[:, 1]),
        u=row[low[keep_edge]].astype(np.int32),
        v=row[high[keep_edge]].astype(np.int32),
        length_m=np.round(columns[0].astype(float), 3),
        walk=columns[1].astype(bool),
        cycle=columns[2].astype(bool),
        node_elevation_m=_heights_m(ids[keep_node], heights),
    )


def _heights_m(ids: np.ndarray, heights: Mapping[int, float] | None) -> np.ndarray:
    """Height of each node (n_nodes,), NaN unknown; nothing at all where none is given."""
    if heights is None:
        return np.zeros(0)
    return np.array([heights.get(node, np.nan) for node in ids.tolist()], dtype=np.float64)


def _segments(extract: OsmExtract, box: Box | None) -> dict[Edge, tuple[bool, bool]]:
    """Segments between neighbouring nodes, low id first, and what they allow."""
    uses: dict[Edge, tuple[bool, bool]] = {}
    for way in sorted(extract.ways.values(), key=lambda way: way.id):
        walk, cycle = allowed(way.tags)
        if not (walk or cycle) or way.tags.get("area") == "yes":
            continue
        for u, v in _present(way, extract, box):
            edge = (u, v) if u < v else (v, u)
            before = uses.get(edge)
            uses[edge] = (before[0] or walk, before[1] or cycle) if before else (walk, cycle)
    return uses


def _present(way: OsmWay, extract: OsmExtract, box: Box | None) -> Iterator[Edge]:
    nodes = extract.nodes
    here = [node in nodes and (box is None or in_box(*nodes[node], box)) for node in way.refs]
    return (
        (u, v)
        for (u, v), (is_here, goes_on) in zip(pairwise(way.refs), pairwise(here), strict=True)
        if is_here and goes_on and u != v
    )


def _simplified(
    uses: dict[Edge, tuple[bool, bool]], around: dict[int, set[int]], extract: OsmExtract, step_m: float
) -> Iterator[tuple[int, int, float, bool, bool]]:
    """Runs of segments without a junction or a change of use, at most about `step_m` each."""
    listed = sorted(uses)
    ends = (positions(extract.nodes, [edge[at] for edge in listed]) for at in (0, 1))
    length = dict(zip(listed, distances_m(*np.hstack(list(ends)).T).tolist(), strict=True))
    through = {node for node, near in around.items() if len(near) == 2 and _same_use(node, near, uses)}
    done: set[Edge] = set()
    ordered = sorted(around)
    for start in [*(node for node in ordered if node not in through), *ordered]:
        if len(done) == len(uses):  # nodes still to come are needed only for rings without a junction
            return
        for neighbour in sorted(around[start]):
            edge = (start, neighbour) if start < neighbour else (neighbour, start)
            if edge in done:
                continue
            first, here, total, use = start, neighbour, length[edge], uses[edge]
            done.add(edge)
            while here in through:
                if total >= step_m:
                    yield first, here, total, *use
                    first, total = here, 0.0
                before = edge[0] if edge[1] == here else edge[1]
                onward = next(iter(around[here] - {before}))
                edge = (here, onward) if here < onward else (onward, here)
                if edge in done:
                    break
                done.add(edge)
                here, total = onward, total + length[edge]
            if here != first:
                yield first, here, total, *use


def _same_use(node: int, near: set[int], uses: Mapping[Edge, tuple[bool, bool]]) -> bool:
    """Whether both segments at a node allow the same."""
    a, b = near
    return uses[(node, a) if node < a else (a, node)] == uses[(node, b) if node < b else (b, node)]
