"""Who has an end in a low-emission zone and complies: another vehicle of the house, a ride, a cleaner van.

Choices are made for the whole day, in this order: a car of the household that is clean and stands at home;
public transport, for tours that stay in the area; carriers send a clean vehicle. Who can do none of it
drives on, and `twin.study.known_rules` has him park before the zone, or come home.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.model.journeys_compared import inside, usual_times_s
from twin.model.vehicle_rules import Zone
from twin.population.days.legs import tours_of
from twin.population.population import Population
from twin.population.residents.fleet import TripVehicles, VehicleFleet, trip_vehicles
from twin.population.tables import CAR, FREIGHT, RESIDENT, TRANSIT
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import DIESEL, ELECTRIC, EURO_STANDARDS, critair_of


@dataclass(frozen=True)
class Garage:
    """Population, fleet and the vehicle of each trip (n_trips,) int32, as a day is lived."""

    population: Population
    fleet: VehicleFleet
    row: np.ndarray

    def vehicles(self) -> TripVehicles:
        """What is known of the vehicle of each trip."""
        return trip_vehicles(self.fleet, self.row)


def complying(garage: Garage, zones: tuple[Zone, ...], parameters: Parameters, seed: int) -> Garage:
    """The day on which those who comply with the zones have changed vehicle or mode; itself without zones."""
    for zone in zones:
        garage = _cleaner_vans(garage, zone, seed)
        garage = _other_cars(garage, zone, seed)
        garage = _riders(garage, zone, parameters, seed)
    return garage


def _meets(garage: Garage, zone: Zone, seed: int) -> np.ndarray:
    """Trips (n_trips,) bool with an end in the zone in its hours, by a vehicle that it shuts out."""
    trips = garage.population.trips
    links = [np.maximum(each, 0) for each in (trips.origin_link, trips.destination_link)]
    ends = zone.links[links[0]] | zone.links[links[1]]
    driven = garage.row >= 0
    shut = np.zeros(len(trips), dtype=np.bool_)
    shut[driven] = zone.shuts_out(garage.fleet, seed)[garage.row[driven]]
    return np.asarray(shut & ends & zone.order.holds(trips.depart_s))


def _cleaner_vans(garage: Garage, zone: Zone, seed: int) -> Garage:
    """Carriers send a vehicle of the latest standard: on diesel where that may enter, else on current."""
    trips, fleet = garage.population.trips, garage.fleet
    meets = _meets(garage, zone, seed) & (garage.population.persons.kind[trips.person] == FREIGHT)
    rows = np.unique(garage.row[meets])
    if not rows.size:
        return garage
    latest = len(EURO_STANDARDS) - 1
    classes = fleet.vehicle_class[rows].astype(np.int64)
    diesel, newest = np.full(len(rows), DIESEL), np.full(len(rows), latest)
    may_enter = ~zone.order.bars(classes, diesel, critair_of(classes, diesel, newest))
    fuel, euro = fleet.fuel.copy(), fleet.euro.copy()
    fuel[rows], euro[rows] = np.where(may_enter, DIESEL, ELECTRIC), latest
    return Garage(garage.population, fleet.with_columns(fuel=fuel, euro=euro), garage.row)


def _other_cars(garage: Garage, zone: Zone, seed: int) -> Garage:
    """Drivers take a clean car of their household that nobody drives that day, one each."""
    trips, fleet = garage.population.trips, garage.fleet
    persons = np.unique(trips.person[_meets(garage, zone, seed)])
    household = garage.population.persons.household[persons]
    persons, household = persons[household >= 0], household[household >= 0]
    order = np.lexsort((garage.population.persons.person_id[persons], household))
    persons, household = persons[order], household[order]
    used = np.zeros(len(fleet), dtype=np.bool_)
    used[garage.row[garage.row >= 0]] = True
    clean = ~zone.order.bars(fleet.vehicle_class, fleet.fuel, fleet.critair)
    free = np.flatnonzero(clean & ~used & (fleet.household >= 0))
    first = np.searchsorted(fleet.household[free], household)  # a household's cars stand side by side
    turn = np.arange(len(persons)) - np.searchsorted(household, household)
    place = first + turn
    there = place < len(free)
    there[there] = fleet.household[free[place[there]]] == household[there]
    new = np.full(len(garage.population.persons), -1, dtype=np.int64)
    new[persons[there]] = free[place[there]]
    of_trip = new[trips.person]
    return Garage(
        garage.population,
        fleet,
        np.where((of_trip >= 0) & (garage.row >= 0), of_trip, garage.row).astype(np.int32),
    )


def _riders(garage: Garage, zone: Zone, parameters: Parameters, seed: int) -> Garage:
    """Residents make whole tours with an end in the zone by public transport, where they stay in the area."""
    population = garage.population
    trips, persons = population.trips, population.persons
    tour = tours_of(trips.purpose, trips.person)
    n_tours = int(tour.max(initial=-1)) + 1
    usual_s = usual_times_s(population, TRANSIT)
    cannot = ~inside(trips) | ~np.isfinite(usual_s)
    cannot |= persons.kind[trips.person] != RESIDENT
    cannot |= persons.age[trips.person] < parameters["population.transit_from_age"]
    meets = np.bincount(tour, weights=_meets(garage, zone, seed), minlength=n_tours) > 0
    rides = (meets & (np.bincount(tour, weights=cannot, minlength=n_tours) == 0))[tour]
    rides &= trips.mode == CAR
    if not rides.any():
        return garage
    changed = trips.with_columns(
        mode=np.where(rides, TRANSIT, trips.mode), duration_s=np.where(rides, usual_s, trips.duration_s)
    )
    day = Population.of(persons, changed, population.report)
    return Garage(day, garage.fleet, np.where(rides, -1, garage.row).astype(np.int32))
