"""Estimates of shares, means, medians and spreads, with the error that a sample of that size has.

Households are the clusters: of a mean over n units in H households with residuals e, the variance is
H / (H - 1) times the sum over households of (sum of e)^2, over n^2 (ratio estimator, Cochran 1977,
Sampling Techniques). A median's error is read off the distribution at the errors of its share of one half
(Woodruff 1952, J. Am. Stat. Assoc. 47), a standard deviation's is that of its square over twice itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

Statistic = Literal["share", "mean", "median", "log spread"]


@dataclass(frozen=True)
class Sample:
    """Values (n,) of the units that count, the household of each (n,), and what is asked of them."""

    value: np.ndarray
    household: np.ndarray
    statistic: Statistic


@dataclass(frozen=True)
class Estimate:
    """A number, the standard error of a sample of that size, and how many units it has; NaN without any."""

    value: float
    standard_error: float
    n: int


def estimate(sample: Sample, target: float | None = None) -> Estimate:
    """What is asked of a sample; a share's error is at least the binomial one of its target.

    >>> estimate(Sample(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]), "mean"))
    Estimate(value=0.5, standard_error=0.5, n=4)
    """
    value = sample.value.astype(np.float64)
    n = len(value)
    if not n:
        return Estimate(float("nan"), float("nan"), 0)
    if sample.statistic == "median":
        return _median(value, sample.household)
    if sample.statistic == "log spread":
        squares = (np.log(value) - np.log(value).mean()) ** 2
        spread = float(np.sqrt(squares.mean()))
        error = mean_error(squares, sample.household)
        return Estimate(spread, error / (2.0 * spread) if spread > 0.0 else float("nan"), n)
    error = mean_error(value, sample.household)
    if sample.statistic == "share" and target is not None:
        error = float(np.fmax(error, np.sqrt(max(target * (1.0 - target), 0.0) / n)))
    return Estimate(float(value.mean()), error, n)


def mean_error(value: np.ndarray, household: np.ndarray) -> float:
    """Standard error of the mean of values (n,) that come by households (n,); NaN for one household."""
    sums = np.bincount(household, weights=value - value.mean())
    n_households = int(np.count_nonzero(np.bincount(household)))
    if n_households < 2:
        return float("nan")
    return float(np.sqrt(n_households / (n_households - 1) * (sums**2).sum()) / len(value))


def _median(value: np.ndarray, household: np.ndarray) -> Estimate:
    median = float(np.median(value))
    error = mean_error((value <= median).astype(np.float64), household)
    if not np.isfinite(error):
        return Estimate(median, float("nan"), len(value))
    low, high = np.quantile(value, [max(0.5 - error, 0.0), min(0.5 + error, 1.0)])
    return Estimate(median, float(high - low) / 2.0, len(value))
