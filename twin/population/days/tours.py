"""Tours of a population as choices of mode: what each mode is worth to whom, and trips by other modes.

A population keeps what was chosen and the constants that were fitted, not the utilities: they are worked
out again, as when it was made, where somebody is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from twin.population.days.legs import ResidentTrips, tours_of
from twin.population.days.modes import Tours, build_tours, mode_of_legs, stratum, travellers_of
from twin.population.days.rides import made_by, remade
from twin.population.draws import Draws
from twin.population.outside.gates import gates_of
from twin.population.population import Population
from twin.population.published.survey import areas_of
from twin.population.tables import CAR, MODES, RESIDENT, Trips
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


@dataclass(frozen=True, eq=False)
class TourModes:
    """Residents' tours and how they are made.

    Parameters
    ----------
    row
        Row of the trip that each leg is (n_legs,).
    legs, tours
        Their legs (n_legs,), and the tours (n_tours,) that these make.
    utility
        Of every mode (n_tours, n_modes), -inf what cannot be used.
    mode
        By which each tour is made (n_tours,).
    """

    row: np.ndarray
    legs: ResidentTrips
    tours: Tours
    utility: np.ndarray
    mode: np.ndarray

    def summed(self, of_trips: np.ndarray) -> np.ndarray:
        """Sum over each tour (n_tours,) of a column of all trips (n_trips,)."""
        return np.bincount(self.legs.tour, weights=of_trips[self.row], minlength=len(self.mode))

    def all_of(self, of_trips: np.ndarray) -> np.ndarray:
        """Tours (n_tours,) all of whose legs are among the marked trips (n_trips,)."""
        return np.asarray(self.summed(~of_trips) == 0)


def tour_modes(population: Population, territory: Territory, parameters: Parameters) -> TourModes:
    """The tours of residents who live in an area, with what every mode is worth to them.

    Left out is who makes a tour by a mode that could not have been chosen, as an added person may.
    """
    everybody = np.ones(len(population.persons), dtype=np.bool_)
    return _kept(tours_of_persons(population, everybody, territory, parameters))


def tours_of_persons(
    population: Population, who: np.ndarray, territory: Territory, parameters: Parameters
) -> TourModes:
    """The tours of some residents (n_persons,) bool, those too made by a mode that could not be chosen."""
    persons, trips = population.persons, population.trips
    lives_here = who & (persons.kind == RESIDENT) & (persons.density >= 0)
    row = np.flatnonzero(lives_here[trips.person])
    legs = _legs(population, row, territory)
    tours = build_tours(legs, travellers_of(persons), parameters)
    utility = -float(parameters["population.scale_per_min"]) * tours.minutes + _constants(population, tours)
    utility[~tours.available] = -np.inf
    # a leg that would not leave its street is walked, so a tour with any leg by car is one by car
    first = np.searchsorted(legs.tour, np.arange(len(tours.person)))
    drives = np.bincount(legs.tour, weights=trips.mode[row] == CAR, minlength=len(tours.person)) > 0
    mode = np.where(drives, CAR, trips.mode[row[first]]).astype(np.int64)
    return TourModes(row, legs, tours, utility, mode)


def trips_by(
    mode: np.ndarray,
    modes: TourModes,
    population: Population,
    territory: Territory,
    parameters: Parameters,
    seed: int,
) -> Trips:
    """The population's trips with tours by other modes (n_tours,); those of the others are the same bits."""
    changed = np.flatnonzero((mode != modes.mode)[modes.legs.tour])
    if not changed.size:
        return population.trips
    legs = modes.legs.take(changed)
    of_leg = mode_of_legs(mode, legs)
    made = made_by(of_leg, legs, population.persons, territory, parameters, Draws(seed))
    return remade(population.trips, modes.row[changed], of_leg, made)


def _legs(population: Population, row: np.ndarray, territory: Territory) -> ResidentTrips:
    """Trips (rows) as legs, with the straight lines between their ends."""
    trips, persons, gates = population.trips, population.persons, gates_of(territory)
    at_gate = np.full((2, territory.streets.n_links), np.nan)
    for link in (gates.in_link, gates.out_link):
        at_gate[:, link[link >= 0]] = np.stack([gates.x_m, gates.y_m])[:, link >= 0]
    in_place = np.stack([territory.places.x_m, territory.places.y_m]).astype(np.float64)
    ends = [
        np.where(place >= 0, in_place[:, np.maximum(place, 0)], at_gate[:, link])
        for place, link in (
            (trips.origin_place[row], trips.origin_link[row]),
            (trips.destination_place[row], trips.destination_link[row]),
        )
    ]
    person, purpose = trips.person[row].astype(np.int64), trips.purpose[row]
    return ResidentTrips(
        person=person,
        key=persons.person_key[person],
        sequence=trips.sequence[row].astype(np.int64),
        purpose=purpose,
        tour=tours_of(purpose, person),
        origin_place=trips.origin_place[row],
        destination_place=trips.destination_place[row],
        origin_link=trips.origin_link[row],
        destination_link=trips.destination_link[row],
        straight_m=np.nan_to_num(np.sqrt(((ends[1] - ends[0]) ** 2).sum(axis=0))),
    )


def _constants(population: Population, tours: Tours) -> np.ndarray:
    """Fitted constants of every mode (n_tours, n_modes), 0 where none were fitted."""
    fitted = population.report.get("mode_choice", {}).get("constants", {})
    names = [
        stratum(each["density_class"], each["legal_regime"]) for each in population.report.get("areas", ())
    ]
    table = np.array([[fitted.get(name, {}).get(mode, 0.0) for mode in MODES] for name in (*names, "")])
    return np.asarray(table[areas_of(population)[tours.person]])


def _kept(modes: TourModes) -> TourModes:
    """The tours made by what can be chosen, numbered anew."""
    kept = np.isfinite(modes.utility[np.arange(len(modes.mode)), modes.mode])
    if kept.all():
        return modes
    legs = np.flatnonzero(kept[modes.legs.tour])
    number = np.cumsum(kept) - 1
    tours = Tours(*(getattr(modes.tours, field.name)[kept] for field in fields(Tours)))
    taken = modes.legs.take(legs, number[modes.legs.tour[legs]])
    return TourModes(modes.row[legs], taken, tours, modes.utility[kept], modes.mode[kept])
