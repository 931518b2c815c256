"""Stricter publishing makes decisions worse, where few live before where many do."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.studies.privacy import FOCUSES, read_points
from twin.knowledge.privacy_tables import Contributions
from twin.study.decisions import FleetCost, mean_way_m, sited
from twin.study.privacy_front import (
    FLEET,
    SITING,
    FrontPoint,
    ReleaseProblem,
    Strictness,
    free_lunch,
    point_of,
)

pytestmark = pytest.mark.one_interpreter("arithmetic that no interpreter changes")

METROPOLIS, VILLAGE = FOCUSES
spots = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20)), min_size=3, max_size=8)


@settings(max_examples=40)
@given(spots)
def test_sites_are_nearly_the_best_of_all_sets(given_spots):
    x, y, demand = (np.array(column, dtype=float) for column in zip(*given_spots, strict=True))
    demand = demand + 0.01
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    ways = [mean_way_m(demand, apart, np.array(some)) for some in combinations(range(len(x)), 2)]
    found = mean_way_m(demand, apart, sited(demand, apart, 2))
    assert min(ways) - 1e-9 <= found <= 1.05 * min(ways) + 1e-9


@given(st.lists(st.floats(0.0, 60.0), min_size=24, max_size=24))
def test_no_other_fleet_costs_less(trips):
    cost, asked = FleetCost(400.0, 3.0, 20.0), np.array(trips)
    fleet = cost.fleet(asked)
    assert cost.of(fleet, asked)[0] == pytest.approx(cost.of(np.arange(40), asked).min())


def town(n_people: int) -> ReleaseProblem:
    """Services for people who live in a row of cells, many at one end."""
    who = np.arange(n_people)
    u = (who * 0.618034) % 1.0
    cell = np.floor(40 * u**3).astype(int)
    given = Contributions.of(who, cell, np.ones(n_people), 40)
    apart = np.abs(np.subtract.outer(np.arange(40.0), np.arange(40.0)))
    demand = given.sums().astype(float)
    best = mean_way_m(demand, apart, sited(demand, apart, 2))

    def regret(shown: np.ndarray) -> float:
        believed = np.maximum(shown, 0.0)
        chosen = sited(believed if believed.sum() > 0 else np.ones(40), apart, 2)
        return mean_way_m(demand, apart, chosen) - best

    return ReleaseProblem("town", SITING, given, 1, regret, best)


def test_regret_grows_with_strictness_and_sooner_where_few_live():
    levels = [Strictness(epsilon, 10) for epsilon in (3.0, 0.3, 0.1, 0.01)]
    small, large = ([point_of(town(n), level, 12) for level in levels] for n in (1_500, 30_000))
    regrets = [each.regret for each in small]
    assert (np.diff(regrets) >= -1e-9).all()
    assert small[0].regret_high < small[1].regret_low
    assert small[1].regret_high < small[3].regret
    assert all(many.regret_high <= few.regret_low + 1e-9 for few, many in zip(small, large, strict=True))
    assert [each.shown_share for each in small] == sorted((e.shown_share for e in small), reverse=True)
    assert point_of(town(1_500), Strictness(0.0, 10), 2).shown_share == 0.0
    none = point_of(town(1_500), Strictness(math.inf, 0), 2)
    assert (none.regret, none.shown_share) == (0.0, 1.0)
    hidden = point_of(town(1_500), Strictness(math.inf, 60), 2)
    assert hidden.regret > 0.0


def test_a_free_lunch_ends_where_strictness_may_add_more_than_one_percent():
    def point(epsilon: float, share_high: float, fewest: int = 10) -> FrontPoint:
        return FrontPoint("town", SITING, epsilon, fewest, 12, 0.0, 0.0, 0.0, share_high, share_high, 1.0)

    points = [point(math.inf, 0.0), point(1.0, 0.01), point(0.1, 0.02), point(0.05, 0.0)]
    assert list(free_lunch(points)) == [("town", SITING, 1.0)]
    (nothing,) = free_lunch([point(1.0, 0.5)])
    assert math.isnan(nothing[2])
    # what the table costs with nothing hidden is not the price of strictness
    (apart,) = free_lunch([point(math.inf, 0.5, 0), *(point(e, s) for e, s in ((3.0, 0.5), (1.0, 0.52)))])
    assert apart[2] == 3.0


def found(focus: str, decision: str, epsilon: float, fewest: int = 10) -> FrontPoint:
    """The point of the study's table."""
    (one,) = [
        each
        for each in read_points()
        if (each.focus, each.decision, each.epsilon, each.fewest) == (focus, decision, epsilon, fewest)
    ]
    return one


def test_the_study_has_both_focuses_both_decisions_and_enough_draws():
    points = read_points()
    assert {(each.focus, each.decision) for each in points} == {
        (focus, decision) for focus in FOCUSES for decision in (SITING, FLEET)
    }
    assert min(each.n_draws for each in points) >= 10
    assert all(each.regret_low <= each.regret <= each.regret_high for each in points)
    assert min(each.regret for each in points) >= 0.0


def test_the_village_pays_more_and_pays_first():
    """The expected direction, on the study's table: sites get worse as epsilon falls, and as k grows."""
    strict = found(VILLAGE, SITING, 0.05)
    # with no table at all the metropolis sites and sizes worse than by the strictest one
    for decision in (SITING, FLEET):
        assert found(METROPOLIS, decision, 0.0).regret > found(METROPOLIS, decision, 0.05).regret_high
    assert strict.regret_low > found(VILLAGE, SITING, 0.15).regret > found(VILLAGE, SITING, 1.0).regret_high
    assert found(VILLAGE, SITING, math.inf, 100).regret > found(VILLAGE, SITING, math.inf).regret
    assert strict.regret_low > found(METROPOLIS, SITING, 0.05).regret_high
    free = {(focus, decision): epsilon for focus, decision, epsilon in free_lunch(read_points())}
    for decision in (SITING, FLEET):
        assert free[METROPOLIS, decision] < free[VILLAGE, decision]
