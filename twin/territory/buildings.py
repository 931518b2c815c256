"""Footprints of buildings and areas of interest, and how densely the ground around them is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from twin.readers.osm import Box, OsmExtract, OsmPoint, Tags
from twin.scenario.ledger import Parameters
from twin.territory.communes import join_chains
from twin.territory.geometry import Plane, in_box, positions
from twin.territory.tables import Floats, Longs
from twin.territory.uses import NONE, point_use


@dataclass(frozen=True)
class Footprint:
    """Outline of a building or an area: outside id, tags, centre, area, corners in the plane."""

    id: str
    tags: Tags
    lon: float
    lat: float
    area_m2: float
    corners: Floats

    @property
    def is_building(self) -> bool:
        """Whether it is a building, not an area of interest."""
        return self.tags.get("building", "no") != "no"


def read_footprints(
    extract: OsmExtract, plane: Plane, box: Box | None, parameters: Parameters, repairs: Counter[str]
) -> list[Footprint]:
    """Buildings and areas of interest whose centre lies in the box, by outside id."""
    least_m2 = parameters["territory.least_building_m2"]
    nodes = extract.nodes
    outlined, rings, n_rings = [], [], []
    for outside_id, tags, outlines in _outlines(extract):
        present = [[node for node in outline if node in nodes] for outline in outlines]
        present = [ring for ring in present if len(ring) >= 3]
        if not present:
            repairs["footprints_without_area"] += 1
            continue
        outlined.append((outside_id, tags))
        rings += present
        n_rings.append(len(present))
    if not rings:
        return []
    shapes = _shapes(positions(nodes, [node for ring in rings for node in ring]), rings, n_rings, plane)
    found = []
    for (outside_id, tags), lon, lat, area, corners in zip(outlined, *shapes, strict=True):
        if box is not None and not in_box(lon, lat, box):
            continue
        if tags.get("building", "no") != "no" and area < least_m2:
            repairs["sheds_left_out"] += 1
            continue
        found.append(Footprint(outside_id, tags, lon, lat, area, corners))
    return found


def _shapes(
    place: Floats, rings: Sequence[Sequence[int]], n_rings: Sequence[int], plane: Plane
) -> tuple[list[float], list[float], list[float], list[Floats]]:
    """Of each outline: lon and lat of its first ring's middle, area in m2, corners in the plane."""
    size = np.array([len(ring) for ring in rings])
    start = np.concatenate([[0], np.cumsum(size)])
    first = np.concatenate([[0], np.cumsum(n_rings)])
    middle = _means(place, size)
    corners = np.column_stack([plane.x_m(place[:, 0]), plane.y_m(place[:, 1])])
    area = np.add.reduceat(_ring_areas_m2(corners, start), first[:-1])
    bounds = start[first].tolist()
    lon, lat = ([round(each, 7) for each in column.tolist()] for column in middle[first[:-1]].T)
    areas = [round(each, 1) for each in area.tolist()]
    return lon, lat, areas, [corners[a:b] for a, b in pairwise(bounds)]


def _ring_areas_m2(corners: Floats, start: Longs) -> Floats:
    """Area of each ring (shoelace formula over whole mm, so exact), see `ring_area_m2`."""
    size = np.diff(start)
    mm = np.rint(1000.0 * corners).astype(np.int64)
    mm -= np.repeat(mm[start[:-1]], size, axis=0)  # from the first corner: small numbers
    before = np.arange(len(mm)) - 1
    before[start[:-1]] = start[1:] - 1
    twice = mm[before, 0] * mm[:, 1] - mm[:, 0] * mm[before, 1]
    return np.asarray(np.abs(np.add.reduceat(twice, start[:-1])) / 2e6)


def _outlines(extract: OsmExtract) -> Iterator[tuple[str, Tags, list[Sequence[int]]]]:
    """Outside id, tags and outer rings (without their repeated last node) of what may be a place."""
    for way in sorted(extract.ways.values(), key=lambda way: way.id):
        wanted = way.tags.get("building", "no") != "no" or point_use(way.tags) != NONE
        if wanted and len(way.refs) > 3 and way.refs[0] == way.refs[-1]:
            yield f"way:{way.id}", way.tags, [way.refs[:-1]]
    for relation in sorted(extract.relations, key=lambda relation: relation.id):
        if relation.tags.get("building", "no") != "no":
            outer = [ref for kind, ref, role in relation.members if kind == "w" and role != "inner"]
            chains = join_chains([extract.ways[ref].refs for ref in outer if ref in extract.ways])
            yield f"relation:{relation.id}", relation.tags, [c[:-1] for c in chains if c[0] == c[-1]]


def middles(footprints: Sequence[Footprint]) -> Floats:
    """Mean of each footprint's corners in the plane, (n, 2)."""
    if not footprints:
        return np.zeros((0, 2))
    size = np.array([len(each.corners) for each in footprints])
    return _means(np.vstack([each.corners for each in footprints]), size)


def _means(points: Floats, size: Longs) -> Floats:
    """Mean of each run of points (n_runs, 2), added up one after another on every machine."""
    run = np.repeat(np.arange(len(size)), size)
    return np.column_stack([np.bincount(run, weights=column) / size for column in points.T])


def built_share(buildings: Sequence[Footprint], radius_m: float) -> Floats:
    """Share of the ground within a radius of each building that is built on (n_buildings,)."""
    if not buildings:
        return np.zeros(0)
    centres = middles(buildings)
    area = np.array([round(each.area_m2 * 10) for each in buildings])
    tree = cKDTree(centres)
    near = tree.sparse_distance_matrix(tree, radius_m, output_type="ndarray")
    # whole numbers, so that sums do not depend on their order
    built = np.bincount(near["i"], weights=area[near["j"]], minlength=len(area)) / 10.0
    return np.round(built / (np.pi * radius_m**2), 4)


def owners(points: Sequence[OsmPoint], buildings: Sequence[Footprint], plane: Plane, most_m: float) -> Longs:
    """Building that each point belongs to: the one with the nearest corner; -1 beyond `most_m`."""
    if not points or not buildings:
        return np.full(len(points), -1)
    corners = np.vstack([each.corners for each in buildings])
    of = np.repeat(np.arange(len(buildings)), [len(each.corners) for each in buildings])
    x = plane.x_m(np.array([point.lon for point in points]))
    y = plane.y_m(np.array([point.lat for point in points]))
    away, corner = cKDTree(corners).query(np.column_stack([x, y]))
    return np.where(away <= most_m, of[corner], -1)
