"""Routes that honour banned turns: against a plain search over links, and round a block by hand."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.oracles import BLOCKED_MS
from tests.strategies import link_weights, networks
from tests.worlds import Net
from twin.kernels.paths import RouteQueries
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.routing.topology import build_topology

Bans = set[tuple[int, int]]


def slow_costs(net: Net, weight_ms: list[int], bans: Bans, origin: int) -> dict[int, int]:
    """Least cost after the first link to the end of every link, turn by turn (Dijkstra 1959 over links)."""
    found: dict[int, int] = {}
    heap = [(0, origin)]
    while heap:
        cost, link = heapq.heappop(heap)
        if link in found:
            continue
        found[link] = cost
        for onward in net.successors(link):
            if (link, onward) not in bans and weight_ms[onward] < BLOCKED_MS:
                heapq.heappush(heap, (cost + weight_ms[onward], onward))
    return found


def ask(net: Net, weight_ms: np.ndarray, bans: Bans, origin: int, threads: int = 1) -> list[list[int]]:
    """The kernel's route from a link to every link, both included; empty if there is none."""
    pairs = np.array(sorted(bans), dtype=np.int32).reshape(-1, 2)
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes, (pairs[:, 0], pairs[:, 1]))
    n = net.n_links
    links = np.arange(n, dtype=np.int32)
    trips = RouteQueries.between(np.full(n, origin), links)
    routes = find_routes(
        topology,
        static_weights(weight_ms),
        bounds_to(topology, weight_ms, links),
        trips,
        np.arange(n),
        NO_DRAWS,
        threads,
    )
    return [routes.of(trip).tolist() for trip in range(n)]


@st.composite
def worlds_with_bans(draw: st.DrawFn) -> tuple[Net, np.ndarray, Bans]:
    net = draw(networks())
    turns = [(link, onward) for link in range(net.n_links) for onward in net.successors(link)]
    bans = draw(st.sets(st.sampled_from(turns), max_size=len(turns) // 2)) if turns else set()
    return net, draw(link_weights(net))[0], bans


@settings(max_examples=150)
@given(worlds_with_bans(), st.data())
def test_routes_are_the_least_that_no_ban_forbids(
    world: tuple[Net, np.ndarray, Bans], data: st.DataObject
) -> None:
    net, weight_ms, bans = world
    origin = data.draw(st.integers(0, net.n_links - 1))
    expected = slow_costs(net, weight_ms.tolist(), bans, origin)
    for destination, route in enumerate(ask(net, weight_ms, bans, origin)):
        if destination == origin:
            assert route == [origin]
            continue
        assert bool(route) == (destination in expected)
        if route:
            assert (route[0], route[-1]) == (origin, destination)
            assert not bans & set(itertools.pairwise(route))
            assert int(weight_ms[route[1:]].sum()) == expected[destination]


def test_a_banned_left_turn_goes_round_the_block() -> None:
    """On a grid of 3 by 3: from 0 over 1 to 4 takes two links; with that turn banned it takes four."""
    net = worlds.grid(3)
    link = {(int(a), int(b)): row for row, (a, b) in enumerate(zip(net.tail, net.head, strict=True))}
    weight_ms = np.full(net.n_links, 1000)
    first, onward = link[0, 1], link[1, 4]
    assert ask(net, weight_ms, set(), first)[onward] == [first, onward]
    banned = {(first, onward), (first, link[1, 0])}
    route = ask(net, weight_ms, banned, first)[onward]
    assert len(route) == 4
    assert [route[0], route[-1]] == [first, onward]
    assert len(ask(net, weight_ms, banned, first)[link[4, 7]]) == 5  # 1, 2, 5, 4, 7: round by the east
    assert len(ask(net, weight_ms, banned | {(first, link[1, 2])}, first)[onward]) == 0


def test_routes_with_bans_are_the_same_on_several_threads() -> None:
    net = worlds.grid(4)
    weight_ms = np.full(net.n_links, 1000)
    bans = {(0, onward) for onward in net.successors(0)[:1]} | {
        (7, onward) for onward in net.successors(7)[1:]
    }
    assert ask(net, weight_ms, bans, 0, threads=3) == ask(net, weight_ms, bans, 0)
