"""Tours as choices: worked out again they are those that the population made, to the last tour."""

from __future__ import annotations

import numpy as np
import pytest

from twin.population.days.tours import TourModes, tour_modes, trips_by
from twin.population.draws import Draws, picks
from twin.population.population import Population
from twin.population.tables import CAR, RESIDENT, WALK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


@pytest.fixture(scope="module")
def modes(town: Territory, population: Population) -> TourModes:
    return tour_modes(population, town, Parameters.defaults())


def test_the_same_draw_picks_the_same_mode_for_every_tour(modes, population):
    """Utilities, constants and availability are those with which the population chose."""
    u = Draws(1).uniform("mode", modes.tours.key, modes.tours.moment)
    rungs = np.cumsum(np.exp(modes.utility), axis=1)
    assert (picks(rungs, np.arange(len(u)), u) == modes.mode).all()
    persons, trips = population.persons, population.trips
    assert len(modes.row) == (persons.kind[trips.person] == RESIDENT).sum()
    assert (modes.legs.destination_link == trips.destination_link[modes.row]).all()


def test_a_tour_is_made_as_a_whole_and_to_nothing_but_what_is_asked(modes, town, population):
    drives = modes.mode == CAR
    trips = trips_by(
        np.where(drives, WALK, modes.mode), modes, population, town, Parameters.defaults(), seed=1
    )
    changed = np.zeros(len(trips), dtype=bool)
    changed[modes.row[drives[modes.legs.tour]]] = True
    assert (trips.mode[changed] == WALK).all()
    assert np.isfinite(trips.duration_s[changed]).all()
    assert (trips.distance_m[changed] > 0.0).all()
    for name, column in trips.columns().items():
        assert np.array_equal(column[~changed], getattr(population.trips, name)[~changed], equal_nan=True)
    assert trips_by(modes.mode, modes, population, town, Parameters.defaults(), 1) is population.trips


def test_made_again_by_its_own_mode_a_tour_takes_what_it_took(modes, town, population):
    walked = np.where(modes.mode == WALK, CAR, WALK)
    parameters = Parameters.defaults()
    away = Population.of(
        population.persons, trips_by(walked, modes, population, town, parameters, 1), population.report
    )
    other = TourModes(modes.row, modes.legs, modes.tours, modes.utility, walked)
    back = trips_by(modes.mode, other, away, town, parameters, 1)
    assert (back.mode == population.trips.mode).all()
    for name in ("distance_m", "duration_s"):
        assert np.array_equal(getattr(back, name), getattr(population.trips, name), equal_nan=True)


def test_who_was_added_by_a_mode_that_could_not_be_chosen_is_left_out(modes, town, population):
    home = int(population.persons.home[0])
    person = {"person_id": 987_654, "home": home, "zone": 0, "density": 2, "age": 30}
    out = {"mode": CAR, "origin_place": home, "destination_place": int(population.trips.destination_place[0])}
    links = {"origin_link": 0, "destination_link": 1}
    more = population.with_person(person, [out | links])
    assert len(tour_modes(more, town, Parameters.defaults()).mode) == len(modes.mode)
