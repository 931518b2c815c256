"""Guided search for one traveller, and the routes of many.

The search is A* (Hart, Nilsson & Raphael 1968, IEEE Trans. SSC 4(2)) whose lower bounds are exact
cost trees under the least weights ever in force, so that it settles little more than the path itself
while the network flows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.paths import (
    BLOCKED,
    UNREACHED,
    Bounds,
    RoutePool,
    RouteQueries,
    Stream,
    Topology,
    Weights,
    Workspace,
    link_cost_ms,
    pop,
    push,
    slice_of,
)


class SearchGround(NamedTuple):
    """What searches share."""

    topology: Topology
    bounds: Bounds
    workspace: Workspace
    draws: Stream


class Query(NamedTuple):
    """One question: from the end of a link to the begin of another, leaving at a moment, by one person."""

    origin: int
    destination: int
    start_ms: int
    person: np.uint64


@inline_kernel
def _order(bound: int, cost: int) -> int:
    """Place in the search's heap: least bound first, then least cost.

    So when a node is settled, all ways of equal cost into it are known, and keys can choose among them.
    """
    return (np.int64(bound) << 31) + np.int64(cost)


@inline_kernel
def is_banned(topology: Topology, turn: int, link: int) -> bool:
    """Whether the link must not follow the one of that turn state; no state, no ban."""
    if turn >= 0:
        for k in range(topology.first_banned[turn], topology.first_banned[turn + 1]):
            if topology.banned[k] == link:
                return True
    return False


@inline_kernel
def search(ground: SearchGround, weights: Weights, query: Query) -> int:
    """Least perceived cost between links, both left out, leaving at start_ms; the path stays in memory.

    Returns UNREACHED where there is no path. Among equal costs the link with the lesser key wins.
    """
    topology, workspace, draws = ground.topology, ground.workspace, ground.draws
    n_nodes = topology.first_out.shape[0] - 1
    goal = np.int64(topology.tail[query.destination])
    origin = np.int64(topology.lands_in[query.origin])
    row = ground.bounds.cost_ms[ground.bounds.row_of_node[goal]]
    workspace.searches[0] += 1
    number = workspace.searches[0]
    cost, clock, visited = workspace.cost, workspace.clock, workspace.visited
    heap_cost, heap_node = workspace.heap_cost, workspace.heap_node
    n_slices = weights.cost_ms.shape[0]
    least_ms = row[topology.head[query.origin]]
    if least_ms >= BLOCKED:
        return UNREACHED
    visited[origin] = number
    cost[origin] = 0
    clock[origin] = query.start_ms
    workspace.link_to[origin] = -1
    size = push(heap_cost, heap_node, 0, _order(least_ms, 0), origin)
    while size > 0:
        least, state = heap_cost[0], np.int64(heap_node[0])
        turn = state - n_nodes
        node = state if turn < 0 else np.int64(topology.head[topology.turn_from[turn]])
        if node == goal and not is_banned(topology, turn, query.destination):
            workspace.searches[1] = state
            return cost[state]
        size = pop(heap_cost, heap_node, size)
        if least > _order(cost[state] + row[node], cost[state]):
            continue
        slot = slice_of(clock[state], weights.slice_ms, n_slices)
        for k in range(topology.first_out[node], topology.first_out[node + 1]):
            link = np.int64(topology.out_links[k])
            after = np.int64(topology.lands_in[link])
            bound = row[topology.head[link]]
            if bound >= BLOCKED or weights.cost_ms[slot, link] >= BLOCKED or is_banned(topology, turn, link):
                continue
            key = topology.link_key[link]
            own_ms = link_cost_ms(weights, draws.seed, draws.stream, query.person, key, slot, link)
            reached = cost[state] + own_ms
            if visited[after] == number:
                if reached > cost[after]:
                    continue
                if reached == cost[after]:
                    known = workspace.link_to[after]
                    if known >= 0 and topology.link_key[known] > key:
                        workspace.link_to[after] = link
                        workspace.came_from[after] = state
                        clock[after] = clock[state] + weights.time_ms[slot, link]
                    continue
            visited[after] = number
            cost[after] = reached
            clock[after] = clock[state] + weights.time_ms[slot, link]
            workspace.link_to[after] = link
            workspace.came_from[after] = state
            size = push(heap_cost, heap_node, size, _order(reached + bound, reached), after)
    return UNREACHED


@inline_kernel
def write_path(topology: Topology, workspace: Workspace, origin: int, out: np.ndarray, at: int) -> int:
    """Write the links of the last path found, from link `origin` on, to out[at:].

    Returns one past the last, or -1 if it does not fit.
    """
    n = 0
    begin = topology.lands_in[origin]
    state = workspace.searches[1]
    while state != begin:
        n += 1
        state = np.int64(workspace.came_from[state])
    if at + n > out.shape[0]:
        return -1
    state = workspace.searches[1]
    for k in range(n):
        out[at + n - 1 - k] = workspace.link_to[state]
        state = np.int64(workspace.came_from[state])
    return at + n


@kernel
def route_trips(
    ground: SearchGround,
    weights: Weights,
    queries: RouteQueries,
    rows: np.ndarray,
    first: int,
    out: RoutePool,
) -> int:
    """Routes of queries rows[first:], from origin link to destination link, both included.

    Writes links to the pool and their places, both -1 without a path.
    Returns the position in rows from which nothing is done yet, because the pool is full.
    """
    topology, workspace, pool = ground.topology, ground.workspace, out.link
    at = np.int64(0)
    n_slices = weights.time_ms.shape[0]
    for k in range(first, rows.shape[0]):
        trip = rows[k]
        origin, destination = queries.origin[trip], queries.destination[trip]
        begin = queries.depart_ms[trip]
        begin += weights.time_ms[slice_of(begin, weights.slice_ms, n_slices), origin]
        if origin == destination:
            cost = np.int64(0)
        else:
            cost = search(ground, weights, Query(origin, destination, begin, queries.person[trip]))
            if cost < UNREACHED:
                slot = slice_of(workspace.clock[workspace.searches[1]], weights.slice_ms, n_slices)
                if weights.cost_ms[slot, destination] >= BLOCKED:
                    cost = UNREACHED  # a closed link takes nobody, so a trip that ends on it has no path
        if cost >= UNREACHED:
            out.start[trip] = -1
            out.end[trip] = -1
            continue
        if at + 2 > pool.shape[0]:
            return k
        end = at + 1
        if origin != destination:
            end = write_path(topology, workspace, origin, pool, at + 1)
            if end < 0 or end == pool.shape[0]:
                return k
            pool[end] = destination
            end += 1
        pool[at] = origin
        out.start[trip] = at
        out.end[trip] = end
        at = end
    return rows.shape[0]
