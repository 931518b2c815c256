"""Who is where through a day, and what accrues to them there: integrals of rates over people's stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import MS
from twin.population.tables import Persons, Trips

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class PersonStays(NamedTuple):
    """Stays at places, columns (n_stays,): who, where (place rows), from when until when [s], at home or not.

    Somebody is in a place from the end of one trip until the next begins; under way, and outside, nowhere.
    """

    person: Rows
    place: Rows
    begin_s: Floats
    end_s: Floats
    at_home: NDArray[np.bool_]

    def chosen(self, stays: NDArray[np.bool_]) -> PersonStays:
        """Some of the stays (n_stays,)."""
        who, where, at_home = self.person[stays], self.place[stays], self.at_home[stays]
        return PersonStays(who, where, self.begin_s[stays], self.end_s[stays], at_home)

    def by_person(self, values: Floats, n_persons: int) -> Floats:
        """Sums (n_persons,) of what each stay has."""
        return np.asarray(np.bincount(self.person, weights=values, minlength=n_persons), dtype=np.float64)


def stays_of(
    persons: Persons,
    trips: Trips,
    departed_ms: NDArray[np.int64],
    arrived_ms: NDArray[np.int64],
    end_s: float,
) -> PersonStays:
    """Stays until an end [s] by when each trip departed and arrived (n_trips,) [ms], -1: never."""
    n, person = len(persons), trips.person.astype(np.int64)
    leaves_s = np.where(departed_ms >= 0, departed_ms / MS, np.inf)
    comes_s = np.where(arrived_ms >= 0, arrived_ms / MS, np.inf)
    first = np.searchsorted(person, np.arange(n))
    travels = np.bincount(person, minlength=n) > 0
    opening = persons.home.astype(np.int64)
    opening[travels] = trips.origin_place[first[travels]]
    until_s = np.full(n, np.inf)
    until_s[travels] = leaves_s[first[travels]]
    next_s = np.append(leaves_s[1:], np.inf)
    next_s[np.append(person[1:] != person[:-1], np.ones(min(len(person), 1), dtype=bool))] = np.inf
    place = np.concatenate([opening, trips.destination_place.astype(np.int64)])
    who = np.concatenate([np.arange(n), person])
    begin_s = np.concatenate([np.zeros(n), comes_s])
    last_s = np.minimum(np.concatenate([until_s, next_s[: len(person)]]), end_s)
    kept = (place >= 0) & (begin_s < last_s)
    at_home = place == persons.home[who]
    return PersonStays(who[kept], place[kept], begin_s[kept], last_s[kept], at_home[kept])


class Intervals:
    """Intervals of a day, ends (n_spans + 1,) [s]; a rate of a place is constant within each."""

    def __init__(self, edges_s: Floats) -> None:
        self.edges_s = edges_s

    @property
    def middle_s(self) -> Floats:
        """(n_spans,) middle of each."""
        return np.asarray((self.edges_s[1:] + self.edges_s[:-1]) / 2.0)

    def split(self, moments_s: Floats) -> tuple[Intervals, Rows]:
        """Intervals that end at some moments, too, and for each the row of the span it lies in.

        >>> finer, row = Intervals(np.array([0.0, 10.0, 20.0])).split(np.array([5.0, 10.0, 99.0]))
        >>> finer.edges_s.tolist(), row.tolist()
        ([0.0, 5.0, 10.0, 20.0], [0, 0, 1])
        """
        inside = moments_s[(moments_s > self.edges_s[0]) & (moments_s < self.edges_s[-1])]
        finer = Intervals(np.unique(np.concatenate([self.edges_s, inside])))
        row = np.searchsorted(self.edges_s, finer.middle_s, side="right") - 1
        return finer, row.astype(np.int64)

    def until(self, rate: Floats) -> Callable[[Floats, Rows], Floats]:
        """The integral of a rate (n_spans, n_places) from the day's begin until moments [s], at places."""
        edges_s = self.edges_s
        total = np.zeros((len(edges_s), rate.shape[1]))
        np.cumsum(rate * np.diff(edges_s)[:, None], axis=0, out=total[1:])

        def found(moment_s: Floats, place: Rows) -> Floats:
            row = np.clip(np.searchsorted(edges_s, moment_s, side="right") - 1, 0, len(edges_s) - 2)
            return np.asarray(total[row, place] + rate[row, place] * (moment_s - edges_s[row]))

        return found

    def hours(self, rate: Floats, stays: PersonStays) -> Floats:
        """Hours (n_stays,) that a rate (n_spans, n_places) adds up to over each stay."""
        if not rate.any():
            return np.zeros(len(stays.person))
        until = self.until(rate)
        return np.asarray((until(stays.end_s, stays.place) - until(stays.begin_s, stays.place)) / 3_600.0)
