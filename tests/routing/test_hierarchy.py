"""Customizable contraction hierarchies: every cost is Dijkstra's, every route costs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twin.routing.hierarchy as doors
from tests.oracles import BLOCKED_MS
from tests.routing.hierarchy_worlds import Town, jittered_grid, riviera, slow_costs_between, some_links
from tests.routing.test_banned_turns import Bans, slow_costs, worlds_with_bans
from tests.worlds import Net
from twin.errors import InputError
from twin.kernels.paths import UNREACHED
from twin.routing.dissection import geometric_order, has_metis
from twin.routing.hierarchy import (
    Hierarchy,
    Metric,
    bounds_by,
    build_hierarchy,
    costs_between,
    customize,
    paths,
    recustomize,
)
from twin.routing.routes import Routes
from twin.routing.search import bounds_to
from twin.routing.topology import build_topology

metis = pytest.param(
    "metis", marks=pytest.mark.skipif(not has_metis(), reason="extra routing is not installed")
)


def hierarchy_of(town: Town, order: str = "geometric") -> Hierarchy:
    return build_hierarchy(town.topology, town.x_m, town.y_m, order)


TOWNS: dict[str, Any] = {
    "grid": lambda: jittered_grid(52, 0.0),
    "grid with banned turns": lambda: jittered_grid(52, 0.05),
    "riviera": lambda: riviera(with_bans=False),
    "riviera with banned turns": lambda: riviera(with_bans=True),
}


@pytest.fixture(scope="module", params=TOWNS)
def town(request: pytest.FixtureRequest) -> Town:
    town: Town = TOWNS[request.param]()
    assert (town.bans.shape[0] > 0) == ("banned" in request.param)
    return town


def check_routes(town: Town, pairs: tuple[np.ndarray, np.ndarray], found: tuple[np.ndarray, Routes]) -> int:
    """Each route leads from its origin to its destination, bans nothing, costs its cost; how many."""
    cost_ms, routes = found
    banned = set(map(tuple, town.bans.tolist()))
    for row, (origin, destination) in enumerate(zip(*pairs, strict=True)):
        route = routes.of(row)
        assert (route.shape[0] > 0) == (cost_ms[row] < UNREACHED)
        if route.shape[0]:
            assert (route[0], route[-1]) == (origin, destination)
            assert (town.head[route[:-1]] == town.tail[route[1:]]).all()
            assert (town.weight_ms[route[1:]] < BLOCKED_MS).all()
            assert town.weight_ms[route[1:]].sum() == cost_ms[row]
            assert not banned or not banned & set(zip(route[:-1].tolist(), route[1:].tolist(), strict=True))
    return int((cost_ms < UNREACHED).sum())


@pytest.mark.parametrize("order", ["geometric", metis])
def test_ten_thousand_costs_are_dijkstras_and_routes_cost_them(town: Town, order: str) -> None:
    origins, destinations = some_links(town, 100, 1), some_links(town, 100, 2)
    pairs = np.repeat(origins, 100), np.tile(destinations, 100)
    metric = customize(hierarchy_of(town, order), town.weight_ms)
    slow = slow_costs_between(town, origins, destinations).ravel()
    cost_ms, routes = paths(metric, *pairs)
    assert np.array_equal(np.where(np.isinf(slow), UNREACHED, slow).astype(np.int64), cost_ms)
    assert check_routes(town, pairs, (cost_ms, routes)) > 5_000
    assert np.array_equal(costs_between(metric, *pairs), cost_ms)
    alone = some_links(town, 500, 3), some_links(town, 500, 4)  # hardly two with the same destination
    check_routes(town, alone, paths(metric, *alone))
    assert np.array_equal(
        paths(metric, *alone)[0],
        [int(costs_between(metric, alone[0][k : k + 1], alone[1][k : k + 1])[0]) for k in range(500)],
    )


@settings(max_examples=150)
@given(worlds_with_bans(), st.data())
def test_on_any_small_network_costs_are_those_of_a_plain_search(
    world: tuple[Net, np.ndarray, Bans], data: st.DataObject
) -> None:
    """Loops, parallel links, closed links, banned turns, and links that take no time at all."""
    net, weight_ms, bans = world
    weight_ms = np.where(
        data.draw(st.lists(st.booleans(), min_size=net.n_links, max_size=net.n_links)), weight_ms, 0
    )
    pairs = np.array(sorted(bans), dtype=np.int32).reshape(-1, 2)
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes, (pairs[:, 0], pairs[:, 1]))
    metric = customize(build_hierarchy(topology, net.node_x_m, net.node_y_m, "geometric"), weight_ms)
    links = np.arange(net.n_links)
    town = Town(net.tail, net.head, net.node_x_m, net.node_y_m, weight_ms, pairs)
    for origin in range(net.n_links):
        expected = slow_costs(net, weight_ms.tolist(), bans, origin)
        asked = np.full(net.n_links, origin), links
        cost_ms, routes = paths(metric, *asked)
        assert cost_ms.tolist() == [expected.get(link, int(UNREACHED)) for link in links.tolist()]
        check_routes(town, asked, (cost_ms, routes))


def test_bounds_are_the_least_costs_from_everywhere(town: Town) -> None:
    """Dijkstra's from every link to every link that begins there; without banned turns those of the trees."""
    metric, topology = customize(hierarchy_of(town), town.weight_ms), town.topology
    destinations = some_links(town, 40, 8)
    bounds = bounds_by(metric, destinations)
    assert bounds.cost_ms.shape == (np.unique(town.tail[destinations]).shape[0], town.x_m.shape[0])
    trees = bounds_to(topology, town.weight_ms, destinations)
    assert np.array_equal(bounds.row_of_node, trees.row_of_node)
    assert (bounds.cost_ms >= trees.cost_ms).all()
    assert town.bans.shape[0] > 0 or np.array_equal(bounds.cost_ms, trees.cost_ms)
    open_ones = destinations[town.weight_ms[destinations] < BLOCKED_MS]
    origins = some_links(town, 60, 9)
    slow_ms = slow_costs_between(town, origins, open_ones) - town.weight_ms[open_ones]
    bound_ms = bounds.cost_ms[bounds.row_of_node[town.tail[open_ones]]][:, town.head[origins]].T
    moves = origins[:, None] != open_ones[None, :]
    assert (bound_ms <= slow_ms)[moves].all()
    assert (bound_ms == slow_ms)[moves].mean() > 0.5


def same(one: Metric, other: Metric) -> bool:
    """Whether two metrics cost the same everywhere."""
    return all(np.array_equal(a, b) for a, b in zip(one.ways.costs[:2], other.ways.costs[:2], strict=True))


@pytest.mark.parametrize("most_changed", [0.0, 1.0])
def test_weights_that_change_give_what_starting_over_gives(
    town: Town, most_changed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what changed whatever it is, and always from scratch."""
    monkeypatch.setattr(doors, "MOST_CHANGED", most_changed)
    hierarchy = hierarchy_of(town)
    metric, weights = customize(hierarchy, town.weight_ms), town.weight_ms.copy()
    pairs = some_links(town, 300, 5), some_links(town, 300, 6)
    paths(metric, *pairs)  # how arcs are made up is known from here on
    for step, (links, factor) in enumerate([(1, 3.0), (20, 0.1), (20, 20.0), (5, BLOCKED_MS)]):
        changed = some_links(town, links, 10 + step)
        weights = weights.copy()
        weights[changed] = np.minimum(weights[changed] * factor, BLOCKED_MS)
        metric, fresh = recustomize(metric, weights), customize(hierarchy, weights)
        assert same(metric, fresh)
        now, then = paths(metric, *pairs), paths(fresh, *pairs)
        assert np.array_equal(now[0], then[0])
        assert np.array_equal(now[1].pool, then[1].pool)
        check_routes(town._replace(weight_ms=weights), pairs, now)


def test_a_metric_keeps_its_own_weights(town: Town) -> None:
    weights = town.weight_ms.copy()
    metric = customize(hierarchy_of(town), weights)
    before = [column.copy() for column in metric.ways.costs[:2]]
    weights[:] = 1
    recustomize(metric, weights)
    assert all(np.array_equal(a, b) for a, b in zip(before, metric.ways.costs[:2], strict=True))


def test_several_threads_find_the_same(town: Town) -> None:
    metric = customize(hierarchy_of(town), town.weight_ms)
    pairs = some_links(town, 1_000, 7), some_links(town, 1_000, 8)
    (cost_ms, routes), (others_ms, others) = paths(metric, *pairs), paths(metric, *pairs, threads=3)
    assert np.array_equal(cost_ms, others_ms)
    assert [routes.of(k).tolist() for k in range(1_000)] == [others.of(k).tolist() for k in range(1_000)]


def test_a_geometric_order_separates() -> None:
    """On a square grid a node keeps few arcs, where row by row it would keep a row of them."""
    town = jittered_grid(52, 0.0)
    tail, head = town.tail, town.head
    rank = geometric_order(tail[tail < head], head[tail < head], town.x_m, town.y_m)
    assert np.array_equal(np.sort(rank), np.arange(52 * 52))
    hierarchy = hierarchy_of(town)
    assert hierarchy.shape.up_head.shape[0] < 52 * 52 * 16
    assert hierarchy.height < 4 * 52


def test_nothing_in_common_is_told() -> None:
    """Two roads with nothing between them, and a node without a link."""
    tail, head = np.array([0, 1, 3]), np.array([1, 2, 4])
    town = Town(tail, head, np.arange(6.0), np.zeros(6), np.full(3, 1_000), np.zeros((0, 2), dtype=np.int32))
    cost_ms, routes = paths(
        customize(hierarchy_of(town), town.weight_ms), np.array([0, 0, 1]), np.array([1, 2, 0])
    )
    assert cost_ms.tolist() == [1_000, UNREACHED, UNREACHED]
    assert routes.start.tolist() == [0, -1, -1]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.array([1, 2]), "of shape"),
        (np.ones(3), "whole milliseconds"),
        (np.array([1, -2, 3]), "weight of link 1"),
    ],
)
def test_wrong_weights_are_named(weights: np.ndarray, words: str) -> None:
    town = Town(
        *np.array([[0, 1, 2], [1, 2, 0]]), np.arange(3.0), np.zeros(3), np.ones(3), np.zeros((0, 2), np.int32)
    )
    with pytest.raises(InputError, match=words):
        customize(hierarchy_of(town), weights)


def test_wrong_links_and_orders_are_named() -> None:
    town = Town(
        *np.array([[0, 1, 2], [1, 2, 0]]), np.arange(3.0), np.zeros(3), np.ones(3), np.zeros((0, 2), np.int32)
    )
    metric = customize(hierarchy_of(town), np.array([1, 2, 3]))
    with pytest.raises(InputError, match="origin 1: is link 3"):
        paths(metric, np.array([0, 3]), np.array([0, 0]))
    with pytest.raises(InputError, match="order random"):
        hierarchy_of(town, "random")
