"""On which side of a two-way street a car trip starts and ends: the side that makes the trip shortest.

An address lies on a street, not on one direction of it: who leaves pulls out the way he goes, who
arrives comes from where he comes. Without it, half the trips would turn round at the next junction.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.paths import BLOCKED, RouteQueries, Topology
from twin.routing.search import bounds_to, times_between

SAME_STREET_SHARE = 0.01
"""Two directions of one street differ in length by less than this share: they are drawn as one line, and
differ only by what was merged into a junction. It reads the map, and assumes nothing of anybody."""


def other_directions(tail: np.ndarray, head: np.ndarray, length_m: np.ndarray) -> np.ndarray:
    """The link that is the other direction of each link's street, (n_links,) int32; -1 on one-way streets.

    >>> other_directions(np.array([0, 1, 1]), np.array([1, 0, 2]), np.array([50.0, 50.0, 80.0])).tolist()
    [1, 0, -1]
    """
    by_ends: dict[tuple[int, int], list[int]] = {}
    for link, ends in enumerate(zip(tail.tolist(), head.tolist(), strict=True)):
        by_ends.setdefault(ends, []).append(link)
    other = np.full(tail.shape[0], -1, dtype=np.int32)
    for link, (a, b) in enumerate(zip(tail.tolist(), head.tolist(), strict=True)):
        close = [
            (abs(length_m[each] - length_m[link]), each)
            for each in by_ends.get((b, a), [])
            if each != link and abs(length_m[each] - length_m[link]) <= SAME_STREET_SHARE * length_m[link]
        ]
        if close:
            other[link] = min(close)[1]
    return other


def best_sides(
    topology: Topology, free_ms: np.ndarray, length_m: np.ndarray, queries: RouteQueries, rows: np.ndarray
) -> RouteQueries:
    """The trips with the sides of their origin and destination streets that are quickest in free flow.

    Only trips ``rows`` are looked at; among equal times the address's own direction stands.
    """
    other = other_directions(topology.tail, topology.head, length_m)
    origin, destination = queries.origin.copy(), queries.destination.copy()
    ends = np.unique(destination[rows])
    turned = other[ends]
    bounds = bounds_to(topology, free_ms, np.concatenate([ends, turned[turned >= 0]]))
    best_ms = np.full(rows.shape[0], np.iinfo(np.int64).max)
    best_o, best_d = origin[rows].copy(), destination[rows].copy()
    for from_other in (False, True):
        o = other[origin[rows]] if from_other else origin[rows]
        for to_other in (False, True):
            d = other[destination[rows]] if to_other else destination[rows]
            there = (o >= 0) & (d >= 0) & (o != d)
            between = times_between(topology, bounds, o, d)
            total = between + free_ms[o] + free_ms[d]
            better = there & (between < BLOCKED) & (total < best_ms)
            best_ms = np.where(better, total, best_ms)
            best_o, best_d = np.where(better, o, best_o), np.where(better, d, best_d)
    origin[rows], destination[rows] = best_o, best_d
    return queries._replace(origin=origin, destination=destination)
