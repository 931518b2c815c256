"""Travellers: they leave, meet signs, ask for advice and take it, and arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import DRIVING, TRAVELLING, WAITING
from twin.clock import HORIZON_MS, MS
from twin.kernels.closures import first_closed
from twin.kernels.paths import BLOCKED, RouteQueries
from twin.knowledge.datasets import observations
from twin.model.blindness import connected
from twin.model.parking import leave
from twin.model.state import Access, AdviceRequests
from twin.population.tables import CAR, ON_DEMAND, TRANSIT
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def depart(model: TwinModel, state: Access, moment_s: int) -> None:
    """Travellers due in this step leave; cars queue at their first link, others travel by themselves.

    Who means to ride a shared vehicle calls one, and waits.
    """
    days = state.itineraries
    while True:  # a walk may end, and the next trip begin, within one step
        rows = days.due((moment_s + model.step_s) * MS)
        if rows.size == 0:
            return
        calls = state.shared.mode[rows] == ON_DEMAND
        days.depart(rows[calls], TRAVELLING)
        set_off(model, state, rows[~calls])


def set_off(model: TwinModel, state: Access, rows: np.ndarray) -> None:
    """Travellers (rows of trips) leave by car or by themselves."""
    days, trips = state.itineraries, model.population.trips
    by_car = (state.shared.mode[rows] == CAR) & ~model.transit.rides_first[rows]
    cars = rows[by_car]
    stuck = state.loader.link_of(cars) < 0
    days.depart(cars[~stuck], WAITING)
    days.stay(cars[stuck])
    leave(model, state, cars[~stuck])
    state.loader.release(cars[~stuck], days.departed_ms[cars[~stuck]])
    others = rows[~by_car]
    days.depart(others, TRAVELLING)
    rides_now = (state.shared.mode[others] == TRANSIT) | model.transit.rides_first[others]
    others = others[~(model.transit.rides[others] & rides_now)]  # who rides arrives when the bus does
    duration_s = state.shared.duration_s[others]
    ends_ms = days.departed_ms[others] + np.rint(duration_s * MS).astype(np.int64)
    ended = ends_ms <= HORIZON_MS
    days.arrive(others[ended], ends_ms[ended], trips.person, model.plan_ms, model.stay_ms)


def follow_signs(model: TwinModel, state: Access, moment_s: int) -> None:
    """Whoever is about to drive into a closure follows the signed diversion from the last exit before it.

    A diversion once taken is kept, though the closure may end meanwhile.
    """
    loader = state.loader
    if not state.orders.signed.any():
        return
    active = np.concatenate([loader.driving, loader.waiting])
    ahead = loader.ahead_of(active)
    places = first_closed_of(ahead, state.orders.signed)
    meets = places >= 0
    if meets.any():
        _divert(model, state, active[meets], (ahead.taken(np.flatnonzero(meets)), places[meets]), moment_s)


def first_closed_of(routes: Routes, closed: np.ndarray) -> np.ndarray:
    """Place in the pool of the first closed link that each route would enter from outside, -1 if none."""
    places = np.empty(routes.start.shape[0], dtype=np.int64)
    first_closed(routes.pool, routes.start, routes.end, np.arange(places.shape[0]), closed, places)
    return places


def _divert(
    model: TwinModel, state: Access, rows: np.ndarray, meets: tuple[Routes, np.ndarray], moment_s: int
) -> None:
    """Give trips a route that leaves the old one at the sign, the link before the closed one."""
    ahead, places = meets
    sign = ahead.pool[places - 1]
    destination = ahead.pool[ahead.end - 1]
    leaves_ms = np.zeros(rows.shape[0], dtype=np.int64)
    asked = RouteQueries(sign, destination, leaves_ms, model.trip_person_key[rows])
    found = _ways_round(model, state.orders.closed, asked, model.rules.group[rows], moment_s)
    taken = [
        np.concatenate([ahead.pool[ahead.start[k] : places[k] - 1], found.of(k)])
        for k in np.flatnonzero(found.start >= 0).tolist()
    ]
    if not taken:
        return
    diverted = rows[found.start >= 0]
    state.loader.take_routes(diverted, Routes.joined(taken))
    state.guidance.detoured[diverted] = True
    _report_closures(model, state, diverted, ahead.pool[places[found.start >= 0]], moment_s)


def _ways_round(
    model: TwinModel, closed: np.ndarray, asked: RouteQueries, group: np.ndarray, moment_s: int
) -> Routes:
    """The usual ways that are open, as rules for each vehicle make them felt; group (n,) of `VehicleRules`.

    Whom a low-emission zone leaves no way drives on through it: the road that was closed is none either.
    """
    topology, usual_ms = model.roads.topology, model.habit_cost_ms
    open_ms = np.where(closed, BLOCKED, usual_ms)
    bounds = bounds_to(topology, usual_ms, asked.destination)

    def found_by(cost_ms: np.ndarray, rows: np.ndarray) -> Routes:
        return find_routes(topology, static_weights(cost_ms), bounds, asked, rows, NO_DRAWS, model.threads)

    found = found_by(open_ms, np.flatnonzero(group == 0))
    for under in np.unique(group[group > 0]).tolist():
        rows = np.flatnonzero(group == under)
        found = found.replaced(rows, found_by(model.rules.felt_ms(open_ms, under, moment_s), rows))
    without = np.flatnonzero((group > 0) & (found.start < 0))
    return found.replaced(without, found_by(open_ms, without)) if without.size else found


def _report_closures(
    model: TwinModel, state: Access, rows: np.ndarray, closed_link: np.ndarray, moment_s: int
) -> None:
    """Users who stand before a sign report the closed link to their provider, late by its delay."""
    at_sign = state.loader.vehicles.entered_ms[rows] >= 0
    at_sign &= np.isin(rows, connected(state.loader, rows, state.utilities))
    for agent in model.providers:
        mine = at_sign & (model.trip_sends[rows] == agent.row)
        links = np.unique(closed_link[mine])
        if links.size:
            rows_of_report = observations(links, float(moment_s), moment_s + agent.order.delay_s, 1.0)
            state.platform.append(f"{agent.name}.reports", rows_of_report)


def ask(model: TwinModel, state: Access, moment_s: int) -> None:
    """Users ask their provider, at the start and on the way.

    Who will not follow on this trip asks in vain: nothing hangs on the answer, so it is not asked for.
    """
    state.requests.clear()
    if not model.providers:
        return
    active = np.concatenate([state.loader.driving, state.loader.waiting])
    active = connected(state.loader, np.sort(active[model.obeys[active]]), state.utilities)
    if model.parking is not None:  # who looks for a space goes by what is seen
        active = active[~state.parking.searched[active]]
    provider = state.guidance.provider[active]
    for agent in model.providers:
        rows = active[provider == agent.row]
        if rows.size:
            key, person = model.population.trips.trip_key[rows], model.trip_person_key[rows]
            group, ahead = model.rules.group[rows], state.loader.ahead_of(rows)
            guided, told = state.guidance.guided[rows], state.guidance.promised_ms[rows] >= 0
            state.requests[agent.name] = AdviceRequests(rows, key, person, group, guided, told, ahead)


def take(model: TwinModel, state: Access, moment_s: int) -> None:
    """Users take the routes that their provider proposes, and remember the arrival that they were told."""
    loader, guidance = state.loader, state.guidance
    for advice in state.advice.values():
        leaves_ms = np.maximum(loader.vehicles.release_ms[advice.told].astype(np.int64), moment_s * MS)
        guidance.promised_ms[advice.told] = leaves_ms + advice.promised_ms
        taken, routes = advice.trip, advice.routes
        if state.orders.signed.any():  # who has been sent round a closure is not led back into it
            stays = (first_closed_of(routes, state.orders.signed) < 0) | ~guidance.detoured[taken]
            taken, routes = taken[stays], routes.taken(stays)
        if taken.size == 0:
            continue
        on_way = loader.vehicles.entered_ms[taken] >= 0
        loader.take_routes(taken, routes)
        guidance.guided[taken] = True
        guidance.n_reroutes[taken[on_way]] += 1


def arrive(model: TwinModel, state: Access, moment_s: int) -> None:
    """Cars at the end of their routes end their trips, after a walk back, or their drivers ride on."""
    days, vehicles = state.itineraries, state.loader.vehicles
    driving = np.flatnonzero((days.state == WAITING) | (days.state == DRIVING))
    entered = vehicles.entered_ms[driving] >= 0
    days.state[driving[entered]] = DRIVING
    ended = driving[vehicles.arrived_ms[driving] >= 0]
    days.state[ended[model.transit.parks[ended]]] = TRAVELLING
    ended = ended[~model.transit.parks[ended]]
    arrived_ms = vehicles.arrived_ms[ended]
    if model.parking is not None:
        arrived_ms = arrived_ms + state.parking.walk_ms[ended]
    days.arrive(ended, arrived_ms, model.population.trips.person, model.plan_ms, model.stay_ms)
