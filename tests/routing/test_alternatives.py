"""Alternatives: on a town whose three ways are known, and what makes each admissible on a real network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.oracles import BLOCKED_MS
from tests.routing.hierarchy_worlds import Town, jittered_grid, riviera, some_links
from tests.routing.test_hierarchy import hierarchy_of
from twin.routing.alternatives import Admissible, alternatives
from twin.routing.hierarchy import Metric, costs_between, customize

pytestmark = pytest.mark.one_interpreter(
    "long to compile; the hierarchies that it asks are held against Dijkstra's on each"
)

LINKS_A_WAY = 8


def three_ways(north_ms: int, south_ms: int) -> Metric:
    """Link 0, then eight links straight on of 1 s each, by the north or by the south, then link 1."""
    ends, weight_ms, xy = [(0, 1), (2, 3)], [1, 1], [(-1.0, 0.0), (0.0, 0.0), (8.0, 0.0), (9.0, 0.0)]
    for y, each_ms in ((0.0, 1_000), (3.0, north_ms), (-3.0, south_ms)):
        inner = list(range(len(xy), len(xy) + LINKS_A_WAY - 1))
        xy += [(1.0 + k, y) for k in range(LINKS_A_WAY - 1)]
        ends += list(pairwise([1, *inner, 2]))
        weight_ms += [each_ms] * LINKS_A_WAY
    tail, head = np.array(ends, dtype=np.int32).T
    x_m, y_m = np.array(xy).T
    town = Town(tail, head, x_m, y_m, np.array(weight_ms), np.zeros((0, 2), dtype=np.int32))
    return customize(hierarchy_of(town), town.weight_ms)


def ways(metric: Metric, k: int, rule: Admissible | None = None) -> list[tuple[int, int]]:
    """Cost of each route, and its way: 0 straight, 1 by the north, 2 by the south."""
    found = alternatives(metric, 0, 1, k, rule)
    for _, route in found:
        way = (int(route[1]) - 2) // LINKS_A_WAY
        begin = 2 + way * LINKS_A_WAY
        assert route.tolist() == [0, *range(begin, begin + LINKS_A_WAY), 1]
    return [(cost_ms, (int(route[1]) - 2) // LINKS_A_WAY) for cost_ms, route in found]


def test_the_ways_of_a_known_town_come_by_cost() -> None:
    metric = three_ways(1_200, 1_100)
    assert ways(metric, 3) == [(8_001, 0), (8_801, 2), (9_601, 1)]
    assert ways(metric, 2) == [(8_001, 0), (8_801, 2)]
    assert ways(metric, 1) == [(8_001, 0)]


def test_a_way_that_takes_too_long_is_none() -> None:
    assert ways(three_ways(1_300, 1_100), 3) == [(8_001, 0), (8_801, 2)]
    assert ways(three_ways(1_300, 1_100), 3, Admissible(stretch=1.4)) == [(8_001, 0), (8_801, 2), (10_401, 1)]
    assert ways(three_ways(1_100, BLOCKED_MS), 3, Admissible(stretch=1.01)) == [(8_001, 0)]


def test_no_path_no_alternative_and_a_trip_within_a_link_has_one() -> None:
    metric = three_ways(BLOCKED_MS, 1_100)
    assert alternatives(metric, 1, 0) == []
    assert [(cost, route.tolist()) for cost, route in alternatives(metric, 1, 1)] == [(0, [1])]


@pytest.mark.parametrize("town", [riviera(with_bans=True), jittered_grid(40, 0.05)], ids=["riviera", "grid"])
def test_every_alternative_is_admissible(town: Town) -> None:
    metric, rule, several = customize(hierarchy_of(town), town.weight_ms), Admissible(), 0
    banned = set(map(tuple, town.bans.tolist()))
    for origin, destination in zip(some_links(town, 150, 1), some_links(town, 150, 2), strict=True):
        found = alternatives(metric, int(origin), int(destination), 3)
        best_ms = int(costs_between(metric, np.array([origin]), np.array([destination]))[0])
        assert bool(found) == (best_ms < 2**60)
        assert not found or found[0][0] == best_ms
        several += len(found) > 1
        used: set[int] = set()
        for place, (cost_ms, route) in enumerate(found):
            assert (route[0], route[-1]) == (origin, destination)
            assert (town.head[route[:-1]] == town.tail[route[1:]]).all()
            assert not banned & set(pairwise(route.tolist()))
            assert town.weight_ms[route[1:]].sum() == cost_ms <= rule.stretch * best_ms
            shared_ms = sum(int(town.weight_ms[link]) for link in route[1:].tolist() if link in used)
            assert place == 0 or shared_ms <= rule.shared * best_ms
            used |= set(route[1:].tolist())
    assert several > 30
