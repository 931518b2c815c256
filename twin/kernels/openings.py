"""When the way is free: a link has a place, a signal is green, others leave a gap. Rules: docs/loading.md."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import hot_kernel
from twin.kernels.moves import places_of, slot_behind
from twin.kernels.traffic import CLOSED, KEPT, NEVER, NONE, SIGNAL, STEP_MS, Scene, Settings, Supply


@hot_kernel
def hole_ms(links: np.ndarray, slots: np.ndarray, settings: Settings, link: int, kind: int) -> int:
    """When the last place that a vehicle of that kind needs on a link is there, NEVER if not yet left."""
    row = links[link]
    places = places_of(links, settings, link, kind)
    if row.n_free < places:
        return NEVER
    at = np.int64(row.entry_at)
    for _ in range(places - 1):
        at = slot_behind(links, link, at)
    return np.int64(slots[at].ms)


@hot_kernel
def open_ms(links: np.ndarray, slots: np.ndarray, settings: Settings, link: int, kind: int) -> int:
    """When a link is open to a vehicle of that kind, NEVER while it has not the places."""
    row = links[link]
    if kind == 0:
        return np.int64(row.open_ms)
    return np.int64(max(hole_ms(links, slots, settings, link, kind), np.int64(row.next_entry_ms)))


@hot_kernel
def green_ms(supply: Supply, row: int, moment: int) -> int:
    """The first green from a moment on at the end of a link (row of outside) with a signal."""
    cycle, green = np.int64(supply.cycle_ms[row]), np.int64(supply.green_ms[row])
    if cycle == 0 or green >= cycle:
        return moment
    if green <= 0:
        return NEVER
    into = moment - supply.offset_ms[row]
    if into >= 0:  # nearly always; without a sign, and in 32 bits, a remainder takes half as long
        into = np.int64(np.uint32(into) % np.uint32(cycle))
    else:
        into %= cycle
    return moment if into < green else moment + cycle - into


@hot_kernel
def comes_ms(scene: Scene, link: int, now: int) -> int:
    """When the head of a link that others yield to will be at the node; NEVER if nobody need wait for it.

    Who came onto the link within this step, and places left within it, do not count yet: whether they are
    known depends on the order in which nodes are worked.
    """
    traffic = scene.traffic
    row = traffic.links[link]
    if row.own_ms == NEVER or traffic.slots[row.head_at].enter_ms >= now:
        return NEVER
    moment = max(np.int64(now), np.int64(row.own_ms))
    if row.flags & SIGNAL:
        moment = green_ms(scene.supply, row.row, moment)
    if row.target == NONE:
        return np.int64(moment)
    target = traffic.links[row.target]
    if target.flags & CLOSED and not row.flags & CLOSED:
        return NEVER
    if target.flags & KEPT and traffic.arms[row.target].kept_for != 2 * link:
        return NEVER
    hole = hole_ms(traffic.links, traffic.slots, scene.settings, np.int64(row.target), np.int64(row.kind))
    if target.next_entry_ms > moment or hole > min(moment, now + STEP_MS - 1):
        return NEVER
    return np.int64(moment)


@hot_kernel
def gap_ms(scene: Scene, link: int, moment: int, now: int) -> int:
    """The moment itself if a head that yields finds a gap then, else when it looks again."""
    network = scene.network
    gap = np.int64(network.gap_ms[link])
    latest = np.int64(-1)
    for k in range(np.int64(network.major_start[link]), np.int64(network.major_start[link + 1])):
        comes = comes_ms(scene, np.int64(network.major_links[k]), now)
        if comes < moment + gap:
            latest = max(latest, comes)
    if latest < 0:
        return moment
    return latest + 1 if latest + 1 > moment else np.int64(now + STEP_MS)
