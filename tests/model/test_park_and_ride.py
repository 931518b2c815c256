"""Park and ride above Monaco: cars wait where they were left, people are in one place, spaces are spaces."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.test_offer import LINE, STOPS, TEXT, ground, model_of
from tests.model.village import SCENARIOS
from twin.behaviour.days import ARRIVED, PLANNED
from twin.behaviour.park_and_ride import admitted, commutes, prefers
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.kernels.random import keys_of
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.days.legs import tours_of
from twin.population.tables import CAR, COMMUTER
from twin.routing.kerbs import other_directions
from twin.scenario.scenario import Scenario
from twin.study.digests import truth_digest

pytestmark = pytest.mark.one_interpreter(
    "lives days; all of it together is lived on each in test_all_together"
)

PARK = """
[[modification]]
kind = "park_and_ride"
name = "Village"
place = {place}
spaces = {spaces}
price_eur = {price}
"""
KEEN = """
[parameters]
"transit.park_and_ride_share" = 0.6
"""
AT_STOP = "[7.4001, 43.7455]"
MANY = 5_000


def scenario(spaces: int, price: float = 0.0, place: str = AT_STOP, text: str = "") -> Scenario:
    park = PARK.format(place=place, spaces=spaces, price=price) if spaces else ""
    text = text or TEXT + KEEN + LINE.format(stops=STOPS, headway_s=600)
    return Scenario.loads(text + park, folder=SCENARIOS)


@cache
def planned(spaces: int, price: float = 0.0) -> TwinModel:
    return model_of(scenario(spaces, price))


@cache
def lived(spaces: int) -> tuple[TwinModel, DayRecord]:
    model = planned(spaces)
    model.run_day()
    return model, record_of(model)


def test_tours_are_two_car_trips_there_and_back() -> None:
    population = ground()[1]
    trips, persons = population.trips, population.persons
    out = commutes(trips, persons, tours_of(trips.purpose, trips.person))
    assert out.size > 100
    assert (trips.mode[out] == CAR).all()
    assert (trips.mode[out + 1] == CAR).all()
    assert (trips.person[out] == trips.person[out + 1]).all()
    assert (trips.destination_place[out] == trips.origin_place[out + 1]).all()
    assert (trips.origin_place[out] == trips.destination_place[out + 1]).all()
    assert (persons.kind[trips.person[out]] == COMMUTER).any()


def test_who_comes_first_finds_a_space() -> None:
    park = np.array([0, 1, 0, 0, 1])
    comes_ms, key = np.array([30, 5, 10, 10, 6]), np.array([1, 2, 4, 3, 5])
    found = admitted(park, comes_ms, key, np.array([2, 1]))
    assert found.tolist() == [False, True, True, True, False]


def test_the_logit_takes_its_share_at_no_gain_and_more_with_a_gain() -> None:
    key = keys_of(np.array([f"driver {n}" for n in range(5_000)]))
    who = [prefers(np.full(5_000, gain), 0.1, key, 1) for gain in (-2.0, 0.0, 2.0)]
    shares = [each.mean() for each in who]
    assert shares[1] == pytest.approx(0.1, abs=0.015)
    assert shares[2] == pytest.approx(0.1 * np.exp(2.0) / (0.9 + 0.1 * np.exp(2.0)), abs=0.02)
    assert (who[0] <= who[1]).all()
    assert (who[1] <= who[2]).all()


def test_spaces_limit_and_a_price_deters() -> None:
    free, dear, few = planned(MANY), planned(MANY, 5.0), planned(10)
    assert few.transit.park_and_ride.out.shape[0] == 10
    assert 10 < dear.transit.park_and_ride.out.shape[0] < free.transit.park_and_ride.out.shape[0]
    assert np.isin(dear.transit.park_and_ride.out, free.transit.park_and_ride.out).all()
    assert np.isin(few.transit.park_and_ride.out, free.transit.park_and_ride.out).all()
    assert (free.population.trips.mode == planned(0).population.trips.mode).all()


def test_the_chain_is_whole_and_in_order() -> None:
    model, record = lived(MANY)
    park_and_ride, vehicles, transit = (
        model.transit.park_and_ride,
        model.state.loader.vehicles,
        record.transit,
    )
    assert transit is not None
    n = park_and_ride.out.shape[0]
    assert n > 20
    assert (record.state[park_and_ride.out] == ARRIVED).all()
    assert (record.state[park_and_ride.back] == ARRIVED).all()
    plans = model.transit.plans
    rider_of = {int(trip): i for i, trip in enumerate(plans.trip.tolist())}
    for out, back in zip(park_and_ride.out.tolist(), park_and_ride.back.tolist(), strict=True):
        there, home = rider_of[out], rider_of[back]
        first, last = transit.ride_start[there], transit.ride_start[there + 1] - 1
        parked_ms = vehicles.arrived_ms[out]
        assert record.departed_ms[out] <= vehicles.entered_ms[out] < parked_ms
        if not transit.stranded[there]:
            assert parked_ms + plans.first_walk_ms[there] <= transit.left_ms[transit.board_call[first]]
            assert record.arrived_ms[out] == (
                transit.arrived_ms[transit.alight_call[last]] + plans.rides.walk_ms[last]
            )
        assert record.arrived_ms[out] > parked_ms
        assert record.departed_ms[back] >= record.arrived_ms[out]
        if not transit.stranded[home]:
            last = transit.ride_start[home + 1] - 1
            at_car_ms = transit.arrived_ms[transit.alight_call[last]] + plans.rides.walk_ms[last]
            assert 0 <= vehicles.release_ms[back] - at_car_ms <= 1_000 * model.step_s
        assert vehicles.arrived_ms[back] == record.arrived_ms[back]


def test_cars_are_fetched_from_the_street_where_they_were_left() -> None:
    model, record = lived(MANY)
    park_and_ride, streets = model.transit.park_and_ride, model.territory.streets
    street = park_and_ride.parks.link[0]
    sides = {int(street), int(other_directions(streets.tail, streets.head, streets.length_m)[street])}
    order = np.lexsort((record.event_enter_ms, record.event_trip))
    trip, link = record.event_trip[order], record.event_link[order]
    for out, back in zip(park_and_ride.out.tolist(), park_and_ride.back.tolist(), strict=True):
        assert int(link[np.searchsorted(trip, out, side="right") - 1]) in sides
        assert int(link[np.searchsorted(trip, back)]) in sides
    without = lived(0)[1]
    rows = np.concatenate([park_and_ride.out, park_and_ride.back])
    assert record.route_km[rows].sum() < 0.8 * without.route_km[rows].sum(), "no car goes on to work"


def test_everybody_is_in_one_place_at_every_step() -> None:
    """Each traveller who parks: not begun, on the road, waiting or riding, or arrived; cars in spaces."""
    model = model_of(scenario(15))
    park_and_ride, days = model.transit.park_and_ride, model.state.itineraries
    plans, vehicles = model.transit.plans, model.state.loader.vehicles
    rows = np.concatenate([park_and_ride.out, park_and_ride.back])
    rider = np.searchsorted(plans.trip, rows)
    assert (plans.trip[rider] == rows).all()
    most = 0
    model.run_until(6 * 3_600)
    while model.now_s < 12 * 3_600:
        model.step()
        drives = (vehicles.release_ms[rows] >= 0) & (vehicles.arrived_ms[rows] < 0)
        rides = model.state.riders.ride[rider] >= 0
        assert not (drives & rides).any()
        assert not ((days.state[rows] == PLANNED) & (drives | rides)).any()
        assert not ((days.state[rows] == ARRIVED) & (drives | rides)).any()
        begun = (days.departed_ms[park_and_ride.out] >= 0) & (days.departed_ms[park_and_ride.back] >= 0)
        assert (days.arrived_ms[park_and_ride.out[begun]] >= 0).all(), "nobody returns who has not come"
        left = vehicles.arrived_ms[park_and_ride.out] >= 0
        fetched = vehicles.release_ms[park_and_ride.back] >= 0
        assert not (fetched & ~left).any()
        most = max(most, int((left & ~fetched).sum()))
    assert 0 < most <= 15


def test_numbers_tell_of_it_and_the_price_is_booked() -> None:
    model = model_of(scenario(12, 1.5))
    model.run_day()
    record = record_of(model)
    values = {(v.name, v.group): v.value for v in compute(record)}
    assert values["cars_parked_to_ride", "park:Village"] == 12.0
    assert values["car_park_use", ""] == 1.0
    assert record.accounts.balance_cents["car parks"] == 12 * 150
    assert record.accounts.total_cents() == 0
    park_and_ride = model.transit.park_and_ride
    assert record.free_flow_s[park_and_ride.out] == pytest.approx(park_and_ride.planned_s[0])
    assert values["waiting_to_enter", ""] < 1.0, "riding to one's car is no waiting for the street"
    assert truth_digest(record) != truth_digest(lived(0)[1])


@pytest.mark.parametrize(
    ("place", "wrong"),
    [('"way:1"', "no place 'way:1'"), ("[7.0, 43.0]", "no building within 300 m")],
)
def test_a_place_that_is_none_is_named(place: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong) as error:
        model_of(scenario(5, place=place))
    assert error.value.where.endswith(": place")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("spaces = 0", "spaces"), ("spaces = 2.5", "whole number"), ('place = "a"\nspaces = "b"', "spaces")],
)
def test_wrong_words_are_named(line: str, wrong: str) -> None:
    place = "" if "place" in line else f"place = {AT_STOP}\n"
    text = f'[[modification]]\nkind = "park_and_ride"\nname = "P"\n{place}{line}\n'
    with pytest.raises(InputError, match=wrong):
        Scenario.loads(TEXT + text, folder=SCENARIOS)


def test_without_any_line_nobody_can_ride_on() -> None:
    text = TEXT.replace('timetable = "timetable.toml"', "")
    with pytest.raises(InputError, match="no line runs"):
        model_of(scenario(5, text=text))
