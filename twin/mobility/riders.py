"""Passengers of a day: what they mean to ride, where they are, and what has run so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels import riding
from twin.kernels.riding import DONE, NOT_BEGUN, Queues, Reckoning, Riders, Rides, Service
from twin.kernels.traffic import Vehicles
from twin.mobility.transit import TransitRuns
from twin.routing.journeys import Planned
from twin.territory.timetable import Timetable


@dataclass
class ActualService:
    """What has become of the timetable: by call (n_calls,), -1 not yet; calls that legs lead to (n_legs,).

    `dwell_ms` is how long a bus stands at each call at least, by the passengers who are expected there.
    """

    arrived_ms: np.ndarray
    left_ms: np.ndarray
    passed: np.ndarray
    ends_at: np.ndarray
    dwell_ms: np.ndarray

    @staticmethod
    def fresh(buses: TransitRuns) -> ActualService:
        """Nothing has run, no stop is passed by."""
        never = np.full(buses.n_calls, -1, dtype=np.int64)
        dwell_ms = np.full(buses.n_calls, buses.dwell_ms, dtype=np.int64)
        nowhere = np.zeros(buses.n_calls, dtype=np.bool_)
        return ActualService(never, never.copy(), nowhere, buses.leg_call + 1, dwell_ms)

    def note(self, buses: TransitRuns, vehicles: Vehicles, first_row: int, until_ms: int) -> None:
        """Take over what has happened before a moment; at a stop that is passed by nothing has.

        ``first_row`` is the row of the first bus among the vehicles.
        """
        moments = buses.moments(vehicles, first_row, until_ms, (self.ends_at, self.dwell_ms))
        for column, known in zip((self.arrived_ms, self.left_ms), moments, strict=True):
            column[:] = np.where(self.passed, -1, known)

    def pass_by(self, buses: TransitRuns, leg: int, beyond: int) -> None:
        """Let a leg lead on to where the leg ``beyond`` ends; the stops between are passed by."""
        self.passed[self.ends_at[leg] : buses.leg_call[beyond] + 1] = True
        self.ends_at[leg] = buses.leg_call[beyond] + 1


@dataclass(frozen=True, eq=False)
class Plans:
    """Who rides and what: trips (n_riders,), the walk to the first stop [ms], and their rides.

    `run_start` and `run_of_pattern` list the runs of each pattern in the order of the timetable, `places`
    (n_runs,) how many passengers each has room for.
    """

    trip: np.ndarray
    first_walk_ms: np.ndarray
    rides: Rides
    run_start: np.ndarray
    run_of_pattern: np.ndarray
    call_start: np.ndarray
    run_of_call: np.ndarray
    position: np.ndarray
    places: np.ndarray

    @staticmethod
    def of(
        timetable: Timetable, trips: np.ndarray, planned: Planned, key: np.ndarray, places: np.ndarray
    ) -> Plans:
        """Plans of trips (rows, and their persons' keys) whose journeys, in their order, are all found."""
        n_rides = planned.n_rides.astype(np.int64)
        start = np.concatenate([[0], np.cumsum(n_rides)]).astype(np.int64)
        rider = np.repeat(np.arange(trips.shape[0]), n_rides)
        number = np.arange(start[-1]) - start[rider]
        board, alight = planned.board_call[rider, number], planned.alight_call[rider, number]
        run_of_call = np.repeat(np.arange(timetable.n_runs), np.diff(timetable.call_start))
        first = timetable.call_start[run_of_call]
        position = np.arange(timetable.n_calls) - first
        position += timetable.pattern_start[timetable.pattern_of_run[run_of_call]]
        rides = Rides(
            start,
            timetable.pattern_of_run[run_of_call[board]].astype(np.int32),
            (board - first[board]).astype(np.int32),
            (alight - first[alight]).astype(np.int32),
            planned.walk_ms[rider, number + 1],
            position[board],
            np.ascontiguousarray(key, dtype=np.uint64),
        )
        order = np.argsort(timetable.pattern_of_run, kind="stable").astype(np.int32)
        patterns = np.arange(timetable.n_patterns + 1)
        run_start = np.searchsorted(timetable.pattern_of_run[order], patterns).astype(np.int64)
        return Plans(
            trips, planned.walk_ms[:, 0], rides, run_start, order, timetable.call_start.astype(np.int64),
            run_of_call.astype(np.int32), position.astype(np.int64), places.astype(np.int32),
        )  # fmt: skip

    def fresh(self) -> Riders:
        """Nobody has left."""
        n, n_rides = self.trip.shape[0], self.rides.pattern.shape[0]
        return Riders(
            np.full(n, NOT_BEGUN, dtype=np.int64),
            np.full(n, -1, dtype=np.int64),
            np.full(n, -1, dtype=np.int32),
            np.full(n_rides, -1, dtype=np.int64),
            np.full(n_rides, -1, dtype=np.int64),
            np.zeros(n_rides, dtype=np.int32),
            np.full(n, -1, dtype=np.int64),
            np.zeros(n, dtype=np.bool_),
        )

    def nobody(self) -> Queues:
        """Empty stops and vehicles, nothing handled."""
        n_positions = int(self.position.max(initial=-1)) + 1
        n_runs, n_calls = self.places.shape[0], self.position.shape[0]
        return Queues(
            np.full(n_positions, -1, dtype=np.int64),
            np.full(n_runs, -1, dtype=np.int64),
            np.full(self.trip.shape[0], -1, dtype=np.int64),
            np.zeros(n_runs, dtype=np.int32),
            np.zeros(n_calls, dtype=np.bool_),
            np.zeros(n_calls, dtype=np.bool_),
        )

    def begin(self, riders: Riders, queues: Queues, departed_ms: np.ndarray) -> None:
        """Those who have left (departed_ms by rider, -1 not yet) walk to their first stop."""
        new = np.flatnonzero((riders.ride == NOT_BEGUN) & (departed_ms >= 0))
        riders.ready_ms[new] = departed_ms[new] + self.first_walk_ms[new]
        riding.begin(self.rides, riders, queues, new)

    def ride(self, riders: Riders, queues: Queues, service: ActualService) -> np.ndarray:
        """Move everybody as far as what has run allows; returns who is done by it."""
        active = np.flatnonzero(riders.ride >= 0)
        riding.ride(self._runs(service), self.rides, riders, queues, self._events(queues, service))
        return np.asarray(active[riders.ride[active] == DONE])

    def passengers_at(
        self, riders: Riders, queues: Queues, service: ActualService, ahead: np.ndarray, at_ms: np.ndarray
    ) -> np.ndarray:
        """Passengers who will get on and off at calls ahead (n,) that are left at those moments (n,)."""
        order = np.lexsort((self._rank(ahead), at_ms))
        n_calls, n_runs = self.position.shape[0], self.places.shape[0]
        off, on, change = (np.zeros(n, dtype=np.int64) for n in (n_calls, n_calls, n_runs))
        reckoning = Reckoning(off, on, change, np.zeros(self.trip.shape[0], dtype=np.bool_))
        runs = self._runs(service)
        riding.reckon(runs, self.rides, riders, queues, ahead[order], at_ms[order], reckoning)
        return np.asarray((on + off)[ahead])

    def _runs(self, service: ActualService) -> Service:
        return Service(
            self.run_start, self.run_of_pattern, self.call_start, self.run_of_call, self.position,
            self.places, service.arrived_ms, service.left_ms, service.passed,
        )  # fmt: skip

    def _rank(self, calls: np.ndarray) -> np.ndarray:
        """Order of calls at one moment (n,): along the run, then as the timetable lists the runs."""
        run = self.run_of_call[calls].astype(np.int64)
        return np.asarray((calls - self.call_start[run]) * self.places.shape[0] + run)

    def _events(self, queues: Queues, service: ActualService) -> np.ndarray:
        """Arrivals and departures that have happened and are not handled yet, in the order of time."""
        come = np.flatnonzero((service.arrived_ms >= 0) & ~queues.come)
        gone = np.flatnonzero((service.left_ms >= 0) & ~queues.gone)
        calls = np.concatenate([come, gone])
        leaves = np.repeat([0, 1], [come.shape[0], gone.shape[0]])
        moment_ms = np.concatenate([service.arrived_ms[come], service.left_ms[gone]])
        run = self.run_of_call[calls].astype(np.int64)
        order = np.lexsort((run, 2 * (calls - self.call_start[run]) + leaves, moment_ms))
        return np.asarray((2 * calls + leaves)[order])


def boardings(buses: TransitRuns, riders: Riders) -> np.ndarray:
    """Passengers boarded at each call (n_calls,)."""
    calls = riders.boarded_call[riders.boarded_call >= 0]
    return np.asarray(np.bincount(calls, minlength=buses.n_calls))
