"""What of a street map matters to a territory, as plain records, whatever the map came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Tags = Mapping[str, str]
Box = tuple[float, float, float, float]
Refs = tuple[int, ...]
Members = tuple[tuple[str, int, str], ...]

POINT_KEYS = (
    "amenity", "shop", "office", "tourism", "leisure", "healthcare", "craft", "building", "place",
    "power", "telecom", "man_made", "emergency", "substance", "pipeline", "communication", "ele",
)  # fmt: skip
WAY_KEYS = ("highway", *POINT_KEYS)
CONTROL_POINTS = ("traffic_signals", "stop", "give_way", "mini_roundabout", "crossing")
"""Values of a node's `highway` that say who goes first at a junction, or who crosses before it."""
UTILITY_KEYS = ("power", "telecom", "man_made")
AREA_LEVELS = ("8",)  # administrative level of a commune in France and in Monaco
RESTRICTION = "restriction"
_OF_POINTS = frozenset(POINT_KEYS)


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
    refs: Refs
    tags: Tags


@dataclass(frozen=True)
class OsmRelation:
    """A relation: members as (type, id, role)."""

    id: int
    members: Members
    tags: Tags


@dataclass(frozen=True)
class OsmExtract:
    """What of a file matters to a territory."""

    file: str
    sha256: str
    box: Box
    box_source: str  # "header", "nodes" or "asked"
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
    refs: Refs
    both_ways: bool
    road_class: str
    ref: str


Member = tuple[int, int, int]  # way, from-node, to-node


def wanted_point(tags: Tags) -> bool:
    """Whether a node is a place, of a utility, a height, or controls a junction.

    >>> wanted_point({"highway": "give_way"}), wanted_point({"highway": "street_lamp"})
    (True, False)
    """
    return tags.get("highway") in CONTROL_POINTS or not _OF_POINTS.isdisjoint(tags)


def wanted_relation(tags: Tags) -> bool:
    """Whether a relation is a commune, a building, of a utility or a turn restriction."""
    if tags.get("boundary") == "administrative" and tags.get("admin_level") in AREA_LEVELS:
        return True
    if not tags.keys().isdisjoint(UTILITY_KEYS):
        return True
    return tags.get("building", "no") != "no" or is_restriction(tags)


def is_restriction(tags: Tags) -> bool:
    """Whether a relation bans or orders turns, for whomever.

    >>> is_restriction({"type": "restriction:hgv"}), is_restriction({"type": "route"})
    (True, False)
    """
    return tags.get("type", "").partition(":")[0] == RESTRICTION
