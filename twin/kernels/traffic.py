"""Cars in links: the records of a loading, and the elementary moves of one vehicle.

Each link is a ring of as many slots as it can store vehicles. A full slot holds a vehicle and the
moment it may leave; an empty slot holds the moment its hole arrives at the upstream end, which is
the leaving moment plus the link's length over the backward wave speed (Newell 1993, simplified
kinematic wave theory, Transp. Res. B 27(4); the queue spills back at that speed).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel

STEP_MS = 1_000
NEVER = np.int64(2**62)
NONE = np.int32(-1)


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

    n_in: np.ndarray  # int64 (n_links,) vehicles entered so far
    n_out: np.ndarray  # int64 (n_links,) vehicles left so far
    slot_vehicle: np.ndarray  # int32 (sum of storage,)
    slot_ms: np.ndarray  # int64 (sum of storage,) ready moment, or hole's arrival
    next_exit_ms: np.ndarray  # int64 (n_links,)
    next_entry_ms: np.ndarray  # int64 (n_links,)
    queue_head: np.ndarray  # int32 (n_links,) first vehicle waiting at the origin
    queue_tail: np.ndarray  # int32 (n_links,)
    wake_s: np.ndarray  # int64 (n_nodes,) step from which the node may act
    full_s: np.ndarray  # int64 (n_links,) first step in which the link was full, -1 never
    mark: np.ndarray  # int32 (n_links,) scratch of the search for deadlocks


class Vehicles(NamedTuple):
    """What moves with each trip by car, and with each leg of a bus from stop to stop (n_vehicles,).

    Where a leg ends, the next begins: its bus stands in a bay, off the lane, until it leaves.
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
def head_slot(scene: Scene, link: int) -> int:
    """Slot of the first vehicle on a link that is not empty."""
    network = scene.network
    return network.ring_start[link] + scene.traffic.n_out[link] % network.storage_veh[link]


@inline_kernel
def is_full(scene: Scene, link: int) -> bool:
    """No vehicle more can be stored on the link."""
    traffic = scene.traffic
    return traffic.n_in[link] - traffic.n_out[link] >= scene.network.storage_veh[link]


@inline_kernel
def entry_ms(scene: Scene, link: int) -> int:
    """Earliest moment at which a vehicle may enter the link, NEVER while it is full."""
    network, traffic = scene.network, scene.traffic
    if is_full(scene, link):
        return NEVER
    hole = traffic.slot_ms[network.ring_start[link] + traffic.n_in[link] % network.storage_veh[link]]
    return max(hole, traffic.next_entry_ms[link])


@inline_kernel
def _goes_first(vehicles: Vehicles, v: int, other: int) -> bool:
    """Whether v stands before the other in an origin queue: by moment of release, then by key."""
    if vehicles.release_ms[v] != vehicles.release_ms[other]:
        return vehicles.release_ms[v] < vehicles.release_ms[other]
    return vehicles.key[v] < vehicles.key[other]


@inline_kernel
def join_queue(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, v: int) -> None:
    """Put a vehicle into its first link's origin queue; it is last, but for a bus that is held longer."""
    link, queue_next = pool[vehicles.route_at[v]], vehicles.queue_next
    head = traffic.queue_head[link]
    queue_next[v] = NONE
    if head == NONE:
        traffic.queue_head[link] = v
        traffic.queue_tail[link] = v
        return
    tail = traffic.queue_tail[link]
    if not _goes_first(vehicles, v, tail):
        queue_next[tail] = v
        traffic.queue_tail[link] = v
        return
    if _goes_first(vehicles, v, head):
        queue_next[v] = head
        traffic.queue_head[link] = v
        return
    before = np.int64(head)
    while not _goes_first(vehicles, v, queue_next[before]):
        before = np.int64(queue_next[before])
    queue_next[v] = queue_next[before]
    queue_next[before] = v


@inline_kernel
def log(scene: Scene, v: int, link: int, moment: int) -> None:
    """Write down one link left."""
    events = scene.events
    n = events.n[0]
    events.trip[n] = v
    events.link[n] = link
    events.enter_ms[n] = scene.vehicles.link_enter_ms[v]
    events.exit_ms[n] = moment
    events.n[0] = n + 1


@inline_kernel
def enter(scene: Scene, v: int, link: int, moment: int) -> None:
    """Put vehicle v into the link's next slot."""
    network, traffic = scene.network, scene.traffic
    n_in = traffic.n_in[link]
    storage = network.storage_veh[link]
    slot = network.ring_start[link] + n_in % storage
    ready = moment + scene.supply.free_ms[link]
    traffic.slot_vehicle[slot] = v
    traffic.slot_ms[slot] = ready
    traffic.n_in[link] = n_in + 1
    traffic.next_entry_ms[link] = moment + scene.supply.headway_ms[link]
    scene.vehicles.link_enter_ms[v] = moment
    if traffic.full_s[link] < 0 and n_in + 1 - traffic.n_out[link] == storage:
        traffic.full_s[link] = moment // STEP_MS
    node = network.head[link]
    traffic.wake_s[node] = min(traffic.wake_s[node], ready // STEP_MS)


@inline_kernel
def leave(scene: Scene, link: int, moment: int) -> int:
    """Let the head of a link leave it at that moment.

    Returns the vehicle if it must enter its next link, -1 if it has reached its destination.
    """
    network, traffic, vehicles = scene.network, scene.traffic, scene.vehicles
    slot = head_slot(scene, link)
    v = np.int64(traffic.slot_vehicle[slot])
    log(scene, v, link, moment)
    hole = moment + network.hole_ms[link]
    traffic.slot_vehicle[slot] = NONE
    traffic.slot_ms[slot] = hole
    traffic.n_out[link] += 1
    traffic.next_exit_ms[link] = moment + scene.supply.headway_ms[link]
    node = network.tail[link]
    traffic.wake_s[node] = min(traffic.wake_s[node], hole // STEP_MS)
    vehicles.route_at[v] += 1
    if vehicles.route_at[v] == vehicles.route_end[v]:
        vehicles.arrived_ms[v] = moment
        following = np.int64(vehicles.next_leg[v])
        if following >= 0:
            release_ms = max(moment + vehicles.dwell_ms[following], vehicles.not_before_ms[following])
            vehicles.release_ms[following] = release_ms
            join_queue(vehicles, traffic, scene.pool, following)
        return np.int64(-1)
    return v


@inline_kernel
def start(scene: Scene, link: int, moment: int) -> int:
    """Take the first vehicle from the origin queue of its first link; it must enter that link."""
    v = np.int64(scene.traffic.queue_head[link])
    scene.traffic.queue_head[link] = scene.vehicles.queue_next[v]
    scene.vehicles.entered_ms[v] = moment
    return v
