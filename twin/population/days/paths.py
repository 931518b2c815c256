"""Walking and cycling distances along the paths of the territory."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from twin.kernels.synthesis import PathGraph, PathSearch, fill_path_lengths
from twin.population.days.legs import ResidentTrips
from twin.population.tables import CYCLE, WALK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LIMIT_FACTOR = 4.0
LIMIT_EXTRA_M = 1_000.0
"""A path is sought up to so many times the straight line, plus so much. This bounds the search and nothing
else: who finds no path within it walks the straight line times the ledger's detour factor."""


def leg_distances_m(
    territory: Territory, legs: ResidentTrips, mode: np.ndarray, parameters: Parameters
) -> tuple[np.ndarray, int]:
    """Planning distance of legs (n,) [m], and how many walks and rides found no way along the paths.

    Along paths on foot and by cycle, where they lead there; else the straight line times a detour factor.
    """
    active = (mode == WALK) | (mode == CYCLE)
    factors = parameters["population.detour_factor_walk"], parameters["population.detour_factor_car"]
    distance = legs.straight_m * np.where(active, factors[0], factors[1])
    paths = territory.paths
    # who finds no way on foot takes any path; who cycles pushes where riding is not allowed
    either = paths.walk | paths.cycle
    pending = active & ~legs.outside
    for each, usable in ((WALK, paths.walk), (WALK, either), (CYCLE, either)):
        rows = np.flatnonzero(pending & (mode == each))
        origin = territory.places.path_node[legs.origin_place[rows]]
        destination = territory.places.path_node[legs.destination_place[rows]]
        straight_m = legs.straight_m[rows]
        found = path_distances_m(path_graph(territory, usable), origin, destination, straight_m)
        known = np.isfinite(found)
        distance[rows[known]] = np.maximum(found[known], straight_m[known])
        pending[rows[known]] = False
    return np.maximum(distance, parameters["population.shortest_trip_m"]), int(pending.sum())


def path_graph(
    territory: Territory, usable: np.ndarray, pace: tuple[np.ndarray, np.ndarray] | None = None
) -> PathGraph:
    """The usable paths (mask over rows) as a graph both ways, in whole mm.

    With a pace, lengths are those of a flat path that takes as long: over the speed along each path and
    back, (n_paths,) each, as shares of the flat speed; and the plane shrinks by the largest of them.
    """
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
    if pace is not None:
        share = np.concatenate([pace[0][usable], pace[1][usable]])
        fastest = float(share.max(initial=1.0))
        lengths = np.ceil(lengths / share).astype(np.int64)
        x_mm, y_mm = x_mm / fastest, y_mm / fastest
    return PathGraph(first, head[order].astype(np.int32), lengths[order], x_mm.copy(), y_mm.copy())


def components(graph: PathGraph) -> np.ndarray:
    """Number of the connected part of each node (n_nodes,), numbered by their lowest nodes.

    >>> line = np.array([0, 1, 2, 2]), np.array([1, 0], dtype=np.int32), np.array([5, 5])
    >>> components(PathGraph(*line, np.zeros(3), np.zeros(3))).tolist()
    [0, 0, 1]
    """
    n_nodes, joined = len(graph.x_mm), np.ones(len(graph.to), dtype=np.int8)
    label: np.ndarray = connected_components(
        csr_array((joined, graph.to, graph.first), (n_nodes, n_nodes)), directed=False
    )[1]
    return label


def path_distances_m(
    graph: PathGraph,
    origin: np.ndarray,
    destination: np.ndarray,
    straight_m: np.ndarray,
    least_share: float = 1.0,
) -> np.ndarray:
    """Shortest distance between path nodes (n,) [m]; NaN where there is none within the limit.

    Each pair of nodes is searched once, for both directions; each direction by itself in a graph with a
    pace, whose slowest is ``least_share``.
    """
    component = components(graph)
    known = (origin >= 0) & (destination >= 0)
    known &= component[np.maximum(origin, 0)] == component[np.maximum(destination, 0)]
    low, high = origin[known].astype(np.int64), destination[known]
    if least_share == 1.0:
        low, high = np.minimum(low, high), np.maximum(low, high)
    pairs, back = np.unique(low.astype(np.int64) * len(graph.x_mm) + high, return_inverse=True)
    limit = np.zeros(len(pairs))
    np.maximum.at(limit, back, (LIMIT_FACTOR * straight_m[known] + LIMIT_EXTRA_M) / least_share)
    found = np.empty(len(pairs), dtype=np.int64)
    a, b = pairs // len(graph.x_mm), pairs % len(graph.x_mm)
    n_nodes, n_arcs = len(graph.x_mm), len(graph.to)
    search = PathSearch(
        np.zeros(n_nodes, dtype=np.int64),
        np.full(n_nodes, -1, dtype=np.int64),
        np.zeros(n_arcs + 2, dtype=np.int64),
        np.zeros(n_arcs + 2, dtype=np.int32),
    )
    fill_path_lengths(graph, search, a, b, np.ceil(1_000.0 * limit).astype(np.int64), found)
    out = np.full(len(origin), np.nan)
    out[known] = np.where(found < 0, np.nan, found / 1_000.0)[back]
    return out
