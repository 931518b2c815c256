"""A day on which services have closed: who went there goes elsewhere, and drivers know the way there.

The mode stays while the way can be made by it. Who walked and would walk too far goes by car where the
household has one and the person may drive it, else by transit or as a passenger; so does who cycled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.habits import Habits
from twin.model.pivot import tours, usual_times_s
from twin.population.cycling import cycle_times_s
from twin.population.draws import Draws
from twin.population.elsewhere import going_elsewhere, shut_out
from twin.population.legs import Legs
from twin.population.paths import leg_distances_m
from twin.population.population import Population
from twin.population.speeds import walk_speeds_mps
from twin.population.tables import CAR, CYCLE, PASSENGER, TRANSIT, WALK, Trips
from twin.territory.closed_services import closings_of

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

METRES_PER_KM = 1_000.0


def with_services_closed(model: TwinModel) -> Population:
    """The population planned, with the trips of those whose destination has closed; itself if none has."""
    planned = model.planned
    if not closings_of(model.spec.in_force()):
        return planned
    draws = Draws(model.seed_)
    shut = shut_out(planned, model.ground, model.territory, draws)
    if not shut.any():
        return planned
    ends = going_elsewhere(planned, shut, model.territory, model.parameters, draws)
    return Population.of(planned.persons, _travelled(model, planned, ends, draws), planned.report)


def rerouted(model: TwinModel, habits: Habits) -> Habits:
    """Habits with a route for every drive that services closed have changed, by the times expected.

    Routes that lead from where the drive begins to where it ends stay.
    """
    if model.today is model.planned:
        return habits
    before, now = model.planned.trips, model.today.trips
    changed = (before.mode != CAR) | (before.origin_link != now.origin_link)
    changed |= before.destination_link != now.destination_link
    rows = model.car_rows[changed[model.car_rows]]
    drivers = model.drivers()
    start, end = habits.routes.start[rows], habits.routes.end[rows]
    pool = np.append(habits.routes.pool, np.int32(-1))  # the last is for those without a route
    first, last = pool[start], pool[end - 1]
    fits = (start >= 0) & (first == drivers.trips.origin[rows]) & (last == drivers.trips.destination[rows])
    rows = rows[~fits]
    if not rows.size:
        return habits
    found = drivers.choose(drivers.weights(habits.expected_ms), drivers.bounds(), rows)
    return Habits(habits.routes.replaced(rows, found), habits.expected_ms, habits.streets)


def _travelled(
    model: TwinModel, planned: Population, ends: tuple[np.ndarray, np.ndarray], draws: Draws
) -> Trips:
    """Trips between those places (n_trips,) each: links, modes, distances and durations."""
    before = planned.trips
    moved = (ends[0] != before.origin_place) | (ends[1] != before.destination_place)
    trips = _linked(model, before, ends)
    tour = tours(before)
    legs = _legs(model, planned, trips, tour)
    mode = _modes(model, planned, trips, legs, moved)
    rows = np.flatnonzero(moved | (mode != before.mode))
    part, own = _taken(legs, rows), mode[rows]
    metres, _ = leg_distances_m(model.ground, part, own, model.parameters)
    age = planned.persons.age[part.person]
    cycle_s = cycle_times_s(model.ground, part, own, (metres, age), model.parameters, draws)
    distance_m, duration_s = before.distance_m.copy(), before.duration_s.copy()
    distance_m[rows] = metres.round(3)
    walk_s = metres / walk_speeds_mps(age, part.key, model.parameters, draws)
    rides_s = [_usual_s(planned, trips.take(rows), distance_m[rows], each) for each in (TRANSIT, PASSENGER)]
    kinds = [own == each for each in (WALK, CYCLE, TRANSIT, PASSENGER)]
    duration_s[rows] = np.select(kinds, [walk_s, cycle_s, *rides_s], np.nan).round(3)
    return trips.with_columns(mode=mode, distance_m=distance_m, duration_s=duration_s)


def _usual_s(planned: Population, rides: Trips, metres: np.ndarray, mode: int) -> np.ndarray:
    """What rides of those lengths usually take (n,) [s], by the trips of that mode that were planned."""
    # added as drives, they tell nobody what a ride takes, and are told it
    asked = rides.with_columns(mode=np.full(len(rides), CAR), distance_m=metres)
    both = Population(planned.persons, Trips.stacked(planned.trips, asked), planned.digest, {})
    return usual_times_s(both, mode)[len(planned.trips) :]


def _linked(model: TwinModel, trips: Trips, ends: tuple[np.ndarray, np.ndarray]) -> Trips:
    """Trips with other end places and the links that these open to."""
    door = model.ground.places.access_link
    changed = {}
    for name, place in zip(("origin", "destination"), ends, strict=True):
        moved = place != getattr(trips, f"{name}_place")
        changed[f"{name}_place"] = place
        changed[f"{name}_link"] = np.where(moved, door[place], getattr(trips, f"{name}_link"))
    return trips.with_columns(**changed)


def _legs(model: TwinModel, planned: Population, trips: Trips, tour: np.ndarray) -> Legs:
    """All trips as legs, with their straight lines."""
    places, streets = model.ground.places, model.ground.streets
    points = []
    for place, node in (
        (trips.origin_place, streets.tail[trips.origin_link]),
        (trips.destination_place, streets.head[trips.destination_link]),
    ):
        x_m = np.where(place >= 0, places.x_m[place], streets.node_x_m[node])
        points.append((x_m, np.where(place >= 0, places.y_m[place], streets.node_y_m[node])))
    (from_x, from_y), (to_x, to_y) = points
    return Legs(
        person=trips.person,
        key=planned.persons.person_key[trips.person],
        sequence=trips.sequence,
        purpose=trips.purpose,
        tour=tour,
        origin_place=trips.origin_place,
        destination_place=trips.destination_place,
        origin_link=trips.origin_link,
        destination_link=trips.destination_link,
        straight_m=np.hypot(to_x - from_x, to_y - from_y),
    )


def _taken(legs: Legs, rows: np.ndarray) -> Legs:
    return Legs(**{name: column[rows] for name, column in vars(legs).items()})


def _modes(model: TwinModel, planned: Population, trips: Trips, legs: Legs, moved: np.ndarray) -> np.ndarray:
    """Mode of each trip (n_trips,): another for a tour that has become too long."""
    parameters, persons = model.parameters, planned.persons
    n_tours = int(legs.tour.max(initial=-1)) + 1

    def in_tour(marked: np.ndarray) -> np.ndarray:
        return np.asarray((np.bincount(legs.tour[marked], minlength=n_tours) > 0)[legs.tour])

    mode = trips.mode.copy()
    drives = in_tour(trips.mode == CAR) & moved
    # a car that would not leave its street stays there: that leg is walked, or somebody gives a lift outside
    on_street = np.where(legs.one_link, np.where(legs.outside, PASSENGER, WALK), CAR)
    mode[drives] = on_street[drives]
    usual = {each: usual_times_s(planned, each) for each in (TRANSIT, PASSENGER)}
    limits_km = {
        WALK: parameters["scenario.closed_service_walk_km"],
        CYCLE: parameters["population.cycle_limit_km"],
    }
    may_drive = persons.licence[trips.person] & (persons.household_cars[trips.person] > 0)
    may_drive &= in_tour(~legs.one_link)
    may_ride = persons.age[trips.person] >= parameters["population.transit_from_age"]
    for active, limit_km in limits_km.items():
        rows = np.flatnonzero(moved & (mode == active) & ~in_tour(mode == CAR))
        metres = np.zeros(len(trips))
        metres[rows] = leg_distances_m(model.ground, _taken(legs, rows), mode[rows], parameters)[0]
        far = in_tour(metres > METRES_PER_KM * limit_km) & (mode == active)
        instead = np.select(
            [may_drive, may_ride & np.isfinite(usual[TRANSIT]), np.isfinite(usual[PASSENGER])],
            [on_street, np.full(len(trips), TRANSIT), np.full(len(trips), PASSENGER)],
            active,
        )
        mode[far] = instead[far]
    return mode
