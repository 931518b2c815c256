"""Heights of street nodes: from `ele` tags and from a file of heights; elsewhere flat is assumed."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from twin.errors import InputError
from twin.readers.geotiff import read_height_grid
from twin.readers.hgt import read_hgt
from twin.readers.osm import OsmExtract
from twin.readers.osm_bounds import check_coordinates
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane

HEIGHT = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,3})?")
RANGE_M = (-500.0, 9000.0)

Heights = list[tuple[float, float, float]]
HeightsAt = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Heights [m] at lon and lat (n,), NaN where there is none."""


def read_heights(extract: OsmExtract, file: str | Path | None, parameters: Parameters) -> dict[int, float]:
    """Height in metres by node, for nodes close to where it is known; the file comes first."""
    heights = _near(extract, _tagged(extract), parameters["territory.height_tag_reach_m"])
    if file is None:
        return heights
    path = Path(file)
    if path.suffix.lower() in (".tif", ".tiff"):
        grid = read_height_grid(path)
        return heights | _of_cells(extract, grid.at, str(path))
    if path.name.lower().endswith((".hgt", ".hgt.zip")):
        return heights | _of_cells(extract, read_hgt(path).between, str(path))
    return heights | _near(extract, read_height_table(path), parameters["territory.height_table_reach_m"])


def _of_cells(extract: OsmExtract, heights_at: HeightsAt, where: str) -> dict[int, float]:
    """Height of the cell that each node lies in, or between the posts around it."""
    ids = sorted(extract.nodes)
    place = np.array([extract.nodes[node] for node in ids]).reshape(-1, 2)
    found = np.round(heights_at(place[:, 0], place[:, 1]), 2)
    known = np.isfinite(found)
    low, high = RANGE_M
    if not known.any() or not ((found[known] >= low) & (found[known] <= high)).all():
        raise InputError(where, "holds no usable height of the map", f"{low} to {high} m within the map")
    return {node: float(height) for node, height, has in zip(ids, found, known, strict=True) if has}


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


def _near(extract: OsmExtract, heights: Heights, reach_m: float) -> dict[int, float]:
    """The nearest known height of each node within reach."""
    if not heights or not extract.nodes:
        return {}
    known = np.array(heights)
    ids = np.array(sorted(extract.nodes))
    places = np.array([extract.nodes[node] for node in ids.tolist()])
    plane = Plane(round(float(known[:, 0].mean()), 4), round(float(known[:, 1].mean()), 4))
    tree = cKDTree(np.column_stack([plane.x_m(known[:, 0]), plane.y_m(known[:, 1])]))
    away, row = tree.query(np.column_stack([plane.x_m(places[:, 0]), plane.y_m(places[:, 1])]))
    close = away <= reach_m
    return dict(zip(ids[close].tolist(), known[row[close], 2].tolist(), strict=True))
