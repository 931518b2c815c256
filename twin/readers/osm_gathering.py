"""Elements of a street map gathered one by one: those of interest kept, what can be mended mended.

Nodes that come twice in a row, elements that come twice, positions in whole 1e-7 degrees; of a large
map only what lies around the wanted box.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import eq

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.readers.osm_bounds import check_coordinates, check_tags
from twin.readers.osm_records import (
    WAY_KEYS,
    Box,
    OsmExtract,
    OsmPoint,
    OsmRelation,
    OsmWay,
    Refs,
    Tags,
    is_restriction,
    wanted_point,
    wanted_relation,
)

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
PlaceOf = Callable[[int], tuple[float, float] | None]

MOST_NODES = 30_000_000  # positions that are looked at
MOST_KEPT = 8_000_000  # nodes of what is kept: about 2 GB
MANY_NODES = 2_000_000  # beyond, only the surroundings of a wanted box are kept
UNITS_PER_DEGREE = 1e7  # OpenStreetMap's own resolution

_OF_WAYS = frozenset(WAY_KEYS)


@dataclass(frozen=True)
class MapSource:
    """Where elements come from: its name, SHA-256, box if it says so, and date."""

    name: str
    sha256: str
    box: Box | None
    box_source: str
    timestamp: str


def in_units(degrees: Sequence[float] | Floats) -> Floats:
    """Degrees in whole 1e-7, as OpenStreetMap keeps them.

    >>> in_units([7.42000001, 43.7]).tolist()
    [7.42, 43.7]
    """
    return np.asarray(np.rint(np.asarray(degrees, dtype=float) * UNITS_PER_DEGREE) / UNITS_PER_DEGREE)


class Gathering:
    """Elements kept from one source; `where` names it in errors, `box` is the part that is wanted.

    Of a source that is not large all is kept, also beyond the box: how many people of a commune live in
    it is told by the dwellings of all the commune. Of a large one only the box with the communes that
    meet it is kept (`near`), so a town is cut out of a region in the memory of a town.
    """

    def __init__(self, where: str, box: Box | None = None) -> None:
        self.where = where
        self.box = box
        self.repairs: Counter[str] = Counter()
        self.ways: dict[int, OsmWay] = {}
        self.relations: list[OsmRelation] = []
        self.points: list[OsmPoint] = []
        self.near: Box | None = None
        self._spare: dict[int, OsmWay] = {}  # of no interest, unless a relation asks for them
        self._ids, self._lon, self._lat = array("q"), array("d"), array("d")

    def add_nodes(self, ids: Sequence[int], lon: Sequence[float], lat: Sequence[float]) -> None:
        """Positions of nodes (n,), checked."""
        place = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        good = (np.abs(place[0]) <= 180.0) & (np.abs(place[1]) <= 90.0)
        if not good.all():
            at = int(np.argmin(good))
            check_coordinates(lon[at], lat[at], f"{self.where}: node {ids[at]}")
        self._ids.extend(ids)
        self._lon.frombytes(place[0].tobytes())
        self._lat.frombytes(place[1].tobytes())
        if len(self._ids) > MOST_NODES:
            raise InputError(self.where, f"more than {MOST_NODES} nodes", "a smaller extract")

    def add_point(self, number: int, lon: float, lat: float, tags: Tags) -> None:
        """A node with tags; its position also goes to `add_nodes`."""
        check_tags(tags, f"{self.where}: node {number}")
        if wanted_point(tags):
            self.points.append(OsmPoint(number, round(lon, 7), round(lat, 7), tags))

    def add_way(self, number: int, refs: Refs, tags: Tags) -> None:
        """A way; where one comes twice, the first stands."""
        check_tags(tags, f"{self.where}: way {number}")
        if _OF_WAYS.isdisjoint(tags):
            self._spare.setdefault(number, OsmWay(number, refs, tags))
        elif number in self.ways:
            self.repairs["duplicate_ways"] += 1
        else:
            self.ways[number] = OsmWay(number, self._once(refs), tags)

    def add_relation(self, number: int, members: Iterable[tuple[str, int, str]], tags: Tags) -> None:
        """A commune, a building or a turn restriction; other relations are passed over."""
        check_tags(tags, f"{self.where}: relation {number}")
        if wanted_relation(tags):
            self.relations.append(OsmRelation(number, tuple(members), tags))

    def wanted_ways(self) -> set[int]:
        """Ways that the kept relations are made of."""
        return {
            ref for each in self.relations if not is_restriction(each.tags) for kind, ref, _ in each.members
            if kind == "w"
        }  # fmt: skip

    def needed_nodes(self) -> set[int]:
        """Nodes of the ways gathered so far."""
        return {ref for ways in (self.ways, self._spare) for way in ways.values() for ref in way.refs}

    def _once(self, refs: Refs) -> Refs:
        if not any(map(eq, refs, refs[1:])):
            return refs
        once = (*refs[:1], *(b for a, b in pairwise(refs) if a != b))
        self.repairs["repeated_nodes"] += len(refs) - len(once)
        return once

    def extract(self, source: MapSource) -> OsmExtract:
        """All that was gathered, once the source is exhausted."""
        wanted = self.wanted_ways()
        for number in sorted(wanted & self._spare.keys() - self.ways.keys()):
            way = self._spare[number]
            self.ways[number] = OsmWay(number, self._once(way.refs), way.tags)
        self._spare.clear()
        ids, lon, lat = self._sorted_nodes()
        if self.box is not None and self.near is None and len(ids) > MANY_NODES:
            self.narrow(self.box, _lookup(ids, lon, lat))
            wanted = self.wanted_ways()
        if self.near is not None:
            self._keep_near(self.near, wanted, ids, lon, lat)
        nodes = self._needed(ids, lon, lat)
        box, box_source = source.box, source.box_source
        if box is None:
            if not len(lon):
                raise InputError(self.where, "holds no node", "an extract with streets")
            box_source = "nodes"
            box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        return OsmExtract(
            source.name, source.sha256, box, box_source, source.timestamp,
            nodes, tuple(self.points), self.ways, tuple(self.relations), dict(+self.repairs),
        )  # fmt: skip

    def narrow(self, box: Box, place_of: PlaceOf) -> None:
        """Keep what is near the box from now on: the communes that meet it, and what meets them."""
        near, kept = box, []
        for relation in self.relations:
            if relation.tags.get("boundary") == "administrative":
                around = self._around(relation, place_of)
                if around is None or not boxes_meet(around, box):
                    continue
                west, south, east, north = near
                west, south = min(west, around[0]), min(south, around[1])
                near = (west, south, max(east, around[2]), max(north, around[3]))
            kept.append(relation)
        self.near, self.relations = near, [each for each in kept if self._is_near(each, near, place_of)]

    def _around(self, relation: OsmRelation, place_of: PlaceOf) -> Box | None:
        """The rectangle around the known ways of a relation."""
        ways = (self.ways.get(ref) or self._spare.get(ref) for _, ref, _ in relation.members)
        return rectangle(place_of(ref) for way in ways if way for ref in way.refs)

    def _is_near(self, relation: OsmRelation, near: Box, place_of: PlaceOf) -> bool:
        around = self._around(relation, place_of)
        return around is None or boxes_meet(around, near)

    def _sorted_nodes(self) -> tuple[Longs, Floats, Floats]:
        """Ids ascending with their positions; where a node comes twice both stand, the first first."""
        ids = np.frombuffer(self._ids, dtype=np.int64) if self._ids else np.zeros(0, dtype=np.int64)
        lon, lat = in_units(np.array(self._lon)), in_units(np.array(self._lat))
        if (np.diff(ids) > 0).all():
            return ids, lon, lat
        order = np.argsort(ids, kind="stable")
        return ids[order], lon[order], lat[order]

    def _keep_near(self, box: Box, wanted: set[int], ids: Longs, lon: Floats, lat: Floats) -> None:
        """Drop ways whose surrounding rectangle does not meet the box, unless a relation needs them."""
        ways = [way for way in self.ways.values() if way.id not in wanted and way.refs]
        refs = np.fromiter((ref for way in ways for ref in way.refs), dtype=np.int64)
        start = np.cumsum([0, *(len(way.refs) for way in ways)])[:-1]
        row = np.minimum(np.searchsorted(ids, refs), max(len(ids) - 1, 0))
        known = ids[row] == refs if len(ids) else np.zeros(len(refs), dtype=bool)
        meets = np.ones(len(ways), dtype=bool)
        for place, low, high in ((lon, box[0], box[2]), (lat, box[1], box[3])):
            here = place[row] if len(ids) else np.zeros(len(refs))
            least = np.minimum.reduceat(np.where(known, here, np.inf), start) if ways else here
            most = np.maximum.reduceat(np.where(known, here, -np.inf), start) if ways else here
            meets &= (least <= high) & (most >= low)
        for way in (way for way, near in zip(ways, meets.tolist(), strict=True) if not near):
            del self.ways[way.id]
        self.points = [each for each in self.points if boxes_meet((each.lon, each.lat) * 2, box)]

    def _needed(self, ids: Longs, lon: Floats, lat: Floats) -> dict[int, tuple[float, float]]:
        """Positions of the nodes of kept ways; doubles among them are counted."""
        refs = np.fromiter(chain.from_iterable(way.refs for way in self.ways.values()), dtype=np.int64)
        needed = np.unique(refs)
        first, last = np.searchsorted(ids, needed), np.searchsorted(ids, needed, side="right")
        self.repairs["duplicate_nodes"] += int(np.maximum(last - first - 1, 0).sum())
        row = first[last > first]
        if len(row) > MOST_KEPT:
            raise InputError(self.where, f"more than {MOST_KEPT} nodes of streets and buildings", "a --bbox")
        place = zip(lon[row].tolist(), lat[row].tolist(), strict=True)
        return dict(zip(ids[row].tolist(), place, strict=True))


def rectangle(places: Iterable[tuple[float, float] | None]) -> Box | None:
    """The rectangle around places, None around nothing.

    >>> rectangle([(7.4, 43.7), None, (7.3, 43.8)])
    (7.3, 43.7, 7.4, 43.8)
    """
    known = [place for place in places if place is not None]
    if not known:
        return None
    lon, lat = zip(*known, strict=True)
    return min(lon), min(lat), max(lon), max(lat)


def boxes_meet(a: Box, b: Box) -> bool:
    """Whether two boxes share a point."""
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _lookup(ids: Longs, lon: Floats, lat: Floats) -> PlaceOf:
    """Where a node is, from columns by ascending id."""

    def place_of(ref: int) -> tuple[float, float] | None:
        row = int(np.searchsorted(ids, ref))
        return (float(lon[row]), float(lat[row])) if row < len(ids) and ids[row] == ref else None

    return place_of
