"""Walking and cycling network: every way but motorways, both directions, its largest connected part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.readers.osm import Box, OsmExtract, OsmWay, Tags
from twin.territory.geometry import Plane, distances_m, in_box
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


def make_paths(extract: OsmExtract, plane: Plane, box: Box | None, step_m: float) -> Paths:
    """Paths between junctions; long ones get nodes in between, at least each `step_m`."""
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
    place = np.array([extract.nodes[node] for node in ids[keep_node].tolist()]).reshape(-1, 2)
    columns = [np.array([edge[at] for edge in edges])[keep_edge] for at in (2, 3, 4)]
    return Paths(
        node_x_m=plane.x_m(place[:, 0]),
        node_y_m=plane.y_m(place[:, 1]),
        u=row[low[keep_edge]].astype(np.int32),
        v=row[high[keep_edge]].astype(np.int32),
        length_m=np.round(columns[0].astype(float), 3),
        walk=columns[1].astype(bool),
        cycle=columns[2].astype(bool),
    )


def _segments(extract: OsmExtract, box: Box | None) -> dict[Edge, tuple[bool, bool]]:
    """Segments between neighbouring nodes, low id first, and what they allow."""
    uses: dict[Edge, tuple[bool, bool]] = {}
    for way in sorted(extract.ways.values(), key=lambda way: way.id):
        walk, cycle = allowed(way.tags)
        if not (walk or cycle) or way.tags.get("area") == "yes":
            continue
        for u, v in _present(way, extract, box):
            edge = (min(u, v), max(u, v))
            before = uses.get(edge, (False, False))
            uses[edge] = (before[0] or walk, before[1] or cycle)
    return uses


def _present(way: OsmWay, extract: OsmExtract, box: Box | None) -> Iterator[Edge]:
    def here(node: int) -> bool:
        place = extract.nodes.get(node)
        return place is not None and (box is None or in_box(*place, box))

    return ((u, v) for u, v in zip(way.refs, way.refs[1:], strict=False) if u != v and here(u) and here(v))


def _simplified(
    uses: dict[Edge, tuple[bool, bool]], around: dict[int, set[int]], extract: OsmExtract, step_m: float
) -> Iterator[tuple[int, int, float, bool, bool]]:
    """Runs of segments without a junction or a change of use, at most about `step_m` each."""
    listed = sorted(uses)
    ends = np.array([(*extract.nodes[u], *extract.nodes[v]) for u, v in listed]).reshape(-1, 4)
    length = dict(zip(listed, distances_m(*ends.T).tolist(), strict=True))
    done: set[Edge] = set()

    def passes(node: int, use: tuple[bool, bool]) -> bool:
        near = around[node]
        return len(near) == 2 and all(uses[min(node, n), max(node, n)] == use for n in near)

    starts = [node for node in sorted(around) if not passes(node, uses[_any_edge(node, around)])]
    for start in [*starts, *sorted(around)]:
        for neighbour in sorted(around[start]):
            edge = (min(start, neighbour), max(start, neighbour))
            if edge in done:
                continue
            first, here, total, use = start, neighbour, length[edge], uses[edge]
            done.add(edge)
            while passes(here, use):
                if total >= step_m:
                    yield first, here, total, *use
                    first, total = here, 0.0
                onward = next(
                    (n for n in sorted(around[here]) if (min(here, n), max(here, n)) not in done), None
                )
                if onward is None:
                    break
                edge = (min(here, onward), max(here, onward))
                done.add(edge)
                here, total = onward, total + length[edge]
            if here != first:
                yield first, here, total, *use


def _any_edge(node: int, around: dict[int, set[int]]) -> Edge:
    near = min(around[node])
    return min(node, near), max(node, near)
