"""Parking in a day: cars stand somewhere until they leave again; where space is short drivers search.

The space is chosen in the step in which a car can first reach its destination link, in the order in
which cars can be there, and is held from then on. Who finds none at hand drives on from the destination
link to the cheapest free space (by driving, walking back and its fee), as real entries of links; the
walk back is part of the trip, and the next trip by car starts where the car stands. Each driver drives
one car all day. Residents' cars that nobody drives that day stand at home all day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.clock import MS
from twin.kernels import parking as kernels
from twin.kernels.parking import OWN, STREET, UNSERVED, Arrivals, Drive, Parked, Spaces
from twin.kernels.paths import BLOCKED, RouteQueries, whole_ms
from twin.model.parking_plan import ELSEWHERE, ParkingPlan
from twin.model.state import Access, ParkingState
from twin.routing.pieces import in_one, in_pools
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.units import MS_PER_H

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def leave(model: TwinModel, state: Access, rows: np.ndarray) -> None:
    """Cars of trips (rows) that set off free their spaces; who stands elsewhere starts from there."""
    plan = model.parking
    if plan is None or rows.size == 0:
        return
    standing = state.parking
    person = model.population.trips.person[rows]
    kind, at = standing.kind[person], standing.row[person]
    np.add.at(standing.own, at[kind == OWN], 1)
    street, on_street = plan.supply.street, kind == STREET
    np.add.at(standing.free, street[at[on_street]], 1)
    standing.kind[person], standing.row[person] = UNSERVED, ELSEWHERE
    here = np.where(on_street, at, model.car_trips.origin[rows])
    away = np.flatnonzero(street[here] != street[model.car_trips.origin[rows]])
    if away.size:
        _start_from(model, state, rows[away], at[away])


def _start_from(model: TwinModel, state: Access, rows: np.ndarray, link: np.ndarray) -> None:
    """Give trips (rows) about to start the route by habit from where their cars stand."""
    topology, destination = model.roads.topology, model.car_trips.destination[rows]
    asked = RouteQueries(link.astype(np.int32), destination, model.plan_ms[rows], model.trip_person_key[rows])
    weights = static_weights(model.habit_cost_ms)
    below = bool((model.roads.free_ms <= model.habit_cost_ms).all())  # then the day's own bounds will do
    bounds = model.bounds if below else bounds_to(topology, model.habit_cost_ms, destination)
    found = find_routes(topology, weights, bounds, asked, np.arange(rows.size), NO_DRAWS, model.threads)
    there = np.flatnonzero(found.start >= 0)
    if there.size:
        state.loader.take_routes(rows[there], Routes.joined([found.of(k) for k in there.tolist()]))


def park(model: TwinModel, state: Access, moment_s: int) -> None:
    """Drivers who can reach their destination link in this step choose a space, and drive on if they must.

    Who leaves the car at a car park to ride on has a space there.
    """
    plan, loader, standing = model.parking, state.loader, state.parking
    if plan is None:
        return
    _note(model, plan, standing, moment_s)
    trips = model.population.trips
    rows = np.concatenate([loader.driving, loader.waiting])
    asks = (standing.link[rows] < 0) & (trips.destination_place[rows] >= 0) & ~model.transit.parks[rows]
    rows = np.sort(rows[asks])
    if rows.size == 0:
        return
    ahead = loader.ahead_of(rows)
    free_ms = state.supply.free_ms[ahead.pool]
    total_ms = np.add.reduceat(free_ms, ahead.start)
    on_link = loader.vehicles.entered_ms[rows] >= 0
    least_ms = total_ms - np.where(on_link, free_ms[ahead.start], 0)
    soon = np.flatnonzero(least_ms <= model.step_s * MS)
    order = np.lexsort((trips.trip_key[rows[soon]], total_ms[soon]))
    soon = soon[order]
    if soon.size:
        _choose(model, plan, state, (rows[soon], ahead.taken(soon)), moment_s)


def _choose(
    model: TwinModel, plan: ParkingPlan, state: Access, asking: tuple[np.ndarray, Routes], moment_s: int
) -> None:
    """Spaces for those who ask, in that order: trips (rows) and what is left of their routes."""
    standing, trips, (rows, ahead) = state.parking, model.population.trips, asking
    places = model.territory.places
    place = trips.destination_place[rows]
    stay_h = np.clip((plan.hours_from_ms[rows] - moment_s * MS) / MS_PER_H, 0.0, plan.most_paid_h)
    link = ahead.pool[ahead.end - 1]  # what the driver means to reach, whoever advised it
    arrivals = Arrivals(link, place, places.x_m[place], places.y_m[place], stay_h, plan.ms_per_eur[rows])
    supply = plan.supply
    spaces = Spaces(standing.own, standing.free, supply.street, supply.eur_per_h, supply.x_m, supply.y_m)
    weight_ms = np.where(state.orders.closed, BLOCKED, whole_ms(state.supply.free_ms))
    drive = plan.drive._replace(weight_ms=weight_ms)
    kind, chosen, onward = run(model, spaces, arrivals, drive)
    standing.link[rows], standing.found[rows] = chosen, kind
    person = trips.person[rows]
    standing.kind[person] = kind
    standing.row[person] = np.where(kind == OWN, place, np.where(kind == STREET, chosen, ELSEWHERE))
    on_street = kind == STREET
    standing.fee_eur[rows] = np.where(
        on_street & (arrivals.ms_per_eur > 0.0), stay_h * supply.eur_per_h[supply.street[chosen]], 0.0
    )
    goes_on = np.flatnonzero([path.size > 0 for path in onward])
    if goes_on.size == 0:
        return
    moved = rows[goes_on]
    standing.searched[moved] = True
    away_m = np.hypot(
        supply.x_m[chosen[goes_on]] - arrivals.x_m[goes_on],
        supply.y_m[chosen[goes_on]] - arrivals.y_m[goes_on],
    )
    standing.walk_ms[moved] = np.rint(away_m * plan.drive.walk_ms_per_m).astype(np.int64)
    taken = [np.concatenate([ahead.of(k), onward[k]]) for k in goes_on.tolist()]
    state.loader.take_routes(moved, Routes.joined(taken))


def run(
    model: TwinModel, spaces: Spaces, arrivals: Arrivals, drive: Drive
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Kind of space and link of each arrival (n,), and the links driven on."""
    n, topology = arrivals.link.shape[0], model.roads.topology
    kind, link = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int32)
    start, end = np.full((2, n), -1, dtype=np.int64)

    def fill(done: int, pool: np.ndarray) -> int:
        parked = Parked(kind, link, start, end, pool)
        return kernels.park(topology, model.workspace, spaces, arrivals, drive, done, parked)

    found = in_one(in_pools(topology, np.arange(n), fill), start, end)
    return kind, link, [found.of(k) for k in range(n)]


def _note(model: TwinModel, plan: ParkingPlan, standing: ParkingState, moment_s: int) -> None:
    """Write down how many spaces of streets are taken in each zone."""
    zone, n_zones = model.territory.streets.zone, standing.taken.shape[1]
    taken = plan.supply.spaces - standing.free
    here = zone >= 0
    standing.taken[moment_s // model.step_s] = np.bincount(
        zone[here], weights=taken[here], minlength=n_zones
    ).astype(np.int32)
