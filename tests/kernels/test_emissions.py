"""The kernel of emissions against sums over single passages, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles_emissions import NANO, slow_passage
from twin.mobility.curves import CARRIERS, factors_of
from twin.mobility.emissions import QUANTITIES, PassageColumns, day_emissions
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
    group = FACTORS.group_of(*(column.astype(np.int64) for column in vehicles[1:]))
    by_link = {name: [0] * N_LINKS for name in QUANTITIES}
    energy, nox = [[0] * len(CARRIERS) for _ in range(N_TRIPS)], [0] * N_TRIPS
    for trip, link, enter, left in zip(*(column.tolist() for column in passages), strict=True):
        one = slow_passage(float(length_m[link]), left - enter, int(group[trip]), FACTORS)
        for name in QUANTITIES:
            by_link[name][link] += getattr(one, name)
        energy[trip] = [total + used for total, used in zip(energy[trip], one.energy, strict=True)]
        nox[trip] += one.nox_g
    for name in QUANTITIES:
        assert np.array_equal(day.by_link[name], np.array(by_link[name]) / NANO), name
    assert np.array_equal(day.energy_by_trip, np.array(energy) / NANO)
    assert np.array_equal(day.nox_g_by_trip, np.array(nox) / NANO)
