"""Network loading: vehicles move through first-in-first-out links with flow and storage capacity.

Links and vehicles: `twin.kernels.traffic`. Time is whole milliseconds, executed in steps of one
second; traverse and hole times are at least one step, so what one node does within a step no other
node can use within it: the order of nodes does not matter.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.deadlocks import free_deadlocks
from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import mix, uniform
from twin.kernels.traffic import (
    NEVER,
    NONE,
    STEP_MS,
    Scene,
    Settings,
    Traffic,
    Vehicles,
    enter,
    entry_ms,
    head_slot,
    join_queue,
    leave,
    log,
    start,
)


@kernel
def release(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, order: np.ndarray) -> None:
    """Put vehicles into the origin queues of their first links; quickest in the order (release, key)."""
    for k in range(order.shape[0]):
        join_queue(vehicles, traffic, pool, np.int64(order[k]))


@inline_kernel
def _leave_ms(scene: Scene, link: int, now: int) -> int:
    """Earliest moment from `now` at which the head of a link can leave it, NEVER while blocked."""
    vehicles, closed = scene.vehicles, scene.supply.closed
    slot = head_slot(scene, link)
    v = scene.traffic.slot_vehicle[slot]
    moment = max(now, scene.traffic.slot_ms[slot], scene.traffic.next_exit_ms[link])
    following = vehicles.route_at[v] + 1
    if following == vehicles.route_end[v]:
        return moment
    target = np.int64(scene.pool[following])
    if closed[target] and not closed[link]:
        return NEVER
    return max(moment, entry_ms(scene, target))


@inline_kernel
def _start_ms(scene: Scene, link: int, now: int) -> int:
    """Earliest moment from `now` at which the first of an origin queue may enter, NEVER while blocked."""
    if scene.supply.closed[link]:
        return NEVER
    wish = max(now, scene.vehicles.release_ms[scene.traffic.queue_head[link]])
    return max(wish, entry_ms(scene, link))


@inline_kernel
def _race(settings: Settings, key: np.uint64, step: int, weight: float) -> float:
    """Exponential race: the least of several draws falls to each in proportion to its weight."""
    return -np.log(1.0 - uniform(settings.seed, settings.stream, key, step)) / weight


@inline_kernel
def _process_node(scene: Scene, node: int, step: int) -> None:
    """All movements at one node within one step: earliest first, ties by a race of capacities."""
    network, traffic, origin_priority = scene.network, scene.traffic, scene.settings.origin_priority
    now = step * STEP_MS
    while True:
        best_ms = NEVER
        best_link = np.int64(-1)
        best_starts = False
        best_key = np.uint64(0)
        best_race = -1.0
        for side in range(2):
            first = network.in_start[node] if side == 0 else network.out_start[node]
            last = network.in_start[node + 1] if side == 0 else network.out_start[node + 1]
            for k in range(first, last):
                if side == 0:
                    link = np.int64(network.in_links[k])
                    if traffic.n_in[link] == traffic.n_out[link]:
                        continue
                    moment = _leave_ms(scene, link, now)
                    key = network.link_key[link]
                else:
                    link = np.int64(network.out_links[k])
                    if traffic.queue_head[link] == NONE:
                        continue
                    moment = _start_ms(scene, link, now)
                    key = mix(network.link_key[link])
                if moment > best_ms or moment == NEVER:
                    continue
                race = -1.0
                if moment == best_ms:
                    if best_race < 0.0:
                        best_weight = network.priority[best_link] * (origin_priority if best_starts else 1.0)
                        best_race = _race(scene.settings, best_key, step, best_weight)
                    weight = network.priority[link] * (1.0 if side == 0 else origin_priority)
                    race = _race(scene.settings, key, step, weight)
                    if race > best_race or (race == best_race and key > best_key):
                        continue
                best_ms, best_link, best_starts, best_key, best_race = moment, link, side == 1, key, race
        if best_ms >= now + STEP_MS:
            traffic.wake_s[node] = best_ms // STEP_MS
            return
        target = best_link
        if best_starts:
            v = start(scene, best_link, best_ms)
        else:
            v = leave(scene, best_link, best_ms)
            if v < 0:
                continue  # arrived
            target = np.int64(scene.pool[scene.vehicles.route_at[v]])
        enter(scene, v, target, best_ms)


@kernel
def queued(scene: Scene, now_ms: int, since_ms: int, left_veh: np.ndarray) -> None:
    """Vehicles that a queue holds up: logged with the moment at which they expect to leave.

    Nothing but what a phone on board can tell is used: who has been held since ``since_ms`` has seen
    left_veh[link] vehicles leave before it, and expects those still ahead to leave at that rate (one at
    least, for a queue that stood still). Who was stopped later knows only how long it has been there.
    """
    network, traffic = scene.network, scene.traffic
    for link in range(network.tail.shape[0]):
        storage = network.storage_veh[link]
        for ahead in range(traffic.n_in[link] - traffic.n_out[link]):
            slot = network.ring_start[link] + (traffic.n_out[link] + ahead) % storage
            if traffic.slot_ms[slot] >= now_ms:
                break  # first in, first out: who is behind drives freely too
            leaves_ms = np.int64(now_ms)
            if traffic.slot_ms[slot] <= since_ms:
                leaves_ms += ahead * (now_ms - since_ms) // max(left_veh[link], 1)
            log(scene, np.int64(traffic.slot_vehicle[slot]), link, leaves_ms)


@kernel
def advance(scene: Scene, window: tuple[int, int, int]) -> tuple[int, int]:
    """Run steps [from, until) of ``window = (from_s, until_s, margin)``.

    Stops early when fewer than ``margin`` events (the most that one step can log) fit in the log.
    Returns the step reached and the rotations of deadlocked cycles.
    """
    from_s, until_s, margin = window
    events, wake_s = scene.events, scene.traffic.wake_s
    rotations = 0
    wake_s[:] = from_s  # routes and supply may have changed since the last call
    for step in range(from_s, until_s):
        if events.n[0] + margin > events.trip.shape[0]:
            return step, rotations
        for node in range(wake_s.shape[0]):
            if wake_s[node] <= step:
                _process_node(scene, node, step)
        if (step + 1) % scene.settings.deadlock_check_s == 0:
            rotations += free_deadlocks(scene, (step + 1) * STEP_MS)
    return until_s, rotations
