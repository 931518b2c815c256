"""Cars in links: the records of a loading, and the elementary moves of one vehicle.

Each link is a ring of as many slots as it can store vehicles. A full slot holds a vehicle and the
moment it may leave; an empty slot holds the moment its hole arrives at the upstream end, which is
the leaving moment plus the link's length over the backward wave speed (Newell 1993, simplified
kinematic wave theory, Transp. Res. B 27(4); the queue spills back at that speed).

What limits a loading is waiting for memory, so all that a move needs of a link lies together in one
record, and all that it needs of a vehicle under way in its slot. Each record also carries the two moments
for which the rest would have to be read: when the first vehicle may leave, and when one may enter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel

STEP_MS = 1_000
NEVER = np.int64(2**62)
NEVER_S = np.int32(2**31 - 1)
NONE = np.int32(-1)
BLOCK_BITS = 6
"""Nodes are woken in blocks of 64, so that a step passes over those where nothing can move."""

LINK = np.dtype(
    [
        ("own_ms", np.int64),  # earliest exit of the first vehicle but for its next link, NEVER if empty
        ("open_ms", np.int64),  # earliest entry, NEVER while full
        ("queue_ms", np.int64),  # release of the first vehicle waiting at the origin
        ("queue_head", np.int32),  # that vehicle, -1 none
        ("target", np.int32),  # next link of the first vehicle, -1 if it ends here
        ("n_in", np.int32),  # vehicles entered so far
        ("n_out", np.int32),  # vehicles left so far
        ("ring_start", np.int32),  # first slot
        ("storage_veh", np.int32),
        ("free_ms", np.int32),  # as supply has it
        ("headway_ms", np.int32),  # as supply has it
        ("hole_ms", np.int32),
        ("closed", np.int32),  # as supply has it
        ("next_exit_ms", np.int64),
        ("next_entry_ms", np.int64),
        ("link_key", np.uint64),
        ("priority", np.float64),  # weight in merges
        ("tail", np.int32),  # node row
        ("head", np.int32),  # node row
        ("queue_tail", np.int32),
        ("full_s", np.int32),  # first step in which the link was full, -1 never
        ("mark", np.int32),  # scratch of the search for deadlocks
        ("head_at", np.int32),  # slot of the first vehicle, counted from ring_start
        ("entry_at", np.int32),  # slot of the next vehicle to enter, counted from ring_start
        ("spare", np.int32),  # two cache lines to a record
    ]
)
SLOT = np.dtype(
    [
        ("ms", np.int64),  # ready moment, or the hole's arrival
        ("enter_ms", np.int64),  # when the vehicle came
        ("vehicle", np.int32),  # -1 none
        ("route_at", np.int32),  # place of this link in the pool
        ("left", np.int32),  # links that follow it on the route
        ("target", np.int32),  # the next of them, -1 none
    ]
)


class Network(NamedTuple):
    """What never moves: topology, storage and keys of links (n_links,) and nodes (n_nodes,)."""

    tail: np.ndarray  # int32 (n_links,) node row
    head: np.ndarray  # int32 (n_links,) node row
    in_start: np.ndarray  # int64 (n_nodes + 1,)
    in_links: np.ndarray  # int32 links that end at the node
    out_start: np.ndarray  # int64 (n_nodes + 1,)
    out_links: np.ndarray  # int32 links that start at the node
    storage_veh: np.ndarray  # int32 (n_links,)
    ring_start: np.ndarray  # int64 (n_links + 1,)
    hole_ms: np.ndarray  # int64 (n_links,) length over backward wave speed, >= one step
    priority: np.ndarray  # float64 (n_links,) weight in merges
    link_key: np.ndarray  # uint64 (n_links,)


class Supply(NamedTuple):
    """What levers and incidents change: (n_links,)."""

    free_ms: np.ndarray  # int64 traverse time in free flow, >= one step
    headway_ms: np.ndarray  # int64 one over flow capacity
    closed: np.ndarray  # bool: no entry from outside the closure


class Traffic(NamedTuple):
    """What moves on links and nodes."""

    links: np.ndarray  # LINK (n_links,)
    slots: np.ndarray  # SLOT (sum of storage,)
    wake_s: np.ndarray  # int32 (n_nodes,) step from which the node may act
    block_s: np.ndarray  # int32 (n_blocks,) the earliest of them in each block
    due: np.ndarray  # int32 (n_nodes,) scratch: nodes that may act in this step
    n_waiting: np.ndarray  # int32 (n_nodes,) vehicles that wait to enter one of the node's links
    n_full: np.ndarray  # int64 (1,) links that are full


class Vehicles(NamedTuple):
    """What moves with each trip by car, and with each leg of a bus from stop to stop (n_vehicles,).

    Where a leg ends, the next begins: its bus stands in a bay, off the lane, until it leaves. While a
    loading advances, the place and the entry of a vehicle that is on a link stand in its slot.
    """

    key: np.ndarray  # uint64
    route_at: np.ndarray  # int64 position of the present (or first) link in the route pool
    route_end: np.ndarray  # int64 one past the last link
    release_ms: np.ndarray  # int64 wishes to enter the first link
    entered_ms: np.ndarray  # int64, -1 not yet
    arrived_ms: np.ndarray  # int64, -1 not yet
    link_enter_ms: np.ndarray  # int64 entered the present link
    queue_next: np.ndarray  # int32 next vehicle in the origin queue
    next_leg: np.ndarray  # int32 the leg that begins where this vehicle arrives, -1 none
    not_before_ms: np.ndarray  # int64 a leg so begun is released no earlier: the timetable's departure
    dwell_ms: np.ndarray  # int64 nor sooner than that after the leg before it has arrived


class Events(NamedTuple):
    """A log of links left: (capacity,)."""

    trip: np.ndarray  # int32
    link: np.ndarray  # int32
    enter_ms: np.ndarray  # int64
    exit_ms: np.ndarray  # int64
    n: np.ndarray  # int64 (1,) events written so far


class Settings(NamedTuple):
    """What holds everywhere: the draws of the merges, and two rows of the ledger."""

    seed: int
    stream: np.uint64
    origin_priority: float
    deadlock_check_s: int


class Scene(NamedTuple):
    """All that a loading works on."""

    network: Network
    supply: Supply
    traffic: Traffic
    vehicles: Vehicles
    pool: np.ndarray  # int32, links of all routes
    events: Events
    settings: Settings


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
