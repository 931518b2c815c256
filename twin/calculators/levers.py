"""The road manager's levers as arithmetic on link arrays: close, narrow, limit speed, classify.

Every lever returns new arrays; those of the territory stay as they are.
"""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.units import KMH_PER_MPS, S_PER_H

_SAME_SPEED_MPS = 1e-6


def mask_of(links: np.ndarray, n_links: int) -> np.ndarray:
    """Links by row as a mask (n_links,) bool."""
    mask = np.zeros(n_links, dtype=np.bool_)
    mask[links] = True
    return mask


def closed_to_entry(closed: np.ndarray, tail: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Links that nobody may enter when some are closed (n_links,) bool: back to the last exit.

    A link from which only closed links lead on would be a trap, so it is closed too, and so on upstream
    to the last link with another way out (turning round is one, where the street runs both ways). A link
    from which no link leads on at all ends in a gateway or a yard and stays open. Those who are inside
    already are let through: the mask bars entry, it stops nobody.

    >>> tail, head = np.array([0, 1, 2, 1]), np.array([1, 2, 3, 4])       # 0-1-2-3 with an exit at 1
    >>> closed_to_entry(np.array([False, False, True, False]), tail, head).tolist()
    [False, True, True, False]
    """
    n_nodes = int(max(tail.max(initial=-1), head.max(initial=-1))) + 1
    leads_on = np.bincount(tail, minlength=n_nodes)[head] > 0
    barred = closed.copy()
    while True:
        open_exits = np.bincount(tail[~barred], minlength=n_nodes)[head]
        trapped = leads_on & (open_exits == 0) & ~barred
        if not trapped.any():
            return barred
        barred |= trapped


def narrowed_capacity(
    capacity_vps: np.ndarray, links: np.ndarray, capacity_vph: float | None, factor: float | None
) -> np.ndarray:
    """Flow capacities with some links narrowed (n_links,) [veh/s]: to a number, or by a factor.

    A number above what a link has leaves it: works and incidents widen no road.
    """
    narrowed = capacity_vps.copy()
    if capacity_vph is not None:
        narrowed[links] = np.minimum(narrowed[links], capacity_vph / S_PER_H)
    if factor is not None:
        narrowed[links] *= factor
    if not (narrowed[links] > 0.0).all():
        raise InputError("reduce_capacity", "no capacity is left", "a capacity above 0, or close_link")
    return narrowed


def limited_speed(free_speed_mps: np.ndarray, links: np.ndarray, speed_kmh: float) -> np.ndarray:
    """Free speeds with a limit on some links (n_links,) [m/s], which may also be higher than before.

    A limit equal to the present speed leaves its very bits, whatever the rounding of km/h.
    """
    limit_mps = speed_kmh / KMH_PER_MPS
    limited = free_speed_mps.copy()
    changes = links[np.abs(limited[links] - limit_mps) > _SAME_SPEED_MPS]
    limited[changes] = limit_mps
    return limited
