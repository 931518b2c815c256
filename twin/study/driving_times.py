"""What residents' tours take by car under expected times, whoever drives them now."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.behaviour.departures import departure_shifts_min
from twin.behaviour.habits import Habits
from twin.clock import MS
from twin.kernels import paths
from twin.kernels.paths import RoutePool, RouteQueries
from twin.model.choices import IN_A_CAR
from twin.model.twin_model import TwinModel
from twin.population.days.tours import TourModes
from twin.population.tables import BUSINESS, SCHOOL, WORK
from twin.routing.search import NO_DRAWS
from twin.units import S_PER_MIN


@dataclass(frozen=True, eq=False)
class DrivingTimes:
    """Times by car [min] of tours.

    tour_min: (n_tours,) at the departures of the day, NaN where a leg has no way or nobody could go so;
    first_min: (n_tours, n_shifts) of the first leg at each of `departure_shifts_min` after the departure that
    was planned, NaN where the tour is not the day's first, not for work or school, or has no way.
    """

    tour_min: np.ndarray
    first_min: np.ndarray


def driving_times(model: TwinModel, habits: Habits, modes: TourModes) -> DrivingTimes:
    """Times over the routes that feel best at the planned departures under the times that drivers expect."""
    legs, could = modes.legs, np.isfinite(modes.utility[:, IN_A_CAR]).any(axis=1)
    at = np.flatnonzero(could[legs.tour] & ~legs.one_link)
    rows = modes.row[at]
    trips = model.population.trips
    planned_ms = np.rint(model.accustomed.trips.depart_s * MS).astype(
        np.int64
    )  # some set out otherwise today
    asked = RouteQueries(trips.origin_link, trips.destination_link, planned_ms, model.trip_person_key)
    drivers = replace(model.drivers(), trips=model.day_roads.addressed(asked, rows), rows=rows)
    weights = drivers.weights(habits.expected_ms)
    routes = drivers.choose(weights, drivers.bounds(), rows)
    pool = RoutePool(routes.pool, routes.start, routes.end)
    clock = weights._replace(cost_ms=weights.time_ms, sigma=0.0)
    has_way = routes.start[rows] >= 0

    def minutes(which: np.ndarray, depart_ms: np.ndarray) -> np.ndarray:
        """Of legs (places in ``at``) that set out then (n_trips,) (n,), NaN without a way."""
        out = np.zeros(which.shape[0], dtype=np.int64)
        found = which[has_way[which]]
        shifted, links = drivers.trips._replace(depart_ms=depart_ms), drivers.topology.link_key
        taken = np.zeros(found.shape[0], dtype=np.int64)
        paths.route_costs(pool, shifted, rows[found], clock, links, NO_DRAWS, taken)
        out[has_way[which]] = taken
        return np.where(has_way[which], out / (S_PER_MIN * MS), np.nan)

    every = np.arange(at.shape[0])
    lived_min = minutes(every, model.plan_ms)
    tour_min = np.bincount(legs.tour[at], weights=lived_min, minlength=len(modes.mode))
    tour_min[~could] = np.nan
    shifts_min = departure_shifts_min(model.parameters)
    first_min = np.full((len(modes.mode), len(shifts_min)), np.nan)
    sets_out = (legs.sequence[at] == 0) & np.isin(legs.purpose[at], (WORK, BUSINESS, SCHOOL)) & has_way
    which = np.flatnonzero(sets_out)
    for column, shift_min in enumerate(shifts_min.tolist()):
        first_min[legs.tour[at[which]], column] = minutes(
            which, np.maximum(planned_ms + int(shift_min * (S_PER_MIN * MS)), 0)
        )
    return DrivingTimes(tour_min, first_min)
