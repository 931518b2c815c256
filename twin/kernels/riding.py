"""Passengers: who came first boards first while there is room; they alight, and go on on foot.

What runs do is handled as events in the order of time: at an arrival some get off, at a departure some get
on. Who finds no room waits for the next run of the pattern.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import inline_kernel, kernel


class Service(NamedTuple):
    """What runs, and what of it has happened: runs of a pattern, calls of a run, moments by call."""

    run_start: np.ndarray  # int64 (n_patterns + 1,)
    run_of_pattern: np.ndarray  # int32, runs of each pattern one after another
    call_start: np.ndarray  # int64 (n_runs + 1,)
    run_of_call: np.ndarray  # int32 (n_calls,)
    position: np.ndarray  # int64 (n_calls,) place in its pattern, counted over all patterns
    places: np.ndarray  # int32 (n_runs,) passengers that there is room for
    arrived_ms: np.ndarray  # int64 (n_calls,) -1 not yet
    left_ms: np.ndarray  # int64 (n_calls,) -1 not yet
    passed: np.ndarray  # bool (n_calls,) the run does not call here today: its stop was closed


class Rides(NamedTuple):
    """What riders mean to do: rides of rider i are rows start[i]..start[i + 1]."""

    start: np.ndarray  # int64 (n_riders + 1,)
    pattern: np.ndarray  # int32
    board_at: np.ndarray  # int32 place in the pattern
    alight_at: np.ndarray  # int32
    walk_ms: np.ndarray  # int64 walk after alighting: to the next ride's stop, or to the destination
    position: np.ndarray  # int64 where it is boarded, as in `Service.position`
    key: np.ndarray  # uint64 (n_riders,) of the person


class Riders(NamedTuple):
    """Where riders are (n_riders,)."""

    ride: np.ndarray  # int64 row of the ride they wait for or sit in, -1 not begun, -2 done
    ready_ms: np.ndarray  # int64 moment at the stop; once done, at the destination
    run: np.ndarray  # int32 run they sit in, -1 none
    boarded_call: np.ndarray  # int64 (n_rides,) call at which the ride was boarded, -1 not yet
    alighted_call: np.ndarray  # int64 (n_rides,) call at which it was left, -1 not yet
    refused: np.ndarray  # int32 (n_rides,) runs that left without them, full
    refused_ms: np.ndarray  # int64 last moment at which that happened, -1 never
    stranded: np.ndarray  # bool (n_riders,) the last run had left


class Queues(NamedTuple):
    """Lists of riders: who waits, first come first, and who sits; what has been handled."""

    waiting: np.ndarray  # int64 (n_positions,) first rider who waits, -1 none
    aboard: np.ndarray  # int64 (n_runs,) a rider who sits, -1 none
    behind: np.ndarray  # int64 (n_riders,) next of the list that the rider is in, -1 last
    load: np.ndarray  # int32 (n_runs,) riders who sit
    come: np.ndarray  # bool (n_calls,) the arrival has been handled
    gone: np.ndarray  # bool (n_calls,) the departure has been handled


NOT_BEGUN, DONE = -1, -2
NOBODY = np.int64(-1)
NO_RUN = np.int32(-1)


@inline_kernel
def _join(rides: Rides, riders: Riders, queues: Queues, i: int) -> None:
    """Stand in line for the present ride: by the moment of coming, then by the person's key."""
    position = rides.position[riders.ride[i]]
    ready_ms, before, after = riders.ready_ms[i], NOBODY, queues.waiting[position]
    while after >= 0 and (
        riders.ready_ms[after] < ready_ms
        or (riders.ready_ms[after] == ready_ms and rides.key[after] <= rides.key[i])
    ):
        before, after = after, queues.behind[after]
    queues.behind[i] = after
    if before < 0:
        queues.waiting[position] = i
    else:
        queues.behind[before] = i


@inline_kernel
def _get_off(service: Service, rides: Rides, riders: Riders, queues: Queues, run: int, call: int) -> None:
    """Those get off at a call who meant to before or there; at the last call of the run all do."""
    last = service.call_start[run + 1] - 1
    while last > call and service.passed[last]:
        last -= 1
    i, before = queues.aboard[run], NOBODY
    while i >= 0:
        after, r = queues.behind[i], riders.ride[i]
        if call != last and service.call_start[run] + rides.alight_at[r] > call:
            before = i
        else:
            if before < 0:
                queues.aboard[run] = after
            else:
                queues.behind[before] = after
            queues.load[run] -= 1
            riders.run[i] = NO_RUN
            riders.alighted_call[r] = call
            off_ms = max(service.arrived_ms[call], service.left_ms[riders.boarded_call[r]])
            riders.ready_ms[i] = off_ms + rides.walk_ms[r]
            if r + 1 < rides.start[i + 1]:
                riders.ride[i] = r + 1
                _join(rides, riders, queues, i)
            else:
                riders.ride[i] = DONE
        i = after


@inline_kernel
def _get_on(service: Service, riders: Riders, queues: Queues, run: int, call: int) -> None:
    """Those get on who came before the departure, while there is room; nobody if the run goes nowhere."""
    last = service.call_start[run + 1] - 1
    while last > call and service.passed[last]:
        last -= 1
    if last == call:
        return
    position, left_ms = service.position[call], service.left_ms[call]
    i, before = queues.waiting[position], NOBODY
    while i >= 0 and riders.ready_ms[i] <= left_ms:
        after = queues.behind[i]
        if queues.load[run] < service.places[run]:
            if before < 0:
                queues.waiting[position] = after
            else:
                queues.behind[before] = after
            queues.behind[i] = queues.aboard[run]
            queues.aboard[run] = i
            queues.load[run] += 1
            riders.run[i] = run
            riders.boarded_call[riders.ride[i]] = call
        else:
            riders.refused[riders.ride[i]] += 1
            riders.refused_ms[i] = left_ms
            before = i
        i = after


@kernel
def begin(rides: Rides, riders: Riders, queues: Queues, new: np.ndarray) -> None:
    """Riders ``new`` (n,), whose moment at their first stop is known, stand in line there."""
    for k in range(new.shape[0]):
        riders.ride[new[k]] = rides.start[new[k]]
        _join(rides, riders, queues, new[k])


@kernel
def ride(service: Service, rides: Rides, riders: Riders, queues: Queues, events: np.ndarray) -> None:
    """Handle what has happened: events (n,) in the order of time, 2 * call, and 1 more for a departure.

    Then those get off whose run has ended before their stop, and are stranded for whom no run comes.
    """
    for k in range(events.shape[0]):
        call, leaves = events[k] >> 1, events[k] & 1
        run = service.run_of_call[call]
        if leaves:
            queues.gone[call] = True
            _get_on(service, riders, queues, run, call)
        else:
            queues.come[call] = True
            _get_off(service, rides, riders, queues, run, call)
    for run in range(queues.aboard.shape[0]):
        if queues.aboard[run] >= 0:
            last = service.call_start[run + 1] - 1
            while last > service.call_start[run] and service.passed[last]:
                last -= 1
            if queues.come[last]:
                _get_off(service, rides, riders, queues, run, last)
    for position in range(queues.waiting.shape[0]):
        i = queues.waiting[position]
        if i >= 0 and not _runs_come(service, rides, riders.ride[i]):
            queues.waiting[position] = NOBODY
            while i >= 0:
                riders.stranded[i] = True
                riders.ready_ms[i] = max(riders.ready_ms[i], riders.refused_ms[i])
                riders.ride[i] = DONE
                i = queues.behind[i]


@inline_kernel
def _runs_come(service: Service, rides: Rides, r: int) -> bool:
    """Whether a run of the ride's pattern has yet to leave its stop."""
    for n in range(service.run_start[rides.pattern[r]], service.run_start[rides.pattern[r] + 1]):
        call = service.call_start[service.run_of_pattern[n]] + rides.board_at[r]
        if service.left_ms[call] < 0 and not service.passed[call]:
            return True
    return False


class Reckoning(NamedTuple):
    """Memory for what is to come: by call (n_calls,), by run (n_runs,), by rider (n_riders,); all noughts."""

    off: np.ndarray  # int64 riders who will get off
    on: np.ndarray  # int64 riders who will get on
    change: np.ndarray  # int64 riders more, or fewer, in each run than sit there now
    taken: np.ndarray  # bool, who has been reckoned to be in a run


@kernel
def reckon(
    service: Service, rides: Rides, riders: Riders, queues: Queues, ahead: np.ndarray, at_ms: np.ndarray,
    reckoning: Reckoning,
) -> None:  # fmt: skip
    """Who will get on and off at calls ``ahead`` (n,), if they leave at ``at_ms`` (n,), in that order.

    Counted are those who sit, and those who stand in line or are on the way to it.
    """
    for run in range(queues.aboard.shape[0]):
        i = queues.aboard[run]
        while i >= 0:
            reckoning.off[service.call_start[run] + rides.alight_at[riders.ride[i]]] += 1
            i = queues.behind[i]
    for k in range(ahead.shape[0]):
        call = ahead[k]
        run = service.run_of_call[call]
        reckoning.change[run] -= reckoning.off[call]
        room = service.places[run] - queues.load[run] - reckoning.change[run]
        i = queues.waiting[service.position[call]]
        while i >= 0 and riders.ready_ms[i] <= at_ms[k] and room > 0:
            if not reckoning.taken[i]:
                reckoning.taken[i] = True
                reckoning.on[call] += 1
                reckoning.change[run] += 1
                room -= 1
                reckoning.off[service.call_start[run] + rides.alight_at[riders.ride[i]]] += 1
            i = queues.behind[i]
