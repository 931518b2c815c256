"""Who rides when there is more to ride: the Riviera's declared lines, and one added to them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS
from twin.behaviour.days import ARRIVED
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.sources import load_population, load_territory
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.population.tables import CAR, RESIDENT, TRANSIT, Trips
from twin.scenario.scenario import Scenario
from twin.study.digests import truth_digest
from twin.territory.territory import Territory

pytestmark = pytest.mark.one_interpreter(
    "lives days, of kernels that are compared with their slow twins on each"
)

TEXT = """
title = "Riviera with its lines"
territory = "riviera"
timetable = "timetable.toml"
demand_scale = 0.05
"""
LINE = """
[[modification]]
kind = "bus_line"
name = "Shuttle"
stops = {stops}
headway_s = {headway_s}
from = "06:00"
until = "22:00"
"""
STOPS = "[[7.4001, 43.7455], [7.4027, 43.7264], [7.4137, 43.7334], [7.4191, 43.7372]]"


def scenario(headway_s: int = 0, text: str = TEXT, stops: str = STOPS) -> Scenario:
    more = LINE.format(headway_s=headway_s, stops=stops) if headway_s else ""
    return Scenario.loads(text + more, folder=SCENARIOS)


@cache
def ground() -> tuple[Territory, Population]:
    spec = scenario()
    territory = load_territory(spec)
    return territory, load_population(spec, territory, 1)


def model_of(spec: Scenario) -> TwinModel:
    territory, population = ground()
    return TwinModel(spec, rng=1, territory=territory, population=population)


@cache
def lived(headway_s: int) -> tuple[TwinModel, DayRecord]:
    model = model_of(scenario(headway_s))
    model.run_day()
    return model, record_of(model)


def new_riders(headway_s: int) -> np.ndarray:
    """Trips by transit with the line that were made otherwise without it."""
    mode = model_of(scenario(headway_s)).population.trips.mode
    return np.flatnonzero((mode == TRANSIT) & (ground()[1].trips.mode != TRANSIT))


def test_trips_ride_and_end_and_the_timetable_alone_changes_no_mode() -> None:
    model, record = lived(0)
    assert (record.population.trips.mode == ground()[1].trips.mode).all()
    assert model.transit.rides.sum() > 100
    assert (record.state[model.transit.rides] == ARRIVED).all()
    assert record.transit is not None
    boarded = record.transit.board_call >= 0
    assert (record.transit.alight_call[boarded] > record.transit.board_call[boarded]).all()
    assert boarded.sum() == record.transit.boarded.sum()


def test_riders_board_what_left_after_they_came_and_arrive_after_it_did() -> None:
    model, record = lived(0)
    transit, plans = record.transit, model.transit.plans
    assert transit is not None
    for i in range(plans.trip.shape[0]):
        ready_ms = record.departed_ms[plans.trip[i]] + plans.first_walk_ms[i]
        for row in range(transit.ride_start[i], transit.ride_start[i + 1]):
            board, alight = transit.board_call[row], transit.alight_call[row]
            if board < 0:
                assert transit.stranded[i]
                break
            assert transit.run_of_call[board] == transit.run_of_call[alight]
            assert transit.left_ms[board] >= ready_ms
            ready_ms = transit.arrived_ms[alight] + plans.rides.walk_ms[row]
        if not transit.stranded[i]:
            assert record.arrived_ms[plans.trip[i]] == ready_ms


def test_nobody_takes_longer_by_plan_than_on_foot_or_too_long() -> None:
    model, _ = lived(0)
    rides = model.transit.rides
    assert (model.population.trips.duration_s[rides] <= model.parameters["transit.longest_journey_s"]).all()
    others = ~rides & (ground()[1].trips.mode != TRANSIT)
    before, after = ground()[1].trips.duration_s, model.population.trips.duration_s
    assert np.array_equal(before[others], after[others], equal_nan=True)


def test_whole_tours_of_residents_change_and_more_for_a_better_line() -> None:
    seldom, often = new_riders(3_600), new_riders(600)
    assert 0 < seldom.size < often.size
    assert np.isin(seldom, often).all(), "every hourly run is among those of every ten minutes"
    population = ground()[1]
    trips, persons = population.trips, population.persons
    assert (persons.kind[trips.person[often]] == RESIDENT).all()
    assert (trips.mode[often] == CAR).any()
    changed = np.zeros(population.n_trips, dtype=np.bool_)
    changed[often] = True
    tour = tours_of(trips)
    share = np.bincount(tour, weights=changed) / np.bincount(tour)
    assert set(np.unique(share)) == {0.0, 1.0}


def tours_of(trips: Trips) -> np.ndarray:
    """Tours counted one by one: a return home ends one."""
    tour, now = np.zeros(len(trips), dtype=np.int64), 0
    for row in range(1, len(trips)):
        now += int(trips.person[row] != trips.person[row - 1] or trips.purpose[row - 1] == 0)
        tour[row] = now
    return tour


def test_cars_left_at_home_are_no_vehicles_and_the_line_is_on_the_road() -> None:
    (_, before), (model, after) = lived(0), lived(600)
    assert after.by_car.sum() < before.by_car.sum()
    left = before.by_car & ~after.by_car
    assert (after.entered_ms[left] == -1).all()
    values = {(v.name, v.group): v.value for v in compute(after)}
    assert values["passengers_boarded", "line:Shuttle"] > 0.0
    assert values["bus_km", ""] > {(v.name, v.group): v.value for v in compute(before)}["bus_km", ""]
    assert truth_digest(before) != truth_digest(after)
    assert model.transit.timetable.n_lines == 4


def test_a_line_alone_needs_no_timetable() -> None:
    model = model_of(scenario(600, TEXT.replace('timetable = "timetable.toml"', "")))
    assert model.transit.timetable.n_lines == 1
    usual = ground()[1].trips.duration_s[model.transit.rides]
    planned = model.population.trips.duration_s[model.transit.rides]
    assert model.transit.rides.any()
    assert (planned <= np.nan_to_num(usual, nan=np.inf)).all(), "it is taken where it is quicker"


def test_a_line_that_begins_next_year_does_not_run_yet() -> None:
    text = LINE.format(headway_s=600, stops=STOPS).replace("06:00", "2028-01").replace('until = "22:00"', "")
    model = model_of(Scenario.loads(TEXT + text, folder=SCENARIOS))
    assert model.transit.timetable.n_lines == 3
    model._begin_month(model.month + 12)
    assert model.transit.timetable.n_lines == 4
    model.run_until(7 * 3_600)
    assert (model.state.service.left_ms >= 0).any()


@pytest.mark.parametrize(
    ("stops", "wrong"),
    [
        ('["way:1", [7.4137, 43.7334]]', "no place and no stop 'way:1'"),
        ("[[7.0, 43.0], [7.4137, 43.7334]]", "cannot be served from a street"),
    ],
)
def test_stops_that_are_none_are_named(stops: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong) as error:
        model_of(scenario(600, stops=stops))
    assert error.value.where.endswith(": stops")


def test_two_lines_of_one_name_are_refused() -> None:
    twice = TEXT + 2 * LINE.format(headway_s=600, stops=STOPS)
    with pytest.raises(InputError, match="modification 2: name: the timetable has a line of that id"):
        model_of(Scenario.loads(twice, folder=SCENARIOS))
