"""Shares of a value that many make: the axioms of Shapley, and games whose shares are known."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.errors import WorkError
from twin.knowledge.coalitions import crossing, merged, n_players, pairs, shapley

pytestmark = pytest.mark.one_interpreter("pure arithmetic")
games = st.integers(1, 5).flatmap(
    lambda n: arrays(np.float64, 1 << n, elements=st.integers(-50, 50).map(float))
)


def by_orders(value: np.ndarray) -> np.ndarray:
    """The mean over all orders of arrival of what each adds."""
    n = len(value).bit_length() - 1
    total, orders = np.zeros(n), list(permutations(range(n)))
    for order in orders:
        coalition = 0
        for player in order:
            total[player] += value[coalition | 1 << player] - value[coalition]
            coalition |= 1 << player
    return total / len(orders)


@settings(max_examples=60)
@given(games)
def test_shares_are_means_over_orders_and_add_up(value):
    shares = shapley(value)
    assert shares == pytest.approx(by_orders(value), abs=1e-9)
    assert shares.sum() == pytest.approx(value[-1] - value[0], abs=1e-9)


@settings(max_examples=40)
@given(games)
def test_players_who_do_the_same_get_the_same_and_who_does_nothing_gets_nothing(value):
    n = n_players(value)
    twin = np.concatenate([value, value])  # one more player, who adds nothing
    assert shapley(twin)[n] == pytest.approx(0.0, abs=1e-9)
    assert shapley(twin)[:n] == pytest.approx(shapley(value), abs=1e-9)
    sizes = np.array([value[int(each).bit_count()] for each in range(1 << n)])
    assert np.ptp(shapley(sizes)) == pytest.approx(0.0, abs=1e-9)


def test_shares_of_sums_are_sums_of_shares():
    one, other = np.arange(16.0) ** 1.5, np.cos(np.arange(16.0))
    assert shapley(one + other) == pytest.approx(shapley(one) + shapley(other))


@pytest.mark.parametrize(("left", "right"), [(1, 1), (1, 2), (2, 3)])
def test_gloves(left, right):
    """A pair is worth 1: who is on the short side gets more (Shapley & Shubik 1969 for one and two: 2/3)."""
    n = left + right
    value = np.array([
        min(int(each & (1 << left) - 1).bit_count(), int(each >> left).bit_count()) for each in range(1 << n)
    ], dtype=float)  # fmt: skip
    shares = shapley(value)
    assert shares.sum() == pytest.approx(left)
    assert np.ptp(shares[:left]) == np.ptp(shares[left:]) == pytest.approx(0.0, abs=1e-12)
    if (left, right) == (1, 2):
        assert shares == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert shares[0] >= shares[-1]


def test_crossing_and_holders():
    value = np.array([1.0, 2.0, 4.0, 9.0])
    assert crossing(value, 0, 1) == 9.0 - 2.0 - 4.0 + 1.0
    assert pairs(3) == ((0, 1), (0, 2), (1, 2))
    assert merged(value, (0, 0), 1).tolist() == [1.0, 9.0]
    with pytest.raises(WorkError, match="power of two"):
        shapley(np.zeros(6))
