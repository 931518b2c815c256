"""Heights of street nodes: from `ele` tags and from a file of heights; elsewhere flat is assumed.

A height is observed where the map has it, given where a file has it, and assumed where there is neither;
one that leans on the filling of a void of the file is a height, and assumed.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.errors import InputError
from twin.readers.geotiff import HeightGrid, read_height_grid
from twin.readers.hgt import read_hgt
from twin.readers.osm import OsmExtract
from twin.readers.osm_bounds import check_coordinates
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import ASSUMED, GIVEN, OBSERVED, Floats, Longs, Streets

HEIGHT = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,3})?")
RANGE_M = (-500.0, 9000.0)

Heights = list[tuple[float, float, float]]
Spots = Mapping[int, tuple[float, float]]
"""Longitude and latitude by node."""
HeightsAt = Callable[[HeightGrid, Floats, Floats], Floats]
"""Heights [m] of a grid at lon and lat (n,), NaN where there is none."""


@dataclass(frozen=True)
class NodeHeights:
    """Heights in metres by node and how each is known; `given`: a file of heights was read."""

    height_m: dict[int, float] = field(default_factory=dict)
    provenance: dict[int, int] = field(default_factory=dict)
    given: bool = False

    def of(self, ids: Longs) -> Floats:
        """Height of each node (n,), NaN where there is none."""
        return np.array([self.height_m.get(node, np.nan) for node in ids.tolist()], dtype=np.float64)

    def how(self, ids: Longs) -> NDArray[np.int8]:
        """How each height is known (n,), an index of `HEIGHT_PROVENANCES`."""
        return np.array([self.provenance.get(node, ASSUMED) for node in ids.tolist()], dtype=np.int8)

    def over(self, heights: dict[int, float], how: Callable[[int], int]) -> NodeHeights:
        """These, and others that come first."""
        return NodeHeights(
            self.height_m | heights, self.provenance | {node: how(node) for node in heights}, given=True
        )


def read_heights(extract: OsmExtract, file: str | Path | None, parameters: Parameters) -> NodeHeights:
    """Heights of nodes close to where they are known; the file comes first."""
    tagged = _near(extract.nodes, _tagged(extract), parameters["territory.height_tag_reach_m"])
    heights = NodeHeights(tagged, dict.fromkeys(tagged, OBSERVED))
    if file is None:
        return heights
    found, vague = _of_file(extract.nodes, Path(file), parameters)
    return heights.over(found, lambda node: ASSUMED if node in vague else GIVEN)


def streets_with_heights(streets: Streets, file: str | Path, parameters: Parameters) -> Streets:
    """Streets whose nodes have the heights of a file; where it has none, what was known stays."""
    spots = zip(streets.node_lon.tolist(), streets.node_lat.tolist(), strict=True)
    ids = streets.node_id.tolist()
    found, vague = _of_file(dict(zip(ids, spots, strict=True)), Path(file), parameters)
    before, known = streets.node_elevation_m.tolist(), streets.height_provenance.tolist()
    how = [
        (ASSUMED if node in vague else GIVEN) if node in found else was
        for node, was in zip(ids, known, strict=True)
    ]
    provenance = np.array(how, dtype=np.int8)
    return replace(
        streets,
        node_elevation_m=np.array([found.get(node, was) for node, was in zip(ids, before, strict=True)]),
        node_elevation_provenance=provenance,
        elevation_provenance=np.maximum(provenance[streets.tail], provenance[streets.head]),
    )


def _of_file(nodes: Spots, path: Path, parameters: Parameters) -> tuple[dict[int, float], set[int]]:
    """Heights of nodes that a file has, and those of them that lean on filled voids."""
    rings = int(parameters["territory.height_void_rings"])
    if path.suffix.lower() in (".tif", ".tiff"):
        return _of_cells(nodes, (read_height_grid(path), HeightGrid.at, rings), str(path))
    if path.name.lower().endswith((".hgt", ".hgt.zip")):
        return _of_cells(nodes, (read_hgt(path), HeightGrid.between, rings), str(path))
    return _near(nodes, read_height_table(path), parameters["territory.height_table_reach_m"]), set()


def _of_cells(
    nodes: Spots, grid: tuple[HeightGrid, HeightsAt, int], where: str
) -> tuple[dict[int, float], set[int]]:
    """Height of the cell that each node lies in, or between the posts around it; nodes at filled voids."""
    heights, at, rings = grid
    ids = sorted(nodes)
    place = np.array([nodes[node] for node in ids]).reshape(-1, 2)
    near = heights.around(place[:, 0], place[:, 1], rings + 1)
    found = np.round(at(near.filled(rings), place[:, 0], place[:, 1]), 2)
    read = np.isfinite(at(near, place[:, 0], place[:, 1]))
    known = np.isfinite(found)
    low, high = RANGE_M
    if not known.any() or not ((found[known] >= low) & (found[known] <= high)).all():
        raise InputError(where, "holds no usable height of the map", f"{low} to {high} m within the map")
    rows = np.flatnonzero(known).tolist()
    return {ids[row]: float(found[row]) for row in rows}, {ids[row] for row in rows if not read[row]}


def _tagged(extract: OsmExtract) -> Heights:
    found = []
    for point in extract.points:
        text = point.tags.get("ele", "").removesuffix("m").strip()
        if HEIGHT.fullmatch(text) and RANGE_M[0] <= float(text) <= RANGE_M[1]:
            found.append((point.lon, point.lat, float(text)))
    return found


def read_height_table(file: Path) -> Heights:
    """Rows of a CSV file with the columns lon, lat and elevation_m."""
    right = (
        "a CSV file with the columns lon, lat, elevation_m, a GeoTIFF (.tif) or an SRTM tile (.hgt, .hgt.zip)"
    )
    if file.suffix.lower() != ".csv":
        raise InputError(str(file), "not a table of heights", right)
    try:
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(str(file), f"cannot be read: {error}", right) from None
    return list(_parsed(rows, str(file), right))


def _parsed(rows: Iterable[dict[str, str]], where: str, right: str) -> Iterator[tuple[float, float, float]]:
    for number, row in enumerate(rows, start=2):
        try:
            lon, lat, height = (float(row[key]) for key in ("lon", "lat", "elevation_m"))
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{where}: line {number}", "three numbers cannot be read", right) from None
        check_coordinates(lon, lat, f"{where}: line {number}")
        if not math.isfinite(height) or not RANGE_M[0] <= height <= RANGE_M[1]:
            raise InputError(
                f"{where}: line {number}", f"height {height} m", f"{RANGE_M[0]} to {RANGE_M[1]} m"
            )
        yield lon, lat, height


def _near(nodes: Spots, heights: Heights, reach_m: float) -> dict[int, float]:
    """The nearest known height of each node within reach."""
    if not heights or not nodes:
        return {}
    known = np.array(heights)
    ids = np.array(sorted(nodes))
    places = np.array([nodes[node] for node in ids.tolist()])
    plane = Plane(round(float(known[:, 0].mean()), 4), round(float(known[:, 1].mean()), 4))
    tree = cKDTree(np.column_stack([plane.x_m(known[:, 0]), plane.y_m(known[:, 1])]))
    away, row = tree.query(np.column_stack([plane.x_m(places[:, 0]), plane.y_m(places[:, 1])]))
    close = away <= reach_m
    return dict(zip(ids[close].tolist(), known[row[close], 2].tolist(), strict=True))
