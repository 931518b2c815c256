"""The files of a GTFS feed: bounded before they are read, read by gtfs-kit, and at fault by row and field.

gtfs-kit (MIT, a release in 2026, Python 3.10 and later) reads zips and folders, byte order marks and absent
optional files into typed tables, and works with pandas 3 under warnings as errors. partridge, the other
candidate, had its last release in 2023 and stops at a warning of pandas 3.1. Neither says which row is wrong.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.readers.osm_bounds import FREE_BYTES, MOST_RATIO

RIGHT = "a GTFS feed: a zip or a folder with stops.txt, routes.txt, trips.txt, stop_times.txt and a calendar"
TO_INSTALL = "pip install 'twin[transit]', which brings gtfs-kit"
REQUIRED = {
    "stops": ("stop_id",),
    "routes": ("route_id", "route_type"),
    "trips": ("trip_id", "route_id", "service_id"),
    "stop_times": ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"),
}
IF_THERE = {
    "calendar": ("service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                 "start_date", "end_date"),
    "calendar_dates": ("service_id", "date", "exception_type"),
    "frequencies": ("trip_id", "start_time", "end_time", "headway_secs"),
    "fare_attributes": ("fare_id", "price", "currency_type"),
    "fare_rules": ("fare_id",),
}  # fmt: skip
WHOLE = ("stop_sequence", "pickup_type", "drop_off_type", "route_type", "location_type", "exception_type",
         "direction_id", "timepoint", "exact_times", "headway_secs", *IF_THERE["calendar"][1:8])  # fmt: skip
DECIMAL = ("stop_lat", "stop_lon", "shape_dist_traveled", "shape_pt_lat", "shape_pt_lon")
MOST_HEADWAY_S = 32_767  # gtfs-kit keeps headways in 16 bits


def read_feed(path: Path) -> Any:
    """The feed as gtfs-kit's tables, with all columns there that the rest of the reader needs.

    Raises
    ------
    InputError
        gtfs-kit is not installed, or the feed is missing, broken, hostile or without a needed column.
    """
    _check_files(path)
    try:
        import gtfs_kit
    except ImportError:
        raise InputError(str(path), "GTFS feeds need the extra 'transit'", TO_INSTALL) from None
    try:
        feed = gtfs_kit.read_feed(path, dist_units="km")
    except (
        ValueError,
        TypeError,
        OverflowError,
        OSError,
        KeyError,
        RuntimeError,
        zipfile.BadZipFile,
    ) as error:
        _find_fault(path)
        raise InputError(str(path), f"cannot be read: {str(error).splitlines()[0]}", RIGHT) from None
    for name, columns in {**REQUIRED, **IF_THERE}.items():
        table = getattr(feed, name)
        if table is None and name in REQUIRED:
            raise InputError(f"{path}: {name}.txt", "has no rows", "at least one row")
        for column in columns if table is not None else ():
            if column not in table.columns:
                raise InputError(f"{path}: {name}.txt", f"no column {column!r}", ", ".join(columns))
        for column in table.columns if table is not None else ():
            if str(table[column].dtype) == "string":
                table[column] = table[column].str.strip()
    if feed.calendar is None and feed.calendar_dates is None:
        raise InputError(
            str(path), "calendar.txt and calendar_dates.txt have no rows", "one of them at least"
        )
    return feed


def texts(table: Any, column: str) -> np.ndarray:
    """A column as texts, empty where nothing is given or the column is absent (n,)."""
    if column not in table.columns:
        return np.full(len(table), "", dtype=np.str_)
    given = table[column].astype("string").fillna("").to_numpy(dtype=object)
    return np.array(given.tolist(), dtype=np.str_)


def numbers(table: Any, column: str) -> np.ndarray:
    """A column as floats, NaN where nothing is given or the column is absent (n,)."""
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return np.asarray(table[column].to_numpy(dtype=np.float64, na_value=np.nan))


def refuse(where: str, name: str, wrong: np.ndarray, table: Any, fault: tuple[str, str]) -> None:
    """Raise for the first row of a table that is wrong; fault is (column, what would be right).

    Rows are counted as lines of the file, its header being the first.
    """
    rows = np.flatnonzero(wrong)
    if not rows.size:
        return
    row, (column, right) = int(rows[0]), fault
    given = str(texts(table, column)[row])
    line = int(table.index[row]) + 2
    what = f"{given!r} is not right" if given else "nothing is given"
    raise InputError(f"{where}: {name}.txt: row {line}: {column}", what, right)


def check_ids(where: str, name: str, column: str, table: Any) -> np.ndarray:
    """The ids of a table: all given, each once (n,)."""
    ids = texts(table, column)
    refuse(where, name, ids == "", table, (column, "an id"))
    _, first = np.unique(ids, return_index=True)
    again = np.ones(len(ids), dtype=bool)
    again[first] = False
    refuse(where, name, again, table, (column, "an id that no other row has"))
    return ids


def rows_of(ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Row in ids of each wanted id, -1 where there is none (n,) int64.

    >>> rows_of(np.array(["b", "a"]), np.array(["a", "c", "b"])).tolist()
    [1, -1, 0]
    """
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    place = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    rows = order[place]
    return np.where(ids[rows] == wanted, rows, -1).astype(np.int64)


def digest_of_files(path: Path) -> str:
    """SHA-256 of the zip, or of the folder's tables by name."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in sorted(path.glob("*.txt")):
        digest.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _check_files(path: Path) -> None:
    """Refuse what is missing, no feed, or unpacks to far more than it is."""
    where = str(path)
    if path.is_dir():
        names = [each.name for each in path.iterdir()]
    elif not path.is_file():
        raise InputError(where, "no such file", RIGHT)
    else:
        try:
            with zipfile.ZipFile(path) as packed:
                entries = packed.infolist()
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(where, f"is no zip: {error}", RIGHT) from None
        unpacked = sum(each.file_size for each in entries)
        if unpacked > max(FREE_BYTES, MOST_RATIO * path.stat().st_size):
            raise InputError(where, f"unpacks to {unpacked:,} bytes", "an honest zip")
        if any(each.flag_bits & 1 for each in entries):
            raise InputError(where, "is encrypted", "a zip that opens without a password")
        names = [Path(each.filename).name for each in entries]
    for name in (*REQUIRED, *IF_THERE):
        if names.count(f"{name}.txt") > 1:
            raise InputError(where, f"has {name}.txt more than once", "one feed in one zip")
        if name in REQUIRED and f"{name}.txt" not in names:
            raise InputError(where, f"has no {name}.txt", RIGHT)


def _find_fault(path: Path) -> None:
    """Name the first value that the reader could not take, if it is one of those the twin uses."""
    for name, lines in _tables(path):
        where = f"{path}: {name}.txt"
        try:
            rows = csv.reader(lines)
            header = [each.strip() for each in next(rows, [])]
            for line, row in enumerate(rows, start=2):
                if len(row) > len(header):
                    right = f"as many as the header has: {len(header)}"
                    raise InputError(f"{where}: row {line}", f"{len(row)} values", right)
                for column, value in zip(header, row, strict=False):
                    rule = _rule(column)
                    if value.strip() and rule is not None and not rule[0](value.strip()):
                        raise InputError(f"{where}: row {line}: {column}", f"{value!r} is not right", rule[1])
        except UnicodeDecodeError as error:
            raise InputError(where, f"is not in UTF-8 (byte {error.start})", "a text file in UTF-8") from None
        except csv.Error as error:
            raise InputError(where, f"is no CSV: {error}", "comma-separated values") from None


def _rule(column: str) -> tuple[Callable[[str], bool], str] | None:
    if column == "headway_secs":
        return (
            lambda text: text.isdecimal() and int(text) <= MOST_HEADWAY_S
        ), f"1 to {MOST_HEADWAY_S} seconds"
    if column in WHOLE:
        return (lambda text: bool(re.fullmatch(r"-?\d{1,9}(\.0*)?", text))), "a whole number"
    if column in DECIMAL:
        return _is_decimal, "a decimal number"
    return None


def _is_decimal(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tables(path: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """Lines of each table that the twin uses."""
    wanted = (*REQUIRED, *IF_THERE, "agency", "feed_info", "shapes")
    if path.is_dir():
        for name in wanted:
            if (path / f"{name}.txt").is_file():
                with (path / f"{name}.txt").open(encoding="utf-8-sig", newline="") as lines:
                    yield name, lines
        return
    with zipfile.ZipFile(path) as packed:
        for entry in packed.infolist():
            file = Path(entry.filename)
            if file.suffix == ".txt" and file.stem in wanted:
                with packed.open(entry) as raw:
                    yield file.stem, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
