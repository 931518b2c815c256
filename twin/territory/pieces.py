"""Drivable ways cut to what is present: runs of nodes in driving direction, and where roads were cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from twin.readers.osm import Box, OsmExtract, OsmWay, StreetPiece, Tags
from twin.territory.geometry import in_box
from twin.territory.tables import ROAD_CLASSES

DRIVEN = frozenset(ROAD_CLASSES) - {"service"}  # as osmnx's network type "drive": no service roads
CLOSED_TO_CARS = frozenset({"no", "private", "agricultural", "forestry", "emergency", "delivery"})
ONE_WAY = frozenset({"yes", "true", "1"})
BACKWARD = frozenset({"-1", "reverse"})
ROUND = frozenset({"roundabout", "circular"})


@dataclass(frozen=True)
class Pieces:
    """Runs of drivable ways; `cut` names each node at which a way goes on outside, and its class."""

    pieces: tuple[StreetPiece, ...]
    cut: Mapping[int, str]
    touched: frozenset[int]
    repairs: Mapping[str, int]


def drivable(tags: Tags) -> bool:
    """Whether cars may use the way; the most specific access tag decides.

    >>> drivable({"highway": "residential", "access": "private", "motor_vehicle": "yes"})
    True
    >>> drivable({"highway": "footway"}), drivable({"highway": "primary", "area": "yes"})
    (False, False)
    """
    if tags.get("highway") not in DRIVEN or tags.get("area") == "yes":
        return False
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] not in CLOSED_TO_CARS
    return True


def reference_of(tags: Tags) -> str:
    """Road reference without spaces; several stand in one order, joined by semicolons.

    >>> reference_of({"ref": "D 2564"}), reference_of({})
    ('D2564', '')
    """
    said = tags.get("ref")  # hardly any way has one
    return ";".join(sorted("".join(each.split()) for each in said.split(";") if each.strip())) if said else ""


def cut_to_pieces(extract: OsmExtract, box: Box | None) -> Pieces:
    """Pieces of all drivable ways of the extract, within a box if one is given."""
    repairs: Counter[str] = Counter(extract.repairs)
    pieces: list[StreetPiece] = []
    cut: dict[int, str] = {}
    touched: set[int] = set()
    nodes = extract.nodes
    for way in sorted(extract.ways.values(), key=lambda way: (_rank(way), way.id)):
        if not drivable(way.tags):
            continue
        known = [ref in nodes for ref in way.refs]
        here = (
            known
            if box is None
            else [has and in_box(*nodes[ref], box) for ref, has in zip(way.refs, known, strict=True)]
        )
        if not any(here):
            continue
        repairs["absent_nodes"] += known.count(False)
        repairs["ways_cut"] += not all(here)
        for first, last in _runs(here):
            if first > 0 or last < len(here) - 1:
                _mark_cuts(way, first, last, cut, touched)
            if last > first:
                pieces.append(_piece(way, way.refs[first : last + 1], repairs))
            else:
                repairs["lone_nodes"] += 1
    return Pieces(tuple(pieces), cut, frozenset(touched), dict(repairs))


def _rank(way: OsmWay) -> int:
    road_class = way.tags.get("highway", "")
    return ROAD_CLASSES.index(road_class) if road_class in ROAD_CLASSES else len(ROAD_CLASSES)


def _runs(here: list[bool]) -> Iterator[tuple[int, int]]:
    """First and last index of each unbroken run of present nodes."""
    first = None
    for at, present in enumerate([*here, False]):
        if present and first is None:
            first = at
        elif not present and first is not None:
            yield first, at - 1
            first = None


def _mark_cuts(way: OsmWay, first: int, last: int, cut: dict[int, str], touched: set[int]) -> None:
    """Nodes where the way goes on outside; a lone node inside ends links but is no gate."""
    ends = [way.refs[first]] * (first > 0) + [way.refs[last]] * (last < len(way.refs) - 1)
    touched.update(ends)
    if last > first:
        for node in ends:
            cut.setdefault(node, way.tags["highway"])


def _piece(way: OsmWay, refs: tuple[int, ...], repairs: Counter[str]) -> StreetPiece:
    tags = way.tags
    oneway = tags.get("oneway", "")
    road_class = tags["highway"]
    if oneway in BACKWARD:
        refs, one_way = refs[::-1], True
    elif oneway:
        one_way = oneway in ONE_WAY
    else:
        one_way = tags.get("junction") in ROUND or road_class == "motorway"
        repairs["one_way_implied"] += road_class == "motorway"
    return StreetPiece(way.id, refs, not one_way, road_class, reference_of(tags))
