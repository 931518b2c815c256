"""What an estimate must beat, and whether it is as sure as it says: rivals, errors, calibration."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

SHARES = (0.5, 0.8, 0.9, 0.95)
"""Shares of truths that intervals are tried at."""


class Calibration(NamedTuple):
    """How sure an estimate was and how sure it should have been.

    shares and covered: share of truths that should, and did, lie in the central interval; spread_ratio:
    root mean square of error over stated deviation, 1 where well stated, above 1 where too sure;
    crps: mean continuous ranked probability score, in the unit of the quantity, lower is better.
    """

    shares: tuple[float, ...]
    covered: tuple[float, ...]
    spread_ratio: float
    crps: float


def persistence(counted: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Each link as it was last counted before; as usual where it never was. Both (n_slices, n_links).

    ``counted`` is NaN where nothing is known.

    >>> persistence(np.array([[1.0], [np.nan], [4.0]]), np.array([[7.0], [8.0], [9.0]])).ravel().tolist()
    [7.0, 1.0, 1.0]
    """
    held = np.array(usual, dtype=np.float64)
    last = np.full(held.shape[1], np.nan)
    for slot in range(len(held)):
        held[slot] = np.where(np.isnan(last), held[slot], last)
        last = np.where(np.isnan(counted[slot]), last, counted[slot])
    return held


def day_of_week_mean(days: np.ndarray, weekday: np.ndarray, asked: int) -> np.ndarray:
    """Mean of earlier days (n_days, n_slices, n_links) of a weekday; of all days where there was none.

    >>> day_of_week_mean(np.array([[[2.0]], [[4.0]], [[9.0]]]), np.array([0, 0, 1]), 0).tolist()
    [[3.0]]
    """
    same = np.asarray(weekday) == asked
    return np.asarray(np.mean(days[same] if same.any() else days, axis=0))


def rmse(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square error where an estimate stands."""
    error = (np.asarray(estimate) - np.asarray(truth)).ravel()
    error = error[np.isfinite(error)]
    return float(np.sqrt(np.mean(error**2))) if len(error) else math.nan


def calibration(mean: np.ndarray, deviation: np.ndarray, truth: np.ndarray) -> Calibration:
    """Whether truths lie where normal beliefs said they would.

    The score is that of Gneiting & Raftery (2007, JASA 102, section 4.2) for a normal belief.
    """
    z = (np.asarray(truth, dtype=np.float64) - mean) / deviation
    covered = tuple(float(np.mean(np.abs(z) <= ndtri(0.5 + share / 2.0))) for share in SHARES)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    score = deviation * (z * (2.0 * ndtr(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))
    return Calibration(SHARES, covered, float(np.sqrt(np.mean(z * z))), float(np.mean(score)))


def whiteness(innovation: np.ndarray) -> float:
    """Correlation of a reading's surprise with that of the slice before, (n_slices, n_links) with NaN.

    Near nought where a filter has taken out of its readings what they tell of the next (Mehra 1970, IEEE
    Transactions on Automatic Control 15); NaN where no link was read twice in a row.

    >>> whiteness(np.array([[1.0], [1.0], [-1.0], [-1.0], [1.0]]))
    0.0
    """
    before, after = innovation[:-1].ravel(), innovation[1:].ravel()
    both = np.isfinite(before) & np.isfinite(after)
    if not both.any():
        return math.nan
    a, b = before[both], after[both]
    return float(a @ b / max(math.sqrt(float(a @ a) * float(b @ b)), 1e-12))
