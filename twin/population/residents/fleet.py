"""The vehicle fleet: which vehicles households and travellers from outside have, and which makes which trip.

A household's cars are drawn by the household's outside id and the car's number, other vehicles by the key of
who drives them: one more person changes nobody's. Fuels and Euro standards are national shares by class
(ledger ``fleet.*``); no table by income or commune is at hand, so all areas draw from one fleet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from twin.kernels.random import key_of
from twin.population.draws import Draws, member_keys
from twin.population.population import Population
from twin.population.tables import CAR, PERSON_KINDS, FrozenColumns
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import CAR_CLASS, FUELS, VEHICLE_CLASSES, critair_of

FLEET_DTYPES = {
    "vehicle_key": "uint64",
    "household": "int64",
    "person": "int32",
    "vehicle_class": "int8",
    "fuel": "int8",
    "euro": "int8",
}


@dataclass(frozen=True, eq=False)
class VehicleFleet(FrozenColumns):
    """Vehicles at the start of the day: households' cars, then those of drivers from outside."""

    DTYPES: ClassVar[Mapping[str, str]] = FLEET_DTYPES

    vehicle_key: np.ndarray
    """Key of all the vehicle's draws."""
    household: np.ndarray
    """Outside id of the household it belongs to; -1: to its driver alone."""
    person: np.ndarray
    """Row of the driver it belongs to; -1: to a household."""
    vehicle_class: np.ndarray
    """Index into `VEHICLE_CLASSES`."""
    fuel: np.ndarray
    """Index into `FUELS`."""
    euro: np.ndarray
    """Index into `EURO_STANDARDS`."""

    @property
    def critair(self) -> np.ndarray:
        """Index into `CRITAIR_CLASSES` of each vehicle (n,) int8."""
        return critair_of(self.vehicle_class, self.fuel, self.euro)


class TripVehicles(NamedTuple):
    """The vehicle that makes each trip, (n_trips,) each; -1 where nobody drives.

    ``row`` counts in the fleet, int32; class, fuel and Euro standard are int8 indices.
    """

    row: np.ndarray
    vehicle_class: np.ndarray
    fuel: np.ndarray
    euro: np.ndarray

    @property
    def critair(self) -> np.ndarray:
        """Index into `CRITAIR_CLASSES` (n_trips,) int8, -1 where nobody drives."""
        found = critair_of(self.vehicle_class, self.fuel, self.euro)
        return np.where(self.row >= 0, found, -1).astype(np.int8)


def vehicle_fleet(population: Population, parameters: Parameters, seed: int) -> VehicleFleet:
    """The vehicles of a population: as many cars as each household has, one vehicle for each other driver."""
    persons = population.persons
    drives = _drives(population)
    shared = np.flatnonzero(persons.household >= 0)
    households, member_of = np.unique(persons.household[shared], return_inverse=True)
    n_cars = np.zeros(len(households), dtype=np.int64)
    np.maximum.at(n_cars, member_of, persons.household_cars[shared])
    np.maximum.at(n_cars, member_of, drives[shared])  # who drives has something to drive
    owner = np.repeat(np.arange(len(households)), n_cars)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(n_cars) - n_cars, n_cars)
    base = np.full(len(households), key_of("car of household"), dtype=np.uint64)
    of_household = member_keys(member_keys(base, households)[owner], number)
    alone = np.flatnonzero((persons.household < 0) & drives)
    own = member_keys(persons.person_key[alone], np.full(len(alone), -1))
    key = np.concatenate([of_household, own])
    draws = Draws(seed)
    kind = np.concatenate([np.zeros(len(owner), dtype=np.int64), persons.kind[alone]])
    vehicle_class = _drawn("class", _by_kind(parameters), kind, key, draws)
    vehicle_class[: len(owner)] = CAR_CLASS
    fuel = _drawn("fuel", _fuels(parameters), vehicle_class, key, draws)
    euro = _drawn("euro", _euros(parameters), vehicle_class * len(FUELS) + fuel, key, draws)
    return VehicleFleet(
        vehicle_key=key,
        household=np.concatenate([households[owner], np.full(len(alone), -1)]),
        person=np.concatenate([np.full(len(owner), -1), alone]),
        vehicle_class=vehicle_class,
        fuel=fuel,
        euro=euro,
    )


def vehicle_of_trip(population: Population, fleet: VehicleFleet) -> np.ndarray:
    """Row of the vehicle that makes each trip, (n_trips,) int32, -1 where nobody drives.

    The drivers of a household, in the order of their outside ids, take its cars in turn and keep them all
    day; where there are more drivers than cars some share one, and nobody waits for it.
    """
    persons, trips = population.persons, population.trips
    of_person = np.full(len(persons), -1, dtype=np.int64)
    own = fleet.person >= 0
    of_person[fleet.person[own]] = np.flatnonzero(own)
    drivers = np.flatnonzero(_drives(population) & (persons.household >= 0))
    drivers = drivers[np.lexsort((persons.person_id[drivers], persons.household[drivers]))]
    household = persons.household[drivers]
    turn = np.arange(len(drivers)) - np.searchsorted(household, household)
    cars = fleet.household[~own]  # ascending, and before all others
    first = np.searchsorted(cars, household)
    n_cars = np.searchsorted(cars, household, side="right") - first
    of_person[drivers] = first + turn % np.maximum(n_cars, 1)
    return np.where(trips.mode == CAR, of_person[trips.person], -1).astype(np.int32)


def trip_vehicles(fleet: VehicleFleet, row: np.ndarray) -> TripVehicles:
    """What is known of the vehicle of each trip, by its row in the fleet (n_trips,)."""
    known = np.maximum(row, 0)
    columns = (
        np.where(row >= 0, column[known] if len(column) else -1, -1).astype(np.int8)
        for column in (fleet.vehicle_class, fleet.fuel, fleet.euro)
    )
    return TripVehicles(np.asarray(row, dtype=np.int32), *columns)


def service_vehicles(
    key: np.ndarray, vehicle_class: np.ndarray, parameters: Parameters, seed: int
) -> TripVehicles:
    """Vehicles of services, which no traveller drives (n,): fuel and Euro standard drawn by key and class.

    Parameters
    ----------
    key
        One and the same for all that one vehicle does, (n,) uint64.
    vehicle_class
        (n,) rows of `VEHICLE_CLASSES`.
    """
    draws, kind = Draws(seed), vehicle_class.astype(np.int64)
    fuel = _drawn("fuel", _fuels(parameters), kind, key, draws)
    euro = _drawn("euro", _euros(parameters), kind * len(FUELS) + fuel, key, draws)
    columns = (column.astype(np.int8) for column in (kind, fuel, euro))
    return TripVehicles(np.full(key.shape[0], -1, dtype=np.int32), *columns)


def _drives(population: Population) -> np.ndarray:
    """Persons who drive on this day (n_persons,) bool."""
    trips = population.trips
    return np.bincount(trips.person[trips.mode == CAR], minlength=len(population.persons)) > 0


def _drawn(name: str, weights: np.ndarray, row: np.ndarray, key: np.ndarray, draws: Draws) -> np.ndarray:
    return np.asarray(draws.chosen(f"vehicle_{name}", weights, row, key), dtype=np.int64)


def _by_kind(parameters: Parameters) -> np.ndarray:
    """Shares of vehicle classes by kind of person (n_kinds, n_classes)."""
    return np.array([parameters[f"fleet.{kind}_class_shares"] for kind in PERSON_KINDS])


def _fuels(parameters: Parameters) -> np.ndarray:
    """Shares of fuels by class (n_classes, n_fuels)."""
    return np.array([parameters[f"fleet.{name}_fuel_shares"] for name in VEHICLE_CLASSES])


def _euros(parameters: Parameters) -> np.ndarray:
    """Shares of Euro standards by class and fuel (n_classes * n_fuels, n_standards).

    The fleet statistics tell petrol and diesel cars apart; of other classes all fuels are alike, and what
    takes current is as recent as such cars are.
    """
    car = {name: parameters[f"fleet.{name}_car_euro_shares"] for name in ("petrol", "diesel", "electrified")}
    rows = []
    for name in VEHICLE_CLASSES:
        for fuel in FUELS:
            if fuel in ("electric", "hybrid", "plug_in"):
                rows.append(car["electrified"])
            else:
                rows.append(car[fuel] if name == "car" else parameters[f"fleet.{name}_euro_shares"])
    return np.array(rows)
