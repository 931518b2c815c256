"""A day on which services have closed: who went there goes elsewhere, and drivers know the way there.

A tour that leads elsewhere is another choice of mode: it is made again, with the errors that were always the
person's (`twin.behaviour.choice`), at what every mode takes to the new place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.choice import Choice
from twin.behaviour.habits import Habits
from twin.model.choices import MODE_ERRORS
from twin.population.days.elsewhere import going_elsewhere, shut_out
from twin.population.days.modes import mode_of_legs
from twin.population.days.rides import made_by, remade
from twin.population.days.tours import tours_of_persons
from twin.population.draws import Draws
from twin.population.population import Population
from twin.population.tables import Trips
from twin.scenario.entry import told_of
from twin.territory.closed_services import closings_of

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def with_services_closed(model: TwinModel) -> Population:
    """The population planned, with the trips of those whose destination has closed; itself if none has."""
    planned = model.planned
    closings = closings_of(model.spec.in_force())
    if not closings:
        return planned
    draws = Draws(model.seed_)
    shut = shut_out(planned, model.ground, model.territory, draws)
    if not shut.any():
        return planned
    with told_of(closings[-1], "at"):
        ends = going_elsewhere(planned, shut, model.territory, model.parameters, draws)
    return Population.of(planned.persons, _travelled(model, _linked(model, ends), draws), planned.report)


def rerouted(model: TwinModel, habits: Habits) -> Habits:
    """Habits with a route for every drive that services closed have changed, by the times expected.

    Routes that lead from where the drive begins to where it ends stay.
    """
    if model.accustomed is model.planned:
        return habits
    before, now = model.planned.trips, model.accustomed.trips
    changed = (before.origin_link != now.origin_link) | (before.destination_link != now.destination_link)
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
    return replace(habits, routes=habits.routes.replaced(rows, found))


def _linked(model: TwinModel, ends: tuple[np.ndarray, np.ndarray]) -> Trips:
    """Trips with other end places (n_trips,) each, and the links that these open to."""
    trips, door = model.planned.trips, model.ground.places.access_link
    changed = {}
    for name, place in zip(("origin", "destination"), ends, strict=True):
        moved = place != getattr(trips, f"{name}_place")
        changed[f"{name}_place"] = place
        changed[f"{name}_link"] = np.where(moved, door[place], getattr(trips, f"{name}_link"))
    return trips.with_columns(**changed)


def _travelled(model: TwinModel, trips: Trips, draws: Draws) -> Trips:
    """Those trips by the modes that are chosen for them, with distances and durations."""
    planned, parameters = model.planned, model.parameters
    before = planned.trips
    moved = (trips.origin_place != before.origin_place) | (
        trips.destination_place != before.destination_place
    )
    who = np.zeros(len(planned.persons), dtype=np.bool_)
    who[trips.person[moved]] = True
    there = Population(planned.persons, trips, planned.digest, planned.report)
    then, now = (tours_of_persons(each, who, model.ground, parameters) for each in (planned, there))
    mode = then.mode.copy()
    known = np.flatnonzero(np.isfinite(then.utility[np.arange(mode.shape[0]), mode]))
    of_tour = now.tours.key[known], now.tours.moment[known]
    choice = Choice.made(MODE_ERRORS, *of_tour, then.utility[known], mode[known])
    mode[known] = choice.with_utility(now.utility[known], model.seed_).chosen
    of_leg = mode_of_legs(mode, now.legs)
    anew = np.flatnonzero(moved[now.row] | (of_leg != before.mode[now.row]))
    made = made_by(of_leg[anew], now.legs.take(anew), planned.persons, model.ground, parameters, draws)
    return remade(trips, now.row[anew], of_leg[anew], made)
