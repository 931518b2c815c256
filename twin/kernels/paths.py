"""Shortest paths between links: cost trees to destinations, and guided search for one traveller.

Weights are whole milliseconds by time slice and link. The search is A* (Hart, Nilsson & Raphael
1968, IEEE Trans. SSC 4(2)) whose lower bounds are exact cost trees under the least weights ever in
force, so that it settles little more than the path itself while the network flows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import uniform

BLOCKED = np.int32(2**30)
"""Weight of a link that must not be used."""
UNREACHED = np.int64(2**60)


class Topology(NamedTuple):
    """Forward and backward stars: first_out (n_nodes + 1,), out_links, first_in, in_links, tail, head."""

    first_out: np.ndarray
    out_links: np.ndarray
    first_in: np.ndarray
    in_links: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    link_key: np.ndarray


class Weights(NamedTuple):
    """What a link costs: cost_ms (n_slices, n_links) felt, time_ms (n_slices, n_links) on the clock."""

    cost_ms: np.ndarray  # int32, perceived; steers the choice
    time_ms: np.ndarray  # int32, expected; moves the clock along the path
    slice_ms: int
    sigma: float  # spread of the person's own view of each link: cost times 1 + sigma * u(person, link)


class Bounds(NamedTuple):
    """Least cost from every node to the tails of destination links: cost_ms (n_rows, n_nodes) int32."""

    cost_ms: np.ndarray
    row_of_node: np.ndarray  # int32 (n_nodes,) row of a destination node, -1 none


class Workspace(NamedTuple):
    """Memory of one search, reused by the next; one per thread."""

    cost: np.ndarray  # int64 (n_nodes,)
    clock: np.ndarray  # int64 (n_nodes,)
    link_to: np.ndarray  # int32 (n_nodes,)
    visited: np.ndarray  # int64 (n_nodes,) number of the search that reached the node
    heap_cost: np.ndarray  # int64
    heap_node: np.ndarray  # int32
    searches: np.ndarray  # int64 (1,)


@inline_kernel
def _push(heap_cost: np.ndarray, heap_node: np.ndarray, size: int, cost: int, node: int) -> int:
    """Binary heap: add (cost, node)."""
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if heap_cost[parent] <= cost:
            break
        heap_cost[i] = heap_cost[parent]
        heap_node[i] = heap_node[parent]
        i = parent
    heap_cost[i] = cost
    heap_node[i] = node
    return size + 1


@inline_kernel
def _pop(heap_cost: np.ndarray, heap_node: np.ndarray, size: int) -> int:
    """Binary heap: drop the first, which the caller has read."""
    size -= 1
    cost, node = heap_cost[size], heap_node[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap_cost[child + 1] < heap_cost[child]:
            child += 1
        if heap_cost[child] >= cost:
            break
        heap_cost[i] = heap_cost[child]
        heap_node[i] = heap_node[child]
        i = child
    heap_cost[i] = cost
    heap_node[i] = node
    return size


@kernel
def cost_trees(
    topology: Topology, weight_ms: np.ndarray, targets: np.ndarray, workspace: Workspace, out: np.ndarray
) -> None:
    """Least cost from every node to each target node (Dijkstra 1959), out (n_targets, n_nodes) written.

    A node that cannot reach the target gets BLOCKED.
    """
    heap_cost, heap_node = workspace.heap_cost, workspace.heap_node
    for t in range(targets.shape[0]):
        row = out[t]
        row[:] = BLOCKED
        row[targets[t]] = 0
        size = _push(heap_cost, heap_node, 0, 0, targets[t])
        while size > 0:
            cost, node = heap_cost[0], heap_node[0]
            size = _pop(heap_cost, heap_node, size)
            if cost > row[node]:
                continue
            for k in range(topology.first_in[node], topology.first_in[node + 1]):
                link = topology.in_links[k]
                if weight_ms[link] >= BLOCKED:
                    continue
                reached = cost + weight_ms[link]
                before = topology.tail[link]
                if reached < row[before]:
                    row[before] = reached
                    size = _push(heap_cost, heap_node, size, reached, before)


@inline_kernel
def _slice_of(clock_ms: int, slice_ms: int, n_slices: int) -> int:
    return min(max(clock_ms // slice_ms, 0), n_slices - 1)


@inline_kernel
def link_cost_ms(weights: Weights, seed: int, stream: np.uint64, person: np.uint64, link_key: np.uint64,
                 slot: int, link: int) -> int:  # fmt: skip
    """What the link costs that person in that slice; never less than the common cost."""
    common = np.int64(weights.cost_ms[slot, link])
    if weights.sigma == 0.0:
        return common
    own = 1.0 + weights.sigma * uniform(seed, stream, person, np.int64(link_key & np.uint64(2**62 - 1)))
    return np.int64(common * own)


@inline_kernel
def _order(bound: int, cost: int) -> int:
    """Place in the search's heap: least bound first, then least cost.

    So when a node is settled, all ways of equal cost into it are known, and keys can choose among them.
    """
    return (np.int64(bound) << 31) + np.int64(cost)


@inline_kernel
def search(
    topology: Topology,
    weights: Weights,
    bounds: Bounds,
    workspace: Workspace,
    origin: int,
    destination: int,
    start_ms: int,
    person: np.uint64,
    seed: int,
    stream: np.uint64,
) -> int:
    """Least perceived cost from node to node, leaving at start_ms; the path stays in the workspace.

    Returns UNREACHED where there is no path. Among equal costs the link with the lesser key wins.
    """
    row = bounds.cost_ms[bounds.row_of_node[destination]]
    workspace.searches[0] += 1
    number = workspace.searches[0]
    cost, clock, visited = workspace.cost, workspace.clock, workspace.visited
    heap_cost, heap_node = workspace.heap_cost, workspace.heap_node
    n_slices = weights.cost_ms.shape[0]
    if row[origin] >= BLOCKED:
        return UNREACHED
    visited[origin] = number
    cost[origin] = 0
    clock[origin] = start_ms
    workspace.link_to[origin] = -1
    size = _push(heap_cost, heap_node, 0, _order(row[origin], 0), origin)
    while size > 0:
        least, node = heap_cost[0], heap_node[0]
        if node == destination:
            return cost[node]
        size = _pop(heap_cost, heap_node, size)
        if least > _order(cost[node] + row[node], cost[node]):
            continue
        for k in range(topology.first_out[node], topology.first_out[node + 1]):
            link = topology.out_links[k]
            after = topology.head[link]
            if row[after] >= BLOCKED:
                continue
            slot = _slice_of(clock[node], weights.slice_ms, n_slices)
            if weights.cost_ms[slot, link] >= BLOCKED:
                continue
            key = topology.link_key[link]
            reached = cost[node] + link_cost_ms(weights, seed, stream, person, key, slot, link)
            if visited[after] == number:
                if reached > cost[after]:
                    continue
                if reached == cost[after]:
                    known = workspace.link_to[after]
                    if known >= 0 and topology.link_key[known] > key:
                        workspace.link_to[after] = link
                        clock[after] = clock[node] + weights.time_ms[slot, link]
                    continue
            visited[after] = number
            cost[after] = reached
            clock[after] = clock[node] + weights.time_ms[slot, link]
            workspace.link_to[after] = link
            size = _push(heap_cost, heap_node, size, _order(reached + row[after], reached), after)
    return UNREACHED


@inline_kernel
def write_path(
    topology: Topology, workspace: Workspace, origin: int, destination: int, out: np.ndarray, at: int
) -> int:
    """Write the found path's links to out[at:]; returns one past the last, or -1 if it does not fit."""
    n = 0
    node = destination
    while node != origin:
        n += 1
        node = topology.tail[workspace.link_to[node]]
    if at + n > out.shape[0]:
        return -1
    node = destination
    for k in range(n):
        link = workspace.link_to[node]
        out[at + n - 1 - k] = link
        node = topology.tail[link]
    return at + n


class Trips(NamedTuple):
    """Who asks for a route: origin and destination link, moment of departure, person (n,)."""

    origin: np.ndarray  # int32 link
    destination: np.ndarray  # int32 link
    depart_ms: np.ndarray  # int64
    person: np.ndarray  # uint64


@kernel
def route_trips(
    topology: Topology,
    weights: Weights,
    bounds: Bounds,
    workspace: Workspace,
    trips: Trips,
    rows: np.ndarray,
    first: int,
    seed: int,
    stream: np.uint64,
    pool: np.ndarray,
    route_start: np.ndarray,
    route_end: np.ndarray,
) -> int:
    """Routes of trips rows[first:], from origin link to destination link, both included.

    Writes links to pool and their places to route_start and route_end (both -1 without a path).
    Returns the position in rows from which nothing is done yet, because the pool is full.
    """
    at = np.int64(0)
    n_slices = weights.time_ms.shape[0]
    for k in range(first, rows.shape[0]):
        trip = rows[k]
        origin, destination = trips.origin[trip], trips.destination[trip]
        a, b = topology.head[origin], topology.tail[destination]
        begin = trips.depart_ms[trip]
        begin += weights.time_ms[_slice_of(begin, weights.slice_ms, n_slices), origin]
        if origin == destination:
            cost = np.int64(0)
        else:
            cost = search(topology, weights, bounds, workspace, a, b, begin, trips.person[trip], seed, stream)
            if cost < UNREACHED:
                slot = _slice_of(workspace.clock[b], weights.slice_ms, n_slices)
                if weights.cost_ms[slot, destination] >= BLOCKED:
                    cost = UNREACHED  # a closed link takes nobody, so a trip that ends on it has no path
        if cost >= UNREACHED:
            route_start[trip] = -1
            route_end[trip] = -1
            continue
        if at + 2 > pool.shape[0]:
            return k
        end = at + 1
        if origin != destination:
            end = write_path(topology, workspace, a, b, pool, at + 1)
            if end < 0 or end == pool.shape[0]:
                return k
            pool[end] = destination
            end += 1
        pool[at] = origin
        route_start[trip] = at
        route_end[trip] = end
        at = end
    return rows.shape[0]


@kernel
def spread_flows(
    pool: np.ndarray,
    route_start: np.ndarray,
    route_end: np.ndarray,
    depart_ms: np.ndarray,
    time_ms: np.ndarray,
    slice_ms: int,
    flow: np.ndarray,
) -> None:
    """Count entries by slice and link, flow (n_slices, n_links) int32 written, if links take time_ms."""
    flow[:] = 0
    n_slices = flow.shape[0]
    for trip in range(route_start.shape[0]):
        clock = depart_ms[trip]
        for at in range(route_start[trip], route_end[trip]):
            link = pool[at]
            slot = _slice_of(clock, slice_ms, n_slices)
            flow[slot, link] += 1
            clock += time_ms[slot, link]


@kernel
def route_costs(
    pool: np.ndarray,
    route_start: np.ndarray,
    route_end: np.ndarray,
    trips: Trips,
    rows: np.ndarray,
    weights: Weights,
    link_key: np.ndarray,
    seed: int,
    stream: np.uint64,
    out: np.ndarray,
) -> None:
    """What each route costs its own traveller after the first link, out (n_rows,) int64 [ms] written."""
    n_slices = weights.cost_ms.shape[0]
    for k in range(rows.shape[0]):
        trip = rows[k]
        clock = trips.depart_ms[trip]
        total = np.int64(0)
        for at in range(route_start[trip], route_end[trip]):
            link = pool[at]
            slot = _slice_of(clock, weights.slice_ms, n_slices)
            if at > route_start[trip]:
                total += link_cost_ms(weights, seed, stream, trips.person[trip], link_key[link], slot, link)
            clock += weights.time_ms[slot, link]
        out[k] = total
