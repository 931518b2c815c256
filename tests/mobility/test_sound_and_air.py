"""What traffic does to the ear and the air beside a street: laws in closed form, and their directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.mobility.sound import HEAVY, LIGHT, kerb_level_db, line_energy, vehicle_power_db
from twin.mobility.street_air import street_concentration
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
QUIET_DB = -200.0


def level(veh_per_h: float, kmh: float, group: str = LIGHT, away_m: float = 7.5) -> float:
    energy = line_energy(np.array([veh_per_h]), np.array([kmh]), group, LEDGER)
    return float(kerb_level_db(energy, away_m, QUIET_DB)[0])


def test_one_octave_by_hand():
    """At 70 km/h both logarithm and ratio vanish, and A-weighted octaves add up."""
    rolling = np.array([79.7, 85.7, 84.5, 90.2, 97.3, 93.9, 84.1, 74.3])
    propulsion = np.array([94.5, 89.2, 88.0, 85.9, 84.2, 86.9, 83.3, 76.1])
    weight = np.array([-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
    energy = 10 ** ((rolling + weight) / 10) + 10 ** ((propulsion + weight) / 10)
    assert vehicle_power_db(np.array([70.0]), LIGHT, LEDGER)[0] == pytest.approx(10 * np.log10(energy.sum()))


@given(st.floats(1.0, 3_000.0), st.floats(25.0, 120.0), st.sampled_from([LIGHT, HEAVY]))
def test_twice_the_vehicles_or_half_the_distance_is_three_decibels(flow, kmh, group):
    here = level(flow, kmh, group)
    assert level(2.0 * flow, kmh, group) - here == pytest.approx(10.0 * np.log10(2.0))
    assert level(flow, kmh, group, 3.75) - here == pytest.approx(10.0 * np.log10(2.0))


def test_levels_are_those_of_streets():
    """A thousand light vehicles an hour at 50 km/h, some 7 m away: between 65 and 72 dB(A)."""
    assert 65.0 < level(1_000.0, 50.0) < 72.0
    assert level(1_000.0, 90.0) > level(1_000.0, 50.0) > level(1_000.0, 30.0)
    assert level(100.0, 50.0, HEAVY) > level(100.0, 50.0, LIGHT) + 6.0


def test_without_traffic_there_is_the_background_and_jams_do_not_divide_by_nothing():
    none = line_energy(np.zeros(1), np.array([np.nan]), LIGHT, LEDGER)
    assert kerb_level_db(none, 7.5, 40.0)[0] == pytest.approx(40.0)
    assert np.isfinite(level(10.0, 0.1))


@given(st.floats(0.0, 50.0), st.floats(10.0, 500.0))
def test_what_traffic_adds_to_the_air_grows_with_what_it_emits_and_falls_with_wind(grams, length_m):
    def added(parameters: Parameters, factor: float = 1.0) -> float:
        found = street_concentration(np.array([factor * grams]), np.array([length_m]), 900.0, parameters)
        return float(found[0] - parameters["emissions.air_background"])

    assert added(LEDGER, 2.0) == pytest.approx(2.0 * added(LEDGER), abs=1e-9)
    windy = LEDGER.replaced({"emissions.air_wind_mps": 5.5})
    assert added(windy) == pytest.approx(added(LEDGER) * 3.0 / 6.0, abs=1e-9)
    by_hand = 7.0 * grams * 1e6 / (length_m * 900.0) / (3.0 * (np.hypot(5.0, 3.0) + 2.0))
    assert added(LEDGER) == pytest.approx(by_hand, abs=1e-9)
