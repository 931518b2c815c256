"""The door to street map files: `.osm`, `.osm.gz`, `.osm.bz2` and `.osm.pbf` to plain records.

XML is read by a bounded stream (`twin.readers.osm_xml`); a PBF is bounded block by block and then
filtered by pyosmium, which also keeps the positions. Either way only what a territory needs stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.readers.osm_bounds import check_bounds, is_pbf
from twin.readers.osm_records import (
    POINT_KEYS,
    WAY_KEYS,
    Box,
    Gathering,
    Member,
    OsmExtract,
    OsmPoint,
    OsmRelation,
    OsmWay,
    Source,
    StreetPiece,
    Tags,
)
from twin.readers.osm_xml import read_xml

__all__ = [
    "Box", "Member", "OsmExtract", "OsmPoint", "OsmRelation", "OsmWay", "StreetPiece", "Tags", "read_extract",
]  # fmt: skip

NOWHERE = 2**31 - 1  # what stands for a coordinate that is not there


def read_extract(file: str | Path, box: Box | None = None) -> OsmExtract:
    """Streets, buildings, points of interest, communes, turn restrictions and their nodes.

    With a box (west, south, east, north), ways far from it are passed over: a town can be cut out
    of a whole region in the memory of a town.

    Raises
    ------
    InputError
        The file is missing, truncated, hostile, or an element is out of range.
    """
    path = Path(file)
    check_bounds(path)
    gathering = Gathering(str(path), box)
    header, timestamp = _read_pbf(path, gathering) if is_pbf(path) else read_xml(path, gathering)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return gathering.extract(Source(path.name, sha256, header, "header", timestamp))


def _read_pbf(path: Path, gathering: Gathering) -> tuple[Box | None, str]:
    import osmium

    try:
        header = osmium.io.Reader(str(path)).header()
        for item in _objects(path, "r"):
            members = ((m.type, m.ref, m.role) for m in item.members)
            gathering.add_relation(item.id, members, dict(item.tags))
        positions = _Positions(path)
        _pbf_ways(path, gathering, positions)
        positions.hand_on(gathering, whole=not header.box().valid())
        for item in _objects(path, "n", POINT_KEYS):
            gathering.add_point(item.id, *_degrees(item.location), dict(item.tags))
    except (RuntimeError, ValueError, OverflowError, osmium.InvalidLocationError) as error:
        raise InputError(str(path), f"cannot be parsed: {error}", "an intact OSM file") from None
    timestamp = header.get("osmosis_replication_timestamp") or header.get("timestamp")
    if not header.box().valid():
        return None, timestamp
    low, high = header.box().bottom_left, header.box().top_right
    return (low.lon, low.lat, high.lon, high.lat), timestamp


def _objects(path: Path, kind: str, keys: Sequence[str] = (), ids: Sequence[int] = ()) -> Iterator[Any]:
    """Objects of one kind in the file's order; with keys or ids, only those that have one."""
    import osmium

    entity = {"n": osmium.osm.NODE, "w": osmium.osm.WAY, "r": osmium.osm.RELATION}[kind]
    reader = osmium.FileProcessor(str(path), entity)
    if keys:
        reader = reader.with_filter(osmium.filter.KeyFilter(*keys))
    if ids:
        reader = reader.with_filter(osmium.filter.IdFilter(ids))
    return (item for item in reader if not item.deleted)


def _degrees(location: Any) -> tuple[float, float]:
    return round(location.lon_without_check(), 7), round(location.lat_without_check(), 7)


def _pbf_ways(path: Path, gathering: Gathering, positions: _Positions) -> None:
    """Ways of interest, near the box if there is one, and those that relations are made of."""
    wanted = gathering.wanted_ways()
    for item in _objects(path, "w", WAY_KEYS):
        refs = tuple([node.ref for node in item.nodes])
        if gathering.box is None or item.id in wanted or positions.meet(refs, gathering.box):
            gathering.add_way(item.id, refs, dict(item.tags))
            positions.needed.update(refs)
    missing = sorted(wanted - gathering.ways.keys())
    for item in _objects(path, "w", ids=missing) if missing else ():
        refs = tuple([node.ref for node in item.nodes])
        gathering.add_way(item.id, refs, dict(item.tags))
        positions.needed.update(refs)


class _Positions:
    """Positions of all nodes of a PBF, kept by pyosmium outside of Python (16 bytes each)."""

    def __init__(self, path: Path) -> None:
        import osmium

        self.path = path
        self.needed: set[int] = set()
        self._table = osmium.index.create_map("flex_mem")
        osmium.apply(osmium.io.Reader(str(path), osmium.osm.NODE), osmium.NodeLocationsForWays(self._table))

    def _of(self, ref: int) -> Any:
        try:
            found = self._table.get(ref)
        except (KeyError, TypeError):  # absent; a negative id is in no table
            return None
        return None if found.x == NOWHERE else found

    def meet(self, refs: Sequence[int], box: Box) -> bool:
        """Whether the rectangle around these nodes meets the box."""
        known = [_degrees(place) for place in map(self._of, refs) if place is not None]
        if not known:
            return False
        lon, lat = zip(*known, strict=True)
        return (
            min(lon) <= box[2] and max(lon) >= box[0] and min(lat) <= box[3] and max(lat) >= box[1]
        )  # fmt: skip

    def hand_on(self, gathering: Gathering, *, whole: bool) -> None:
        """Positions of the needed nodes, or of all where the file does not say its box."""
        if whole or any(ref < 0 for ref in self.needed):
            found = [(item.id, item.location) for item in _objects(self.path, "n")]
        else:
            listed = ((ref, self._of(ref)) for ref in sorted(self.needed))
            found = [(ref, place) for ref, place in listed if place is not None]
        ids = [ref for ref, _ in found]
        place = [_degrees(location) for _, location in found]
        gathering.add_nodes(ids, [lon for lon, _ in place], [lat for _, lat in place])
