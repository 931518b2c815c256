"""How far one day's trips moved from another's: kilometres by route, minutes by duration, and whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twin.errors import WorkError
from twin.indicators.focus import every_focus
from twin.indicators.groups import AGE_GROUPS, EVERYBODY, SKILL_GROUPS, age_group
from twin.indicators.hindsight import driven_routes
from twin.indicators.records import DayRecord
from twin.kernels.differences import changed_lengths
from twin.kernels.paths import RoutePool
from twin.population.tables import PURPOSES
from twin.units import M_PER_KM, S_PER_H, S_PER_MIN

OUTSIDE = "zone:outside"
"""Group: who lives in no zone of the territory."""
Groups = dict[str, float]


@dataclass(frozen=True, eq=False)
class Driven:
    """What is kept of a day to hold another against it.

    Parameters
    ----------
    trip_id
        Outside ids (n_trips,).
    routes
        Links left by each trip, in the order driven; of a trip under way at 30:00 those left by then.
    elapsed_s
        (n_trips,) [s], as in the record.
    length_m
        (n_links,) [m].
    """

    trip_id: np.ndarray
    routes: RoutePool
    elapsed_s: np.ndarray
    length_m: np.ndarray

    @classmethod
    def of(cls, record: DayRecord) -> Driven:
        """What was driven on a day."""
        return cls(
            record.population.trips.trip_id,
            driven_routes(record),
            record.elapsed_s,
            record.territory.streets.length_m,
        )


@dataclass(frozen=True, eq=False)
class Moved:
    """What each trip differs in between two days: vehicle_km, person_min (n_trips,), both 0 or more."""

    vehicle_km: np.ndarray
    person_min: np.ndarray

    def of_groups(self, record: DayRecord) -> dict[str, Groups]:
        """Sums by measure and group: everybody, purpose, hour of departure, residence, age, skill."""
        groups = list(_groups(record))
        return {
            name: {group: float(values[trips].sum()) for group, trips in groups}
            for name, values in vars(self).items()
        }


def moved(one: Driven, other: Driven) -> Moved:
    """What one day's trips differ in from those of another day of the same people.

    A trip moves by half the length of the links in the symmetric difference of its two routes, each taken
    as a multiset: the kilometres driven on one day only, averaged over the two. Its traveller, one person a
    trip, moves by the difference of its durations. Streets that a scenario builds stand behind the others.
    """
    if not np.array_equal(one.trip_id, other.trip_id):
        raise WorkError("two days of other people: their trips cannot be held against each other")
    length_m = max(one.length_m, other.length_m, key=len)
    out_m, count = np.empty(one.trip_id.shape[0]), np.zeros(length_m.shape[0], dtype=np.int32)
    changed_lengths(one.routes, other.routes, np.ascontiguousarray(length_m), count, out_m)
    return Moved(out_m / M_PER_KM, np.abs(one.elapsed_s - other.elapsed_s) / S_PER_MIN)


def _groups(record: DayRecord) -> Iterator[tuple[str, np.ndarray]]:
    """Groups of trips and their rows."""
    trips, persons = record.population.trips, record.population.persons
    yield EVERYBODY, np.arange(record.n_trips)
    for row, name in enumerate(PURPOSES):
        yield f"purpose:{name}", np.flatnonzero(trips.purpose == row)
    hour = (trips.depart_s // S_PER_H).astype(np.int64)
    for each in np.unique(hour).tolist():
        yield f"hour:{each:02d}", np.flatnonzero(hour == each)
    for focus in every_focus(record.territory)[:-1]:
        yield f"zone:{focus.name}", np.flatnonzero(focus.trips(record))
    yield OUTSIDE, np.flatnonzero(persons.zone[trips.person] < 0)
    age, skill = age_group(persons.age[trips.person]), persons.skill[trips.person]
    for names, row_of in ((AGE_GROUPS, age), (SKILL_GROUPS, skill)):
        for row, name in enumerate(names):
            yield name, np.flatnonzero(row_of == row)
