"""Cars in links: the records of a loading.

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
