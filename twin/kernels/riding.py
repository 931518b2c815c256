"""Passengers: they board the first run that really leaves, alight when it arrives, and go on on foot."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.kernels.jit import kernel

ABOARD_NONE = np.int32(-1)


class Service(NamedTuple):
    """What runs, and what of it has happened: runs of a pattern, calls of a run, moments by call."""

    run_start: np.ndarray  # int64 (n_patterns + 1,)
    run_of_pattern: np.ndarray  # int32, runs of each pattern one after another
    call_start: np.ndarray  # int64 (n_runs + 1,)
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


class Riders(NamedTuple):
    """Where riders are (n_riders,)."""

    ride: np.ndarray  # int64 row of the ride they wait for or sit in, -1 not begun, -2 done
    ready_ms: np.ndarray  # int64 moment at the stop; once done, at the destination
    run: np.ndarray  # int32 run they sit in, -1 none
    boarded_call: np.ndarray  # int64 (n_rides,) call at which the ride was boarded, -1 not yet
    alighted_call: np.ndarray  # int64 (n_rides,) call at which it was left, -1 not yet
    stranded: np.ndarray  # bool (n_riders,) the last run had left


NOT_BEGUN, DONE = -1, -2


@kernel
def ride(service: Service, rides: Rides, riders: Riders, active: np.ndarray) -> None:
    """Move the riders ``active`` (n,) as far as what has happened allows.

    Who waits boards, of the runs of the pattern that left at or after the moment of coming to the stop,
    the one that left first. Who comes after the last has left is stranded. Where their stop is passed by
    they get off at the next one where the run calls, or else at the last before.
    """
    for k in range(active.shape[0]):
        i = active[k]
        while riders.ride[i] >= 0:
            r = riders.ride[i]
            if riders.run[i] < 0:
                first, open_runs = np.int64(-1), False
                for n in range(service.run_start[rides.pattern[r]], service.run_start[rides.pattern[r] + 1]):
                    run = service.run_of_pattern[n]
                    call = service.call_start[run] + rides.board_at[r]
                    left_ms = service.left_ms[call]
                    if service.passed[call]:
                        continue
                    if left_ms < 0:
                        open_runs = True
                    elif left_ms >= riders.ready_ms[i] and (first < 0 or left_ms < service.left_ms[first]):
                        first = call
                        riders.run[i] = run
                if first < 0:
                    if not open_runs:
                        riders.stranded[i] = True
                        riders.ride[i] = DONE
                    break
                riders.boarded_call[r] = first
            base = service.call_start[riders.run[i]]
            call, last = base + rides.alight_at[r], service.call_start[riders.run[i] + 1] - 1
            while service.passed[call] and call < last:
                call += 1
            while service.passed[call]:
                call -= 1
            if service.arrived_ms[call] < 0:
                break
            riders.alighted_call[r] = call
            off_ms = max(service.arrived_ms[call], service.left_ms[riders.boarded_call[r]])
            riders.ready_ms[i] = off_ms + rides.walk_ms[r]
            riders.run[i] = ABOARD_NONE
            riders.ride[i] = r + 1 if r + 1 < rides.start[i + 1] else DONE
