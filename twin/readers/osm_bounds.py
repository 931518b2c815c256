"""Bounds on a street map file before it is parsed: size unpacked, depth, entities, ids, coordinates.

Hostile and broken files end here, with one `InputError` that names the file and the element; the
parser behind never sees them. XML is read as a stream (plain, gzip or bzip2), a PBF by its block
headers only.
"""

from __future__ import annotations

import bz2
import gzip
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.parsers import expat

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
    if path.name.lower().endswith(".pbf"):
        _check_blocks(path)
    else:
        _check_xml(path)


def check_coordinates(lon: float, lat: float, where: str) -> None:
    """Refuse a place that is not on Earth."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InputError(where, f"coordinates {lon}, {lat} are not finite", "degrees")
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise InputError(where, f"coordinates {lon}, {lat} are out of range", "lon -180..180, lat -90..90")


def _opened(path: Path) -> BinaryIO:
    opener: Any = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), Path.open)
    return cast(BinaryIO, opener(path, "rb"))


def _unpacked(path: Path) -> Iterator[bytes]:
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
    if len(tags) > MOST_TAGS or any(len(value) > MOST_TEXT for value in tags.values()):
        raise InputError(where, "has too many or too long tags", f"{MOST_TAGS} of {MOST_TEXT} characters")


@dataclass
class _Scan:
    """What a streaming look at the XML has seen of the element it is in."""

    where: str
    depth: int = 0
    element: str = "start of file"
    n_tags: int = 0
    n_refs: int = 0
    seen: set[str] = field(default_factory=set)

    def fail(self, what: str, right: str) -> InputError:
        return InputError(f"{self.where}: {self.element}", what, right)

    def doctype(self, *_: object) -> None:
        raise self.fail("holds a DOCTYPE", "OSM XML without document type or entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 1 and name != "osm":
            raise self.fail(f"begins with <{name[:40]}>", "<osm> as the outer element")
        if self.depth > MOST_DEPTH:
            raise self.fail(f"nests deeper than {MOST_DEPTH}", "flat OSM XML")
        if any(len(value) > MOST_TEXT for value in attributes.values()):
            raise self.fail(f"a value of <{name[:40]}> is longer than {MOST_TEXT}", "shorter texts")
        if name == "bounds":
            self.element = "bounds"
            self._coordinates(attributes, "minlon", "minlat")
            self._coordinates(attributes, "maxlon", "maxlat")
        elif name in ("node", "way", "relation") and self.depth == 2:
            self._element(name, attributes)
        elif name in ("tag", "nd", "member"):
            self._part(name, attributes)

    def end(self, name: str) -> None:
        self.depth -= 1

    def _whole(self, attributes: dict[str, str], key: str) -> int:
        text = attributes.get(key, "")
        if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 20:
            raise self.fail(f"{key} {text[:40]!r} is no whole number", "a 64-bit OSM id")
        value = int(text)
        if not -INT64 < value < INT64:
            raise self.fail(f"{key} {value} is beyond 64 bits", "a 64-bit OSM id")
        return value

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self.n_tags = self.n_refs = 0
        self.element = f"{name} without id"
        self.element = f"{name} {self._whole(attributes, 'id')}"
        if name == "node" and attributes.get("action") != "delete" and attributes.get("visible") != "false":
            self._coordinates(attributes, "lon", "lat")

    def _coordinates(self, attributes: dict[str, str], lon_key: str, lat_key: str) -> None:
        try:
            lon, lat = float(attributes[lon_key]), float(attributes[lat_key])
        except (KeyError, ValueError):
            right = "two numbers in degrees"
            raise self.fail(f"has no readable {lon_key} and {lat_key}", right) from None
        check_coordinates(lon, lat, f"{self.where}: {self.element}")

    def _part(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 2:
            raise self.fail(f"<{name}> stands outside any element", "tags inside node, way or relation")
        if name == "tag":
            self.n_tags += 1
            if "k" not in attributes or "v" not in attributes:
                raise self.fail("has a tag without k or v", "both k and v")
        else:
            self.n_refs += 1
            self._whole(attributes, "ref")
        if self.n_tags > MOST_TAGS or self.n_refs > MOST_REFS:
            raise self.fail("has too many parts", f"up to {MOST_TAGS} tags and {MOST_REFS} references")


def _check_xml(path: Path) -> None:
    scan = _Scan(str(path))
    parser = expat.ParserCreate()
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.StartDoctypeDeclHandler = scan.doctype
    parser.EntityDeclHandler = scan.doctype
    try:
        for piece in _unpacked(path):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise scan.fail(f"broken or truncated XML, line {error.lineno}: {reason}", "an intact file") from None


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
