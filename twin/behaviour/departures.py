"""When a tour sets out: scheduling by random utility, early and late against the time one likes to arrive.

Utility is minus the scale of the choice of mode times minutes: on the way, and early or late at work or
school, which count as so many minutes on the way each (Small 1982, Am. Econ. Rev. 72(3); its fixed penalty
for being late at all is left out). The time one likes to arrive is that at which the planned departure
arrives under the times that people are used to; what was planned is what was chosen under these times, and
errors are kept (`twin.behaviour.choice`).
"""

from __future__ import annotations

import numpy as np

from twin.behaviour.choice import Choice
from twin.scenario.ledger import Parameters

DEPARTURE_ERRORS = "departure of a tour"


def departure_shifts_min(parameters: Parameters) -> np.ndarray:
    """Departures that are weighed (n_shifts,) [min] against the one planned, which is the middle one.

    >>> departure_shifts_min(Parameters.defaults()).tolist()
    [-60.0, -30.0, -15.0, 0.0, 15.0, 30.0, 60.0]
    """
    later = np.unique(parameters["behaviour.departure_shifts_min"])
    later = later[later > 0.0]
    return np.concatenate([-later[::-1], [0.0], later])


def departure_shifts(
    key: np.ndarray, usual_min: np.ndarray, now_min: np.ndarray, parameters: Parameters, seed: int
) -> np.ndarray:
    """Shift of each departure (n,) [min] when times on the way change.

    Parameters
    ----------
    usual_min, now_min
        Time on the way at each of `departure_shifts_min` (n, n_shifts), as people are used to and as it is
        now. Who has a NaN in either keeps to the plan.

    >>> ledger, key = Parameters.defaults(), np.arange(4, dtype=np.uint64)
    >>> usual = np.full((4, 7), 20.0)
    >>> departure_shifts(key, usual, usual, ledger, 1).tolist()
    [0.0, 0.0, 0.0, 0.0]
    >>> departure_shifts(key, usual, usual + 60.0, ledger, 1).tolist()
    [-60.0, -60.0, -60.0, -60.0]
    """
    shift = departure_shifts_min(parameters)
    known = np.flatnonzero(np.isfinite(usual_min).all(axis=1) & np.isfinite(now_min).all(axis=1))
    as_planned = np.full(known.shape[0], shift.shape[0] // 2, dtype=np.int64)
    liked_min = usual_min[known][:, as_planned[:1]]
    before, after = (
        _utility(shift, on_the_way[known], liked_min, parameters) for on_the_way in (usual_min, now_min)
    )
    of_the_day = np.zeros(known.shape[0], dtype=np.int64)
    choice = Choice.made(DEPARTURE_ERRORS, key[known], of_the_day, before, as_planned)
    out = np.zeros(key.shape[0])
    out[known] = shift[choice.with_utility(after, seed).chosen]
    return out


def _utility(
    shift_min: np.ndarray, on_the_way_min: np.ndarray, liked_min: np.ndarray, parameters: Parameters
) -> np.ndarray:
    """Of each departure (n, n_shifts); one likes to arrive liked_min (n, 1) after the planned one."""
    late_min = shift_min + on_the_way_min - liked_min
    off_min = np.where(
        late_min < 0.0,
        -late_min * float(parameters["behaviour.early_min_per_min"]),
        late_min * float(parameters["behaviour.late_min_per_min"]),
    )
    return np.asarray(-float(parameters["population.scale_per_min"]) * (on_the_way_min + off_min))
