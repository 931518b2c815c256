"""A population is frozen; it can be scaled, and given one person more, without changing anybody else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from twin.errors import InputError
from twin.population.population import Persons, Population, Trips, digest_of
from twin.population.tables import CAR, LATEST_DEPARTURE_S, WALK, WORK

PERSON = {"person_id": 999_999, "age": 33, "zone": 0, "home": 3, "licence": True, "household_cars": 1}
DAY = [
    {"purpose": WORK, "mode": CAR, "depart_s": 28_800.0, "origin_place": 3, "destination_place": 9}
    | {"origin_link": 4, "destination_link": 8, "distance_m": 900.0},
    {"mode": CAR, "depart_s": 61_200.0, "min_stay_s": 3_600.0, "origin_place": 9, "destination_place": 3}
    | {"origin_link": 8, "destination_link": 4, "distance_m": 900.0},
]


def test_columns_are_read_only(population: Population) -> None:
    for table in (population.persons, population.trips):
        for name, column in table.columns().items():
            assert not column.flags.writeable, name
            assert len(column) == len(table)
    with pytest.raises(ValueError, match="read-only"):
        population.trips.depart_s[0] = 0.0
    with pytest.raises(AttributeError):
        population.persons.age = np.zeros(1)  # type: ignore[misc]


def test_ids_and_keys_are_unique(population: Population) -> None:
    persons, trips = population.persons, population.trips
    for column in (persons.person_id, persons.person_key, trips.trip_id, trips.trip_key):
        assert len(np.unique(column)) == len(column)
    assert (trips.trip_id == persons.person_id[trips.person] * 32 + trips.sequence).all()
    assert (np.diff(trips.person) >= 0).all()


def test_the_order_of_persons_is_not_in_the_digest(population: Population) -> None:
    persons, trips = population.persons, population.trips
    order = np.argsort(persons.person_key)
    new_row = np.argsort(order)
    by_person = np.lexsort((trips.sequence, new_row[trips.person]))
    moved = trips.take(by_person)
    moved = moved.with_columns(person=new_row[moved.person])
    assert digest_of(persons.take(order), moved) == population.digest
    other = trips.with_columns(depart_s=np.where(np.arange(len(trips)) == 5, 1.0, trips.depart_s))
    assert digest_of(persons, other) != population.digest


def test_one_person_more_changes_nobody(population: Population) -> None:
    more = population.with_person(PERSON, DAY)
    for before, after in ((population.persons, more.persons), (population.trips, more.trips)):
        for name, column in before.columns().items():
            assert getattr(after, name)[: len(column)].tobytes() == column.tobytes(), name
    assert (more.n_persons, more.n_trips) == (population.n_persons + 1, population.n_trips + 2)
    assert more.persons.age[-1] == 33
    assert more.trips.person[-2:].tolist() == [population.n_persons] * 2
    assert more.trips.trip_id[-2:].tolist() == [999_999 * 32, 999_999 * 32 + 1]
    assert more.digest != population.digest
    without_trips = population.with_person({"person_id": 999_998}, [])
    assert without_trips.n_trips == population.n_trips
    assert without_trips.persons.person_key[-1] != more.persons.person_key[-1]


@pytest.mark.parametrize(
    ("person", "day", "fault"),
    [
        ({"person_id": 0}, [], "is taken"),
        ({"age": 3}, [], "is no id"),
        ({"person_id": 10**12}, [], "is no id"),
        ({"person_id": 999_999, "hat": 1}, [], "unknown column"),
        (PERSON, [DAY[0] | {"colour": 2}], "unknown column"),
        (PERSON, [DAY[1], DAY[0]], "not in order"),
        (PERSON, [DAY[0] | {"depart_s": 200_000.0}], "not in order"),
        (PERSON, [DAY[0], DAY[1] | {"origin_place": 5}], "is elsewhere"),
        (PERSON, [DAY[0] | {"destination_link": 4}], "somewhere to go"),
        (PERSON, [DAY[0] | {"mode": 17}], "is no mode"),
    ],
)
def test_a_person_that_cannot_be_is_refused(
    population: Population, person: dict[str, Any], day: list[dict[str, Any]], fault: str
) -> None:
    with pytest.raises(InputError, match=fault):
        population.with_person(person, day)


def test_scale_one_is_the_population_itself(population: Population) -> None:
    assert population.scaled(1.0) is population


def test_smaller_scales_are_parts_of_larger_ones(population: Population) -> None:
    scales = (0.2, 0.5, 0.9, 1.0, 1.2, 2.0, 2.3)
    made = [population.scaled(scale) for scale in scales]
    for scale, part in zip(scales, made, strict=True):
        spread = np.sqrt(population.n_persons * 0.25)
        assert abs(part.n_persons - scale * population.n_persons) <= 4.0 * spread
        if scale != 1.0:
            assert part.report["full_sum"]["trips"] == population.n_trips
            assert part.scaled(0.5).report["full_sum"] == part.report["full_sum"]
        assert len(np.unique(part.persons.person_id)) == part.n_persons
        assert len(np.unique(part.trips.trip_key)) == part.n_trips
        assert (np.diff(part.trips.person) >= 0).all()
        assert (
            part.trips.trip_id == part.persons.person_id[part.trips.person] * 32 + part.trips.sequence
        ).all()
    for small, large in itertools.pairwise(made):
        rows = np.searchsorted(
            large.trips.trip_id, small.trips.trip_id, sorter=np.argsort(large.trips.trip_id)
        )
        found = np.argsort(large.trips.trip_id)[rows]
        for name in ("trip_id", "trip_key", "mode", "depart_s", "destination_place"):
            assert (getattr(large.trips, name)[found] == getattr(small.trips, name)).all(), name


def test_clones_live_the_same_day_at_another_time(population: Population) -> None:
    doubled = population.scaled(2.0)
    n, n_trips = population.n_persons, population.n_trips
    assert doubled.n_persons == 2 * n
    clones = doubled.trips.take(np.arange(n_trips, 2 * n_trips))
    shift = clones.depart_s - population.trips.depart_s
    same_person = np.diff(population.trips.person) == 0
    assert np.abs(np.diff(shift)[same_person]).max() < 2e-3, "the day is shifted as a whole"
    assert np.abs(shift).max() <= 1_800.0 + 1e-3
    assert np.abs(shift).mean() > 600.0
    assert clones.depart_s.min() >= 0.0
    assert clones.depart_s.max() < LATEST_DEPARTURE_S
    assert not np.isin(doubled.persons.person_key[n:], population.persons.person_key).any()
    again = doubled.scaled(2.0)
    assert len(np.unique(again.persons.person_id)) == 4 * n


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(population: Population, factor: float) -> None:
    with pytest.raises(InputError, match="no scale"):
        population.scaled(factor)


def test_tables_name_their_kinds_alike(population: Population) -> None:
    assert isinstance(population.persons, Persons)
    assert isinstance(population.trips, Trips)
    first = population.first_trip
    assert first[-1] == population.n_trips
    walks = population.trips.mode == WALK
    assert np.bincount(population.trips.person[walks], minlength=population.n_persons).sum() == walks.sum()
