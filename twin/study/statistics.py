"""Differences between two sets of runs, with intervals where there are runs enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_SEEDS = 5
"""Fewest seeds for which an interval is given."""
NO_INTERVAL = f"no interval below {LEAST_SEEDS} seeds"
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """Alternative less base: means over seeds, their difference, and its interval if there is one.

    A mean of nothing, and a difference of which one side is missing, are None.
    """

    base: float | None
    alternative: float | None
    difference: float | None
    low: float | None
    high: float | None
    n_seeds: int


def paired_difference(
    base: Sequence[float], alternative: Sequence[float], level: float = LEVEL
) -> Difference:
    """Runs of one seed belong together: the interval is that of the mean of their differences.

    Student's t with n - 1 degrees of freedom (Student 1908, Biometrika 6(1)). Seeds for which one side
    is NaN are left out; the means are of all seeds that a side has.

    >>> paired_difference([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]).low
    1.0
    """
    x, y = _arrays(base, alternative)
    both = np.isfinite(x) & np.isfinite(y)
    gain = y[both] - x[both]
    n_seeds = int(both.sum())
    if not n_seeds:
        return Difference(_mean(x), _mean(y), None, None, None, 0)
    centre = float(gain.mean())
    low, high = None, None
    if n_seeds >= LEAST_SEEDS:
        half = _half_width(float(gain.var(ddof=1)) / n_seeds, n_seeds - 1, level)
        low, high = centre - half, centre + half
    return Difference(_mean(x), _mean(y), centre, low, high, n_seeds)


def unpaired_difference(
    base: Sequence[float], alternative: Sequence[float], level: float = LEVEL
) -> Difference:
    """Runs that share nothing: difference of means, unequal variances (Welch 1947, Biometrika 34(1/2))."""
    x, y = (np.asarray(side, dtype=np.float64) for side in (base, alternative))
    x, y = x[np.isfinite(x)], y[np.isfinite(y)]
    n_seeds = min(x.shape[0], y.shape[0])
    if not n_seeds:
        return Difference(_mean(x), _mean(y), None, None, None, 0)
    centre = float(y.mean() - x.mean())
    low, high = None, None
    if n_seeds >= LEAST_SEEDS:
        parts = np.array([side.var(ddof=1) / side.shape[0] for side in (x, y)])
        spread = float((parts**2 / np.array([x.shape[0] - 1, y.shape[0] - 1])).sum())
        freedom = float(parts.sum()) ** 2 / spread if spread else math.inf
        half = _half_width(float(parts.sum()), freedom, level)
        low, high = centre - half, centre + half
    return Difference(_mean(x), _mean(y), centre, low, high, n_seeds)


@dataclass(frozen=True)
class Ratio:
    """Mean of one quantity over the mean of another, and its interval if there is one.

    The value is None where the denominator is nought with every seed. The interval is None below
    `LEAST_SEEDS`, and where the denominator cannot be told from nought: then any ratio is possible.
    """

    value: float | None
    low: float | None
    high: float | None
    n_seeds: int


def paired_ratio(above: Sequence[float], below: Sequence[float], level: float = LEVEL) -> Ratio:
    """Ratio of means of two quantities of the same runs, with the interval of Fieller.

    The ratios r for which the mean of ``above - r below`` is no further from nought than Student's t
    allows (Fieller 1954, J. R. Stat. Soc. B 16(2)). Runs in which one side is NaN are left out.

    >>> paired_ratio([2, 4, 6], [1, 2, 3]).value
    2.0
    """
    y, x = _arrays(above, below)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n_seeds = int(both.sum())
    if not n_seeds or not x.any():
        return Ratio(None, None, None, n_seeds)
    centre = float(y.mean() / x.mean())
    if n_seeds < LEAST_SEEDS:
        return Ratio(centre, None, None, n_seeds)
    from scipy.special import stdtrit

    t2 = float(stdtrit(n_seeds - 1, 0.5 + level / 2.0)) ** 2 / n_seeds
    (var_y, cov), (_, var_x) = np.cov(y, x, ddof=1)
    a, b, c = x.mean() ** 2 - t2 * var_x, x.mean() * y.mean() - t2 * cov, y.mean() ** 2 - t2 * var_y
    if a <= 0.0:
        return Ratio(centre, None, None, n_seeds)
    half = math.sqrt(max(b * b - a * c, 0.0))
    return Ratio(centre, float((b - half) / a), float((b + half) / a), n_seeds)


def _arrays(
    base: Sequence[float], alternative: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(base, dtype=np.float64), np.asarray(alternative, dtype=np.float64)
    if x.shape != y.shape:
        raise ValueError(f"{x.shape[0]} runs of the base, {y.shape[0]} of the alternative: no pairs")
    return x, y


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.shape[0] else None


def _half_width(variance_of_mean: float, freedom: float, level: float) -> float:
    """Half the width of the t interval of a mean."""
    if not variance_of_mean:
        return 0.0
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2.0)) * math.sqrt(variance_of_mean)
