"""What the synthesis promises: marginals met, days that hold together, shares of modes and purposes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.population.world import POPULATION, with_places, with_places_in_order, write_population
from twin.errors import InputError
from twin.population.days.activities import CATALOGUE
from twin.population.days.modes import target_shares
from twin.population.marginals import marginals_of
from twin.population.population import Population
from twin.population.residents.archetypes import AGE_BANDS, HOUSEHOLD_TYPES, archetypes
from twin.population.residents.compositions import count_compositions
from twin.population.synthesis import synthesise
from twin.population.tables import (
    CAR,
    CYCLE,
    HOME,
    INFANT,
    MODES,
    SCHOOL,
    TRANSIT,
    WALK,
    WORK,
    WORKER,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()


def _places_of(town: Territory, population: Population, column: np.ndarray) -> np.ndarray:
    """Outside ids of places, "gate" for -1."""
    return np.where(column < 0, "gate", town.places.place_id[np.maximum(column, 0)])


def test_every_marginal_is_met(town: Territory, population: Population, population_file: Path) -> None:
    persons = population.persons
    resident = persons.kind == 0
    for area in marginals_of(town, population_file, LEDGER).areas:
        here = resident & (persons.zone == area.zone)
        assert here.sum() == area.inhabitants
        bands = np.searchsorted(np.array(AGE_BANDS[1:]), persons.age[here], side="right")
        found = np.bincount(bands, minlength=len(area.age_shares))
        # a household more or less in a type, where ages and types together cannot be met to the last person
        assert np.abs(found - np.array(area.age_shares) * area.inhabitants).max() <= 3
        n_households = len(np.unique(persons.household[here]))
        assert abs(n_households - area.inhabitants / area.household_size) <= 3
        numbers, _ = count_compositions(area)
        types = np.bincount(
            [kind.type for kind in archetypes()], weights=numbers, minlength=len(HOUSEHOLD_TYPES)
        )
        assert np.abs(types - np.array(area.household_types) * n_households).max() <= 3


def test_homes_fill_buildings_by_their_dwellings(town: Territory, population: Population) -> None:
    persons, places = population.persons, town.places
    one_each = np.unique(persons.household[persons.kind == 0], return_index=True)[1]
    homes = persons.home[persons.kind == 0][one_each]
    zone = np.asarray(places.zone)
    assert (zone[homes] == persons.zone[persons.kind == 0][one_each]).all()
    for each in (0, 1):
        inside = zone == each
        households = np.bincount(homes[zone[homes] == each], minlength=len(zone))
        expected = np.where(inside, places.dwellings, 0.0) * households.sum() / places.dwellings[inside].sum()
        assert (np.abs(households - expected) <= 1.0 + 1e-9).all()


def test_trips_per_person_and_purposes(population: Population) -> None:
    persons, report = population.persons, population.report
    mobile = (persons.kind == 0) & (persons.age >= 6)
    n_trips = np.bincount(population.trips.person, minlength=len(persons))
    assert n_trips[mobile].mean() == pytest.approx(LEDGER["population.trips_per_person_per_day"], rel=0.05)
    assert n_trips[persons.occupation == INFANT].sum() == 0
    shares = report["purpose_shares"]
    for aim, names in (
        ("shop", ["shop"]),
        ("leisure_and_visit", ["leisure", "visit"]),
        ("escort", ["escort"]),
        ("health_and_counter", ["health", "counter"]),
    ):
        wanted = LEDGER[f"population.purpose_share_{aim}"]
        assert sum(shares[name] for name in names) == pytest.approx(wanted, abs=0.02)
    assert shares["work"] + shares["business"] + shares["school"] == pytest.approx(0.385, abs=0.04)


def test_chains_begin_and_end_at_home_and_join(population: Population) -> None:
    persons, trips = population.persons, population.trips
    first, last = population.first_trip[:-1], population.first_trip[1:] - 1
    travels = (last >= first) & (persons.kind == 0)
    assert (trips.origin_place[first[travels]] == persons.home[travels]).all()
    assert (trips.destination_place[last[travels]] == persons.home[travels]).all()
    assert (trips.purpose[last[travels]] == HOME).all()
    follows = np.flatnonzero(np.diff(trips.person) == 0) + 1
    assert (trips.origin_place[follows] == trips.destination_place[follows - 1]).all()
    inside = trips.origin_place[follows] >= 0
    assert (trips.origin_link[follows] == trips.destination_link[follows - 1])[inside].all()
    assert (trips.origin_place != trips.destination_place)[persons.kind[trips.person] < 2].all()
    assert (np.diff(trips.sequence)[np.diff(trips.person) == 0] == 1).all()


def test_nobody_is_in_two_places(population: Population) -> None:
    trips = population.trips
    follows = np.flatnonzero(np.diff(trips.person) == 0) + 1
    least = np.where(np.isnan(trips.duration_s), 0.0, trips.duration_s)[follows - 1]
    free = trips.depart_s[follows] - trips.depart_s[follows - 1] - least - trips.min_stay_s[follows]
    assert free.min() >= -0.01
    assert trips.min_stay_s.min() >= 600.0
    assert trips.depart_s.min() >= 0.0
    assert trips.depart_s.max() <= 28 * 3_600.0


def test_workers_work_where_they_work(population: Population) -> None:
    trips, persons = population.trips, population.persons
    to_work = np.flatnonzero(trips.purpose == WORK)
    place = np.full(len(persons), -2)
    place[trips.person[to_work]] = trips.destination_place[to_work]
    assert (trips.destination_place[to_work] == place[trips.person[to_work]]).all()
    employed = persons.occupation[trips.person[to_work]] == WORKER
    assert employed.mean() > 0.95
    pupils = persons.age[trips.person[trips.purpose == SCHOOL]]
    assert pupils.min() >= 6
    assert pupils.max() < 40


def test_mode_shares_meet_the_ledger(town: Territory, population: Population) -> None:
    persons, trips = population.persons, population.trips
    for zone, density in ((0, "dense"), (1, "village")):
        mine = (persons.kind[trips.person] == 0) & (persons.zone[trips.person] == zone)
        found = np.bincount(trips.mode[mine], minlength=len(MODES)) / mine.sum()
        wanted = target_shares(density, LEDGER)
        # a draw for each tour of about 2.3 trips spreads the share by sqrt(2.3 p (1 - p) / n)
        spread = np.sqrt(2.3 * wanted * (1.0 - wanted) / mine.sum())
        assert (np.abs(found - wanted) <= 3.0 * spread + 0.012).all(), (density, found, wanted)


def test_cars_have_drivers_and_somewhere_to_go(town: Territory, population: Population) -> None:
    persons, trips = population.persons, population.trips
    car = trips.mode == CAR
    assert persons.licence[trips.person[car]].all()
    assert (persons.household_cars[trips.person[car]] > 0).all()
    assert (trips.origin_link[car] != trips.destination_link[car]).all()
    assert (trips.origin_link >= 0).all()
    assert (trips.destination_link >= 0).all()
    assert np.isnan(trips.duration_s[car]).all()
    assert (trips.duration_s[~car] > 0.0).all()


def test_walks_follow_paths_at_walking_speed(town: Territory, population: Population) -> None:
    trips, places = population.trips, town.places
    on_foot = np.flatnonzero((trips.mode == WALK) | (trips.mode == CYCLE))
    a, b = trips.origin_place[on_foot], trips.destination_place[on_foot]
    straight = np.hypot(places.x_m[a] - places.x_m[b], places.y_m[a] - places.y_m[b])
    assert (trips.distance_m[on_foot] >= straight - 1e-3).all()
    walks = np.flatnonzero(trips.mode == WALK)
    speed = trips.distance_m[walks] / trips.duration_s[walks]
    assert speed.mean() == pytest.approx(1.34, abs=0.03)
    assert speed.min() > 0.5
    by_grid = np.abs(_node(town, a, 0) - _node(town, b, 0)) + np.abs(_node(town, a, 1) - _node(town, b, 1))
    assert (trips.distance_m[on_foot] >= np.minimum(by_grid, straight) - 1e-3).all()
    assert (
        np.median(np.abs(trips.distance_m[on_foot] - np.maximum(by_grid, np.maximum(straight, 50.0)))) < 1e-2
    )


def _node(town: Territory, place: np.ndarray, axis: int) -> np.ndarray:
    column = town.paths.node_x_m if axis == 0 else town.paths.node_y_m
    return np.asarray(column[town.places.path_node[place]])


def test_gates_are_entered_and_left_by_their_own_links(town: Territory, population: Population) -> None:
    trips, persons, gates = population.trips, population.persons, town.gateways
    for place, link, of_gate in (
        (trips.origin_place, trips.origin_link, gates.in_link),
        (trips.destination_place, trips.destination_link, gates.out_link),
    ):
        assert np.isin(link[place < 0], of_gate).all()
        assert not np.isin(link[place >= 0], of_gate).any()
    commutes = np.flatnonzero(persons.kind[trips.person] == 1)
    assert len(commutes) == 400
    there, back = commutes[::2], commutes[1::2]
    group_in = np.searchsorted(gates.in_link, trips.origin_link[there])
    group_out = {int(link): row for row, link in enumerate(gates.out_link)}
    assert group_in.tolist() == [group_out[int(link)] for link in trips.destination_link[back]]
    assert (town.places.zone[trips.destination_place[there]] == 0).all()
    passing = persons.kind[trips.person] == 2
    assert passing.sum() == 300
    assert (trips.origin_link[passing] == gates.in_link[0]).all()
    assert (trips.destination_link[passing] == gates.out_link[1]).all()


def test_residents_leave_as_often_as_their_area_says(population: Population) -> None:
    trips, persons = population.trips, population.persons
    works = (trips.purpose == WORK) & (persons.kind[trips.person] == 0) & (persons.zone[trips.person] == 1)
    workers = np.unique(trips.person[works], return_index=True)[1]
    outside = (trips.destination_place[works] < 0)[workers]
    assert outside.mean() == pytest.approx(0.3, abs=3.0 * np.sqrt(0.3 * 0.7 / len(workers)))


def test_equipment_and_skill_follow_the_marginals(population: Population) -> None:
    persons = population.persons
    old = (persons.kind == 0) & (persons.age >= 75)
    working_age = (persons.kind == 0) & (persons.age >= 25) & (persons.age < 60)
    dense, village = (persons.zone == zone for zone in (0, 1))
    none = persons.skill == 0
    assert none[old & dense].mean() == pytest.approx(0.62 * 0.84, abs=0.1)
    assert none[old & village].mean() == pytest.approx(0.62 * 1.26, abs=0.1)
    assert none[working_age].mean() < 0.12
    assert persons.smartphone[working_age].mean() == pytest.approx(0.965, abs=0.02)
    assert persons.smartphone[old].mean() == pytest.approx(0.70, abs=0.07)
    assert persons.consent.mean() == pytest.approx(0.82, abs=0.02)
    one_each = np.unique(persons.household, return_index=True)[1]
    motorised = persons.household_cars[one_each] > 0
    zone = persons.zone[one_each]
    assert motorised[zone == 0].mean() == pytest.approx(0.70, abs=0.06)
    assert motorised[zone == 1].mean() == pytest.approx(0.93, abs=0.05)


def test_same_seed_same_population_other_seed_another(
    town: Territory, population: Population, population_file: Path
) -> None:
    assert synthesise(town, population_file, LEDGER, seed=1).digest == population.digest
    other = synthesise(town, population_file, LEDGER, seed=2)
    assert other.digest != population.digest
    assert (other.persons.person_id == population.persons.person_id).all()


def test_row_numbers_of_buildings_decide_nothing(
    town: Territory, population: Population, population_file: Path
) -> None:
    order = np.argsort(np.arange(town.places.n_places) * 101 % town.places.n_places, kind="stable")
    shuffled = with_places_in_order(town, order)
    other = synthesise(shuffled, population_file, LEDGER, seed=1)
    assert (other.trips.depart_s == population.trips.depart_s).all()
    assert (other.trips.mode == population.trips.mode).all()
    for column in ("origin_place", "destination_place"):
        ours = _places_of(town, population, getattr(population.trips, column))
        theirs = _places_of(shuffled, other, getattr(other.trips, column))
        assert (ours == theirs).all()


def test_more_inhabitants_elsewhere_change_nobody_here(
    town: Territory, population: Population, tmp_path: Path
) -> None:
    """Zone "new" is of another density class: nothing of it depends on how many live in zone "old"."""
    file = write_population(tmp_path, POPULATION.replace("inhabitants = 2500", "inhabitants = 1700"))
    other = synthesise(town, file, LEDGER, seed=1)
    for name, column in population.persons.columns().items():
        mine = column[population.persons.zone == 1]
        assert (mine == getattr(other.persons, name)[other.persons.zone == 1]).all(), name
    ours = population.persons.zone[population.trips.person] == 1
    theirs = other.persons.zone[other.trips.person] == 1
    for name in ("trip_id", "trip_key", "mode", "depart_s", "destination_place", "distance_m"):
        assert (getattr(population.trips, name)[ours] == getattr(other.trips, name)[theirs]).all(), name


def test_without_a_file_tags_and_dwellings_count(town: Territory) -> None:
    made = synthesise(town, None, LEDGER, seed=1)
    basis = {area["name"]: area["basis"] for area in made.report["areas"]}
    shared = "population tag of a larger area, by the share of its dwellings here"
    assert basis == {"old": shared, "new": "dwellings on the map"}, "2,500 do not fit in the dwellings"
    assert len(made.report["notes"]) == 3
    tagged = replace(town.zones, inhabitants=np.array([1_000.0, np.nan]))
    made = synthesise(replace(town, zones=tagged), None, LEDGER, seed=1)
    basis = {area["name"]: area["basis"] for area in made.report["areas"]}
    assert basis == {"old": "population tag", "new": "dwellings on the map"}
    assert (made.persons.zone == 0).sum() == 1_000
    homes = (town.places.zone == 1) & (town.places.dwellings > 0)
    per_dwelling = LEDGER["population.inhabitants_per_dwelling"][2]
    assert (made.persons.zone == 1).sum() == round(town.places.dwellings[homes].sum() * per_dwelling)


def test_a_town_without_gates_or_schools_keeps_its_days_inside(town: Territory) -> None:
    none = replace(town.gateways, **{name: column[:0] for name, column in town.gateways.columns().items()})
    no_schools = with_places(town, school_places=np.zeros(town.places.n_places, dtype=np.float32))
    made = synthesise(replace(no_schools, gateways=none), None, LEDGER, seed=1)
    assert (made.trips.origin_place >= 0).all()
    assert (made.trips.destination_place >= 0).all()
    assert not (made.trips.purpose == SCHOOL).any()
    assert made.report["stops_without_trip"] > 0


def test_a_town_without_buildings_is_an_empty_population(town: Territory) -> None:
    empty = replace(town, places=replace(town.places, **{n: c[:0] for n, c in town.places.columns().items()}))
    with pytest.raises(InputError, match="empty population"):
        synthesise(empty, None, LEDGER, seed=1)


def test_transit_and_lifts_take_time(population: Population) -> None:
    trips = population.trips
    transit = trips.mode == TRANSIT
    assert (trips.duration_s[transit] >= 60.0 * min(LEDGER["population.transit_access_min"])).all()


def test_all_days_end_at_home() -> None:
    assert all(not day or day.endswith("h") for _, day in CATALOGUE)
    assert all("hh" not in day and not day.startswith("h") for _, day in CATALOGUE)


@pytest.mark.parametrize("change", [lambda t: t.replace("2500", "7"), lambda t: t.replace("900\n", "0\n")])
def test_tiny_areas_work(town: Territory, tmp_path: Path, change: Callable[[str], str]) -> None:
    made = synthesise(town, write_population(tmp_path, change(POPULATION)), LEDGER, seed=1)
    assert made.report["kinds"]["resident"]["persons"] == sum(a["inhabitants"] for a in made.report["areas"])
