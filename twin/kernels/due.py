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

AHEAD = 10
"""Events, or nodes, from one stage to the next."""


@hot_kernel
def _node_of(scene: Scene, event: int) -> int:
    """The node at which an event is."""
    link = event >> 1
    return np.int64(scene.network.tail[link] if event & 1 else scene.traffic.links[link].node)


@hot_kernel
def gather(scene: Scene, domain: int, step: int) -> int:
    """List the nodes that may act in this step, each with its events; returns how many."""
    traffic, work = scene.traffic, scene.traffic.work
    n = take(traffic.calendar, domain, step, work.event)
    traffic.counts[domain, 1] = n
    n_due = 0
    for k in range(-2 * AHEAD, n):
        if k + 2 * AHEAD < n:
            event = np.int64(work.event[domain, k + 2 * AHEAD])
            prefetch(traffic.links, event >> 1)
            prefetch(traffic.slots, first_slot(event >> 1))
            if event & 1:
                prefetch(traffic.arms, event >> 1)
                prefetch(scene.network.tail, event >> 1)
        if 0 <= k + AHEAD < n:
            event = np.int64(work.event[domain, k + AHEAD])
            prefetch(work.first, _node_of(scene, event))
        if k < 0:
            continue
        event = np.int64(work.event[domain, k])
        if event & 1:
            arm = traffic.arms[event >> 1]
            if arm.queue_due_s != step:
                continue  # put forward meanwhile
            arm.queue_due_s = -1
        node = _node_of(scene, event)
        work.behind[domain, k] = work.first[node]
        if work.first[node] < 0:
            work.due[domain, n_due] = node
            n_due += 1
        work.first[node] = k
    return n_due


@hot_kernel
def _ask_for_start(scene: Scene, link: int, stage: int) -> None:
    """Ask for what the first of an origin queue needs."""
    vehicles, head = scene.vehicles, np.int64(scene.traffic.arms[link].queue_head)
    if head < 0:
        return
    if stage == 0:
        prefetch(vehicles.kind, head)
        prefetch(vehicles.entered_ms, head)
        prefetch(vehicles.at, head)
        prefetch(vehicles.queue_next, head)
    else:
        prefetch(scene.words, np.int64(vehicles.at[head]))
        if vehicles.queue_next[head] >= 0:
            prefetch(vehicles.release_ms, np.int64(vehicles.queue_next[head]))


@hot_kernel
def foresee(scene: Scene, domain: int, node: int, stage: int) -> None:
    """Ask for what a node will need: what its links point to, then what the next links point to."""
    traffic, work = scene.traffic, scene.traffic.work
    event = np.int64(work.event[domain, work.first[node]])
    link = event >> 1
    if event & 1:
        _ask_for_start(scene, link, stage)
        return
    row = traffic.links[link]
    target = np.int64(row.target)
    if stage == 0:
        if row.head_at != first_slot(link):
            prefetch(traffic.slots, np.int64(row.head_at))
        if row.n_here > 1:
            prefetch(traffic.slots, slot_behind(traffic, link, np.int64(row.head_at)))
        if target >= 0:
            prefetch(traffic.links, target)
            prefetch(traffic.slots, first_slot(target))
    elif target >= 0:
        at = next_slot(traffic, target, np.int64(row.own_ms))
        if at != first_slot(target):
            prefetch(traffic.slots, at)
            prefetch(traffic.slots, slot_behind(traffic, target, at))
