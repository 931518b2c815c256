"""Intervals against SciPy's, and what they do where there is little to go by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from twin.study.statistics import LEAST_SEEDS, Ratio, paired_difference, paired_ratio, unpaired_difference

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=LEAST_SEEDS, max_size=30)


@given(pairs)
def test_paired_interval_is_that_of_scipy(drawn: list[tuple[float, float]]) -> None:
    base, alternative = (np.array(side) for side in zip(*drawn, strict=True))
    found = paired_difference(base, alternative)
    gain = alternative - base
    assert found.difference == pytest.approx(gain.mean())
    assert found.low is not None
    assert found.high is not None
    if gain.std() < 1e-9:
        assert found.high - found.low < 1e-6
    else:
        expected = stats.ttest_rel(alternative, base).confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-7, abs=1e-7)


@given(
    st.lists(numbers, min_size=LEAST_SEEDS, max_size=20), st.lists(numbers, min_size=LEAST_SEEDS, max_size=20)
)
def test_unpaired_interval_is_that_of_welch(base: list[float], alternative: list[float]) -> None:
    found = unpaired_difference(base, alternative)
    assert found.difference == pytest.approx(np.mean(alternative) - np.mean(base), abs=1e-6)
    if np.std(base) > 1e-3 and np.std(alternative) > 1e-3:
        test = stats.ttest_ind(alternative, base, equal_var=False)
        expected = test.confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-7, abs=1e-6)


def test_the_interval_covers_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).normal(1.0, 2.0, (2_000, 8))
    covered = 0
    for gain in draws:
        found = paired_difference(np.zeros(8), gain)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1.0 <= found.high
    assert covered / 2_000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 2_000))


@pytest.mark.parametrize("n_seeds", range(1, LEAST_SEEDS))
def test_no_interval_below_five_seeds(n_seeds: int) -> None:
    for method in (paired_difference, unpaired_difference):
        found = method([1.0] * n_seeds, [3.0] * n_seeds)
        assert (found.difference, found.low, found.high, found.n_seeds) == (2.0, None, None, n_seeds)


def test_the_same_runs_differ_by_nothing_at_all() -> None:
    runs = [0.1, 0.2, 0.3, 0.4, 0.7]
    found = paired_difference(runs, runs)
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_what_is_missing_is_left_out_pair_by_pair() -> None:
    nan = math.nan
    found = paired_difference([1, 2, nan, 4], [2, nan, 4, 6])
    assert (found.difference, found.n_seeds) == (1.5, 2)
    assert (found.base, found.alternative) == (pytest.approx(7 / 3), 4.0)
    nothing = paired_difference([nan, nan], [1.0, 2.0])
    assert (nothing.base, nothing.alternative, nothing.difference) == (None, 1.5, None)
    with pytest.raises(ValueError, match="no pairs"):
        paired_difference([1.0], [1.0, 2.0])


def slow_fieller(above: list[float], below: list[float]) -> tuple[float, float]:
    """The least and greatest ratio that a t test of the paired rests does not refuse, by bisection."""

    def refused(ratio: float) -> bool:
        rest = np.array(above) - ratio * np.array(below)
        return bool(stats.ttest_1samp(rest, 0.0).pvalue < 0.05)

    centre = float(np.mean(above) / np.mean(below))
    ends = []
    for far in (centre - 1e3, centre + 1e3):
        inside, outside = centre, far
        assert refused(outside)
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if refused(middle) else (middle, outside)
        ends.append(inside)
    return ends[0], ends[1]


def test_the_interval_of_a_ratio_holds_what_a_test_does_not_refuse() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        below = rng.normal(10.0, 1.0, 8)
        above = 3.0 * below + rng.normal(0.0, 2.0, 8)
        found = paired_ratio(above.tolist(), below.tolist())
        assert found.value == pytest.approx(above.mean() / below.mean())
        assert (found.low, found.high) == pytest.approx(
            slow_fieller(above.tolist(), below.tolist()), rel=1e-6
        )


def test_a_ratio_to_nought_is_none_and_one_to_what_may_be_nought_has_no_interval() -> None:
    assert paired_ratio([1.0] * 6, [0.0] * 6) == Ratio(None, None, None, 6)
    assert paired_ratio([1.0, 2.0], [2.0, 4.0]) == Ratio(0.5, None, None, 2)
    wide = paired_ratio([5.0] * 6, [-3.0, 4.0, -2.0, 3.0, -1.0, 2.0])
    assert (wide.value, wide.low, wide.high) == (pytest.approx(10.0), None, None)
    exact = paired_ratio([2.0, 4.0, 6.0, 8.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert (exact.value, exact.low, exact.high) == pytest.approx((2.0, 2.0, 2.0))
