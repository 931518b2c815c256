"""Trees over the street skeleton: shortest paths, supply areas cut from them, and what of them is needed.

The rules are stated as graphs, without a unit of any utility: loads and reaches come as arrays.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twin.territory.tables import Floats, Ints, Longs
from twin.territory.utilities.skeleton import Skeleton

Run = tuple[int, int, float]
"""A stretch of a tree without a branch: from the source's side, to the far side, length [m]."""
ByPoint = Sequence[int] | Mapping[int, int]
"""A whole number by point: of all points, or of those of an area. (Points are looked up one by one, for
which lists are several times faster than arrays.)"""
Near = dict[int, list[tuple[int, int]]]
"""Neighbours within an area of a tree, each with the length to it in mm."""


@dataclass(frozen=True)
class Tree:
    """Shortest paths from sources (Dijkstra 1959, Numerische Mathematik 1, 269) over all points.

    parent is -1 at sources; `order` lists points from the sources outwards; mm (n,) the length of the
    piece to the parent, far_mm that of the way from the source.
    """

    parent: Ints
    mm: Longs
    far_mm: Longs
    source: Ints
    order: Ints

    @cached_property
    def parents(self) -> list[int]:
        """`parent` as a list."""
        found: list[int] = self.parent.tolist()
        return found

    @cached_property
    def lengths_mm(self) -> list[int]:
        """`mm` as a list."""
        found: list[int] = self.mm.tolist()
        return found

    @cached_property
    def outwards(self) -> list[int]:
        """`order` as a list."""
        found: list[int] = self.order.tolist()
        return found


def components(skeleton: Skeleton) -> Ints:
    """Number of the connected part of each point (n_points,), numbered by their lowest rows."""
    n, around = skeleton.n_points, skeleton.around
    begin = np.repeat(np.arange(n), [len(pieces) for pieces in around])
    end = np.array([near for pieces in around for near, _, _ in pieces], dtype=np.int64)
    graph = coo_array((np.ones(len(end), dtype=np.int8), (begin, end)), (n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def grow_tree(skeleton: Skeleton, sources: Iterable[int]) -> Tree:
    """The tree of shortest ways from the nearest of the sources; equal ways by the lower row."""
    n = skeleton.n_points
    parent, mm, far, source = [-1] * n, [0] * n, [-1] * n, [-1] * n
    heap = [(0, each, -1, 0, 0, each) for each in sorted(set(sources))]
    order = []
    while heap:
        cost, point, before, length, so_far, start = heapq.heappop(heap)
        if far[point] >= 0:
            continue
        parent[point], mm[point], far[point], source[point] = before, length, so_far, start
        order.append(point)
        for near, piece_mm, piece_cost in skeleton.around[point]:
            if far[near] < 0:
                heapq.heappush(heap, (cost + piece_cost, near, point, piece_mm, so_far + piece_mm, start))
    return Tree(
        np.array(parent, dtype=np.int32), np.array(mm, dtype=np.int64), np.array(far, dtype=np.int64),
        np.array(source, dtype=np.int32), np.array(order, dtype=np.int32),
    )  # fmt: skip


def central_points(skeleton: Skeleton, load: Floats, label: Ints) -> list[int]:
    """In every connected part with load, the point nearest to the middle of its load."""
    found = []
    for part in np.unique(label[load > 0.0]).tolist():
        rows = np.flatnonzero(label == part)
        weight = load[rows]
        x = float((skeleton.x_m[rows] * weight).sum() / weight.sum())
        y = float((skeleton.y_m[rows] * weight).sum() / weight.sum())
        away = np.hypot(skeleton.x_m[rows] - x, skeleton.y_m[rows] - y).round(3)
        found.append(int(rows[away.argmin()]))
    return found


def cut_areas(tree: Tree, load: Floats, most: Floats, reach_m: Floats) -> Ints:
    """Supply areas (n,): rows of the point nearest the source in each, -1 where nothing is to be supplied.

    From the ends of the tree inwards, branches join at a point as long as their load stays within `most`
    and the two longest of them within twice the reach; otherwise the one that does not fit is an area.
    """
    n = len(tree.parent)
    total, depth, parent = load.astype(float).tolist(), [0.0] * n, tree.parents
    up_m = (np.asarray(tree.mm) / 1000.0).tolist()
    largest, reaches_m = most.tolist(), reach_m.tolist()
    waiting: list[list[int]] = [[] for _ in range(n)]
    top = [False] * n
    for point in reversed(tree.outwards):
        deepest = 0.0
        for reach, below in sorted((depth[each] + up_m[each], each) for each in waiting[point]):
            fits = total[point] + total[below] <= largest[point] and deepest + reach <= 2.0 * reaches_m[point]
            if fits:
                total[point] += total[below]
                deepest = reach
            else:
                top[below] = True
        depth[point] = deepest
        if parent[point] >= 0:
            if total[point] > 0.0:
                waiting[parent[point]].append(point)
        else:
            top[point] = True
    area = [-1] * n
    joined = {below for rows in waiting for below in rows}
    for point in tree.outwards:
        if total[point] <= 0.0:
            continue
        above = parent[point]
        area[point] = point if top[point] or point not in joined or above < 0 else area[above]
    return np.array(area, dtype=np.int32)


def points_by_area(area: Ints) -> dict[int, list[int]]:
    """Points of each supply area, in order of their first points."""
    members: dict[int, list[int]] = {}
    for point, top in enumerate(area.tolist()):
        if top >= 0:
            members.setdefault(top, []).append(point)
    return members


def needed_runs(
    parent: ByPoint, mm: ByPoint, order: Sequence[int], wanted: Iterable[int]
) -> tuple[list[Run], list[int]]:
    """Stretches of a tree that lead to wanted points, and the points where they meet, roots included.

    Only ends, branches and wanted points are kept; a stretch is as long as its pieces together.
    """
    kept, used = set(wanted), set()
    for point in kept:
        at = point
        while at >= 0 and at not in used:
            used.add(at)
            at = parent[at]
    branches: dict[int, int] = {}
    for point in used:
        above = parent[point]
        if above >= 0:
            branches[above] = branches.get(above, 0) + 1
    kept |= {point for point in used if parent[point] < 0 or branches.get(point, 0) > 1}
    runs: list[Run] = []
    for point in order:
        if point not in kept or parent[point] < 0:
            continue
        at, total = parent[point], mm[point]
        while at not in kept:
            total += mm[at]
            at = parent[at]
        runs.append((at, point, total / 1000.0))
    return runs, sorted(kept)


def beyond(runs: Sequence[Run], load: Floats) -> dict[int, float]:
    """Load at and beyond the far end of each stretch; stretches come from the source outwards."""
    flow: dict[int, float] = {head: float(load[head]) for _, head, _ in runs}
    for tail, head, _ in reversed(runs):
        if tail in flow:
            flow[tail] += flow[head]
    return flow


def middle_of(near: Near) -> int:
    """The middle of the longest way within a connected area of a tree: nobody is farther than need be."""
    first = _farthest(next(iter(near)), near)[0]
    last, before, far = _farthest(first, near)
    half, at = far[last] / 2, last
    while at != first and far[at] > half:
        at = before[at]
    return at


def rerooted(near: Near, root: int) -> tuple[dict[int, int], dict[int, int], list[int]]:
    """The tree within an area, hung from another of its points: parent, mm, order."""
    parent, mm, order = {root: -1}, {root: 0}, [root]
    for point in order:
        for other, length in near[point]:
            if other not in parent:
                parent[other], mm[other] = point, length
                order.append(other)
    return parent, mm, order


def within_area(points: Sequence[int], tree: Tree) -> Near:
    """What of a tree lies within an area."""
    parent, mm = tree.parents, tree.lengths_mm
    near: Near = {each: [] for each in points}
    for point in points:
        above = parent[point]
        if above in near:
            near[point].append((above, mm[point]))
            near[above].append((point, mm[point]))
    return near


def _farthest(start: int, near: Near) -> tuple[int, dict[int, int], dict[int, int]]:
    """The point farthest from a start, each point's predecessor, and its distance."""
    before, far, stack = {start: start}, {start: 0}, [start]
    while stack:
        point = stack.pop()
        for other, mm in near[point]:
            if other not in far:
                before[other], far[other] = point, far[point] + mm
                stack.append(other)
    return max(far, key=lambda each: (far[each], -each)), before, far
