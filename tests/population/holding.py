"""What holds of every population: homes, households and days that fit together."""

from __future__ import annotations

import numpy as np

from twin.population.population import Population
from twin.population.tables import HOME, LATEST_DEPARTURE_S, RESIDENT
from twin.territory.territory import Territory

OF_HOUSEHOLD = (
    "home",
    "zone",
    "household_cars",
    "home_internet",
    "household_type",
    "household_size",
    "income_quintile",
    "household_bicycles",
    "household_pedelecs",
    "connection",
    "operator",
)
"""Columns that all members of a household share."""


def check_holds_together(town: Territory, population: Population) -> None:
    """Nobody is homeless or in two places; households are whole; days begin and end at home."""
    check_households(town, population)
    check_days(population)


def check_households(town: Territory, population: Population) -> None:
    """Each resident has one home, a dwelling of the own zone, with all of the household."""
    persons, places = population.persons, town.places
    assert len(np.unique(persons.person_id)) == len(persons)
    here = persons.kind == RESIDENT
    assert ((persons.home >= 0) == here).all()
    assert ((persons.household >= 0) == here).all()
    residents = persons.take(np.flatnonzero(here))
    assert (places.zone[residents.home] == residents.zone).all()
    assert (places.access_link[residents.home] >= 0).all()
    assert (places.dwellings[residents.home] > 0.0).all()
    ids, first, row, n_members = np.unique(
        residents.household, return_index=True, return_inverse=True, return_counts=True
    )
    assert (n_members == residents.household_size[first]).all()
    for name in OF_HOUSEHOLD:
        column = getattr(residents, name)
        assert (column == column[first][row]).all(), name
    member = residents.person_id - ids[row]
    assert member.min() >= 0
    assert member.max() < 16
    grown = np.bincount(row, weights=residents.age >= 18)
    assert grown.min() >= 1, "no household of children alone"


def check_days(population: Population) -> None:
    """Residents' trips form one way from home to home, each after the one before and a stay have ended."""
    persons, trips = population.persons, population.trips
    mine = np.flatnonzero(persons.kind[trips.person] == RESIDENT)
    trips = trips.take(mine)
    home, person = persons.home[trips.person], trips.person
    starts = np.append(True, person[1:] != person[:-1]) if len(person) else np.zeros(0, dtype=bool)
    ends = np.append(starts[1:], True) if len(person) else starts
    assert (trips.origin_place[starts] == home[starts]).all()
    assert (trips.destination_place[ends] == home[ends]).all()
    assert (trips.purpose[ends] == HOME).all()
    next_ = np.flatnonzero(~starts)
    before = next_ - 1
    assert (trips.sequence[starts] == 0).all()
    assert (trips.sequence[next_] == trips.sequence[before] + 1).all()
    assert (trips.origin_place[next_] == trips.destination_place[before]).all()
    assert (trips.depart_s >= 0.0).all()
    assert (trips.depart_s < LATEST_DEPARTURE_S).all()
    assert (trips.min_stay_s[next_] >= 600.0).all()
    # how long a car takes only traffic can tell: it cannot take less than no time
    takes_s = np.nan_to_num(trips.duration_s[before], nan=0.0)
    leaves_s = trips.depart_s[before] + takes_s + trips.min_stay_s[next_]
    assert (trips.depart_s[next_] >= leaves_s - 2e-3).all(), "in two places at one time"
