"""Whose destination closes goes elsewhere by the rule of the choice; nobody else's day changes by a bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.population.world import with_places, with_places_in_order
from twin.errors import InputError
from twin.population.days.elsewhere import going_elsewhere, shut_out
from twin.population.days.opportunities import CAPACITY_OF
from twin.population.draws import Draws
from twin.population.population import Population
from twin.population.tables import SCHOOL, SHOP
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
DRAWS = Draws(1)


def without(town: Territory, purpose: int, rows: np.ndarray, left: float = 0.0) -> Territory:
    """The town with that share of what serves a purpose left at some places."""
    column = CAPACITY_OF[purpose]
    capacity = getattr(town.places, column).copy()
    capacity[rows] *= left
    return with_places(town, **{column: capacity})


def busiest(population: Population, purpose: int, n: int = 1) -> np.ndarray:
    """The places that most trips for a purpose go to."""
    trips = population.trips
    here = trips.destination_place[(trips.purpose == purpose) & (trips.destination_place >= 0)]
    return np.argsort(-np.bincount(here), kind="stable")[:n]


def test_all_who_shopped_there_go_elsewhere_and_their_chains_hold(
    town: Territory, population: Population
) -> None:
    gone = busiest(population, SHOP, 3)
    after, trips = without(town, SHOP, gone), population.trips
    shut = shut_out(population, town, after, DRAWS)
    assert np.array_equal(shut, (trips.purpose == SHOP) & np.isin(trips.destination_place, gone))
    origin, destination = going_elsewhere(population, shut, after, LEDGER, DRAWS)
    assert shut.sum() > 20
    assert not np.isin(destination[shut], gone).any()
    assert (after.places.shop[destination[shut]] > 0).all()
    assert np.array_equal(destination[~shut], trips.destination_place[~shut])
    follows = np.flatnonzero(np.diff(trips.person) == 0)
    assert np.array_equal(origin[follows + 1], destination[follows])
    assert (origin != destination)[(origin >= 0) | (destination >= 0)].all()
    moved = origin != trips.origin_place
    assert not moved[~np.append(False, shut[:-1])].any(), "only what follows a closed stop begins elsewhere"


def test_half_a_place_closed_loses_half_of_its_visitors(town: Territory, population: Population) -> None:
    gone = busiest(population, SHOP, 8)
    all_, half = (shut_out(population, town, without(town, SHOP, gone, left), DRAWS) for left in (0.0, 0.5))
    assert (half <= all_).all(), "the same draws: who leaves at half is among those who leave at all"
    n = int(all_.sum())
    assert abs(half.sum() - n / 2) < 3.0 * np.sqrt(n / 4)


def test_the_nearer_a_place_the_more_go_there(town: Territory, population: Population) -> None:
    """Gravity: of those who must choose anew more go near than in proportion to capacity alone."""
    gone = busiest(population, SHOP, 6)
    after = without(town, SHOP, gone)
    shut = shut_out(population, town, after, DRAWS)
    _, destination = going_elsewhere(population, shut, after, LEDGER, DRAWS)
    x, y, room = town.places.x_m, town.places.y_m, after.places.shop.astype(float)
    home = population.persons.home[population.trips.person]
    rows = np.flatnonzero(shut)
    chosen = np.hypot(x[home[rows]] - x[destination[rows]], y[home[rows]] - y[destination[rows]]).mean()
    anywhere = np.hypot(x[home[rows], None] - x, y[home[rows], None] - y) @ (room / room.sum())
    assert chosen < anywhere.mean()


def test_pupils_have_one_new_school_all_day(town: Territory, population: Population) -> None:
    gone = busiest(population, SCHOOL, 2)
    after, trips = without(town, SCHOOL, gone), population.trips
    shut = shut_out(population, town, after, DRAWS)
    _, destination = going_elsewhere(population, shut, after, LEDGER, DRAWS)
    pupils = np.flatnonzero(shut & (trips.purpose == SCHOOL))
    assert pupils.size > 10
    place = np.full(len(population.persons), -1)
    place[trips.person[pupils]] = destination[pupils]
    assert (destination[pupils] == place[trips.person[pupils]]).mean() > 0.98, "but for who lives next door"


def test_the_order_of_buildings_decides_nothing(town: Territory, population: Population) -> None:
    gone = busiest(population, SHOP, 3)
    after = without(town, SHOP, gone)
    shut = shut_out(population, town, after, DRAWS)
    _, plain = going_elsewhere(population, shut, after, LEDGER, DRAWS)
    order = np.argsort(town.places.place_id[::-1], kind="stable")
    row = np.append(np.argsort(order), -1)  # the last is that of a gate
    trips = population.trips.with_columns(
        origin_place=row[population.trips.origin_place],
        destination_place=row[population.trips.destination_place],
    )
    persons = population.persons.with_columns(home=row[population.persons.home])
    other = replace(population, persons=persons, trips=trips)
    _, turned = going_elsewhere(other, shut, with_places_in_order(after, order), LEDGER, DRAWS)
    assert np.array_equal(row[plain], turned)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([SHOP, SCHOOL]), st.integers(1, 12), st.integers(0, 5))
def test_whatever_closes_nobody_else_moves(
    town: Territory, population: Population, purpose: int, n: int, seed: int
) -> None:
    gone = busiest(population, purpose, n)
    after, draws = without(town, purpose, gone), Draws(seed)
    shut = shut_out(population, town, after, draws)
    origin, destination = going_elsewhere(population, shut, after, LEDGER, draws)
    trips = population.trips
    still = ~np.isin(trips.person, np.unique(trips.person[shut]))
    assert np.array_equal(origin[still], trips.origin_place[still])
    assert np.array_equal(destination[still], trips.destination_place[still])
    assert (
        getattr(after.places, CAPACITY_OF[purpose])[destination[shut & (trips.purpose == purpose)]] > 0
    ).all()


def test_the_last_of_all_cannot_close(town: Territory, population: Population) -> None:
    after = without(town, SHOP, np.arange(town.places.n_places))
    shut = shut_out(population, town, after, DRAWS)
    with pytest.raises(InputError, match="nothing else serves shop"):
        going_elsewhere(population, shut, after, LEDGER, DRAWS)
