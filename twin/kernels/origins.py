"""Origin queues of a loading: who wishes to start joins, in the order (release, key), and sets off in turn.

A bus's legs follow one another: where one ends, the next joins the queue of the link that it leaves by.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.calendar import SECONDS, note, second_of
from twin.kernels.jit import hot_kernel, inline_kernel
from twin.kernels.traffic import KIND_BITS, NONE, Calendar, Scene, Vehicles


@inline_kernel
def _goes_first(vehicles: Vehicles, v: int, other: int) -> bool:
    """Whether v stands before the other in an origin queue: by moment of release, then by key."""
    if vehicles.release_ms[v] != vehicles.release_ms[other]:
        return vehicles.release_ms[v] < vehicles.release_ms[other]
    return vehicles.key[v] < vehicles.key[other]


@inline_kernel
def join_queue(vehicles: Vehicles, arms: np.ndarray, v: int) -> bool:
    """Put a vehicle into its first link's origin queue; it is last, but for a bus that is held longer.

    Returns whether it is now the first of them.
    """
    arm, queue_next = arms[vehicles.link[v]], vehicles.queue_next
    head = np.int64(arm.queue_head)
    queue_next[v] = NONE
    if head < 0:
        arm.queue_head = v
        arm.queue_tail = v
        arm.queue_ms = vehicles.release_ms[v]
        return True
    tail = np.int64(arm.queue_tail)
    if not _goes_first(vehicles, v, tail):
        queue_next[tail] = v
        arm.queue_tail = v
        return False
    if _goes_first(vehicles, v, head):
        queue_next[v] = head
        arm.queue_head = v
        arm.queue_ms = vehicles.release_ms[v]
        return True
    before = head
    while not _goes_first(vehicles, v, np.int64(queue_next[before])):
        before = np.int64(queue_next[before])
    queue_next[v] = queue_next[before]
    queue_next[before] = v
    return False


@hot_kernel
def note_queue(arms: np.ndarray, calendar: Calendar, domain: int, link: int, second: int, step: int) -> None:
    """Let a link's origin queue be looked at in a second after the step, unless it will be before that."""
    arm = arms[link]
    at = min(second, step + SECONDS - 1)
    if arm.queue_due_s < 0 or at < arm.queue_due_s:
        arm.queue_due_s = at
        note(calendar, domain, 2 * link + 1, at, step)


@hot_kernel
def arrive(scene: Scene, domain: int, v: int, moment: int) -> int:
    """The vehicle is done; a leg that follows it stands at its stop, at the same node, until it may leave.

    Returns the event of an origin queue that may act within the same step, -1 if there is none.
    """
    vehicles, traffic = scene.vehicles, scene.traffic
    vehicles.arrived_ms[v] = moment
    n_others = vehicles.key.shape[0] - vehicles.next_leg.shape[0]
    leg = v - n_others
    if leg < 0 or vehicles.next_leg[leg] < 0:
        return np.int64(-1)
    after = np.int64(vehicles.next_leg[leg])
    following = after + n_others
    release_ms = max(moment + vehicles.dwell_ms[after], np.int64(vehicles.not_before_ms[after]))
    vehicles.release_ms[following] = release_ms
    link, step = np.int64(vehicles.link[following]), second_of(moment)
    if not join_queue(vehicles, traffic.arms, following) or traffic.arms[link].queue_asleep:
        return np.int64(-1)
    if second_of(release_ms) > step:
        note_queue(traffic.arms, traffic.calendar, domain, link, second_of(release_ms), step)
        return np.int64(-1)
    return 2 * link + 1


@hot_kernel
def start(scene: Scene, link: int, moment: int) -> tuple[int, np.uint64, int]:
    """Take the first vehicle from a link's origin queue; it must enter that link."""
    arm, vehicles = scene.traffic.arms[link], scene.vehicles
    v = np.int64(arm.queue_head)
    following = vehicles.queue_next[v]
    arm.queue_head = following
    if following >= 0:
        arm.queue_ms = vehicles.release_ms[following]
    vehicles.entered_ms[v] = moment
    word = np.int64(vehicles.at[v])
    return v | (np.int64(vehicles.kind[v]) << KIND_BITS), scene.words[word], word + 1
