"""A made-up town's people and their traces: home, work and some other place, on days that differ."""

from __future__ import annotations

import numpy as np

from twin.kernels.random import stream_of, uniforms
from twin.knowledge.privacy_release import NoiseKey
from twin.knowledge.traces import Sightings

KEY = NoiseKey(bytes(range(32)))
"""A key that tests may know."""
_WHERE = stream_of("test.where")


def townspeople(n_people: int = 1_500, n_days: int = 14, side_m: float = 3_000.0, seed: int = 1) -> Sightings:
    """Four sightings a day: leaving home, at work, at another place, at home again."""
    who = np.arange(n_people, dtype=np.uint64)

    def drawn(what: int) -> np.ndarray:
        return uniforms(seed, _WHERE, who, what)

    home, work = (np.stack([drawn(k), drawn(k + 1)]) * side_m for k in (0, 2))
    parts = []
    for day in range(n_days):
        other = np.stack([drawn(100 + 9 * day), drawn(101 + 9 * day)]) * side_m
        hours = np.stack([7 + 2 * drawn(4), 8 + 2 * drawn(4), 17 + 3 * drawn(102 + 9 * day),
                          20 + 2 * drawn(103 + 9 * day)])  # fmt: skip
        for (x_m, y_m), hour in zip((home, work, other, home), hours, strict=True):
            parts.append((who.astype(np.int64), x_m, y_m, 3_600.0 * (hour + 24 * day)))
    return Sightings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
