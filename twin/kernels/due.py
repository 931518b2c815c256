"""What is due in a step: events gathered by node, and the memory that they will need, asked for ahead.

Memory takes longer to come than an event takes to be worked, and what it says leads on to more. So events
pass through stages, ten of them apart: their links, what these point to, what those point to.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.calendar import take
from twin.kernels.jit import hot_kernel
from twin.kernels.moves import first_slot, next_slot, slot_behind
from twin.kernels.prefetch import prefetch
from twin.kernels.traffic import Scene

AHEAD, STAGES = 10, 3
"""Events from one stage to the next."""


@hot_kernel
def node_of(scene: Scene, event: int) -> int:
    """The node at which an event is."""
    link = event >> 1
    return np.int64(scene.network.tail[link] if event & 1 else scene.traffic.links[link].node)


@hot_kernel
def gather(scene: Scene, domain: int, step: int) -> int:
    """List the nodes that may act in this step by the first event of each; returns how many."""
    traffic, work = scene.traffic, scene.traffic.work
    n = take(traffic.calendar, domain, step, work.event)
    traffic.counts[domain, 1] = n
    n_due = 0
    for k in range(-2 * AHEAD, n):
        if k + 2 * AHEAD < n:
            event = np.int64(work.event[domain, k + 2 * AHEAD])
            _ask_for_link(scene, event >> 1)
            if event & 1:
                prefetch(traffic.arms, event >> 1)
                prefetch(scene.network.tail, event >> 1)
        if 0 <= k + AHEAD < n:
            prefetch(work.first, node_of(scene, np.int64(work.event[domain, k + AHEAD])))
        if k < 0:
            continue
        event = np.int64(work.event[domain, k])
        if event & 1:
            arm = traffic.arms[event >> 1]
            if arm.queue_due_s != step:
                continue  # put forward meanwhile
            arm.queue_due_s = -1
        node = node_of(scene, event)
        work.behind[domain, k] = work.first[node]
        if work.first[node] < 0:
            work.due[domain, n_due] = k
            n_due += 1
        work.first[node] = k
    return n_due


@hot_kernel
def _ask_for_link(scene: Scene, link: int) -> None:
    """Ask for both lines of a link."""
    prefetch(scene.traffic.links, link)
    prefetch(scene.traffic.slots, first_slot(link))


@hot_kernel
def _ask_for_start(scene: Scene, link: int, stage: int) -> None:
    """Ask for what the first of an origin queue needs."""
    vehicles, head = scene.vehicles, np.int64(scene.traffic.arms[link].queue_head)
    if head < 0:
        return
    if stage == 1:
        prefetch(vehicles.kind, head)
        prefetch(vehicles.entered_ms, head)
        prefetch(vehicles.at, head)
        prefetch(vehicles.queue_next, head)
    else:
        prefetch(scene.words, np.int64(vehicles.at[head]))
        if vehicles.queue_next[head] >= 0:
            prefetch(vehicles.release_ms, np.int64(vehicles.queue_next[head]))


@hot_kernel
def foresee(scene: Scene, event: int, stage: int) -> None:
    """Ask for what an event will need: its link, what this points to, and what the next link points to.

    Gathering has brought its link into the second cache already.
    """
    traffic, link = scene.traffic, event >> 1
    if stage == 0:
        _ask_for_link(scene, link)
        return
    if event & 1:
        _ask_for_start(scene, link, stage)
        return
    row = traffic.links[link]
    target = np.int64(row.target)
    if stage == 1:
        if row.head_at != first_slot(link):
            prefetch(traffic.slots, np.int64(row.head_at))
        if row.n_here > 1:
            prefetch(traffic.slots, slot_behind(traffic, link, np.int64(row.head_at)))
        if target >= 0:
            _ask_for_link(scene, target)
    elif target >= 0:
        at = next_slot(traffic, target, np.int64(row.own_ms))
        if at != first_slot(target):
            prefetch(traffic.slots, at)
            prefetch(traffic.slots, slot_behind(traffic, target, at))
