"""Kernels of the synthesis: keys, draws from rows of weights, raking, shortest walking distances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import pop, push
from twin.kernels.random import mix


class PathGraph(NamedTuple):
    """Undirected paths as a forward star: arcs of node i are first[i]..first[i + 1]."""

    first: np.ndarray  # int64 (n_nodes + 1,)
    to: np.ndarray  # int32 (n_arcs,)
    length_mm: np.ndarray  # int64 (n_arcs,)
    x_mm: np.ndarray  # float64 (n_nodes,)
    y_mm: np.ndarray  # float64 (n_nodes,)


class PathSearch(NamedTuple):
    """Memory of the searches: cost and visit (n_nodes,), heap as long as there are arcs, and two."""

    cost: np.ndarray  # int64
    visit: np.ndarray  # int64, pair that reached the node; -1 before the first
    heap_cost: np.ndarray  # int64
    heap_node: np.ndarray  # int32


@kernel
def fill_keys(base: np.ndarray, number: np.ndarray, out: np.ndarray) -> None:
    """Keys of numbered things: base (n,) uint64 and number (n,) int64 read, out (n,) uint64 written."""
    for i in range(base.shape[0]):
        out[i] = mix(mix(base[i]) ^ np.uint64(number[i]))


@kernel
def fill_picks(cumulative: np.ndarray, row: np.ndarray, u: np.ndarray, out: np.ndarray) -> None:
    """Inverse-transform draws from rows of weights.

    cumulative (n_rows, n_columns) running sums of weights; row (n,) which row; u (n,) in [0, 1); out (n,)
    int32 written: the first column whose running sum exceeds u times the row's total; -1 where that is 0.
    """
    last = cumulative.shape[1] - 1
    for i in range(row.shape[0]):
        sums = cumulative[row[i]]
        if not sums[last] > 0.0:
            out[i] = -1
            continue
        aim = u[i] * sums[last]
        low, high = 0, last
        while low < high:
            middle = (low + high) >> 1
            if sums[middle] > aim:
                high = middle
            else:
                low = middle + 1
        out[i] = low


@inline_kernel
def _tilt(weights: np.ndarray, count: np.ndarray, target: float) -> None:
    """Multiply weights by x ** count so that their margin is the target: Newton's rule for log x."""
    margin, most = 0.0, 0.0
    for i in range(weights.shape[0]):
        margin += weights[i] * count[i]
        if weights[i] > 0.0 and count[i] > most:
            most = count[i]
    if not margin > 0.0:
        return
    if not target > 0.0:
        for i in range(weights.shape[0]):
            if count[i] > 0.0:
                weights[i] = 0.0
        return
    log_x = np.log(target / margin) / most
    for _ in range(100):
        margin, slope = 0.0, 0.0
        for i in range(weights.shape[0]):
            if count[i] > 0.0:
                part = weights[i] * np.exp(log_x * count[i]) * count[i]
                margin += part
                slope += part * count[i]
        if np.abs(margin - target) <= 1e-13 * target:
            break
        # Newton overshoots where the counts differ much: no step larger than a factor e
        log_x -= min(max((margin - target) / slope, -1.0), 1.0)
    for i in range(weights.shape[0]):
        if count[i] > 0.0:
            weights[i] *= np.exp(log_x * count[i])


@kernel
def rake_weights(
    weights: np.ndarray, counts: np.ndarray, targets: np.ndarray, rounds: int, tolerance: float
) -> int:
    """Meet each margin in turn, again and again: weights (n,) written, counts (m, n), targets (m,) read.

    Ends when no margin is further from its target than this part of the target, or after so many rounds;
    returns the rounds made.
    """
    for made in range(rounds):
        for j in range(targets.shape[0]):
            _tilt(weights, counts[j], targets[j])
        met = True
        for j in range(targets.shape[0]):
            margin = 0.0
            for i in range(weights.shape[0]):
                margin += weights[i] * counts[j, i]
            met = met and np.abs(margin - targets[j]) <= tolerance * targets[j]
        if met:
            return made + 1
    return rounds


@kernel
def fill_path_lengths(
    graph: PathGraph,
    search: PathSearch,
    origin: np.ndarray,
    destination: np.ndarray,
    limit_mm: np.ndarray,
    out_mm: np.ndarray,
) -> None:
    """Shortest distance along paths for each pair of nodes, -1 where it exceeds the pair's limit.

    A* (Hart, Nilsson & Raphael 1968, IEEE Trans. SSC 4(2)) with 98 % of the straight line as lower bound:
    the margin covers the scale of the projection. All int64 (n,); distances in whole mm.
    """
    cost, visit = search.cost, search.visit
    heap_cost, heap_node = search.heap_cost, search.heap_node
    for i in range(origin.shape[0]):
        out_mm[i] = -1
        goal = destination[i]
        goal_x, goal_y = graph.x_mm[goal], graph.y_mm[goal]
        cost[origin[i]] = 0
        visit[origin[i]] = i
        size = push(heap_cost, heap_node, 0, 0, origin[i])
        while size > 0:
            bound, node = heap_cost[0], heap_node[0]
            size = pop(heap_cost, heap_node, size)
            if bound > limit_mm[i]:
                break
            if node == goal:
                out_mm[i] = cost[node]
                break
            for k in range(graph.first[node], graph.first[node + 1]):
                after = graph.to[k]
                reached = cost[node] + graph.length_mm[k]
                if visit[after] == i and cost[after] <= reached:
                    continue
                visit[after] = i
                cost[after] = reached
                dx, dy = graph.x_mm[after] - goal_x, graph.y_mm[after] - goal_y
                rest = np.int64(0.98 * np.sqrt(dx * dx + dy * dy))
                size = push(heap_cost, heap_node, size, reached + rest, after)
