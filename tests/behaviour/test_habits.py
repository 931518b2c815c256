"""Habits: the start spreads over parallel streets; a review keeps better routes only."""

from __future__ import annotations

import numpy as np
import pytest

from tests import worlds
from tests.oracles import SLICE_MS, entries_along, slow_uniform, weight_at
from twin.behaviour.habits import Drivers, Habits, equilibrium_start, review
from twin.clock import N_SLICES
from twin.kernels.paths import RouteQueries, Weights
from twin.kernels.random import keys_of
from twin.routing.routes import Routes
from twin.routing.topology import build_topology
from twin.scenario.ledger import Parameters

PARAMETERS = Parameters.defaults()
ALL_REVIEW = PARAMETERS.replaced({"behaviour.review_share": 1.0})
BAND = float(PARAMETERS["behaviour.switching_band"])
Passages = tuple[np.ndarray, np.ndarray, np.ndarray]


def drivers_on(net: worlds.Net, pairs: list[tuple[int, int]], sigma: float = 0.0) -> Drivers:
    """One traveller for each pair of links, all within an hour from 07:00."""
    n = len(pairs)
    origin, destination = np.array(pairs, dtype=np.int32).T.copy()
    person = keys_of(np.array([f"person {row}" for row in range(n)]))
    depart_ms = 7 * 3_600_000 + np.arange(n, dtype=np.int64) * 3_600_000 // n
    return Drivers(
        topology=build_topology(net.tail, net.head, net.link_key, net.n_nodes),
        free_ms=net.free_ms,
        capacity_vps=1_000.0 / net.headway_ms,
        aversion=np.ones(net.n_links),
        sigma=sigma,
        trips=RouteQueries(origin, destination, depart_ms, person),
        rows=np.arange(n),
        seed=1,
    )


TWO_WAYS = worlds.net_of(
    [worlds.Street(a, b, length, 36, 600) for a, b, length in [(0, 1, 100), (1, 2, 600), (1, 2, 700)]]
    + [worlds.Street(2, 3, 100, 36, 3_600)]
)
"""Link 0, then link 1 (60 s) or link 2 (70 s), then link 3."""
SHORT, LONG = [0, 1, 3], [0, 2, 3]


def two_ways(n: int) -> Drivers:
    return drivers_on(TWO_WAYS, [(0, 3)] * n)


def passages_of(*passages: tuple[int, int, int]) -> Passages:
    """From (link, enter_s, exit_s)."""
    link, enter_s, exit_s = np.array(passages, dtype=np.int64).reshape(-1, 3).T
    return link.astype(np.int32), enter_s * 1_000, exit_s * 1_000


def on_short(n: int) -> Habits:
    length = np.full(n, 3)
    end = np.cumsum(length)
    routes = Routes(np.array(SHORT * n, dtype=np.int32), end - length, end)
    return Habits(routes, np.broadcast_to(TWO_WAYS.free_ms, (N_SLICES, 4)).astype(np.float64))


# ------------------------------------------------------------------------------------- the start


def test_few_drivers_take_the_shortest_way() -> None:
    habits = equilibrium_start(two_ways(3), PARAMETERS)
    assert [habits.routes.of(trip).tolist() for trip in range(3)] == [SHORT] * 3
    assert habits.expected_ms.shape == (N_SLICES, 4)


def test_many_drivers_spread_over_both_ways() -> None:
    """900 an hour where one way carries 600: neither way is left empty, and times come close."""
    drivers = two_ways(900)
    habits = equilibrium_start(drivers, PARAMETERS)
    by_long = sum(habits.routes.of(trip).tolist() == LONG for trip in range(900))
    assert 200 < by_long < 600
    busy_ms = habits.expected_ms[28:32].mean(axis=0)
    assert busy_ms[1] == pytest.approx(busy_ms[2], rel=0.5)
    assert busy_ms[1] > 60_000


def test_start_does_not_depend_on_threads() -> None:
    pairs = [(0, link) for link in range(2, worlds.grid(4).n_links)]
    one = drivers_on(worlds.grid(4), pairs, sigma=0.2)
    two = Drivers(**{**vars(one), "threads": 3})
    a, b = equilibrium_start(one, PARAMETERS), equilibrium_start(two, PARAMETERS)
    assert a.routes.pool.tolist() == b.routes.pool.tolist()
    assert a.expected_ms.tolist() == b.expected_ms.tolist()


# ------------------------------------------------------------------------------------ the review


@pytest.mark.parametrize(("lived_s", "route"), [(60, SHORT), (74, SHORT), (76, LONG), (600, LONG)], ids=str)
def test_band_of_the_review(lived_s: int, route: list[int]) -> None:
    """80 s round by link 2 and 3; the way by link 1 is left once it is more than 5 % worse than that."""
    drivers = two_ways(4)
    queue = passages_of(*((1, 7 * 3_600 + 900 * k, 7 * 3_600 + 900 * k + lived_s) for k in range(5)))
    habits = review(drivers, on_short(4), queue, 1, ALL_REVIEW)
    assert [habits.routes.of(trip).tolist() for trip in range(4)] == [route] * 4


def test_only_reviewers_change_and_fewer_each_day() -> None:
    drivers = two_ways(400)
    queue = passages_of(*((1, 900 * slot, 900 * slot + 600) for slot in range(N_SLICES)))
    changed = []
    for day in (1, 3):
        habits = review(drivers, on_short(400), queue, day, PARAMETERS)
        changed.append(sum(habits.routes.of(trip).tolist() == LONG for trip in range(400)))
    share = float(PARAMETERS["behaviour.review_share"])
    assert changed[0] == pytest.approx(400 * share, abs=40)
    assert changed[1] == pytest.approx(400 * share / 3, abs=25)


def cost_after_first(weights: Weights, route: list[int], depart_ms: int) -> int:
    """What a route costs all the same, its first link not counted."""
    entries = entries_along(weights.time_ms, route, depart_ms)
    return sum(weight_at(weights.cost_ms, link, enter_ms) for link, enter_ms in entries[1:])


def test_review_keeps_better_routes_only() -> None:
    """On a grid with queues anywhere: who changes gains more than the band, who stays could not."""
    net = worlds.grid(4)
    drivers = drivers_on(net, [(row % 5, net.n_links - 1 - row) for row in range(40)])
    before = equilibrium_start(drivers, PARAMETERS)
    queues = []
    for link in range(net.n_links):
        for slot in range(28, 33):
            lived_s = 12 + int(400 * slow_uniform(3, 5, link, slot) ** 3)
            queues.append((link, 900 * slot, 900 * slot + lived_s))
    after = review(drivers, before, passages_of(*queues), 1, ALL_REVIEW)
    weights = drivers.weights(after.expected_ms)
    assert weights.slice_ms == SLICE_MS
    best = drivers.choose(weights, drivers.bounds(), drivers.rows)
    n_changed = 0
    for trip, depart_ms in enumerate(drivers.trips.depart_ms.tolist()):
        kept, now, found = (routes.of(trip).tolist() for routes in (before.routes, after.routes, best))
        cost_before, cost_now, cost_best = (
            cost_after_first(weights, route, depart_ms) for route in (kept, now, found)
        )
        if now == kept:
            assert cost_best >= cost_before * (1.0 - BAND)
        else:
            n_changed += 1
            assert now == found
            assert cost_now < cost_before * (1.0 - BAND)
    assert 0 < n_changed < 40
