"""What decisions share: their datasets by name, and draws of factors and counts."""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson as poisson_law

from twin.knowledge.datasets import Dataset
from twin.knowledge.standard_datasets import STANDARD

DAY_S = 86_400.0


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
