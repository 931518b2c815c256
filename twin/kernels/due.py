"""What is due in a step: events gathered by node, and the memory that they will need, asked for ahead.

Memory takes longer to come than an event takes to be worked, and what it says leads on to more. So events
pass through stages, ten of them apart: their links, what these point to, what those point to. Where all links
lie in a core's own cache, asking takes longer than waiting, and nothing is asked for.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.calendar import take
from twin.kernels.jit import hot_kernel
from twin.kernels.moves import first_slot, slot_behind
from twin.kernels.prefetch import prefetch
from twin.kernels.traffic import YIELDS, Scene

AHEAD, STAGES = 10, 3
"""Events from one stage to the next; stages behind that in which events are gathered."""
FEW_LINKS = 2_048
"""So many links and their first slots take half of a second cache of 512 KB, the smallest in use."""


@hot_kernel
def is_waited_for(links: np.ndarray) -> bool:
    """Whether memory is worth asking for ahead."""
    return bool(links.shape[0] > FEW_LINKS)


@hot_kernel
def node_of(tail: np.ndarray, links: np.ndarray, event: int) -> int:
    """The node at which an event is."""
    link = event >> 1
    return np.int64(tail[link] if event & 1 else links[link].node)


@hot_kernel
def gather(scene: Scene, domain: int, step: int) -> int:
    """List the nodes that may act in this step by the first event of each; returns how many."""
    traffic, work = scene.traffic, scene.traffic.work
    links, tail = traffic.links, scene.network.tail
    n = take(traffic.calendar, domain, step, work.event)
    traffic.counts[domain, 1] = n
    n_due = 0
    ahead = AHEAD if is_waited_for(links) else 0
    for k in range(-2 * ahead, n):
        if ahead > 0 and k + 2 * ahead < n:
            event = np.int64(work.event[domain, k + 2 * ahead])
            _ask_for_link(links, traffic.slots, event >> 1)
            if event & 1:
                prefetch(traffic.arms, event >> 1)
                prefetch(tail, event >> 1)
        if ahead > 0 and 0 <= k + ahead < n:
            prefetch(work.first, node_of(tail, links, np.int64(work.event[domain, k + ahead])))
        if k < 0:
            continue
        event = np.int64(work.event[domain, k])
        if event & 1:
            arm = traffic.arms[event >> 1]
            if arm.queue_due_s != step:
                continue  # put forward meanwhile
            arm.queue_due_s = -1
        node = node_of(tail, links, event)
        work.behind[domain, k] = work.first[node]
        if work.first[node] < 0:
            work.due[domain, n_due] = k
            n_due += 1
        work.first[node] = k
    return n_due


@hot_kernel
def _ask_for_link(links: np.ndarray, slots: np.ndarray, link: int) -> None:
    """Ask for both lines of a link."""
    prefetch(links, link)
    prefetch(slots, first_slot(link))


@hot_kernel
def _ask_for_slots(links: np.ndarray, slots: np.ndarray, link: int, at: int) -> None:
    """Ask for a slot of a link and the one behind it."""
    prefetch(slots, at)
    prefetch(slots, slot_behind(links, link, at))


@hot_kernel
def _ask_for_others(scene: Scene, link: int, target: int) -> None:
    """Ask for the other links into a node, where the head of one yields to them or may have to take turns."""
    network, links = scene.network, scene.traffic.links
    row = links[link]
    if row.flags & YIELDS or (target >= 0 and links[target].open_ms >= row.own_ms):
        node = np.int64(row.node)
        for other in range(np.int64(network.in_start[node]), np.int64(network.in_start[node + 1])):
            prefetch(links, other)


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
    """Ask for what an event will need: its link anew, what that points to, then what the next link points to.

    Where a step has many events, what was asked for when they were gathered is no longer at hand.
    """
    traffic, link = scene.traffic, event >> 1
    links, slots = traffic.links, traffic.slots
    if stage == 0:
        _ask_for_link(links, slots, link)
        prefetch(traffic.arms, link)
        return
    if event & 1:
        _ask_for_start(scene, link, stage)
        return
    row = links[link]
    target = np.int64(row.target)  # none is asked for as well: to ask costs less than to look
    if stage == 1:
        _ask_for_slots(links, slots, link, np.int64(row.head_at))
        _ask_for_link(links, slots, target)
        prefetch(traffic.arms, target)
        prefetch(scene.network.in_start, np.int64(row.node))
        prefetch(scene.network.major_start, link)
    else:
        _ask_for_slots(links, slots, target, np.int64(links[target].entry_at))
        _ask_for_others(scene, link, target)
