"""What actors of decisions know, and whose luck is whose: no actor reads truth, and no draw goes by row."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.riviera import riviera
from twin.indicators.accessibility import Cells
from twin.knowledge.app_reports import NEED_AGE_GROUPS
from twin.population.population import Population
from twin.scenario.ledger import Parameters
from twin.study.value_of_data import made
from twin.study.value_of_data_game import with_datasets
from twin.study.value_of_data_leaks import LeakSearch
from twin.study.value_of_data_rides import FleetSizing
from twin.study.value_of_data_signals import SignalPlanning
from twin.study.value_of_data_siting import CounterSiting
from twin.study.value_of_data_sources import squares_of
from twin.study.value_of_data_ways import SitingGround, known_ways, true_ways

pytestmark = pytest.mark.one_interpreter("takes decisions on real networks; the same on each")
METRES = st.floats(-5e3, 5e3)
ROWS = np.random.default_rng(11)
"""Orders of rows, about which nothing is to depend."""


@cache
def decision(kind: Any, zone: str | tuple[str, ...], shuffled: bool = False, report: float = 0.0) -> Any:
    scenario, territory, population = riviera()
    ledger = scenario.ledger()
    if report:
        ledger = ledger.replaced({"data_platform.report_trust_share": report}, "a test")
    if shuffled:
        population = rows_shuffled(population)
    return made(kind, scenario.model_copy(update={"focus": zone}), territory, population, ledger)


def rows_shuffled(population: Population) -> Population:
    """The same people and trips, in another order of rows."""
    persons, trips = population.persons, population.trips
    order = ROWS.permutation(len(persons))
    row = np.empty(len(persons), dtype=np.int64)
    row[order] = np.arange(len(persons))
    moved = trips.with_columns(person=row[trips.person]).take(ROWS.permutation(len(trips)))
    return replace(population, persons=persons.take(order), trips=moved)


@pytest.mark.parametrize(
    ("kind", "zone"),
    [
        (SignalPlanning, "dense"),
        (LeakSearch, "la_turbie"),
        (FleetSizing, "la_turbie"),
        (CounterSiting, "la_turbie"),
    ],
)
def test_the_order_of_rows_of_people_and_trips_changes_nothing(kind, zone):
    if kind is LeakSearch:
        pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    one, other = decision(kind, zone), decision(kind, zone, shuffled=True)
    everything = (1 << len(one.datasets)) - 1
    for seed in (3, 4):
        days = one.day(seed), other.day(seed)
        for mine, theirs in zip(*(day.sources for day in days), strict=True):
            for column, same in zip(mine.rows, theirs.rows, strict=True):
                np.testing.assert_allclose(column, same, rtol=1e-6)
        for mask in (0, everything):
            costs = [
                each.cost(day, each.act(with_datasets(each.actor, day.sources, mask)))
                for each, day in zip((one, other), days, strict=True)
            ]
            assert costs[0] == pytest.approx(costs[1], rel=1e-6)


@given(st.lists(st.tuples(METRES, METRES), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_a_square_has_the_key_of_its_place_whatever_the_order_of_points(points, luck):
    x, y = np.array(points).T
    keys, of = squares_of(x, y, 400.0)
    assert len(set(keys.tolist())) == len(keys) == len(set(of.tolist()))
    rows = luck.sample(range(len(points)), luck.randint(1, len(points)))
    some_keys, some_of = squares_of(x[rows], y[rows], 400.0)
    assert (some_keys[some_of] == keys[of][rows]).all()


def test_the_luck_of_a_place_is_its_own_whatever_else_is_in_focus():
    village, more = decision(CounterSiting, "la_turbie"), decision(CounterSiting, ("dense", "la_turbie"))
    assert set(village.hood_key.tolist()) <= set(more.hood_key.tolist())
    assert len(more.hood_key) > len(village.hood_key)


def test_who_reports_is_unknown_to_who_weighs_reports():
    """With more trust more reports come; what the operator makes of the same reports stays."""
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    usual, trusted = decision(LeakSearch, "la_turbie"), decision(LeakSearch, "la_turbie", report=0.9)
    assert trusted.told_share > 1.2 * usual.told_share
    reports = [
        sum(each.day(seed).sources[3].rows.result.sum() for seed in range(40)) for each in (usual, trusted)
    ]
    assert reports[1] > 1.1 * reports[0]
    streets = 1 << [each.name for each in usual.datasets].index("wet_streets")
    platform = with_datasets(usual.actor, usual.day(5).sources, streets)
    assert np.array_equal(usual.log_likelihood(platform), trusted.log_likelihood(platform))


def test_a_fleet_is_tried_on_days_of_other_people():
    sizing = decision(FleetSizing, "la_turbie")
    mine, model = set(sizing.asking.key.tolist()), set(sizing.model.key.tolist())
    assert len(mine) > 100
    assert len(model) > 100
    assert len(mine & model) < 0.5 * len(mine)


def ground(n_homes: int) -> SitingGround:
    """Two sites, the first near and the second far; nobody reaches a counter now."""
    foot_m = np.array([np.full(n_homes, 800.0), np.full(n_homes, 2_400.0)])
    return SitingGround(
        foot_m, np.array([np.full(n_homes, 9.0), np.full(n_homes, 12.0)]), *np.full((2, n_homes), np.inf)
    )


def test_ways_are_known_as_the_ledger_has_people():
    ledger = Parameters.defaults()
    known = known_ways(ground(3), np.array([0, 1, 2], dtype=np.int8), ledger)
    assert known.age_share.sum(axis=1) == pytest.approx(np.ones(3))
    under_18 = [sum(ledger[f"population.age_shares_{each}"][:4]) for each in ("dense", "town", "village")]
    assert known.age_share[:, 0] == pytest.approx(np.array(under_18))
    minutes = known.ways.minutes
    walk = 60.0 * ledger["population.walk_speed_mps"] * np.array(ledger["population.walk_age_factor"])
    assert minutes[0, 1] == pytest.approx(np.full(3, 2_400.0 / walk[0])), "who is under 18 drives nowhere"
    assert (minutes[1:, 1] < minutes[0, 1]).all(), "most others do"
    assert (np.diff(minutes[2, 1]) < 0.0).all(), "more of them in the country"
    assert minutes[4, 1, 0] > minutes[2, 1, 0], "fewer of the old, who walk slowly"


def test_ways_of_each_are_ones_own():
    cells = Cells(
        np.array([5], dtype=np.int32), np.zeros(3, dtype=np.int64), np.array([1, 1, 5]),
        np.array([False, True, False]), np.ones(3), np.arange(3),
    )  # fmt: skip
    found = true_ways(ground(1), cells, Parameters.defaults())
    assert found.minutes[1, 1] == 12.0
    assert found.minutes[1, 2] > found.minutes[1, 0] > 12.0
    assert found.minutes.shape == (2, 3)


def test_the_city_sites_by_what_it_is_told_and_by_no_inhabitant():
    """Of two towns with homes alike and other people in them it takes the same, until they are counted."""
    siting = decision(CounterSiting, "la_turbie")
    persons = siting.persons
    scenario, territory, population = riviera()
    older = population.persons.with_columns(
        age=np.where(population.persons.age > 0, np.minimum(population.persons.age + 25, 99), 0).astype(
            np.int16
        ),
        licence=np.zeros(len(population.persons), dtype=np.bool_),
    )
    other = made(
        CounterSiting, scenario, territory, replace(population, persons=older), scenario.ledger()
    )  # fmt: skip
    assert len(other.persons) == len(persons)
    blind = [with_datasets(each.actor, each.day(3).sources, 0) for each in (siting, other)]
    np.testing.assert_array_equal(siting.believed(blind[0]), other.believed(blind[1]))
    assert siting.act(blind[0]) == other.act(blind[1])
    assert siting.minutes.shape != other.minutes.shape, "their own ways differ"
    counted = [with_datasets(each.actor, each.day(3).sources, 1) for each in (siting, other)]
    assert siting.believed(counted[0]).shape == (siting.n_hoods, len(NEED_AGE_GROUPS))
    assert not np.allclose(siting.believed(counted[0]), other.believed(counted[1]))
