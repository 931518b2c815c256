"""The vehicle fleet: national shares, one vehicle a driver or a car of the house, draws of its own."""

from __future__ import annotations

import numpy as np
import pytest

from twin.population.population import Population
from twin.population.residents.fleet import VehicleFleet, trip_vehicles, vehicle_fleet, vehicle_of_trip
from twin.population.tables import CAR, COMMUTER, FREIGHT, RESIDENT, THROUGH
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import CRITAIR_CLASSES, FUELS, LORRY, VAN, VEHICLE_CLASSES, critair_of

LEDGER = Parameters.defaults()


@pytest.fixture(scope="module")
def fleet(population: Population) -> VehicleFleet:
    return vehicle_fleet(population, LEDGER, seed=1)


def test_households_have_their_cars_and_other_drivers_one_vehicle(
    population: Population, fleet: VehicleFleet
) -> None:
    persons, trips = population.persons, population.trips
    first = np.unique(persons.household[persons.household >= 0], return_index=True)[1]
    of_households = persons.household_cars[persons.household >= 0][first].sum()
    assert (fleet.household >= 0).sum() == of_households
    outside = np.unique(trips.person[persons.kind[trips.person] != RESIDENT])
    assert fleet.person[fleet.person >= 0].tolist() == outside.tolist()
    assert np.unique(fleet.vehicle_key).size == len(fleet)


def test_each_trip_by_car_is_made_by_a_vehicle_of_its_own_house(
    population: Population, fleet: VehicleFleet
) -> None:
    trips, row = population.trips, vehicle_of_trip(population, fleet)
    driven = trips.mode == CAR
    assert ((row >= 0) == driven).all()
    household = population.persons.household[trips.person]
    assert (fleet.household[row[driven]] == household[driven]).all()
    own = driven & (household < 0)
    assert (fleet.person[row[own]] == trips.person[own]).all()
    for person in np.unique(trips.person[driven])[:200]:
        assert np.unique(row[driven & (trips.person == person)]).size == 1, "one vehicle all day"


def test_two_drivers_of_two_cars_share_none(population: Population, fleet: VehicleFleet) -> None:
    trips, row = population.trips, vehicle_of_trip(population, fleet)
    driven = np.flatnonzero((trips.mode == CAR) & (population.persons.household[trips.person] >= 0))
    pairs = np.unique(np.column_stack([row[driven], trips.person[driven]]), axis=0)
    shared = np.bincount(pairs[:, 0]) > 1
    household = fleet.household[np.flatnonzero(shared)]
    n_cars = {each: int((fleet.household == each).sum()) for each in household.tolist()}
    drivers = population.persons.household[np.unique(trips.person[driven])]
    assert all((drivers == each).sum() > n for each, n in n_cars.items())


def test_classes_by_kind_of_traveller(population: Population, fleet: VehicleFleet) -> None:
    row = vehicle_of_trip(population, fleet)
    vehicles = trip_vehicles(fleet, row)
    kind = population.persons.kind[population.trips.person]
    driven = row >= 0
    assert (vehicles.vehicle_class[driven & (kind == RESIDENT)] == 0).all()
    assert (vehicles.vehicle_class[driven & (kind == COMMUTER)] < LORRY).all()
    assert set(vehicles.vehicle_class[kind == FREIGHT].tolist()) == {VAN, LORRY}
    lorries = (vehicles.vehicle_class[kind == THROUGH] == LORRY).mean()
    assert lorries == pytest.approx(LEDGER["fleet.through_class_shares"][LORRY], abs=0.06)
    for column in vehicles:
        assert (column[~driven] == -1).all()


def test_draws_meet_the_shares_of_the_ledger_and_of_sdes(population: Population) -> None:
    many = vehicle_fleet(population.scaled(6.0, seed=1), LEDGER, seed=1)
    cars = many.vehicle_class == 0
    fuels = np.bincount(many.fuel[cars], minlength=len(FUELS)) / cars.sum()
    assert np.abs(fuels - np.array(LEDGER["fleet.car_fuel_shares"])).max() < 0.02
    classes = np.bincount(many.critair[cars], minlength=len(CRITAIR_CLASSES)) / cars.sum()
    published = {"E": 0.029, "1": 0.357, "2": 0.35}  # SDES, 1 January 2025
    for name, share in published.items():
        assert classes[CRITAIR_CLASSES.index(name)] == pytest.approx(share, abs=0.025)
    assert classes[CRITAIR_CLASSES.index("3") :].sum() == pytest.approx(0.265, abs=0.025)


def test_one_more_household_changes_nobodys_vehicle(population: Population, fleet: VehicleFleet) -> None:
    newcomer = {"person_id": 999_999_999, "licence": True, "household": 777_777_777, "household_cars": 1}
    more = vehicle_fleet(population.with_person(newcomer, []), LEDGER, seed=1)
    mine = more.household != 777_777_777
    assert mine.sum() == len(fleet) == len(more) - 1
    for name in ("vehicle_key", "household", "vehicle_class", "fuel", "euro"):
        assert (getattr(more, name)[mine] == getattr(fleet, name)).all()


def test_the_order_of_persons_changes_no_vehicle(population: Population) -> None:
    persons, trips = population.persons, population.trips
    order = np.argsort(persons.person_key)
    rank = np.empty(len(persons), dtype=np.int64)
    rank[order] = np.arange(len(persons))
    moved = trips.with_columns(person=rank[trips.person])
    moved = moved.take(np.lexsort((moved.sequence, moved.person)))
    mixed = Population.of(persons.take(order), moved, {})
    found = []
    for each in (population, mixed):
        fleet = vehicle_fleet(each, LEDGER, seed=1)
        vehicles = trip_vehicles(fleet, vehicle_of_trip(each, fleet))
        by_id = np.argsort(each.trips.trip_id)
        found.append([column[by_id].tolist() for column in vehicles[1:]])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("vehicle_class", "fuel", "euro", "expected"),
    [
        ("car", "electric", 6, "E"), ("car", "plug_in", 6, "1"), ("car", "petrol", 5, "1"),
        ("car", "petrol", 4, "2"), ("car", "petrol", 2, "3"), ("car", "petrol", 1, "none"),
        ("van", "diesel", 6, "2"), ("car", "diesel", 5, "2"), ("car", "diesel", 4, "3"),
        ("car", "diesel", 3, "4"), ("car", "diesel", 2, "5"), ("car", "diesel", 1, "none"),
        ("lorry", "diesel", 6, "2"), ("lorry", "diesel", 5, "3"), ("bus", "diesel", 3, "5"),
    ],
)  # fmt: skip
def test_critair_classes_of_the_decree(vehicle_class: str, fuel: str, euro: int, expected: str) -> None:
    rows = VEHICLE_CLASSES.index(vehicle_class), FUELS.index(fuel), euro - 1
    found = critair_of(*(np.array([row]) for row in rows))
    assert CRITAIR_CLASSES[int(found[0])] == expected


def test_shares_of_the_ledger_sum_to_one() -> None:
    names = LEDGER.names("fleet.*")
    assert len(names) > 10
    for name in names:
        assert sum(LEDGER[name]) == pytest.approx(1.0, abs=1e-9), name
