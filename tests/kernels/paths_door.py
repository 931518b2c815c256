"""A question of the tests, asked of the path kernels through their public door."""

from __future__ import annotations

import numpy as np

from tests.oracles import SLICE_MS, View
from tests.worlds import Net
from twin.kernels.paths import RouteQueries, Stream, Topology, Weights
from twin.routing.search import bounds_to, find_routes
from twin.routing.topology import build_topology

Pairs = list[tuple[int, int]]
"""Origin and destination link of some trips."""


def topology_of(net: Net) -> Topology:
    return build_topology(net.tail, net.head, net.link_key, net.n_nodes)


def all_pairs(net: Net) -> Pairs:
    """From every link to every link."""
    return [(origin, destination) for origin in range(net.n_links) for destination in range(net.n_links)]


def ask_kernel(
    net: Net, view: View, pairs: Pairs, depart_ms: int = 0, threads: int = 1
) -> list[tuple[int, ...]]:
    """The kernel's route for each trip, its origin and destination links included; empty if there is none."""
    topology = topology_of(net)
    origin, destination = (np.array(links, dtype=np.int32) for links in zip(*pairs, strict=True))
    n_trips = len(pairs)
    person = np.full(n_trips, view.person, dtype=np.uint64)
    routes = find_routes(
        topology,
        Weights(view.cost_ms.astype(np.int32), view.time_ms.astype(np.int32), SLICE_MS, view.sigma),
        bounds_to(topology, view.cost_ms.min(axis=0), destination),
        RouteQueries(origin, destination, np.full(n_trips, depart_ms), person),
        np.arange(n_trips),
        Stream(view.seed, np.uint64(view.stream)),
        threads,
    )
    return [tuple(routes.of(trip).tolist()) for trip in range(n_trips)]
