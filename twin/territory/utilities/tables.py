"""The tables of the utility layers: nodes, edges, and who depends on which node; read-only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.territory.tables import ASSUMED, INFERRED, OBSERVED, Floats, Ints, Longs, Table, Texts

SCHEMA_VERSION = 1
UTILITIES = ("power", "water", "heat", "telecom", "gas", "other", "unknown")
"""Utilities of an element. Gas and other substances are context only; unknown: the map does not say."""
POWER, WATER, HEAT, TELECOM, GAS, OTHER, UNKNOWN = range(len(UTILITIES))
LAID = (POWER, WATER, HEAT, TELECOM)
"""Utilities that are completed along the streets."""

SOURCE_KINDS = {
    POWER: ("hv_mv_substation",),
    WATER: ("source",),
    HEAT: ("heat_source",),
    TELECOM: ("exchange",),
}
"""Kinds of nodes at which a utility comes in."""


@dataclass(frozen=True)
class UtilityNodes(Table):
    """Elements at a point, one row each; numbers are NaN where they mean nothing.

    `elevation_m` is NaN where it is unknown, `elevation_provenance` says how it is known. `area` is the
    supply area by the id of its head: a transformer station, a pressure zone's first node, a cabinet.
    `rating_kva` and `n_lines` are of one of `n_units` equal units; `head_m` is the head that a tank,
    pump or valve keeps, above the same level as elevations; `reach_m` the radius that a site covers.
    """

    node_id: Texts
    utility: NDArray[np.int8]
    kind: Texts
    lon: Floats
    lat: Floats
    elevation_m: Floats
    elevation_provenance: NDArray[np.int8]
    provenance: NDArray[np.int8]
    area: Texts
    rating_kva: Floats
    voltage_kv: Floats
    volume_m3: Floats
    head_m: Floats
    reach_m: Floats
    n_lines: Floats
    n_units: Ints

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)


@dataclass(frozen=True)
class UtilityEdges(Table):
    """Lines, cables, mains and fibres between nodes; what is laid leads from the source outwards.

    `tail`, `head` are rows of the nodes. Shapes are offsets (n_edges + 1,) into points; an edge without
    points is straight between its nodes. `section_mm2` is of one of `n_parallel` conductors.
    """

    edge_id: Texts
    utility: NDArray[np.int8]
    kind: Texts
    tail: Ints
    head: Ints
    length_m: Floats
    provenance: NDArray[np.int8]
    substance: Texts
    voltage_kv: Floats
    section_mm2: Floats
    diameter_mm: Floats
    n_parallel: Ints
    shape_start: Longs
    shape_lon: Floats
    shape_lat: Floats

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edge_id)


@dataclass(frozen=True)
class Dependencies(Table):
    """Who depends on which node, one row a pair.

    Consumers are places and links of the territory (`place`, `link`: whatever stands on that street, such
    as a road counter or a signal; `device`: whatever runs on a battery there and speaks LoRaWAN), what a
    data centre hosts (`hosted`), and elements of other utilities by their kind (`pump`, `site`, `exchange`,
    `hv_mv_substation`). One of telecom on a `site` or `gateway` is over the air, any other by fibre.
    """

    consumer_kind: Texts
    consumer_id: Texts
    utility: NDArray[np.int8]
    node: Ints

    @property
    def n_dependencies(self) -> int:
        """Number of pairs."""
        return len(self.consumer_id)


@dataclass(frozen=True)
class Utilities:
    """The utility layers of a territory."""

    nodes: UtilityNodes
    edges: UtilityEdges
    dependencies: Dependencies

    @classmethod
    def none(cls) -> Utilities:
        """No layer at all, as of a territory built before there were any."""
        from twin.territory.utilities.draft import Draft

        return Draft().finished()

    @property
    def laid(self) -> bool:
        """Whether there are layers."""
        return self.dependencies.n_dependencies > 0

    def tables(self) -> dict[str, Table]:
        """Tables by the name of their file."""
        return {
            "utility_nodes": self.nodes,
            "utility_edges": self.edges,
            "utility_dependencies": self.dependencies,
        }

    def counts(self) -> dict[str, dict[str, int]]:
        """Per utility: elements, and how many are observed, inferred and assumed."""
        rows: dict[str, dict[str, int]] = {}
        for number, name in enumerate(UTILITIES):
            known = np.concatenate([
                self.nodes.provenance[self.nodes.utility == number],
                self.edges.provenance[self.edges.utility == number],
            ])  # fmt: skip
            of = Counter(known.tolist())
            rows[name] = {
                "elements": len(known),
                "observed": of[OBSERVED],
                "inferred": of[INFERRED],
                "assumed": of[ASSUMED],
            }
        return rows

    def nodes_of(self, consumer_kind: str, utility: int, over_air: bool = False) -> dict[str, int]:
        """Node row by consumer id, of one kind of consumer and one utility (by fibre, or over the air)."""
        table, kind = self.dependencies, self.nodes.kind
        rows = np.flatnonzero((table.consumer_kind == consumer_kind) & (table.utility == utility))
        rows = rows[(kind[table.node[rows]] == "site") == over_air]
        return dict(zip(table.consumer_id[rows].tolist(), table.node[rows].tolist(), strict=True))

    def rows_for(self, consumer_kind: str, ids: Texts, utility: int, over_air: bool = False) -> Ints:
        """Node row of each consumer (n,), -1 where it depends on none."""
        known = self.nodes_of(consumer_kind, utility, over_air)
        return np.array([known.get(each, -1) for each in ids.tolist()], dtype=np.int32)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Node row by id."""
        return {each: row for row, each in enumerate(self.nodes.node_id.tolist())}

    def notes(self) -> dict[str, Any]:
        """What the territory's notes keep of the layers."""
        from twin.territory.content import content_digest

        digest = content_digest(self.tables())
        return {"utility_schema_version": SCHEMA_VERSION, "utility_digest": digest}
