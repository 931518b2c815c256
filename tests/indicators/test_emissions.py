"""Energy, CO2 and pollutants against the curves, and against what the small day gives on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicators.reading import values_of
from tests.indicators.small_day import small_day
from tests.oracles_emissions import slow_exhaust_g_per_km
from twin.mobility.curves import BY_CURRENT, BY_DIESEL, BY_PETROL, Factors, factors_of
from twin.mobility.emissions import QUANTITIES, PassageColumns, day_emissions
from twin.population.residents.fleet import TripVehicles
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import DIESEL, ELECTRIC, FUELS, HYBRID, PETROL, PLUG_IN, VEHICLE_CLASSES

SPEEDS_KMH = np.array([5.0, 10, 20, 30, 50, 70, 90, 110, 130])
# Grams of CO2 per km, tank to wheel, worked out from the same coefficients by others.
PETROL_G_PER_KM = [618, 359, 229, 187, 158, 153, 159, 173, 193]
DIESEL_G_PER_KM = [423, 284, 206, 174, 145, 136, 140, 155, 181]
CAR, VAN, LORRY = range(3)
EURO_4 = 3


@pytest.fixture(scope="module")
def factors() -> Factors:
    return factors_of(Parameters.defaults())


def vehicles(vehicle_class: list[int], fuel: list[int], euro: list[int]) -> TripVehicles:
    """One trip each."""
    columns = (np.array(each, dtype=np.int8) for each in (vehicle_class, fuel, euro))
    return TripVehicles(np.arange(len(fuel), dtype=np.int32), *columns)


def one_km_at(speed_kmh: float, n: int) -> PassageColumns:
    """Each of n trips drives one link of a kilometre at that speed, one link each."""
    each = np.arange(n, dtype=np.int32)
    left = np.full(n, round(3_600_000.0 / speed_kmh))
    return PassageColumns(each, each, np.zeros(n, dtype=np.int64), left)


def litres(factors: Factors, fuel: int, speed_kmh: np.ndarray) -> np.ndarray:
    """What a car burns per km by the ledger's curve."""
    group = Factors.group_of(np.array(CAR), np.array(fuel), np.array(EURO_4))
    a, b, c, d = factors.energy_curve[group, fuel]
    return a / speed_kmh + b + c * speed_kmh + d * speed_kmh**2


def test_curves_give_the_known_grams_per_km(factors: Factors) -> None:
    for fuel, known in ((PETROL, PETROL_G_PER_KM), (DIESEL, DIESEL_G_PER_KM)):
        grams = litres(factors, fuel, SPEEDS_KMH) * factors.co2_kg_per_unit[fuel] * 1_000
        assert np.rint(grams).tolist() == known


def test_the_small_day_on_paper(factors: Factors) -> None:
    petrol_km, diesel_km, through_km = 31, 38, 20  # at 18, 18 and 24 km/h; person 9 drives diesel
    petrol_l = petrol_km * float(litres(factors, PETROL, np.array([18.0]))[0])
    diesel_l = diesel_km * float(litres(factors, DIESEL, np.array([18.0]))[0])
    diesel_l += through_km * float(litres(factors, DIESEL, np.array([24.0]))[0])
    values = values_of(small_day())
    co2_kg = petrol_l * 2.31 + diesel_l * 2.68
    assert values["co2_on_links", "all", ""] == pytest.approx(co2_kg, rel=1e-7)
    assert values["co2_of_people", "all", ""] == pytest.approx(co2_kg, rel=1e-7)
    assert values["co2_of_people", "all", "fuel:petrol"] == pytest.approx(petrol_l * 2.31, rel=1e-7)
    assert values["co2_of_people", "all", "vehicle:car"] == pytest.approx(co2_kg, rel=1e-7)
    assert values["fuel_cost", "all", ""] == pytest.approx(petrol_l * 1.75 + diesel_l * 1.68, rel=1e-7)
    assert values["co2_per_km", "all", ""] == pytest.approx(1_000 * co2_kg / 89, rel=1e-7)
    assert values["energy_on_links", "all", ""] == pytest.approx(
        (petrol_l * 32.2 + diesel_l * 35.9) / 1_000, rel=1e-7
    )
    diesel_nox = lambda v: (1.11 - 2.02e-2 * v + 1.48e-4 * v**2) / 1_000  # noqa: E731
    petrol_nox = (1.06e-1 - 1.58e-3 * 18 + 7.1e-6 * 18**2) / 1_000
    nox_kg = petrol_km * petrol_nox + diesel_km * diesel_nox(18) + through_km * diesel_nox(24)
    assert values["nox_on_links", "all", ""] == pytest.approx(nox_kg, rel=1e-6)
    wear_kg = 89 * (1.39 * 0.0107 * 0.6 + 1.67 * 0.0142 * 0.98 + 0.015 * 0.5) / 1_000
    assert values["particles_on_links", "all", "from:wear"] == pytest.approx(wear_kg, rel=1e-6)


def test_a_standing_engine_burns_by_the_hour(factors: Factors) -> None:
    still = PassageColumns(
        np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int64), np.array([3_600_000])
    )
    car = vehicles([CAR], [PETROL], [EURO_4])
    burnt = day_emissions(still, car, np.array([1e-6]), factors)
    assert burnt.energy_by_trip[0, BY_PETROL] == pytest.approx(1.11932239, rel=1e-6)  # a nanokilometre


def test_an_electric_car_has_no_exhaust_but_wears_tyres(factors: Factors) -> None:
    driven = day_emissions(
        one_km_at(60.0, 2), vehicles([CAR, CAR], [ELECTRIC, PETROL], [5, 5]), np.full(2, 1_000.0), factors
    )
    kwh = 0.6 / 60 + 0.085 + 9.8e-6 * 60**2
    assert driven.energy_by_trip[0, BY_CURRENT] == pytest.approx(kwh, rel=1e-6)
    for name in ("co2_kg", "nox_g", "exhaust_pm_g"):
        assert driven.by_link[name][0] == 0.0 < driven.by_link[name][1]
    assert driven.by_link["energy_mj"][0] == pytest.approx(3.6 * kwh, rel=1e-6)
    assert 0.0 < driven.by_link["wear_pm_g"][0] < driven.by_link["wear_pm_g"][1], "brakes wear less"


def test_hybrids_lie_between_petrol_and_current(factors: Factors) -> None:
    fuels = [PETROL, HYBRID, PLUG_IN, ELECTRIC]
    burnt = day_emissions(one_km_at(40.0, 4), vehicles([CAR] * 4, fuels, [5] * 4), np.full(4, 1e3), factors)
    for falling in (burnt.co2_kg_by_trip, burnt.nox_g_by_trip[1:], burnt.by_link["energy_mj"]):
        assert (np.diff(falling) < 0).all()


def test_larger_and_older_vehicles_emit_more(factors: Factors) -> None:
    n = len(VEHICLE_CLASSES) - 1
    classes = day_emissions(
        one_km_at(50.0, n), vehicles(list(range(n)), [DIESEL] * n, [4] * n), np.full(n, 1e3), factors
    )
    assert (np.diff(classes.co2_kg_by_trip) > 0).all()
    assert (np.diff(classes.by_link["wear_pm_g"]) > 0).all()
    for vehicle_class in (CAR, VAN, LORRY):
        old_and_new = vehicles([vehicle_class] * 2, [DIESEL] * 2, [2, 5])
        two = day_emissions(one_km_at(50.0, 2), old_and_new, np.full(2, 1e3), factors)
        assert two.nox_g_by_trip[0] > two.nox_g_by_trip[1]
        assert two.by_link["exhaust_pm_g"][0] > two.by_link["exhaust_pm_g"][1]


def test_no_curve_is_negative_or_explodes(factors: Factors) -> None:
    for speed in range(10, 131, 5):
        for curve, most in ((factors.nox_curve, 25.0), (factors.pm_curve, 1.5)):
            found = [slow_exhaust_g_per_km(each, float(speed)) for each in curve.tolist()]
            assert min(found) >= 0.0
            assert max(found) < most


@given(st.permutations(range(6)), st.lists(st.integers(1_000, 600_000), min_size=6, max_size=6))
def test_the_order_of_passages_does_not_matter(order: list[int], time_ms: list[int]) -> None:
    trip, link = np.array([0, 0, 1, 1, 2, 2], np.int32), np.array([0, 1, 0, 1, 0, 1], np.int32)
    enter, left = np.zeros(6, np.int64), np.array(time_ms)
    driven = vehicles([0, 1, 2], [PETROL, FUELS.index("plug_in"), DIESEL], [1, 5, 3])
    length_m, factors = np.array([123.4, 567.8]), factors_of(Parameters.defaults())
    one = day_emissions(PassageColumns(trip, link, enter, left), driven, length_m, factors)
    rows = np.array(order)
    again = PassageColumns(trip[rows], link[rows], enter[rows], left[rows])
    other = day_emissions(again, driven, length_m, factors)
    assert one.energy_by_trip.tobytes() == other.energy_by_trip.tobytes()
    for name in QUANTITIES:
        assert one.by_link[name].tobytes() == other.by_link[name].tobytes()
    assert one.energy_by_trip[:, BY_DIESEL].tolist()[:2] == [0.0, 0.0]
    assert one.co2_kg_by_trip.sum() == pytest.approx(one.co2_kg_by_link.sum(), rel=1e-6)
