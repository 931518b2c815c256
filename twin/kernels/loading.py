"""Network loading: vehicles move through first-in-first-out links with flow and storage capacity.

The rules, and why the order of nodes, domains and threads changes nothing: docs/loading.md. Records:
`twin.kernels.traffic`; moves: `twin.kernels.moves`; what happens at a node: `twin.kernels.junction`.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.calendar import clear, note, second_of
from twin.kernels.deadlocks import free_deadlocks
from twin.kernels.due import AHEAD, STAGES, foresee, gather, is_waited_for, node_of
from twin.kernels.jit import hot_kernel, inline_kernel, kernel
from twin.kernels.junction import process_node
from twin.kernels.moves import (
    ROW_MASK,
    log,
    look_at_entry,
    look_at_head,
    slot_behind,
    tell_entry,
    tell_exit,
)
from twin.kernels.origins import join_queue, note_queue
from twin.kernels.sync import meet
from twin.kernels.traffic import (
    CLOSED,
    CUT,
    FILLER,
    KEPT,
    NEVER,
    NONE,
    SIGNAL,
    STEP_MS,
    YIELDS,
    Events,
    Scene,
    Vehicles,
)

Rings = tuple[np.ndarray, np.ndarray]
"""Links and slots."""


@kernel
def release(vehicles: Vehicles, arms: np.ndarray, order: np.ndarray) -> None:
    """Put vehicles into the origin queues of their first links; quickest in the order (release, key)."""
    for k in range(order.shape[0]):
        join_queue(vehicles, arms, np.int64(order[k]))


@kernel
def withdraw(vehicles: Vehicles, arms: np.ndarray, rows: np.ndarray) -> None:
    """Take waiting vehicles out of the origin queues of their first links."""
    queue_next = vehicles.queue_next
    for k in range(rows.shape[0]):
        v = np.int64(rows[k])
        arm = arms[vehicles.link[v]]
        if arm.queue_head == v:
            arm.queue_head = queue_next[v]
            if queue_next[v] != NONE:
                arm.queue_ms = vehicles.release_ms[queue_next[v]]
            continue
        before = np.int64(arm.queue_head)
        while queue_next[before] != v:
            before = np.int64(queue_next[before])
        queue_next[before] = queue_next[v]
        if arm.queue_tail == v:
            arm.queue_tail = before


@kernel
def queued(
    rings: Rings, events: Events, place: np.ndarray, span_ms: tuple[int, int], left_veh: np.ndarray
) -> None:
    """Vehicles that a queue holds up: logged with the moment at which they expect to leave.

    ``span_ms`` is since when the queue was watched, and now; ``place`` is the network's. Nothing but what a
    phone on board can tell is used: who has been held since then has seen left_veh[link] (by row of outside)
    vehicles leave before it, and expects those still ahead to leave at that rate (one at least, for a queue
    that stood still). Who was stopped later knows only how long it has been there.
    """
    (links, slots), (since_ms, now_ms) = rings, span_ms
    for number in range(links.shape[0]):
        link = np.int64(place[number])
        row = links[link]
        at, ahead = np.int64(row.head_at), 0
        for _ in range(row.n_here):
            if slots[at].vehicle != FILLER:
                if slots[at].ms >= now_ms:
                    break  # first in, first out: who is behind drives freely too
                leaves_ms = np.int64(now_ms)
                if slots[at].ms <= since_ms:
                    leaves_ms += ahead * (now_ms - since_ms) // max(left_veh[row.row], 1)
                    leaves_ms = min(leaves_ms, NEVER)  # the log's moments are 32 bits wide
                log(events, 0, np.int64(row.row), slots[at], leaves_ms)
                ahead += 1
            at = slot_behind(links, link, at)


@kernel
def settle(rings: Rings, vehicles: Vehicles, storage_veh: np.ndarray) -> tuple[int, int]:
    """Tell vehicles on links where they are.

    Returns how many there are, and a link whose ends do not agree on the places that are taken, -1 if all do.
    """
    links, slots = rings
    n, wrong = 0, np.int64(-1)
    for link in range(links.shape[0]):
        row = links[link]
        at = np.int64(row.head_at)
        if row.n_here + row.n_free != storage_veh[link]:
            wrong = np.int64(link)
        for _ in range(row.n_here):
            slot = slots[at]
            if slot.vehicle != FILLER:
                v = slot.vehicle & ROW_MASK
                vehicles.link[v] = link
                vehicles.at[v] = at
                n += 1
            at = slot_behind(links, np.int64(link), at)
    return np.int64(n), wrong


@inline_kernel
def _flags(scene: Scene, link: int) -> int:
    """Flags of a link as supply and network have them; what is kept stays so for who still waits for it."""
    network, supply, traffic = scene.network, scene.supply, scene.traffic
    row, domain = network.row[link], traffic.work.domain
    flags = np.int64(CLOSED) if supply.closed[row] else np.int64(0)
    if domain[network.tail[link]] != domain[network.head[link]]:
        flags |= CUT
    if supply.cycle_ms[row] > 0:
        flags |= SIGNAL
    if network.gap_ms[link] > 0:
        flags |= YIELDS
    if traffic.links[link].flags & KEPT:
        event = np.int64(traffic.arms[link].kept_for)
        if event & 1:
            holds = traffic.arms[link].queue_head != NONE
        else:
            holds = traffic.links[event >> 1].target == link
        if holds:
            flags |= KEPT
    return flags


@inline_kernel
def _plan(scene: Scene, from_s: int) -> None:
    """Make the calendar anew: whoever may act, by the earliest that can be told of it alone."""
    network, traffic = scene.network, scene.traffic
    domain = traffic.work.domain
    clear(traffic.calendar)
    traffic.counts[:, 0] = 0
    traffic.counts[:, 4] = 0
    for link in range(traffic.links.shape[0]):
        row, arm = traffic.links[link], traffic.arms[link]
        row.asleep, row.n_asleep, arm.queue_asleep, arm.queue_due_s, arm.mark = 0, 0, 0, -1, 0
        look_at_head(scene, link)
        look_at_entry(traffic.links, traffic.slots, link)
        begins, ends = np.int64(domain[network.tail[link]]), np.int64(domain[network.head[link]])
        is_short = row.n_free < scene.settings.most_places
        traffic.tight[link] = is_short or row.flags & KEPT != 0
        if is_short:
            traffic.counts[begins, 0] += 1
        if row.own_ms < NEVER:
            second = max(second_of(row.own_ms), np.int64(from_s))
            note(traffic.calendar, ends, 2 * link, second, from_s)
        if arm.queue_head != NONE:
            second = max(second_of(arm.queue_ms), np.int64(from_s))
            note_queue(traffic.arms, traffic.calendar, begins, link, second, from_s)


@kernel
def take_up(scene: Scene, from_s: int) -> None:
    """Before steps are run, where supply, routes or queues may have changed: links and calendar are told."""
    supply, traffic = scene.supply, scene.traffic
    for link in range(traffic.links.shape[0]):
        look_at_head(scene, link)
    for link in range(traffic.links.shape[0]):
        row = traffic.links[link]
        row.free_ms = supply.free_ms[row.row]
        row.headway_ms = supply.headway_ms[row.row]
        row.flags = _flags(scene, link)
    _plan(scene, from_s)


@hot_kernel
def _run_step(scene: Scene, domain: int, step: int) -> None:
    """All movements of a step in a domain, node by node; which comes first does not matter."""
    event, due = scene.traffic.work.event, scene.traffic.work.due
    domain = np.int64(np.uint32(domain))  # not negative, as the compiler now knows
    n = gather(scene, domain, step)
    ahead = AHEAD if is_waited_for(scene.traffic.links) else 0
    for k in range(-STAGES * ahead, n):
        if ahead > 0:
            for stage in range(STAGES):
                at = k + (STAGES - stage) * ahead
                if 0 <= at < n:
                    foresee(scene, np.int64(event[domain, due[domain, at]]), stage)
        if k >= 0:
            first = np.int64(event[domain, due[domain, k]])
            process_node(scene, domain, node_of(scene.network.tail, scene.traffic.links, first), step)


@inline_kernel
def _receive(scene: Scene, domain: int, step: int) -> None:
    """Learn what other domains have done to the other ends of this one's links."""
    network, work, parity = scene.network, scene.traffic.work, step & 1
    for other in range(work.n_handed.shape[1]):
        for k in range(work.n_handed[parity, other, 0]):
            word = np.int64(work.handed[parity, other, k])
            link, places = word >> 4, (word >> 1) & 7
            node = network.tail[link] if word & 1 else network.head[link]
            if work.domain[node] != domain:
                continue
            if word & 1:
                tell_exit(scene, domain, link, places, step)
            else:
                tell_entry(scene, domain, link, places, step)


@kernel
def advance(scene: Scene, window: tuple[int, int, int], thread: tuple[int, int]) -> tuple[int, int]:
    """Run steps [from, until) of ``window = (from_s, until_s, margin)`` as ``thread = (number, how many)``.

    Stops early when fewer than ``margin`` events (the most that one step can log) fit in a log.
    Returns the step reached and the rotations of deadlocked circles. All threads run the same steps; each
    works every so many-th domain.
    """
    from_s, until_s, margin = window
    me, n_threads = thread
    traffic, events, check_s = scene.traffic, scene.events, scene.settings.deadlock_check_s
    meeting = traffic.work.meeting
    n_domains, room = events.n.shape[0], events.trip.shape[1]
    rotations = np.int64(0)
    for step in range(from_s, until_s):
        for domain in range(me, n_domains, n_threads):
            traffic.work.n_handed[step & 1, domain, 0] = 0
            _run_step(scene, domain, step)
            traffic.counts[domain, 2 + (step & 1)] = np.int64(events.n[domain, 0]) + margin > room
        if n_threads > 1:
            meet(meeting, n_threads)
        if n_domains > 1:
            for domain in range(me, n_domains, n_threads):
                _receive(scene, domain, step)
        if check_s > 0 and (step + 1) % check_s == 0:
            if n_threads > 1:
                meet(meeting, n_threads)
            if me == 0:
                n_short = np.int64(0)
                for domain in range(n_domains):
                    n_short += traffic.counts[domain, 0]
                turned = free_deadlocks(scene, (step + 1) * STEP_MS) if n_short > 0 else np.int64(0)
                if turned > 0:
                    rotations += turned
                    _plan(scene, step + 1)
            if n_threads > 1:
                meet(meeting, n_threads)
        is_full = False
        for domain in range(n_domains):
            is_full = is_full or traffic.counts[domain, 2 + (step & 1)] > 0
        if is_full:
            return step + 1, rotations
    return until_s, rotations
