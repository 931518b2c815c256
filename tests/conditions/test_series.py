"""Series by date: the moving average is the autoregression, the coupled chain is the chain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.conditions.series import autoregression, chain_state, date_draw, date_draws, normal
from twin.errors import InputError

FIRST = 740_000
"""Ordinal of a date in 2027."""


def lived_autoregression(seed: int, ordinal: int, persistence: float, days: int) -> float:
    """The recursion, lived from long ago."""
    value = 0.0
    for at in range(ordinal - days, ordinal + 1):
        shock = float(normal(date_draws(seed, "x", np.array([at])))[0])
        value = persistence * value + math.sqrt(1.0 - persistence**2) * shock
    return value


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**62), st.integers(FIRST, FIRST + 400), st.floats(0.0, 0.9))
def test_the_moving_average_is_the_recursion(seed, ordinal, persistence):
    lived = lived_autoregression(seed, ordinal, persistence, 250)
    assert autoregression(seed, "x", ordinal, persistence) == pytest.approx(lived, abs=1e-7)


@pytest.mark.parametrize("persistence", [0.0, 0.5, 0.8])
def test_moments_are_those_of_the_stationary_process(persistence):
    """Variance 1 and the lag's correlation; the sampling error of an AR(1) of n days is about this much."""
    n = 4_000
    values = np.array([autoregression(3, "x", FIRST + day, persistence) for day in range(n)])
    error = math.sqrt((1.0 + persistence**2) / (1.0 - persistence**2) / n)
    assert abs(values.mean()) < 4.0 * math.sqrt((1.0 + persistence) / (1.0 - persistence) / n)
    assert values.var() == pytest.approx(1.0, abs=4.0 * math.sqrt(2.0) * error)
    assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(persistence, abs=4.0 / math.sqrt(n))


def test_a_walk_that_never_comes_back_is_refused():
    with pytest.raises(InputError, match="persistence"):
        autoregression(1, "x", FIRST, 1.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**62), st.floats(0.02, 0.98), st.floats(0.02, 0.98))
def test_the_coupled_chain_takes_the_chains_steps(seed, p01, p11):
    """Each day's state follows from the day before by that day's draw, as if it had been lived."""
    states = [chain_state(seed, "x", FIRST + day, lambda _: (p01, p11)) for day in range(12)]
    for day in range(1, 12):
        chance = p11 if states[day - 1] else p01
        assert states[day] == (date_draw(seed, "x", FIRST + day) < chance)


@pytest.mark.parametrize(("p01", "p11"), [(0.15, 0.45), (0.5, 0.2)])
def test_the_share_of_wet_days_is_that_of_the_stationary_chain(p01, p11):
    """p01 / (1 - p11 + p01); days are correlated by p11 - p01, which the error reckons with."""
    n = 8_000
    wet = np.array([chain_state(5, "x", FIRST + day, lambda _: (p01, p11)) for day in range(n)])
    share, lag = p01 / (1.0 - p11 + p01), p11 - p01
    error = math.sqrt(share * (1.0 - share) * (1.0 + lag) / (1.0 - lag) / n)
    assert wet.mean() == pytest.approx(share, abs=4.0 * error)
    assert wet[1:][wet[:-1]].mean() == pytest.approx(p11, abs=0.05)
