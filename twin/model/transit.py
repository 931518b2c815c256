"""Phases of public transport: buses set off, go round closures, and passengers ride what really comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.clock import HORIZON_S, MS
from twin.kernels.closures import first_closed
from twin.kernels.paths import BLOCKED, Trips
from twin.model.phases import Phase
from twin.model.state import Access
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def dispatch(model: TwinModel, state: Access, moment_s: int) -> None:
    """Buses whose runs begin in this step set off; those before a signed closure go round it.

    A bus that cannot reach its stop so waits at the sign.
    """
    loader = state.loader
    due = model.transit.buses.due(moment_s * MS, (moment_s + model.step_s) * MS)
    rows = due + loader.n_trips
    loader.release(rows, loader.vehicles.not_before_ms[rows])
    if state.orders.signed.any():
        _go_round(model, state)


def _go_round(model: TwinModel, state: Access) -> None:
    """Give buses under way that meet a sign the quickest way round to their next stop."""
    loader, vehicles = state.loader, state.loader.vehicles
    rows = np.concatenate([loader.on_way, loader.to_enter])
    rows = rows[rows >= loader.n_trips]
    places = np.empty(rows.shape[0], dtype=np.int64)
    first_closed(loader.pool, vehicles.route_at, vehicles.route_end, rows, state.orders.signed, places)
    rows, places = rows[places >= 0], places[places >= 0]
    if not rows.size:
        return
    topology, n = model.roads.topology, rows.shape[0]
    stop = loader.pool[vehicles.route_end[rows] - 1]
    asked = Trips(loader.pool[places - 1], stop, np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.uint64))
    weights = static_weights(np.where(state.orders.closed, BLOCKED, model.roads.free_ms))
    bounds = bounds_to(topology, model.roads.free_ms, stop)
    found = find_routes(topology, weights, bounds, asked, np.arange(n), NO_DRAWS)
    start, end = np.full((2, vehicles.key.shape[0]), -1, dtype=np.int64)
    parts = [np.empty(0, dtype=np.int32)]
    length = 0
    for k in np.flatnonzero(found.start >= 0).tolist():
        bus = rows[k]
        parts.append(np.concatenate([loader.pool[vehicles.route_at[bus] : places[k] - 1], found.of(k)]))
        start[bus], end[bus] = length, length + parts[-1].shape[0]
        length = int(end[bus])
    round_it = rows[found.start >= 0]
    if round_it.size:
        loader.take_routes(round_it, Routes(np.concatenate(parts), start, end))


def ride(model: TwinModel, state: Access, moment_s: int) -> None:
    """Passengers board and alight as buses really left and arrived; whoever is done has arrived.

    Who missed the last run takes as long from there as transit was planned to take without the timetable.
    """
    transit, days, riders = model.transit, state.itineraries, state.riders
    plans, until_ms = transit.plans, (moment_s + model.step_s) * MS
    state.service.note(transit.buses.moments(state.loader.vehicles, until_ms))
    plans.begin(riders, days.departed_ms[plans.trip])
    done = plans.ride(riders, state.service)
    trips = plans.trip[done]
    otherwise_ms = np.rint(transit.otherwise_s[trips] * MS).astype(np.int64)
    ends_ms = riders.ready_ms[done] + np.where(riders.stranded[done], otherwise_ms, 0)
    ended = ends_ms <= HORIZON_S * MS
    person = model.population.trips.person
    days.arrive(trips[ended], ends_ms[ended], person, model.plan_ms, model.stay_ms)


DISPATCH = Phase("dispatch", dispatch, frozenset({"orders"}), frozenset({"loader"}))
RIDE = Phase("ride", ride, frozenset({"loader"}), frozenset({"service", "riders", "itineraries"}))


def with_transit(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The order of a step where there is a timetable: buses leave with everybody else, riders follow them."""
    ordered: list[Phase] = []
    for phase in phases:
        ordered.append(phase)
        if phase.name == "depart":
            ordered.append(DISPATCH)
        if phase.name == "load":
            ordered.append(RIDE)
    return tuple(ordered)
