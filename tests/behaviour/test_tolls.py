"""Who pays looks for another way, and takes it where time and money together are less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.behaviour.test_closed_hours import NET, known
from tests.behaviour.test_habits import drivers_on
from twin.behaviour.tolls import charge_ms, planned_by_toll
from twin.clock import N_SLICES

DETOUR_S = 10.0  # link 2 is 100 m longer than link 1, at 36 km/h
SEVEN, EIGHT = slice(28, 32), slice(32, 36)


def planned(
    eur: float, value_eur_per_h: float, hours: slice = slice(0, N_SLICES), band: float = 0.0
) -> list[int]:
    """The route of a trip that takes link 1 by habit, at seven, when that costs so much."""
    drivers = drivers_on(NET, [(0, 3)])
    charge = np.zeros((N_SLICES, NET.n_links), dtype=np.int32)
    charge[hours, 1] = charge_ms(np.array([eur]), value_eur_per_h)
    habits = replace(known([0, 1, 3]), streets="edited")
    found = planned_by_toll(drivers, habits, charge, band)
    assert (found.expected_ms == habits.expected_ms).all()
    assert found.streets == "edited", "whose streets they were fitted to is not forgotten"
    return list(found.routes.of(0).tolist())


@pytest.mark.parametrize(("factor", "route"), [(0.5, [0, 1, 3]), (2.0, [0, 2, 3])])
def test_the_way_round_is_taken_once_the_toll_exceeds_its_worth(factor: float, route: list[int]) -> None:
    value = 12.0
    assert planned(factor * DETOUR_S / 3_600 * value, value) == route


def test_who_values_time_more_pays() -> None:
    eur = 15.0 * DETOUR_S / 3_600  # worth the detour to those below 15 EUR/h
    assert planned(eur, 10.0) == [0, 2, 3]
    assert planned(eur, 20.0) == [0, 1, 3]


def test_at_other_hours_nothing_is_charged() -> None:
    assert planned(5.0, 12.0, SEVEN) == [0, 2, 3]
    assert planned(5.0, 12.0, EIGHT) == [0, 1, 3]


def test_a_gain_within_the_band_moves_nobody() -> None:
    eur = 1.2 * DETOUR_S / 3_600 * 12.0
    assert planned(eur, 12.0) == [0, 2, 3]
    assert planned(eur, 12.0, band=0.1) == [0, 1, 3]


def test_who_pays_nothing_keeps_the_very_habits() -> None:
    drivers = drivers_on(NET, [(0, 3)])
    habits = known([0, 2, 3])
    charge = np.zeros((N_SLICES, NET.n_links), dtype=np.int32)
    assert planned_by_toll(drivers, habits, charge, 0.0) is habits
    charge[:, 1] = 1_000
    assert planned_by_toll(drivers, habits, charge, 0.0) is habits
