"""The elementary moves of a loading: into a link, out of it, into and out of the queue at an origin.

Records: `twin.kernels.traffic`.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel
from twin.kernels.traffic import BLOCK_BITS, NEVER, NONE, STEP_MS, Scene, Traffic, Vehicles


@inline_kernel
def head_slot(traffic: Traffic, link: int) -> int:
    """Slot of the first vehicle on a link that is not empty."""
    row = traffic.links[link]
    return np.int64(row.ring_start + row.head_at)


@inline_kernel
def entry_slot(traffic: Traffic, link: int) -> int:
    """Slot into which the next vehicle goes, on a link that is not full."""
    row = traffic.links[link]
    return np.int64(row.ring_start + row.entry_at)


@inline_kernel
def is_full(traffic: Traffic, link: int) -> bool:
    """No vehicle more can be stored on the link."""
    row = traffic.links[link]
    return bool(row.n_in - row.n_out >= row.storage_veh)


@inline_kernel
def next_slot(traffic: Traffic, link: int, at: int) -> int:
    """The slot behind one of a link's ring, both counted from the first."""
    return 0 if at + 1 == traffic.links[link].storage_veh else at + 1


@inline_kernel
def look_at_head(traffic: Traffic, link: int) -> None:
    """Note of a link when its first vehicle may leave by itself, and where it goes."""
    row = traffic.links[link]
    if row.n_in == row.n_out:
        row.own_ms = NEVER
        row.target = NONE
        return
    slot = traffic.slots[head_slot(traffic, link)]
    row.own_ms = max(slot.ms, row.next_exit_ms)
    row.target = slot.target


@inline_kernel
def look_at_entry(traffic: Traffic, link: int) -> None:
    """Note of a link when a vehicle may enter it."""
    row = traffic.links[link]
    if is_full(traffic, link):
        row.open_ms = NEVER
    else:
        row.open_ms = max(traffic.slots[entry_slot(traffic, link)].ms, row.next_entry_ms)


@inline_kernel
def wake(traffic: Traffic, node: int, step: int) -> None:
    """Let a node act from a step on."""
    if step < traffic.wake_s[node]:
        traffic.wake_s[node] = step
        block = node >> BLOCK_BITS
        traffic.block_s[block] = min(traffic.block_s[block], np.int32(step))


@inline_kernel
def _goes_first(vehicles: Vehicles, v: int, other: int) -> bool:
    """Whether v stands before the other in an origin queue: by moment of release, then by key."""
    if vehicles.release_ms[v] != vehicles.release_ms[other]:
        return vehicles.release_ms[v] < vehicles.release_ms[other]
    return vehicles.key[v] < vehicles.key[other]


@inline_kernel
def join_queue(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, v: int) -> None:
    """Put a vehicle into its first link's origin queue; it is last, but for a bus that is held longer."""
    row, queue_next = traffic.links[pool[vehicles.route_at[v]]], vehicles.queue_next
    traffic.n_waiting[row.tail] += 1
    head = row.queue_head
    queue_next[v] = NONE
    if head == NONE:
        row.queue_head = v
        row.queue_tail = v
        row.queue_ms = vehicles.release_ms[v]
        return
    tail = row.queue_tail
    if not _goes_first(vehicles, v, tail):
        queue_next[tail] = v
        row.queue_tail = v
        return
    if _goes_first(vehicles, v, head):
        queue_next[v] = head
        row.queue_head = v
        row.queue_ms = vehicles.release_ms[v]
        return
    before = np.int64(head)
    while not _goes_first(vehicles, v, queue_next[before]):
        before = np.int64(queue_next[before])
    queue_next[v] = queue_next[before]
    queue_next[before] = v


@inline_kernel
def log(scene: Scene, link: int, slot: int, moment: int) -> None:
    """Write down that the vehicle in a slot leaves the link."""
    events, row = scene.events, scene.traffic.slots[slot]
    n = events.n[0]
    events.trip[n] = row.vehicle
    events.link[n] = link
    events.enter_ms[n] = row.enter_ms
    events.exit_ms[n] = moment
    events.n[0] = n + 1


@inline_kernel
def enter(scene: Scene, link: int, rider: tuple[int, int, int], moment: int) -> None:
    """Put a vehicle into the link's next slot: who, place of this link in the pool, links that follow."""
    traffic = scene.traffic
    row, at = traffic.links[link], entry_slot(traffic, link)
    slot = traffic.slots[at]
    v, route_at, left = rider
    ready = moment + row.free_ms
    slot.ms = ready
    slot.enter_ms = moment
    slot.vehicle = v
    slot.route_at = route_at
    slot.left = left
    slot.target = scene.pool[route_at + 1] if left > 0 else NONE
    if row.n_in == row.n_out:  # who comes behind another is looked at when that one leaves
        row.own_ms = max(np.int64(ready), row.next_exit_ms)
        row.target = slot.target
        wake(traffic, row.head, row.own_ms // STEP_MS)
    row.n_in += 1
    row.entry_at = next_slot(traffic, link, row.entry_at)
    row.next_entry_ms = moment + row.headway_ms
    look_at_entry(traffic, link)
    if row.open_ms == NEVER:
        traffic.n_full[0] += 1
        if row.full_s < 0:
            row.full_s = moment // STEP_MS


@inline_kernel
def leave(scene: Scene, link: int, moment: int) -> tuple[int, int, int]:
    """Let the head of a link leave it at that moment.

    Returns who must enter the next link, the place of that link in the pool, and how many follow it; fewer
    than none if the vehicle has reached its destination.
    """
    traffic, vehicles = scene.traffic, scene.vehicles
    row, at = traffic.links[link], head_slot(traffic, link)
    slot = traffic.slots[at]
    v, route_at, left = np.int64(slot.vehicle), np.int64(slot.route_at + 1), np.int64(slot.left - 1)
    log(scene, link, at, moment)
    hole = moment + row.hole_ms
    slot.vehicle = NONE
    slot.ms = hole
    was_full = row.open_ms == NEVER
    row.n_out += 1
    row.head_at = next_slot(traffic, link, row.head_at)
    row.next_exit_ms = moment + row.headway_ms
    look_at_head(traffic, link)
    if was_full:
        traffic.n_full[0] -= 1
        look_at_entry(traffic, link)  # else nobody could enter sooner for the new hole
        wake(traffic, row.tail, row.open_ms // STEP_MS)
    if left < 0:
        vehicles.route_at[v] = route_at
        vehicles.arrived_ms[v] = moment
        following = np.int64(vehicles.next_leg[v])
        if following >= 0:
            release_ms = max(moment + vehicles.dwell_ms[following], vehicles.not_before_ms[following])
            vehicles.release_ms[following] = release_ms
            join_queue(vehicles, traffic, scene.pool, following)
    return v, route_at, left


@inline_kernel
def start(scene: Scene, link: int, moment: int) -> tuple[int, int, int]:
    """Take the first vehicle from the origin queue of its first link; it must enter that link."""
    row, vehicles = scene.traffic.links[link], scene.vehicles
    v = np.int64(row.queue_head)
    following = vehicles.queue_next[v]
    row.queue_head = following
    if following >= 0:
        row.queue_ms = vehicles.release_ms[following]
    scene.traffic.n_waiting[row.tail] -= 1
    vehicles.entered_ms[v] = moment
    route_at = vehicles.route_at[v]
    return v, route_at, vehicles.route_end[v] - route_at - 1
