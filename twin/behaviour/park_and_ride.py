"""Who leaves the car beside a stop and rides on: a logit against driving all the way (McFadden 1974).

A tour of two trips by car, there and back, becomes a drive to the car park, a journey by public transport,
and the same back; the car stands in the park meanwhile. Tours of more trips keep the car.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.random import stream_of, uniforms
from twin.population.tables import CAR, COMMUTER, HOME, RESIDENT, Persons, Trips

PARK_AND_RIDE = stream_of("behaviour.park and ride")


@dataclass(frozen=True, eq=False)
class CarParks:
    """Car parks (n_parks,): street and path node, spaces, price for the day [cents]."""

    name: tuple[str, ...]
    link: np.ndarray
    node: np.ndarray
    spaces: np.ndarray
    price_cents: np.ndarray


@dataclass(frozen=True, eq=False)
class ParkAndRideTours:
    """Who parks and rides (n,): rows of the trips there and back, car park, and planned times.

    planned_s (2, n) is from door to door, there and back, in free flow and by the timetable.
    """

    parks: CarParks
    out: np.ndarray
    back: np.ndarray
    park: np.ndarray
    planned_s: np.ndarray

    @staticmethod
    def none() -> ParkAndRideTours:
        """No car park."""
        no = np.empty(0, dtype=np.int64)
        return ParkAndRideTours(CarParks((), no, no, no, no), no, no, no, np.empty((2, 0)))

    def moved(self, trips: Trips) -> Trips:
        """The trips, with their cars left at, and fetched from, the car park's street."""
        ends = {"destination_link": self.out, "origin_link": self.back}
        columns = {name: getattr(trips, name).copy() for name in ends}
        for name, rows in ends.items():
            columns[name][rows] = self.parks.link[self.park]
        return trips.with_columns(**columns)

    def drives_first(self, trips: np.ndarray) -> np.ndarray:
        """Which of the trips (rows) begin by car and go on by public transport."""
        return np.isin(trips, self.out)

    def rides_first(self, trips: np.ndarray) -> np.ndarray:
        """Which of the trips (rows) begin by public transport and go on by car."""
        return np.isin(trips, self.back)


def commutes(trips: Trips, persons: Persons, tour: np.ndarray) -> np.ndarray:
    """Rows (n,) of first trips of tours that are one way there and the same way back, both by car.

    Parameters
    ----------
    tour
        Number of the tour of each trip (n_trips,), rising.
    """
    if not len(trips):
        return np.empty(0, dtype=np.int64)
    length = np.bincount(tour)
    first = np.searchsorted(tour, np.flatnonzero(length == 2))
    out, back = first, first + 1
    fits = (trips.mode[out] == CAR) & (trips.mode[back] == CAR) & (trips.destination_place[out] >= 0)
    fits &= trips.destination_place[out] == trips.origin_place[back]
    fits &= trips.origin_place[out] == trips.destination_place[back]
    fits &= (trips.purpose[out] != HOME) & (trips.purpose[back] == HOME)
    fits &= np.isin(persons.kind[trips.person[out]], (RESIDENT, COMMUTER))
    return np.asarray(out[fits])


def prefers(gain: np.ndarray, share: float, key: np.ndarray, seed: int) -> np.ndarray:
    """Who would rather park and ride (n,): binary logit, with the share at no gain; a draw of the own key.

    The draw does not depend on the car park: who would for a small gain would for a larger one.

    Parameters
    ----------
    gain
        Utility of parking and riding less that of driving all the way (n,).
    """
    against = (1.0 - share) * np.exp(np.clip(-gain, -700.0, 700.0))
    return np.asarray(uniforms(seed, PARK_AND_RIDE, key, 0) < share / (share + against))


def admitted(park: np.ndarray, comes_ms: np.ndarray, key: np.ndarray, spaces: np.ndarray) -> np.ndarray:
    """Who finds a space (n,): first come first, at one moment by key; a space is taken once a day.

    >>> admitted(np.zeros(3, int), np.array([9, 5, 9]), np.array([2, 3, 1]), np.array([2])).tolist()
    [False, True, True]
    """
    order = np.lexsort((key, comes_ms, park))
    before = np.arange(park.shape[0]) - np.searchsorted(park[order], park[order])
    found = np.zeros(park.shape[0], dtype=np.bool_)
    found[order] = before < spaces[park[order]]
    return found
