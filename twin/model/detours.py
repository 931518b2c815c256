"""Buses before a closure: the quickest way round to their next stop, or to the first that can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.kernels.paths import BLOCKED, RouteQueries
from twin.model.state import Access
from twin.model.travel import first_closed_of
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def go_round(model: TwinModel, state: Access) -> None:
    """Send buses under way that meet a sign round the closure; stops within it are passed by.

    A bus turns off at the sign, or leaves its stop another way. One that finds no way to any later stop of
    its run ends it at the sign; at a stop it waits until the road is open.
    """
    loader, buses = state.loader, model.transit.buses
    driving, waiting = (
        rows[(rows >= loader.n_trips) & (rows < loader.n_trips + buses.legs.n_legs)]
        for rows in (loader.on_way, loader.to_enter)
    )
    rows = np.concatenate([driving, waiting])
    ahead = loader.ahead_of(rows)
    places = first_closed_of(ahead, state.orders.signed)
    meets = np.flatnonzero(places >= 0)
    _turn_off(model, state, rows[meets], ahead.taken(meets), places[meets])
    goes_on = ~buses.first[waiting - loader.n_trips]
    shut_in = waiting[goes_on & state.orders.closed[loader.link_of(waiting)]]
    _leave_otherwise(model, state, shut_in)


def _turn_off(model: TwinModel, state: Access, rows: np.ndarray, ahead: Routes, places: np.ndarray) -> None:
    """Buses (rows) with a closed link ahead, at those places of their pool, leave their way at the sign."""
    signs = ahead.pool[places - 1]
    routes = []
    ways = _ways(model, state, rows, signs)
    for bus, begin, place, way in zip(rows, ahead.start, places, ways, strict=True):
        until_sign = ahead.pool[begin:place]
        routes.append(until_sign if way is None else np.concatenate([until_sign[:-1], way]))
        if way is None:
            _end_run(model, state, int(bus))
    _take(state, rows, routes, starts=False)


def _leave_otherwise(model: TwinModel, state: Access, rows: np.ndarray) -> None:
    """Buses (rows) at a stop before a closed link leave it by another link, if there is a way."""
    transit = model.transit
    call = transit.buses.leg_call[rows - state.loader.n_trips]
    ways = _ways(model, state, rows, transit.link_of_call[call])
    there = np.array([way is not None and way.shape[0] > 1 for way in ways], dtype=np.bool_)
    routes = [way[1:] for way in ways if way is not None and way.shape[0] > 1]
    _take(state, rows[there], routes, starts=True)


def _ways(model: TwinModel, state: Access, rows: np.ndarray, origin: np.ndarray) -> list[np.ndarray | None]:
    """Ways of buses from a link to their next stop, else to the first later one of the run, if to any."""
    loader, buses, service = state.loader, model.transit.buses, state.service
    topology = model.day_roads.for_buses
    weights = static_weights(np.where(state.orders.closed, BLOCKED, model.roads.free_ms))
    legs = rows - loader.n_trips
    target = np.searchsorted(buses.leg_call, service.ends_at[legs] - 1)
    ways: list[np.ndarray | None] = [None] * rows.shape[0]
    open_rows = np.arange(rows.shape[0])
    while open_rows.size:
        stop = buses.legs.routes.pool[buses.legs.routes.end[target[open_rows]] - 1]
        asked = RouteQueries.between(origin[open_rows], stop)
        bounds = bounds_to(topology, model.roads.free_ms, stop)
        found = find_routes(topology, weights, bounds, asked, np.arange(open_rows.size), NO_DRAWS)
        for k in np.flatnonzero(found.start >= 0).tolist():
            row = int(open_rows[k])
            ways[row] = found.of(k)
            if buses.leg_call[target[row]] + 1 != service.ends_at[legs[row]]:
                service.pass_by(buses, int(legs[row]), int(target[row]))
                loader.vehicles.next_leg[legs[row]] = loader.vehicles.next_leg[target[row]]
        open_rows = open_rows[found.start < 0]
        target[open_rows] = buses.legs.next_leg[target[open_rows]]
        open_rows = open_rows[target[open_rows] >= 0]
    return ways


def _end_run(model: TwinModel, state: Access, bus: int) -> None:
    """The run ends where this leg does: all its further stops are passed by."""
    transit, leg = model.transit, bus - state.loader.n_trips
    run = int(np.searchsorted(transit.timetable.call_start, transit.buses.leg_call[leg], side="right")) - 1
    state.service.passed[state.service.ends_at[leg] : transit.timetable.call_start[run + 1]] = True
    state.loader.vehicles.next_leg[leg] = -1


def _take(state: Access, rows: np.ndarray, routes: list[np.ndarray], starts: bool) -> None:
    """Give buses (rows) their routes; where they start otherwise they change the queue at their stop."""
    loader = state.loader
    if not rows.size:
        return
    if starts:
        loader.start_by(rows, Routes.joined(routes))
    else:
        loader.take_routes(rows, Routes.joined(routes))
