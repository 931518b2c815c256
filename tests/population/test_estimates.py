"""Estimates: the arithmetic of shares, means, medians and spreads, and of their errors by households."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.population.published.estimates import Sample, estimate, mean_error


def plain_error(values: list[float], households: list[int]) -> float:
    """The ratio estimator's standard error, cluster by cluster in plain Python."""
    mean = sum(values) / len(values)
    sums: dict[int, float] = {}
    for value, household in zip(values, households, strict=True):
        sums[household] = sums.get(household, 0.0) + value - mean
    n = len(sums)
    if n < 2:
        return math.nan
    return math.sqrt(n / (n - 1) * sum(each * each for each in sums.values())) / len(values)


units = st.lists(st.tuples(st.floats(-100.0, 100.0), st.integers(0, 9)), min_size=1, max_size=40)


@given(units)
def test_the_error_is_that_of_the_slow_twin(drawn: list[tuple[float, int]]) -> None:
    values, households = [value for value, _ in drawn], [household for _, household in drawn]
    found = mean_error(np.array(values), np.array(households))
    assert found == pytest.approx(plain_error(values, households), rel=1e-9, abs=1e-9, nan_ok=True)


@given(st.lists(st.floats(-10.0, 10.0), min_size=2, max_size=30), st.integers(2, 5))
def test_households_that_answer_alike_tell_no_more_for_being_large(values: list[float], size: int) -> None:
    """One unit a household gives the textbook's error; more members who answer alike leave it as it is."""
    alone = np.array(values)
    textbook = alone.std(ddof=1) / np.sqrt(len(alone))
    assert mean_error(alone, np.arange(len(alone))) == pytest.approx(textbook, abs=1e-9)
    many = mean_error(np.repeat(alone, size), np.repeat(np.arange(len(alone)), size))
    assert many == pytest.approx(textbook, abs=1e-9)


def test_a_share_has_at_least_the_error_of_its_target() -> None:
    nobody = Sample(np.zeros(100, dtype=bool), np.arange(100), "share")
    assert estimate(nobody).standard_error == 0.0
    assert estimate(nobody, target=0.1).standard_error == pytest.approx(0.03)


def test_medians_and_spreads() -> None:
    rng = np.random.default_rng(1)
    lengths = np.exp(rng.normal(1.0, 0.8, 20_000))
    each = np.arange(len(lengths))
    median = estimate(Sample(lengths, each, "median"))
    assert median.value == pytest.approx(np.e, abs=3.0 * median.standard_error)
    # the density of a lognormal at its median is 1 / (median sigma sqrt(2 pi))
    assert median.standard_error == pytest.approx(
        0.5 / np.sqrt(len(lengths)) * np.e * 0.8 * np.sqrt(2.0 * np.pi), rel=0.1
    )
    spread = estimate(Sample(lengths, each, "log spread"))
    assert spread.value == pytest.approx(0.8, abs=3.0 * spread.standard_error)
    assert spread.standard_error == pytest.approx(0.8 / np.sqrt(2.0 * len(lengths)), rel=0.05)


def test_nobody_gives_no_number() -> None:
    nothing = estimate(Sample(np.zeros(0), np.zeros(0, dtype=np.int64), "mean"))
    assert math.isnan(nothing.value)
    assert nothing.n == 0
    alone = estimate(Sample(np.array([3.0, 4.0]), np.zeros(2, dtype=np.int64), "median"))
    assert alone.value == 3.5
    assert math.isnan(alone.standard_error)
