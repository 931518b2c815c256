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


@inline_kernel
def _climb(ways: Ways, goal: int, cost_ms: np.ndarray) -> None:
    """Costs to a goal from all states above it that it is joined to."""
    shape = ways.shape
    v = np.int64(goal)
    while v < shape.parent.shape[0]:
        for arc in range(shape.up_first[v], shape.up_first[v + 1]):
            above = np.int64(shape.up_head[arc])
            cost_ms[above] = min(cost_ms[above], np.int32(cost_ms[v] + ways.costs.down_ms[arc]))
        v = np.int64(shape.parent[v])


@kernel
def trees_to(ways: Ways, targets: np.ndarray, cost_ms: np.ndarray, out: np.ndarray) -> None:
    """Least cost from every node to each target node, in whatever state one gets there.

    targets (n,) read; cost_ms (n_states,) int32 is memory, by place in the order of elimination; out
    (n, n_nodes) int32 written, BLOCKED without a path.
    """
    shape = ways.shape
    n = shape.parent.shape[0]
    for t in range(targets.shape[0]):
        target = np.int64(targets[t])
        cost_ms[:] = FAR
        cost_ms[ways.place[target]] = 0
        for k in range(ways.turns_first[target], ways.turns_first[target + 1]):
            cost_ms[ways.place[ways.turns[k]]] = 0
        _climb(ways, np.int64(ways.place[target]), cost_ms)
        for k in range(ways.turns_first[target], ways.turns_first[target + 1]):
            _climb(ways, np.int64(ways.place[ways.turns[k]]), cost_ms)
        for k in range(n):
            v = n - 1 - k
            least = cost_ms[v]
            for arc in range(shape.up_first[v], shape.up_first[v + 1]):
                least = min(least, np.int32(ways.costs.up_ms[arc] + cost_ms[shape.up_head[arc]]))
            cost_ms[v] = least
        for node in range(out.shape[1]):
            least = cost_ms[ways.place[node]]
            out[t, node] = least if least < FAR else BLOCKED
