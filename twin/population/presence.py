"""Presence: how long people are in each place, at home, at work or for something else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.population.population import Population
from twin.population.tables import BUSINESS, WORK

AT_HOME, AT_WORK, VISITING = range(3)
N_STAYS = 3


class Presence(NamedTuple):
    """Person-seconds in each place (n_places,): at one's own home, at work, and for anything else."""

    at_home_s: np.ndarray
    at_work_s: np.ndarray
    visiting_s: np.ndarray


class Stays:
    """Where the persons of a population stay before, between and after their trips.

    Somebody is in a place from the end of one trip until the next begins; before the first trip where it
    begins, without any trip at home. Under way, and outside the territory, nobody is anywhere.
    """

    def __init__(self, population: Population, n_places: int) -> None:
        persons, trips = population.persons, population.trips
        self.n_places = n_places
        first = population.first_trip[:-1]
        travels = np.diff(population.first_trip) > 0
        begins = np.asarray(persons.home, dtype=np.int64).copy()
        begins[travels] = trips.origin_place[first[travels]]
        self._opening = _cell(begins, np.where(begins == persons.home, AT_HOME, VISITING))
        home = persons.home[trips.person]
        works = (trips.purpose == WORK) | (trips.purpose == BUSINESS)
        stay = np.where(trips.destination_place == home, AT_HOME, np.where(works, AT_WORK, VISITING))
        self._after = _cell(trips.destination_place, stay)
        self._before = np.concatenate([[-1], self._after[:-1]])[: len(self._after)]
        self._before[first[travels]] = self._opening[travels]

    def between(
        self, departed_ms: np.ndarray, arrived_ms: np.ndarray, start_ms: int, end_ms: int
    ) -> Presence:
        """Presence in [start, end) by when each trip departed and arrived (n_trips,), -1: not yet.

        Moments at or after the end are not looked at, so a day under way gives what the whole day will.
        """
        size = self.n_places * N_STAYS
        lasts_ms = end_ms - start_ms
        total = np.bincount(self._opening[self._opening >= 0], minlength=size) * float(lasts_ms)
        for moment_ms, cell, sign in ((departed_ms, self._before, -1.0), (arrived_ms, self._after, 1.0)):
            counts = (moment_ms >= 0) & (moment_ms < end_ms) & (cell >= 0)
            rest_ms = (end_ms - np.maximum(moment_ms[counts], start_ms)).astype(np.float64)
            total += sign * np.bincount(cell[counts], weights=rest_ms, minlength=size)
        return Presence(*(total.reshape(self.n_places, N_STAYS).T / 1_000.0))


def _cell(place: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """One number for a place and a kind of stay, -1 outside."""
    return np.where(place >= 0, np.asarray(place, dtype=np.int64) * N_STAYS + stay, -1)
