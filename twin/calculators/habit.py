"""Drivers who go by the hierarchy of roads that they know, and by their own view of every link."""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.kernels.paths import BLOCKED, whole_ms
from twin.kernels.random import stream_of

PERCEPTION = stream_of("calculators.perception")
"""Stream of a person's own view of a link, for the search of routes too."""


def habit_times_ms(
    times_ms: np.ndarray, road_class: np.ndarray, class_factor: tuple[float, ...]
) -> np.ndarray:
    """What links cost to those who prefer the greater road: times_ms (..., n_links) by class, int32.

    ``class_factor`` (ledger ``calculators.habit_class_factor``) is 1 on arterials and 2 to 3 on streets
    that drivers without an app do not think of (Thai, Laurent-Brouty & Bayen 2016).

    >>> habit_times_ms(np.array([10_000, 10_000]), np.array([0, 11]), (1.0,) * 10 + (2.0,) * 4)
    array([10000, 20000], dtype=int32)
    """
    factor = np.asarray(class_factor, dtype=np.float64)
    if len(factor) <= int(road_class.max(initial=-1)) or (factor < 1.0).any():
        raise InputError("calculators.habit_class_factor", f"{len(factor)} factors, least {factor.min():g}",
                         "a factor of 1 or more for each road class")  # fmt: skip
    return np.where(times_ms >= BLOCKED, BLOCKED, whole_ms(times_ms * factor[road_class]))
