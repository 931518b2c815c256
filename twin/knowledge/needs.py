"""How much is needed in each zone, from those whose need is seen: corrected for who is seen, and shrunk.

An app, a counter or a service on demand sees only those who use it. Where it is known what share of a zone's
people can, need is what was seen over that share; where few are seen, chance rules, and rates are drawn to
the mean of all zones by how much they differ beyond chance (Clayton & Kaldor 1987, Biometrics 43; moments).
"""

from __future__ import annotations

import numpy as np


def needs_by_zone(seen: np.ndarray, people: np.ndarray, seen_share: np.ndarray) -> np.ndarray:
    """Expected need (n_zones,) from events seen, people, and the share of them whose events are seen.

    >>> needs_by_zone(np.array([10.0, 0.0]), np.array([100.0, 0.0]), np.array([0.5, 0.0])).tolist()
    [20.0, 0.0]
    """
    exposed = np.asarray(people * seen_share, dtype=np.float64)
    if exposed.sum() <= 0.0:
        return np.zeros(len(exposed))
    mean = float(np.sum(seen) / exposed.sum())
    some = exposed > 0.0
    rate = np.divide(seen, exposed, out=np.zeros(len(exposed)), where=some)
    spread = float(np.sum(exposed * (rate - mean) ** 2) / exposed.sum() - mean * some.sum() / exposed.sum())
    if spread <= 0.0:
        return np.asarray(people * mean)
    shape, scale = mean**2 / spread, mean / spread
    return np.asarray(people * (seen + shape) / (exposed + scale))
