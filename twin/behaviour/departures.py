"""When a tour sets out: scheduling by random utility, early and late against the time one likes to arrive.

Utility is minus the scale of the choice of mode times minutes: on the way, and early or late at work or
school, which count as so many minutes on the way each (Small 1982, Am. Econ. Rev. 72(3)). What was planned
is what was chosen under the times that people are used to; errors are kept (`twin.behaviour.choice`).
"""

from __future__ import annotations

import numpy as np

from twin.behaviour.choice import Choice
from twin.scenario.ledger import Parameters

SHIFTS_MIN = (-60, -30, -15, 0, 15, 30, 60)
"""Departures that are weighed [min] against the one planned."""
AS_PLANNED = SHIFTS_MIN.index(0)
DEPARTURE_ERRORS = "departure of a tour"


def departures(
    key: np.ndarray, usual_min: np.ndarray, now_min: np.ndarray, parameters: Parameters, seed: int
) -> np.ndarray:
    """Shift of each departure (n,) [min] when times on the way change.

    Parameters
    ----------
    usual_min, now_min
        Time on the way for each of `SHIFTS_MIN` (n, n_shifts), as people are used to and as it is now.

    >>> ledger, key = Parameters.defaults(), np.arange(4, dtype=np.uint64)
    >>> usual = np.full((4, len(SHIFTS_MIN)), 20.0)
    >>> departures(key, usual, usual, ledger, 1).tolist()
    [0, 0, 0, 0]
    >>> jam = usual + np.where(np.array(SHIFTS_MIN) < 0, 0.0, 600.0)
    >>> bool((departures(key, usual, jam, ledger, 1) < 0).all())
    True
    """
    scale = float(parameters["population.scale_per_min"])
    shift = np.array(SHIFTS_MIN, dtype=np.float64)
    off = np.where(
        shift < 0.0,
        -shift * float(parameters["behaviour.early_min_per_min"]),
        shift * float(parameters["behaviour.late_min_per_min"]),
    )
    # against the planned departure: the time on the way at it cancels
    utility = -scale * (usual_min - usual_min[:, [AS_PLANNED]] + off)
    planned = np.full(key.shape[0], AS_PLANNED, dtype=np.int64)
    choice = Choice.made(DEPARTURE_ERRORS, key, np.zeros(key.shape[0], dtype=np.int64), utility, planned)
    return np.asarray(shift[choice.with_gains(-scale * (now_min - usual_min), seed).chosen].astype(np.int64))
