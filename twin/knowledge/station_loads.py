"""What each station feeds, from some of its meters and the monitor of the whole feeder.

Meters of a station that report say how much a delivery point draws there; those that do not are taken as like
them, and like the feeder's where few report. The monitor says what all stations draw together: least squares
moves their sum to it, most where least is known.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from twin.knowledge.gls import Estimated, moved_to_readings


def station_loads(
    metered: tuple[np.ndarray, np.ndarray], points: np.ndarray, monitor: tuple[float, float]
) -> Estimated:
    """Loads of stations (n,) from (sums of meters that report, how many points these are), both (n,).

    points (n,): all delivery points; monitor: what the feeder draws, and its variance. A point differs from
    another by about what they draw on the mean (households' draws are about exponential at any moment).

    >>> told = station_loads((np.array([5.0, 0.0]), np.array([10, 0])), np.array([10, 10]), (15.0, 1e-6))
    >>> [round(each, 3) for each in told.value.tolist()]
    [5.0, 10.0]
    """
    drawn, reporting = (np.asarray(each, dtype=np.float64) for each in metered)
    per_point = drawn.sum() / max(reporting.sum(), 1.0)
    silent = np.maximum(points - reporting, 0.0)
    mean = (drawn + per_point) / (reporting + 1.0)  # one point of the feeder's mean stands for the prior
    prior = drawn + silent * mean
    scale = max(per_point, monitor[0] / max(float(np.sum(points)), 1.0))
    variance = silent * scale**2 + (silent * scale) ** 2 / (reporting + 1.0)
    together = csr_array(np.ones((1, len(prior))))
    return moved_to_readings(prior, variance, together, np.array([monitor[0]]), np.array([monitor[1]]))
