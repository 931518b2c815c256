"""Territories on disk: Parquet and GeoParquet tables, one JSON of notes, written all or nothing."""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.content import SCHEMA_VERSION
from twin.territory.tables import Floats, Gateways, Paths, Places, Streets, TurnBans, Zones

NOTES = "territory.json"
TURNS = "turns"
README = "README.md"
NODE_COLUMNS = ("node_id", "node_x_m", "node_y_m", "node_elevation_m")
MEMBER_COLUMNS = ("member_way", "member_from", "member_to", "member_ref", "member_commune")
LINK_SKIPPED = ("node_lon", "node_lat", "member_start", "shape_start", "shape_lon", "shape_lat", "communes")
ARROW_KINDS = {"double": "float64", "float": "float32"}
SHAPE_HEAD = 9  # bytes before the points of a line in well-known binary


def write_territory(
    folder: Path, tables: Mapping[str, Any], turns: TurnBans, notes: Mapping[str, Any], readme: str
) -> None:
    """Write all files beside the folder, then move them in; a failure before that leaves what was there.

    Other files of the folder stay. The notes with the digest are moved last: a folder whose move was
    interrupted does not pass for whole.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
        fresh = Path(made)
        for name, table in (_arrow_tables(tables) | {TURNS: _table(turns.columns())}).items():
            _write_table(fresh / f"{name}.parquet", table)
        text = json.dumps(dict(notes), indent=1, sort_keys=True, ensure_ascii=False)
        (fresh / NOTES).write_text(text + "\n", encoding="utf-8")
        (fresh / README).write_text(readme, encoding="utf-8")
        folder.mkdir(exist_ok=True)
        for file in sorted(fresh.iterdir(), key=lambda file: file.name == NOTES):
            file.replace(folder / file.name)


def _write_table(file: Path, table: Any) -> None:
    from pyarrow import parquet

    parquet.write_table(
        table, file, compression="zstd", compression_level=9, write_page_checksum=True, write_statistics=False
    )


def _arrow_tables(tables: Mapping[str, Any]) -> dict[str, Any]:
    streets: Streets = tables["streets"]
    gateways: Gateways = tables["gateways"]
    places: Places = tables["places"]
    paths: Paths = tables["paths"]
    columns = streets.columns()
    link_columns = {
        k: v for k, v in columns.items() if k not in (*LINK_SKIPPED, *NODE_COLUMNS, *MEMBER_COLUMNS)
    }
    place_columns = {k: v for k, v in places.columns().items() if k not in ("lon", "lat")}
    lines = _wkb_lines(streets.shape_start, streets.shape_lon, streets.shape_lat)
    members = {"member_link": streets.member_link, **{k: columns[k] for k in MEMBER_COLUMNS}}
    path_columns = paths.columns()
    return {
        "nodes": _geo_table(
            {k: columns[k] for k in NODE_COLUMNS}, _wkb_points(streets.node_lon, streets.node_lat), "Point"
        ),
        "links": _geo_table(link_columns, lines, "LineString"),
        "members": _table(members),
        "gateways": _table(gateways.columns()),
        "places": _geo_table(place_columns, _wkb_points(places.lon, places.lat), "Point"),
        "path_nodes": _table({k: path_columns[k] for k in ("node_x_m", "node_y_m")}),
        "paths": _table({k: path_columns[k] for k in ("u", "v", "length_m", "walk", "cycle")}),
    }


def _table(columns: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> Any:
    import pyarrow as pa

    arrays = [_arrow_array(value) for value in columns.values()]
    notes = {"twin_schema_version": str(SCHEMA_VERSION), **(metadata or {})}
    return pa.table(arrays, names=list(columns)).replace_schema_metadata(notes)


def _arrow_array(column: np.ndarray) -> Any:
    """A column as Arrow, from its own memory: `pa.array` would load pandas to ask what it is."""
    import pyarrow as pa

    if column.dtype.kind == "U":
        return _blobs([text.encode() for text in column.tolist()], pa.string())
    if column.dtype.kind == "b":
        bits = np.packbits(column, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(column), [None, pa.py_buffer(bits)])
    plain = np.ascontiguousarray(column)
    kind = pa.from_numpy_dtype(plain.dtype)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])


def _blobs(parts: list[bytes], kind: Any) -> Any:
    """Texts or records of bytes as Arrow."""
    import pyarrow as pa

    start = np.cumsum([0, *map(len, parts)]).astype(np.int32)
    return pa.Array.from_buffers(kind, len(parts), [None, pa.py_buffer(start), pa.py_buffer(b"".join(parts))])


def _geo_table(columns: Mapping[str, np.ndarray], geometry: Any, kind: str) -> Any:
    """A GeoParquet 1.1 table: well-known binary in WGS 84 (its default reference system)."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [kind]}},
    }
    table = _table(columns, {"geo": json.dumps(geo, sort_keys=True)})
    return table.append_column("geometry", geometry)


def _wkb_points(lon: Floats, lat: Floats) -> Any:
    import pyarrow as pa

    record = np.zeros(len(lon), dtype=[("order", "u1"), ("kind", "<u4"), ("lon", "<f8"), ("lat", "<f8")])
    record["order"], record["kind"], record["lon"], record["lat"] = 1, 1, lon, lat
    whole, size = record.tobytes(), record.itemsize
    return _blobs([whole[at : at + size] for at in range(0, len(whole), size)], pa.binary())


def _wkb_lines(start: np.ndarray, lon: Floats, lat: Floats) -> Any:
    import pyarrow as pa

    points = np.column_stack([lon, lat]).astype("<f8").tobytes()
    lines = [struct.pack("<BII", 1, 2, b - a) + points[16 * a : 16 * b] for a, b in pairwise(start.tolist())]
    return _blobs(lines, pa.binary())


def read_territory(folder: Path) -> tuple[dict[str, Any], TurnBans, dict[str, Any]]:
    """Tables, banned turns and notes of a territory folder; whoever asks checks the digest."""
    notes = _read_notes(folder)
    read = {name: _read_table(folder, name) for name in (
        "nodes", "links", "members", "gateways", "places", "path_nodes", "paths",
    )}  # fmt: skip
    try:
        zones = _zones_from(notes["zones"])
        tables = {
            "streets": _streets_from(read, tuple(notes["communes"])),
            "gateways": Gateways(**_columns(read["gateways"])),
            "zones": zones,
            "places": _places_from(read["places"]),
            "paths": Paths(**_columns(read["path_nodes"]), **_columns(read["paths"])),
        }
        turns = _turns_from(folder, read["links"].num_rows)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(
            str(folder), f"the tables do not fit together: {error}", "a folder as built"
        ) from None
    return tables, turns, notes


def _turns_from(folder: Path, n_links: int) -> TurnBans:
    """Banned turns; a folder from before they were kept has none."""
    if not (folder / f"{TURNS}.parquet").is_file():
        return TurnBans.none()
    turns = TurnBans(**_columns(_read_table(folder, TURNS)))
    for links in (turns.from_link, turns.to_link):
        if len(links) and not 0 <= links.min() <= links.max() < n_links:
            raise ValueError("a banned turn names no link")
    return turns


def _read_notes(folder: Path) -> dict[str, Any]:
    where = str(folder / NOTES)
    try:
        notes = json.loads((folder / NOTES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(folder), "no territory folder", "a folder that `twin fetch` has built") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(where, f"cannot be read: {error}", "the JSON that `twin fetch` wrote") from None
    version = notes.get("schema_version") if isinstance(notes, dict) else None
    if version != SCHEMA_VERSION:
        raise InputError(where, f"schema version {version!r}", f"{SCHEMA_VERSION}; build it again")
    return dict(notes)


def _read_table(folder: Path, name: str) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    file = folder / f"{name}.parquet"
    try:
        with parquet.ParquetFile(file, page_checksum_verification=True) as opened:
            return opened.read()
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(str(file), f"cannot be read: {reason}", "the file that `twin fetch` wrote") from None


def _columns(table: Any) -> dict[str, np.ndarray]:
    """Columns but the geometry as arrays, texts as fixed-width unicode."""
    return {name: _values(table.column(name)) for name in table.column_names if name != "geometry"}


def _values(column: Any) -> np.ndarray:
    """A column's values, taken from its buffer: arrow's own way would load pandas."""
    array = column.combine_chunks()
    kind = str(array.type)
    if array.null_count:
        raise ValueError("a column has gaps")
    if kind == "string":
        return np.array(array.to_pylist(), dtype=np.str_)
    buffer = array.buffers()[1] if len(array) else b""
    rows = slice(array.offset, array.offset + len(array))
    if kind == "bool":
        bits = np.unpackbits(np.frombuffer(buffer, dtype=np.uint8), bitorder="little")
        return bits[rows].astype(bool)
    return np.frombuffer(buffer, dtype=ARROW_KINDS.get(kind, kind))[rows]


def _points(table: Any) -> tuple[Floats, Floats]:
    rows = b"".join(table.column("geometry").to_pylist())
    record = np.frombuffer(rows, dtype=[("head", "V5"), ("lon", "<f8"), ("lat", "<f8")])
    return record["lon"].copy(), record["lat"].copy()


def _streets_from(read: Mapping[str, Any], communes: tuple[str, ...]) -> Streets:
    lon, lat = _points(read["nodes"])
    lines = read["links"].column("geometry").to_pylist()
    n_points = [(len(line) - SHAPE_HEAD) // 16 for line in lines]
    points = np.frombuffer(b"".join(line[SHAPE_HEAD:] for line in lines), dtype="<f8").reshape(-1, 2)
    members = _columns(read["members"])
    counts = np.bincount(members.pop("member_link"), minlength=len(lines))
    return Streets(
        node_lon=lon,
        node_lat=lat,
        member_start=_starts(counts),
        shape_start=_starts(np.array(n_points, dtype=np.int64)),
        shape_lon=points[:, 0].copy(),
        shape_lat=points[:, 1].copy(),
        communes=communes,
        **_columns(read["nodes"]),
        **_columns(read["links"]),
        **members,
    )


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _places_from(table: Any) -> Places:
    lon, lat = _points(table)
    return Places(lon=lon, lat=lat, **_columns(table))


def zones_note(zones: Zones) -> list[dict[str, Any]]:
    """Zones as the notes keep them."""
    rows = []
    for row, name in enumerate(zones.name):
        people = float(zones.inhabitants[row])
        rings = zones.rings[row]
        rows.append(
            {
                "name": name,
                "inhabitants": None if np.isnan(people) else people,
                "communes": list(zones.communes[row]),
                "insee": list(zones.insee[row]),
                "method": zones.method[row],
                "rings": None if rings is None else [ring.tolist() for ring in rings],
            }
        )
    return rows


def _zones_from(rows: list[dict[str, Any]]) -> Zones:
    return Zones(
        name=tuple(row["name"] for row in rows),
        inhabitants=np.array([np.nan if row["inhabitants"] is None else row["inhabitants"] for row in rows]),
        communes=tuple(tuple(row["communes"]) for row in rows),
        insee=tuple(tuple(row["insee"]) for row in rows),
        rings=tuple(None if row["rings"] is None else tuple(map(np.array, row["rings"])) for row in rows),
        method=tuple(row["method"] for row in rows),
    )
