"""What it costs to get from everywhere to some places, by a customized hierarchy.

Up from the goal along the way to the root, then once down over all states, each of which looks at the arcs
upwards only (Delling, Goldberg, Nowatzyk & Werneck 2013, J. Parallel Distrib. Comput. 73(7), on the order
of elimination): a run over memory in order, with no heap.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.hierarchy import FAR
from twin.kernels.hierarchy_query import Ways
from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import BLOCKED

LANES = 8
"""Targets that go down the hierarchy at once: their costs of a state lie side by side."""


@inline_kernel
def _climb(ways: Ways, goal: int, lane: int, cost_ms: np.ndarray) -> None:
    """Costs to a goal from all states above it that it is joined to."""
    shape = ways.shape
    cost_ms[goal, lane] = 0
    v = np.int64(goal)
    while v < shape.parent.shape[0]:
        for arc in range(shape.up_first[v], shape.up_first[v + 1]):
            above = np.int64(shape.up_head[arc])
            cost_ms[above, lane] = min(
                cost_ms[above, lane], np.int32(cost_ms[v, lane] + ways.costs.down_ms[arc])
            )
        v = np.int64(shape.parent[v])


@inline_kernel
def _descend(ways: Ways, cost_ms: np.ndarray) -> None:
    """From the root down, each state by the costs of those that it is joined to above."""
    shape, up_ms = ways.shape, ways.costs.up_ms
    n = shape.parent.shape[0]
    for k in range(n):
        v = n - 1 - k
        for arc in range(shape.up_first[v], shape.up_first[v + 1]):
            more, above = up_ms[arc], np.int64(shape.up_head[arc])
            for lane in range(LANES):
                cost_ms[v, lane] = min(cost_ms[v, lane], np.int32(more + cost_ms[above, lane]))


@kernel
def trees_to(ways: Ways, targets: np.ndarray, cost_ms: np.ndarray, out: np.ndarray) -> None:
    """Least cost from every node to each target node, in whatever state one gets there.

    targets (n,) read; cost_ms (n_states, LANES) int32 is memory, by place in the order of elimination;
    out (n, n_nodes) int32 written, BLOCKED without a path.
    """
    for first in range(0, targets.shape[0], LANES):
        n_lanes = min(LANES, targets.shape[0] - first)
        cost_ms[:] = FAR
        for lane in range(n_lanes):
            target = np.int64(targets[first + lane])
            _climb(ways, np.int64(ways.place[target]), lane, cost_ms)
            for k in range(ways.turns_first[target], ways.turns_first[target + 1]):
                _climb(ways, np.int64(ways.place[ways.turns[k]]), lane, cost_ms)
        _descend(ways, cost_ms)
        for node in range(out.shape[1]):
            place = np.int64(ways.place[node])
            for lane in range(n_lanes):
                least = cost_ms[place, lane]
                out[first + lane, node] = least if least < FAR else BLOCKED
