"""Parking, park and ride, rides on demand and lorries in one day of the village: none breaks another."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS
from twin.behaviour.days import ARRIVED
from twin.indicators.records import DayRecord
from twin.kernels.parking import OWN, STREET, UNSERVED
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.population.tables import CAR, ON_DEMAND
from twin.scenario.scenario import Scenario
from twin.scenario.vehicles import BUS, CAR_CLASS, LORRY

TEXT = """
title = "Everything at once"
extends = "village_park_and_ride.toml"
demand_scale = 0.1
[parameters]
"parking.limited" = 1
"parking.own_spaces_per_dwelling" = 0.5
"parking.own_spaces_per_job" = 0.1
"parking.own_spaces_per_visitor" = 0.1
"transit.park_and_ride_share" = 0.6
"on_demand.constant_min" = 25.0
"population.freight_demand_factor" = 4.0

[[modification]]
kind = "on_demand_transport"
name = "Appel"
serves = { commune = "La Turbie" }
reaches = { commune = ["Monaco", "Beausoleil", "Cap-d'Ail"] }
vehicles = 1
"""


@cache
def lived() -> tuple[TwinModel, DayRecord]:
    model = TwinModel(Scenario.loads(TEXT, folder=SCENARIOS), rng=1)
    at_midnight = idle_cars(model)
    while model.running:
        model.run_until(model.now_s + 3_600)
        model.state.loader.check()
        for before, now in zip(at_midnight, idle_cars(model), strict=True):
            assert np.array_equal(before, now), "a space is neither lost nor made"
    return model, record_of(model)


def idle_cars(model: TwinModel) -> list[np.ndarray]:
    """Spaces taken by no car that somebody drives today, own ones and those on streets."""
    assert model.parking is not None
    standing, supply = model.state.parking, model.parking.supply
    found = []
    for kind, free, spaces in ((OWN, standing.own, supply.own), (STREET, standing.free, supply.spaces)):
        at = standing.row[standing.kind == kind]
        row = at if kind == OWN else supply.street[at]
        idle = spaces - free - np.bincount(row, minlength=spaces.shape[0])
        assert (free >= 0).all()
        assert (idle >= 0).all()
        found.append(idle)
    return found


def test_everybody_arrives_and_all_of_it_is_used() -> None:
    model, record = lived()
    assert (record.state == ARRIVED).all()
    assert record.rotations == 0
    assert model.transit.park_and_ride.out.size > 50
    assert record.on_demand is not None
    assert record.on_demand.rode.sum() > 50
    assert record.on_demand.refused.sum() > 5
    assert record.parking is not None
    assert record.parking.searched.sum() > 10


def test_who_parks_and_rides_takes_no_space_at_work_and_calls_no_shared_vehicle() -> None:
    model, record = lived()
    park_and_ride = model.transit.park_and_ride
    assert record.parking is not None
    assert (record.parking.found[park_and_ride.out] == UNSERVED).all()
    assert not record.parking.parked[park_and_ride.out].any()
    home = model.population.trips.destination_place[park_and_ride.back] >= 0
    assert home.any()
    assert record.parking.parked[park_and_ride.back[home]].all()
    rides = record.population.trips.mode == ON_DEMAND
    assert not rides[np.concatenate([park_and_ride.out, park_and_ride.back])].any()
    vehicles = model.state.loader.vehicles
    assert (vehicles.arrived_ms[park_and_ride.back] >= 0).all(), "every car is fetched"


def test_who_is_refused_drives_from_home_and_leaves_a_space_there() -> None:
    model, record = lived()
    service = model.on_demand
    driven = service.trip[record.population.trips.mode[service.trip] == CAR]
    assert driven.size > 0
    assert (model.state.loader.vehicles.arrived_ms[driven] >= 0).all()
    assert record.parking is not None
    inside = model.population.trips.destination_place[driven] >= 0
    assert record.parking.parked[driven[inside]].all()


@pytest.mark.one_interpreter("loads the day twice more, which is lived on each")
@pytest.mark.parametrize("kind", [LORRY, BUS])
def test_lorries_and_buses_take_two_places_and_cars_one(kind: int) -> None:
    """From the model's own kinds: places taken on links are those of the vehicles that are on them."""
    model = TwinModel(Scenario.loads(TEXT, folder=SCENARIOS), rng=1)
    loader = model.state.loader
    assert [loader.rules.places[each] for each in (CAR_CLASS, kind)] == [1, 2]
    of_trips = loader.vehicles.kind[: model.n_trips]
    assert np.array_equal(of_trips == LORRY, model.trip_vehicles.vehicle_class == LORRY)
    seen = 0
    model.run_until(7 * 3_600)
    for _ in range(60):
        model.run_until(model.now_s + 60)
        rows = loader.on_way
        places = np.array(loader.rules.places)[loader.vehicles.kind[rows]]
        taken = np.bincount(loader.link_of(rows), weights=places, minlength=loader.on_link_veh.shape[0])
        assert np.array_equal(taken, loader.on_link_veh)
        seen += int((loader.vehicles.kind[rows] == kind).sum())
    assert seen > 0
