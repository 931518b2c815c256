"""Deadlocks: cycles of full links whose first vehicles wait for each other, turned by one place."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel
from twin.kernels.moves import enter, head_slot, is_full, log, look_at_entry, look_at_head, next_slot, wake
from twin.kernels.traffic import NONE, STEP_MS, Scene


@inline_kernel
def _blocked_by(scene: Scene, link: int, end_ms: int) -> int:
    """The full link that the ready head of a full link waits for, -1 if it does not."""
    traffic = scene.traffic
    row = traffic.links[link]
    if not is_full(traffic, link) or row.target == NONE:
        return np.int64(-1)
    if traffic.slots[head_slot(traffic, link)].ms > end_ms:
        return np.int64(-1)
    target = np.int64(row.target)
    if (traffic.links[target].closed and not row.closed) or not is_full(traffic, target):
        return np.int64(-1)
    return target


@inline_kernel
def _rotate(scene: Scene, first: int, moment: int) -> None:
    """Move every head of a cycle of full links, which starts at `first`, one link on, all at once."""
    traffic = scene.traffic
    link = first
    slot = traffic.slots[head_slot(traffic, link)]
    rider = (np.int64(slot.vehicle), np.int64(slot.route_at + 1), np.int64(slot.left - 1))
    log(scene, link, head_slot(traffic, link), moment)
    while True:
        target = np.int64(scene.pool[rider[1]])
        row, at = traffic.links[target], head_slot(traffic, target)
        slot = traffic.slots[at]
        following = (np.int64(slot.vehicle), np.int64(slot.route_at + 1), np.int64(slot.left - 1))
        if target != first:
            log(scene, target, at, moment)
        row.n_out += 1
        row.head_at = next_slot(traffic, target, row.head_at)
        row.next_exit_ms = moment + row.headway_ms
        traffic.n_full[0] -= 1
        look_at_entry(traffic, target)
        enter(scene, target, rider, moment)
        look_at_head(traffic, target)
        wake(traffic, np.int64(row.head), moment // STEP_MS)  # its new first vehicle may be ready at once
        if target == first:
            return
        link = target
        rider = following


@inline_kernel
def free_deadlocks(scene: Scene, end_ms: int) -> int:
    """Find every cycle of full links whose ready heads wait for each other, and rotate it once.

    Returns how many were rotated.
    """
    rotations = 0
    links = scene.traffic.links
    for link in range(links.shape[0]):
        links[link].mark = 0
    for origin in range(links.shape[0]):
        link = np.int64(origin)
        while link >= 0 and links[link].mark == 0:
            links[link].mark = origin + 1
            link = _blocked_by(scene, link, end_ms)
        if link >= 0 and links[link].mark == origin + 1:
            _rotate(scene, link, end_ms)
            rotations += 1
            # a rotated link's new head may close another cycle; that waits for the next check
            links[link].mark = -1
    return rotations
