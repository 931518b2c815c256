"""Generalised least squares with a prior: what was expected, moved to what was seen, by how sure each is.

The x that makes (x - x0)' V^-1 (x - x0) + (y - A x)' W^-1 (y - A x) least (Cascetta 1984, Transportation
Research B 18, for matrices of origins and destinations from counts): x0 + V A' (A V A' + W)^-1 (y - A x0).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from twin.errors import InputError


class Estimated(NamedTuple):
    """Estimates (n,) and their variances (n,)."""

    value: np.ndarray
    variance: np.ndarray


def moved_to_readings(
    prior: np.ndarray,
    prior_variance: np.ndarray,
    sees: csr_array,
    read: np.ndarray,
    read_variance: np.ndarray,
) -> Estimated:
    """The estimate from a prior (n,) and readings (m,) of sums ``sees`` (m, n), errors all independent.

    >>> sees = csr_array(np.ones((1, 2)))
    >>> told = moved_to_readings(np.ones(2), np.ones(2), sees, np.array([4.0]), np.ones(1))
    >>> [round(each, 9) for each in told.value.tolist()]
    [1.666666667, 1.666666667]
    """
    if not ((np.asarray(prior_variance) >= 0.0).all() and (np.asarray(read_variance) > 0.0).all()):
        raise InputError(
            "variances", "one is negative, or a reading's is 0", "numbers of 0 or more, above 0 of readings"
        )
    spread = csr_array(diags_array(np.asarray(prior_variance, dtype=np.float64)) @ sees.T)
    if not sees.shape[0]:
        return Estimated(np.array(prior, dtype=np.float64), np.array(prior_variance, dtype=np.float64))
    total = (sees @ spread).toarray() + np.diag(np.asarray(read_variance, dtype=np.float64))
    factor = cho_factor(total)
    shared = spread.toarray()
    value = prior + shared @ cho_solve(factor, read - sees @ prior)
    variance = prior_variance - np.einsum("ij,ji->i", shared, cho_solve(factor, shared.T))
    return Estimated(value, np.maximum(variance, 0.0))
