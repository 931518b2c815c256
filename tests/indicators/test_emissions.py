"""Fuel and CO2 against the curves, and against what the small day gives on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicators.reading import values_of
from tests.indicators.small_day import small_day
from twin.mobility.emissions import Curves, PassageColumns, curves_of, day_emissions, fuel_per_km
from twin.scenario.ledger import Parameters

SPEEDS_KMH = np.array([5.0, 10, 20, 30, 50, 70, 90, 110, 130])
# Grams of CO2 per km, tank to wheel, worked out from the same coefficients by others.
PETROL_G_PER_KM = [618, 359, 229, 187, 158, 153, 159, 173, 193]
DIESEL_G_PER_KM = [423, 284, 206, 174, 145, 136, 140, 155, 181]


@pytest.fixture(scope="module")
def curves() -> Curves:
    return curves_of(Parameters.defaults())


def test_curves_give_the_known_grams_per_km(curves: Curves) -> None:
    for row, known in enumerate((PETROL_G_PER_KM, DIESEL_G_PER_KM)):
        grams = fuel_per_km(SPEEDS_KMH, curves.coefficients[row]) * curves.co2_kg_per_unit[row] * 1_000
        assert np.rint(grams).tolist() == known
    assert fuel_per_km(SPEEDS_KMH, curves.coefficients[2]).tolist() == [0.12564] * len(SPEEDS_KMH)


def test_the_small_day_on_paper(curves: Curves) -> None:
    petrol_km, diesel_km, through_km = 31, 38, 20  # at 18, 18 and 24 km/h; person 9 drives diesel
    petrol_l = petrol_km * float(fuel_per_km(np.array([18.0]), curves.coefficients[0])[0])
    diesel_l = diesel_km * float(fuel_per_km(np.array([18.0]), curves.coefficients[1])[0])
    diesel_l += through_km * float(fuel_per_km(np.array([24.0]), curves.coefficients[1])[0])
    values = values_of(small_day())
    co2_kg = petrol_l * 2.31 + diesel_l * 2.68
    assert values["co2_on_links", "all", ""] == pytest.approx(co2_kg, rel=1e-7)
    assert values["co2_of_people", "all", ""] == pytest.approx(co2_kg, rel=1e-7)
    assert values["co2_of_people", "all", "fuel:petrol"] == pytest.approx(petrol_l * 2.31, rel=1e-7)
    assert values["fuel_cost", "all", ""] == pytest.approx(petrol_l * 1.75 + diesel_l * 1.68, rel=1e-7)
    assert values["co2_per_km", "all", ""] == pytest.approx(1_000 * co2_kg / 89, rel=1e-7)


def test_a_standing_engine_burns_by_the_hour(curves: Curves) -> None:
    still = PassageColumns(
        np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int64), np.array([3_600_000])
    )
    burnt = day_emissions(still, np.zeros(1, np.int8), np.array([1e-6]), curves)
    assert burnt.fuel_by_trip[0] == pytest.approx(1.11932239, rel=1e-6)  # a nanokilometre in an hour


def test_an_electric_car_has_no_exhaust(curves: Curves) -> None:
    passage = PassageColumns(
        np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int64), np.array([60_000])
    )
    burnt = day_emissions(passage, np.full(1, 2, np.int8), np.array([1_000.0]), curves)
    assert burnt.fuel_by_trip[0] == pytest.approx(0.12564, rel=1e-9)
    assert burnt.co2_kg_by_link.tolist() == [0.0]


@given(st.permutations(range(6)), st.lists(st.integers(1_000, 600_000), min_size=6, max_size=6))
def test_the_order_of_passages_does_not_matter(order: list[int], time_ms: list[int]) -> None:
    trip, link = np.array([0, 0, 1, 1, 2, 2], np.int32), np.array([0, 1, 0, 1, 0, 1], np.int32)
    enter, left = np.zeros(6, np.int64), np.array(time_ms)
    fuel, length_m, given_curves = (
        np.array([0, 1, 2], np.int8),
        np.array([123.4, 567.8]),
        curves_of(Parameters.defaults()),
    )
    one = day_emissions(PassageColumns(trip, link, enter, left), fuel, length_m, given_curves)
    rows = np.array(order)
    other = day_emissions(
        PassageColumns(trip[rows], link[rows], enter[rows], left[rows]), fuel, length_m, given_curves
    )
    assert one.fuel_by_trip.tobytes() == other.fuel_by_trip.tobytes()
    assert one.co2_kg_by_link.tobytes() == other.co2_kg_by_link.tobytes()
    assert one.co2_kg_by_trip.sum() == pytest.approx(one.co2_kg_by_link.sum(), rel=1e-6)
