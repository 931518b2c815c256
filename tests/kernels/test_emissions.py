"""The kernel of emissions against sums over single passages, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.mobility.curves import CARRIERS, factors_of
from twin.mobility.emissions import NANO, QUANTITIES, PassageColumns, day_emissions, emitted
from twin.population.residents.fleet import TripVehicles
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import EURO_STANDARDS, FUELS, VEHICLE_CLASSES

FACTORS = factors_of(Parameters.defaults())
N_TRIPS, N_LINKS = 7, 5


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_sums_are_those_of_single_passages(seed: int, n: int) -> None:
    draws = np.random.default_rng(seed)
    n_vehicles = (N_TRIPS,)
    vehicles = TripVehicles(
        np.arange(N_TRIPS, dtype=np.int32),
        draws.integers(0, len(VEHICLE_CLASSES), n_vehicles).astype(np.int8),
        draws.integers(0, len(FUELS), n_vehicles).astype(np.int8),
        draws.integers(0, len(EURO_STANDARDS), n_vehicles).astype(np.int8),
    )
    length_m = draws.uniform(1.0, 3_000.0, N_LINKS)
    enter_ms = draws.integers(0, 100_000_000, n)
    passages = PassageColumns(
        draws.integers(0, N_TRIPS, n).astype(np.int32),
        draws.integers(0, N_LINKS, n).astype(np.int32),
        enter_ms,
        enter_ms + draws.integers(1, 4_000_000, n),
    )
    day = day_emissions(passages, vehicles, length_m, FACTORS)
    one_by_one = emitted(passages, vehicles, length_m, FACTORS)
    for name in QUANTITIES:
        total = np.zeros(N_LINKS)
        np.add.at(total, passages.link, getattr(one_by_one, name))
        assert np.array_equal(day.by_link[name], total / NANO), name
    energy = np.zeros((N_TRIPS, len(CARRIERS)))
    np.add.at(energy, passages.trip, one_by_one.energy)
    assert np.array_equal(day.energy_by_trip, energy / NANO)
    nox = np.zeros(N_TRIPS)
    np.add.at(nox, passages.trip, one_by_one.nox_g)
    assert np.array_equal(day.nox_g_by_trip, nox / NANO)
