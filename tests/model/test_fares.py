"""Fares on the Riviera's declared lines: free transit draws people out of cars, a dear one loses riders."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.model.test_offer import LINE, STOPS, TEXT, ground, model_of, tours_of
from tests.model.village import SCENARIOS
from tests.transit_worlds import timetable_of
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.mobility.fares import Fares
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.tables import CAR, PASSENGER, RESIDENT, TRANSIT, WALK
from twin.scenario.scenario import Scenario
from twin.scenario.transit_offers import Fare

pytestmark = pytest.mark.one_interpreter(
    "lives days, of kernels that are compared with their slow twins on each"
)

FARE = """
[[modification]]
kind = "fare"
price_eur = {price}
"""


@cache
def planned(price: float | None, more: str = "") -> TwinModel:
    text = TEXT if price is None else TEXT + FARE.format(price=price) + more
    return model_of(Scenario.loads(text, folder=SCENARIOS))


def by_transit(price: float | None) -> np.ndarray:
    return planned(price).population.trips.mode == TRANSIT


def test_a_journey_pays_its_dearest_line_once_and_every_boarding_of_those_paid_so() -> None:
    run = [(0, 0.0, 0.0), (1, 60.0, 60.0)]
    timetable = timetable_of([run, run, run], lines=[0, 1, 2])
    orders = (
        Fare(price_eur=2.5, lines=["line 1"]),
        Fare(price_eur=0.4, lines=["line 2"], per="boarding"),
    )
    fares = Fares.of(timetable, 1.0, orders)
    rider, line = np.array([0, 0, 1, 2, 2, 2, 3]), np.array([0, 1, 0, 2, 2, 0, 2])
    assert fares.paid_cents(rider, line, 5).tolist() == [250, 100, 180, 40, 0]
    everywhere = Fares.of(timetable, 1.0, (*orders, Fare(price_eur=0.0)))
    assert everywhere.paid_cents(rider, line, 5).tolist() == [0] * 5, "the last order holds"


def test_what_a_feed_tells_of_a_line_is_paid_and_an_order_replaces_it() -> None:
    run = [(0, 0.0, 0.0), (1, 60.0, 60.0)]
    timetable = replace(
        timetable_of([run, run, run], lines=[0, 1, 2]),
        line_fare_cents=np.array([-1, 250, 40]),
        line_fare_by_boarding=np.array([False, False, True]),
    )
    rider, line = np.array([0, 0, 1, 2, 2, 2, 3]), np.array([0, 1, 0, 2, 2, 0, 2])
    assert Fares.of(timetable, 1.0).paid_cents(rider, line, 5).tolist() == [250, 100, 180, 40, 0]
    free = Fares.of(timetable, 1.0, (Fare(price_eur=0.0),))
    assert free.paid_cents(rider, line, 5).tolist() == [0] * 5


def test_the_usual_price_changes_nobody() -> None:
    usual = planned(1.0).population.trips
    assert (usual.mode == planned(None).population.trips.mode).all()
    assert np.array_equal(usual.duration_s, planned(None).population.trips.duration_s, equal_nan=True)


def test_free_transit_draws_whole_tours_and_each_price_the_more_the_lower() -> None:
    base, cheap, free = by_transit(None), by_transit(0.5), by_transit(0.0)
    assert base.sum() < cheap.sum() < free.sum()
    assert (cheap >= base).all(), "nobody leaves what got cheaper"
    assert (free >= cheap).all(), "who comes for a small gain comes for a larger one"
    population = ground()[1]
    trips, persons = population.trips, population.persons
    new = free & ~base
    assert (persons.kind[trips.person[new]] == RESIDENT).all()
    assert (trips.mode[new] == CAR).any()
    tour = tours_of(trips)
    assert set(np.unique(np.bincount(tour, weights=new) / np.bincount(tour))) == {0.0, 1.0}


def test_riders_respond_as_the_literature_says() -> None:
    """Balcombe et al. 2004 (TRL 593): fare elasticities of demand from -0.2 to -1.0, short and long run."""
    on_lines = [planned(price).transit.rides.sum() for price in (0.9, 1.1)]
    elasticity = np.log(on_lines[1] / on_lines[0]) / np.log(1.1 / 0.9)
    assert -1.2 < elasticity < -0.1


def test_a_dear_ride_sends_whole_tours_to_whatever_else_they_can_go_by() -> None:
    base, dear = planned(None).population.trips, planned(4.0).population.trips
    left = (base.mode == TRANSIT) & (dear.mode != TRANSIT)
    assert left.sum() > 20
    assert not ((base.mode != TRANSIT) & (dear.mode == TRANSIT)).any()
    assert {CAR, PASSENGER, WALK} <= set(np.unique(dear.mode[left]))
    persons = ground()[1].persons
    drivers = dear.person[left & (dear.mode == CAR)]
    assert (persons.licence & (persons.household_cars > 0))[drivers].all()
    assert np.isfinite(dear.duration_s[left & (dear.mode != CAR)]).all()
    routes = planned(4.0).habits.routes
    assert (routes.start[left & (dear.mode == CAR)] >= 0).all(), "who drives anew has a way"
    assert (dear.distance_m[left & (dear.mode == WALK)] <= 5_000.0).all()
    assert not planned(4.0).transit.rides[left].any()
    dearer = planned(8.0).population.trips.mode
    assert (dearer[left] != TRANSIT).all(), "who leaves for a small loss leaves for a larger one"


def test_what_is_paid_is_booked_and_told() -> None:
    model = planned(2.0)
    model.run_day()
    record = record_of(model)
    transit = record.transit
    assert transit is not None
    boarded = transit.board_call[transit.ride_start[:-1]] >= 0
    assert transit.paid_cents[boarded].tolist() == [200] * int(boarded.sum())
    assert (transit.paid_cents[~boarded] == 0).all()
    values = {(v.name, v.group): v.value for v in compute(record)}
    assert values["fare_revenue", ""] == pytest.approx(2.0 * boarded.sum())
    assert values["mean_fare", ""] == 2.0
    assert record.accounts.balance_cents["transit operators"] == 200 * boarded.sum()
    assert record.accounts.total_cents() == 0
    zones = {v.focus: v.value for v in compute(record, "dense") if v.name == "fare_revenue"}
    assert 0.0 < zones["dense"] < zones["all"]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ('[[modification]]\nkind = "fare"\nprice_eur = 1.0\nlines = ["No such line"]', "no line 'No such"),
        ('[[modification]]\nkind = "fare"\nprice_eur = -1.0', "price_eur"),
        ('[[modification]]\nkind = "fare"\nprice_eur = 1.0\nper = "week"', "per"),
        ('[[modification]]\nkind = "fare"\nprice_eur = 1.0\nfrom = "07:00"', "whole days"),
    ],
)
def test_a_wrong_fare_is_named(more: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        model_of(Scenario.loads(TEXT + more, folder=SCENARIOS))


def test_where_no_line_runs_there_is_no_fare() -> None:
    text = TEXT.replace('timetable = "timetable.toml"', "") + FARE.format(price=0.0)
    with pytest.raises(InputError, match="no line runs"):
        model_of(Scenario.loads(text, folder=SCENARIOS))


def test_a_line_that_is_added_and_dear_draws_fewer() -> None:
    line = LINE.format(stops=STOPS, headway_s=600)
    at_usual, dear = (
        model_of(Scenario.loads(TEXT + line + more, folder=SCENARIOS)).population.trips.mode == TRANSIT
        for more in ("", FARE.format(price=6.0) + 'lines = ["Shuttle"]')
    )
    assert dear.sum() < at_usual.sum()
