"""Shortest paths between links: what searches work on, cost trees to destinations, sums along routes.

Weights are whole milliseconds by time slice and link. The search itself: `twin.kernels.search`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import uniform

BLOCKED = np.int32(2**30)
"""Weight of a link that must not be used."""
UNREACHED = np.int64(2**60)


def whole_ms(time_ms: np.ndarray) -> np.ndarray:
    """Times as weights int32 [ms] of links that may be used: rounded, and never `BLOCKED`.

    >>> whole_ms(np.array([1500.4, 1e12])).tolist()
    [1500, 1073741823]
    """
    return np.asarray(np.minimum(np.rint(time_ms), BLOCKED - 1), dtype=np.int32)


class Topology(NamedTuple):
    """Forward and backward stars: first_out (n_nodes + 1,), out_links, first_in, in_links, tail, head.

    A search is in a state: at a node, or at the head of a link of which turns are banned. States count
    on from the nodes: `lands_in` (n_links,) is the state that each link leads to, `turn_from` (n_turns,)
    the link of each state beyond the nodes, `banned[first_banned[t]:first_banned[t + 1]]` its banned turns.
    """

    first_out: np.ndarray
    out_links: np.ndarray
    first_in: np.ndarray
    in_links: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    link_key: np.ndarray
    lands_in: np.ndarray
    turn_from: np.ndarray
    first_banned: np.ndarray
    banned: np.ndarray


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

    cost: np.ndarray  # int64 (n_states,)
    clock: np.ndarray  # int64 (n_states,)
    link_to: np.ndarray  # int32 (n_states,)
    came_from: np.ndarray  # int32 (n_states,) state in which the link was taken
    visited: np.ndarray  # int64 (n_states,) number of the search that reached the state
    heap_cost: np.ndarray  # int64
    heap_node: np.ndarray  # int32
    searches: np.ndarray  # int64 (2,) number of searches, and the state in which the last one arrived


class Stream(NamedTuple):
    """Which draws a search uses for a person's own view of each link."""

    seed: int
    stream: np.uint64


class RouteQueries(NamedTuple):
    """Who asks for a route: origin and destination link, moment of departure, person (n,)."""

    origin: np.ndarray  # int32 link
    destination: np.ndarray  # int32 link
    depart_ms: np.ndarray  # int64
    person: np.ndarray  # uint64

    @staticmethod
    def between(origin: np.ndarray, destination: np.ndarray) -> RouteQueries:
        """From links to links (n,) whoever asks and whenever: for weights that hold all day and for all."""
        begin, end = (np.ascontiguousarray(links, dtype=np.int32) for links in (origin, destination))
        n = begin.shape[0]
        return RouteQueries(begin, end, np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.uint64))


class RoutePool(NamedTuple):
    """Routes of trips: links one route after another, and where each trip's route lies, -1 without one."""

    link: np.ndarray  # int32 (room,)
    start: np.ndarray  # int64 (n_trips,)
    end: np.ndarray  # int64 (n_trips,)


@inline_kernel
def push(heap_cost: np.ndarray, heap_node: np.ndarray, size: int, cost: int, node: int) -> int:
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
def pop(heap_cost: np.ndarray, heap_node: np.ndarray, size: int) -> int:
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
        size = push(heap_cost, heap_node, 0, 0, targets[t])
        while size > 0:
            cost, node = heap_cost[0], heap_node[0]
            size = pop(heap_cost, heap_node, size)
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
                    size = push(heap_cost, heap_node, size, reached, before)


@inline_kernel
def slice_of(clock_ms: int, slice_ms: int, n_slices: int) -> int:
    """Slice of a moment; moments after the last slice count in it."""
    return min(max(clock_ms // slice_ms, 0), n_slices - 1)


@kernel
def link_cost_ms(
    weights: Weights,
    seed: int,
    stream: np.uint64,
    person: np.uint64,
    link_key: np.uint64,
    slot: int,
    link: int,
) -> int:
    """What the link costs that person in that slice; never less than the common cost."""
    common = np.int64(weights.cost_ms[slot, link])
    if weights.sigma == 0.0:
        return common
    own = 1.0 + weights.sigma * uniform(seed, stream, person, np.int64(link_key & np.uint64(2**62 - 1)))
    return np.int64(common * own)


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
            slot = slice_of(clock, slice_ms, n_slices)
            flow[slot, link] += 1
            clock += time_ms[slot, link]


@kernel
def route_costs(
    routes: RoutePool,
    queries: RouteQueries,
    rows: np.ndarray,
    weights: Weights,
    link_key: np.ndarray,
    draws: Stream,
    out: np.ndarray,
) -> None:
    """What each route costs its own traveller after the first link, out (n_rows,) int64 [ms] written."""
    n_slices = weights.cost_ms.shape[0]
    for k in range(rows.shape[0]):
        trip = rows[k]
        clock, person = queries.depart_ms[trip], queries.person[trip]
        total = np.int64(0)
        for at in range(routes.start[trip], routes.end[trip]):
            link = np.int64(routes.link[at])
            slot = slice_of(clock, weights.slice_ms, n_slices)
            if at > routes.start[trip]:
                total += link_cost_ms(weights, draws.seed, draws.stream, person, link_key[link], slot, link)
            clock += weights.time_ms[slot, link]
        out[k] = total
