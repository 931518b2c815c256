"""OSM XML, plain or packed, read once as a stream: hostile and broken files end in one line."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from twin.errors import InputError
from twin.readers.osm_bounds import (
    MOST_DEPTH,
    MOST_REFS,
    check_coordinates,
    unpacked,
    whole_number,
)
from twin.readers.osm_gathering import Gathering
from twin.readers.osm_records import Box

KINDS = frozenset({"node", "way", "relation"})
ID_DIGITS = 18  # any number with so many digits fits 64 bits


class _Reader:
    """What has been seen of the file and of the element that is open."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.where = gathering.where
        self.depth = 0
        self.element = "start of file"
        self.box: Box | None = None
        self.timestamp = ""
        self.number: int | None = None  # of the element, once it is known
        self.place = (0.0, 0.0)
        self.deleted = False
        self.refs: list[str] = []
        self.members: list[tuple[str, int, str]] = []
        self.tags: dict[str, str] = {}
        self.nodes: tuple[list[int], list[float], list[float]] = ([], [], [])

    def at(self) -> str:
        named = f"{self.element} without id" if self.number is None else f"{self.element} {self.number}"
        return f"{self.where}: {named if self.element in KINDS else self.element}"

    def fail(self, what: str, right: str) -> InputError:
        return InputError(self.at(), what, right)

    def doctype(self, *_: object) -> None:
        raise self.fail("holds a DOCTYPE", "OSM XML without document type or entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        depth = self.depth = self.depth + 1
        if depth == 3:
            if name == "nd":
                self.refs.append(attributes.get("ref", ""))
            elif name == "tag":
                try:
                    self.tags[attributes["k"]] = attributes["v"]
                except KeyError:
                    raise self.fail("has a tag without k or v", "both k and v") from None
            elif name == "member":
                ref = whole_number(attributes.get("ref", ""), "ref", self.at())
                kind = attributes.get("type", "")[:1]
                self.members.append((kind, ref, attributes.get("role", "")))
        elif depth == 2:
            self._element(name, attributes)
        elif depth == 1:
            self._outer(name, attributes)
        elif depth > MOST_DEPTH:
            raise self.fail(f"nests deeper than {MOST_DEPTH}", "flat OSM XML")

    def _outer(self, name: str, attributes: dict[str, str]) -> None:
        if name != "osm":
            raise self.fail(f"begins with <{name[:40]}>", "<osm> as the outer element")
        self.timestamp = attributes.get("timestamp", "")[:40]

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        """A node, a way, a relation, or what stands before them."""
        if name in KINDS:
            self.element, self.number = name, None
            text = attributes.get("id", "")
            plain = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS
            self.number = int(text) if plain else whole_number(text, "id", self.at())
            self.deleted = attributes.get("action") == "delete" or attributes.get("visible") == "false"
            if self.tags or self.refs or self.members:
                self.tags, self.refs, self.members = {}, [], []
            if name == "node" and not self.deleted:
                self._node(self.number, attributes)
        elif name == "bounds":
            self.element = "bounds"
            low, high = (
                self._place(attributes, "minlon", "minlat"),
                self._place(attributes, "maxlon", "maxlat"),
            )
            self.box = self.box or (*low, *high)
        elif name == "meta":
            self.timestamp = self.timestamp or attributes.get("osm_base", "")[:40]
        elif name in ("tag", "nd", "member"):
            raise self.fail(f"<{name}> stands outside any element", "tags inside node, way or relation")

    def _node(self, number: int, attributes: dict[str, str]) -> None:
        try:
            lon, lat = self.place = float(attributes["lon"]), float(attributes["lat"])
        except (KeyError, ValueError):
            raise self.fail("has no readable lon and lat", "two numbers in degrees") from None
        nodes = self.nodes
        nodes[0].append(number)
        nodes[1].append(lon)
        nodes[2].append(lat)

    def _place(self, attributes: dict[str, str], lon_key: str, lat_key: str) -> tuple[float, float]:
        try:
            lon, lat = float(attributes[lon_key]), float(attributes[lat_key])
        except (KeyError, ValueError):
            right = "two numbers in degrees"
            raise self.fail(f"has no readable {lon_key} and {lat_key}", right) from None
        check_coordinates(lon, lat, self.at())
        return round(lon, 7), round(lat, 7)

    def end(self, name: str) -> None:
        depth = self.depth = self.depth - 1
        if depth != 1 or self.number is None or self.deleted:
            return
        if name == "way":
            self.gathering.add_way(self.number, self._refs(), self.tags)
        elif name == "relation":
            self.gathering.add_relation(self.number, self.members, self.tags)
        elif name == "node" and self.tags:
            self.gathering.add_point(self.number, *self.place, self.tags)

    def _refs(self) -> tuple[int, ...]:
        refs = self.refs
        if len(refs) > MOST_REFS:
            raise self.fail("has too many parts", f"up to {MOST_REFS} references")
        joined = "".join(refs)
        plain = joined.isascii() and joined.isdigit() and all(refs) and max(map(len, refs)) <= ID_DIGITS
        if plain or not refs:
            return tuple(map(int, refs))
        return tuple(whole_number(ref, "ref", self.at()) for ref in refs)

    def flush(self) -> None:
        """Hand on the nodes seen so far."""
        self.gathering.add_nodes(*self.nodes)
        self.nodes = ([], [], [])


def read_xml(path: Path, gathering: Gathering) -> tuple[Box | None, str]:
    """Gather the elements of an XML file; its box and date, where it says them."""
    reader = _Reader(gathering)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.doctype
    try:
        for piece in unpacked(path):
            parser.Parse(piece, False)
            reader.flush()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise reader.fail(
            f"broken or truncated XML, line {error.lineno}: {reason}", "an intact file"
        ) from None
    return reader.box, reader.timestamp
