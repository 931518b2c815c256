"""What a day leaves of its public transport: runs as they really went, and who rode them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.clock import HORIZON_MS, HORIZON_S, MS
from twin.territory.timetable import Timetable


@dataclass(frozen=True, eq=False)
class TransitRecord:
    """One day of public transport.

    Parameters
    ----------
    timetable
        What was meant to run.
    arrived_ms, left_ms, passed
        By call (n_calls,): moments [ms], -1 never; whether the stop was passed by.
    on_road
        Calls that buses leave, or come to, along streets (n_calls,) bool: the others keep to schedule.
    call_link
        Link at whose end each call is (n_calls,) int32, -1 off the road.
    boarded
        Passengers who got on at each call (n_calls,).
    trip, stranded
        Trips that ride (rows of the population's), and who missed the last run (n_riders,).
    ride_start, board_call, alight_call
        Rides of rider i are rows ride_start[i]..ride_start[i + 1]; calls as they happened, -1 never.
    refused
        Runs that left full without the rider, by ride (n_rides,).
    seats, places
        Seats, and places with standing room, of the vehicle of each run (n_runs,).
    paid_cents, parking_cents
        What each rider paid for riding and for a space of a car park (n_riders,).
    park_name, park_spaces, park_of_trip, rides_first
        Car parks beside stops, and their spaces; where each trip left its car to ride on (n_trips,), -1
        nowhere; trips that rode to where their car was and drove on (n_trips,) bool.
    leg_call, event_leg, event_link, event_enter_ms, event_exit_ms
        Links left by buses: the leg (row of leg_call, the call it leaves from) and the moments.
    """

    timetable: Timetable
    arrived_ms: NDArray[np.int64]
    left_ms: NDArray[np.int64]
    passed: NDArray[np.bool_]
    on_road: NDArray[np.bool_]
    call_link: NDArray[np.int32]
    boarded: NDArray[np.int64]
    trip: NDArray[np.int64]
    stranded: NDArray[np.bool_]
    ride_start: NDArray[np.int64]
    board_call: NDArray[np.int64]
    alight_call: NDArray[np.int64]
    refused: NDArray[np.int32]
    seats: NDArray[np.int32]
    places: NDArray[np.int32]
    paid_cents: NDArray[np.int64]
    parking_cents: NDArray[np.int64]
    park_name: tuple[str, ...]
    park_spaces: NDArray[np.int64]
    park_of_trip: NDArray[np.int64]
    rides_first: NDArray[np.bool_]
    leg_call: NDArray[np.int64]
    event_leg: NDArray[np.int32]
    event_link: NDArray[np.int32]
    event_enter_ms: NDArray[np.integer]
    event_exit_ms: NDArray[np.integer]

    @cached_property
    def run_of_call(self) -> NDArray[np.int64]:
        """(n_calls,) row of the run."""
        return np.repeat(np.arange(self.timetable.n_runs), np.diff(self.timetable.call_start))

    @cached_property
    def place_of_call(self) -> NDArray[np.int64]:
        """(n_calls,) number of the call in its run, from 0."""
        place: NDArray[np.int64] = (
            np.arange(self.timetable.n_calls) - self.timetable.call_start[self.run_of_call]
        )
        return place

    @cached_property
    def line_of_call(self) -> NDArray[np.int32]:
        """(n_calls,) row of the line."""
        return np.asarray(self.timetable.run_line[self.run_of_call])

    @cached_property
    def load(self) -> NDArray[np.int64]:
        """(n_calls,) passengers aboard when the run leaves each call."""
        change = np.zeros(self.timetable.n_calls + 1, dtype=np.int64)
        boarded = self.board_call >= 0
        np.add.at(change, self.board_call[boarded], 1)
        last = self.timetable.call_start[self.run_of_call[self.board_call[boarded]] + 1]
        alight = self.alight_call[boarded]
        np.add.at(change, np.where(alight >= 0, alight, last), -1)
        load: NDArray[np.int64] = np.cumsum(change)[:-1]
        return load

    @cached_property
    def lateness_s(self) -> NDArray[np.float64]:
        """(n_calls,) [s] how late runs leave each stop on the road, or come to their last; NaN elsewhere.

        A run that has not done so by 30:00 is late until then, if it should have; no run leaves early.
        """
        last = np.zeros(self.timetable.n_calls, dtype=np.bool_)
        last[self.timetable.call_start[1:] - 1] = True
        planned_s = np.where(last, self.timetable.call_arrival_s, self.timetable.call_departure_s)
        real_ms = np.where(last, self.arrived_ms, self.left_ms)
        late_s = np.where(real_ms >= 0, real_ms, HORIZON_MS) / MS - planned_s
        counts = self.on_road & ~self.passed & (planned_s < HORIZON_S)
        return np.where(counts, late_s, np.nan)
