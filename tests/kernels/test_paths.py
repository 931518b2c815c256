"""The path kernels and their slow twin: equal on random networks, and right where paper gives the answer."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.kernels.loading_door import routes_of
from tests.kernels.paths_door import Pairs, all_pairs, ask_kernel, topology_of
from tests.oracles import BLOCKED_MS, SLICE_MS, View, entries_along, plain_view, shuffled, slow_routes
from tests.strategies import cases, link_weights, networks
from tests.worlds import Case, Net
from twin.kernels import paths
from twin.kernels.random import stream_of
from twin.routing.topology import workspace_for

World = tuple[Net, np.ndarray]
SEEDS = st.integers(0, 2**32 - 1)
VIEW_STREAM = int(stream_of("tests.view"))


def weighted(n_slices: int = 1, max_nodes: int = 7) -> st.SearchStrategy[World]:
    """Networks with weights (n_slices, n_links) [ms]."""
    return networks(max_nodes, max_extra=12).flatmap(
        lambda net: st.tuples(st.just(net), link_weights(net, n_slices))
    )


def twin_answers(net: Net, view: View, depart_ms: int = 0) -> list[tuple[int, ...]]:
    """The twin's routes for all pairs."""
    return [path for origin in range(net.n_links) for path in slow_routes(net, view, origin, depart_ms)]


def cost_after_first(net: Net, weight_ms: np.ndarray, path: tuple[int, ...]) -> int | None:
    """Cost [ms] of a path whose links must join, its first link not counted; None for no path."""
    assert all(net.head[before] == net.tail[link] for before, link in pairwise(path))
    return int(weight_ms[list(path[1:])].sum()) if path else None


# ------------------------------------------------------------------------- the twin against the obvious


def costs_of_all_walks(net: Net, weight_ms: np.ndarray, origin: int) -> list[int | None]:
    """Least costs by walking every path without a repeated node: slower still, and beyond doubt."""
    best: list[int | None] = [None] * net.n_links
    walks = [(origin, 0, frozenset({int(net.head[origin])}))]
    while walks:
        link, cost, seen = walks.pop()
        for following in net.successors(link):
            if weight_ms[following] < BLOCKED_MS:
                total, end = cost + int(weight_ms[following]), int(net.head[following])
                known = best[following]
                best[following] = total if known is None else min(known, total)
                if end not in seen:
                    walks.append((following, total, seen | {end}))
    best[origin] = 0
    return best


@settings(max_examples=50)
@given(weighted(max_nodes=5))
def test_twin_finds_what_walking_every_path_finds(world: World) -> None:
    net, weight_ms = world
    for origin in range(net.n_links):
        routes = slow_routes(net, plain_view(weight_ms), origin)
        costs = [cost_after_first(net, weight_ms[0], path) for path in routes]
        assert costs == costs_of_all_walks(net, weight_ms[0], origin)


# ------------------------------------------------------------------------------- kernel against twin


@settings(max_examples=60)
@given(weighted())
def test_kernel_agrees_with_twin(world: World) -> None:
    net, weight_ms = world
    view = plain_view(weight_ms)
    assert ask_kernel(net, view, all_pairs(net)) == twin_answers(net, view)


@settings(max_examples=60)
@given(weighted(n_slices=3), st.integers(0, 2_700_000))
def test_kernel_agrees_with_twin_while_weights_change(world: World, depart_ms: int) -> None:
    """Slices of 15 minutes; a later entry may be the quicker one, nodes still settle by arrival."""
    net, weight_ms = world
    view = plain_view(weight_ms)
    assert ask_kernel(net, view, all_pairs(net), depart_ms) == twin_answers(net, view, depart_ms)


@settings(max_examples=60)
@given(weighted(n_slices=2), st.data())
def test_everyone_has_an_own_view_of_each_link(world: World, data: st.DataObject) -> None:
    """What a link costs steers, and is felt by each person in an own way; its time moves the clock."""
    net, cost_ms = world
    time_ms = np.minimum(data.draw(link_weights(net, n_slices=2)), 600_000)
    person, seed = data.draw(st.integers(0, 2**64 - 1)), data.draw(SEEDS)
    view = View(cost_ms, time_ms, sigma=0.5, person=person, seed=seed, stream=VIEW_STREAM)
    assert ask_kernel(net, view, all_pairs(net)) == twin_answers(net, view)


@settings(max_examples=40)
@given(weighted())
def test_cost_trees_agree_with_twin(world: World) -> None:
    net, weight_ms = world
    topology = topology_of(net)
    cost_ms = np.empty((net.n_nodes, net.n_nodes), dtype=np.int32)
    nodes = np.arange(net.n_nodes, dtype=np.int32)
    paths.cost_trees(topology, weight_ms[0].astype(np.int32), nodes, workspace_for(topology), cost_ms)
    for origin, link in all_pairs(net):
        if link != origin and weight_ms[0, link] < BLOCKED_MS:
            path = slow_routes(net, plain_view(weight_ms), origin)[link]
            to_tail = int(cost_ms[net.tail[link], net.head[origin]])
            found = None if to_tail >= BLOCKED_MS else to_tail + int(weight_ms[0, link])
            assert found == cost_after_first(net, weight_ms[0], path)


def ask_renumbered(net: Net, view: View, pairs: Pairs, seed: int) -> list[tuple[int, ...]]:
    """The kernel's routes in the same world with nodes and links in another order, put back in order."""
    node_to = shuffled(net.n_nodes, seed).astype(np.int32)
    links = shuffled(net.n_links, seed)
    link_to = np.argsort(links).tolist()
    other = replace(
        net, tail=node_to[net.tail[links]], head=node_to[net.head[links]], link_key=net.link_key[links]
    )
    seen = replace(view, cost_ms=view.cost_ms[:, links], time_ms=view.time_ms[:, links])
    asked = [(link_to[origin], link_to[destination]) for origin, destination in pairs]
    return [tuple(int(links[link]) for link in path) for path in ask_kernel(other, seen, asked)]


@settings(max_examples=20)
@given(weighted(), SEEDS)
def test_numbering_changes_no_route(world: World, seed: int) -> None:
    net, weight_ms = world
    view = plain_view(np.where(weight_ms < BLOCKED_MS, 1_000, weight_ms))  # many routes of equal cost
    assert ask_renumbered(net, view, all_pairs(net), seed) == ask_kernel(net, view, all_pairs(net))


@pytest.mark.parametrize("seed", range(3))
def test_numbering_changes_no_route_of_a_grid(seed: int) -> None:
    """A grid has many routes of equal cost; which one is taken goes by outside keys, never by rows."""
    net = worlds.grid(6)
    pairs = [(0, destination) for destination in range(net.n_links)]
    view = plain_view(net.free_ms)
    assert ask_renumbered(net, view, pairs, seed) == ask_kernel(net, view, pairs)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_no_route(threads: int) -> None:
    net = worlds.grid(4)
    view = plain_view(net.free_ms)
    assert ask_kernel(net, view, all_pairs(net), threads=threads) == ask_kernel(net, view, all_pairs(net))


# ------------------------------------------------------------------------------------- known answers


def test_grid_distance_is_the_sum_of_both_ways() -> None:
    """5 x 5 nodes, 12 s a link: from the first corner to the far one 8 links, the first not counted."""
    net = worlds.grid(5)
    into_far_corner = int(np.flatnonzero(net.head == 24)[0])
    (path,) = ask_kernel(net, plain_view(net.free_ms), [(0, into_far_corner)])
    assert len(path) == 8
    assert cost_after_first(net, net.free_ms, path) == 7 * 12_000


def test_route_along_one_street_and_to_a_blocked_one() -> None:
    """A trip along its own street needs no other link; a blocked destination has no route."""
    net = worlds.one_link()
    assert ask_kernel(net, plain_view(net.free_ms), [(0, 0)]) == [(0,)]
    ring = worlds.ring(3, storage=1)
    view = plain_view(np.array([3_000, 3_000, BLOCKED_MS]))
    assert ask_kernel(ring, view, [(0, 1), (0, 2), (1, 0)]) == [(0, 1), (), ()]


def test_route_longer_than_expected() -> None:
    """300 links in a row: longer than the room first set aside, for every one of many trips."""
    net = worlds.corridor(300, 200, 2_000)
    answers = ask_kernel(net, plain_view(net.free_ms), [(0, 300)] * 20)
    assert answers == [tuple(range(301))] * 20


DIRECT, ROUND = (0, 1, 4), (0, 2, 3, 4)


@pytest.mark.parametrize(
    ("depart_s", "route"), [(0, DIRECT), (879, DIRECT), (880, ROUND), (1_779, ROUND), (1_780, DIRECT)]
)
def test_the_slice_of_entry_counts(depart_s: int, route: tuple[int, ...]) -> None:
    """20 s on link 0; then link 1: 60 s, entered from 900 s on 200 s, from 1,800 s on 60 s; or round: 120."""
    streets = [(0, 1), (1, 2), (1, 3), (3, 2), (2, 4)]
    net = worlds.net_of([worlds.Street(a, b, 500, 30, 900) for a, b in streets])
    weight_ms = np.tile(np.array([20_000, 60_000, 60_000, 60_000, 60_000]), (3, 1))
    weight_ms[1, 1] = 200_000
    assert ask_kernel(net, plain_view(weight_ms), [(0, 4)], depart_ms=1_000 * depart_s) == [route]


# --------------------------------------------------------------------- flows and costs along routes


@settings(max_examples=40)
@given(cases(n_steps=1), st.data())
def test_flows_along_routes(case: Case, data: st.DataObject) -> None:
    """Entries by slice and link, if links take what the weights say."""
    demand = case.demand
    time_ms = np.minimum(data.draw(link_weights(case.net, n_slices=4)), 600_000).astype(np.int32)
    routes = routes_of(demand.routes)
    flow = np.full(time_ms.shape, -1, dtype=np.int32)
    paths.spread_flows(routes.pool, routes.start, routes.end, demand.release_ms, time_ms, SLICE_MS, flow)
    expected = np.zeros_like(flow)
    for moment_ms, route in zip(demand.release_ms.tolist(), demand.routes, strict=True):
        for link, enter_ms in entries_along(time_ms, route, moment_ms):
            expected[min(enter_ms // SLICE_MS, 3), link] += 1
    assert flow.tolist() == expected.tolist()


@settings(max_examples=40)
@given(cases(n_steps=1), st.data())
def test_costs_along_routes(case: Case, data: st.DataObject) -> None:
    """What each traveller feels on the own route: the first link is not counted, but its time passes."""
    net, demand = case.net, case.demand
    time_ms, cost_ms = (np.minimum(data.draw(link_weights(net, 4)), 600_000) for _ in range(2))
    view = View(cost_ms, time_ms, sigma=0.4, seed=case.seed, stream=VIEW_STREAM)
    routes = routes_of(demand.routes)
    weights = paths.Weights(cost_ms.astype(np.int32), time_ms.astype(np.int32), SLICE_MS, view.sigma)
    rows = shuffled(demand.n_trips, case.seed)[: 1 + demand.n_trips // 2]
    asked = paths.RouteQueries(
        np.empty(0, np.int32), np.empty(0, np.int32), demand.release_ms, demand.trip_key
    )
    felt_ms = np.full(len(rows), -1, dtype=np.int64)
    where = paths.RoutePool(routes.pool, routes.start, routes.end)
    draws = paths.Stream(view.seed, np.uint64(VIEW_STREAM))
    paths.route_costs(where, asked, rows, weights, net.link_key, draws, felt_ms)
    for row, felt in zip(rows.tolist(), felt_ms.tolist(), strict=True):
        own = replace(view, person=int(demand.trip_key[row]))
        entries = entries_along(time_ms, demand.routes[row], int(demand.release_ms[row]))
        assert felt == sum(own.felt_ms(net, link, enter_ms) for link, enter_ms in entries[1:])
