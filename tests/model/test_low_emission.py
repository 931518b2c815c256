"""Who complies with a low-emission zone at home: another car, a ride for the whole tour, or neither."""

from __future__ import annotations

import numpy as np
import pytest

from tests.population.world import grid_town, write_population
from twin.model.low_emission import Garage, complying
from twin.model.vehicle_rules import Zone, rules_of
from twin.population.days.legs import tours_of
from twin.population.residents.fleet import vehicle_fleet, vehicle_of_trip
from twin.population.synthesis import synthesise
from twin.population.tables import CAR, RESIDENT, TRANSIT
from twin.scenario.ledger import Parameters
from twin.scenario.vehicle_rules import LowEmissionZone

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

LEDGER = Parameters.defaults()
SEED = 1


@pytest.fixture(scope="module")
def garage(tmp_path_factory: pytest.TempPathFactory) -> Garage:
    population = synthesise(grid_town(), write_population(tmp_path_factory.mktemp("grid")), LEDGER, SEED)
    fleet = vehicle_fleet(population, LEDGER, SEED)
    return Garage(population, fleet, vehicle_of_trip(population, fleet))


def old_town(**keys: object) -> Zone:
    order = LowEmissionZone.model_validate(
        {"links": {"zone": "old"}, "barred": ("3", "4", "5", "none"), "compliance": 1.0, **keys}
    )
    return Zone(order, np.asarray(grid_town().streets.zone == 0))


def barred_inside(garage: Garage, zone: Zone) -> np.ndarray:
    """Trips by a barred vehicle with an end in the zone."""
    trips, vehicles = garage.population.trips, garage.vehicles()
    barred = zone.order.bars(vehicles.vehicle_class, vehicles.fuel, vehicles.critair) & (vehicles.row >= 0)
    ends = zone.links[np.maximum(trips.origin_link, 0)] | zone.links[np.maximum(trips.destination_link, 0)]
    return np.asarray(barred & ends)


def test_who_has_no_clean_car_rides_and_whole_tours_change(garage: Garage) -> None:
    zone = old_town()
    after = complying(garage, (zone,), LEDGER, SEED)
    before_trips, trips = garage.population.trips, after.population.trips
    changed = before_trips.mode != trips.mode
    assert changed.sum() > 100
    assert (trips.mode[changed] == TRANSIT).all()
    assert (before_trips.mode[changed] == CAR).all()
    assert np.isfinite(trips.duration_s[changed]).all()
    assert (after.row[changed] == -1).all()
    tour = tours_of(before_trips.purpose, before_trips.person)
    drives_on = (trips.mode == CAR) & np.isin(tour, tour[changed])
    assert not drives_on.any(), "no car is left somewhere"
    resident = garage.population.persons.kind[trips.person] == RESIDENT
    assert resident[changed].all()
    assert np.isin(tour[changed], tour[barred_inside(garage, zone)]).all()
    left = barred_inside(after, zone).sum() / barred_inside(garage, zone).sum()
    assert left < 0.7, "those who go outside, and those who drive through a gateway, have no ride"


def test_clean_cars_that_stand_at_home_are_taken_first(garage: Garage) -> None:
    after = complying(garage, (old_town(),), LEDGER, SEED)
    driven = (garage.row >= 0) & (after.row >= 0)
    other = np.flatnonzero(driven & (garage.row != after.row))
    assert other.size > 10
    assert (after.fleet.household[after.row[other]] == garage.fleet.household[garage.row[other]]).all()
    assert not np.isin(after.row[other], garage.row).any()
    assert (after.population.trips.mode[other] == CAR).all()


def test_nobody_barred_or_nobody_complying_changes_nothing(garage: Garage) -> None:
    for zone in (old_town(barred=()), old_town(compliance=0.0), old_town(hours=("29:00-29:15",))):
        after = complying(garage, (zone,), LEDGER, SEED)
        assert after.population.digest == garage.population.digest
        assert (after.row == garage.row).all()
        assert (after.fleet.fuel == garage.fleet.fuel).all()


def test_rules_group_trips_that_are_under_the_same(garage: Garage) -> None:
    zone = old_town()
    rules = rules_of((zone,), (), garage.population, garage.fleet, garage.vehicles(), LEDGER, SEED)
    assert rules.any
    assert ((rules.group > 0) == rules.shut_out[0]).all()
    weight_ms = np.full(zone.links.shape[0], 1_000, dtype=np.int32)
    assert (rules.felt_ms(weight_ms, 0, 0.0) == weight_ms).all()
    felt = rules.felt_ms(weight_ms, 1, 12 * 3_600.0)
    assert (felt[zone.links] > 10**8).all()
    assert (felt[~zone.links] == 1_000).all()
    none = rules_of((), (), garage.population, garage.fleet, garage.vehicles(), LEDGER, SEED)
    assert not none.any


def test_half_who_comply_are_among_all_who_do(garage: Garage) -> None:
    some, everybody = (
        set(np.flatnonzero(old_town(compliance=share).shuts_out(garage.fleet, SEED)).tolist())
        for share in (0.5, 1.0)
    )
    assert some < everybody
    assert 0.35 * len(everybody) < len(some) < 0.65 * len(everybody)
