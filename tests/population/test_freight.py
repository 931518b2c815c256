"""Delivery rounds: as many as jobs ask for, from gate to gate, stop after stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin.population.draws import Draws
from twin.population.outside.freight import build_freight, hilbert_order, stops_by_place
from twin.population.outside.gates import gates_of
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.population.tables import CAR, DELIVERY, FREIGHT, HOME
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
MANY = LEDGER.replaced({"population.freight_demand_factor": 40.0})


def of_rounds(population: Population) -> np.ndarray:
    """Rows of the rounds' trips."""
    return np.flatnonzero(population.persons.kind[population.trips.person] == FREIGHT)


def test_as_many_rounds_as_jobs_and_dwellings_ask_for(town: Territory, population: Population) -> None:
    places = town.places
    asked = places.jobs.sum() * 0.75 / 5.0 + places.dwellings.sum() * 0.05
    n_rounds = (population.persons.kind == FREIGHT).sum()
    assert n_rounds == round(float(asked) / 12.0) > 5
    assert stops_by_place(town, LEDGER).sum() == pytest.approx(asked)


def test_a_round_comes_by_a_gate_stops_and_leaves(town: Territory, population: Population) -> None:
    trips, rows = population.trips, of_rounds(population)
    assert (trips.mode[rows] == CAR).all()
    for person in np.unique(trips.person[rows]):
        mine = rows[trips.person[rows] == person]
        assert trips.sequence[mine].tolist() == list(range(len(mine)))
        assert trips.origin_place[mine[0]] == -1 == trips.destination_place[mine[-1]]
        assert (trips.origin_place[mine[1:]] == trips.destination_place[mine[:-1]]).all()
        assert (trips.origin_link[mine[1:]] == trips.destination_link[mine[:-1]]).all()
        assert (trips.origin_link[mine] != trips.destination_link[mine]).all()
        assert (np.diff(trips.depart_s[mine]) >= trips.min_stay_s[mine[1:]]).all()
        assert (trips.purpose[mine[:-1]] == DELIVERY).all()
        assert trips.purpose[mine[-1]] == HOME
        assert np.isin(trips.origin_link[mine[0]], town.gateways.in_link)


def test_stops_lie_where_jobs_and_dwellings_are(town: Territory) -> None:
    ((_, trips),) = build_freight(town, gates_of(town), MANY, Draws(1))
    stops = trips["destination_place"][trips["destination_place"] >= 0]
    found = np.bincount(stops, minlength=town.places.n_places)
    asked = stops_by_place(town, MANY)
    assert (found[asked == 0] == 0).all()
    busy = asked > np.median(asked[asked > 0])
    assert found[busy].mean() > 1.3 * found[~busy & (asked > 0)].mean()


def test_one_round_serves_a_neighbourhood(town: Territory) -> None:
    ((_, trips),) = build_freight(town, gates_of(town), MANY, Draws(1))
    between = (trips["origin_place"] >= 0) & (trips["destination_place"] >= 0)
    x, y = town.places.x_m, town.places.y_m
    anywhere = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :]).mean()
    assert trips["distance_m"][between].mean() < 0.4 * anywhere


def test_no_factor_no_round_and_nobody_else_changes(
    town: Territory, population: Population, population_file: Path
) -> None:
    without = synthesise(
        town, population_file, LEDGER.replaced({"population.freight_demand_factor": 0.0}), seed=1
    )
    others = population.persons.kind != FREIGHT
    assert (without.persons.kind != FREIGHT).all()
    for name, column in without.persons.columns().items():
        assert (column == getattr(population.persons, name)[others]).all()


def test_a_place_without_gates_has_no_rounds(town: Territory) -> None:
    shut = replace(town, gateways=replace(town.gateways, in_link=np.array([-1, -1], dtype=np.int32)))
    assert build_freight(shut, gates_of(shut), LEDGER, Draws(1)) == []


def test_neighbours_on_the_curve_are_neighbours_on_the_map() -> None:
    side = 16
    x, y = (each.ravel().astype(float) for each in np.meshgrid(np.arange(side), np.arange(side)))
    order = np.argsort(hilbert_order(x, y), kind="stable")
    steps = np.hypot(np.diff(x[order]), np.diff(y[order]))
    assert np.unique(hilbert_order(x, y)).size == side * side
    assert steps.max() <= 1.5  # cells of the curve and of the grid do not quite coincide
