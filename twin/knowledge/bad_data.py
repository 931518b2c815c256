"""Bad data by what measurements say of each other: residuals of weighted least squares.

Measurements z = H x + e with independent errors of known variance are more than the states x. What they
leave over tells of gross errors (Handschin, Schweppe, Kohlas & Fiechter 1975, IEEE PAS-94; Abur & Exposito
2004, Power System State Estimation, chapter 5): the sum of squared weighted residuals is chi-square with as
many degrees of freedom as measurements exceed states, and the largest normalised residual names the worst.
An error a = H c moves the estimate by c and no residual at all (Liu, Ning & Reiter 2011, ACM TISSEC 14).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri, ndtri

from twin.errors import InputError

LEAST_SENSITIVITY = 1e-9
"""Below, a measurement is critical: without it some state is unknown, so its residual is always nought."""


class Removal(NamedTuple):
    """Measurements taken out one after another (rows), by which normalised residual, and what is left."""

    rows: tuple[int, ...]
    normalised: tuple[float, ...]
    test: ResidualTest


@dataclass(frozen=True, eq=False)
class ResidualTest:
    """Measurements of one moment: what of them the states cannot explain.

    basis (n, rank): orthonormal columns that span weighted H; spread (n,): standard deviations of errors.
    """

    basis: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray, variance: np.ndarray) -> ResidualTest:
        """From H (n, n_states), of any rank, and the variances of errors (n,)."""
        matrix, variance = np.asarray(matrix, dtype=np.float64), np.asarray(variance, dtype=np.float64)
        if matrix.ndim != 2 or variance.shape != matrix.shape[:1]:
            raise InputError(
                "measurements", f"H {matrix.shape}, variances {variance.shape}", "a row for each"
            )
        if not (np.isfinite(variance) & (variance > 0.0)).all():
            raise InputError("measurements: variance", "0 or less, or not finite", "numbers above 0")
        spread = np.sqrt(variance)
        left, size, _ = np.linalg.svd(matrix / spread[:, None], full_matrices=False)
        rank = int((size > size[:1].sum() * max(matrix.shape) * np.finfo(np.float64).eps).sum())
        return cls(left[:, :rank], spread)

    @property
    def freedom(self) -> int:
        """Degrees of freedom: measurements beyond the states that they determine."""
        return int(self.basis.shape[0] - self.basis.shape[1])

    @property
    def sensitivity(self) -> np.ndarray:
        """How much of its own error the residual of a measurement shows (n,), 0 to 1; 0: critical."""
        return np.asarray(np.maximum(1.0 - np.sum(self.basis**2, axis=1), 0.0))

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Weighted residuals of measurements (..., n), in standard deviations of their errors.

        >>> thermometers = ResidualTest.of(np.ones((3, 1)), np.array([1.0, 1.0, 1.0]))
        >>> thermometers.residuals(np.array([20.0, 20.0, 23.0])).round(6).tolist()
        [-1.0, -1.0, 2.0]
        """
        weighted = np.asarray(values, dtype=np.float64) / self.spread
        explained: np.ndarray = (weighted @ self.basis) @ self.basis.T
        left: np.ndarray = weighted - explained
        return left

    def objective(self, values: np.ndarray) -> np.ndarray:
        """Sum of squared weighted residuals (...,): chi-square with `freedom` where errors are Gaussian."""
        return np.asarray(np.sum(self.residuals(values) ** 2, axis=-1))

    def normalised(self, values: np.ndarray) -> np.ndarray:
        """Residuals over their own standard deviations (..., n); 0 for a critical measurement."""
        seen = self.sensitivity
        shown = np.sqrt(np.where(seen > LEAST_SENSITIVITY, seen, np.inf))
        return np.asarray(self.residuals(values) / shown)

    def without(self, row: int) -> ResidualTest:
        """The test that no longer listens to a measurement: its error is one state more."""
        axis = np.zeros(len(self.spread))
        axis[row] = 1.0
        rest = axis - self.basis @ self.basis[row]
        length = float(np.sqrt(rest @ rest))
        if length**2 <= LEAST_SENSITIVITY:
            return self
        return ResidualTest(np.column_stack([self.basis, rest / length]), self.spread)

    def removed(self, values: np.ndarray, threshold: float, most: int | None = None) -> Removal:
        """Take out the largest normalised residual and estimate again, until none exceeds the threshold.

        >>> thermometers = ResidualTest.of(np.ones((4, 1)), np.ones(4))
        >>> thermometers.removed(np.array([20.0, 20.5, 30.0, 19.5]), threshold=3.0).rows
        (2,)
        """
        test, rows, sizes = self, [], []
        for _ in range(len(self.spread) if most is None else most):
            size = np.abs(test.normalised(values))
            worst = int(np.argmax(size))
            if size[worst] <= threshold:
                break
            rows.append(worst)
            sizes.append(float(size[worst]))
            test = test.without(worst)
        return Removal(tuple(rows), tuple(sizes), test)


def chi_square_threshold(freedom: int, false_alarms: float) -> float:
    """What the sum of squared weighted residuals exceeds in that share of clean moments, errors Gaussian."""
    if not 0.0 < false_alarms < 1.0:
        raise InputError("false alarms", f"{false_alarms:g}", "a share between 0 and 1")
    return float(chdtri(freedom, false_alarms))


def residual_threshold(n_measurements: int, false_alarms: float) -> float:
    """What the largest of so many normalised residuals exceeds in at most that share (Bonferroni)."""
    return float(-ndtri(false_alarms / (2.0 * n_measurements)))


def threshold_of(clean: np.ndarray, false_alarms: float) -> float:
    """What a score exceeds in that share of clean cases (n,), to one side of the rank that n cases allow.

    The order statistic of rank ⌈(n + 1)(1 - share)⌉ is exceeded by another clean case with at most that
    chance, whatever the distribution (Vovk, Gammerman & Shafer 2005, conformal prediction).

    >>> threshold_of(np.arange(1.0, 100.0), 0.05)
    95.0
    """
    clean = np.sort(np.asarray(clean, dtype=np.float64))
    rank = int(np.ceil((len(clean) + 1) * (1.0 - false_alarms)))
    if rank > len(clean):
        raise InputError("clean cases", f"{len(clean)}", f"{int(np.ceil(1.0 / false_alarms)) - 1} or more")
    return float(clean[rank - 1])


def roc_area(clean: np.ndarray, bad: np.ndarray) -> float:
    """Chance that a bad case scores above a clean one, ties half: the area under the ROC curve.

    >>> roc_area(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    0.875
    """
    clean, bad = np.sort(np.asarray(clean)), np.asarray(bad)
    below = np.searchsorted(clean, bad, side="left") + np.searchsorted(clean, bad, side="right")
    return float(below.mean() / (2.0 * len(clean)))


def found_share(clean: np.ndarray, bad: np.ndarray, false_alarms: np.ndarray) -> np.ndarray:
    """The ROC curve: share of bad cases found at shares of false alarms (n,)."""
    return np.array([np.mean(np.asarray(bad) > threshold_of(clean, share)) for share in false_alarms])
