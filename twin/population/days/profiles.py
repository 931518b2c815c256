"""Hourly profiles: moments drawn from 24 weights by hour of the day."""

from __future__ import annotations

import numpy as np

from twin.units import S_PER_H


def invert_profile(profile: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Moment [s] drawn from 24 hourly weights, evenly within the hour.

    >>> half = np.zeros(24)
    >>> half[[7, 17]] = 1.0
    >>> (invert_profile(half, np.array([0.25, 0.75])) / 3600.0).tolist()
    [7.5, 17.5]
    """
    cumulative = np.append(0.0, np.cumsum(profile))
    aim = u * cumulative[-1]
    hour = np.clip(np.searchsorted(cumulative, aim, side="right") - 1, 0, 23)
    inside = (aim - cumulative[hour]) / np.maximum(profile[hour], 1e-300)
    return np.asarray(S_PER_H * (hour + np.clip(inside, 0.0, 1.0)))


def draw_after(profile: np.ndarray, earliest_s: np.ndarray, latest_s: float, u: np.ndarray) -> np.ndarray:
    """As `invert_profile`, within earliest..latest; at the earliest where the profile has no more to give."""
    cumulative = np.append(0.0, np.cumsum(profile)) / profile.sum()
    edges = S_PER_H * np.arange(25)
    low, high = np.interp(earliest_s, edges, cumulative), np.interp(latest_s, edges, cumulative)
    drawn = invert_profile(profile, np.clip(low + u * (high - low), 0.0, 1.0 - 1e-12))
    return np.asarray(np.where(high - low > 1e-3, np.clip(drawn, earliest_s, latest_s), earliest_s))
