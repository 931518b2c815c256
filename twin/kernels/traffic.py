"""Cars in links: the records of a loading.

Each link is a ring of as many slots as it can store vehicles. A full slot holds a vehicle and the
moment it may leave; an empty slot holds the moment its hole arrives at the upstream end, which is
the leaving moment plus the link's length over the backward wave speed (Newell 1993, simplified
kinematic wave theory, Transp. Res. B 27(4); the queue spills back at that speed).

What limits a loading is waiting for memory, so all that most moves need lies together in two cache lines
side by side: the first has what they need of a link, the second its first two slots and where its first
four turns lead. In light traffic no other slot is used, since an empty ring begins anew. A slot has all
that is needed of a vehicle under way, the next turns of its route among it; a link's line also carries the
two moments for which the rest would have to be read: when the first vehicle may leave, and when one may
enter. Links are numbered here such that those that end at one node lie together; `Network.row` and
`Network.place` lead to and from the rows of outside.

What only ever leads to a row is unsigned: of an index that cannot be negative, compiled code need not ask
whether it counts from the end. That is worth a tenth of the time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

STEP_MS = 1_000
NEVER = np.int64(2**31 - 1)
NONE = np.int32(-1)
FILLER = np.int32(-2)
"""A slot that belongs to the long vehicle in the slot before it."""

CLOSED, CUT, SIGNAL, YIELDS, KEPT = 1, 2, 4, 8, 16
"""Flags of a link; its two ends lie in different domains where it is cut; places are kept for one event."""

KIND_BITS = 28
"""A slot holds the vehicle's row, and from this bit on its kind; so there may be 268 million vehicles."""
MOST_KINDS = 8

_LINE = np.dtype(
    [
        ("own_ms", np.int32),  # earliest exit of the first vehicle but for what lies ahead, NEVER if none
        ("open_ms", np.int32),  # earliest entry of a vehicle of one place, NEVER while full
        ("next_exit_ms", np.int32),
        ("next_entry_ms", np.int32),
        ("target", np.int32),  # next link of the first vehicle, -1 if it ends here
        ("head_at", np.uint32),  # slot of the first vehicle
        ("entry_at", np.uint32),  # slot of the next vehicle to enter
        ("free_ms", np.int32),  # as supply has it
        ("headway_ms", np.int32),  # as supply has it
        ("hole_ms", np.int32),
        ("ring_on", np.uint32),  # slot behind the first ones
        ("ring_end", np.uint32),  # one past the last
        ("node", np.uint32),  # at its end
        ("row", np.uint32),  # row of outside
        ("n_here", np.uint16),  # places taken, as the downstream end knows
        ("n_free", np.uint16),  # places free, as the upstream end knows
        ("flags", np.uint8),
        ("kind", np.uint8),  # kind of the first vehicle
        ("asleep", np.uint8),  # its first vehicle waits until something happens on its next link
        ("n_asleep", np.uint8),  # first vehicles and starts that sleep until a place is left here
    ]
)
ARM = np.dtype(
    [
        ("key", np.uint64),  # random key of the link: breaks ties
        ("queue_head", np.int32),  # first vehicle waiting at the origin, -1 none
        ("queue_tail", np.int32),
        ("queue_ms", np.int32),  # release of the first
        ("queue_asleep", np.int32),  # it waits until something happens on the link
        ("weight", np.int32),  # in turns at its downstream node
        ("credit", np.int32),
        ("start_weight", np.int32),  # of its origin queue, at its upstream node
        ("start_credit", np.int32),
        ("look_ms", np.int32),  # where it yields: looks for a gap no sooner
        ("kept_for", np.int32),  # event that its next places are kept for, where flagged
        ("spare", np.int32),  # a cache line to a record
        ("full_s", np.int32),  # first step in which it was full, -1 never
        ("mark", np.int32),  # scratch of the search for deadlocks
        ("queue_due_s", np.int32),  # when its origin queue is in the calendar for, -1 not
    ]
)
SLOT = np.dtype(
    [
        ("code", np.uint64),  # the next turns, `twin.kernels.turns`
        ("ms", np.int32),  # ready moment, or the hole's arrival
        ("enter_ms", np.int32),  # when the vehicle came
        ("vehicle", np.int32),  # row and kind, -1 none
        ("word", np.uint32),  # where the turns go on after those in ``code``
        ("even_exit", np.int32),  # in a link's first slots: where its first turns lead, two in each
        ("odd_exit", np.int32),
    ]
)
FIRST_SLOTS = 2
"""Slots in the cache line behind a link's own."""
_SPREAD: Any = {
    "names": _LINE.names,
    "formats": [_LINE[at] for at in range(len(_LINE))],
    "itemsize": _LINE.itemsize + FIRST_SLOTS * SLOT.itemsize,
}
LINK = np.dtype(_SPREAD)
SLOTS_A_LINK = LINK.itemsize // SLOT.itemsize
"""Links and slots are two views of one memory; so far apart are the first slots of two links."""


class Network(NamedTuple):
    """What never moves: topology, and who gives way to whom; links in the loading's own order."""

    tail: np.ndarray  # uint32 (n_links,) node row
    head: np.ndarray  # uint32 (n_links,) node row
    in_start: np.ndarray  # uint32 (n_nodes + 1,) links that end at the node lie together
    out_start: np.ndarray  # uint32 (n_nodes + 1,)
    out_links: np.ndarray  # uint32 (n_links,) links that start at the node
    ordinal: np.ndarray  # int32 (n_links,) place of a link among those that start where it starts
    row: np.ndarray  # uint32 (n_links,) row of outside
    place: np.ndarray  # uint32 (n_links,) by row of outside: the loading's own number
    storage_veh: np.ndarray  # int32 (n_links,)
    hole_ms: np.ndarray  # int32 (n_links,) >= one step
    weight: np.ndarray  # int32 (n_links,) in turns at a merge
    link_key: np.ndarray  # uint64 (n_links,)
    gap_ms: np.ndarray  # int32 (n_links,) critical gap where the link yields, 0 elsewhere
    major_start: np.ndarray  # uint32 (n_links + 1,)
    major_links: np.ndarray  # uint32 links that it yields to
    turn_bits: int  # bits of an ordinal in the code of a route: 4 or 8


class Supply(NamedTuple):
    """What levers and incidents change: (n_links,) by row of outside."""

    free_ms: np.ndarray  # int64 traverse time in free flow, >= one step
    headway_ms: np.ndarray  # int64 one over flow capacity
    closed: np.ndarray  # bool: no entry from outside the closure
    cycle_ms: np.ndarray  # int32 of the signal at its end, 0 none
    offset_ms: np.ndarray  # int32 beginning of green within the cycle
    green_ms: np.ndarray  # int32


class Calendar(NamedTuple):
    """Links that may act, by second and domain, in chunks of a few cache lines.

    An event is twice a link's number, plus one for its origin queue.
    """

    first: np.ndarray  # uint32 (n_domains, seconds ahead) first chunk
    end: np.ndarray  # uint32 (n_domains, seconds ahead) where the next event goes, 0 where there is none
    words: np.ndarray  # uint32 (n_domains, n_words): chunks of the next chunk's number, then events
    unused: np.ndarray  # uint32 (n_domains, 16) first chunk that is not in use


class Work(NamedTuple):
    """Scratch of a step, by domain, and what domains hand to each other at its end."""

    event: np.ndarray  # uint32 (n_domains, n_events) events of this step
    behind: np.ndarray  # int32 (n_domains, n_events) the next event of the same node, -1 none
    due: np.ndarray  # uint32 (n_domains, n_nodes) the first event found of each node that has any
    first: np.ndarray  # int32 (n_nodes,) the node's first event, -1 none
    parts: np.ndarray  # int64 (n_domains, most links into a node) who takes part in a turn
    domain: np.ndarray  # int32 (n_nodes,) domain of a node
    handed: np.ndarray  # int32 (2, n_domains, room) entries and exits of cut links, by parity of the step
    n_handed: np.ndarray  # int64 (2, n_domains, 8)
    meeting: np.ndarray  # int64 (32,) threads that have come to the barrier, and how often it has opened


class Traffic(NamedTuple):
    """What moves on links."""

    links: np.ndarray  # LINK (n_links,)
    arms: np.ndarray  # ARM (n_links,)
    slots: np.ndarray  # SLOT: those of `links`, then the rest of every ring
    calendar: Calendar
    work: Work
    tight: np.ndarray
    """uint8 (n_links, filled up to words of eight): links without room for the longest vehicle, or kept."""
    counts: np.ndarray
    """int64 (n_domains, 8): links without room for the longest vehicle, events of the step, (two, by its
    parity) whether the log is nearly full, and walks that were made in search of deadlocks."""


class Vehicles(NamedTuple):
    """What moves with each trip by car, and with each leg of a bus from stop to stop (n_vehicles,).

    Where a leg ends, the next begins: its bus stands in a bay, off the lane, until it leaves. Columns of
    legs (n_legs,) belong to the last vehicles.
    """

    key: np.ndarray  # uint64
    link: np.ndarray  # int32 its first link, or that on which `settle` found it; the loading's number
    at: np.ndarray  # uint32 word of its route before it enters, the slot in which `settle` found it after
    kind: np.ndarray  # uint8
    release_ms: np.ndarray  # int32 wishes to enter the first link, -1 not yet
    entered_ms: np.ndarray  # int32, -1 not yet
    arrived_ms: np.ndarray  # int32, -1 not yet
    queue_next: np.ndarray  # int32 next vehicle in the origin queue
    next_leg: np.ndarray  # int32 (n_legs,) the leg that begins where this vehicle arrives, -1 none
    not_before_ms: np.ndarray  # int32 (n_legs,) a leg so begun is released no earlier: by the timetable
    dwell_ms: np.ndarray  # int32 (n_legs,) nor sooner than that after the leg before it has arrived


class Events(NamedTuple):
    """Logs of links left, one a domain: (n_domains, capacity); links by row of outside."""

    trip: np.ndarray  # int32
    link: np.ndarray  # int32
    enter_ms: np.ndarray  # int32
    exit_ms: np.ndarray  # int32
    n: np.ndarray  # uint32 (n_domains, 16) events written so far


class Settings(NamedTuple):
    """What holds everywhere: the rule for deadlocks (0 off), and what kinds of vehicles take."""

    deadlock_check_s: int
    places: np.ndarray  # int32 (MOST_KINDS,) places on a link
    pace: np.ndarray  # int32 (MOST_KINDS,) quarters of a car's headway
    most_places: int


class Scene(NamedTuple):
    """All that a loading works on."""

    network: Network
    supply: Supply
    traffic: Traffic
    vehicles: Vehicles
    words: np.ndarray  # uint64 turns of all routes
    events: Events
    settings: Settings
