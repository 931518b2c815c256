"""All that can fail of the utility layers in one list: the nodes, then the edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.territory.tables import Floats, Ints, Table, Texts
from twin.territory.utilities.tables import Utilities

Rows = NDArray[np.integer[Any]]
"""Rows of a table, of any whole type."""


@dataclass(frozen=True)
class Inventory(Table):
    """Elements (n,): rows of the utility nodes, then of the utility edges.

    `at_node` is the node itself, or an edge's tail; `length_m` is 0 for nodes; an edge lies at its middle.
    """

    element_id: Texts
    kind: Texts
    utility: NDArray[np.int8]
    lon: Floats
    lat: Floats
    length_m: Floats
    at_node: Ints

    @property
    def n_elements(self) -> int:
        """Number of elements."""
        return len(self.element_id)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row by id."""
        return {each: row for row, each in enumerate(self.element_id.tolist())}

    def rows(self, element_id: Texts, where: str) -> Ints:
        """Row of each id (n,); an unknown one is an InputError at `where`."""
        strange = [each for each in element_id.tolist() if each not in self.row_of]
        if strange:
            raise InputError(
                f"{where}: {strange[0]}", "no such utility element", "an id among the utility nodes or edges"
            )
        return np.array([self.row_of[each] for each in element_id.tolist()], dtype=np.int32)


def inventory_of(layers: Utilities) -> Inventory:
    """The elements of a territory's layers."""
    nodes, edges = layers.nodes, layers.edges

    def middle(of_nodes: Floats) -> Floats:
        return (of_nodes[edges.tail] + of_nodes[edges.head]) / 2.0

    return Inventory(
        element_id=np.concatenate([nodes.node_id, edges.edge_id]),
        kind=np.concatenate([nodes.kind, edges.kind]),
        utility=np.concatenate([nodes.utility, edges.utility]),
        lon=np.concatenate([nodes.lon, middle(nodes.lon)]),
        lat=np.concatenate([nodes.lat, middle(nodes.lat)]),
        length_m=np.concatenate([np.zeros(nodes.n_nodes), edges.length_m]),
        at_node=np.concatenate([np.arange(nodes.n_nodes, dtype=np.int32), edges.tail]),
    )
