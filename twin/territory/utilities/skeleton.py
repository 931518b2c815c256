"""The streets as utilities see them: undirected, cut at least every so many metres, places at the points.

Rows are in order of outside ids and lengths are whole millimetres, so that trees do not depend on the
order of links nor on the machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, pairwise

import numpy as np
from scipy.spatial import cKDTree

from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import ROAD_CLASSES, Floats, Ints, Places, Streets

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
    plane: Plane
    tree: cKDTree = field(repr=False)

    @property
    def n_points(self) -> int:
        """Number of points."""
        return len(self.id)

    @cached_property
    def spots(self) -> list[tuple[float, float, float, int]]:
        """Longitude, latitude, height [m] and its provenance of each point."""
        columns = self.lon, self.lat, self.elevation_m, self.elevation_provenance
        return list(zip(*(column.tolist() for column in columns), strict=True))

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
        self.lon.append(lon)
        self.lat.append(lat)
        self.height.append(height)
        self.id.append(name)
        self.known.append(known)
        return len(self.id) - 1


def make_skeleton(streets: Streets, places: Places, parameters: Parameters) -> Skeleton:
    """Points at street nodes and at most a step apart between them; each place at one of its street."""
    step_m = parameters["utilities.step_m"]
    raw = _Raw()
    known = streets.height_provenance
    used = np.union1d(streets.tail, streets.head)
    row = {
        node: raw.add(
            str(streets.node_id[node]), float(streets.node_lon[node]), float(streets.node_lat[node]),
            float(streets.node_elevation_m[node]), int(known[node]),
        )
        for node in used.tolist()
    }  # fmt: skip
    points_of = _cut_links(_Lines(streets), row, raw, step_m)
    order = sorted(range(len(raw.id)), key=raw.id.__getitem__)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    plane = Plane(round(float(streets.node_lon.mean()), 4), round(float(streets.node_lat.mean()), 4))
    lon, lat = np.array(raw.lon)[order], np.array(raw.lat)[order]
    x_m, y_m = plane.x_m(lon), plane.y_m(lat)
    place_point = _attach(places, points_of, rank, x_m, y_m, plane)
    return Skeleton(
        tuple(raw.id[each] for each in order), lon, lat, x_m, y_m, np.array(raw.height)[order],
        np.array(raw.known, dtype=np.int32)[order], _around(raw.pieces, rank), place_point, plane,
        cKDTree(np.column_stack([x_m, y_m])),
    )  # fmt: skip


class _Lines:
    """What of streets is cut, as lists by link row (they are looked at one by one), and their lines."""

    def __init__(self, streets: Streets) -> None:
        self.id: list[str] = streets.link_id.tolist()
        self.tail: list[int] = streets.tail.tolist()
        self.head: list[int] = streets.head.tolist()
        self.length_m: list[float] = streets.length_m.tolist()
        self.served: list[bool] = (~np.isin(streets.road_class, UNSERVED)).tolist()
        self.height_m: list[float] = streets.node_elevation_m.tolist()
        self.node_id: list[int] = streets.node_id.tolist()
        self._start: list[int] = streets.shape_start.tolist()
        self._lon: list[float] = streets.shape_lon.tolist()
        self._lat: list[float] = streets.shape_lat.tolist()
        first = np.minimum(streets.shape_start[:-1], max(len(self._lat) - 1, 0))
        narrow = np.repeat(
            [math.cos(math.radians(lat)) for lat in streets.shape_lat[first].tolist()],
            np.diff(streets.shape_start),
        )
        east, north = np.diff(streets.shape_lon), np.diff(streets.shape_lat)
        self._step: list[float] = np.hypot(east * narrow[:-1], north).tolist()

    def between(self, link: int, n: int) -> list[tuple[float, float]]:
        """Degrees of the n - 1 points that cut the line of a link into n equal pieces."""
        start, stop = self._start[link], self._start[link + 1]
        lon, lat = self._lon[start:stop], self._lat[start:stop]
        along = [0.0, *accumulate(self._step[start : stop - 1])]
        found, at, last = [], 0, len(along) - 1
        for k in range(1, n):
            x = k / n * along[-1]
            while at < last and along[at + 1] <= x:
                at += 1
            if at == last or along[at] == x:
                found.append((round(lon[at], 7), round(lat[at], 7)))
                continue
            step, onward = along[at + 1] - along[at], x - along[at]
            east, north = (lon[at + 1] - lon[at]) / step, (lat[at + 1] - lat[at]) / step
            found.append((round(east * onward + lon[at], 7), round(north * onward + lat[at], 7)))
        return found


def _cut_links(lines: _Lines, row: dict[int, int], raw: _Raw, step_m: float) -> dict[int, list[int]]:
    """Cut every street, its two directions once; the points of each link, by link row."""
    points_of: dict[int, list[int]] = {}
    done: dict[tuple[int, int, int], list[int]] = {}
    for link in sorted(range(len(lines.id)), key=lines.id.__getitem__):
        tail, head = lines.node_id[lines.tail[link]], lines.node_id[lines.head[link]]
        street = min(tail, head), max(tail, head), round(lines.length_m[link] * 1000.0)
        if street not in done:
            done[street] = _cut(lines, link, row, raw, step_m)
        points_of[link] = done[street]
    return points_of


def _cut(lines: _Lines, link: int, row: dict[int, int], raw: _Raw, step_m: float) -> list[int]:
    """Points along one link, its ends included, and the pieces between them."""
    tail, head = lines.tail[link], lines.head[link]
    length, served = lines.length_m[link], lines.served[link]
    n = max(math.ceil(length / step_m), 3 if tail == head else 1) if served else 1
    if n == 1:
        raw.pieces.append((row[tail], row[head], length, served))
        return [row[tail], row[head]]
    low, high = lines.height_m[tail], lines.height_m[head]
    known = max(raw.known[row[tail]], raw.known[row[head]])
    points = [row[tail]]
    for k, (lon, lat) in enumerate(lines.between(link, n), start=1):
        height = low + (high - low) * (k / n)
        points.append(raw.add(f"{lines.id[link]}/{k}", lon, lat, height, known))
    points.append(row[head])
    raw.pieces += [(a, b, length / n, served) for a, b in pairwise(points)]
    return points


def _around(
    pieces: list[tuple[int, int, float, bool]], rank: Ints
) -> tuple[tuple[tuple[int, int, int], ...], ...]:
    """Neighbours of each point, in order; of several pieces between two points the shortest."""
    best: dict[tuple[int, int], tuple[int, int]] = {}
    place = rank.tolist()
    for a, b, length_m, served in pieces:
        u, v = place[a], place[b]
        if u != v:
            ends = (u, v) if u < v else (v, u)
            mm = max(1, round(length_m * 1000.0))
            way = mm if served else mm * DETOUR, mm
            if ends not in best or way < best[ends]:
                best[ends] = way
    around: list[list[tuple[int, int, int]]] = [[] for _ in place]
    for (u, v), (cost, mm) in sorted(best.items()):
        around[u].append((v, mm, cost))
        around[v].append((u, mm, cost))
    return tuple(tuple(sorted(each)) for each in around)


def _attach(
    places: Places, points_of: dict[int, list[int]], rank: Ints, x_m: Floats, y_m: Floats, plane: Plane
) -> Ints:
    """The point of each place among those of its street: the nearest."""
    x, y = plane.x_m(places.lon), plane.y_m(places.lat)
    point = np.zeros(places.n_places, dtype=np.int32)
    for row in np.flatnonzero(places.access_link < 0).tolist():
        point[row] = np.hypot(x[row] - x_m, y[row] - y_m).round(3).argmin()
    rows = np.flatnonzero(places.access_link >= 0)
    links, ranks = places.access_link[rows].tolist(), rank.tolist()
    along = {link: sorted(ranks[each] for each in points_of[link]) for link in set(links)}
    n_near = np.array([len(along[link]) for link in links], dtype=np.int64)
    near = np.fromiter(chain.from_iterable(along[link] for link in links), dtype=np.int32)
    whose, first = np.repeat(np.arange(len(rows)), n_near), np.cumsum(n_near) - n_near
    away = np.hypot(x[rows][whose] - x_m[near], y[rows][whose] - y_m[near]).round(3)
    least = np.minimum.reduceat(away, first) if len(rows) else away
    nearest = np.flatnonzero(away == least[whose])
    best = nearest[np.unique(whose[nearest], return_index=True)[1]]
    point[rows] = near[best]
    return point
