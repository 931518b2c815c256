"""Days of persons: who leaves when; a trip begins once its person has arrived and stayed long enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.clock import MS

TRIP_STATES = ("planned", "waiting", "driving", "travelling", "arrived", "no_path")
"""Of a trip: not begun, queued at its origin, on a link, under way without a car, done, impossible."""
PLANNED, WAITING, DRIVING, TRAVELLING, ARRIVED, NO_PATH = range(len(TRIP_STATES))

NOT_YET = np.int32(2**31 - 1)
"""Later than any moment: nobody leaves then."""


@dataclass
class Itineraries:
    """Moving state of planned trips (n_trips,), sorted by person and sequence.

    A trip's person leaves at the planned moment or after the least stay since the trip before ended,
    whichever is later; so lateness is carried along the day.
    """

    leaves_ms: np.ndarray  # int32, moment the traveller may leave; NOT_YET too early, and once left
    departed_ms: np.ndarray  # int64, -1 not yet
    arrived_ms: np.ndarray  # int64, -1 not yet
    state: np.ndarray  # int8

    @staticmethod
    def planned(depart_s: np.ndarray, sequence: np.ndarray) -> Itineraries:
        """Nobody has left; the first trip of each person may leave as planned."""
        depart_ms = np.rint(depart_s * MS).astype(np.int64)
        n_trips = depart_s.shape[0]
        return Itineraries(
            leaves_ms=np.where(sequence == 0, depart_ms, NOT_YET).astype(np.int32),
            departed_ms=np.full(n_trips, -1, dtype=np.int64),
            arrived_ms=np.full(n_trips, -1, dtype=np.int64),
            state=np.full(n_trips, PLANNED, dtype=np.int8),
        )

    def due(self, until_ms: int) -> np.ndarray:
        """Rows of trips whose travellers leave before that moment and have not yet."""
        return np.flatnonzero(self.leaves_ms < until_ms)

    def depart(self, rows: np.ndarray, state: int) -> None:
        """These travellers leave their origins; who has left already goes on in another way."""
        first = rows[self.departed_ms[rows] < 0]
        self.departed_ms[first] = self.leaves_ms[first]
        self.leaves_ms[first] = NOT_YET
        self.state[rows] = state

    def stay(self, rows: np.ndarray) -> None:
        """These travellers find no way, and never leave."""
        self.leaves_ms[rows] = NOT_YET
        self.state[rows] = NO_PATH

    def arrive(
        self,
        rows: np.ndarray,
        arrived_ms: np.ndarray,
        person: np.ndarray,
        plan_ms: np.ndarray,
        stay_ms: np.ndarray,
    ) -> None:
        """These travellers arrive; the next trip of each may follow after its least stay.

        Parameters
        ----------
        rows
            Trips that end, (n,).
        person, plan_ms, stay_ms
            Person, planned departure and least stay before each trip, (n_trips,).
        """
        self.arrived_ms[rows] = arrived_ms
        self.state[rows] = ARRIVED
        has_next = rows + 1 < person.shape[0]
        before, arrived = rows[has_next], arrived_ms[has_next]
        same = person[before + 1] == person[before]
        following = before[same] + 1
        self.leaves_ms[following] = np.maximum(plan_ms[following], arrived[same] + stay_ms[following])
