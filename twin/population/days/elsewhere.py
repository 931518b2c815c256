"""Where people go whose destination has closed: elsewhere, by the rule by which they chose it.

Gravity from home or from where they are (see `twin.population.days.opportunities`), by draws of their own key
and of streams that nothing else uses: whoever is not concerned keeps every draw.
"""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.population.days.destinations import AGAIN, is_fixed
from twin.population.days.opportunities import CAPACITY_OF, Opportunities
from twin.population.draws import Draws, picks
from twin.population.population import Population
from twin.population.tables import BUSINESS, PURPOSES
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

ROUNDS = 50
"""Draws until a place is found that is neither where the trip begins nor where the next one ends."""


def shut_out(population: Population, before: Territory, after: Territory, draws: Draws) -> np.ndarray:
    """Trips (n_trips,) bool whose destination has no room for them any more.

    Where a part of a place has closed, as many of those who go there as it had of the place's capacity.
    """
    trips, persons = population.trips, population.persons
    lost = np.zeros(len(trips))
    for purpose, column in CAPACITY_OF.items():
        was = getattr(before.places, column).astype(np.float64)
        now = getattr(after.places, column).astype(np.float64)
        gone = 1.0 - np.divide(now, was, out=np.ones(was.shape[0]), where=was > 0.0)
        rows = np.flatnonzero((trips.purpose == purpose) & (trips.destination_place >= 0))
        lost[rows] = gone[trips.destination_place[rows]]
    u = draws.uniform("closed", persons.person_key[trips.person], _moments(population))
    return np.asarray(u < lost)


def going_elsewhere(
    population: Population, shut: np.ndarray, after: Territory, parameters: Parameters, draws: Draws
) -> tuple[np.ndarray, np.ndarray]:
    """Origin and destination place of every trip (n_trips,), those shut out at another place.

    Raises
    ------
    InputError
        Nothing else in the territory serves the purpose.
    """
    trips = population.trips
    origin, destination = trips.origin_place.astype(np.int64), trips.destination_place.astype(np.int64)
    _check_served(trips.purpose[shut], after)
    opportunities = Opportunities(after, parameters)
    for k in range(int(trips.sequence[shut].max(initial=-1)) + 1):
        rows = np.flatnonzero(shut & (trips.sequence == k))
        destination[rows] = _chosen(population, rows, (origin, destination), opportunities, parameters, draws)
        follows = np.minimum(rows + 1, len(trips) - 1)
        same = (rows + 1 < len(trips)) & (trips.person[follows] == trips.person[rows])
        origin[follows[same]] = destination[rows[same]]
    return origin, destination


def _moments(population: Population) -> np.ndarray:
    """Moments of the draws: one for all of the day where the place is fixed."""
    trips = population.trips
    return np.asarray(np.where(is_fixed(trips.purpose), 0, trips.sequence + 1), dtype=np.int64)


def _chosen(
    population: Population,
    rows: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    opportunities: Opportunities,
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Another place for each of the trips (rows); where no draw helps, the one with the most room."""
    trips, persons = population.trips, population.persons
    person, purpose = trips.person[rows], trips.purpose[rows]
    key, moment = persons.person_key[person], _moments(population)[rows]
    home, here = persons.home[person].astype(np.int64), ends[0][rows]
    follows = np.minimum(rows + 1, len(trips) - 1)
    goes_on = trips.person[follows] == person
    ahead = np.where(goes_on & (follows > rows), ends[1][follows], -1)
    near_home = draws.uniform("closed.near_home", key, moment) < parameters["population.stop_near_home_share"]
    from_home = (near_home & (purpose != BUSINESS)) | (here < 0) | is_fixed(purpose)
    anchor = np.where(from_home & (home >= 0), home, np.where(here >= 0, here, ends[1][rows]))
    cell = opportunities.cell_of_place[anchor]
    place = ends[1][rows].copy()
    pending = np.ones(rows.shape[0], dtype=np.bool_)
    for again in range(ROUNDS):
        for each in np.unique(purpose[pending]).tolist():
            part, name = np.flatnonzero(pending & (purpose == each)), PURPOSES[each]
            when = moment[part] + again * AGAIN
            u = draws.uniform(f"closed.cell.{name}", key[part], when)
            to_cell = picks(opportunities.cumulative[each], cell[part], u)
            u = draws.uniform(f"closed.place.{name}", key[part], when)
            place[part] = opportunities.place_in(each, to_cell, u)
        pending &= (place == here) | (place == ahead)
        if not pending.any():
            break
    for row in np.flatnonzero(pending).tolist():
        place[row] = opportunities.roomiest(int(purpose[row]), (int(here[row]), int(ahead[row])))
    return np.asarray(place)


def _check_served(purpose: np.ndarray, after: Territory) -> None:
    """Refuse to close all that serves a purpose: nobody would know where to go."""
    for each in np.unique(purpose).tolist():
        column = CAPACITY_OF[each]
        if not np.count_nonzero(getattr(after.places, column)[after.places.access_link >= 0]) > 2:
            right = "services of which some places of the territory keep others"
            raise InputError("modification 'close_service'", f"nothing else serves {PURPOSES[each]}", right)
