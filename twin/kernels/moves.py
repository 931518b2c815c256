"""The elementary moves of a loading: into a link, and out of it; origin queues: `twin.kernels.origins`.

Records: `twin.kernels.traffic`. A move at a node touches the downstream ends of links that end there and
the upstream ends of links that start there. What it means for the other end of a link is told at once where
both lie in one domain, else handed over and told at the end of the step (`tell_entry`, `tell_exit`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.kernels.calendar import note, second_of
from twin.kernels.jit import hot_kernel, inline_kernel
from twin.kernels.origins import note_queue
from twin.kernels.traffic import (
    CUT,
    FILLER,
    FIRST_SLOTS,
    KEPT,
    KIND_BITS,
    NEVER,
    NONE,
    SLOTS_A_LINK,
    STEP_MS,
    YIELDS,
    Events,
    Network,
    Scene,
    Settings,
    Work,
)
from twin.kernels.turns import end_turn, read_turn

ROW_MASK = np.int64((1 << KIND_BITS) - 1)


@hot_kernel
def first_slot(link: int) -> int:
    """The first slot of a link's ring."""
    return SLOTS_A_LINK * (link + 1) - FIRST_SLOTS


@hot_kernel
def slot_behind(links: np.ndarray, link: int, at: int) -> int:
    """The next slot of a link's ring."""
    row, first = links[link], first_slot(link)
    end, on = np.int64(row.ring_end), np.int64(row.ring_on)  # both read: a choice is cheaper than a branch
    behind = at + 1
    behind = on if behind == first + FIRST_SLOTS else behind
    return first if at + 1 == end else behind


@hot_kernel
def n_places(links: np.ndarray, link: int) -> int:
    """Places of a link."""
    row = links[link]
    return np.int64(row.ring_end - row.ring_on + FIRST_SLOTS)


@hot_kernel
def next_slot(links: np.ndarray, link: int, moment: int) -> int:
    """The slot that a vehicle entering at that moment takes.

    On an empty link all of whose holes have arrived every slot is as good; the first lies behind the link's
    own line.
    """
    row = links[link]
    n_taken = n_places(links, link) - np.int64(row.n_free)
    late_ms = max(np.int64(0), np.int64(row.next_exit_ms) + row.hole_ms - moment)
    entry_at = np.int64(row.entry_at)
    return first_slot(link) if (n_taken | (row.flags & CUT) | late_ms) == 0 else entry_at


@hot_kernel
def headway_of(links: np.ndarray, settings: Settings, link: int, kind: int) -> int:
    """Time from a vehicle of that kind to the next at either end of a link [ms]."""
    headway_ms = np.int64(links[link].headway_ms)
    if kind == 0:
        return headway_ms
    return max(np.int64(1), headway_ms * settings.pace[kind] // 4)


@hot_kernel
def places_of(links: np.ndarray, settings: Settings, link: int, kind: int) -> int:
    """Places that a vehicle of that kind takes on a link, which may be shorter than it."""
    return min(np.int64(settings.places[kind]), n_places(links, link))


@hot_kernel
def exit_of(network: Network, links: np.ndarray, slots: np.ndarray, link: int, turn: int) -> int:
    """The link to which a turn at the end of a link leads."""
    if turn >= 2 * FIRST_SLOTS:
        return np.int64(network.out_links[np.int64(network.out_start[links[link].node]) + turn])
    slot = slots[first_slot(link) + (turn >> 1)]
    return np.int64(slot.odd_exit if turn & 1 else slot.even_exit)


@hot_kernel
def look_at_head(scene: Scene, link: int) -> None:
    """Note of a link when its first vehicle may leave by itself, where it goes, and its kind."""
    network, traffic = scene.network, scene.traffic
    row = traffic.links[link]
    if row.n_here == 0:
        row.own_ms = NEVER
        row.target = NONE
        return
    slot = traffic.slots[row.head_at]
    row.own_ms = max(slot.ms, row.next_exit_ms)
    row.kind = slot.vehicle >> KIND_BITS
    turn, _, _ = read_turn(scene.words, slot.code, np.int64(slot.word), network.turn_bits)
    if turn == end_turn(network.turn_bits):
        row.target = NONE
    else:
        row.target = exit_of(network, traffic.links, traffic.slots, link, turn)


@hot_kernel
def look_at_entry(links: np.ndarray, slots: np.ndarray, link: int) -> None:
    """Note of a link when a vehicle of one place may enter it."""
    row = links[link]
    if row.n_free == 0:
        row.open_ms = NEVER
    else:
        row.open_ms = max(slots[row.entry_at].ms, row.next_entry_ms)


@hot_kernel
def log(events: Events, domain: int, link: int, slot: Any, moment: int) -> None:
    """Write down that the vehicle in a slot (a record) leaves a link, by its row of outside."""
    n = np.int64(events.n[domain, 0])
    events.trip[domain, n] = slot.vehicle & ROW_MASK
    events.link[domain, n] = link
    events.enter_ms[domain, n] = slot.enter_ms
    events.exit_ms[domain, n] = moment
    events.n[domain, 0] = n + 1


@hot_kernel
def hand_over(work: Work, domain: int, link: int, places: int, is_exit: int, step: int) -> None:
    """Leave word of an entry into, or an exit from, a link whose other end lies in another domain."""
    parity = step & 1
    n = work.n_handed[parity, domain, 0]
    work.handed[parity, domain, n] = (link << 4) | (places << 1) | is_exit
    work.n_handed[parity, domain, 0] = n + 1


@hot_kernel
def tell_entry(scene: Scene, domain: int, link: int, places: int, step: int) -> None:
    """The downstream end of a link, in that domain, learns of a vehicle that has entered."""
    row = scene.traffic.links[link]
    was_empty = row.n_here == 0
    row.n_here += places
    if was_empty:  # who comes behind another is looked at when that one leaves
        look_at_head(scene, link)
        note(scene.traffic.calendar, domain, 2 * link, second_of(row.own_ms), step)


@hot_kernel
def tell_exit(scene: Scene, domain: int, link: int, places: int, step: int) -> None:
    """The upstream end of a link, in that domain, learns of places that have been left."""
    row, most = scene.traffic.links[link], scene.settings.most_places
    if row.n_free < most and row.n_free + places >= most:
        scene.traffic.counts[domain, 0] -= 1
        scene.traffic.tight[link] = (row.flags & KEPT) != 0
    row.n_free += places
    if row.open_ms == NEVER:  # else nobody could enter sooner for the new hole
        look_at_entry(scene.traffic.links, scene.traffic.slots, link)
    if row.n_asleep > 0:
        wake(scene, domain, link, step)


@inline_kernel
def wake(scene: Scene, domain: int, link: int, step: int) -> None:
    """Whoever sleeps until a place is left on a link looks again when that place's hole has come."""
    network, traffic = scene.network, scene.traffic
    links, calendar = traffic.links, traffic.calendar
    node = network.tail[link]
    second = max(second_of(links[link].open_ms), step + 1)
    for other in range(np.int64(network.in_start[node]), np.int64(network.in_start[node + 1])):
        if links[other].asleep and links[other].target == link:
            links[other].asleep = 0
            note(calendar, domain, 2 * other, second, step)
    if traffic.arms[link].queue_asleep:
        traffic.arms[link].queue_asleep = 0
        note_queue(traffic.arms, calendar, domain, link, second, step)
    links[link].n_asleep = 0


@hot_kernel
def put_in(scene: Scene, link: int, rider: tuple[int, np.uint64, int], moment: int) -> int:
    """Put a vehicle (row and kind, code and word of its route) into the next slot of a link.

    Returns the places that it takes: all it needs, or those there are, where a deadlock's rule squeezes it.
    """
    traffic, links = scene.traffic, scene.traffic.links
    row = links[link]
    v, code, word = rider
    at = next_slot(links, link, moment)
    if at != row.entry_at:
        row.head_at = at
    slot = traffic.slots[at]
    slot.ms = moment + row.free_ms
    slot.enter_ms = moment
    slot.vehicle = v
    slot.code = code
    slot.word = word
    at = slot_behind(links, link, at)
    kind = v >> KIND_BITS
    places = np.int64(1)
    if kind > 0:
        places = min(places_of(links, scene.settings, link, kind), np.int64(row.n_free))
        for _ in range(places - 1):
            traffic.slots[at].vehicle = FILLER
            at = slot_behind(links, link, at)
    row.entry_at = at
    row.next_entry_ms = moment + headway_of(links, scene.settings, link, kind)
    row.n_free -= places
    look_at_entry(links, traffic.slots, link)
    end = (second_of(moment) + 1) * STEP_MS
    if (row.n_free == 0 or traffic.slots[at].ms >= end) and traffic.arms[link].full_s < 0:
        traffic.arms[link].full_s = second_of(moment)
    return places


@hot_kernel
def enter(scene: Scene, domain: int, link: int, rider: tuple[int, np.uint64, int], moment: int) -> None:
    """Let a vehicle enter a link."""
    row, most = scene.traffic.links[link], scene.settings.most_places
    places = put_in(scene, link, rider, moment)
    if row.n_free < most and row.n_free + places >= most:
        scene.traffic.counts[domain, 0] += 1
        scene.traffic.tight[link] = 1
    step = second_of(moment)
    if row.flags & CUT:
        hand_over(scene.traffic.work, domain, link, places, 0, step)
    else:
        tell_entry(scene, domain, link, places, step)


@hot_kernel
def take_off(scene: Scene, domain: int, link: int, moment: int) -> int:
    """Take the head off a link: its slots become holes. Returns the places that it leaves."""
    traffic, links = scene.traffic, scene.traffic.links
    row = links[link]
    at = np.int64(row.head_at)
    log(scene.events, domain, np.int64(row.row), traffic.slots[at], moment)
    hole = moment + row.hole_ms
    kind = np.int64(row.kind)
    places = np.int64(0)
    while True:
        traffic.slots[at].vehicle = NONE
        traffic.slots[at].ms = hole
        places += 1
        at = slot_behind(links, link, at)
        if kind == 0 or places == row.n_here or traffic.slots[at].vehicle != FILLER:
            break
    row.head_at = at
    row.n_here -= places
    row.next_exit_ms = moment + headway_of(links, scene.settings, link, kind)
    if row.flags & YIELDS:
        traffic.arms[link].look_ms = 0
    look_at_head(scene, link)
    return places


@hot_kernel
def leave(scene: Scene, domain: int, link: int, moment: int) -> tuple[int, np.uint64, int]:
    """Let the head of a link leave it at that moment.

    Returns who must enter the link that the head was going to, as `enter` takes it.
    """
    traffic, bits = scene.traffic, scene.network.turn_bits
    row = traffic.links[link]
    slot = traffic.slots[row.head_at]
    v = np.int64(slot.vehicle)
    _, code, word = read_turn(scene.words, slot.code, np.int64(slot.word), bits)
    step = second_of(moment)
    places = take_off(scene, domain, link, moment)
    if row.flags & CUT:
        hand_over(traffic.work, domain, link, places, 1, step)
    else:
        tell_exit(scene, domain, link, places, step)
    return v, code, word
