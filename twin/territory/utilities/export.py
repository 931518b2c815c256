"""Utility layers for other programs: a GeoPackage, or a folder of GeoParquet, every row with its provenance.

Rows are those of the tables in their order, with utilities and provenances by name and ends by id. Made from
OpenStreetMap, so what is written is under the ODbL, and each file says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.arrow import geo_table, plain_table, wkb_lines, wkb_points
from twin.territory.tables import PROVENANCES, Floats, Longs
from twin.territory.utilities.tables import UTILITIES, Utilities

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
LICENCE_URL = "https://opendatacommons.org/licenses/odbl/1-0/"
NOT_SHOWN = ("lon", "lat", "tail", "head", "shape_start", "shape_lon", "shape_lat")
NOTES = {"attribution": ATTRIBUTION, "licence": LICENCE_URL}


def export_utilities(layers: Utilities, to: str | Path) -> list[Path]:
    """Write the layers to `to`: one GeoPackage if it ends in `.gpkg`, else a folder of GeoParquet files.

    Returns the files: `utility_nodes`, `utility_edges`, `utility_dependencies` (as layers of a GeoPackage).

    Raises
    ------
    InputError
        There is nothing to write, or no place to write it.
    """
    if not layers.nodes.n_nodes:
        raise InputError(str(to), "the territory has no utility layers", "a territory built again")
    path = Path(to)
    try:
        if path.suffix.lower() == ".gpkg":
            return [_geopackage(layers, path)]
        path.mkdir(parents=True, exist_ok=True)
        return [_parquet(name, table, path) for name, table in arrow_layers(layers).items()]
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error}", "a folder to write into") from None


def arrow_layers(layers: Utilities) -> dict[str, Any]:
    """Arrow tables by name; nodes are points, edges lines along the map's shape or straight."""
    nodes, edges, pairs = layers.nodes, layers.edges, layers.dependencies
    lines = wkb_lines(*_whole_lines(layers))
    ends = {"tail": nodes.node_id[edges.tail], "head": nodes.node_id[edges.head]}
    return {
        "utility_nodes": geo_table(_named(nodes.columns()), wkb_points(nodes.lon, nodes.lat), "Point"),
        "utility_edges": geo_table(_named(edges.columns()) | ends, lines, "LineString"),
        "utility_dependencies": plain_table(_named(pairs.columns()) | {"node": nodes.node_id[pairs.node]}),
    }


def _named(columns: dict[str, Any]) -> dict[str, np.ndarray]:
    """Columns with names in place of numbers, and who must be named beside them."""
    shown = {name: column for name, column in columns.items() if name not in NOT_SHOWN}
    for name in shown:
        if name == "utility":
            shown[name] = np.array(UTILITIES)[shown[name]]
        elif name.endswith("provenance"):
            shown[name] = np.array(PROVENANCES)[shown[name]]
    n_rows = len(next(iter(shown.values())))
    return shown | {"attribution": np.full(n_rows, ATTRIBUTION)}


def _whole_lines(layers: Utilities) -> tuple[Longs, Floats, Floats]:
    """Offsets and points of every edge: the map's shape, else straight from node to node."""
    nodes, edges = layers.nodes, layers.edges
    n_points = np.diff(edges.shape_start)
    start = np.concatenate([[0], np.cumsum(np.where(n_points > 0, n_points, 2))]).astype(np.int64)
    columns = []
    for of_shape, of_node in ((edges.shape_lon, nodes.lon), (edges.shape_lat, nodes.lat)):
        column = np.empty(int(start[-1]))
        straight = np.flatnonzero(n_points == 0)
        column[start[straight]] = of_node[edges.tail[straight]]
        column[start[straight] + 1] = of_node[edges.head[straight]]
        shaped = np.repeat(n_points > 0, np.diff(start))
        column[shaped] = of_shape
        columns.append(column)
    return start, columns[0], columns[1]


def _parquet(name: str, table: Any, folder: Path) -> Path:
    import pyarrow.parquet as pq

    file = folder / f"{name}.parquet"
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **NOTES}), file)
    return file


def _geopackage(layers: Utilities, file: Path) -> Path:
    """All layers in one file; dependencies are a table without geometry."""
    import geopandas
    import pyogrio

    file.unlink(missing_ok=True)
    for number, (name, table) in enumerate(arrow_layers(layers).items()):
        rows = table.to_pandas()
        if "geometry" in rows:
            shapes = geopandas.GeoSeries.from_wkb(rows["geometry"], crs="EPSG:4326")
            rows = geopandas.GeoDataFrame(rows.drop(columns="geometry"), geometry=shapes)
        try:
            pyogrio.write_dataframe(
                rows, file, layer=name, driver="GPKG", append=number > 0, layer_metadata=NOTES
            )
        except pyogrio.errors.DataSourceError as error:
            raise InputError(str(file), f"cannot be written: {error}", "a folder to write into") from None
    return file
