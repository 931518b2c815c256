"""What happens at one node within one step: who may move and when, gaps, turns at a merge.

Rules and the reasons for them: docs/loading.md. An event is twice a link's number (its first vehicle,
a head), plus one for the link's origin queue (a start).
"""

from __future__ import annotations

import numpy as np

from twin.kernels.calendar import note, second_of
from twin.kernels.jit import hot_kernel
from twin.kernels.moves import ROW_MASK, enter, leave
from twin.kernels.openings import gap_ms, green_ms, open_ms
from twin.kernels.origins import arrive, note_queue, start
from twin.kernels.random import mix
from twin.kernels.traffic import CLOSED, KEPT, NEVER, NONE, SIGNAL, STEP_MS, YIELDS, Scene


@hot_kernel
def _moment(scene: Scene, event: int, now: int) -> int:
    """Earliest moment from `now` at which an event may come about, NEVER while it cannot."""
    traffic = scene.traffic
    link = event >> 1
    row = traffic.links[link]
    if event & 1:
        arm = traffic.arms[link]
        if arm.queue_head == NONE or row.flags & CLOSED:
            return NEVER
        moment, target = np.int64(arm.queue_ms), link
    else:
        moment, target = np.int64(row.own_ms), np.int64(row.target)
    if moment >= now + STEP_MS:
        return moment  # the next link is looked at when it comes
    moment = max(moment, np.int64(now))
    if target >= 0:
        if traffic.links[target].flags & CLOSED and not row.flags & CLOSED:
            return NEVER
        kind = np.int64(scene.vehicles.kind[traffic.arms[link].queue_head] if event & 1 else row.kind)
        moment = max(moment, open_ms(traffic.links, traffic.slots, scene.settings, target, kind))
        if traffic.links[target].flags & KEPT and traffic.arms[target].kept_for != event:
            return np.int64(now + STEP_MS)
    if not event & 1 and row.flags & (SIGNAL | YIELDS) and moment < NEVER:
        if row.flags & YIELDS:
            moment = max(moment, np.int64(traffic.arms[link].look_ms))
        if row.flags & SIGNAL:
            moment = green_ms(scene.supply, row.row, moment)
    return moment


@hot_kernel
def _part(scene: Scene, link: int, target: int, moment: int, now: int) -> int:
    """Whether the head of a link takes part in the turn to enter another: 0 no, 1 yes, 2 it may win."""
    traffic = scene.traffic
    row = traffic.links[link]
    if row.target != target or (row.own_ms > moment and traffic.slots[row.head_at].ms > moment):
        return 0
    if traffic.links[target].flags & CLOSED and not row.flags & CLOSED:
        return 0
    if row.flags & SIGNAL and green_ms(scene.supply, row.row, moment) != moment:
        return 0
    if row.flags & YIELDS and (
        traffic.arms[link].look_ms > moment or gap_ms(scene, link, moment, now) != moment
    ):
        return 0
    return 1 if row.own_ms > moment else 2


@hot_kernel
def _key(arms: np.ndarray, event: int) -> np.uint64:
    """What breaks ties between events."""
    key = arms[event >> 1].key
    return mix(key) if event & 1 else key


@hot_kernel
def _beats(arms: np.ndarray, event: int, credit: int, best: tuple[int, int]) -> bool:
    """Whether an event has more credit than the best so far, or as much and a smaller key."""
    winner, most = best
    if winner < 0 or credit > most:
        return True
    return credit == most and _key(arms, event) < _key(arms, winner)


@hot_kernel
def _turn(scene: Scene, domain: int, place: tuple[int, int], moment: int, now: int) -> int:
    """The event whose turn it is to enter a link; -1 if the link is now kept for one that lacks the places.

    Smooth weighted round robin: who waits gains its weight, who goes pays what all gained.
    """
    network, traffic = scene.network, scene.traffic
    arms = traffic.arms
    node, target = place
    first, last = np.int64(network.in_start[node]), np.int64(network.in_start[node + 1])
    parts, n_parts, total = traffic.work.parts, np.int64(0), np.int64(0)
    for link in range(first, last):
        part = _part(scene, np.int64(link), target, moment, now)
        if part > 0:
            parts[domain, n_parts] = 2 * link + (part == 2)
            n_parts += 1
            total += arms[link].weight
    arm = arms[target]
    starts = arm.queue_head != NONE and arm.queue_ms <= moment and not traffic.links[target].flags & CLOSED
    if starts:
        total += arm.start_weight
    winner, most = np.int64(-1), np.int64(0)
    for k in range(n_parts):
        part = np.int64(parts[domain, k])
        other = arms[part >> 1]
        other.credit = min(other.credit + other.weight, total)
        if part & 1 and _beats(arms, part - 1, other.credit, (winner, most)):
            winner, most = part - 1, np.int64(other.credit)
    if starts:
        arm.start_credit = min(arm.start_credit + arm.start_weight, total)
        event = 2 * target + 1
        if _beats(arms, event, arm.start_credit, (winner, most)):
            winner = event
    if winner & 1:
        arm.start_credit = max(arm.start_credit - total, -total)
        kind = np.int64(scene.vehicles.kind[arm.queue_head])
    else:
        arms[winner >> 1].credit = max(arms[winner >> 1].credit - total, -total)
        kind = np.int64(traffic.links[winner >> 1].kind)
    if kind > 0 and open_ms(traffic.links, traffic.slots, scene.settings, target, kind) > moment:
        traffic.links[target].flags |= KEPT
        traffic.tight[target] = 1
        arm.kept_for = winner
        return np.int64(-1)
    return winner


@hot_kernel
def _put_off(scene: Scene, domain: int, event: int, moment: int, step: int) -> None:
    """Look at an event again in the second of that moment; who waits for places sleeps until one is left."""
    traffic = scene.traffic
    link = event >> 1
    row = traffic.links[link]
    if event & 1:
        if traffic.arms[link].queue_head == NONE:
            return
        if moment < NEVER:
            note_queue(traffic.arms, traffic.calendar, domain, link, second_of(moment), step)
            return
        traffic.arms[link].queue_asleep = 1
        row.n_asleep += 1
    else:
        if row.own_ms == NEVER:
            return
        if moment < NEVER:
            note(traffic.calendar, domain, event, second_of(moment), step)
            return
        row.asleep = 1
        traffic.links[row.target].n_asleep += 1


@hot_kernel
def _come_about(scene: Scene, domain: int, event: int, target: int, moment: int) -> int:
    """Move a vehicle over the node. Returns the event of a leg that may go on in this very step, else -1."""
    traffic = scene.traffic
    if event & 1:
        rider = start(scene, event >> 1, moment)
    else:
        rider = leave(scene, domain, event >> 1, moment)
    if target < 0:
        return arrive(scene, domain, rider[0] & ROW_MASK, moment)
    enter(scene, domain, target, rider, moment)
    row = traffic.links[target]
    if row.flags & KEPT:  # it was kept for this one: others come from the next step on
        row.flags &= ~KEPT
        traffic.tight[target] = row.n_free < scene.settings.most_places
        row.next_entry_ms = max(np.int64(row.next_entry_ms), (second_of(moment) + 1) * STEP_MS)
        row.open_ms = max(row.open_ms, row.next_entry_ms)
    return np.int64(-1)


@hot_kernel
def process_node(scene: Scene, domain: int, node: int, step: int) -> None:
    """All movements at one node within one step: earliest first, then by turn, then by key."""
    traffic, work = scene.traffic, scene.traffic.work
    links, arms = traffic.links, traffic.arms
    now = step * STEP_MS
    end = now + STEP_MS
    chain = np.int64(work.first[node])
    work.first[node] = -1
    while chain >= 0:
        best_ms, best, before, k = end, np.int64(-1), np.int64(-1), chain
        while k >= 0:
            event, following = np.int64(work.event[domain, k]), np.int64(work.behind[domain, k])
            moment = _moment(scene, event, now)
            if moment >= end:
                _put_off(scene, domain, event, moment, step)
                if before < 0:
                    chain = following
                else:
                    work.behind[domain, before] = following
            else:
                before = k
                if moment < best_ms or (moment == best_ms and _key(arms, event) < _key(arms, best)):
                    best_ms, best = moment, event
            k = following
        if best < 0:
            return
        if not best & 1 and links[best >> 1].flags & YIELDS:
            free_ms = gap_ms(scene, best >> 1, best_ms, now)
            if free_ms != best_ms:
                arms[best >> 1].look_ms = free_ms
                continue
        target = best >> 1 if best & 1 else np.int64(links[best >> 1].target)
        if target >= 0 and links[target].open_ms == best_ms and not links[target].flags & KEPT:
            best = _turn(scene, domain, (node, target), best_ms, now)
            if best < 0:
                continue
        added = _come_about(scene, domain, best, target, best_ms)
        if added >= 0:
            n = traffic.counts[domain, 1]
            traffic.counts[domain, 1] = n + 1
            work.event[domain, n], work.behind[domain, n] = added, chain
            chain = n
