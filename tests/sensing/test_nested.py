"""Nested placement: as good as greedy can be, each set within the next, gains that fall."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from twin.errors import InputError
from twin.sensing.nested import place_by_coverage, place_by_value

seeds = st.integers(0, 10**6)


def known(factor: np.ndarray, noise: np.ndarray, rows: list[int]) -> float:
    """Half the log determinant: what readings of some links tell of their common causes [nats]."""
    part = factor[rows] / np.sqrt(noise[rows])[:, None]
    return float(0.5 * np.linalg.slogdet(np.eye(len(rows)) + part @ part.T)[1])


@settings(max_examples=30)
@given(seeds)
def test_coverage_is_within_the_bound_of_the_best_and_nested(seed):
    draw = np.random.default_rng(seed)  # any sites and things will do
    sees, worth = draw.random((8, 12)) < 0.3, draw.random(12)
    chosen, total = place_by_coverage(csr_array(sees.astype(float)), worth, 4)
    assert len(set(chosen.tolist())) == 4
    for k in range(1, 5):
        covered = sees[chosen[:k]].any(axis=0)
        assert total[k - 1] == pytest.approx(worth[covered].sum())
        best = max(worth[sees[list(rows)].any(axis=0)].sum() for rows in combinations(range(8), k))
        assert total[k - 1] >= (1 - (1 - 1 / k) ** k) * best - 1e-12
    assert (np.diff(total, n=2) <= 1e-12).all()
    assert (place_by_coverage(csr_array(sees.astype(float)), worth, 2)[0] == chosen[:2]).all()


@settings(max_examples=30)
@given(seeds)
def test_value_is_within_the_bound_of_the_best_and_its_gains_fall(seed):
    draw = np.random.default_rng(seed)
    factor, own, read = draw.normal(size=(8, 3)), draw.random(8) + 0.1, draw.random(8) + 0.1
    chosen, total = place_by_value(factor, own, read, 4)
    for k in range(1, 5):
        assert total[k - 1] == pytest.approx(known(factor, own + read, chosen[:k].tolist()))
        best = max(known(factor, own + read, list(rows)) for rows in combinations(range(8), k))
        assert total[k - 1] >= (1 - 1 / np.e) * best
    assert (np.diff(total, n=2) <= 1e-9).all()


def test_twins_are_not_both_read_before_the_other_kind():
    factor = np.array([[2.0, 0.0], [2.0, 0.0], [0.0, 1.5]])
    assert place_by_value(factor, np.full(3, 0.1), np.full(3, 0.1), 2)[0].tolist() == [0, 2]
    assert place_by_coverage(csr_array(factor), np.ones(2), 2)[0].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: place_by_coverage(csr_array(np.eye(2)), np.ones(2), 3), "3 sensors for 2 sites"),
        (lambda: place_by_coverage(csr_array(np.eye(2)), -np.ones(2), 1), "0 or more"),
        (lambda: place_by_value(np.eye(2), np.zeros(2), np.zeros(2), 1), "above 0"),
    ],
)
def test_what_cannot_be_is_refused(call, line):
    with pytest.raises(InputError, match=line):
        call()
