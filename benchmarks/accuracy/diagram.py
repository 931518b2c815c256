"""The macroscopic fundamental diagram of a run: accumulation and production by slice of time.

Geroliminis & Daganzo 2008, Transp. Res. B 42(9).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.run import STILL_THERE, Run

FALL = 0.05
"""A maximum counts if the curve falls by this share of its top on both sides of it."""


def states(run: Run, slice_s: float) -> NDArray[np.float64]:
    """(n_slices, 2): mean vehicles on links, and vehicle-km driven per hour.

    A passage drives its length evenly over its time (Edie 1963); vehicles still on a link have driven none.
    """
    length_km = np.array([link.length_m for link in run.case.links]) / 1_000.0
    edges = 1_000.0 * np.arange(0.0, run.case.until_s + slice_s, slice_s)
    ended = run.exit_ms < STILL_THERE
    leave_ms = np.minimum(run.exit_ms, edges[-1])
    driven_km = np.where(ended, length_km[run.link], 0.0)
    spent_ms = np.maximum(leave_ms - run.enter_ms, 1)
    out = np.zeros((edges.shape[0] - 1, 2))
    for k in range(out.shape[0]):
        inside = np.clip(np.minimum(leave_ms, edges[k + 1]) - np.maximum(run.enter_ms, edges[k]), 0, None)
        out[k, 0] = inside.sum() / (1_000.0 * slice_s)
        out[k, 1] = (driven_km * inside / spent_ms).sum() / slice_s * 3_600.0
    return out


def loading_curve(state: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Mean production by equal bins of accumulation, from the start to the largest accumulation."""
    filling = state[: int(state[:, 0].argmax()) + 1]
    place = np.minimum((filling[:, 0] / filling[:, 0].max() * bins).astype(int), bins - 1)
    return np.array([filling[place == k, 1].mean() for k in range(bins) if (place == k).any()])


def maxima(state: NDArray[np.float64], bins: int) -> int:
    """How many maxima the loading curve has inside, each with a fall of `FALL` of the top on both sides."""
    curve = loading_curve(state, bins)
    fall = FALL * curve.max()
    found, low, top, rising = 0, curve[0], curve[0], False
    for value in curve[1:]:
        if rising:
            top = max(top, value)
            if value < top - fall:
                found, rising, low = found + 1, False, value
        else:
            low = min(low, value)
            if value > low + fall:
                rising, top = True, value
    return found


def clockwise(state: NDArray[np.float64]) -> float:
    """Area inside the loop of (accumulation, production), over the box around it; clockwise is positive."""
    n, production = state[:, 0], state[:, 1]
    signed = 0.5 * float((np.roll(n, -1) * production - n * np.roll(production, -1)).sum())
    return signed / float(n.max() * production.max())
