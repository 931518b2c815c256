"""Speeds that bends allow: what keeps lateral acceleration comfortable on the mapped line of a road."""

from __future__ import annotations

import numpy as np

from twin.territory.tables import Floats, Longs
from twin.units import KMH_PER_MPS


def bend_speeds_mps(heading: Floats, length_m: Floats, comfort_mps2: float) -> Floats:
    """Speed between each two segments that follow each other (n_segments - 1,), v = sqrt(a r).

    The radius is that of a bend which turns over the halves of the two segments that meet there.

    >>> bend_speeds_mps(np.array([0.0, np.pi / 2.0]), np.array([10.0, 10.0]), 2.5).round(2).tolist()
    [3.99]
    """
    turn = np.abs((np.diff(heading) + np.pi) % (2.0 * np.pi) - np.pi)
    arc = (length_m[:-1] + length_m[1:]) / 2.0
    return np.asarray(np.sqrt(comfort_mps2 * arc / np.maximum(turn, 1e-6)))


def free_speeds_kmh(limit_kmh: Floats, length_m: Floats, bend_mps: Floats, start: Longs) -> Floats:
    """Mean speed over each link's members, each at its limit or what the bends at its ends allow.

    Limits and lengths of members (n_members,), speeds of the bends between each two that follow each
    other (n_members - 1,), and the first member of each link, start (n_links,). A limit that holds all
    along and that no bend lowers is returned as it is; a mean is rounded to 0.1 km/h.

    >>> first = np.array([0])
    >>> free_speeds_kmh(np.array([50.0, 50.0]), np.array([100.0, 60.0]), np.array([40.0]), first).tolist()
    [50.0]
    >>> free_speeds_kmh(np.array([50.0, 50.0]), np.array([100.0, 60.0]), np.array([5.0]), first).tolist()
    [26.5]
    """
    bend_kmh = np.concatenate([[np.inf], bend_mps * KMH_PER_MPS, [np.inf]])
    bend_kmh[start] = np.inf  # a link's bends end with it
    enter, leave = np.minimum(limit_kmh, bend_kmh[:-1]), np.minimum(limit_kmh, bend_kmh[1:])
    total_m = np.add.reduceat(length_m, start)
    first = np.repeat(limit_kmh[start], np.diff([*start, len(limit_kmh)]))
    same = np.logical_and.reduceat((enter == first) & (leave == first), start) | (total_m == 0.0)
    time = np.add.reduceat(length_m / 2.0 * (1.0 / enter + 1.0 / leave), start)
    mean = total_m / np.where(same, 1.0, time)
    rounded = np.array([round(each, 1) for each in mean.tolist()])
    return np.where(same, limit_kmh[start], rounded)
