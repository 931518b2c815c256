"""Deadlocks: cycles of full links whose first vehicles wait for each other, turned by one place."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel
from twin.kernels.traffic import STEP_MS, Scene, enter, head_slot, is_full, log


@inline_kernel
def _blocked_by(scene: Scene, link: int, end_ms: int) -> int:
    """The full link that the ready head of a full link waits for, -1 if it does not."""
    vehicles, closed = scene.vehicles, scene.supply.closed
    if not is_full(scene, link):
        return np.int64(-1)
    slot = head_slot(scene, link)
    v = scene.traffic.slot_vehicle[slot]
    following = vehicles.route_at[v] + 1
    if scene.traffic.slot_ms[slot] > end_ms or following == vehicles.route_end[v]:
        return np.int64(-1)
    target = np.int64(scene.pool[following])
    if (closed[target] and not closed[link]) or not is_full(scene, target):
        return np.int64(-1)
    return target


@inline_kernel
def _rotate(scene: Scene, first: int, moment: int) -> None:
    """Move every head of a cycle of full links, which starts at `first`, one link on, all at once."""
    traffic, vehicles = scene.traffic, scene.vehicles
    link = first
    carried = np.int64(traffic.slot_vehicle[head_slot(scene, link)])
    while True:
        target = np.int64(scene.pool[vehicles.route_at[carried] + 1])
        next_carried = np.int64(traffic.slot_vehicle[head_slot(scene, target)])
        log(scene, carried, link, moment)
        vehicles.route_at[carried] += 1
        traffic.n_out[target] += 1
        traffic.next_exit_ms[target] = moment + scene.supply.headway_ms[target]
        enter(scene, carried, target, moment)
        node = scene.network.head[target]  # whoever is first on the link now may be ready at once
        traffic.wake_s[node] = min(traffic.wake_s[node], moment // STEP_MS)
        if target == first:
            return
        link = target
        carried = next_carried


@inline_kernel
def free_deadlocks(scene: Scene, end_ms: int) -> int:
    """Find every cycle of full links whose ready heads wait for each other, and rotate it once.

    Returns how many were rotated.
    """
    rotations = 0
    mark = scene.traffic.mark
    mark[:] = 0
    for origin in range(mark.shape[0]):
        link = np.int64(origin)
        while link >= 0 and mark[link] == 0:
            mark[link] = origin + 1
            link = _blocked_by(scene, link, end_ms)
        if link >= 0 and mark[link] == origin + 1:
            _rotate(scene, link, end_ms)
            rotations += 1
            # a rotated link's new head may close another cycle; that waits for the next check
            mark[link] = -1
    return rotations
