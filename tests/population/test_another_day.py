"""Further weekdays: the same persons at the same work, other errands."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.population.tables import PURPOSES, RESIDENT, SCHOOL, SHOP, WORK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


def day(town: Territory, file: Path, number: int) -> Population:
    return synthesise(town, file, Parameters.defaults(), seed=1, day=number)


def places(population: Population, purpose: int) -> dict[int, set[int]]:
    """Destinations of each person's trips of a purpose."""
    trips = population.trips
    found: dict[int, set[int]] = {}
    for row in np.flatnonzero(trips.purpose == purpose).tolist():
        found.setdefault(int(trips.person[row]), set()).add(int(trips.destination_place[row]))
    return found


def test_day_0_is_the_day_that_was(town, population_file, population):
    assert day(town, population_file, 0).digest == population.digest


def test_persons_stay_who_they_are_and_their_errands_differ(town, population_file, population):
    later = day(town, population_file, 3)
    for name, column in population.persons.columns().items():
        assert (later.persons.columns()[name] == column).all(), name
    for purpose in (WORK, SCHOOL):
        first, again = places(population, purpose), places(later, purpose)
        both = first.keys() & again.keys()
        assert both, PURPOSES[purpose]
        assert all(first[person] == again[person] for person in both)
    first, again = places(population, SHOP), places(later, SHOP)
    both = first.keys() & again.keys()
    assert sum(first[person] != again[person] for person in both) > 0.3 * len(both)
    n_trips = [np.bincount(each.trips.person, minlength=each.n_persons) for each in (population, later)]
    resident = population.persons.kind == RESIDENT
    assert (n_trips[0] != n_trips[1])[resident].mean() > 0.3
    assert n_trips[0].sum() == np.clip(n_trips[0].sum(), 0.9 * n_trips[1].sum(), 1.1 * n_trips[1].sum())


def test_a_day_is_the_same_whenever_it_is_asked_for(town, population_file):
    assert day(town, population_file, 2).digest == day(town, population_file, 2).digest
    assert day(town, population_file, 2).digest != day(town, population_file, 4).digest
