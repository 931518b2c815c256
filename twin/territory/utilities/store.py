"""The utility layers on disk: three tables beside the territory's, under a digest of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.arrow import geo_table, plain_table, wkb_lines, wkb_points
from twin.territory.content import content_digest
from twin.territory.store import columns_of, line_points, points_of, read_table
from twin.territory.utilities.draft import edge_ids
from twin.territory.utilities.tables import (
    SCHEMA_VERSION,
    Dependencies,
    Utilities,
    UtilityEdges,
    UtilityNodes,
)

SHAPE = ("shape_start", "shape_lon", "shape_lat")


def arrow_tables(layers: Utilities) -> dict[str, Any]:
    """Arrow tables by file name; ids of laid edges follow from their nodes and are not kept."""
    nodes, edges = layers.nodes, layers.edges
    node_columns = {k: v for k, v in nodes.columns().items() if k not in ("lon", "lat")}
    edge_columns = {k: v for k, v in edges.columns().items() if k not in SHAPE}
    named = np.diff(edges.shape_start) > 0
    edge_columns["edge_id"] = np.where(named, edges.edge_id, "")
    tables = {
        "utility_nodes": geo_table(node_columns, wkb_points(nodes.lon, nodes.lat), "Point"),
        "utility_edges": geo_table(
            edge_columns, wkb_lines(edges.shape_start, edges.shape_lon, edges.shape_lat), "LineString"
        ),
        "utility_dependencies": plain_table(layers.dependencies.columns()),
    }
    version = {"twin_utility_schema_version": str(SCHEMA_VERSION)}
    return {
        name: table.replace_schema_metadata({**(table.schema.metadata or {}), **version})
        for name, table in tables.items()
    }


def read_utilities(folder: Path, notes: Mapping[str, Any]) -> Utilities:
    """The layers of a territory folder, none if it was built before there were any; the digest is checked."""
    version, digest = notes.get("utility_schema_version"), notes.get("utility_digest")
    if version is None and digest is None:
        return Utilities.none()
    if version != SCHEMA_VERSION:
        raise InputError(
            str(folder), f"utility layers of schema {version!r}", f"{SCHEMA_VERSION}; build it again"
        )
    names = ("utility_nodes", "utility_edges", "utility_dependencies")
    read = {name: read_table(folder, name) for name in names}
    try:
        lon, lat = points_of(read["utility_nodes"])
        nodes = UtilityNodes(lon=lon, lat=lat, **columns_of(read["utility_nodes"]))
        layers = Utilities(
            nodes,
            _edges(read["utility_edges"], nodes),
            Dependencies(**columns_of(read["utility_dependencies"])),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(
            str(folder), f"the utility tables do not fit together: {error}", "a folder as built"
        ) from None
    found = content_digest(layers.tables())
    if found != digest:
        right = f"content with the digest {str(digest)[:12]}"
        raise InputError(str(folder), f"the utility layers have the digest {found[:12]}", right)
    return layers


def _edges(table: Any, nodes: UtilityNodes) -> UtilityEdges:
    columns = columns_of(table)
    start, points = line_points(table)
    tail, head = (nodes.node_id[columns[end]].tolist() for end in ("tail", "head"))
    columns["edge_id"] = np.array(edge_ids(columns["edge_id"].tolist(), tail, head), dtype=np.str_)
    return UtilityEdges(
        shape_start=start, shape_lon=points[:, 0].copy(), shape_lat=points[:, 1].copy(), **columns
    )
