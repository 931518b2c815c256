"""Escorting: whom a parent takes to school and fetches there, and that they go as one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from tests.population.conftest import Made
from tests.population.test_dated import on
from twin.population.days.escorts import (
    Pairs,
    fetched_from_school,
    pairs_at_one_place,
    pairs_of,
    taken_to_school,
)
from twin.population.population import Population
from twin.population.tables import CAR, ESCORT, HOME, PASSENGER, SCHOOL, Trips
from twin.scenario.ledger import Parameters

DATE = dt.date(2027, 1, 12)
LEDGER = Parameters.defaults()
AGREE_S = 60.0 * LEDGER["conditions.escort_agree_min"]
OLDEST = LEDGER["conditions.escorted_to_age"]


@pytest.mark.parametrize(("kind", "least"), [(taken_to_school, 20), (fetched_from_school, 5)])
def test_pairs_share_a_household_and_nobody_is_paired_twice(population: Population, kind, least):
    pairs = kind(population.persons, population.trips, LEDGER)
    trips, persons = population.trips, population.persons
    assert len(pairs) > least
    parent, child = trips.person[pairs.parent], trips.person[pairs.child]
    assert (persons.household[parent] == persons.household[child]).all()
    assert (persons.age[child] <= OLDEST).all()
    assert len(set(parent.tolist())) == len(set(child.tolist())) == len(pairs)
    assert (trips.purpose[pairs.parent] == ESCORT).all()
    assert (trips.purpose[pairs.child] == SCHOOL).all()
    if kind is fetched_from_school:
        for side in (pairs.parent, pairs.child):
            assert (trips.purpose[side + 1] == HOME).all()
            assert (trips.person[side + 1] == trips.person[side]).all()


def test_an_only_escort_takes_the_youngest(population: Population):
    trips, persons = population.trips, population.persons
    pairs = taken_to_school(persons, trips, LEDGER)
    going = np.flatnonzero((trips.sequence == 0) & (trips.purpose == SCHOOL))
    going = going[persons.age[trips.person[going]] <= OLDEST]
    for parent, child in zip(pairs.parent.tolist(), pairs.child.tolist(), strict=True):
        household = persons.household[trips.person[parent]]
        ages = persons.age[trips.person[going[persons.household[trips.person[going]] == household]]]
        same = persons.household[trips.person[pairs.parent]] == household
        if same.sum() == 1:
            assert persons.age[trips.person[child]] == ages.min()


def check_they_go_as_one(trips: Trips, pairs: Pairs) -> None:
    """One moment, one pair of links; a child is driven by who drives, else goes as the parent goes."""
    parent, child = pairs.parent, pairs.child
    assert (trips.depart_s[parent] == trips.depart_s[child]).all()
    for column in ("origin_place", "destination_place", "origin_link", "destination_link"):
        assert (getattr(trips, column)[parent] == getattr(trips, column)[child]).all(), column
    driven = trips.mode[parent] == CAR
    assert driven.any()
    assert (trips.mode[child][driven] == PASSENGER).all()
    assert (trips.mode[child][~driven] == trips.mode[parent][~driven]).all()
    assert (trips.duration_s[child][~driven] == trips.duration_s[parent][~driven]).all()


def test_on_a_date_pairs_go_to_school_together(made: Made):
    day = made(on(DATE))
    trips, (there, _) = day.trips, pairs_at_one_place(day.persons, day.trips, LEDGER)
    together = trips.depart_s[there.parent] == trips.depart_s[there.child]
    n, _ = day.report["mode_choice"]["escorted_there_and_back"]
    assert together.sum() == n > 0.4 * len(there)
    apart_s = np.abs(trips.depart_s[there.parent] - trips.depart_s[there.child])[~together]
    assert (apart_s > AGREE_S - 1.0).all()
    check_they_go_as_one(trips, Pairs(there.parent[together], there.child[together]))


def test_on_a_date_pairs_come_home_together_when_school_is_over(made: Made):
    day = made(on(DATE))
    trips, (_, back) = day.trips, pairs_at_one_place(day.persons, day.trips, LEDGER)
    ways = Pairs(back.parent + 1, back.child + 1)
    together = trips.depart_s[ways.parent] == trips.depart_s[ways.child]
    _, n = day.report["mode_choice"]["escorted_there_and_back"]
    assert together.sum() == n > 0.1 * len(back)
    check_they_go_as_one(trips, Pairs(ways.parent[together], ways.child[together]))


def test_most_pairs_meet_at_one_place_on_a_date_and_few_on_the_representative_day(
    made: Made, population: Population
):
    """What stands before: there each goes to a school of his own choice, at his own time."""
    share = []
    for day in (made(on(DATE)), population):
        paired, meeting = (kind(day.persons, day.trips, LEDGER) for kind in (pairs_of, pairs_at_one_place))
        share.append(sum(map(len, meeting)) / sum(map(len, paired)))
    assert share[0] > 0.95
    assert share[1] < 0.7
