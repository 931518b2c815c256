"""The utility layers while they are being laid: rows are added one by one, then frozen in order of id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.territory.tables import ASSUMED, Floats
from twin.territory.utilities.tables import Dependencies, Utilities, UtilityEdges, UtilityNodes

NODE_NUMBERS = ("rating_kva", "voltage_kv", "volume_m3", "head_m", "reach_m", "n_lines")
EDGE_NUMBERS = ("voltage_kv", "section_mm2", "diameter_mm")
NAN = float("nan")
LEAST_M = 1.0
"""No laid edge is shorter: without length a cable has no impedance."""


@dataclass(slots=True)
class Node:
    """A node being laid; see `UtilityNodes`."""

    id: str
    utility: int
    kind: str
    lon: float
    lat: float
    provenance: int
    elevation_m: float = NAN
    elevation_provenance: int = ASSUMED
    area: str = ""
    n_units: int = 1
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Edge:
    """An edge being laid, between node ids; see `UtilityEdges`."""

    utility: int
    kind: str
    tail: str
    head: str
    length_m: float
    provenance: int
    id: str = ""
    substance: str = ""
    n_parallel: int = 1
    numbers: dict[str, float] = field(default_factory=dict)
    shape: Floats | None = None


class Draft:
    """Nodes by id, edges, and dependencies as (consumer kind, consumer id, utility, node id)."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.dependencies: list[tuple[str, str, int, str]] = []

    def node(self, node: Node) -> str:
        """Add a node, and return its id; an id stands for one node only."""
        if node.id in self.nodes:
            raise ValueError(f"utility node {node.id!r} is laid twice")
        self.nodes[node.id] = node
        return node.id

    def edge(self, edge: Edge) -> None:
        """Add an edge; a laid one is at least a metre long."""
        if not edge.id:
            edge.length_m = round(max(edge.length_m, LEAST_M), 3)
        self.edges.append(edge)

    def depend(self, consumer_kind: str, consumer_id: str, node_id: str) -> None:
        """A consumer depends on a node."""
        utility = self.nodes[node_id].utility
        self.dependencies.append((consumer_kind, consumer_id, utility, node_id))

    def finished(self) -> Utilities:
        """The frozen tables; rows are in order of utility and id, whatever the order of laying."""
        nodes = sorted(self.nodes.values(), key=lambda each: (each.utility, each.id))
        row = {each.id: number for number, each in enumerate(nodes)}
        edges = sorted(self.edges, key=lambda e: (e.utility, e.id, e.tail, e.head, e.length_m))
        pairs = sorted(dict.fromkeys(self.dependencies))  # nearly in order already, which a set would undo
        return Utilities(
            _nodes(nodes),
            _edges(edges, row),
            Dependencies(
                consumer_kind=_texts([each[0] for each in pairs]),
                consumer_id=_texts([each[1] for each in pairs]),
                utility=np.array([each[2] for each in pairs], dtype=np.int8),
                node=np.array([row[each[3]] for each in pairs], dtype=np.int32),
            ),
        )


def edge_ids(named: list[str], tails: list[str], heads: list[str]) -> list[str]:
    """Outside ids of edges: the map's, else "tail>head", numbered where two join the same nodes."""
    seen: dict[str, int] = {}
    ids = []
    for given, tail, head in zip(named, tails, heads, strict=True):
        plain = given or f"{tail}>{head}"
        number = seen[plain] = seen.get(plain, 0) + 1
        ids.append(plain if number == 1 else f"{plain}#{number}")
    return ids


def _texts(values: list[str]) -> Any:
    return np.array(values, dtype=np.str_)


def _floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _nodes(nodes: list[Node]) -> UtilityNodes:
    return UtilityNodes(
        node_id=_texts([each.id for each in nodes]),
        utility=np.array([each.utility for each in nodes], dtype=np.int8),
        kind=_texts([each.kind for each in nodes]),
        lon=np.round(_floats([each.lon for each in nodes]), 7),
        lat=np.round(_floats([each.lat for each in nodes]), 7),
        elevation_m=np.round(_floats([each.elevation_m for each in nodes]), 2),
        elevation_provenance=np.array([each.elevation_provenance for each in nodes], dtype=np.int8),
        provenance=np.array([each.provenance for each in nodes], dtype=np.int8),
        area=_texts([each.area for each in nodes]),
        n_units=np.array([each.n_units for each in nodes], dtype=np.int32),
        **{
            name: np.round(_floats([each.numbers.get(name, NAN) for each in nodes]), 3)
            for name in NODE_NUMBERS
        },
    )


def _edges(edges: list[Edge], row: dict[str, int]) -> UtilityEdges:
    shapes = [each.shape for each in edges if each.shape is not None]
    points = np.vstack([np.zeros((0, 2)), *shapes])
    n_points = [0, *(0 if each.shape is None else len(each.shape) for each in edges)]
    ids = edge_ids([e.id for e in edges], [e.tail for e in edges], [e.head for e in edges])
    return UtilityEdges(
        edge_id=_texts(ids),
        utility=np.array([each.utility for each in edges], dtype=np.int8),
        kind=_texts([each.kind for each in edges]),
        tail=np.array([row[each.tail] for each in edges], dtype=np.int32),
        head=np.array([row[each.head] for each in edges], dtype=np.int32),
        length_m=np.round(_floats([each.length_m for each in edges]), 3),
        provenance=np.array([each.provenance for each in edges], dtype=np.int8),
        substance=_texts([each.substance for each in edges]),
        n_parallel=np.array([each.n_parallel for each in edges], dtype=np.int32),
        shape_start=np.cumsum(n_points).astype(np.int64),
        shape_lon=points[:, 0].copy(),
        shape_lat=points[:, 1].copy(),
        **{
            name: np.round(_floats([each.numbers.get(name, NAN) for each in edges]), 3)
            for name in EDGE_NUMBERS
        },
    )
