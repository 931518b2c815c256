"""Flows of all links from counters on some, by the conservation of vehicles at nodes.

At a node where no trip begins or ends, what comes in goes out. So the links that need no counter may form
a spanning forest, in which all nodes with trip ends are one (Ng 2012, Transportation Research B 46; He
2013, Transportation Research B 58): n_links less the number of such equations are enough, fewer never are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from twin.errors import InputError


@dataclass(frozen=True)
class CounterPlan:
    """Which links are counted and which are inferred (ascending rows), and the equations between them.

    ``equation`` are the nodes whose balance is used, as many as inferred links.
    """

    counted: np.ndarray
    inferred: np.ndarray
    equation: np.ndarray
    tail: np.ndarray
    head: np.ndarray


def plan_counters(
    tail: np.ndarray, head: np.ndarray, ends_at: np.ndarray, worth: np.ndarray | None = None
) -> CounterPlan:
    """The fewest counters from which all flows follow, standing where they are worth most.

    tail, head (n_links,) nodes; ends_at (n_nodes,) bool: trips begin or end there. The inferred links are
    a spanning forest of least worth (Kruskal 1956), so no other choice of counters is worth more.
    """
    tail, head = np.asarray(tail, dtype=np.int64), np.asarray(head, dtype=np.int64)
    n_links = len(tail)
    weight = np.zeros(n_links) if worth is None else np.asarray(worth, dtype=np.float64)
    node = _joined_ends(np.asarray(ends_at, dtype=bool))
    parent = np.arange(int(node.max(initial=-1)) + 1)
    forest = np.zeros(n_links, dtype=bool)
    for link in np.lexsort((np.arange(n_links), weight)).tolist():
        a, b = _root(parent, int(node[tail[link]])), _root(parent, int(node[head[link]]))
        if a != b:
            parent[a] = b
            forest[link] = True
    inferred = np.flatnonzero(forest)
    return CounterPlan(np.flatnonzero(~forest), inferred, _equations(node, tail, head, inferred), tail, head)


def infer_flows(plan: CounterPlan, counted_veh: np.ndarray) -> np.ndarray:
    """Flow of every link (n_links,) from those counted (n_counted,), in the plan's order.

    >>> in_line = plan_counters(np.array([0, 1]), np.array([1, 2]), np.array([True, False, True]))
    >>> infer_flows(in_line, np.array([7.0])).tolist()
    [7.0, 7.0]
    """
    if np.shape(counted_veh) != plan.counted.shape:
        raise InputError("counts", f"{np.shape(counted_veh)} numbers", f"{len(plan.counted)}, one a counter")
    flow = np.empty(len(plan.tail))
    flow[plan.counted] = counted_veh
    if len(plan.inferred):
        balance = _balance(plan)
        known = balance[:, plan.counted] @ flow[plan.counted]
        flow[plan.inferred] = splu(csc_array(balance[:, plan.inferred])).solve(-known)
    return flow


class NodeBalances(NamedTuple):
    """What comes in less what goes out, at nodes all of whose links are known to be of one area.

    matrix (n_nodes, n_links) of 1 and -1; mean, variance (n_slices, n_nodes): vehicles that begin or end
    their way there, or are still under way, as other days had it.
    """

    matrix: csr_array
    mean: np.ndarray
    variance: np.ndarray


def node_balances(
    ends: tuple[np.ndarray, np.ndarray], links: np.ndarray, days_veh: np.ndarray, kind: np.ndarray, asked: int
) -> NodeBalances:
    """Balances of the nodes inside an area, from other days' flows there (n_days, n_slices, n_own).

    ends: tail and head of all links; links (n_own,) rows of those of the area. What does not balance is
    learned by kind of day as `learn_prior` learns flows; its least variance is that of one vehicle.
    """
    tail, head = (np.asarray(each, dtype=np.int64) for each in ends)
    inside = _inside(tail, head, links)
    row = np.full(int(max(tail.max(), head.max())) + 1, -1)
    row[inside] = np.arange(len(inside))
    own = np.arange(len(links))
    rows, columns = np.concatenate([row[head[links]], row[tail[links]]]), np.concatenate([own, own])
    sign, used = np.repeat([1.0, -1.0], len(links)), rows >= 0
    matrix = csr_array((sign[used], (rows[used], columns[used])), shape=(len(inside), len(links)))
    matrix.sum_duplicates()
    matrix.eliminate_zeros()  # a link from a node to itself tells nothing of it
    left = np.array([(matrix @ day.T).T for day in days_veh])
    alike = kind == asked if (kind == asked).any() else np.ones(len(kind), dtype=bool)
    away = np.concatenate([left[kind == each] - left[kind == each].mean(axis=0) for each in np.unique(kind)])
    spread = np.mean(away**2, axis=0) * len(away) / max(len(away) - len(np.unique(kind)), 1)
    return NodeBalances(matrix, left[alike].mean(axis=0), np.maximum(spread, 1.0))


def infer_at_nodes(
    flow_veh: np.ndarray, variance: np.ndarray, balances: NodeBalances
) -> tuple[np.ndarray, np.ndarray]:
    """Flows and their variances (n_slices, n_links), with those that follow where one alone is not known.

    NaN where nothing is known. A node with all links but one read tells the last one, with the variances of
    all and of what does not balance; that may tell the next (node-based inference, slice by slice). What
    would be less sure than the flow is great is not told.
    """
    flow, spread = np.array(flow_veh, dtype=np.float64), np.array(variance, dtype=np.float64)
    shape = abs(balances.matrix)
    for slot in range(len(flow)):
        while True:
            missing = np.isnan(flow[slot])
            alone = np.flatnonzero(shape @ missing.astype(np.float64) == 1.0)
            if not len(alone):
                break
            known = np.where(missing, 0.0, flow[slot])
            rest = balances.mean[slot, alone] - (balances.matrix @ known)[alone]
            total = (shape @ np.where(missing, 0.0, spread[slot]))[alone] + balances.variance[slot, alone]
            part = balances.matrix[alone][:, missing]
            column = np.flatnonzero(missing)[part.indices]
            value = np.maximum(rest * part.data, 0.0)
            keep = np.argsort(
                -total, kind="stable"
            )  # where two nodes tell one link, the surer is written last
            flow[slot, column[keep]], spread[slot, column[keep]] = value[keep], total[keep]
    told = np.isnan(flow_veh) & (spread > np.maximum(flow, 1.0) ** 2)
    flow[told] = np.nan
    return flow, np.where(told, np.nan, spread)


def _inside(tail: np.ndarray, head: np.ndarray, links: np.ndarray) -> np.ndarray:
    """Nodes that all their links share with the area, in and out, ascending."""
    n = int(max(tail.max(), head.max())) + 1
    all_in, all_out = np.bincount(head, minlength=n), np.bincount(tail, minlength=n)
    own_in, own_out = np.bincount(head[links], minlength=n), np.bincount(tail[links], minlength=n)
    return np.flatnonzero((all_in == own_in) & (all_out == own_out) & (own_in > 0) & (own_out > 0))


def _balance(plan: CounterPlan) -> csc_array:
    """Vehicles in less vehicles out, by equation and link."""
    n_links = len(plan.tail)
    row = np.full(int(max(plan.tail.max(), plan.head.max())) + 1, -1)
    row[plan.equation] = np.arange(len(plan.equation))
    link = np.arange(n_links)
    rows, links = np.concatenate([row[plan.head], row[plan.tail]]), np.concatenate([link, link])
    sign = np.repeat([1.0, -1.0], n_links)
    used = rows >= 0
    shape = (len(plan.equation), n_links)
    return csc_array((sign[used], (rows[used], links[used])), shape=shape)


def _joined_ends(ends_at: np.ndarray) -> np.ndarray:
    """Nodes renumbered so that all with trip ends are node 0."""
    number = np.cumsum(~ends_at)
    return np.where(ends_at, 0, number)


def _root(parent: np.ndarray, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = int(parent[node])
    return node


def _equations(node: np.ndarray, tail: np.ndarray, head: np.ndarray, inferred: np.ndarray) -> np.ndarray:
    """Nodes whose balances are independent: of each tree all nodes but one, that with trip ends if any."""
    n = int(node.max(initial=-1)) + 1
    joined = csr_array((np.ones(len(inferred)), (node[tail[inferred]], node[head[inferred]])), shape=(n, n))
    _, tree = connected_components(joined, directed=False)
    free = np.flatnonzero(node > 0)
    of_free = tree[node[free]]
    grounded = of_free == tree[0] if (node == 0).any() else np.zeros(len(free), dtype=bool)
    _, first = np.unique(of_free, return_index=True)
    dropped = np.zeros(len(free), dtype=bool)
    dropped[first] = True
    return free[grounded | ~dropped]
