"""Trees over the street skeleton: shortest paths, supply areas cut from them, and what of them is needed.

The rules are stated as graphs, without a unit of any utility: loads and reaches come as arrays.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Floats, Ints, Longs
from twin.territory.utilities.skeleton import Skeleton

Run = tuple[int, int, float]
"""A stretch of a tree without a branch: from the source's side, to the far side, length [m]."""


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

    def children(self) -> list[list[int]]:
        """Points that hang from each point, nearest first."""
        below: list[list[int]] = [[] for _ in self.parent]
        for point in self.order.tolist():
            if self.parent[point] >= 0:
                below[self.parent[point]].append(point)
        return below


def components(skeleton: Skeleton) -> Ints:
    """Label of the connected part of each point, numbered by their lowest rows."""
    label = np.full(skeleton.n_points, -1, dtype=np.int32)
    n_parts = 0
    for start in range(skeleton.n_points):
        if label[start] >= 0:
            continue
        label[start], stack = n_parts, [start]
        while stack:
            for near, _, _ in skeleton.around[stack.pop()]:
                if label[near] < 0:
                    label[near] = n_parts
                    stack.append(near)
        n_parts += 1
    return label


def grow_tree(skeleton: Skeleton, sources: Iterable[int]) -> Tree:
    """The tree of shortest ways from the nearest of the sources; equal ways by the lower row."""
    n = skeleton.n_points
    parent, mm = np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.int64)
    far, source = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int32)
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
    return Tree(parent, mm, far, source, np.array(order, dtype=np.int32))


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
    total, depth, parent = load.astype(float).tolist(), [0.0] * n, np.asarray(tree.parent).tolist()
    up_m = (np.asarray(tree.mm) / 1000.0).tolist()
    largest, reaches_m = most.tolist(), reach_m.tolist()
    waiting: list[list[int]] = [[] for _ in range(n)]
    top = [False] * n
    for point in tree.order[::-1].tolist():
        deepest = 0.0
        for below in sorted(waiting[point], key=lambda each: (depth[each] + up_m[each], each)):
            reach = depth[below] + up_m[below]
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
    area = np.full(n, -1, dtype=np.int32)
    joined = {below for rows in waiting for below in rows}
    for point in tree.order.tolist():
        if total[point] <= 0.0:
            continue
        above = parent[point]
        area[point] = point if top[point] or point not in joined or above < 0 else area[above]
    return area


def needed_runs(
    parent: Sequence[int] | Ints, mm: Longs, order: Ints, wanted: Iterable[int]
) -> tuple[list[Run], list[int]]:
    """Stretches of a tree that lead to wanted points, and the points where they meet, roots included.

    Only ends, branches and wanted points are kept; a stretch is as long as its pieces together.
    """
    kept, used = set(wanted), set()
    for point in kept:
        at = point
        while at >= 0 and at not in used:
            used.add(at)
            at = int(parent[at])
    branches: dict[int, int] = {}
    for point in used:
        if parent[point] >= 0:
            branches[int(parent[point])] = branches.get(int(parent[point]), 0) + 1
    kept |= {point for point in used if parent[point] < 0 or branches.get(point, 0) > 1}
    runs: list[Run] = []
    for point in order.tolist():
        if point not in kept or parent[point] < 0:
            continue
        at, total = int(parent[point]), int(mm[point])
        while at not in kept:
            total += int(mm[at])
            at = int(parent[at])
        runs.append((at, point, total / 1000.0))
    return runs, sorted(kept)


def middle_of(points: Sequence[int], tree: Tree) -> int:
    """The middle of the longest way within a connected area of the tree: nobody is farther than need be."""
    near = _within(points, tree)
    first = _farthest(points[0], near)[0]
    last, before, far = _farthest(first, near)
    half, at = far[last] / 2, last
    while at != first and far[at] > half:
        at = before[at]
    return at


def rerooted(points: Sequence[int], tree: Tree, root: int) -> tuple[Ints, Longs, Ints]:
    """The tree within an area, hung from another of its points: parent, mm, order."""
    near = _within(points, tree)
    parent, mm = np.full(len(tree.parent), -1, dtype=np.int32), np.zeros(len(tree.parent), dtype=np.int64)
    order, seen = [root], {root}
    for point in order:
        for other, length in near[point]:
            if other not in seen:
                seen.add(other)
                parent[other], mm[other] = point, length
                order.append(other)
    return parent, mm, np.array(order, dtype=np.int32)


def _within(points: Sequence[int], tree: Tree) -> dict[int, list[tuple[int, int]]]:
    inside = set(points)
    near: dict[int, list[tuple[int, int]]] = {each: [] for each in points}
    for point in points:
        above = int(tree.parent[point])
        if above in inside:
            near[point].append((above, int(tree.mm[point])))
            near[above].append((point, int(tree.mm[point])))
    return near


def _farthest(
    start: int, near: dict[int, list[tuple[int, int]]]
) -> tuple[int, dict[int, int], dict[int, int]]:
    """The point farthest from a start, each point's predecessor, and its distance."""
    before, far, stack = {start: start}, {start: 0}, [start]
    while stack:
        point = stack.pop()
        for other, mm in near[point]:
            if other not in far:
                before[other], far[other] = point, far[point] + mm
                stack.append(other)
    return max(far, key=lambda each: (far[each], -each)), before, far
