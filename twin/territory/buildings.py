"""Footprints of buildings and areas of interest, and how densely the ground around them is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from twin.readers.osm import Box, OsmExtract, OsmPoint, Tags
from twin.scenario.ledger import Parameters
from twin.territory.communes import join_chains
from twin.territory.geometry import Plane, in_box, ring_area_m2
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
    found = []
    for outside_id, tags, outlines in _outlines(extract):
        rings = [[n for n in outline if n in extract.nodes] for outline in outlines]
        rings = [ring for ring in rings if len(ring) >= 3]
        if not rings:
            repairs["footprints_without_area"] += 1
            continue
        shape = [np.array([extract.nodes[node] for node in ring]) for ring in rings]
        lon, lat = (round(float(each), 7) for each in shape[0].mean(axis=0))
        if box is not None and not in_box(lon, lat, box):
            continue
        planes = [np.column_stack([plane.x_m(ring[:, 0]), plane.y_m(ring[:, 1])]) for ring in shape]
        area = round(sum(ring_area_m2(ring[:, 0].tolist(), ring[:, 1].tolist()) for ring in planes), 1)
        if tags.get("building", "no") != "no" and area < least_m2:
            repairs["sheds_left_out"] += 1
            continue
        found.append(Footprint(outside_id, tags, lon, lat, area, np.vstack(planes)))
    return found


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


def coverage(buildings: Sequence[Footprint], radius_m: float) -> Floats:
    """Share of the ground within a radius of each building that is built on (n_buildings,)."""
    if not buildings:
        return np.zeros(0)
    centres = np.array([each.corners.mean(axis=0) for each in buildings])
    area = np.array([round(each.area_m2 * 10) for each in buildings])
    near = cKDTree(centres).query_ball_point(centres, radius_m)
    built = np.array([int(area[rows].sum()) for rows in near]) / 10.0
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
