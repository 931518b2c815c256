"""A question of the tests, asked of the path kernels through their public door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.worlds import Net
from twin.clock import MS, SLICE_S
from twin.kernels.paths import Topology, Trips, Weights
from twin.kernels.random import stream_of
from twin.routing.search import Stream, bounds_to, find_routes
from twin.routing.topology import build_topology

VIEW_STREAM = stream_of("tests.view")


@dataclass(frozen=True)
class Question:
    """Origin and destination links of some trips, and the moment each enters its origin link."""

    origin: list[int]
    destination: list[int]
    depart_ms: int = 0
    sigma: float = 0.0
    person: int = 0
    seed: int = 0


def topology_of(net: Net) -> Topology:
    return build_topology(net.tail, net.head, net.link_key, net.n_nodes)


def all_pairs(net: Net) -> Question:
    """From every link to every link."""
    pairs = [(origin, destination) for origin in range(net.n_links) for destination in range(net.n_links)]
    return Question([origin for origin, _ in pairs], [destination for _, destination in pairs])


def ask_kernel(net: Net, weight_ms: np.ndarray, question: Question, threads: int = 1) -> list[tuple[int, ...]]:
    """The kernel's route for each trip, its origin and destination links included; empty if there is none."""
    cost_ms = np.atleast_2d(weight_ms).astype(np.int32)
    topology = topology_of(net)
    origin, destination = (np.array(links, dtype=np.int32) for links in (question.origin, question.destination))
    n = origin.shape[0]
    bounds = bounds_to(topology, cost_ms.min(axis=0), destination)
    person = np.full(n, question.person, dtype=np.uint64)
    trips = Trips(origin, destination, np.full(n, question.depart_ms), person)
    weights = Weights(cost_ms, cost_ms, SLICE_S * MS, question.sigma)
    draws = Stream(question.seed, VIEW_STREAM)
    routes = find_routes(topology, weights, bounds, trips, np.arange(n), draws, threads)
    return [tuple(routes.of(trip).tolist()) for trip in range(n)]
