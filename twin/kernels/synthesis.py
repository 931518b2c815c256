"""Kernels of the synthesis: keys of many rows, draws from rows of shares, shortest walking distances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.paths import _pop, _push
from twin.kernels.random import mix


class PathGraph(NamedTuple):
    """Undirected paths as a forward star: arcs of node i are first[i]..first[i + 1]."""

    first: np.ndarray  # int64 (n_nodes + 1,)
    to: np.ndarray  # int32 (n_arcs,)
    length_mm: np.ndarray  # int64 (n_arcs,)
    x_mm: np.ndarray  # float64 (n_nodes,)
    y_mm: np.ndarray  # float64 (n_nodes,)


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


@kernel
def fill_path_lengths(
    graph: PathGraph, origin: np.ndarray, destination: np.ndarray, limit_mm: np.ndarray, out_mm: np.ndarray
) -> None:
    """Shortest distance along paths for each pair of nodes, -1 where it exceeds the pair's limit.

    A* (Hart, Nilsson & Raphael 1968, IEEE Trans. SSC 4(2)) with 98 % of the straight line as lower bound:
    the margin covers the scale of the projection. All int64 (n,); distances in whole mm.
    """
    n_nodes = graph.first.shape[0] - 1
    cost = np.zeros(n_nodes, dtype=np.int64)
    visit = np.full(n_nodes, -1, dtype=np.int64)
    heap_cost = np.empty(graph.to.shape[0] + 2, dtype=np.int64)
    heap_node = np.empty(graph.to.shape[0] + 2, dtype=np.int32)
    for i in range(origin.shape[0]):
        out_mm[i] = -1
        goal = destination[i]
        goal_x, goal_y = graph.x_mm[goal], graph.y_mm[goal]
        cost[origin[i]] = 0
        visit[origin[i]] = i
        size = _push(heap_cost, heap_node, 0, 0, origin[i])
        while size > 0:
            bound, node = heap_cost[0], heap_node[0]
            size = _pop(heap_cost, heap_node, size)
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
                size = _push(heap_cost, heap_node, size, reached + rest, after)
