"""Walking and cycling distances along the paths of the territory."""

from __future__ import annotations

import numpy as np

from twin.kernels.synthesis import PathGraph, fill_path_lengths
from twin.territory.territory import Territory

LIMIT_FACTOR = 4.0
LIMIT_EXTRA_M = 1_000.0
"""A path is sought up to so many times the straight line, plus so much."""


def path_graph(territory: Territory, usable: np.ndarray) -> PathGraph:
    """The usable paths (mask over rows) as a graph both ways, in whole mm."""
    paths = territory.paths
    u, v = paths.u[usable].astype(np.int64), paths.v[usable].astype(np.int64)
    x_mm, y_mm = 1_000.0 * paths.node_x_m, 1_000.0 * paths.node_y_m
    straight = np.sqrt((x_mm[u] - x_mm[v]) ** 2 + (y_mm[u] - y_mm[v]) ** 2)
    # no path is shorter than the straight line, which the search relies on
    length = np.ceil(np.maximum(1_000.0 * paths.length_m[usable], straight)).astype(np.int64)
    tail, head = np.concatenate([u, v]), np.concatenate([v, u])
    order = np.lexsort((head, tail))
    first = np.zeros(len(x_mm) + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=len(x_mm)), out=first[1:])
    lengths = np.concatenate([length, length])
    return PathGraph(first, head[order].astype(np.int32), lengths[order], x_mm.copy(), y_mm.copy())


def path_distances_m(
    graph: PathGraph, origin: np.ndarray, destination: np.ndarray, straight_m: np.ndarray
) -> np.ndarray:
    """Shortest distance between path nodes (n,) [m]; NaN where there is none within the limit.

    Each pair of nodes is searched once, for both directions.
    """
    known = (origin >= 0) & (destination >= 0)
    low, high = np.minimum(origin, destination)[known], np.maximum(origin, destination)[known]
    pairs, back = np.unique(low.astype(np.int64) * len(graph.x_mm) + high, return_inverse=True)
    limit = np.zeros(len(pairs))
    np.maximum.at(limit, back, LIMIT_FACTOR * straight_m[known] + LIMIT_EXTRA_M)
    found = np.empty(len(pairs), dtype=np.int64)
    a, b = pairs // len(graph.x_mm), pairs % len(graph.x_mm)
    fill_path_lengths(graph, a, b, np.ceil(1_000.0 * limit).astype(np.int64), found)
    out = np.full(len(origin), np.nan)
    out[known] = np.where(found < 0, np.nan, found / 1_000.0)[back]
    return out
