"""Speeds of links from a provider's phones, and how sure they are: errors fall with the root of the phones.

The error of a mean of n passages is that of one over the root of n. What one errs by is both the positions of
satellites and that drivers differ; it is read off the passages themselves, links and slices together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.errors import InputError


class LinkSpeeds(NamedTuple):
    """Speeds [m/s], their relative standard errors, and passages behind them, of one shape; NaN unknown."""

    speed_mps: np.ndarray
    error_share: np.ndarray
    n_phones: np.ndarray


def speeds_of_phones(cell: np.ndarray, time_s: np.ndarray, length_m: np.ndarray) -> LinkSpeeds:
    """Speeds by cell (links and slices, numbered) from one passage a row; length_m (n_cells,).

    Space-mean speed: length over the mean time (Wardrop 1952).

    >>> told = speeds_of_phones(np.array([0, 0]), np.array([9.0, 11.0]), np.array([100.0, 50.0]))
    >>> told.speed_mps.tolist(), told.n_phones.tolist()
    ([10.0, nan], [2, 0])
    """
    if len(cell) != len(time_s):
        raise InputError("passages", f"{len(cell)} cells, {len(time_s)} times", "as many of each")
    n = np.bincount(cell, minlength=len(length_m))
    total = np.bincount(cell, weights=time_s, minlength=len(length_m))
    squares = np.bincount(cell, weights=np.square(time_s), minlength=len(length_m))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        several = n > 1
        within = np.maximum(squares - total**2 / n, 0.0)[several] / mean[several] ** 2
        one = np.sqrt(within.sum() / max(float((n[several] - 1).sum()), 1.0))
        return LinkSpeeds(length_m / mean, np.where(n > 0, one / np.sqrt(n), np.nan), n)
