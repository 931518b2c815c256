"""Bounds on street maps: kind and size of a file before it is parsed, ids, tags and coordinates after.

Hostile and broken files end in one `InputError` that names the file and the element. Packed XML is
unpacked as a stream and never beyond what an honest map unpacks to; a PBF is looked at block by
block, by its headers, before the parser behind sees it.
"""

from __future__ import annotations

import bz2
import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

from twin.errors import InputError

SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf")
FREE_BYTES = 64 * 2**20  # unpacked size that any file may reach
MOST_RATIO = 60  # unpacked size over file size beyond that; real maps unpack 10 to 30 times
MOST_DEPTH = 8
MOST_TEXT = 4096  # longest attribute value
MOST_TAGS = 2000  # of one element
MOST_REFS = 2**21  # nodes of a way or members of a relation
MOST_BLOCK = 32 * 2**20  # largest unpacked PBF block, the format's own limit
CHUNK = 2**18
INT64 = 2**63


def check_bounds(path: Path) -> None:
    """Refuse a file that is missing, of another kind, truncated, hostile or out of range."""
    where = str(path)
    if not path.name.lower().endswith(SUFFIXES):
        raise InputError(where, "not a street map file", "a file " + ", ".join(SUFFIXES))
    if not path.is_file():
        raise InputError(where, "no such file", "an OpenStreetMap extract that can be read")
    if path.stat().st_size == 0:
        raise InputError(where, "the file is empty", "an OpenStreetMap extract")
    if is_pbf(path):
        _check_blocks(path)


def is_pbf(path: Path) -> bool:
    """Whether a file's name says that it is a PBF."""
    return path.name.lower().endswith(".pbf")


def check_coordinates(lon: float, lat: float, where: str) -> None:
    """Refuse a place that is not on Earth."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InputError(where, f"coordinates {lon}, {lat} are not finite", "degrees")
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise InputError(where, f"coordinates {lon}, {lat} are out of range", "lon -180..180, lat -90..90")


def _opened(path: Path) -> BinaryIO:
    opener: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), Path.open)
    return cast(BinaryIO, opener(path, "rb"))


def unpacked(path: Path) -> Iterator[bytes]:
    """The file's content in pieces, refused beyond what an honest map unpacks to."""
    most = max(FREE_BYTES, MOST_RATIO * path.stat().st_size)
    total = 0
    try:
        with _opened(path) as stream:
            while piece := stream.read(CHUNK):
                total += len(piece)
                if total > most:
                    raise InputError(str(path), f"unpacks to more than {most} bytes", "a plain extract")
                yield piece
    except EOFError:
        raise InputError(str(path), "the packed file ends too early", "the whole file") from None
    except (OSError, zlib.error) as error:
        raise InputError(str(path), f"cannot be unpacked: {error}", "an intact file") from None


def check_tags(tags: Mapping[str, str], where: str) -> None:
    """Refuse more or longer tags than any honest element has."""
    if len(tags) > MOST_TAGS:
        raise InputError(where, "has too many tags", f"up to {MOST_TAGS}")
    if tags and max(map(len, tags.values())) > MOST_TEXT:
        raise InputError(where, f"a tag is longer than {MOST_TEXT} characters", "shorter texts")


def whole_number(text: str, key: str, where: str) -> int:
    """An OSM id that fits 64 bits."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(text) > 20:
        raise InputError(where, f"{key} {text[:40]!r} is no whole number", "a 64-bit OSM id")
    value = int(text)
    if not -INT64 < value < INT64:
        raise InputError(where, f"{key} {value} is beyond 64 bits", "a 64-bit OSM id")
    return value


def _check_blocks(path: Path) -> None:
    """Walk over a PBF's blocks by their headers: each whole, none larger than it may be."""
    most = max(FREE_BYTES, MOST_RATIO * path.stat().st_size)
    total = 0
    for number, blob in enumerate(_blocks(path)):
        size = _fields(blob, f"{path}: block {number}").get(2, len(blob))
        total += size
        if size > MOST_BLOCK or total > most:
            raise InputError(f"{path}: block {number}", f"unpacks to {size} bytes", "a plain extract")


def _blocks(path: Path) -> Iterator[bytes]:
    """Raw blobs of a PBF file (their data still packed)."""
    with path.open("rb") as stream:
        number = 0
        while length := stream.read(4):
            where = f"{path}: block {number}"
            size = int.from_bytes(length, "big")
            header = stream.read(size) if len(length) == 4 and 0 < size <= 64 * 1024 else b""
            if not header or len(header) != size:
                raise InputError(where, "no readable block header", "an intact .osm.pbf file")
            if number == 0 and b"OSMHeader" not in header:
                raise InputError(where, "is no OSM header", "an .osm.pbf file")
            data_size = _fields(header, where).get(3, -1)
            if not 0 <= data_size <= MOST_BLOCK:
                raise InputError(where, f"claims {data_size} bytes", f"0 to {MOST_BLOCK}")
            blob = stream.read(data_size)
            if len(blob) != data_size:
                raise InputError(where, "the file ends too early", "the whole file")
            yield blob
            number += 1
        if number == 0:
            raise InputError(str(path), "holds no block", "an intact .osm.pbf file")


def _fields(message: bytes, where: str) -> dict[int, int]:
    """Whole-number fields of a protocol buffer message; fields of bytes are stepped over."""
    values: dict[int, int] = {}
    at = 0
    try:
        while at < len(message):
            key, at = _varint(message, at)
            if key & 7 == 0:
                values[key >> 3], at = _varint(message, at)
            elif key & 7 == 2:
                length, at = _varint(message, at)
                at += length
            else:
                raise IndexError
        if at != len(message):
            raise IndexError
    except IndexError:
        raise InputError(where, "is not readable", "an intact .osm.pbf file") from None
    return values


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise IndexError
