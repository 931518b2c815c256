"""Travellers: they leave, meet signs, ask for advice and take it, and arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import DRIVING, NO_PATH, TRAVELLING, WAITING
from twin.calculators.provider import honours_class, obeys
from twin.clock import HORIZON_S, MS
from twin.kernels import advice
from twin.kernels.advice import FOLLOWS, Answer, Asking, Counsel
from twin.kernels.closures import first_closed
from twin.kernels.paths import BLOCKED, Trips
from twin.kernels.search import Ground
from twin.knowledge.datasets import observations
from twin.model.state import Access
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights

if TYPE_CHECKING:
    from twin.model.provider import ProviderAgent
    from twin.model.twin_model import TwinModel


def depart(model: TwinModel, state: Access, moment_s: int) -> None:
    """Travellers due in this step leave; cars queue at their first link, others travel by themselves."""
    days, trips = state.itineraries, model.population.trips
    while True:  # a walk may end, and the next trip begin, within one step
        rows = days.due((moment_s + model.step_s) * MS)
        if rows.size == 0:
            return
        cars = rows[model.by_car[rows]]
        stuck = state.loader.vehicles.route_at[cars] < 0
        days.depart(cars[~stuck], WAITING)
        days.state[cars[stuck]] = NO_PATH
        state.loader.release(cars[~stuck], days.departed_ms[cars[~stuck]])
        others = rows[~model.by_car[rows]]
        days.depart(others, TRAVELLING)
        others = others[~model.transit.rides[others]]  # who rides arrives when the bus does
        ends_ms = days.departed_ms[others] + np.rint(trips.duration_s[others] * MS).astype(np.int64)
        ended = ends_ms <= HORIZON_S * MS
        days.arrive(others[ended], ends_ms[ended], trips.person, model.plan_ms, model.stay_ms)


def follow_signs(model: TwinModel, state: Access, moment_s: int) -> None:
    """Whoever is about to drive into a closure follows the signed diversion from the last exit before it.

    A diversion once taken is kept, though the closure may end meanwhile.
    """
    loader = state.loader
    if not state.orders.signed.any():
        return
    active = np.concatenate([loader.driving, loader.waiting])
    places = np.empty(active.shape[0], dtype=np.int64)
    vehicles = loader.vehicles
    first_closed(loader.pool, vehicles.route_at, vehicles.route_end, active, state.orders.signed, places)
    meets = places >= 0
    rows, places = active[meets], places[meets]
    if rows.size:
        _divert(model, state, rows, places, moment_s)


def _divert(model: TwinModel, state: Access, rows: np.ndarray, places: np.ndarray, moment_s: int) -> None:
    """Give trips a route that leaves the old one at the sign, the link before the closed one."""
    loader, vehicles = state.loader, state.loader.vehicles
    sign = loader.pool[places - 1]
    destination = loader.pool[vehicles.route_end[rows] - 1]
    weights = np.where(state.orders.closed, BLOCKED, model.habit_cost_ms)
    n = rows.shape[0]
    asked = Trips(sign, destination, np.zeros(n, dtype=np.int64), model.trip_person_key[rows])
    bounds = bounds_to(model.roads.topology, model.habit_cost_ms, destination)
    found = find_routes(
        model.roads.topology, static_weights(weights), bounds, asked, np.arange(n), NO_DRAWS, model.threads
    )
    taken: list[np.ndarray] = []
    start = np.full(model.n_trips, -1, dtype=np.int64)
    end = start.copy()
    length = 0
    for k in np.flatnonzero(found.start >= 0).tolist():
        trip = rows[k]
        route = np.concatenate([loader.pool[vehicles.route_at[trip] : places[k] - 1], found.of(k)])
        start[trip], end[trip] = length, length + route.shape[0]
        length += route.shape[0]
        taken.append(route)
    if not taken:
        return
    diverted = rows[found.start >= 0]
    loader.take_routes(diverted, Routes(np.concatenate(taken), start, end))
    state.guidance.detoured[diverted] = True
    _report_closures(model, state, diverted, loader.pool[places[found.start >= 0]], moment_s)


def _report_closures(
    model: TwinModel, state: Access, rows: np.ndarray, closed_link: np.ndarray, moment_s: int
) -> None:
    """Users who stand before a sign report the closed link to their provider, late by its delay."""
    at_sign = state.loader.vehicles.entered_ms[rows] >= 0
    for agent in model.providers:
        mine = at_sign & (model.trip_sends[rows] == agent.row)
        links = np.unique(closed_link[mine])
        if links.size:
            rows_of_report = observations(links, float(moment_s), moment_s + agent.order.delay_s, 1.0)
            state.platform.append(f"{agent.name}.reports", rows_of_report)


def consult(model: TwinModel, state: Access, moment_s: int) -> None:
    """Users ask their provider, at the start and on the way; who obeys takes the better route."""
    loader, guidance = state.loader, state.guidance
    if not model.providers:
        return
    active = np.concatenate([loader.driving, loader.waiting])
    provider = guidance.provider[active]
    for agent in model.providers:
        rows = np.sort(active[provider == agent.row])
        if rows.size == 0:
            continue
        decision, routes = _advise(model, state, agent, rows, moment_s)
        taken = rows[decision == FOLLOWS]
        if state.orders.signed.any():  # who has been sent round a closure is not led back into it
            places = np.empty(taken.shape[0], dtype=np.int64)
            first_closed(routes.pool, routes.start, routes.end, taken, state.orders.signed, places)
            taken = taken[(places < 0) | ~guidance.detoured[taken]]
        if taken.size == 0:
            continue
        on_way = loader.vehicles.entered_ms[taken] >= 0
        loader.take_routes(taken, routes)
        guidance.guided[taken] = True
        guidance.n_reroutes[taken[on_way]] += 1


def _advise(
    model: TwinModel, state: Access, agent: ProviderAgent, rows: np.ndarray, moment_s: int
) -> tuple[np.ndarray, Routes]:
    """The provider's answers to the trips ``rows``: decision (n,) and routes by trip row."""
    loader, n = state.loader, rows.shape[0]
    person_key = model.trip_person_key[rows]
    respect = model.respect_of(agent, moment_s)
    asking = Asking(
        trip=rows.astype(np.int64),
        route_at=loader.vehicles.route_at,
        route_end=loader.vehicles.route_end,
        person=person_key,
        honours=honours_class(model.population.trips.trip_key[rows], respect, model.seed_),
        obeys=obeys(person_key, moment_s, model.obedience, model.seed_),
    )
    counsel = Counsel(
        plain=static_weights(agent.weight_ms),
        honouring=static_weights(agent.honouring_ms(state.orders.classified)),
        indifference=float(agent.order.indifference),
        least_saving_ms=int(model.least_saving_ms),
    )
    now_ms, best_ms = np.zeros((2, n), dtype=np.int64)
    start, end = np.full((2, model.n_trips), -1, dtype=np.int64)
    answer = Answer(np.zeros(n, dtype=np.int8), now_ms, best_ms, start, end)
    ground = Ground(model.roads.topology, model.bounds, model.workspace, NO_DRAWS)
    pools: list[np.ndarray] = []
    done, shift = 0, 0
    while done < n:
        out = np.empty((n - done) * 64 + model.roads.topology.first_out.shape[0] + 2, dtype=np.int32)
        upto = advice.advise(ground, counsel, loader.pool, asking, done, out, answer)
        piece = rows[done:upto][answer.decision[done:upto] == FOLLOWS]
        used = int(answer.end[piece].max()) if piece.size else 0
        answer.start[piece] += shift
        answer.end[piece] += shift
        shift += used
        pools.append(out[:used])
        done = upto
    return answer.decision, Routes(np.concatenate(pools), answer.start, answer.end)


def arrive(model: TwinModel, state: Access, moment_s: int) -> None:
    """Cars that reached the end of their routes in this step end their trips."""
    days, vehicles = state.itineraries, state.loader.vehicles
    driving = np.flatnonzero((days.state == WAITING) | (days.state == DRIVING))
    entered = vehicles.entered_ms[driving] >= 0
    days.state[driving[entered]] = DRIVING
    ended = driving[vehicles.arrived_ms[driving] >= 0]
    days.arrive(
        ended, vehicles.arrived_ms[ended], model.population.trips.person, model.plan_ms, model.stay_ms
    )
