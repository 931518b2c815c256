"""Bushes of static assignment: link costs, cost trees, and the order and labels of one origin's bush.

A bush is the acyclic set of links that the trips of one origin use (Dial 2006, Transportation Research B
40(10)). A link costs ``flat + rise (x / capacity)^power`` at flow x. Nodes before ``first_through`` begin and
end trips and let none pass.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import pop, push

LEAST_USE = 1e-9
"""Flow per capacity at which the slope of a cost with a power below 1, endless at no flow, is taken."""


class CostedLinks(NamedTuple):
    """Links with their costs: stars (n_nodes + 1,), ends and cost terms (n_links,)."""

    first_out: np.ndarray
    out_links: np.ndarray
    first_in: np.ndarray
    in_links: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    flat: np.ndarray
    rise: np.ndarray
    per_capacity: np.ndarray  # 1 / capacity
    power: np.ndarray
    first_through: int


class Bushes(NamedTuple):
    """One row an origin: its node, trips to each node, flow and membership of links, nodes in order."""

    origin: np.ndarray  # int32 (n_origins,)
    trips: np.ndarray  # float64 (n_origins, n_nodes)
    flow: np.ndarray  # float64 (n_origins, n_links)
    member: np.ndarray  # bool (n_origins, n_links)
    order: np.ndarray  # int32 (n_origins, n_nodes): tails stand before heads
    n_reached: np.ndarray  # int32 (n_origins,)


class LinkLoads(NamedTuple):
    """What links carry and cost now, (n_links,): flow of all, cost, its derivative; flow that cannot move."""

    flow: np.ndarray
    cost: np.ndarray
    slope: np.ndarray
    fixed: np.ndarray


class Labels(NamedTuple):
    """Memory for one bush, (n_nodes,): costs from its origin, links they come by, place in order."""

    least: np.ndarray  # float64, by any link of the bush
    least_link: np.ndarray  # int32, -1 none
    most: np.ndarray  # float64, by used links, or by all of the bush
    most_link: np.ndarray  # int32, -1 none
    place: np.ndarray  # int32
    through: np.ndarray  # float64, trips through a node
    waiting: np.ndarray  # int32, links of the bush into a node
    heap_cost: np.ndarray  # float64 (n_links + 1,)
    heap_node: np.ndarray  # int32 (n_links + 1,)


@inline_kernel
def raised(share: float, power: float) -> float:
    """The share to that power; 1 for power 0, at no flow too."""
    if power == 4.0:
        square = share * share
        return square * square
    if power == 1.0:
        return share
    if power == 0.0:
        return 1.0
    return share**power


@inline_kernel
def set_cost(roads: CostedLinks, traffic: LinkLoads, link: int) -> None:
    """Cost of a link at its present flow, and how it rises with one more."""
    share = max(traffic.flow[link], 0.0) * roads.per_capacity[link]
    power = roads.power[link]
    traffic.cost[link] = roads.flat[link] + roads.rise[link] * raised(share, power)
    if power == 0.0:
        traffic.slope[link] = 0.0
        return
    if power < 1.0:
        share = max(share, LEAST_USE)
    traffic.slope[link] = roads.rise[link] * power * raised(share, power - 1.0) * roads.per_capacity[link]


@kernel
def set_costs(roads: CostedLinks, traffic: LinkLoads) -> None:
    """Costs of all links at their present flows."""
    for link in range(roads.tail.shape[0]):
        set_cost(roads, traffic, link)


@inline_kernel
def is_open(roads: CostedLinks, node: int, origin: int) -> bool:
    """Whether trips of that origin may go on from the node."""
    return node >= roads.first_through or node == origin


@inline_kernel
def grow_tree(roads: CostedLinks, cost: np.ndarray, origin: int, labels: Labels, order: np.ndarray) -> int:
    """Least costs from an origin (Dijkstra 1959); nodes written as they settle, their number returned."""
    labels.least[:] = np.inf
    labels.least_link[:] = -1
    labels.least[origin] = 0.0
    size = push(labels.heap_cost, labels.heap_node, 0, 0.0, origin)
    n_settled = 0
    while size > 0:
        reached, node = labels.heap_cost[0], np.int64(labels.heap_node[0])
        size = pop(labels.heap_cost, labels.heap_node, size)
        if reached > labels.least[node]:
            continue
        order[n_settled] = node
        n_settled += 1
        if not is_open(roads, node, origin):
            continue
        for k in range(roads.first_out[node], roads.first_out[node + 1]):
            link = np.int64(roads.out_links[k])
            after = np.int64(roads.head[link])
            further = reached + cost[link]
            if further < labels.least[after]:
                labels.least[after] = further
                labels.least_link[after] = link
                size = push(labels.heap_cost, labels.heap_node, size, further, after)
    return n_settled


@kernel
def least_costs(
    roads: CostedLinks,
    cost: np.ndarray,
    bushes: Bushes,
    first: int,
    last: int,
    labels: Labels,
    out: np.ndarray,
) -> None:
    """Cost of all trips of origins first to last - 1 on least-cost paths, out (n_origins,) written.

    A pair of zones that no path joins makes it infinite.
    """
    for row in range(first, last):
        origin = np.int64(bushes.origin[row])
        grow_tree(roads, cost, origin, labels, labels.waiting)
        total = 0.0
        for node in range(bushes.trips.shape[1]):
            if bushes.trips[row, node] > 0.0:
                total += bushes.trips[row, node] * labels.least[node]
        out[row] = total


@kernel
def start_bushes(roads: CostedLinks, bushes: Bushes, traffic: LinkLoads, labels: Labels, adapt: bool) -> None:
    """All trips of each origin in turn on its least-cost tree, which is its first bush.

    With ``adapt`` each origin meets the costs that those before it left.
    """
    for row in range(bushes.origin.shape[0]):
        order, member, flow = bushes.order[row], bushes.member[row], bushes.flow[row]
        bushes.n_reached[row] = grow_tree(roads, traffic.cost, np.int64(bushes.origin[row]), labels, order)
        for node in range(roads.first_out.shape[0] - 1):
            labels.through[node] = bushes.trips[row, node]
        for k in range(bushes.n_reached[row] - 1, 0, -1):
            node = order[k]
            link = labels.least_link[node]
            member[link] = True
            flow[link] = labels.through[node]
            labels.through[roads.tail[link]] += labels.through[node]
            traffic.flow[link] += flow[link]
            if adapt:
                set_cost(roads, traffic, link)


@inline_kernel
def label_bush(
    roads: CostedLinks, bushes: Bushes, row: int, cost: np.ndarray, labels: Labels, whole: bool
) -> None:
    """Least costs by the bush's links, and most by its used ones (by all with ``whole``); places in order.

    A node that used links do not reach has ``most`` below 0.
    """
    order, member, flow = bushes.order[row], bushes.member[row], bushes.flow[row]
    labels.least[order[0]] = 0.0
    labels.most[order[0]] = 0.0
    labels.least_link[order[0]] = -1
    labels.most_link[order[0]] = -1
    labels.place[order[0]] = 0
    for place in range(1, bushes.n_reached[row]):
        node = order[place]
        labels.place[node] = place
        least, most = np.inf, -1.0
        least_link, most_link = -1, -1
        for k in range(roads.first_in[node], roads.first_in[node + 1]):
            link = np.int64(roads.in_links[k])
            if not member[link]:
                continue
            before = roads.tail[link]
            reached = labels.least[before] + cost[link]
            if reached < least:
                least, least_link = reached, link
            if (whole or flow[link] > 0.0) and labels.most[before] >= 0.0:
                reached = labels.most[before] + cost[link]
                if reached > most:
                    most, most_link = reached, link
        labels.least[node] = least
        labels.least_link[node] = least_link
        labels.most[node] = most
        labels.most_link[node] = most_link


@inline_kernel
def sort_bush(roads: CostedLinks, bushes: Bushes, row: int, labels: Labels) -> None:
    """Put the bush's nodes in order, tails before heads (Kahn 1962), from its origin on."""
    order, member, waiting = bushes.order[row], bushes.member[row], labels.waiting
    waiting[:] = 0
    for link in range(roads.tail.shape[0]):
        if member[link]:
            waiting[roads.head[link]] += 1
    n_placed = 1
    place = 0
    while place < n_placed:
        node = order[place]
        place += 1
        for k in range(roads.first_out[node], roads.first_out[node + 1]):
            link = roads.out_links[k]
            if member[link]:
                after = roads.head[link]
                waiting[after] -= 1
                if waiting[after] == 0:
                    order[n_placed] = after
                    n_placed += 1
