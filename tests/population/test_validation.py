"""Validation: the table's arithmetic on people made by hand, whom it compares, and when a figure holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from twin.population.population import Population
from twin.population.published.figures import Figure, Figures, french_figures
from twin.population.published.validation import ValidationRow, hold_against
from twin.population.residents.households import AREA_IDS
from twin.population.tables import (
    CAR,
    HOME,
    PASSENGER,
    PERSON_DTYPES,
    RETIRED,
    SHOP,
    TRANSIT,
    TRIP_DTYPES,
    WALK,
    WORK,
    WORKER,
    Persons,
    Trips,
)
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
PLAIN_FIGURE: dict[str, Any] = {
    "of": "all",
    "group": (),
    "list": "fitted",
    "low": None,
    "high": None,
    "kind": "statistic",
    "known": "seen",
    "rule": "points or percent",
    "source": "made for the test",
    "note": "",
}
AREAS = [
    {"name": "core", "density_class": "dense", "legal_regime": "France"},
    {"name": "hamlet", "density_class": "village", "legal_regime": "France"},
    {"name": "rock", "density_class": "dense", "legal_regime": "Monaco"},
]
PEOPLE = [
    # area, household, age, occupation, cars, skill: a couple in the core, two alone, one of the rock
    (0, 0, 30, WORKER, 1, 3),
    (0, 0, 80, RETIRED, 1, 0),
    (0, 1, 80, RETIRED, 0, 0),
    (1, 2, 50, WORKER, 2, 2),
    (2, 3, 50, WORKER, 0, 0),
]
TRIPS = [
    # person, sequence, purpose, mode, hour, from outside, to outside, km, minutes
    (0, 0, WORK, CAR, 8.2, False, False, 4.0, math.nan),
    (0, 1, SHOP, CAR, 17.5, False, False, 1.0, math.nan),
    (0, 2, HOME, CAR, 18.5, False, False, 5.0, math.nan),
    (1, 0, SHOP, PASSENGER, 17.5, False, False, 1.0, 7.0),
    (1, 1, HOME, WALK, 19.0, False, False, 1.0, 15.0),
    (3, 0, WORK, TRANSIT, 7.0, False, True, 2.0, 20.0),
    (3, 1, HOME, TRANSIT, 16.0, True, False, 2.0, 20.0),
    (4, 0, WORK, WALK, 9.0, False, False, 0.5, 6.0),
    (4, 1, HOME, WALK, 17.0, False, False, 0.5, 6.0),
]


def columns(dtypes: Mapping[str, str], n: int, **given: Any) -> dict[str, np.ndarray]:
    return {name: np.asarray(given.get(name, np.zeros(n))).astype(dtype) for name, dtype in dtypes.items()}


@pytest.fixture(scope="module")
def people() -> Population:
    area, household, age, occupation, cars, skill = (np.array(each) for each in zip(*PEOPLE, strict=True))
    person_id = area * AREA_IDS + household * 16 + np.arange(len(PEOPLE))
    persons = Persons(
        **columns(
            PERSON_DTYPES,
            len(PEOPLE),
            person_id=person_id,
            household=area * AREA_IDS + household * 16,
            age=age,
            occupation=occupation,
            household_cars=cars,
            skill=skill,
            consent=np.ones(len(PEOPLE)),
        )
    )
    person, sequence, purpose, mode, hour, enters, leaves, km, minutes = (
        np.array(each) for each in zip(*TRIPS, strict=True)
    )
    trips = Trips(
        **columns(
            TRIP_DTYPES,
            len(TRIPS),
            trip_id=person_id[person] * 32 + sequence,
            person=person,
            sequence=sequence,
            purpose=purpose,
            mode=mode,
            depart_s=hour * 3_600.0,
            origin_place=np.where(enters, -1, 0),
            destination_place=np.where(leaves, -1, 0),
            distance_m=km * 1_000.0,
            duration_s=minutes * 60.0,
        )
    )
    return Population.of(persons, trips, {"areas": AREAS})


def row_of(
    people: Population, measure: str, value: float | None = 0.5, everyone: bool = False, **given: Any
) -> ValidationRow:
    figure = Figure(measure=measure, value=value, **{**PLAIN_FIGURE, **given})
    (row,) = hold_against([people], Figures("France", (figure,)), LEDGER, everyone)
    return row


BEYOND_KM = LEDGER["population.outside_distance_km"]
BY_BUS_MIN = 20.0 + 60.0 * BEYOND_KM / LEDGER["population.transit_speed_outside_kmh"]


@pytest.mark.parametrize(
    ("measure", "of", "group", "expected"),
    [
        ("trips_per_person", "all", (), 7 / 4),
        ("trips_per_person", "all", ("dense",), 5 / 3),
        ("purpose_share", "work", (), 3 / 7),  # the way home from work is one for work
        ("purpose_share", "shop", (), 4 / 7),
        ("mode_share", "car", (), 4 / 7),  # the passenger included
        ("mode_share", "transit", ("village",), 1.0),
        ("mode_share_by_cars", "1 walk", (), 1 / 5),
        ("commute_mode_share", "car", (), 1 / 2),
        ("short_commute_car_share", "5", (), 1.0),
        ("commute_median_km", "all", (), (4.0 + 2.0 + BEYOND_KM) / 2.0),
        ("trip_length_km", "all", ("dense",), 12.0 / 5),
        ("trip_length_median_km", "all", ("dense",), 1.0),
        ("trip_length_log_spread", "all", ("village",), 0.0),
        ("mode_minutes", "walk", (), 15.0),
        ("mode_minutes", "transit", (), BY_BUS_MIN),
        ("minutes_per_person", "all", ("village",), 2.0 * BY_BUS_MIN),
        ("car_start_share", "08", (), 1 / 3),
        ("age_share", "75-", (), 2 / 4),
        ("household_size", "all", (), 4 / 3),
        ("living_alone_share", "all", (), 2 / 3),
        ("household_car_share", "1", (), 2 / 3),
        ("household_car_share", "2", (), 1 / 3),
        ("illectronism_share", "75-", (), 1.0),
        ("illectronism_share", "retired", (), 1.0),
        ("illectronism_share", "living alone", (), 1 / 2),
        ("smartphone_share", "18-", (), 0.0),
        ("home_internet_share", "18-", (), 0.0),
        ("consent_share", "all", (), 1.0),
    ],
)
def test_measures_by_hand(
    people: Population, measure: str, of: str, group: tuple[str, ...], expected: float
) -> None:
    row = row_of(people, measure, of=of, group=group)
    assert row.simulated == pytest.approx(expected)
    assert row.error == pytest.approx(expected - 0.5)


def test_a_car_is_as_fast_as_planned(people: Population) -> None:
    row = row_of(people, "mode_minutes", of="car", group=("dense",))
    access = LEDGER["population.car_access_min"][0]
    driven = 3.0 * access + 60.0 * 10.0 / LEDGER["population.car_speed_kmh"][0]
    assert row.simulated == pytest.approx((driven + 7.0) / 4.0)


def test_people_of_another_state_are_left_out_unless_everyone_is_asked_for(people: Population) -> None:
    assert row_of(people, "mode_share", of="walk").simulated == pytest.approx(1 / 7)
    assert row_of(people, "mode_share", of="walk", everyone=True).simulated == pytest.approx(3 / 9)
    assert row_of(people, "household_size", everyone=True).n == 4


def test_the_error_of_a_sample_stands_beside_it(people: Population) -> None:
    row = row_of(people, "household_car_share", value=0.5, of="1")
    # two of three households: the binomial error of the target is the larger of the two
    assert row.standard_error == pytest.approx(max(math.sqrt(2 / 9 * 1.5 / 3), math.sqrt(0.25 / 3)))
    assert row.n == 3
    assert math.isnan(row.spread)


@pytest.mark.parametrize(
    ("value", "given", "holds"),
    [
        (2 / 3 - 0.029, {}, True),  # within 3 points
        (2 / 3 - 0.04, {}, False),
        (0.5, {"low": 0.4, "high": 0.7}, True),  # within the published range
        (0.5, {"low": 0.4, "high": 0.6}, False),
        (0.5, {"list": "held_out"}, None),
        (None, {"list": "held_out"}, None),
    ],
)
def test_when_a_figure_holds(
    people: Population, value: float | None, given: dict[str, Any], holds: bool | None
) -> None:
    assert row_of(people, "household_car_share", value, of="1", **given).holds is holds


def test_values_that_are_no_shares_hold_within_five_percent(people: Population) -> None:
    assert row_of(people, "household_size", 4 / 3 / 1.04).holds is True
    assert row_of(people, "household_size", 4 / 3 / 1.06).holds is False


def test_illectronism_is_asked_at_the_mix_of_density_classes(people: Population) -> None:
    """Of those of 30 to 80 three live in the core and one in a village: times the mean of their ratios."""
    ratio = LEDGER["population.illectronism_ratio"]
    row = row_of(people, "illectronism_share", 0.4, of="30-80", rule="two standard errors")
    assert row.expected == pytest.approx(0.4 * (3 * ratio[0] + ratio[2]) / 4)
    assert row.simulated == pytest.approx(0.5)
    assert row.error == pytest.approx(0.5 - (row.expected or 0.0))
    assert row.holds is (abs(row.error) <= 2.0 * row.standard_error)


def test_where_nobody_is_counted_there_is_no_number(people: Population) -> None:
    row = row_of(people, "age_share", of="20-64", group=("town",))
    assert math.isnan(row.simulated)
    assert row.n == 0
    assert row.holds is None


def test_several_seeds_are_averaged(people: Population) -> None:
    elsewhere = Population.of(people.persons, people.trips.take(np.arange(7)), people.report)
    figure = Figure(measure="mode_share", value=0.5, **{**PLAIN_FIGURE, "of": "walk"})
    (row,) = hold_against([people, elsewhere], Figures("France", (figure,)), LEDGER, True)
    assert row.simulated == pytest.approx((3 / 9 + 1 / 7) / 2)
    assert row.spread == pytest.approx(abs(3 / 9 - 1 / 7) / math.sqrt(2.0))


def test_all_french_figures_can_be_measured_of_anybody(people: Population) -> None:
    rows = hold_against([people], french_figures(), LEDGER)
    assert len(rows) == len(french_figures().rows)
    for row in rows:
        assert row.as_dict()["target"] == row.figure.value
