"""Where a place meets the networks: its street, on the right-hand side, and its path."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from twin.territory.geometry import Plane
from twin.territory.tables import ROAD_CLASSES, Flags, Floats, Ints, Paths, Streets

NO_DOORS = tuple(ROAD_CLASSES.index(name) for name in ROAD_CLASSES if "motorway" in name or "trunk" in name)
SAMPLE_M = 10.0  # how finely a line is looked at for its nearest point
N_NEAREST = 8  # as many of these points are enough to see both sides of a street
SAME_M = 2.0  # links this close to equally near are both at the door


def with_doors(streets: Streets) -> Flags:
    """Links at which trips may start and end: of the core, no motorways, trunks nor any link roads."""
    is_link_road = np.array([name.endswith("_link") for name in ROAD_CLASSES])[streets.road_class]
    open_ = ~np.isin(streets.road_class, NO_DOORS) & ~is_link_road
    return np.asarray(streets.core & open_ if (streets.core & open_).any() else open_)


def nearest_links(x_m: Floats, y_m: Floats, streets: Streets, plane: Plane, reach_m: float) -> Ints:
    """Access link of each point: the nearest that has doors, the one whose right side it is on first.

    -1 where none is within reach.
    """
    links = np.flatnonzero(with_doors(streets))
    if len(x_m) == 0 or len(links) == 0:
        return np.full(len(x_m), -1, dtype=np.int32)
    sample_x, sample_y, along_x, along_y, of = _samples(links, streets, plane)
    k = min(N_NEAREST, len(of))
    away, row = cKDTree(np.column_stack([sample_x, sample_y])).query(np.column_stack([x_m, y_m]), k=k)
    away, row = np.round(away.reshape(len(x_m), k), 3), row.reshape(len(x_m), k)
    side = along_x[row] * (y_m[:, None] - sample_y[row]) - along_y[row] * (x_m[:, None] - sample_x[row])
    on_left = side > 0.0
    cost = np.where(away <= away[:, :1] + SAME_M, np.where(on_left, 1.0, 0.0), 2.0)
    order = np.lexsort((of[row], away, cost), axis=1)
    best = np.take_along_axis(row, order[:, :1], axis=1)[:, 0]
    return np.where(away[:, 0] <= reach_m, of[best], -1).astype(np.int32)


def _samples(links: np.ndarray, streets: Streets, plane: Plane) -> tuple[Floats, ...]:
    """Points along the links at most `SAMPLE_M` apart, the direction there, and the link row of each."""
    chosen = np.zeros(streets.n_links, dtype=bool)
    chosen[links] = True
    link = np.repeat(np.arange(streets.n_links), np.diff(streets.shape_start))
    begins = np.ones(len(link), dtype=bool)
    begins[streets.shape_start[1:] - 1] = False  # the last point of a link begins no segment
    at = np.flatnonzero(begins & chosen[link])
    x, y = plane.x_m(streets.shape_lon), plane.y_m(streets.shape_lat)
    dx, dy = x[at + 1] - x[at], y[at + 1] - y[at]
    pieces = np.maximum(1, np.ceil(np.hypot(dx, dy) / SAMPLE_M)).astype(int)
    segment = np.repeat(np.arange(len(at)), pieces)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (number + 0.5) / pieces[segment]
    columns = (
        np.round(x[at][segment] + share * dx[segment], 3),
        np.round(y[at][segment] + share * dy[segment], 3),
        dx[segment],
        dy[segment],
        link[at][segment],
    )
    return tuple(map(np.asarray, columns))


def nearest_nodes(x_m: Floats, y_m: Floats, paths: Paths) -> Ints:
    """Nearest node of the paths of each point, -1 where there are none."""
    if len(x_m) == 0 or len(paths.node_x_m) == 0:
        return np.full(len(x_m), -1, dtype=np.int32)
    nodes = np.column_stack([paths.node_x_m, paths.node_y_m])
    return np.asarray(cKDTree(nodes).query(np.column_stack([x_m, y_m]))[1], dtype=np.int32)
