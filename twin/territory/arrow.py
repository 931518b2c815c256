"""Columns as Arrow tables and GeoParquet geometries, without a detour by way of other libraries."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from twin.territory.content import SCHEMA_VERSION
from twin.territory.tables import Floats


def plain_table(columns: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> Any:
    """Columns by name as an Arrow table, with the schema version in its notes."""
    import pyarrow as pa

    arrays = [_arrow_array(value) for value in columns.values()]
    notes = {"twin_schema_version": str(SCHEMA_VERSION), **(metadata or {})}
    return pa.table(arrays, names=list(columns)).replace_schema_metadata(notes)


def _arrow_array(column: np.ndarray) -> Any:
    """A column as Arrow, from its own memory: `pa.array` would load pandas to ask what it is."""
    import pyarrow as pa

    if column.dtype.kind == "U":
        return _texts(column.tolist())
    if column.dtype.kind == "b":
        bits = np.packbits(column, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(column), [None, pa.py_buffer(bits)])
    plain = np.ascontiguousarray(column)
    kind = pa.from_numpy_dtype(plain.dtype)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])


def _texts(texts: Sequence[str]) -> Any:
    """Texts as Arrow, encoded together where each letter takes one byte."""
    import pyarrow as pa

    joined = "".join(texts)
    if not joined.isascii():
        return _blobs([text.encode() for text in texts], pa.string())
    start = np.zeros(len(texts) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int32, count=len(texts)), out=start[1:])
    buffers = [None, pa.py_buffer(start), pa.py_buffer(joined.encode())]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def _blobs(parts: Sequence[bytes | None], kind: Any) -> Any:
    """Texts or records of bytes as Arrow, None as nothing."""
    import pyarrow as pa

    known = np.array([part is not None for part in parts], dtype=np.bool_)
    bitmap = None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    filled = [part or b"" for part in parts]
    start = np.cumsum([0, *map(len, filled)]).astype(np.int32)
    buffers = [bitmap, pa.py_buffer(start), pa.py_buffer(b"".join(filled))]
    return pa.Array.from_buffers(kind, len(filled), buffers)


def geo_table(columns: Mapping[str, np.ndarray], geometry: Any, kind: str) -> Any:
    """A GeoParquet 1.1 table: well-known binary in WGS 84 (its default reference system)."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [kind]}},
    }
    table = plain_table(columns, {"geo": json.dumps(geo, sort_keys=True)})
    return table.append_column("geometry", geometry)


def wkb_points(lon: Floats, lat: Floats) -> Any:
    """Points in degrees as well-known binary."""
    import pyarrow as pa

    record = np.zeros(len(lon), dtype=[("order", "u1"), ("kind", "<u4"), ("lon", "<f8"), ("lat", "<f8")])
    record["order"], record["kind"], record["lon"], record["lat"] = 1, 1, lon, lat
    start = np.arange(0, record.nbytes + 1, record.itemsize, dtype=np.int32)
    buffers = [None, pa.py_buffer(start), pa.py_buffer(record.tobytes())]
    return pa.Array.from_buffers(pa.binary(), len(record), buffers)


def wkb_lines(start: np.ndarray, lon: Floats, lat: Floats) -> Any:
    """Lines in degrees as well-known binary, nothing for a line without points."""
    import pyarrow as pa

    points = np.column_stack([lon, lat]).astype("<f8").tobytes()
    lines = [
        struct.pack("<BII", 1, 2, b - a) + points[16 * a : 16 * b] if b > a else None
        for a, b in pairwise(start.tolist())
    ]
    return _blobs(lines, pa.binary())
