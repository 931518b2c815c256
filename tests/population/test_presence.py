"""Presence: who is where, against one person and one second at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.population.days import days, population_of
from twin.population.population import Population
from twin.population.presence import AT_HOME, AT_WORK, N_STAYS, VISITING, Stays
from twin.population.tables import BUSINESS, HOME, WORK

N_PLACES = 4


def second_by_second(
    population: Population, departed: np.ndarray, arrived: np.ndarray, start_s: int, end_s: int
) -> np.ndarray:
    """Person-seconds (n_places, N_STAYS), by following each person."""
    found = np.zeros((N_PLACES, N_STAYS))
    persons, trips = population.persons, population.trips
    for person in range(population.n_persons):
        rows = np.flatnonzero(trips.person == person)
        home = int(persons.home[person])
        for second in range(start_s, end_s):
            place = int(trips.origin_place[rows[0]]) if len(rows) else home
            stay = AT_HOME if place == home else VISITING
            for row in rows:
                if 0 <= departed[row] <= second * 1_000:
                    place = -1
                if 0 <= arrived[row] <= second * 1_000:
                    place = int(trips.destination_place[row])
                    works = trips.purpose[row] in (WORK, BUSINESS)
                    stay = AT_HOME if place == home else AT_WORK if works else VISITING
            if place >= 0:
                found[place, stay] += 1.0
    return found


@given(days(N_PLACES), st.integers(0, 100), st.integers(1, 60))
def test_presence_is_that_of_each_person_second_by_second(day, start_s, lasts_s):
    population, departed, arrived = day
    stays = Stays(population, N_PLACES)
    presence = stays.between(departed, arrived, start_s * 1_000, (start_s + lasts_s) * 1_000)
    expected = second_by_second(population, departed, arrived, start_s, start_s + lasts_s)
    assert np.array_equal(np.column_stack(presence), expected)


@given(days(N_PLACES), st.integers(1, 99))
def test_two_parts_of_a_time_make_the_whole_and_the_future_does_not_matter(day, cut_s):
    population, departed, arrived = day
    stays = Stays(population, N_PLACES)

    def between(start_s: int, end_s: int, end_ms: int = 10**9) -> np.ndarray:
        known = [np.where(each < end_ms, each, -1) for each in (departed, arrived)]
        return np.column_stack(stays.between(*known, start_s * 1_000, end_s * 1_000))

    assert np.array_equal(between(0, cut_s) + between(cut_s, 100), between(0, 100))
    assert np.array_equal(between(0, cut_s, cut_s * 1_000), between(0, cut_s))


def test_a_commuter_is_at_work_and_nobody_is_anywhere_under_way():
    population = population_of([0, -1], [[(1, WORK), (0, HOME)], [(1, WORK), (-1, HOME)]])
    departed, arrived = np.array([10, 50, 20, 60]) * 1_000, np.array([30, 70, 40, 80]) * 1_000
    presence = Stays(population, 2).between(departed, arrived, 0, 100_000)
    assert presence.at_home_s.tolist() == [10.0 + 30.0, 0.0]
    assert presence.at_work_s.tolist() == [0.0, 20.0 + 20.0]
    assert presence.visiting_s.tolist() == [0.0, 0.0]
