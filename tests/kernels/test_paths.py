"""The path kernels and their slow twin: equal on random networks, and right where paper gives the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.kernels.paths_door import VIEW_STREAM, Question, all_pairs, ask_kernel, topology_of
from tests.kernels.loading_door import routes_of
from tests.oracles import (
    BLOCKED_MS,
    SLICE_MS,
    cost_along,
    entries_along,
    shuffled,
    slow_costs,
    slow_uniform,
    weight_at,
)
from tests.strategies import cases, link_weights, networks
from tests.worlds import Case, Net
from twin.kernels import paths
from twin.routing.topology import workspace_for

World = tuple[Net, np.ndarray]
SEEDS = st.integers(0, 2**32 - 1)


def weighted(n_slices: int = 1, max_nodes: int = 7) -> st.SearchStrategy[World]:
    """Networks with weights (n_slices, n_links) [ms]."""
    return networks(max_nodes, max_extra=12).flatmap(
        lambda net: st.tuples(st.just(net), link_weights(net, n_slices))
    )


def all_simple_costs(net: Net, weight_ms: np.ndarray, origin: int) -> list[int | None]:
    """Costs by walking every path without a repeated node: slower still, and beyond doubt."""
    best: list[int | None] = [None] * net.n_links
    walks = [(origin, 0, frozenset({int(net.head[origin])}))]
    while walks:
        link, cost, seen = walks.pop()
        for following in net.successors(link):
            weight = int(weight_ms[following])
            if weight < BLOCKED_MS:
                total, end = cost + weight, int(net.head[following])
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
        assert slow_costs(net, weight_ms, origin) == all_simple_costs(net, weight_ms[0], origin)


# ------------------------------------------------------------------------------- kernel against twin


def felt_by(net: Net, link: int, weight_ms: int, question: Question) -> int:
    """What a person feels a link to weigh: up to 1 + sigma times as much, by a draw of person and link."""
    when = int(net.link_key[link]) % 2**62
    u = slow_uniform(question.seed, int(VIEW_STREAM), question.person, when)
    return int(float(weight_ms) * (1.0 + question.sigma * u)) if weight_ms < BLOCKED_MS else weight_ms


def check_answers(net: Net, weight_ms: np.ndarray, question: Question, answers: list[tuple[int, ...]]) -> None:
    """Every route is one, leads from origin to destination, and costs what the twin says is least."""
    weights = np.atleast_2d(weight_ms)
    for origin, destination, path in zip(question.origin, question.destination, answers, strict=True):
        moment_ms = question.depart_ms + weight_at(weights.tolist(), origin, question.depart_ms)
        least = slow_costs(net, weights, origin, moment_ms)[destination]
        if path:
            assert (path[0], path[-1]) == (origin, destination)
            assert cost_along(net, weights, path, moment_ms) == least
        else:
            assert least is None


@settings(max_examples=60)
@given(weighted())
def test_kernel_agrees_with_twin(world: World) -> None:
    net, weight_ms = world
    check_answers(net, weight_ms, all_pairs(net), ask_kernel(net, weight_ms, all_pairs(net)))


@settings(max_examples=60)
@given(weighted(n_slices=3, max_nodes=5), st.integers(0, 2_700_000))
def test_kernel_agrees_with_twin_while_weights_change(world: World, depart_ms: int) -> None:
    """Slices of 15 minutes; a later entry may be the quicker one, so nodes are settled by earliest arrival."""
    net, weight_ms = world
    question = replace(all_pairs(net), depart_ms=depart_ms)
    check_answers(net, weight_ms, question, ask_kernel(net, weight_ms, question))


@settings(max_examples=40)
@given(weighted(), st.integers(0, 2**62), st.integers(0, 2**31))
def test_everyone_has_an_own_view_of_each_link(world: World, person: int, seed: int) -> None:
    net, weight_ms = world
    question = replace(all_pairs(net), sigma=0.5, person=person, seed=seed)
    felt_ms = [felt_by(net, link, int(weight_ms[0, link]), question) for link in range(net.n_links)]
    check_answers(net, np.array(felt_ms), question, ask_kernel(net, weight_ms, question))


@settings(max_examples=40)
@given(weighted())
def test_cost_trees_agree_with_twin(world: World) -> None:
    net, weight_ms = world
    topology = topology_of(net)
    cost_ms = np.empty((net.n_nodes, net.n_nodes), dtype=np.int32)
    nodes = np.arange(net.n_nodes, dtype=np.int32)
    paths.cost_trees(topology, weight_ms[0].astype(np.int32), nodes, workspace_for(topology), cost_ms)
    for origin in range(net.n_links):
        costs = slow_costs(net, weight_ms, origin)
        for link in range(net.n_links):
            weight = int(weight_ms[0, link])
            to_tail = int(cost_ms[net.tail[link], net.head[origin]])
            if link != origin and weight < BLOCKED_MS:
                assert (None if to_tail >= BLOCKED_MS else to_tail + weight) == costs[link]


def ask_renumbered(net: Net, weight_ms: np.ndarray, question: Question, seed: int) -> list[tuple[int, ...]]:
    """The kernel's routes in the same world with nodes and links in another order, put back in order."""
    node_to = shuffled(net.n_nodes, seed).astype(np.int32)
    links = shuffled(net.n_links, seed)
    link_to = np.argsort(links)
    other = replace(
        net, tail=node_to[net.tail[links]], head=node_to[net.head[links]], link_key=net.link_key[links]
    )
    asked = replace(
        question,
        origin=link_to[question.origin].tolist(),
        destination=link_to[question.destination].tolist(),
    )
    answers = ask_kernel(other, np.atleast_2d(weight_ms)[:, links], asked)
    return [tuple(int(links[link]) for link in path) for path in answers]


@settings(max_examples=20)
@given(weighted(), SEEDS)
def test_numbering_changes_no_route(world: World, seed: int) -> None:
    net, weight_ms = world
    weight_ms = np.where(weight_ms < BLOCKED_MS, 1_000, weight_ms)  # many routes of equal cost
    question = all_pairs(net)
    assert ask_renumbered(net, weight_ms, question, seed) == ask_kernel(net, weight_ms, question)


@pytest.mark.parametrize("seed", range(3))
def test_numbering_changes_no_route_of_a_grid(seed: int) -> None:
    """A grid has many routes of equal cost; which one is taken goes by outside keys, never by rows."""
    net = worlds.grid(6)
    question = Question([0] * net.n_links, list(range(net.n_links)))
    assert ask_renumbered(net, net.free_ms, question, seed) == ask_kernel(net, net.free_ms, question)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_change_no_route(threads: int) -> None:
    net = worlds.grid(4)
    assert ask_kernel(net, net.free_ms, all_pairs(net), threads) == ask_kernel(net, net.free_ms, all_pairs(net))


# ------------------------------------------------------------------------------------- known answers


def test_grid_distance_is_the_sum_of_both_ways() -> None:
    """5 x 5 nodes, 12 s a link: from the first corner to the far one 8 links, the first not counted."""
    net = worlds.grid(5)
    into_corner = [row for row in range(net.n_links) if net.head[row] == 24]
    (path,) = ask_kernel(net, net.free_ms, Question([0], into_corner[:1]))
    assert len(path) == 8
    assert cost_along(net, net.free_ms, path) == 7 * 12_000


def test_route_ends_where_it_starts() -> None:
    """A trip along its own street needs no other link, and a blocked destination has no route."""
    net = worlds.one_link()
    assert ask_kernel(net, net.free_ms, Question([0], [0])) == [(0,)]
    ring = worlds.ring(3, storage=1)
    assert ask_kernel(ring, np.array([3_000, 3_000, BLOCKED_MS]), Question([0, 0], [1, 2])) == [(0, 1), ()]


def test_route_longer_than_expected() -> None:
    """300 links in a row: longer than the room first set aside, for every one of many trips."""
    net = worlds.corridor(300, 200, 2_000)
    answers = ask_kernel(net, net.free_ms, Question([0] * 20, [300] * 20))
    assert answers == [tuple(range(301))] * 20


@pytest.mark.parametrize(
    ("depart_s", "route"), [(0, (0, 1, 4)), (870, (0, 1, 4)), (890, (0, 2, 3, 4)), (1_779, (0, 2, 3, 4)), (1_780, (0, 1, 4))]
)
def test_the_slice_of_entry_counts(depart_s: int, route: tuple[int, ...]) -> None:
    """Link 1 takes 60 s, from 900 s on 200 s, from 1,800 s on 60 s; the way round takes 120 s."""
    streets = [(0, 1), (1, 2), (1, 3), (3, 2), (2, 4)]
    net = worlds.net_of([worlds.Street(a, b, 500, 30, 900) for a, b in streets])
    weight_ms = np.tile(np.array([20_000, 60_000, 60_000, 60_000, 60_000]), (3, 1))
    weight_ms[1, 1] = 200_000
    assert ask_kernel(net, weight_ms, Question([0], [4], depart_ms=1_000 * depart_s)) == [route]


# --------------------------------------------------------------------- flows and times along routes


@given(cases(n_steps=1), st.data())
def test_flows_along_routes(case: Case, data: st.DataObject) -> None:
    """Entries by slice and link, if links take what the weights say."""
    demand = case.demand
    time_ms = np.minimum(data.draw(link_weights(case.net, n_slices=4)), 600_000)
    routes = routes_of(demand.routes)
    flow = np.full(time_ms.shape, -1, dtype=np.int32)
    paths.spread_flows(
        routes.pool, routes.start, routes.end, demand.release_ms, time_ms.astype(np.int32), SLICE_MS, flow
    )
    expected = np.zeros_like(flow)
    for moment_ms, route in zip(demand.release_ms.tolist(), demand.routes, strict=True):
        for link, enter_ms in entries_along(time_ms, route, moment_ms):
            expected[min(enter_ms // SLICE_MS, 3), link] += 1
    assert flow.tolist() == expected.tolist()


@given(cases(n_steps=1), st.data())
def test_costs_along_routes(case: Case, data: st.DataObject) -> None:
    """What each traveller feels on the own route: the first link is not counted, but its time passes."""
    net, demand, sigma = case.net, case.demand, 0.4
    time_ms = np.minimum(data.draw(link_weights(net, n_slices=4)), 600_000).astype(np.int32)
    cost_ms = np.minimum(data.draw(link_weights(net, n_slices=4)), 600_000).astype(np.int32)
    routes = routes_of(demand.routes)
    rows = shuffled(demand.n_trips, case.seed)[: 1 + demand.n_trips // 2]
    asked = paths.Trips(np.empty(0, np.int32), np.empty(0, np.int32), demand.release_ms, demand.trip_key)
    felt_ms = np.full(len(rows), -1, dtype=np.int64)
    weights = paths.Weights(cost_ms, time_ms, SLICE_MS, sigma)
    paths.route_costs(
        routes.pool, routes.start, routes.end, asked, rows, weights, net.link_key, case.seed, VIEW_STREAM, felt_ms
    )  # fmt: skip
    for row, felt in zip(rows.tolist(), felt_ms.tolist(), strict=True):
        steps = entries_along(time_ms, demand.routes[row], int(demand.release_ms[row]))[1:]
        person = int(demand.trip_key[row])
        assert felt == sum(
            felt_by(net, link, weight_at(cost_ms.tolist(), link, enter_ms), Question([], [], 0, sigma, person, case.seed))
            for link, enter_ms in steps
        )
