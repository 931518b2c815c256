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
from twin.readers.osm_gathering import Gathering, MapSource, boxes_meet, rectangle
from twin.readers.osm_records import (
    WAY_KEYS,
    Box,
    Member,
    OsmExtract,
    OsmPoint,
    OsmRelation,
    OsmWay,
    StreetPiece,
    Tags,
)
from twin.readers.osm_xml import read_xml

__all__ = [
    "Box", "Member", "OsmExtract", "OsmPoint", "OsmRelation", "OsmWay", "StreetPiece", "Tags", "read_extract",
]  # fmt: skip

LARGE_BYTES = 32 * 2**20  # of a PBF: some millions of nodes
NOWHERE = 2**31 - 1  # what stands for a coordinate that is not there


def read_extract(file: str | Path, box: Box | None = None) -> OsmExtract:
    """Streets, buildings, points of interest, communes, turn restrictions and their nodes.

    With a box (west, south, east, north) a large file is read for what lies around it only: a town is
    cut out of a whole region in the memory of a town.

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
    return gathering.extract(MapSource(path.name, sha256, header, "header", timestamp))


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
        for item in _objects(path, "n", WAY_KEYS):
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
    reader: Any = osmium.FileProcessor(str(path), entity)
    if keys:
        reader = reader.with_filter(osmium.filter.KeyFilter(*keys))
    if ids:
        reader = reader.with_filter(osmium.filter.IdFilter(ids))
    return (item for item in reader if not item.deleted)


def _degrees(location: Any) -> tuple[float, float]:
    return round(location.lon_without_check(), 7), round(location.lat_without_check(), 7)


def _pbf_ways(path: Path, gathering: Gathering, positions: _Positions) -> None:
    """Ways that relations are made of, then all of interest; of a large file only those near the box."""
    wanted = gathering.wanted_ways()
    listed = sorted(wanted) if all(number >= 0 for number in wanted) else ()  # the filter knows no others
    for item in _objects(path, "w", ids=listed) if wanted else ():
        if item.id in wanted:
            gathering.add_way(item.id, _refs(item), dict(item.tags))
    if gathering.box is not None and path.stat().st_size > LARGE_BYTES:
        gathering.narrow(gathering.box, positions.place_of)
    near, taken = gathering.near, set(gathering.ways) | wanted
    for item in _objects(path, "w", WAY_KEYS):
        if item.id in taken:
            continue
        refs = _refs(item)
        around = rectangle(map(positions.place_of, refs)) if near is not None else None
        if near is None or (around is not None and boxes_meet(around, near)):
            gathering.add_way(item.id, refs, dict(item.tags))


def _refs(item: Any) -> tuple[int, ...]:
    return tuple([node.ref for node in item.nodes])


class _Positions:
    """Positions of all nodes of a PBF, kept by pyosmium outside of Python (16 bytes each)."""

    def __init__(self, path: Path) -> None:
        import osmium

        self.path = path
        self._table = osmium.index.create_map("flex_mem")
        keeper = osmium.NodeLocationsForWays(self._table)
        osmium.apply(osmium.io.Reader(str(path), osmium.osm.NODE), keeper)

    def _of(self, ref: int) -> Any:
        try:
            found = self._table.get(ref)
        except (KeyError, TypeError):  # absent; a negative id is in no table
            return None
        return None if found.x == NOWHERE else found

    def place_of(self, ref: int) -> tuple[float, float] | None:
        """Longitude and latitude of a node, None where it is absent."""
        found = self._of(ref)
        return None if found is None else _degrees(found)

    def hand_on(self, gathering: Gathering, *, whole: bool) -> None:
        """Positions of the needed nodes, or of all where the file does not say its box."""
        needed = gathering.needed_nodes()
        if whole or any(ref < 0 for ref in needed):
            found = [(item.id, _degrees(item.location)) for item in _objects(self.path, "n")]
        else:
            listed = ((ref, self.place_of(ref)) for ref in sorted(needed))
            found = [(ref, place) for ref, place in listed if place is not None]
        ids = [ref for ref, _ in found]
        gathering.add_nodes(ids, [place[0] for _, place in found], [place[1] for _, place in found])
