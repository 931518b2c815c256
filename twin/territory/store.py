"""Territories on disk: Parquet and GeoParquet tables, one JSON of notes, written all or nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.territory.arrow import geo_table, plain_table, wkb_lines, wkb_points
from twin.territory.content import SCHEMA_VERSION
from twin.territory.services import Services
from twin.territory.tables import Floats, Gateways, Paths, Places, Streets, TurnBans, Zones

NOTES = "territory.json"
TURNS = "turns"
SERVICES = "services"
README = "README.md"
NODE_COLUMNS = ("node_id", "node_x_m", "node_y_m", "node_elevation_m", "node_elevation_provenance")
MEMBER_COLUMNS = ("member_way", "member_from", "member_to", "member_ref", "member_commune")
LINK_SKIPPED = ("node_lon", "node_lat", "member_start", "shape_start", "shape_lon", "shape_lat", "communes")
ARROW_KINDS = {"double": "float64", "float": "float32"}
SHAPE_HEAD = 9  # bytes before the points of a line in well-known binary


def write_territory(
    folder: Path,
    tables: Mapping[str, Any],
    turns: TurnBans,
    notes: Mapping[str, Any],
    readme: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write all files beside the folder, then move them in; a failure before that leaves what was there.

    `more` are further Arrow tables by file name.

    Other files of the folder stay. The notes with the digest are moved last: a folder whose move was
    interrupted does not pass for whole.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
        fresh = Path(made)
        content = _arrow_tables(tables) | {TURNS: plain_table(turns.columns())}
        for name, table in {**content, **(more or {})}.items():
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
    lines = wkb_lines(streets.shape_start, streets.shape_lon, streets.shape_lat)
    members = {"member_link": streets.member_link, **{k: columns[k] for k in MEMBER_COLUMNS}}
    path_columns = paths.columns()
    return {
        "nodes": geo_table(
            {k: columns[k] for k in NODE_COLUMNS if k in columns},
            wkb_points(streets.node_lon, streets.node_lat),
            "Point",
        ),
        "links": geo_table(link_columns, lines, "LineString"),
        "members": plain_table(members),
        "gateways": plain_table(gateways.columns()),
        "places": geo_table(place_columns, wkb_points(places.lon, places.lat), "Point"),
        "path_nodes": plain_table({k: v for k, v in path_columns.items() if k.startswith("node_")}),
        "paths": plain_table({k: path_columns[k] for k in ("u", "v", "length_m", "walk", "cycle")}),
    }


def read_territory(folder: Path) -> tuple[dict[str, Any], TurnBans, dict[str, Any]]:
    """Tables, banned turns and notes of a territory folder; whoever asks checks the digest."""
    notes = _read_notes(folder)
    read = {name: read_table(folder, name) for name in (
        "nodes", "links", "members", "gateways", "places", "path_nodes", "paths",
    )}  # fmt: skip
    try:
        zones = _zones_from(notes["zones"], notes.get("pools", {}))
        tables = {
            "streets": _streets_from(read, tuple(notes["communes"])),
            "gateways": Gateways(**columns_of(read["gateways"])),
            "zones": zones,
            "places": _places_from(read["places"]),
            "paths": Paths(**columns_of(read["path_nodes"]), **columns_of(read["paths"])),
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
    turns = TurnBans(**columns_of(read_table(folder, TURNS)))
    for links in (turns.from_link, turns.to_link):
        if len(links) and not 0 <= links.min() <= links.max() < n_links:
            raise ValueError("a banned turn names no link")
    return turns


def read_services(folder: Path, n_places: int, notes: Mapping[str, Any]) -> Services:
    """Services of a territory folder, none if it was built before they were kept; the digest is checked."""
    if "services_digest" not in notes:
        return Services.none()
    table = read_table(folder, SERVICES)
    try:
        services = Services(**columns_of(table))
    except (TypeError, ValueError) as error:
        raise InputError(
            str(folder), f"the services do not fit together: {error}", "a folder as built"
        ) from None
    return services.checked(n_places, notes, str(folder))


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


def read_table(folder: Path, name: str) -> Any:
    """A table of a territory folder, its checksums verified."""
    import pyarrow as pa
    from pyarrow import parquet

    file = folder / f"{name}.parquet"
    try:
        with parquet.ParquetFile(file, page_checksum_verification=True) as opened:
            return opened.read()
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(str(file), f"cannot be read: {reason}", "the file that `twin fetch` wrote") from None


def columns_of(table: Any) -> dict[str, np.ndarray]:
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


def points_of(table: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude of a table of points."""
    rows = b"".join(table.column("geometry").to_pylist())
    record = np.frombuffer(rows, dtype=[("head", "V5"), ("lon", "<f8"), ("lat", "<f8")])
    return record["lon"].copy(), record["lat"].copy()


def line_points(table: Any) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (n + 1,) and points (n_points, 2) of lines; one without a geometry has no points."""
    lines = [line or b"" for line in table.column("geometry").to_pylist()]
    counts = [max(0, len(line) - SHAPE_HEAD) // 16 for line in lines]
    points = np.frombuffer(b"".join(line[SHAPE_HEAD:] for line in lines), dtype="<f8").reshape(-1, 2)
    return _starts(np.array(counts, dtype=np.int64)), points


def _streets_from(read: Mapping[str, Any], communes: tuple[str, ...]) -> Streets:
    lon, lat = points_of(read["nodes"])
    shape_start, points = line_points(read["links"])
    members = columns_of(read["members"])
    counts = np.bincount(members.pop("member_link"), minlength=len(shape_start) - 1)
    return Streets(
        node_lon=lon,
        node_lat=lat,
        member_start=_starts(counts),
        shape_start=shape_start,
        shape_lon=points[:, 0].copy(),
        shape_lat=points[:, 1].copy(),
        communes=communes,
        **columns_of(read["nodes"]),
        **columns_of(read["links"]),
        **members,
    )


def _starts(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _places_from(table: Any) -> Places:
    lon, lat = points_of(table)
    return Places(lon=lon, lat=lat, **columns_of(table))


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


def _zones_from(rows: list[dict[str, Any]], pools: Mapping[str, Any]) -> Zones:
    return Zones(
        name=tuple(row["name"] for row in rows),
        inhabitants=np.array([np.nan if row["inhabitants"] is None else row["inhabitants"] for row in rows]),
        communes=tuple(tuple(row["communes"]) for row in rows),
        insee=tuple(tuple(row["insee"]) for row in rows),
        rings=tuple(None if row["rings"] is None else tuple(map(np.array, row["rings"])) for row in rows),
        method=tuple(row["method"] for row in rows),
        pools=tuple((name, tuple(pools[name])) for name in sorted(pools)),
    )


def write_columns(file: Path, columns: Mapping[str, np.ndarray]) -> None:
    """Write one table of columns by name."""
    _write_table(file, plain_table(columns))


def read_columns(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Columns by name of the table ``name.parquet`` in a folder."""
    return columns_of(read_table(folder, name))
