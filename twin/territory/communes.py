"""Communes: boundary rings put together from ways, closed along the extract's box where it cuts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.readers.osm import Box, OsmExtract, OsmPoint, OsmRelation
from twin.territory.geometry import Plane, in_rings, side_of_box
from twin.territory.tables import Floats

NEAR_BOX_M = 300.0  # a chain that ends this close to the box was cut by it
SHORE_M = 500.0  # a pier or a cliff this close to a boundary belongs to that commune
SETTLEMENTS = ("city", "town", "village")

METHOD_RING, METHOD_CUT_RING = "ring", "ring closed along the box"
METHOD_NEAREST, METHOD_POLYGON = "nearest place", "polygon"
BY_KNOWLEDGE = (METHOD_RING, METHOD_CUT_RING, METHOD_NEAREST)


@dataclass(frozen=True)
class Commune:
    """A commune: its rings, or None where only a place node is known."""

    name: str
    insee: str
    relation: int
    inhabitants: float
    method: str
    rings: tuple[Floats, ...] | None
    lon: float
    lat: float


def communes_of(extract: OsmExtract) -> tuple[Commune, ...]:
    """All communes of the extract, by name: those with a boundary, then settlements without one.

    Of two boundaries with one name the better known counts, and a settlement inside a boundary is part of
    that commune, so nobody is counted twice.
    """
    settled = [point for point in extract.points if point.tags.get("place") in SETTLEMENTS]
    found: dict[str, Commune] = {}
    for relation in sorted(extract.relations, key=lambda each: each.id):
        if relation.tags.get("boundary") != "administrative" or not relation.tags.get("name"):
            continue
        commune = _with_rings(relation, _centre(relation, settled), extract)
        if commune is None:
            continue
        other = found.get(commune.name)
        if other is None or BY_KNOWLEDGE.index(commune.method) < BY_KNOWLEDGE.index(other.method):
            found[commune.name] = commune
    apart = [point for point in settled if point.tags.get("name", "") not in ("", *found)]
    lon, lat = np.array([point.lon for point in apart]), np.array([point.lat for point in apart])
    within = np.zeros(len(apart), dtype=bool)
    for commune in found.values():
        within |= in_rings(lon, lat, commune.rings or ())
    alone = [point for point, inside in zip(apart, within.tolist(), strict=True) if not inside]
    for point in sorted(alone, key=lambda each: each.id):
        name, insee = point.tags["name"], point.tags.get("ref:INSEE", "")
        lone = Commune(name, insee, 0, _people(point.tags), METHOD_NEAREST, None, point.lon, point.lat)
        found.setdefault(name, lone)
    return tuple(found[name] for name in sorted(found))


def _people(tags: Mapping[str, str]) -> float:
    text = "".join(tags.get("population", "").split())
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else float("nan")


def _centre(relation: OsmRelation, settled: Sequence[OsmPoint]) -> OsmPoint | None:
    """The settlement that a commune is named after: its centre member, else by code, else by name."""
    members = {
        ref for kind, ref, role in relation.members if kind == "n" and role in ("admin_centre", "label")
    }
    code, name = relation.tags.get("ref:INSEE"), relation.tags.get("name")
    for matches in (
        lambda point: point.id in members,
        lambda point: code is not None and point.tags.get("ref:INSEE") == code,
        lambda point: point.tags.get("name") == name,
    ):
        for point in settled:
            if matches(point):
                return point
    return None


def _with_rings(relation: OsmRelation, centre: OsmPoint | None, extract: OsmExtract) -> Commune | None:
    """The commune with its rings; None where neither a ring nor a settlement places it."""
    chains = join_chains(_outer_ways(relation, extract))
    closed = [chain for chain in chains if chain[0] == chain[-1] and len(chain) > 3]
    open_chains = [chain for chain in chains if chain[0] != chain[-1]]
    rings = [_coordinates(chain, extract) for chain in closed]
    method = METHOD_RING
    if open_chains:
        method = METHOD_CUT_RING
        ring = _close_along_box(open_chains, centre, extract) if len(open_chains) == 1 else None
        rings = [*rings, ring] if ring is not None else []
    tags = relation.tags
    people = _people(centre.tags) if centre else float("nan")
    people = people if np.isfinite(people) else _people(tags)
    name, insee = tags["name"], tags.get("ref:INSEE", "")
    if rings:
        lon, lat = (centre.lon, centre.lat) if centre else tuple(rings[0].mean(axis=0).tolist())
        return Commune(name, insee, relation.id, people, method, tuple(rings), lon, lat)
    if centre is None:
        return None
    return Commune(name, insee, relation.id, people, METHOD_NEAREST, None, centre.lon, centre.lat)


def _outer_ways(relation: OsmRelation, extract: OsmExtract) -> list[tuple[int, ...]]:
    ways = []
    for kind, ref, role in relation.members:
        if kind == "w" and role in ("outer", "") and ref in extract.ways:
            refs = tuple(node for node in extract.ways[ref].refs if node in extract.nodes)
            if len(refs) > 1:
                ways.append(refs)
    return ways


def join_chains(ways: Sequence[Sequence[int]]) -> list[list[int]]:
    """Ways joined end to end, whichever way round, as long as one fits.

    >>> join_chains([[1, 2], [3, 2], [3, 1], [7, 8]])
    [[1, 2, 3, 1], [7, 8]]
    """
    left = [list(way) for way in ways]
    chains = []
    while left:
        chain = left.pop(0)
        while chain[0] != chain[-1]:
            fit = next((k for k, way in enumerate(left) if {way[0], way[-1]} & {chain[0], chain[-1]}), None)
            if fit is None:
                break
            way = left.pop(fit)
            if chain[-1] in (way[0], way[-1]):
                chain += way[1:] if way[0] == chain[-1] else way[-2::-1]
            else:
                chain = (way[:-1] if way[-1] == chain[0] else way[:0:-1]) + chain
        chains.append(chain)
    return chains


def _coordinates(chain: Sequence[int], extract: OsmExtract) -> Floats:
    return np.array([extract.nodes[node] for node in chain])


def _close_along_box(chains: list[list[int]], centre: OsmPoint | None, extract: OsmExtract) -> Floats | None:
    """The chain closed along the box: the way round that holds the centre, else the smaller area."""
    line = _coordinates(chains[0], extract)
    if any(side_of_box(lon, lat, extract.box)[1] > NEAR_BOX_M for lon, lat in (line[0], line[-1])):
        return None
    rings = [np.vstack([line, corners, line[:1]]) for corners in _ways_round(line[-1], line[0], extract.box)]
    rings.sort(key=_area)
    if centre is not None:
        place = (np.array([centre.lon]), np.array([centre.lat]))
        rings = [ring for ring in rings if in_rings(*place, [ring])[0]]
    return rings[0] if rings else None


def _area(ring: Floats) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()))


def _ways_round(start: Floats, stop: Floats, box: Box) -> tuple[Floats, Floats]:
    """Points along the box's edge from near `start` to near `stop`: counterclockwise, and the other way."""
    west, south, east, north = box
    corners = [(west, south), (east, south), (east, north), (west, north)]
    begin, end = _along(start, box), _along(stop, box)
    onward = [corners[k % 4] for k in range(8) if begin[0] < k < end[0] + 4 * (end[0] < begin[0])]
    back = [corners[k % 4] for k in range(8) if end[0] < k < begin[0] + 4 * (begin[0] < end[0])]
    forward = [begin[1], *onward, end[1]]
    backward = [begin[1], *reversed(back), end[1]]
    return np.array(forward), np.array(backward)


def _along(point: Floats, box: Box) -> tuple[float, tuple[float, float]]:
    """Nearest point of the box's edge: turns from the south-west corner counterclockwise, and where."""
    west, south, east, north = box
    lon, lat = float(np.clip(point[0], west, east)), float(np.clip(point[1], south, north))
    side = side_of_box(float(point[0]), float(point[1]), box)[0]
    share_x, share_y = (lon - west) / (east - west), (lat - south) / (north - south)
    return {
        "S": (share_x, (lon, south)),
        "E": (1.0 + share_y, (east, lat)),
        "N": (3.0 - share_x, (lon, north)),
        "W": (4.0 - share_y, (west, lat)),
    }[side]


def locate(lon: Floats, lat: Floats, communes: Sequence[Commune]) -> np.ndarray:
    """Row of the commune of each point, -1 for none.

    By rings; a point in no ring (a pier, a place whose commune has no ring) goes to the nearest
    settlement without a ring, and where all have one, to the nearest boundary within `SHORE_M`.
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    row = np.full(len(lon), -1, dtype=np.int16)
    for number, commune in enumerate(communes):
        if commune.rings is not None:
            row[(row < 0) & in_rings(lon, lat, commune.rings)] = number
    left = np.flatnonzero(row < 0)
    if len(left) and communes:
        owner, known = _known_points(communes)
        plane = Plane(round(float(known[0, 0]), 4), round(float(known[0, 1]), 4))
        tree = cKDTree(np.column_stack([plane.x_m(known[:, 0]), plane.y_m(known[:, 1])]))
        reach = np.inf if any(commune.rings is None for commune in communes) else SHORE_M
        away, at = tree.query(np.column_stack([plane.x_m(lon[left]), plane.y_m(lat[left])]))
        row[left] = np.where(away <= reach, owner[at], -1)
    return row


def _known_points(communes: Sequence[Commune]) -> tuple[np.ndarray, Floats]:
    """Settlements of communes without rings, else all corners of all rings; and whose each is."""
    placed = [
        (number, np.array([[each.lon, each.lat]])) for number, each in enumerate(communes) if not each.rings
    ]
    if not placed:
        placed = [(number, ring) for number, each in enumerate(communes) for ring in each.rings or ()]
    owner = np.repeat([number for number, _ in placed], [len(points) for _, points in placed])
    return owner.astype(np.int16), np.vstack([points for _, points in placed])
