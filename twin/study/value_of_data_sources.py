"""What decisions share: their datasets by name, and draws of factors and counts."""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson as poisson_law

from twin.kernels.random import keys_of
from twin.knowledge.datasets import Dataset
from twin.knowledge.standard_datasets import STANDARD


def datasets_of(*names: str) -> tuple[Dataset, ...]:
    """Datasets by name."""
    return tuple(STANDARD[name] for name in names)


def lognormal(bell: np.ndarray, spread: float) -> np.ndarray:
    """Factors of mean 1 from standard normal draws."""
    return np.asarray(np.exp(spread * bell - 0.5 * spread * spread))


def poisson(u: np.ndarray, rate: np.ndarray | float) -> np.ndarray:
    """Poisson counts (n,) from uniform draws.

    >>> poisson(np.array([0.1, 0.99]), 2.0).tolist()
    [0.0, 6.0]
    """
    return np.asarray(poisson_law.ppf(u, rate), dtype=np.float64)


def squares_of(x_m: np.ndarray, y_m: np.ndarray, side_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Random keys of the squares of that side in which points lie (n_squares,), and the square of each (n,).

    A key is that of the square's place on the ground, so that more points change nothing of a square's luck.

    >>> key, of = squares_of(np.array([10.0, 950.0, 20.0]), np.array([5.0, 5.0, -1.0]), 100.0)
    >>> of.tolist(), bool(key[1] == squares_of(np.array([30.0]), np.array([90.0]), 100.0)[0][0])
    ([1, 2, 0], True)
    """
    square = np.stack([np.floor(x_m / side_m), np.floor(y_m / side_m)], axis=1).astype(np.int64)
    squares, of = np.unique(square, axis=0, return_inverse=True)
    names = [f"{x} {y}" for x, y in squares.tolist()]
    return keys_of(np.array(names, dtype=np.str_)), of.reshape(-1).astype(np.int64)
