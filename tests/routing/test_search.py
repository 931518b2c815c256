"""The door of the path search: bounds to destinations, all trips or some, weights that never change."""

from __future__ import annotations

import numpy as np
import pytest

from tests import worlds
from twin.kernels.paths import BLOCKED, RouteQueries, Topology
from twin.routing import pieces
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights, times_between
from twin.routing.topology import build_topology

NET = worlds.grid(4)


@pytest.fixture(scope="module")
def topology() -> Topology:
    return build_topology(NET.tail, NET.head, NET.link_key, NET.n_nodes)


def trips_to(destination: list[int]) -> RouteQueries:
    """Trips that start on link 0."""
    n = len(destination)
    links = np.array(destination, dtype=np.int32)
    return RouteQueries(np.zeros(n, np.int32), links, np.zeros(n, np.int64), np.arange(n, dtype=np.uint64))


def test_bounds_are_grid_distances(topology: Topology) -> None:
    """12 s a link, to the tails of the destinations; other nodes have no row."""
    destinations = np.flatnonzero((NET.tail == 0) | (NET.tail == 15))
    bounds = bounds_to(topology, NET.free_ms, destinations)
    assert np.flatnonzero(bounds.row_of_node >= 0).tolist() == [0, 15]
    steps = [node % 4 + node // 4 for node in range(16)]
    assert bounds.cost_ms[bounds.row_of_node[0]].tolist() == [12_000 * n for n in steps]
    assert bounds.cost_ms[bounds.row_of_node[15]].tolist() == [12_000 * (6 - n) for n in steps]


def test_times_between_links_count_neither_end(topology: Topology) -> None:
    """From the head of the first to the tail of the last, each from each or pair by pair."""
    links = np.array([0, 5, 17, 30])
    bounds = bounds_to(topology, NET.free_ms, links)
    ends = [(NET.head[a], NET.tail[b]) for a in links for b in links]
    steps = [abs(int(a) % 4 - int(b) % 4) + abs(int(a) // 4 - int(b) // 4) for a, b in ends]
    table = times_between(topology, bounds, links[:, None], links)
    assert table.ravel().tolist() == [12_000 * n for n in steps]
    assert (
        times_between(topology, bounds, links, links[::-1]).tolist()
        == table[range(4), range(3, -1, -1)].tolist()
    )


def test_only_the_rows_asked_for_get_routes(topology: Topology) -> None:
    trips = trips_to([5, 9, 17, 30])
    bounds = bounds_to(topology, NET.free_ms, trips.destination)
    weights = static_weights(NET.free_ms)
    every = find_routes(topology, weights, bounds, trips, np.arange(4), NO_DRAWS)
    some = find_routes(topology, weights, bounds, trips, np.array([3, 1]), NO_DRAWS)
    assert (some.start < 0).tolist() == [True, False, True, False]
    for row in (1, 3):
        assert some.of(row).tolist() == every.of(row).tolist()
        assert some.of(row)[[0, -1]].tolist() == [0, trips.destination[row]]
    assert some.pool.shape[0] == (some.end - some.start).sum()


def test_many_pools_hold_the_routes_of_one(topology: Topology, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first guess of no link at all only costs more calls."""
    trips = trips_to(list(range(1, NET.n_links)))
    bounds, rows = bounds_to(topology, NET.free_ms, trips.destination), np.arange(NET.n_links - 1)
    asked = topology, static_weights(NET.free_ms), bounds, trips, rows, NO_DRAWS
    expected = find_routes(*asked)
    monkeypatch.setattr(pieces, "LINKS_A_ROUTE", 0)
    found = find_routes(*asked)
    assert [found.of(row).tolist() for row in rows] == [expected.of(row).tolist() for row in rows]


def test_nobody_asks(topology: Topology) -> None:
    trips = trips_to([5])
    bounds = bounds_to(topology, NET.free_ms, trips.destination)
    none = np.empty(0, dtype=np.int64)
    routes = find_routes(topology, static_weights(NET.free_ms), bounds, trips, none, NO_DRAWS, threads=2)
    assert routes.start.tolist() == [-1]
    assert routes.pool.size == 0


def test_no_way_through_a_wall(topology: Topology) -> None:
    """All links between the left and the right half blocked: the right half has no route."""
    crosses = (NET.tail % 4 < 2) != (NET.head % 4 < 2)
    weight_ms = np.where(crosses, BLOCKED, NET.free_ms)
    trips = trips_to(list(range(1, NET.n_links)))
    bounds = bounds_to(topology, weight_ms, trips.destination)
    routes = find_routes(topology, static_weights(weight_ms), bounds, trips, np.arange(47), NO_DRAWS)
    within_left = (NET.tail % 4 < 2) & (NET.head % 4 < 2)
    assert (routes.start >= 0).tolist() == within_left[1:].tolist()
    between = times_between(topology, bounds, trips.origin, trips.destination)
    assert (between >= BLOCKED).tolist() == (NET.tail[1:] % 4 >= 2).tolist()
