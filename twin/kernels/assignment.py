"""Static assignment by bushes (Algorithm B: Dial 2006; the choice of links to add: Nie 2010, 2012).

Origins take turns in their order, so the outcome is the same on every machine and at every number of
threads. A bush is renewed (unused links leave, shorter ways enter) and levelled: at each node, flow moves
from the dearest used way to the cheapest by safeguarded Newton steps until they cost the same.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.bushes import (
    Bushes,
    CostedLinks,
    Labels,
    LinkLoads,
    is_open,
    label_bush,
    set_cost,
    sort_bush,
)
from twin.kernels.jit import inline_kernel, kernel

DUST = 1e-14
"""Share of a node's trips below which the flow of a link is rounding, not choice."""
NEWTON_STEPS = 4
NEAR = 1e-3
"""A difference of costs this much smaller than it was needs no further step before the next sweep."""


@inline_kernel
def settle_flows(roads: CostedLinks, bushes: Bushes, row: int, labels: Labels) -> None:
    """Make the flow into each node what leaves and ends there, to the last digit, in the shares it has."""
    order, member, flow, through = bushes.order[row], bushes.member[row], bushes.flow[row], labels.through
    for node in range(through.shape[0]):
        through[node] = bushes.trips[row, node]
    for place in range(bushes.n_reached[row] - 1, 0, -1):
        node = order[place]
        entering = 0.0
        for k in range(roads.first_in[node], roads.first_in[node + 1]):
            link = roads.in_links[k]
            if member[link]:
                if flow[link] <= DUST * through[node]:
                    flow[link] = 0.0
                entering += flow[link]
        if entering <= 0.0:
            if through[node] <= 0.0:
                continue
            flow[labels.least_link[node]] = 1.0
            entering = 1.0
        scale = through[node] / entering
        for k in range(roads.first_in[node], roads.first_in[node + 1]):
            link = roads.in_links[k]
            if member[link] and flow[link] > 0.0:
                flow[link] *= scale
                through[roads.tail[link]] += flow[link]


@inline_kernel
def renew_bush(roads: CostedLinks, bushes: Bushes, row: int, traffic: LinkLoads, labels: Labels) -> bool:
    """Drop unused links and add those that shorten a way; whether any was added.

    A link enters only if it also leads from a lesser to a greater greatest cost, so that no cycle arises.
    """
    member, flow, cost = bushes.member[row], bushes.flow[row], traffic.cost
    label_bush(roads, bushes, row, cost, labels, False)
    settle_flows(roads, bushes, row, labels)
    for link in range(roads.tail.shape[0]):
        if member[link] and flow[link] <= 0.0 and labels.least_link[roads.head[link]] != link:
            member[link] = False
    label_bush(roads, bushes, row, cost, labels, True)
    origin = np.int64(bushes.origin[row])
    order = bushes.order[row]
    added = False
    for place in range(bushes.n_reached[row]):
        node = np.int64(order[place])
        if not is_open(roads, node, origin):
            continue
        for k in range(roads.first_out[node], roads.first_out[node + 1]):
            link = roads.out_links[k]
            after = roads.head[link]
            if (
                not member[link]
                and labels.least[node] + cost[link] < labels.least[after]
                and labels.most[node] + cost[link] < labels.most[after]
            ):
                member[link] = True
                added = True
    if added:
        sort_bush(roads, bushes, row, labels)
    return added


@inline_kernel
def move(
    roads: CostedLinks,
    traffic: LinkLoads,
    flow: np.ndarray,
    end: int,
    fork: int,
    link_to: np.ndarray,
    trips: float,
) -> None:
    """Add trips to every link of a way, traced back from its end to the fork."""
    node = end
    while node != fork:
        link = np.int64(link_to[node])
        flow[link] += trips
        traffic.flow[link] += trips
        set_cost(roads, traffic, link)
        node = np.int64(roads.tail[link])


@inline_kernel
def fork_of(roads: CostedLinks, labels: Labels, end: int) -> int:
    """Where the cheapest and the dearest used way to a node part: the last node that both pass."""
    cheap = np.int64(roads.tail[labels.least_link[end]])
    dear = np.int64(roads.tail[labels.most_link[end]])
    while cheap != dear:
        if labels.place[cheap] > labels.place[dear]:
            cheap = np.int64(roads.tail[labels.least_link[cheap]])
        else:
            dear = np.int64(roads.tail[labels.most_link[dear]])
    return cheap


@inline_kernel
def balance_node(
    roads: CostedLinks, flow: np.ndarray, traffic: LinkLoads, labels: Labels, end: int, relax: float
) -> None:
    """Move flow from the dearest used way to the cheapest until both cost the same or one is unused.

    With ``relax`` above 1 one step that much longer: sweeps over many origins then agree sooner (Young 1954).
    """
    fork = fork_of(roads, labels, end)
    first_difference = 0.0
    for step in range(NEWTON_STEPS if relax == 1.0 else 1):
        difference, slope = 0.0, 0.0
        movable, returnable = np.inf, np.inf
        node = end
        while node != fork:
            link = np.int64(labels.most_link[node])
            difference += traffic.cost[link]
            slope += traffic.slope[link]
            movable = min(movable, flow[link])
            node = np.int64(roads.tail[link])
        node = end
        while node != fork:
            link = np.int64(labels.least_link[node])
            difference -= traffic.cost[link]
            slope += traffic.slope[link]
            returnable = min(returnable, flow[link])
            node = np.int64(roads.tail[link])
        if step == 0:
            first_difference = difference
            returnable = 0.0
        if abs(difference) <= NEAR * first_difference:
            return
        if slope > 0.0:
            trips = relax * difference / slope
        else:
            trips = movable if difference > 0.0 else -returnable
        trips = max(min(trips, movable), -returnable)
        if trips == 0.0:
            return
        move(roads, traffic, flow, end, fork, labels.most_link, -trips)
        move(roads, traffic, flow, end, fork, labels.least_link, trips)


@inline_kernel
def level_bush(
    roads: CostedLinks, bushes: Bushes, row: int, traffic: LinkLoads, labels: Labels, relax: float
) -> float:
    """Balance every node of a bush, the last first; the greatest difference of costs met on the way."""
    order = bushes.order[row]
    label_bush(roads, bushes, row, traffic.cost, labels, False)
    widest = 0.0
    for place in range(bushes.n_reached[row] - 1, 0, -1):
        node = np.int64(order[place])
        if labels.most_link[node] >= 0 and labels.most_link[node] != labels.least_link[node]:
            widest = max(widest, labels.most[node] - labels.least[node])
            balance_node(roads, bushes.flow[row], traffic, labels, node, relax)
    return widest


@kernel
def sweep(
    roads: CostedLinks,
    bushes: Bushes,
    traffic: LinkLoads,
    labels: Labels,
    n_sweeps: int,
    relax: float,
    width: np.ndarray,
) -> None:
    """Renew and level each bush in turn, then level all again, n_sweeps times.

    ``width`` (n_origins,) is memory: bushes already level to a tenth of the widest wait for the others.
    """
    for row in range(bushes.origin.shape[0]):
        renew_bush(roads, bushes, row, traffic, labels)
        level_bush(roads, bushes, row, traffic, labels, relax)
        width[row] = level_bush(roads, bushes, row, traffic, labels, relax)
    for _ in range(n_sweeps):
        bound = 0.0
        for row in range(bushes.origin.shape[0]):
            bound = max(bound, 0.1 * width[row])
        for row in range(bushes.origin.shape[0]):
            if width[row] >= bound:
                width[row] = level_bush(roads, bushes, row, traffic, labels, relax)


@kernel
def add_up(roads: CostedLinks, bushes: Bushes, traffic: LinkLoads, own: np.ndarray) -> None:
    """Flow of all bushes ``own`` (n_links,), and with what cannot move, afresh; costs at it."""
    own[:] = 0.0
    for row in range(bushes.origin.shape[0]):
        flow = bushes.flow[row]
        for link in range(own.shape[0]):
            own[link] += flow[link]
    for link in range(own.shape[0]):
        traffic.flow[link] = own[link] + traffic.fixed[link]
        set_cost(roads, traffic, link)
