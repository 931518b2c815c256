"""Legs: the trips between the stops of a day, with their links and straight-line lengths.

A leg that would end where it begins is no trip: two activities in one building, or two stops outside.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from twin.population.days.activities import Chains
from twin.population.days.destinations import OUTSIDE, Stops
from twin.population.draws import Draws
from twin.population.outside.gates import Gates
from twin.population.tables import HOME
from twin.territory.territory import Territory


@dataclass(frozen=True)
class ResidentTrips:
    """Trips (n,) of residents, sorted by person and sequence; tours are numbered over all persons."""

    person: np.ndarray
    key: np.ndarray  # of the person
    sequence: np.ndarray
    purpose: np.ndarray
    tour: np.ndarray  # from home to home
    origin_place: np.ndarray
    destination_place: np.ndarray
    origin_link: np.ndarray
    destination_link: np.ndarray
    straight_m: np.ndarray

    def take(self, rows: np.ndarray, tour: np.ndarray | None = None) -> ResidentTrips:
        """Those rows of the legs; their tours numbered as they are, or anew (n_rows,)."""
        columns = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return ResidentTrips(**(columns if tour is None else columns | {"tour": tour}))

    @property
    def outside(self) -> np.ndarray:
        """Legs with an end outside the area."""
        return np.asarray((self.origin_place == OUTSIDE) | (self.destination_place == OUTSIDE))

    @property
    def one_link(self) -> np.ndarray:
        """Legs that begin and end on the same drivable link."""
        return np.asarray(self.origin_link == self.destination_link)


def connect(
    chains: Chains, stops: Stops, home: np.ndarray, territory: Territory, gates: Gates, draws: Draws
) -> tuple[ResidentTrips, int]:
    """Legs between stops, and how many stops needed no trip."""
    first = chains.sequence == 0
    origin = np.where(first, home[chains.person], np.roll(stops.place, 1))
    kept = np.flatnonzero(origin != stops.place)
    person, key = chains.person[kept], chains.key[kept]
    # whoever visits somebody in the own building has come home
    purpose = np.where(stops.place == home[chains.person], HOME, chains.purpose)[kept]
    origin, destination = origin[kept], stops.place[kept]
    group_before = np.roll(stops.group, 1)[kept]
    links, points = [], []
    for place, group, inwards in ((origin, group_before, True), (destination, stops.group[kept], False)):
        link, x_m, y_m = _ends(place, territory)
        away = np.flatnonzero(place == OUTSIDE)
        u = draws.uniform("gate", key[away])
        gate = gates.inwards(group[away], u) if inwards else gates.outwards(group[away], u)
        link[away] = (gates.in_link if inwards else gates.out_link)[gate]
        x_m[away], y_m[away] = gates.x_m[gate], gates.y_m[gate]
        links.append(link)
        points.append((x_m, y_m))
    (from_x, from_y), (to_x, to_y) = points
    legs = ResidentTrips(
        person=person,
        key=key,
        sequence=_ranks(person),
        purpose=purpose,
        tour=tours_of(purpose, person),
        origin_place=origin,
        destination_place=destination,
        origin_link=links[0],
        destination_link=links[1],
        straight_m=np.sqrt((to_x - from_x) ** 2 + (to_y - from_y) ** 2),
    )
    return legs, len(chains.person) - len(kept)


def _ends(place: np.ndarray, territory: Territory) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Link and coordinates of places; of gates, what stands in the last row until it is filled in."""
    places = territory.places
    link = places.access_link[place].astype(np.int64)
    return link, places.x_m[place].astype(np.float64), places.y_m[place].astype(np.float64)


def _ranks(person: np.ndarray) -> np.ndarray:
    """0, 1, 2 ... within each run of one person."""
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    run_length = np.diff(np.append(starts, len(person)))
    return np.arange(len(person)) - np.repeat(starts, run_length)


def purpose_served(purpose: np.ndarray, sequence: np.ndarray) -> np.ndarray:
    """Purpose that each trip (n,) counts for: the way home for what was done last before it."""
    return np.where((purpose == HOME) & (sequence > 0), np.roll(purpose, 1), purpose)


def tours_of(purpose: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Number of the tour of each leg: a new one begins after every return home."""
    ends = purpose == HOME
    begins = np.append(True, ends[:-1])[: len(ends)] | (np.diff(person, prepend=-1) != 0)
    return np.asarray(np.cumsum(begins) - 1)
