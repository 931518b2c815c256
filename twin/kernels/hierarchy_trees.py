"""What it costs to get from everywhere to one place, by a customized hierarchy.

Up from the goal along the way to the root, then once down over all states, each of which looks at the arcs
upwards only (Delling, Goldberg, Nowatzyk & Werneck 2013, J. Parallel Distrib. Comput. 73(7), on the order
of elimination): a run over memory in order, with no heap.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.hierarchy import FAR
from twin.kernels.hierarchy_query import Ways
from twin.kernels.jit import kernel
from twin.kernels.paths import BLOCKED


@kernel
def tree_to(ways: Ways, goals: np.ndarray, cost_ms: np.ndarray, out: np.ndarray) -> None:
    """Least cost from every node to the nearest of some goals (places of states), BLOCKED without a path.

    cost_ms (n_states,) int32 is memory, by place in the order of elimination; out (n_nodes,) int32 written.
    """
    shape, costs = ways.shape, ways.costs
    n = shape.parent.shape[0]
    cost_ms[:] = FAR
    for k in range(goals.shape[0]):
        cost_ms[goals[k]] = 0
    for k in range(goals.shape[0]):
        v = np.int64(goals[k])
        while v < n:
            for arc in range(shape.up_first[v], shape.up_first[v + 1]):
                above = np.int64(shape.up_head[arc])
                cost_ms[above] = min(cost_ms[above], np.int32(cost_ms[v] + costs.down_ms[arc]))
            v = np.int64(shape.parent[v])
    for k in range(n):
        v = n - 1 - k
        least = cost_ms[v]
        for arc in range(shape.up_first[v], shape.up_first[v + 1]):
            least = min(least, np.int32(costs.up_ms[arc] + cost_ms[shape.up_head[arc]]))
        cost_ms[v] = least
    for node in range(out.shape[0]):
        least = cost_ms[ways.place[node]]
        out[node] = least if least < FAR else BLOCKED
