"""Network loading: vehicles move through first-in-first-out links with flow and storage capacity.

Links and vehicles: `twin.kernels.traffic`, their moves: `twin.kernels.moves`. Time is whole
milliseconds, executed in steps of one second; traverse and hole times are at least one step, so what one
node does within a step no other node can use within it: the order of nodes does not matter.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.deadlocks import free_deadlocks
from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.moves import enter, join_queue, leave, log, look_at_entry, look_at_head, start, wake
from twin.kernels.prefetch import prefetch
from twin.kernels.random import mix, uniform
from twin.kernels.traffic import BLOCK_BITS, NEVER, NEVER_S, NONE, STEP_MS, Scene, Settings, Traffic, Vehicles


@kernel
def release(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, order: np.ndarray) -> None:
    """Put vehicles into the origin queues of their first links; quickest in the order (release, key)."""
    for k in range(order.shape[0]):
        join_queue(vehicles, traffic, pool, np.int64(order[k]))


@kernel
def withdraw(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, rows: np.ndarray) -> None:
    """Take waiting vehicles out of the origin queues of their first links."""
    queue_next = vehicles.queue_next
    for k in range(rows.shape[0]):
        v = np.int64(rows[k])
        row = traffic.links[pool[vehicles.route_at[v]]]
        traffic.n_waiting[row.tail] -= 1
        if row.queue_head == v:
            row.queue_head = queue_next[v]
            if queue_next[v] != NONE:
                row.queue_ms = vehicles.release_ms[queue_next[v]]
            continue
        before = np.int64(row.queue_head)
        while queue_next[before] != v:
            before = np.int64(queue_next[before])
        queue_next[before] = queue_next[v]
        if row.queue_tail == v:
            row.queue_tail = before


@inline_kernel
def _leave_ms(links: np.ndarray, link: int, now: int) -> int:
    """Earliest moment from `now` at which the head of a link can leave it, NEVER while blocked."""
    row = links[link]
    moment = max(np.int64(now), row.own_ms)
    if row.target == NONE or moment >= now + STEP_MS:
        return np.int64(moment)  # beyond this step what lies ahead does not matter yet
    target = links[row.target]
    if target.closed and not row.closed:
        return NEVER
    return np.int64(max(moment, target.open_ms))


@inline_kernel
def _start_ms(links: np.ndarray, link: int, now: int) -> int:
    """Earliest moment from `now` at which the first of an origin queue may enter, NEVER while blocked."""
    row = links[link]
    if row.closed:
        return NEVER
    return np.int64(max(np.int64(now), row.queue_ms, row.open_ms))


@inline_kernel
def _race(settings: Settings, key: np.uint64, step: int, weight: float) -> float:
    """Exponential race: the least of several draws falls to each in proportion to its weight."""
    return -np.log(1.0 - uniform(settings.seed, settings.stream, key, step)) / weight


@inline_kernel
def _process_node(scene: Scene, node: int, step: int) -> None:
    """All movements at one node within one step: earliest first, ties by a race of capacities.

    A movement makes no other at its node possible sooner, so where nothing else could move within the
    step, only who stood behind the one that moved has to be looked at again.
    """
    network, traffic, origin_priority = scene.network, scene.traffic, scene.settings.origin_priority
    links = traffic.links
    now = step * STEP_MS
    end = now + STEP_MS
    traffic.wake_s[node] = NEVER_S
    while True:
        best_ms = NEVER
        other_ms = NEVER  # earliest of all but the best
        best_link = np.int64(-1)
        best_starts = False
        best_key = np.uint64(0)
        best_race = -1.0
        for side in range(2):
            if side == 1 and traffic.n_waiting[node] == 0:
                break
            first = network.in_start[node] if side == 0 else network.out_start[node]
            last = network.in_start[node + 1] if side == 0 else network.out_start[node + 1]
            for k in range(first, last):
                if side == 0:
                    link = np.int64(network.in_links[k])
                    moment = _leave_ms(links, link, now)
                else:
                    link = np.int64(network.out_links[k])
                    if links[link].queue_head == NONE:
                        continue
                    moment = _start_ms(links, link, now)
                if moment > best_ms or moment == NEVER:
                    other_ms = min(other_ms, moment)
                    continue
                key = links[link].link_key if side == 0 else mix(links[link].link_key)
                race = -1.0
                if moment == best_ms and moment < end:
                    if best_race < 0.0:
                        best_weight = links[best_link].priority * (origin_priority if best_starts else 1.0)
                        best_race = _race(scene.settings, best_key, step, best_weight)
                    weight = links[link].priority * (1.0 if side == 0 else origin_priority)
                    race = _race(scene.settings, key, step, weight)
                    if race > best_race or (race == best_race and key > best_key):
                        other_ms = moment
                        continue
                other_ms = min(other_ms, best_ms)
                best_ms, best_link, best_starts, best_key, best_race = moment, link, side == 1, key, race
        if best_ms >= end:
            wake(traffic, node, min(best_ms // STEP_MS, np.int64(NEVER_S)))
            return
        rider = start(scene, best_link, best_ms) if best_starts else leave(scene, best_link, best_ms)
        arrived = rider[2] < 0
        if not arrived:
            enter(scene, np.int64(scene.pool[rider[1]]), rider, best_ms)
        if arrived or best_starts or other_ms < end:
            continue
        behind_ms = min(other_ms, _leave_ms(links, best_link, now))
        if behind_ms >= end:
            wake(traffic, node, min(behind_ms // STEP_MS, np.int64(NEVER_S)))
            return


@kernel
def queued(scene: Scene, now_ms: int, since_ms: int, left_veh: np.ndarray) -> None:
    """Vehicles that a queue holds up: logged with the moment at which they expect to leave.

    Nothing but what a phone on board can tell is used: who has been held since ``since_ms`` has seen
    left_veh[link] vehicles leave before it, and expects those still ahead to leave at that rate (one at
    least, for a queue that stood still). Who was stopped later knows only how long it has been there.
    """
    links, slots = scene.traffic.links, scene.traffic.slots
    for link in range(links.shape[0]):
        row = links[link]
        for ahead in range(row.n_in - row.n_out):
            slot = np.int64(row.ring_start + (row.n_out + ahead) % row.storage_veh)
            if slots[slot].ms >= now_ms:
                break  # first in, first out: who is behind drives freely too
            leaves_ms = np.int64(now_ms)
            if slots[slot].ms <= since_ms:
                leaves_ms += ahead * (now_ms - since_ms) // max(left_veh[link], 1)
            log(scene, link, slot, leaves_ms)


@inline_kernel
def _take_up(scene: Scene, from_s: int) -> None:
    """Before steps are run: supply and routes may have changed, so records and slots are told."""
    supply, traffic, vehicles = scene.supply, scene.traffic, scene.vehicles
    for link in range(traffic.links.shape[0]):
        row = traffic.links[link]
        row.free_ms = supply.free_ms[link]
        row.headway_ms = supply.headway_ms[link]
        row.closed = supply.closed[link]
        for n in range(row.n_out, row.n_in):
            slot = traffic.slots[row.ring_start + n % row.storage_veh]
            v = slot.vehicle
            slot.route_at = vehicles.route_at[v]
            slot.left = vehicles.route_end[v] - vehicles.route_at[v] - 1
            slot.target = scene.pool[vehicles.route_at[v] + 1] if slot.left > 0 else NONE
        look_at_head(traffic, link)
        look_at_entry(traffic, link)
    traffic.wake_s[:] = from_s
    traffic.block_s[:] = from_s


@inline_kernel
def _put_down(scene: Scene) -> None:
    """After steps have been run: vehicles on links are told where they are."""
    traffic, vehicles = scene.traffic, scene.vehicles
    for link in range(traffic.links.shape[0]):
        row = traffic.links[link]
        for n in range(row.n_out, row.n_in):
            slot = traffic.slots[row.ring_start + n % row.storage_veh]
            vehicles.route_at[slot.vehicle] = slot.route_at
            vehicles.link_enter_ms[slot.vehicle] = slot.enter_ms


@inline_kernel
def _due(traffic: Traffic, step: int) -> int:
    """List the nodes that may act in this step, in order; returns how many."""
    wake_s, block_s, due = traffic.wake_s, traffic.block_s, traffic.due
    n = 0
    for block in range(block_s.shape[0]):
        if block_s[block] > step:
            continue
        first = block << BLOCK_BITS
        for node in range(first, min(first + (1 << BLOCK_BITS), wake_s.shape[0])):
            if wake_s[node] <= step:
                due[n] = node
                n += 1
    return n


@inline_kernel
def _settle(traffic: Traffic, step: int) -> None:
    """After a step: when each block that was looked at has to be looked at again."""
    wake_s, block_s = traffic.wake_s, traffic.block_s
    for block in range(block_s.shape[0]):
        if block_s[block] <= step:
            first = block << BLOCK_BITS
            earliest = NEVER_S
            for node in range(first, min(first + (1 << BLOCK_BITS), wake_s.shape[0])):
                earliest = min(earliest, wake_s[node])
            block_s[block] = earliest


@inline_kernel
def _foresee(scene: Scene, node: int, stage: int) -> None:
    """Ask for what a node will need: its links' records first, then what those point to."""
    network, traffic = scene.network, scene.traffic
    for k in range(network.in_start[node], network.in_start[node + 1]):
        link = np.int64(network.in_links[k])
        if stage == 0:
            prefetch(traffic.links, link)
            continue
        row = traffic.links[link]
        if row.n_in > row.n_out and row.target != NONE:
            prefetch(traffic.slots, np.int64(row.ring_start + row.head_at))
            prefetch(traffic.links, np.int64(row.target))


@inline_kernel
def _process_due(scene: Scene, n: int, step: int) -> None:
    """All movements of a step, node by node; which comes first does not matter."""
    due = scene.traffic.due
    for k in range(n):
        if k + 8 < n:
            _foresee(scene, np.int64(due[k + 8]), 0)
        if k + 4 < n:
            _foresee(scene, np.int64(due[k + 4]), 1)
        _process_node(scene, np.int64(due[k]), step)


@kernel
def advance(scene: Scene, window: tuple[int, int, int]) -> tuple[int, int]:
    """Run steps [from, until) of ``window = (from_s, until_s, margin)``.

    Stops early when fewer than ``margin`` events (the most that one step can log) fit in the log.
    Returns the step reached and the rotations of deadlocked cycles.
    """
    from_s, until_s, margin = window
    events = scene.events
    rotations = 0
    reached = until_s
    _take_up(scene, from_s)
    for step in range(from_s, until_s):
        if events.n[0] + margin > events.trip.shape[0]:
            reached = step
            break
        _process_due(scene, _due(scene.traffic, step), step)
        _settle(scene.traffic, step)
        if (step + 1) % scene.settings.deadlock_check_s == 0 and scene.traffic.n_full[0] > 0:
            rotations += free_deadlocks(scene, (step + 1) * STEP_MS)
    _put_down(scene)
    return reached, rotations
