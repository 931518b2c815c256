"""Where drivers leave their cars: the cheapest free space by time to it, back on foot, and its fee.

One after another in the order given, each takes a space, so who comes first has the choice. A driver
looks at the destination's own spaces, then drives on: Dijkstra 1959 from the end of the destination
link, until no street still out of reach could be cheaper.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.paths import BLOCKED, Topology, Workspace, pop, push
from twin.kernels.search import is_banned

UNSERVED, OWN, STREET = 0, 1, 2
"""No space, one of the destination's own, one at a street or in a car park on it."""


class Arrivals(NamedTuple):
    """Who comes to park, in order (n,): destination link and place, where it is, how long, at what worth.

    `hours` are paid ones; `ms_per_eur` (n,) is 0 for who pays nothing there.
    """

    link: np.ndarray  # int32
    place: np.ndarray  # int32
    x_m: np.ndarray  # float64
    y_m: np.ndarray  # float64
    hours: np.ndarray  # float64
    ms_per_eur: np.ndarray  # float64


class Spaces(NamedTuple):
    """Free spaces, written: own (n_places,), of streets by the first link of each (n_links,) int32.

    `street` (n_links,) int32 names that link, -1 where nobody parks; `eur_per_h` and the middles of links
    `x_m`, `y_m` (n_links,) float64.
    """

    own: np.ndarray
    free: np.ndarray
    street: np.ndarray
    eur_per_h: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray


class Drive(NamedTuple):
    """How drivers go on: ms by link (n_links,) int32, ms on foot for each metre, longest drive [ms]."""

    weight_ms: np.ndarray
    walk_ms_per_m: float
    limit_ms: int


class Parked(NamedTuple):
    """What became of each (n,), written: kind int8, link int32, and its way on in `pool` by start and end."""

    kind: np.ndarray
    link: np.ndarray
    start: np.ndarray  # int64, -1: no way on
    end: np.ndarray
    pool: np.ndarray  # int32


@kernel
def cost_of_space(spaces: Spaces, arrivals: Arrivals, drive: Drive, k: int, link: int) -> np.int64:
    """Fee of a space of the link as time, and the walk back unless it is in the destination's street [ms]."""
    street = spaces.street[link]
    cost = arrivals.hours[k] * spaces.eur_per_h[street] * arrivals.ms_per_eur[k]
    if street != spaces.street[arrivals.link[k]]:
        across, along = spaces.x_m[link] - arrivals.x_m[k], spaces.y_m[link] - arrivals.y_m[k]
        cost += drive.walk_ms_per_m * np.sqrt(across * across + along * along)
    return np.int64(cost)


@kernel
def _search(
    topology: Topology, workspace: Workspace, spaces: Spaces, arrivals: Arrivals, drive: Drive, k: int
) -> tuple[int, int]:
    """Best link with a free space, and the state before it; -1, -1 if there is none within the limit."""
    n_nodes = topology.first_out.shape[0] - 1
    workspace.searches[0] += 1
    number = workspace.searches[0]
    cost, visited, link_to = workspace.cost, workspace.visited, workspace.link_to
    heap_cost, heap_node = workspace.heap_cost, workspace.heap_node
    begin = np.int64(arrivals.link[k])
    best, best_link, best_state = np.int64(2**60), -1, -1
    street = spaces.street[begin]
    if street >= 0 and spaces.free[street] > 0:
        best, best_link = cost_of_space(spaces, arrivals, drive, k, begin), begin
    state = np.int64(topology.lands_in[begin])
    visited[state], cost[state], link_to[state], workspace.came_from[state] = number, 0, -1, -1
    size = push(heap_cost, heap_node, 0, 0, state)
    while size > 0:
        reached, state = heap_cost[0], np.int64(heap_node[0])
        size = pop(heap_cost, heap_node, size)
        if reached > cost[state]:
            continue
        if reached >= best or reached > drive.limit_ms:
            break
        turn = state - n_nodes
        node = state if turn < 0 else np.int64(topology.head[topology.turn_from[turn]])
        for j in range(topology.first_out[node], topology.first_out[node + 1]):
            link = np.int64(topology.out_links[j])
            if drive.weight_ms[link] >= BLOCKED or is_banned(topology, turn, link):
                continue
            there = reached + drive.weight_ms[link]
            street = spaces.street[link]
            if street >= 0 and spaces.free[street] > 0 and there <= drive.limit_ms:
                total = there + cost_of_space(spaces, arrivals, drive, k, link)
                earlier = best_link >= 0 and topology.link_key[link] < topology.link_key[best_link]
                if total < best or (total == best and earlier and best_state >= 0):
                    best, best_link, best_state = total, link, state
            after = np.int64(topology.lands_in[link])
            new = visited[after] != number
            if not new and there == cost[after] and link_to[after] >= 0:
                new = topology.link_key[link] < topology.link_key[link_to[after]]
            if new or there < cost[after]:
                visited[after], cost[after], link_to[after] = number, there, link
                workspace.came_from[after] = state
                size = push(heap_cost, heap_node, size, there, after)
    return best_link, best_state


@kernel
def park(
    topology: Topology,
    workspace: Workspace,
    spaces: Spaces,
    arrivals: Arrivals,
    drive: Drive,
    done: int,
    parked: Parked,
) -> int:
    """Park those from `done` on, until all are or the pool is full; the first not parked is returned."""
    used = 0
    for k in range(done, arrivals.link.shape[0]):
        parked.start[k], parked.end[k] = -1, -1
        place = arrivals.place[k]
        if spaces.own[place] > 0:
            spaces.own[place] -= 1
            parked.kind[k], parked.link[k] = OWN, arrivals.link[k]
            continue
        link, state = _search(topology, workspace, spaces, arrivals, drive, k)
        if link < 0:
            parked.kind[k], parked.link[k] = UNSERVED, arrivals.link[k]
            continue
        n_links = 0
        if state >= 0:
            n_links, at = 1, np.int64(state)
            while workspace.link_to[at] >= 0:
                n_links, at = n_links + 1, np.int64(workspace.came_from[at])
            if used + n_links > parked.pool.shape[0]:
                return k
            parked.start[k], parked.end[k] = used, used + n_links
            used += n_links
            parked.pool[used - 1] = link
            write, at = used - 2, np.int64(state)
            while workspace.link_to[at] >= 0:
                parked.pool[write] = workspace.link_to[at]
                write, at = write - 1, np.int64(workspace.came_from[at])
        spaces.free[spaces.street[link]] -= 1
        parked.kind[k], parked.link[k] = STREET, link
    return arrivals.link.shape[0]
