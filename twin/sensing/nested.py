"""Nested placement: sensors one after the other, each where it adds most, so that 20 are among 30.

Greedy choice is within 1 - 1/e of the best where each sensor adds less the more there are (Nemhauser,
Wolsey & Fisher 1978, Mathematical Programming 14; Krause, Singh & Guestrin 2008, JMLR 9). By coverage: the
worth of what at least one sensor sees. By value: half the log of what a reading takes off the variance,
½ log(1 + v/σ²), of links that vary together.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from twin.errors import InputError


def place_by_coverage(
    sees: csr_array, worth: np.ndarray, count: int, enough: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """Sites in the order of choice (count,), and the worth seen with each (count,), rising.

    sees (n_sites, n_things): non-zero where a site sees a thing; worth (n_things,) 0 or more. Ties go to the
    lower row. No more sites than it takes to see what is enough.
    """
    _checked(count, sees.shape[0])
    if (np.asarray(worth) < 0).any():
        raise InputError("placement: worth", "a negative number", "0 or more")
    seen_by = csr_array(sees != 0, dtype=np.float64)
    left = np.array(worth, dtype=np.float64)
    chosen, total = np.empty(count, dtype=np.int64), np.empty(count)
    gain = seen_by @ left
    so_far = 0.0
    for k in range(count):
        best = int(np.argmax(gain))
        so_far += float(gain[best])
        chosen[k], total[k] = best, so_far
        if so_far >= enough:
            return chosen[: k + 1], total[: k + 1]
        things = seen_by.indices[seen_by.indptr[best] : seen_by.indptr[best + 1]]
        left[things] = 0.0
        gain = seen_by @ left
        gain[chosen[: k + 1]] = -1.0
    return chosen, total


def place_by_value(
    factor: np.ndarray, own_variance: np.ndarray, read_variance: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Links in the order of choice (count,), and how much is known with each [nats] (count,), rising.

    What links have in common: factor (n_links, n_factors), of unit-variance causes; what each has alone:
    own_variance (n_links,), which a reading elsewhere cannot tell, and so is noise here; with it the error of
    reading, read_variance (n_links,). A link read twice adds little: gain is ½ log(1 + aᵀΣa/σ²).
    """
    factor = np.asarray(factor, dtype=np.float64)
    _checked(count, len(factor))
    noise = np.asarray(own_variance, dtype=np.float64) + read_variance
    if not (noise > 0.0).all():
        raise InputError("placement: variance", "0 or less", "numbers above 0")
    shared = np.eye(factor.shape[1])
    variance = np.einsum("ij,ij->i", factor, factor)
    chosen, total = np.empty(count, dtype=np.int64), np.empty(count)
    free = np.ones(len(factor), dtype=bool)
    so_far = 0.0
    for k in range(count):
        gain = 0.5 * np.log1p(np.maximum(variance, 0.0) / noise)
        best = int(np.argmax(np.where(free, gain, -1.0)))
        so_far += float(gain[best])
        chosen[k], total[k], free[best] = best, so_far, False
        direction = shared @ factor[best]
        known = noise[best] + direction @ factor[best]
        shared = shared - np.outer(direction, direction) / known
        variance = variance - (factor @ direction) ** 2 / known
    return chosen, total


def _checked(count: int, n_sites: int) -> None:
    if not 0 <= count <= n_sites:
        raise InputError("placement: count", f"{count} sensors for {n_sites} sites", f"0 to {n_sites}")
