"""Habit: small streets cost more than their time; each person sees each link a little differently."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracles import slow_uniform
from twin.calculators.habit import PERCEPTION, habit_times_ms
from twin.errors import InputError
from twin.kernels.paths import BLOCKED, Weights, link_cost_ms
from twin.kernels.random import keys_of
from twin.scenario.ledger import Parameters

FACTORS = Parameters.defaults()["calculators.habit_class_factor"]
LINK_KEY = keys_of(np.arange(200).astype(str))
PERSON = np.uint64(2**63 + 12_345)


def test_ledger_has_a_factor_for_each_class_and_arterials_keep_their_time():
    assert len(FACTORS) == 14
    assert FACTORS[:6] == (1.0,) * 6
    assert list(FACTORS) == sorted(FACTORS)


def test_cost_is_time_by_class_in_every_slice():
    times_ms = np.array([[10_000, 10_000, 10_000], [20_000, 20_001, BLOCKED]], dtype=np.int32)
    felt = habit_times_ms(times_ms, np.array([0, 8, 11], dtype=np.int8), FACTORS)
    assert felt.tolist() == [[10_000, 12_500, 20_000], [20_000, 25_001, BLOCKED]]
    assert felt.dtype == np.int32


def test_too_few_or_too_small_factors_are_one_line():
    times_ms = np.array([1_000])
    for factors, road_class in (((1.0,), 3), ((0.9,), 0)):
        with pytest.raises(InputError, match="1 or more for each road class"):
            habit_times_ms(times_ms, np.array([road_class]), factors)


def test_perception_lies_between_one_and_one_plus_the_spread():
    times_ms = np.arange(10_000, 10_200, dtype=np.int32)
    weights = Weights(times_ms[None, :], times_ms[None, :], 900_000, 0.15)
    felt = np.array([link_cost_ms(weights, 3, PERCEPTION, PERSON, LINK_KEY[k], 0, k) for k in range(200)])
    assert (felt >= times_ms).all()
    assert (felt <= times_ms * 1.15).all()
    assert (felt / times_ms).mean() == pytest.approx(1.075, abs=4 * 0.15 / np.sqrt(12 * len(felt)))
    for link in range(0, 200, 17):
        draw = slow_uniform(3, int(PERCEPTION), int(PERSON), int(LINK_KEY[link]) % 2**62)
        assert felt[link] == int(int(times_ms[link]) * (1 + 0.15 * draw))
