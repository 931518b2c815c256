"""Alternatives: on a town whose three ways are known, and what makes each admissible on a real network."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles import BLOCKED_MS
from tests.routing.hierarchy_worlds import Town, jittered_grid, riviera, some_links
from tests.routing.test_hierarchy import hierarchy_of
from twin.routing.alternatives import Admissible, alternatives
from twin.routing.hierarchy import Metric, costs_between, customize


def three_ways(north_ms: int, south_ms: int) -> Metric:
    """From 0 to 4: straight over 1 in 20 s, by the north over 2 or by the south over 3; then on to 5."""
    ends = [(6, 0), (0, 1), (1, 4), (0, 2), (2, 4), (0, 3), (3, 4), (4, 5)]
    tail, head = np.array(ends, dtype=np.int32).T
    weight_ms = np.array([1, 10_000, 10_000, north_ms, north_ms, south_ms, south_ms, 1])
    x_m, y_m = np.array([0.0, 1, 1, 1, 2, 3, -1]), np.array([0.0, 0, 1, -1, 0, 0, 0])
    town = Town(tail, head, x_m, y_m, weight_ms, np.zeros((0, 2), dtype=np.int32))
    return customize(hierarchy_of(town), weight_ms)


def ways(metric: Metric, k: int, rule: Admissible | None = None) -> list[tuple[int, list[int]]]:
    return [(cost_ms, route.tolist()) for cost_ms, route in alternatives(metric, 0, 7, k, rule)]


STRAIGHT, NORTH, SOUTH = [0, 1, 2, 7], [0, 3, 4, 7], [0, 5, 6, 7]


def test_the_ways_of_a_known_town_come_by_cost() -> None:
    metric = three_ways(11_000, 12_000)
    assert ways(metric, 3)[0] == (20_001, STRAIGHT)
    assert ways(metric, 1) == [(20_001, STRAIGHT)]
    found = ways(metric, 3)
    assert found == sorted(found)
    assert all(way in [(20_001, STRAIGHT), (22_001, NORTH), (24_001, SOUTH)] for way in found)
    assert len(found) >= 2


def test_a_way_that_takes_too_long_is_none() -> None:
    assert ways(three_ways(13_000, 20_000), 3) == [(20_001, STRAIGHT)]
    assert ways(three_ways(13_000, BLOCKED_MS), 3, Admissible(stretch=1.01)) == [(20_001, STRAIGHT)]


def test_no_path_no_alternative_and_a_trip_within_a_link_has_one() -> None:
    metric = three_ways(BLOCKED_MS, 11_000)
    assert alternatives(metric, 7, 0) == []
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
            assert not banned & set(zip(route[:-1].tolist(), route[1:].tolist(), strict=True))
            assert town.weight_ms[route[1:]].sum() == cost_ms <= rule.stretch * best_ms
            shared_ms = sum(int(town.weight_ms[link]) for link in route[1:].tolist() if link in used)
            assert place == 0 or shared_ms <= rule.shared * best_ms
            used |= set(route[1:].tolist())
    assert several > 30
