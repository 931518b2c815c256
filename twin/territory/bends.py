"""Speeds that bends allow: what keeps lateral acceleration comfortable on the mapped line of a road."""

from __future__ import annotations

import numpy as np

from twin.territory.tables import Floats

KMH = 3.6


def bend_speeds_mps(x_m: Floats, y_m: Floats, length_m: Floats, comfort_mps2: float) -> Floats:
    """Speed at each inner point of a line (n_points - 2,), v = sqrt(a r).

    The radius is that of a bend which turns over the halves of the two segments that meet there.

    >>> x, y = np.array([0.0, 10.0, 10.0]), np.array([0.0, 0.0, 10.0])
    >>> bend_speeds_mps(x, y, np.array([10.0, 10.0]), 2.5).round(2).tolist()
    [3.99]
    """
    heading = np.arctan2(np.diff(y_m), np.diff(x_m))
    turn = np.abs((np.diff(heading) + np.pi) % (2.0 * np.pi) - np.pi)
    arc = (length_m[:-1] + length_m[1:]) / 2.0
    return np.asarray(np.sqrt(comfort_mps2 * arc / np.maximum(turn, 1e-6)))


def free_speed_kmh(limit_kmh: Floats, length_m: Floats, bend_mps: Floats) -> float:
    """Mean speed over a link's members (n,), each at its limit or what the bends at its ends allow.

    A limit that holds all along and that no bend lowers is returned as it is; a mean is rounded to
    0.1 km/h.

    >>> free_speed_kmh(np.array([50.0, 50.0]), np.array([100.0, 60.0]), np.array([40.0]))
    50.0
    >>> free_speed_kmh(np.array([50.0, 50.0]), np.array([100.0, 60.0]), np.array([5.0]))
    26.5
    """
    total_m = float(length_m.sum())
    bend_kmh = bend_mps * KMH
    enter = np.minimum(limit_kmh, np.concatenate([[np.inf], bend_kmh]))
    leave = np.minimum(limit_kmh, np.concatenate([bend_kmh, [np.inf]]))
    same = (enter == limit_kmh[0]).all() and (leave == limit_kmh[0]).all()
    if same or total_m == 0.0:
        return float(limit_kmh[0])
    return round(total_m / float((length_m / 2.0 * (1.0 / enter + 1.0 / leave)).sum()), 1)
