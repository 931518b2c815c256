"""Passengers of a day: what they mean to ride, where they are, and what has run so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels import riding
from twin.kernels.riding import DONE, NOT_BEGUN, Riders, Rides, Service
from twin.kernels.traffic import Vehicles
from twin.mobility.transit import Buses
from twin.routing.journeys import Planned
from twin.territory.timetable import Timetable


@dataclass
class ServiceDay:
    """What has become of the timetable: by call (n_calls,), -1 not yet; calls that legs lead to (n_legs,)."""

    arrived_ms: np.ndarray
    left_ms: np.ndarray
    passed: np.ndarray
    ends_at: np.ndarray

    @staticmethod
    def fresh(buses: Buses) -> ServiceDay:
        """Nothing has run, no stop is passed by."""
        never = np.full(buses.n_calls, -1, dtype=np.int64)
        return ServiceDay(never, never.copy(), np.zeros(buses.n_calls, dtype=np.bool_), buses.leg_call + 1)

    def note(self, buses: Buses, vehicles: Vehicles, first_row: int, until_ms: int) -> None:
        """Take over what has happened before a moment; at a stop that is passed by nothing has.

        ``first_row`` is the row of the first bus among the vehicles.
        """
        moments = buses.moments(vehicles, first_row, until_ms, self.ends_at)
        for column, known in zip((self.arrived_ms, self.left_ms), moments, strict=True):
            column[:] = np.where(self.passed, -1, known)

    def pass_by(self, buses: Buses, leg: int, beyond: int) -> None:
        """Let a leg lead on to where the leg ``beyond`` ends; the stops between are passed by."""
        self.passed[self.ends_at[leg] : buses.leg_call[beyond] + 1] = True
        self.ends_at[leg] = buses.leg_call[beyond] + 1


@dataclass(frozen=True, eq=False)
class Plans:
    """Who rides and what: trips (n_riders,), the walk to the first stop [ms], and their rides.

    `run_start` and `run_of_pattern` list the runs of each pattern in the order of the timetable.
    """

    trip: np.ndarray
    first_walk_ms: np.ndarray
    rides: Rides
    run_start: np.ndarray
    run_of_pattern: np.ndarray
    call_start: np.ndarray

    @staticmethod
    def of(timetable: Timetable, trips: np.ndarray, planned: Planned) -> Plans:
        """Plans of trips (rows) whose journeys, of the same order, are all found."""
        n_rides = planned.n_rides.astype(np.int64)
        start = np.concatenate([[0], np.cumsum(n_rides)]).astype(np.int64)
        rider = np.repeat(np.arange(trips.shape[0]), n_rides)
        number = np.arange(start[-1]) - start[rider]
        board, alight = planned.board_call[rider, number], planned.alight_call[rider, number]
        run = np.searchsorted(timetable.call_start, board, side="right") - 1
        first = timetable.call_start[run]
        rides = Rides(
            start,
            timetable.pattern_of_run[run].astype(np.int32),
            (board - first).astype(np.int32),
            (alight - first).astype(np.int32),
            planned.walk_ms[rider, number + 1],
        )
        order = np.argsort(timetable.pattern_of_run, kind="stable").astype(np.int32)
        patterns = np.arange(timetable.n_patterns + 1)
        run_start = np.searchsorted(timetable.pattern_of_run[order], patterns).astype(np.int64)
        call_start = timetable.call_start.astype(np.int64)
        return Plans(trips, planned.walk_ms[:, 0], rides, run_start, order, call_start)

    def fresh(self) -> Riders:
        """Nobody has left."""
        n, n_rides = self.trip.shape[0], self.rides.pattern.shape[0]
        return Riders(
            np.full(n, NOT_BEGUN, dtype=np.int64),
            np.full(n, -1, dtype=np.int64),
            np.full(n, -1, dtype=np.int32),
            np.full(n_rides, -1, dtype=np.int64),
            np.full(n_rides, -1, dtype=np.int64),
            np.zeros(n, dtype=np.bool_),
        )

    def begin(self, riders: Riders, departed_ms: np.ndarray) -> None:
        """Those who have left home (departed_ms by rider, -1 not yet) walk to their first stop."""
        new = np.flatnonzero((riders.ride == NOT_BEGUN) & (departed_ms >= 0))
        riders.ride[new] = self.rides.start[new]
        riders.ready_ms[new] = departed_ms[new] + self.first_walk_ms[new]

    def ride(self, riders: Riders, service: ServiceDay) -> np.ndarray:
        """Move everybody as far as what has run allows; returns who is done by it."""
        active = np.flatnonzero(riders.ride >= 0)
        if not active.size:
            return active
        runs = Service(
            self.run_start, self.run_of_pattern, self.call_start,
            service.arrived_ms, service.left_ms, service.passed,
        )  # fmt: skip
        riding.ride(runs, self.rides, riders, active)
        return np.asarray(active[riders.ride[active] == DONE])


def boardings(buses: Buses, riders: Riders) -> np.ndarray:
    """Passengers boarded at each call (n_calls,)."""
    calls = riders.boarded_call[riders.boarded_call >= 0]
    return np.asarray(np.bincount(calls, minlength=buses.n_calls))
