"""Escorting: which parent takes which child of the household to school or home, and their trips made one.

A parent whose day begins with escorting and a pupil whose day begins with school belong together, and so do
one who comes home from escorting and one who comes home from school; youngest first, within a household. On a
date they meet at one school; where their times agree they go together, by the parent's mode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.activities import Chains
from twin.population.days.destinations import Stops
from twin.population.days.legs import ResidentTrips
from twin.population.days.stays import least_stay_s
from twin.population.tables import CAR, ESCORT, HOME, PASSENGER, SCHOOL, Persons, Trips
from twin.scenario.ledger import Parameters


@dataclass(frozen=True)
class Pairs:
    """Rows (n,) of the stops at school of who escorts and who is escorted, in one table of stops or trips."""

    parent: np.ndarray
    child: np.ndarray

    def __len__(self) -> int:
        return len(self.parent)


def pairs_of(
    persons: Persons, stops: Chains | ResidentTrips | Trips, parameters: Parameters
) -> tuple[Pairs, Pairs]:
    """Pairs on the way to school, and those on the way home."""
    return taken_to_school(persons, stops, parameters), fetched_from_school(persons, stops, parameters)


def pairs_at_one_place(
    persons: Persons, trips: ResidentTrips | Trips, parameters: Parameters
) -> tuple[Pairs, Pairs]:
    """Those of them who are at one school."""

    def kept(pairs: Pairs) -> Pairs:
        same = trips.destination_place[pairs.parent] == trips.destination_place[pairs.child]
        return Pairs(pairs.parent[same], pairs.child[same])

    there, back = pairs_of(persons, trips, parameters)
    return kept(there), kept(back)


def taken_to_school(persons: Persons, stops: Chains | ResidentTrips | Trips, parameters: Parameters) -> Pairs:
    """Pairs whose days begin with escorting, and with school."""
    escorts, pupils = ((stops.sequence == 0) & (stops.purpose == each) for each in (ESCORT, SCHOOL))
    return _paired(persons, stops, escorts, pupils, parameters)


def fetched_from_school(
    persons: Persons, stops: Chains | ResidentTrips | Trips, parameters: Parameters
) -> Pairs:
    """Pairs who come home from escorting, and from school, later in the day."""
    leaves_for_home = np.append((stops.purpose[1:] == HOME) & (stops.sequence[1:] > 0), False)
    escorts = leaves_for_home & (stops.sequence > 0) & (stops.purpose == ESCORT)
    return _paired(persons, stops, escorts, leaves_for_home & (stops.purpose == SCHOOL), parameters)


def _paired(
    persons: Persons,
    stops: Chains | ResidentTrips | Trips,
    escorts: np.ndarray,
    pupils: np.ndarray,
    parameters: Parameters,
) -> Pairs:
    """Stops (n,) bool of either side, the first of each person, matched by household and by age."""
    pupils = pupils & (persons.age[stops.person] <= parameters["conditions.escorted_to_age"])
    sides = []
    for side in (escorts, pupils):
        rows = np.flatnonzero(side & (persons.household[stops.person] >= 0))
        _, first = np.unique(stops.person[rows], return_index=True)
        rows = rows[first]
        person = stops.person[rows]
        order = np.lexsort((persons.person_id[person], persons.age[person], persons.household[person]))
        household = persons.household[person[order]]
        nth = np.arange(len(order)) - np.searchsorted(household, household)
        sides.append((household * 32 + nth, rows[order]))
    (parent_key, parent), (child_key, child) = sides
    _, at_parent, at_child = np.intersect1d(parent_key, child_key, return_indices=True)
    return Pairs(parent[at_parent], child[at_child])


def to_one_school(stops: Stops, pairs: tuple[Pairs, Pairs]) -> Stops:
    """Stops where who escorts goes to the child's school."""
    place, group = stops.place.copy(), stops.group.copy()
    for each in pairs:
        place[each.parent], group[each.parent] = place[each.child], group[each.child]
    return Stops(place, group)


def by_one_gate(legs: ResidentTrips, pairs: tuple[Pairs, Pairs]) -> None:
    """Let pairs go by one link also where the school lies beyond a gate: to it from home, and back home."""
    there, back = pairs
    for column in (legs.destination_link, legs.straight_m):
        column[there.parent] = column[there.child]
    for column in (legs.origin_link, legs.straight_m):
        column[back.parent + 1] = column[back.child + 1]


@dataclass
class Joined:
    """Columns of trips (n,) while pairs are joined: person, planned time [s], and what is changed."""

    person: np.ndarray
    takes_s: np.ndarray
    depart_s: np.ndarray
    min_stay_s: np.ndarray
    mode: np.ndarray
    distance_m: np.ndarray
    duration_s: np.ndarray

    def ride(self, parent: np.ndarray, child: np.ndarray) -> None:
        """Let trips (rows) be made as one: by the parent's mode, as long as the slower of the two takes."""
        joint_s = np.maximum(self.takes_s[parent], self.takes_s[child])
        self.takes_s[parent] = self.takes_s[child] = joint_s
        driven = self.mode[parent] == CAR
        self.mode[child] = np.where(driven, PASSENGER, self.mode[parent])
        self.distance_m[child] = self.distance_m[parent]
        self.duration_s[child] = joint_s
        self.duration_s[parent] = np.where(driven, np.nan, joint_s)

    def follow(self, rows: np.ndarray, parameters: Parameters, at_once: bool) -> None:
        """Set trips after those (rows) later where they come too soon; at once: the next soon as can be."""
        least_s, share = least_stay_s(parameters), parameters["population.min_stay_share"]
        while True:
            after = np.minimum(rows + 1, len(self.person) - 1)
            rows = after[(after > rows) & (self.person[after] == self.person[rows])]
            if not len(rows):
                return
            arrival_s = self.depart_s[rows - 1] + self.takes_s[rows - 1]
            soonest_s = arrival_s + least_s
            wanted_s = soonest_s if at_once else np.maximum(self.depart_s[rows], soonest_s)
            self.depart_s[rows] = wanted_s.round(3)
            self.min_stay_s[rows] = np.floor(np.maximum(least_s, share * (wanted_s - arrival_s)))
            at_once = False


def together(
    columns: dict[str, np.ndarray], planned_s: np.ndarray, pairs: tuple[Pairs, Pairs], parameters: Parameters
) -> tuple[dict[str, np.ndarray], tuple[int, int]]:
    """Columns of trips where pairs whose times agree travel as one, and how many do there and back.

    To school they leave so that the child is in time, and the parent goes straight on. From school they leave
    when school is over and the parent is there.
    """
    changed = ("depart_s", "min_stay_s", "mode", "distance_m", "duration_s")
    trips = Joined(columns["person"], planned_s.copy(), *(columns[name].copy() for name in changed))
    agree_s = 60.0 * float(parameters["conditions.escort_agree_min"])
    there, back = pairs
    agrees = np.abs(trips.depart_s[there.parent] - trips.depart_s[there.child]) <= agree_s
    parent, child = there.parent[agrees], there.child[agrees]
    in_time_s = trips.depart_s[child] + trips.takes_s[child]
    trips.ride(parent, child)
    begin_s = np.maximum(in_time_s - trips.takes_s[child], 0.0).round(3)
    trips.depart_s[parent] = trips.depart_s[child] = begin_s
    trips.follow(parent, parameters, at_once=True)
    n_there, n_back = len(parent), _fetch(trips, back, agree_s, parameters)
    columns = columns | {name: getattr(trips, name) for name in changed}
    return columns | {"distance_m": trips.distance_m.round(3)}, (n_there, n_back)


def _fetch(trips: Joined, pairs: Pairs, agree_s: float, parameters: Parameters) -> int:
    """Let pairs go home from school together; their number."""
    least_s = least_stay_s(parameters)
    ready_s = trips.depart_s[pairs.parent] + trips.takes_s[pairs.parent] + least_s
    over_s = trips.depart_s[pairs.child + 1]
    agrees = np.abs(ready_s - over_s) <= agree_s
    parent, child = pairs.parent[agrees], pairs.child[agrees]
    leave_s = np.maximum(ready_s, over_s)[agrees].round(3)
    # who would be early comes later: just in time to wait the least stay
    trips.depart_s[parent] = (leave_s - least_s - trips.takes_s[parent]).round(3)
    trips.ride(parent + 1, child + 1)
    trips.depart_s[parent + 1] = trips.depart_s[child + 1] = leave_s
    trips.min_stay_s[parent + 1] = least_s
    trips.follow(parent + 1, parameters, at_once=False)
    trips.follow(child + 1, parameters, at_once=False)
    return len(parent)
