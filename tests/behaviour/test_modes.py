"""The pivot on present modes: shares follow the incremental logit, and luck is shared across offers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.behaviour.modes import change_probability, changes
from twin.kernels.random import keys_of

KEYS = keys_of(np.array([f"person {row}" for row in range(20_000)]))
NONE = np.zeros(20_000, dtype=np.int64)


@given(st.floats(0.0, 0.99), st.floats(0.0, 5.0))
def test_the_share_after_is_the_logit_s(share: float, gain: float) -> None:
    """Of two modes with utilities 0 and ln(P / (1 - P)) + d: those who rode, and those who change."""
    after = share + (1.0 - share) * float(change_probability(np.array([share]), np.array([gain]))[0])
    odds = share / (1.0 - share) * np.exp(gain)
    assert np.isclose(after, odds / (1.0 + odds))


def test_nothing_changes_for_no_gain_or_where_nobody_rides() -> None:
    assert change_probability(np.array([0.3, 0.3, 0.0]), np.array([0.0, -2.0, 4.0])).tolist() == [0, 0, 0]


def test_who_changes_for_little_changes_for_more_and_as_many_as_expected() -> None:
    little = changes(KEYS, NONE, np.full(20_000, 0.1), seed=1)
    more = changes(KEYS, NONE, np.full(20_000, 0.3), seed=1)
    assert (more | ~little).all()
    assert abs(little.mean() - 0.1) < 0.01
    assert abs(more.mean() - 0.3) < 0.015
    assert (changes(KEYS[::-1], NONE, np.full(20_000, 0.1), seed=1)[::-1] == little).all()
