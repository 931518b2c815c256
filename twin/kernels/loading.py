"""Network loading: vehicles move through first-in-first-out links with flow and storage capacity.

Each link is a ring of as many slots as it can store vehicles. A full slot holds a vehicle and the
moment it may leave; an empty slot holds the moment its hole arrives at the upstream end, which is
the leaving moment plus the link's length over the backward wave speed (Newell 1993, simplified
kinematic wave theory, Transp. Res. B 27(4); the queue spills back at that speed). Time is whole
milliseconds, executed in steps of one second; traverse and hole times are at least one step, so what
one node does within a step no other node can use within it: the order of nodes does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel
from twin.kernels.random import mix, uniform

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
    """What moves with each trip by car (n_trips,)."""

    key: np.ndarray  # uint64
    route_at: np.ndarray  # int64 position of the present (or first) link in the route pool
    route_end: np.ndarray  # int64 one past the last link
    release_ms: np.ndarray  # int64 wishes to enter the first link
    entered_ms: np.ndarray  # int64, -1 not yet
    arrived_ms: np.ndarray  # int64, -1 not yet
    link_enter_ms: np.ndarray  # int64 entered the present link
    queue_next: np.ndarray  # int32 next vehicle in the origin queue


class Events(NamedTuple):
    """A log of links left: (capacity,)."""

    trip: np.ndarray  # int32
    link: np.ndarray  # int32
    enter_ms: np.ndarray  # int64
    exit_ms: np.ndarray  # int64


@kernel
def release(vehicles: Vehicles, traffic: Traffic, pool: np.ndarray, order: np.ndarray) -> None:
    """Append vehicles to the origin queues of their first links, in the order given (release, key)."""
    for k in range(order.shape[0]):
        v = order[k]
        link = pool[vehicles.route_at[v]]
        vehicles.queue_next[v] = NONE
        if traffic.queue_head[link] == NONE:
            traffic.queue_head[link] = v
        else:
            vehicles.queue_next[traffic.queue_tail[link]] = v
        traffic.queue_tail[link] = v


@inline_kernel
def _entry_ms(network: Network, traffic: Traffic, link: int) -> int:
    """Earliest moment at which a vehicle may enter the link, NEVER while it is full."""
    n_in = traffic.n_in[link]
    storage = network.storage_veh[link]
    if n_in - traffic.n_out[link] >= storage:
        return NEVER
    hole = traffic.slot_ms[network.ring_start[link] + n_in % storage]
    return max(hole, traffic.next_entry_ms[link])


@inline_kernel
def _head_vehicle(network: Network, traffic: Traffic, link: int) -> int:
    """The first vehicle on the link; the link must not be empty."""
    return traffic.slot_vehicle[network.ring_start[link] + traffic.n_out[link] % network.storage_veh[link]]


@inline_kernel
def _leave_ms(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, pool: np.ndarray, link: int, now: int
) -> int:
    """Earliest moment from `now` at which the head of a link can leave it, NEVER while blocked."""
    slot = network.ring_start[link] + traffic.n_out[link] % network.storage_veh[link]
    v = traffic.slot_vehicle[slot]
    moment = max(now, max(traffic.slot_ms[slot], traffic.next_exit_ms[link]))
    following = vehicles.route_at[v] + 1
    if following == vehicles.route_end[v]:
        return moment
    target = pool[following]
    if supply.closed[target] and not supply.closed[link]:
        return NEVER
    return max(moment, _entry_ms(network, traffic, target))


@inline_kernel
def _race(seed: int, stream: np.uint64, key: np.uint64, step: int, weight: float) -> float:
    """Exponential race: the least of several draws falls to each in proportion to its weight."""
    return -np.log(1.0 - uniform(seed, stream, key, step)) / weight


@inline_kernel
def _enter(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, v: int, link: int, moment: int
) -> None:
    """Put vehicle v into the link's next slot."""
    n_in = traffic.n_in[link]
    storage = network.storage_veh[link]
    slot = network.ring_start[link] + n_in % storage
    ready = moment + supply.free_ms[link]
    traffic.slot_vehicle[slot] = v
    traffic.slot_ms[slot] = ready
    traffic.n_in[link] = n_in + 1
    traffic.next_entry_ms[link] = moment + supply.headway_ms[link]
    vehicles.link_enter_ms[v] = moment
    if traffic.full_s[link] < 0 and n_in + 1 - traffic.n_out[link] == storage:
        traffic.full_s[link] = moment // STEP_MS
    node = network.head[link]
    traffic.wake_s[node] = min(traffic.wake_s[node], ready // STEP_MS)


@inline_kernel
def _log(events: Events, n: int, vehicles: Vehicles, v: int, link: int, moment: int) -> int:
    """Write one link left; the count of events goes up by one."""
    events.trip[n] = v
    events.link[n] = link
    events.enter_ms[n] = vehicles.link_enter_ms[v]
    events.exit_ms[n] = moment
    return n + 1


@inline_kernel
def _leave(
    network: Network,
    supply: Supply,
    traffic: Traffic,
    vehicles: Vehicles,
    pool: np.ndarray,
    link: int,
    moment: int,
) -> int:
    """Let the head of a link leave it at that moment, into its next link or to its destination."""
    slot = network.ring_start[link] + traffic.n_out[link] % network.storage_veh[link]
    v = traffic.slot_vehicle[slot]
    hole = moment + network.hole_ms[link]
    traffic.slot_vehicle[slot] = NONE
    traffic.slot_ms[slot] = hole
    traffic.n_out[link] += 1
    traffic.next_exit_ms[link] = moment + supply.headway_ms[link]
    node = network.tail[link]
    traffic.wake_s[node] = min(traffic.wake_s[node], hole // STEP_MS)
    vehicles.route_at[v] += 1
    if vehicles.route_at[v] == vehicles.route_end[v]:
        vehicles.arrived_ms[v] = moment
    else:
        _enter(network, supply, traffic, vehicles, v, pool[vehicles.route_at[v]], moment)
    return v


@inline_kernel
def _start(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, link: int, moment: int
) -> None:
    """Let the first vehicle of an origin queue enter its first link."""
    v = traffic.queue_head[link]
    traffic.queue_head[link] = vehicles.queue_next[v]
    vehicles.entered_ms[v] = moment
    _enter(network, supply, traffic, vehicles, v, link, moment)


@inline_kernel
def _start_ms(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, link: int, now: int
) -> int:
    """Earliest moment from `now` at which the first of an origin queue may enter, NEVER while blocked."""
    if supply.closed[link]:
        return NEVER
    wish = max(now, vehicles.release_ms[traffic.queue_head[link]])
    return max(wish, _entry_ms(network, traffic, link))


@inline_kernel
def _process_node(
    network: Network,
    supply: Supply,
    traffic: Traffic,
    vehicles: Vehicles,
    pool: np.ndarray,
    events: Events,
    n_events: int,
    node: int,
    step: int,
    seed: int,
    stream: np.uint64,
    origin_priority: float,
) -> int:
    """All movements at one node within one step: earliest first, ties by a race of capacities."""
    now = step * STEP_MS
    while True:
        best_ms = NEVER
        best_link = -1
        best_starts = False
        best_key = np.uint64(0)
        best_race = -1.0
        for side in range(2):
            first = network.in_start[node] if side == 0 else network.out_start[node]
            last = network.in_start[node + 1] if side == 0 else network.out_start[node + 1]
            for k in range(first, last):
                if side == 0:
                    link = network.in_links[k]
                    if traffic.n_in[link] == traffic.n_out[link]:
                        continue
                    moment = _leave_ms(network, supply, traffic, vehicles, pool, link, now)
                    key = network.link_key[link]
                else:
                    link = network.out_links[k]
                    if traffic.queue_head[link] == NONE:
                        continue
                    moment = _start_ms(network, supply, traffic, vehicles, link, now)
                    key = mix(network.link_key[link])
                if moment > best_ms or moment == NEVER:
                    continue
                weight = network.priority[link] * (1.0 if side == 0 else origin_priority)
                race = -1.0
                if moment == best_ms:
                    if best_race < 0.0:
                        best_weight = network.priority[best_link] * (origin_priority if best_starts else 1.0)
                        best_race = _race(seed, stream, best_key, step, best_weight)
                    race = _race(seed, stream, key, step, weight)
                    if race > best_race or (race == best_race and key > best_key):
                        continue
                best_ms, best_link, best_starts, best_key, best_race = moment, link, side == 1, key, race
        if best_ms >= now + STEP_MS:
            traffic.wake_s[node] = best_ms // STEP_MS
            return n_events
        if best_starts:
            _start(network, supply, traffic, vehicles, best_link, best_ms)
        else:
            v = _head_vehicle(network, traffic, best_link)
            n_events = _log(events, n_events, vehicles, v, best_link, best_ms)
            _leave(network, supply, traffic, vehicles, pool, best_link, best_ms)


@kernel
def queued(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, now_ms: int, events: Events
) -> int:
    """Vehicles that a queue holds up: written to events with the moment at which they would leave.

    A vehicle with k others ahead leaves no earlier than k headways from now: its distance from the end
    of the link over the speed of the queue. Who would leave by free flow all the same is not listed.
    Returns how many there are.
    """
    n = 0
    for link in range(network.tail.shape[0]):
        storage = network.storage_veh[link]
        for ahead in range(traffic.n_in[link] - traffic.n_out[link]):
            slot = network.ring_start[link] + (traffic.n_out[link] + ahead) % storage
            leaves_ms = now_ms + ahead * supply.headway_ms[link]
            if leaves_ms <= traffic.slot_ms[slot]:
                continue
            v = traffic.slot_vehicle[slot]
            events.trip[n] = v
            events.link[n] = link
            events.enter_ms[n] = vehicles.link_enter_ms[v]
            events.exit_ms[n] = leaves_ms
            n += 1
    return n


@inline_kernel
def _blocked_by(
    network: Network, supply: Supply, traffic: Traffic, vehicles: Vehicles, pool: np.ndarray, link: int, end_ms: int
) -> int:
    """The full link that the ready head of a full link waits for, -1 if it does not."""
    if traffic.n_in[link] - traffic.n_out[link] < network.storage_veh[link]:
        return -1
    slot = network.ring_start[link] + traffic.n_out[link] % network.storage_veh[link]
    v = traffic.slot_vehicle[slot]
    following = vehicles.route_at[v] + 1
    if traffic.slot_ms[slot] > end_ms or following == vehicles.route_end[v]:
        return -1
    target = pool[following]
    if supply.closed[target] and not supply.closed[link]:
        return -1
    if traffic.n_in[target] - traffic.n_out[target] < network.storage_veh[target]:
        return -1
    return target


@inline_kernel
def _rotate(
    network: Network,
    supply: Supply,
    traffic: Traffic,
    vehicles: Vehicles,
    pool: np.ndarray,
    events: Events,
    n_events: int,
    link: int,
    moment: int,
) -> int:
    """Move every head of a cycle of full links, which starts at `link`, one link on, all at once."""
    carried = _head_vehicle(network, traffic, link)
    first = link
    while True:
        target = pool[vehicles.route_at[carried] + 1]
        slot = network.ring_start[target] + traffic.n_out[target] % network.storage_veh[target]
        next_carried = traffic.slot_vehicle[slot]
        n_events = _log(events, n_events, vehicles, carried, link, moment)
        vehicles.route_at[carried] += 1
        traffic.n_out[target] += 1
        traffic.next_exit_ms[target] = moment + supply.headway_ms[target]
        _enter(network, supply, traffic, vehicles, carried, target, moment)
        node = network.head[target]  # whoever is first on the link now may be ready at once
        traffic.wake_s[node] = min(traffic.wake_s[node], moment // STEP_MS)
        if target == first:
            return n_events
        link = target
        carried = next_carried


@inline_kernel
def _free_deadlocks(
    network: Network,
    supply: Supply,
    traffic: Traffic,
    vehicles: Vehicles,
    pool: np.ndarray,
    events: Events,
    n_events: int,
    end_ms: int,
    mark: np.ndarray,
) -> tuple[int, int]:
    """Find every cycle of full links whose ready heads wait for each other, and rotate it once."""
    rotations = 0
    mark[:] = 0
    for start in range(mark.shape[0]):
        link = start
        while link >= 0 and mark[link] == 0:
            mark[link] = start + 1
            link = _blocked_by(network, supply, traffic, vehicles, pool, link, end_ms)
        if link >= 0 and mark[link] == start + 1:
            n_events = _rotate(network, supply, traffic, vehicles, pool, events, n_events, link, end_ms)
            rotations += 1
            # a rotated link's new head may close another cycle; that waits for the next check
            mark[link] = -1
    return n_events, rotations


@kernel
def advance(
    network: Network,
    supply: Supply,
    traffic: Traffic,
    vehicles: Vehicles,
    pool: np.ndarray,
    events: Events,
    window: tuple[int, int, int],
    seed: int,
    stream: np.uint64,
    origin_priority: float,
    deadlock_check_s: int,
) -> tuple[int, int, int]:
    """Run steps [from, until) of ``window = (from_s, until_s, margin)``.

    Stops early when fewer than ``margin`` events (the most that one step can log) fit in the log.
    Returns the step reached, the events logged and the rotations of deadlocked cycles.
    """
    from_s, until_s, margin = window
    n_events = 0
    rotations = 0
    mark = traffic.mark
    wake_s = traffic.wake_s
    traffic.wake_s[:] = from_s  # routes and supply may have changed since the last call
    for step in range(from_s, until_s):
        if n_events + margin > events.trip.shape[0]:
            return step, n_events, rotations
        for node in range(wake_s.shape[0]):
            if wake_s[node] <= step:
                n_events = _process_node(
                    network, supply, traffic, vehicles, pool, events, n_events, node, step, seed, stream,
                    origin_priority,
                )  # fmt: skip
        if (step + 1) % deadlock_check_s == 0:
            end_ms = (step + 1) * STEP_MS
            n_events, turned = _free_deadlocks(
                network, supply, traffic, vehicles, pool, events, n_events, end_ms, mark
            )
            rotations += turned
    return until_s, n_events, rotations
