"""Deadlocks: circles of links whose first vehicles wait for each other's places, turned by one vehicle."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import inline_kernel
from twin.kernels.moves import places_of, put_in, take_off
from twin.kernels.traffic import CLOSED, KEPT, NONE, Scene
from twin.kernels.turns import read_turn


@inline_kernel
def _blocked_by(scene: Scene, link: int, end_ms: int) -> int:
    """The link on which the ready head of a link waits for places, -1 if it does not."""
    links = scene.traffic.links
    row = links[link]
    if row.n_here == 0 or row.target == NONE or scene.traffic.slots[row.head_at].ms > end_ms:
        return np.int64(-1)
    target = np.int64(row.target)
    if links[target].flags & CLOSED and not row.flags & CLOSED:
        return np.int64(-1)
    kept = links[target].flags & KEPT and scene.traffic.arms[target].kept_for != 2 * link
    if not kept and links[target].n_free >= places_of(links, scene.settings, target, np.int64(row.kind)):
        return np.int64(-1)
    return target


@inline_kernel
def _take(scene: Scene, link: int, moment: int) -> tuple[int, np.uint64, int]:
    """The head of a link, taken off it, as the next link takes it."""
    traffic = scene.traffic
    row = traffic.links[link]
    slot = traffic.slots[row.head_at]
    v = np.int64(slot.vehicle)
    _, code, word = read_turn(scene.words, slot.code, np.int64(slot.word), scene.network.turn_bits)
    domain = np.int64(traffic.work.domain[scene.network.head[link]])
    row.n_free += take_off(scene, domain, link, moment)
    return v, code, word


@inline_kernel
def _rotate(scene: Scene, first: int, moment: int) -> None:
    """Move every head of a circle of links, which starts at `first`, one link on, all at once."""
    links = scene.traffic.links
    link = first
    target = np.int64(links[link].target)
    rider = _take(scene, link, moment)
    while target != first:
        following = np.int64(links[target].target)
        taken = _take(scene, target, moment)
        _put(scene, target, rider, moment)
        target, rider = following, taken
    _put(scene, first, rider, moment)


@inline_kernel
def _put(scene: Scene, link: int, rider: tuple[int, np.uint64, int], moment: int) -> None:
    """Put a head that was taken off into its next link."""
    row = scene.traffic.links[link]
    row.n_here += put_in(scene, link, rider, moment)
    row.flags &= ~KEPT


@inline_kernel
def _walk(scene: Scene, origin: int, before: int, end_ms: int) -> int:
    """Walk from a link to where its head waits, and on; a circle that closes is rotated. Returns 1 if so.

    Links where an earlier walk of the same search came by are marked with a number above ``before``. A
    rotated link's new head may close another circle; that waits for the next search.
    """
    arms, counts = scene.traffic.arms, scene.traffic.counts
    counts[0, 4] += 1
    walk, link = counts[0, 4], np.int64(origin)
    while link >= 0 and arms[link].mark <= before:
        arms[link].mark = walk
        link = _blocked_by(scene, link, end_ms)
    if link < 0 or arms[link].mark != walk:
        return np.int64(0)
    _rotate(scene, link, end_ms)
    return np.int64(1)


@inline_kernel
def free_deadlocks(scene: Scene, end_ms: int) -> int:
    """Find every circle of links whose ready heads wait for each other's places, and rotate it once.

    Every link of a circle lacks room, or is kept, so walks begin at such links only. Returns how many
    circles were rotated; then the calendar has to be made anew.
    """
    traffic = scene.traffic
    words, rotations = traffic.tight.view(np.uint64), np.int64(0)
    before = traffic.counts[0, 4]
    for word in range(words.shape[0]):
        if words[word] == 0:  # eight links with room: nobody waits for their places
            continue
        for origin in range(8 * word, 8 * word + 8):
            if traffic.tight[origin]:
                rotations += _walk(scene, origin, before, end_ms)
    return rotations
