"""Slow twins of the filter's kernels, in plain Python."""

from __future__ import annotations

import math
from statistics import mean


def slow_fade(r: float) -> float:
    """Gaspari & Cohn (1999), eq. 4.10, as printed."""
    if r <= 1:
        return -(r**5) / 4 + r**4 / 2 + 5 * r**3 / 8 - 5 * r**2 / 3 + 1
    if r < 2:
        return r**5 / 12 - r**4 / 2 + 5 * r**3 / 8 + 5 * r**2 / 3 - 5 * r + 4 - 2 / (3 * r)
    return 0.0


def slow_assimilate(
    states: list[list[float]], x_m: list[float], half_m: float, readings: list[tuple[int, float, float]]
) -> list[list[float]]:
    """Readings (state, value, variance) in turn: the mean by the gain, departures by the reduced gain."""
    for here, value, variance in readings:
        n = len(states[here])
        around = [each - mean(states[here]) for each in states[here]]
        spread = sum(each**2 for each in around) / (n - 1)
        step = value - mean(states[here])
        reduced = 1 / (1 + math.sqrt(variance / (spread + variance)))
        told = []
        for k, members in enumerate(states):
            centre = mean(members)
            shared = sum((each - centre) * other for each, other in zip(members, around, strict=True))
            gain = slow_fade(abs(x_m[k] - x_m[here]) / half_m) * shared / (n - 1) / (spread + variance)
            told.append(
                [
                    centre + gain * step + (each - centre) - reduced * gain * other
                    for each, other in zip(members, around, strict=True)
                ]
            )
        states = told
    return states
