"""Layers for other programs: what is read back is what was laid, with its provenance and its attribution."""

from __future__ import annotations

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest

from twin.errors import InputError
from twin.territory.tables import PROVENANCES
from twin.territory.utilities.export import ATTRIBUTION, export_utilities
from twin.territory.utilities.tables import UTILITIES, Utilities

NAMES = ["utility_nodes", "utility_edges", "utility_dependencies"]


def check_rows(
    layers: Utilities, nodes: geopandas.GeoDataFrame, edges: geopandas.GeoDataFrame, pairs
) -> None:
    """Every row, in order, every column."""
    for table, read, left_out in (
        (layers.nodes, nodes, {"lon", "lat"}),
        (layers.edges, edges, {"tail", "head", "shape_start", "shape_lon", "shape_lat"}),
        (layers.dependencies, pairs, {"node"}),
    ):
        for name, column in table.columns().items():
            if name in left_out:
                continue
            expected = column
            if name == "utility":
                expected = np.array(UTILITIES)[column]
            elif name.endswith("provenance"):
                expected = np.array(PROVENANCES)[column]
            found = read[name].to_numpy()
            if column.dtype.kind == "f":
                assert np.array_equal(found.astype(float), expected, equal_nan=True), name
            else:
                assert found.tolist() == expected.tolist(), name
        assert set(read["attribution"]) == {ATTRIBUTION}
    assert nodes.geometry.x.to_numpy() == pytest.approx(layers.nodes.lon, abs=0.0)
    assert nodes.geometry.y.to_numpy() == pytest.approx(layers.nodes.lat, abs=0.0)
    ids = layers.nodes.node_id
    assert edges["tail"].tolist() == ids[layers.edges.tail].tolist()
    assert edges["head"].tolist() == ids[layers.edges.head].tolist()
    assert pairs["node"].tolist() == ids[layers.dependencies.node].tolist()
    mapped = np.diff(layers.edges.shape_start)
    n_points = [len(line.coords) for line in edges.geometry]
    assert n_points == np.where(mapped > 0, mapped, 2).tolist()
    assert any(mapped > 2), "the map's own lines keep their shape"
    for row in np.flatnonzero(mapped > 0)[:3].tolist():
        at = layers.edges.shape_start[row]
        assert edges.geometry.iloc[row].coords[0] == (layers.edges.shape_lon[at], layers.edges.shape_lat[at])


def test_geoparquet_gives_the_same_rows_back(la_turbie_crop, tmp_path):
    layers = la_turbie_crop.utilities
    files = export_utilities(layers, tmp_path / "out")
    assert [file.stem for file in files] == NAMES
    nodes, edges = (geopandas.read_parquet(file) for file in files[:2])
    check_rows(layers, nodes, edges, pq.read_table(files[2]).to_pandas())
    assert nodes.crs.to_epsg() in (4326, None) or nodes.crs.to_string() == "OGC:CRS84"
    for file in files:
        notes = pq.read_schema(file).metadata
        assert notes[b"attribution"].decode() == ATTRIBUTION
        assert notes[b"licence"].startswith(b"https://opendatacommons.org")


def test_a_geopackage_gives_the_same_rows_back(la_turbie_crop, tmp_path):
    layers = la_turbie_crop.utilities
    for _ in range(2):  # the second time over the first
        (file,) = export_utilities(layers, tmp_path / "layers.gpkg")
    assert sorted(name for name, _ in pyogrio.list_layers(file)) == sorted(NAMES)
    read = [pyogrio.read_dataframe(file, layer=name) for name in NAMES]
    for frame in read:
        for column in frame.columns.difference(["geometry"]):
            if frame[column].dtype.kind not in "if":
                frame[column] = frame[column].fillna("")
    check_rows(layers, *read)
    assert read[0].crs.to_epsg() == 4326
    assert pyogrio.read_info(file, layer=NAMES[0])["layer_metadata"]["attribution"] == ATTRIBUTION


def test_what_cannot_be_written_is_one_line(la_turbie_crop, tmp_path):
    with pytest.raises(InputError, match="no utility layers"):
        export_utilities(Utilities.none(), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        export_utilities(la_turbie_crop.utilities, tmp_path / "file" / "out")
    with pytest.raises(InputError, match="cannot be written"):
        export_utilities(la_turbie_crop.utilities, tmp_path / "no folder" / "layers.gpkg")
