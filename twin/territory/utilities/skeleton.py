"""The streets as utilities see them: undirected, cut at least every so many metres, places at the points.

Rows are in order of outside ids and lengths are whole millimetres, so that trees do not depend on the
order of links nor on the machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import ASSUMED, ROAD_CLASSES, Floats, Ints, Places, Streets

UNSERVED = tuple(ROAD_CLASSES.index(name) for name in ROAD_CLASSES if "motorway" in name or "trunk" in name)
DETOUR = 10
"""Along motorways and trunk roads utilities are laid only where there is no way round shorter than this."""


@dataclass(frozen=True)
class Skeleton:
    """Points (n,) along the streets and the pieces between them.

    `around` lists for each point (neighbour, length in mm, cost in mm) of each piece; `place_point` is
    the point of each place.
    """

    id: tuple[str, ...]
    lon: Floats
    lat: Floats
    x_m: Floats
    y_m: Floats
    elevation_m: Floats
    elevation_provenance: Ints
    around: tuple[tuple[tuple[int, int, int], ...], ...]
    place_point: Ints
    place_away_m: Floats
    plane: Plane
    tree: cKDTree = field(repr=False)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.id)

    def nearest(self, lon: float, lat: float) -> tuple[int, float]:
        """The point nearest to a place on the map, and its distance [m]."""
        at = self.plane.x_m(np.array([lon]))[0], self.plane.y_m(np.array([lat]))[0]
        away, row = self.tree.query(at)
        return int(row), float(away)


@dataclass
class _Raw:
    """Points and pieces before they are put in order."""

    id: list[str] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    height: list[float] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    pieces: list[tuple[int, int, float, bool]] = field(default_factory=list)

    def add(self, name: str, lon: float, lat: float, height: float, known: int) -> int:
        """A point's row."""
        for column, value in zip((self.lon, self.lat, self.height), (lon, lat, height), strict=True):
            column.append(value)
        self.id.append(name)
        self.known.append(known)
        return len(self.id) - 1


def make_skeleton(streets: Streets, places: Places, parameters: Parameters) -> Skeleton:
    """Points at street nodes and at most a step apart between them; each place at one of its street."""
    step_m = parameters["utilities.step_m"]
    raw = _Raw()
    known = _node_provenance(streets)
    used = np.union1d(streets.tail, streets.head)
    row = {
        node: raw.add(
            str(streets.node_id[node]), float(streets.node_lon[node]), float(streets.node_lat[node]),
            float(streets.node_elevation_m[node]), int(known[node]),
        )
        for node in used.tolist()
    }  # fmt: skip
    points_of = _cut_links(streets, row, raw, step_m)
    order = sorted(range(len(raw.id)), key=lambda each: raw.id[each])
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    plane = Plane(round(float(streets.node_lon.mean()), 4), round(float(streets.node_lat.mean()), 4))
    lon, lat = np.array(raw.lon)[order], np.array(raw.lat)[order]
    x_m, y_m = plane.x_m(lon), plane.y_m(lat)
    place_point, away_m = _attach(places, points_of, rank, x_m, y_m, plane)
    return Skeleton(
        tuple(raw.id[each] for each in order), lon, lat, x_m, y_m, np.array(raw.height)[order],
        np.array(raw.known, dtype=np.int32)[order], _around(raw.pieces, rank), place_point, away_m, plane,
        cKDTree(np.column_stack([x_m, y_m])),
    )  # fmt: skip


def _node_provenance(streets: Streets) -> Ints:
    """How the height of each street node is known: as of its links, assumed where there is no height."""
    known = np.full(streets.n_nodes, ASSUMED, dtype=np.int32)
    for end in (streets.tail, streets.head):
        np.minimum.at(known, end, streets.elevation_provenance.astype(np.int32))
    return np.where(np.isnan(streets.node_elevation_m), ASSUMED, known).astype(np.int32)


def _cut_links(streets: Streets, row: dict[int, int], raw: _Raw, step_m: float) -> dict[int, list[int]]:
    """Cut every street, its two directions once; the points of each link, by link row."""
    points_of: dict[int, list[int]] = {}
    done: dict[tuple[int, int, int], list[int]] = {}
    ends = streets.node_id[streets.tail], streets.node_id[streets.head]
    for link in np.argsort(streets.link_id, kind="stable").tolist():
        low, high = sorted((int(ends[0][link]), int(ends[1][link])))
        street = low, high, round(float(streets.length_m[link]) * 1000.0)
        if street not in done:
            done[street] = _cut(streets, link, row, raw, step_m)
        points_of[link] = done[street]
    return points_of


def _cut(streets: Streets, link: int, row: dict[int, int], raw: _Raw, step_m: float) -> list[int]:
    """Points along one link, its ends included, and the pieces between them."""
    tail, head = int(streets.tail[link]), int(streets.head[link])
    length = float(streets.length_m[link])
    served = int(streets.road_class[link]) not in UNSERVED
    n = max(math.ceil(length / step_m), 3 if tail == head else 1) if served else 1
    if n == 1:
        raw.pieces.append((row[tail], row[head], length, served))
        return [row[tail], row[head]]
    rows = slice(int(streets.shape_start[link]), int(streets.shape_start[link + 1]))
    places = _between(streets.shape_lon[rows].tolist(), streets.shape_lat[rows].tolist(), n)
    low, high = float(streets.node_elevation_m[tail]), float(streets.node_elevation_m[head])
    known = max(raw.known[row[tail]], raw.known[row[head]])
    points = [row[tail]]
    for k, (lon, lat) in enumerate(places, start=1):
        height = low + (high - low) * (k / n)
        points.append(raw.add(f"{streets.link_id[link]}/{k}", lon, lat, height, known))
    points.append(row[head])
    raw.pieces += [(a, b, length / n, served) for a, b in pairwise(points)]
    return points


def _between(lon: list[float], lat: list[float], n: int) -> list[tuple[float, float]]:
    """Degrees of the n - 1 points that cut a line into n equal pieces."""
    narrow = math.cos(math.radians(lat[0]))
    if len(lon) == 2:
        east, north = lon[1] - lon[0], lat[1] - lat[0]
        whole = float(np.hypot(east * narrow, north))
        if whole > 0.0:
            way = [k / n * whole for k in range(1, n)]
            return [(round(east / whole * x + lon[0], 7), round(north / whole * x + lat[0], 7)) for x in way]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(lon) * narrow, np.diff(lat)))])
    share = np.arange(1, n) / n
    x, y = np.interp(share * along[-1], along, lon), np.interp(share * along[-1], along, lat)
    return [(round(a, 7), round(b, 7)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _around(
    pieces: list[tuple[int, int, float, bool]], rank: Ints
) -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """Neighbours of each point, in order; of several pieces between two points the shortest."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for a, b, length_m, served in pieces:
        u, v = sorted((int(rank[a]), int(rank[b])))
        if u != v:
            mm = max(1, round(length_m * 1000.0))
            best[u, v] = min(best.get((u, v), (1 << 60, 0)), (mm if served else mm * DETOUR, mm))
    around: list[list[tuple[int, int, int]]] = [[] for _ in rank]
    for (u, v), (cost, mm) in sorted(best.items()):
        around[u].append((v, mm, cost))
        around[v].append((u, mm, cost))
    return tuple(tuple(sorted(each)) for each in around)


def _attach(
    places: Places, points_of: dict[int, list[int]], rank: Ints, x_m: Floats, y_m: Floats, plane: Plane
) -> tuple[Ints, Floats]:
    """The point of each place among those of its street, and how far away it is [m]."""
    x, y = plane.x_m(places.lon), plane.y_m(places.lat)
    point = np.zeros(places.n_places, dtype=np.int32)
    away_m = np.zeros(places.n_places)
    by_link = np.argsort(places.access_link, kind="stable")
    links, first = np.unique(places.access_link[by_link], return_index=True)
    for link, rows in zip(links.tolist(), np.split(by_link, first[1:]), strict=True):
        near = np.sort(rank[points_of[link]]) if link >= 0 else np.arange(len(x_m), dtype=np.int32)
        away = np.hypot(x[rows, None] - x_m[near], y[rows, None] - y_m[near]).round(3)
        best = away.argmin(axis=1)
        point[rows], away_m[rows] = near[best], away[np.arange(len(rows)), best]
    return point, away_m
