"""Elimination of the states of a network in a given order: the shape of its hierarchy."""

from __future__ import annotations

import numpy as np

from twin.kernels import hierarchy as shapes
from twin.kernels.hierarchy import Shape
from twin.kernels.hierarchy_weights import Given
from twin.routing.dissection import Pairs
from twin.routing.topology import star


def edges_of(begin: np.ndarray, end: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of states with a step between them, each once."""
    pair = np.unique(np.minimum(begin, end) * n + np.maximum(begin, end))
    return pair // n, pair % n


def shape_of(edges: Pairs, rank: np.ndarray, xy_m: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, Shape]:
    """Places of states in the order of elimination, subtrees together, and the shape in these places."""
    parent, up_first, _ = _eliminated(edges, rank)
    family = np.empty((3, rank.shape[0]), dtype=np.int32)
    moved = np.empty(rank.shape[0], dtype=np.int32)
    shapes.postorder(parent, family, moved)
    degree = np.empty(rank.shape[0], dtype=np.int64)
    degree[moved] = np.diff(up_first)
    above = np.empty(rank.shape[0], dtype=np.int64)
    above[moved] = np.append(moved, rank.shape[0])[parent]
    place = _lined_up(moved[rank], above, degree, xy_m).astype(np.int32)
    parent, up_first, raw_head = _eliminated(edges, place.astype(np.int64))
    n, n_arcs = rank.shape[0], int(up_first[-1])
    head, levels, run_end, low, down = (np.empty(n_arcs, dtype=np.int32) for _ in range(5))
    level, down_first = np.empty(n, dtype=np.int32), np.empty(n + 1, dtype=np.int64)
    shape = Shape(parent, level, up_first, head, levels, run_end, low, down_first, down)
    shapes.sort_arcs(raw_head, shape)
    return place, shape


def _lined_up(
    place: np.ndarray, parent: np.ndarray, degree: np.ndarray, xy_m: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Places such that the states of one separator follow each other as on the map.

    States in a row that are joined to all the same (supernodes) may be eliminated in any order among
    themselves; on the map's, what a state below is joined to of them is most often one run.
    """
    n = place.shape[0]
    goes_on = np.zeros(n, dtype=np.bool_)
    goes_on[1:] = (parent[:-1] == np.arange(1, n)) & (degree[:-1] == degree[1:] + 1)
    group = np.cumsum(~goes_on) - 1
    state = np.empty(n, dtype=np.int64)
    state[place] = np.arange(n)
    x, y = (column[state] - _mean(column[state], group)[group] for column in xy_m)
    angle = 0.5 * np.arctan2(2.0 * _mean(x * y, group), _mean(x * x, group) - _mean(y * y, group))[group]
    along = x * np.cos(angle) + y * np.sin(angle)  # the principal axis
    lined = np.empty(n, dtype=np.int64)
    lined[state[np.lexsort((np.arange(n), along, group))]] = np.arange(n)
    return lined


def _mean(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    return np.asarray(np.bincount(group, weights=values) / np.bincount(group))


def _eliminated(
    edges: tuple[np.ndarray, np.ndarray], place: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents in the elimination tree, and the arcs upwards; the room for them doubles until they fit."""
    n = place.shape[0]
    ends = np.sort(np.stack([place[edges[0]], place[edges[1]]]), axis=0)
    first, order = star(ends[0], n)
    upper = ends[1][order].astype(np.int32)
    parent, up_first = np.empty(n, dtype=np.int32), np.zeros(n + 1, dtype=np.int64)
    family, room = np.empty((3, n), dtype=np.int32), 8 * (n + upper.shape[0])
    while True:
        heads = np.empty(room, dtype=np.int32)
        if shapes.eliminate(first, upper, parent, family, up_first, heads):
            return parent, up_first, heads[: up_first[-1]]
        room *= 2


def links_of_arcs(
    shape: Shape, begin: np.ndarray, end: np.ndarray, link: np.ndarray, key: np.ndarray
) -> Given:
    """The links of each arc."""
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    arc = np.empty(low.shape[0], dtype=np.int32)
    shapes.locate_arcs(shape, low, high, arc)
    order = np.lexsort((key[link], arc))
    first = np.searchsorted(low[order], np.arange(shape.parent.shape[0] + 1)).astype(np.int64)
    return Given(first, arc[order], (begin < end)[order], link[order].astype(np.int32))
