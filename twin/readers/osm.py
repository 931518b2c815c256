"""The only door to street maps: OpenStreetMap files to plain records, streets simplified by osmnx.

A file is bounded before it is parsed (`twin.readers.osm_bounds`), filtered by pyosmium, and only
the streets that are asked for reach osmnx: fed with a whole file it would take power lines and
buildings for streets.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.readers.osm_bounds import check_bounds, check_coordinates, check_tags

Tags = Mapping[str, str]
Box = tuple[float, float, float, float]

POINT_KEYS = (
    "amenity", "shop", "office", "tourism", "leisure", "healthcare", "craft", "building", "place",
    "power", "telecom", "man_made", "emergency", "substance", "pipeline", "communication", "ele",
)  # fmt: skip
WAY_KEYS = ("highway", *POINT_KEYS)
UTILITY_KEYS = ("power", "telecom", "man_made")
AREA_LEVELS = ("8",)  # administrative level of a commune in France and in Monaco
MOST_NODES = 30_000_000


@dataclass(frozen=True)
class OsmPoint:
    """A node that carries tags of interest."""

    id: int
    lon: float
    lat: float
    tags: Tags


@dataclass(frozen=True)
class OsmWay:
    """A way: its nodes in order, absent ones included."""

    id: int
    refs: tuple[int, ...]
    tags: Tags


@dataclass(frozen=True)
class OsmRelation:
    """A relation: members as (type, id, role)."""

    id: int
    members: tuple[tuple[str, int, str], ...]
    tags: Tags


@dataclass(frozen=True)
class OsmExtract:
    """What of a file matters to a territory."""

    file: str
    sha256: str
    box: Box
    box_source: str  # "header" or "nodes"
    timestamp: str
    nodes: Mapping[int, tuple[float, float]]
    points: tuple[OsmPoint, ...]
    ways: Mapping[int, OsmWay]
    relations: tuple[OsmRelation, ...]
    repairs: Mapping[str, int]


@dataclass(frozen=True)
class StreetPiece:
    """An unbroken run of a way's nodes, in driving direction, with what must not differ along a link."""

    way: int
    refs: tuple[int, ...]
    both_ways: bool
    road_class: str
    ref: str


Member = tuple[int, int, int]  # way, from-node, to-node


def read_extract(file: str | Path) -> OsmExtract:
    """Streets, buildings, points of interest, communes and their nodes from an OSM file.

    Raises
    ------
    InputError
        The file is missing, truncated, hostile, or an element is out of range.
    """
    import osmium

    path = Path(file)
    check_bounds(path)
    repairs: Counter[str] = Counter()
    try:
        relations = tuple(_relations(path))
        wanted = {ref for relation in relations for kind, ref, _ in relation.members if kind == "w"}
        ways = _ways(path, wanted, repairs)
        needed = {ref for way in ways.values() for ref in way.refs}
        nodes, points, span = _nodes(path, needed, repairs)
        box, box_source, timestamp = _header(path, span)
    except (RuntimeError, ValueError, OverflowError, osmium.InvalidLocationError) as error:
        raise InputError(str(path), f"cannot be parsed: {error}", "an intact OSM file") from None
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return OsmExtract(
        path.name, sha256, box, box_source, timestamp, nodes, points, ways, relations, dict(repairs)
    )


def _objects(path: Path, kind: str, keys: Sequence[str] = ()) -> Iterator[Any]:
    """Objects of one kind in the file's order; with keys, only those that carry one."""
    import osmium

    entity = {"n": osmium.osm.NODE, "w": osmium.osm.WAY, "r": osmium.osm.RELATION}[kind]
    reader = osmium.FileProcessor(str(path), entity)
    chosen: Iterable[Any] = reader.with_filter(osmium.filter.KeyFilter(*keys)) if keys else reader
    return (item for item in chosen if not item.deleted)


def _tags(item: Any, kind: str, path: Path) -> dict[str, str]:
    tags = dict(item.tags)
    check_tags(tags, f"{path}: {kind} {item.id}")
    return tags


def _relations(path: Path) -> Iterator[OsmRelation]:
    for item in _objects(path, "r", ("boundary", "building", *UTILITY_KEYS)):
        tags = _tags(item, "relation", path)
        is_commune = tags.get("boundary") == "administrative" and tags.get("admin_level") in AREA_LEVELS
        is_utility = not tags.keys().isdisjoint(UTILITY_KEYS)
        if is_commune or is_utility or tags.get("building", "no") != "no":
            yield OsmRelation(item.id, tuple((m.type, m.ref, m.role) for m in item.members), tags)


def _ways(path: Path, wanted: set[int], repairs: Counter[str]) -> dict[int, OsmWay]:
    ways: dict[int, OsmWay] = {}
    for item in _objects(path, "w"):
        tags = _tags(item, "way", path)
        if item.id not in wanted and tags.keys().isdisjoint(WAY_KEYS):
            continue
        if item.id in ways:
            repairs["duplicate_ways"] += 1
            continue
        refs = [node.ref for node in item.nodes]
        once = tuple(ref for at, ref in enumerate(refs) if at == 0 or refs[at - 1] != ref)
        repairs["repeated_nodes"] += len(refs) - len(once)
        ways[item.id] = OsmWay(item.id, once, tags)
    return ways


def _nodes(
    path: Path, needed: set[int], repairs: Counter[str]
) -> tuple[dict[int, tuple[float, float]], tuple[OsmPoint, ...], Box | None]:
    nodes: dict[int, tuple[float, float]] = {}
    points = []
    west, south, east, north = 181.0, 91.0, -181.0, -91.0
    for number, item in enumerate(_objects(path, "n")):
        if number > MOST_NODES:
            raise InputError(str(path), f"more than {MOST_NODES} nodes", "a smaller extract")
        lon, lat = _position(item, path)
        west, south, east, north = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
        if item.id in needed:
            if item.id in nodes:
                repairs["duplicate_nodes"] += 1
                continue
            nodes[item.id] = (lon, lat)
        if len(item.tags) and not (tags := _tags(item, "node", path)).keys().isdisjoint(POINT_KEYS):
            points.append(OsmPoint(item.id, lon, lat, tags))
    return nodes, tuple(points), (west, south, east, north) if east >= west else None


def _position(item: Any, path: Path) -> tuple[float, float]:
    place = item.location
    lon, lat = round(place.lon_without_check(), 7), round(place.lat_without_check(), 7)
    check_coordinates(lon, lat, f"{path}: node {item.id}")
    return lon, lat


def _header(path: Path, span: Box | None) -> tuple[Box, str, str]:
    """The extract's box, where it comes from, and the file's timestamp."""
    import osmium

    header = osmium.io.Reader(str(path)).header()
    timestamp = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    box = header.box()
    if box.valid():
        low, high = box.bottom_left, box.top_right
        return (low.lon, low.lat, high.lon, high.lat), "header", timestamp
    if span is None:
        raise InputError(str(path), "holds no node", "an extract with streets")
    return span, "nodes", timestamp


def simplify_streets(
    pieces: Sequence[StreetPiece], nodes: Mapping[int, tuple[float, float]], forced: Iterable[int]
) -> list[list[Member]]:
    """Directed links from junction to junction, each as its ordered members, by osmnx (Boeing 2025).

    A link also ends where the road class or the road reference changes, and at every forced node.
    Where two ways share a segment only one of them keeps it: the one that comes first in `pieces`.
    Which nodes end a link depends on their own neighbours only, so a smaller crop gives equal links.
    """
    import networkx as nx
    import osmnx

    graph = _street_graph(pieces, nodes)
    way_of: dict[tuple[int, int], int] = {}
    for tail, head, key, data in sorted(graph.edges(keys=True, data=True), key=lambda e: e[3]["osmid"]):
        if (tail, head) in way_of or tail == head:
            graph.remove_edge(tail, head, key)
        else:
            way_of[tail, head] = pieces[data["osmid"] - 1].way
    present = [node for node in forced if node in graph]
    nx.set_node_attributes(graph, dict.fromkeys(present, True), "forced")
    simple = osmnx.simplify_graph(
        graph,
        node_attrs_include=["forced"],
        edge_attrs_differ=["highway", "ref"],
        remove_rings=False,
        track_merged=True,
    )
    links = []
    for tail, head, data in simple.edges(data=True):
        pairs = data.get("merged_edges") or [(tail, head)]
        links.append([(way_of[pair], *pair) for pair in pairs])
    return sorted(links)


def _street_graph(pieces: Sequence[StreetPiece], nodes: Mapping[int, tuple[float, float]]) -> Any:
    """The pieces as osmnx reads them; piece number + 1 stands for the way."""
    import osmnx

    settings = ("useful_tags_way", "log_console", "log_file", "use_cache")
    before = {name: getattr(osmnx.settings, name) for name in settings}
    try:
        osmnx.settings.useful_tags_way = ["highway", "oneway", "ref"]
        osmnx.settings.log_console = osmnx.settings.log_file = osmnx.settings.use_cache = False
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "streets.osm"
            _write_xml(file, pieces, nodes)
            return osmnx.graph_from_xml(file, bidirectional=False, simplify=False, retain_all=True)
    finally:
        for name, value in before.items():
            setattr(osmnx.settings, name, value)


def _write_xml(file: Path, pieces: Sequence[StreetPiece], nodes: Mapping[int, tuple[float, float]]) -> None:
    from xml.sax.saxutils import quoteattr

    with file.open("w", encoding="utf-8") as out:
        out.write('<osm version="0.6">\n')
        for node in sorted({ref for piece in pieces for ref in piece.refs}):
            lon, lat = nodes[node]
            out.write(f'<node id="{node}" lon="{lon:.7f}" lat="{lat:.7f}"/>\n')
        for number, piece in enumerate(pieces, start=1):
            refs = "".join(f'<nd ref="{ref}"/>' for ref in piece.refs)
            tags = {"highway": piece.road_class, "ref": piece.ref or "-"}
            tags["oneway"] = "no" if piece.both_ways else "yes"
            text = "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
            out.write(f'<way id="{number}">{refs}{text}</way>\n')
        out.write("</osm>\n")
