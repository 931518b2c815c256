"""Closing the only food shop of the village, on the real area: who loses how much by age and car."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.indicators.accessibility import CAR, Accessibility, access_of, drives
from twin.model.sources import load_population, load_territory
from twin.population.tables import Persons
from twin.scenario.basket import SERVICES
from twin.scenario.scenario import Scenario
from twin.territory.closed_services import without_services

pytestmark = pytest.mark.one_interpreter("sums over one population that is drawn alike on each")

FOOD = SERVICES.index("food")


@cache
def shops() -> tuple[Persons, Accessibility, Accessibility]:
    """Residents, and what they reach before and after."""
    scenario = Scenario.load(ROOT / "scenarios" / "village_shop_closes.toml")
    territory, ledger = load_territory(scenario), scenario.ledger()
    persons = load_population(scenario, territory, scenario.seed).persons
    closed = without_services(territory, scenario.in_force())
    return persons, *(access_of(each, persons, None, ledger) for each in (territory, closed))


def lost_min(who: np.ndarray, service: int = FOOD) -> float:
    """Mean minutes further to a service for those persons."""
    _, before, after = shops()
    cell = before.cells.of_person[who]
    cell = cell[cell >= 0]
    return float((after.own_min - before.own_min)[service, cell].mean())


def test_those_without_a_car_and_the_old_lose_most() -> None:
    persons, _, _ = shops()
    village = persons.zone == 1
    drivers = drives(persons)
    all_, driving, without = (lost_min(village & who) for who in (village, drivers, ~drivers))
    no_car, old, adult = (
        lost_min(village & who)
        for who in (persons.household_cars == 0, persons.age >= 75, (persons.age >= 18) & (persons.age < 65))
    )
    assert driving > 1.0
    assert min(without, no_car) > 4.0 * driving
    assert old > all_ > driving
    assert old > 1.5 * adult, "fewer of the old drive, and they walk more slowly"


def test_nobody_gains_and_nothing_else_changes() -> None:
    persons, before, after = shops()
    assert (after.own_min >= before.own_min).all()
    assert (after.gravity <= before.gravity + 1e-9).all()
    others = np.arange(len(SERVICES)) != FOOD
    assert np.array_equal(after.own_min[others], before.own_min[others])
    assert lost_min(persons.zone == 0) < 0.05, "the dense zone has shops of its own"
    for way in before.ways:
        fewer = before.within[way] - after.within[way]
        assert fewer.min() == 0.0
        assert fewer.max() == 1.0, "one shop less"


def test_the_village_is_three_times_as_far_by_road_as_the_dense_zone() -> None:
    """As sparse and dense communes of France are (Insee Premiere 1579); half of all have under 4 minutes."""
    persons, before, _ = shops()
    basket = (before.nearest_min[CAR]).mean(axis=0) - 3.0  # on the road, without reaching the car

    def median(zone: np.ndarray) -> float:
        cell = before.cells.of_person[zone]
        return float(np.median(basket[cell[cell >= 0]]))

    assert median(persons.zone >= 0) < 4.0
    assert 2.0 < median(persons.zone == 1) / median(persons.zone == 0) < 5.0
