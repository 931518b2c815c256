"""The Kalman filter: what one knows of a quantity that wanders and is read with error (Kalman 1960)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from twin.errors import InputError


class Belief(NamedTuple):
    """Mean and variance of what is believed of one quantity."""

    mean: float
    variance: float


def forecast(belief: Belief, drift_variance: float) -> Belief:
    """One step on: a random walk keeps its mean and gains variance."""
    return Belief(belief.mean, belief.variance + drift_variance)


def analysis(belief: Belief, value: float, read_variance: float) -> Belief:
    """The belief after a reading.

    >>> analysis(Belief(0.0, 1.0), 2.0, 1.0)
    Belief(mean=1.0, variance=0.5)
    """
    gain = belief.variance / (belief.variance + read_variance)
    return Belief(belief.mean + gain * (value - belief.mean), (1.0 - gain) * belief.variance)


def steady_variances(drift_variance: float, read_variance: float) -> tuple[float, float]:
    """Variances of forecast and analysis that a random walk read at every step comes to.

    The root of P² = q P + q r for the forecast, P - q for the analysis (the scalar Riccati equation).

    >>> [round(each, 6) for each in steady_variances(1.0, 4.0)]
    [2.561553, 1.561553]
    """
    q, r = drift_variance, read_variance
    if not (q > 0.0 and r > 0.0):
        raise InputError("variances of a filter", f"drift {q:g}, reading {r:g}", "numbers above 0")
    ahead = (q + math.sqrt(q * q + 4.0 * q * r)) / 2.0
    return ahead, ahead - q


def analysis_of_many(
    mean: np.ndarray, covariance: np.ndarray, row: np.ndarray, value: np.ndarray, read_variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n,) and covariance (n, n) after readings of some of n quantities, errors independent.

    Exact where all is Gaussian; its cost grows with the cube of the readings, its room with n².
    """
    shared = covariance[:, row]
    total = shared[row] + np.diag(np.asarray(read_variance, dtype=np.float64))
    gain = np.linalg.solve(total, shared.T).T
    return mean + gain @ (value - mean[row]), covariance - gain @ shared.T
