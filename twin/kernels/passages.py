"""Passages put in order: by vehicle, and of each vehicle by moment of entry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import kernel


class Traversals(NamedTuple):
    """Links traversed by vehicles: rows and moments [ms], each (n,) int32."""

    link: np.ndarray
    enter_ms: np.ndarray
    exit_ms: np.ndarray


@kernel
def by_vehicle(
    vehicle: np.ndarray, logged: Traversals, first: np.ndarray, n: np.ndarray, ordered: Traversals
) -> None:
    """Write what was logged of vehicles (n,) in order of vehicle and entry.

    A log is nearly in order of time: the few vehicles under way at a moment are written to side by side,
    and hardly an entry has to move up for an earlier one.

    Parameters
    ----------
    first
        Where the entries of each vehicle begin, (n_vehicles,) int64.
    n
        How many of each have been written, (n_vehicles,) int64, noughts.
    """
    for i in range(vehicle.shape[0]):
        v, enter_ms = vehicle[i], logged.enter_ms[i]
        at = first[v] + n[v]
        n[v] += 1
        while at > first[v] and ordered.enter_ms[at - 1] > enter_ms:
            ordered.link[at] = ordered.link[at - 1]
            ordered.enter_ms[at] = ordered.enter_ms[at - 1]
            ordered.exit_ms[at] = ordered.exit_ms[at - 1]
            at -= 1
        ordered.link[at], ordered.enter_ms[at] = logged.link[i], enter_ms
        ordered.exit_ms[at] = logged.exit_ms[i]
