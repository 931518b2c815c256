"""Phases of on-demand transport: calls come in, the operator answers, vehicles drive, riders arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.days import TRAVELLING
from twin.clock import MS
from twin.kernels.closures import first_closed
from twin.kernels.paths import BLOCKED, RouteQueries
from twin.mobility.loading import Loader
from twin.mobility.shared_rides import chain
from twin.model.phases import Phase
from twin.model.state import Access
from twin.model.travel import set_off
from twin.population.tables import CAR, CYCLE, ON_DEMAND, PASSENGER
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, find_routes, static_weights

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


def book(model: TwinModel, state: Access, moment_s: int) -> None:
    """Travellers who are due call the operator, and vehicles report where they are."""
    service, bookings, shared = model.on_demand, state.bookings, state.shared
    departed_ms = state.itineraries.departed_ms[service.trip]
    calls = (bookings.asked_ms < 0) & (departed_ms >= 0) & (shared.mode[service.trip] == ON_DEMAND)
    bookings.asked_ms[calls] = departed_ms[calls]
    bookings.served_ms[:] = shared.served_ms
    fleet, loader, stop = service.fleet, state.loader, state.dispatch.stop
    under_way = []
    for v in range(fleet.n_vehicles):
        reached = int(shared.n_reached[v])
        link, bookings.ready_ms[v] = shared.standing(fleet, stop[v], reached)
        bookings.given[v], leg = reached, reached
        while leg < state.dispatch.n[v] and fleet.stop_link[stop[v, leg]] == link:
            leg += 1  # stops at which it stands already
        if leg < state.dispatch.n[v] and loader.vehicles.release_ms[fleet.first_row + stop[v, leg]] >= 0:
            bookings.given[v] = leg + 1
            under_way.append(v)
    _report_arrivals(model, state, np.array(under_way, dtype=np.int64), moment_s * MS)


def _report_arrivals(model: TwinModel, state: Access, vehicles: np.ndarray, now_ms: int) -> None:
    """Vehicles on their way reckon by the map when they will be free at the stop that they drive to."""
    fleet, bookings, loader = model.on_demand.fleet, state.bookings, state.loader
    if not vehicles.size:
        return
    stop = state.dispatch.stop[vehicles, bookings.given[vehicles] - 1]
    rows = fleet.first_row + stop
    ahead = loader.ahead_of(rows)
    on_way_ms = np.add.reduceat(model.roads.free_ms[ahead.pool], ahead.start)
    share = float(model.parameters["on_demand.running_time_share"])
    starts_ms = np.maximum(now_ms, loader.vehicles.release_ms[rows])
    comes_ms = starts_ms + np.rint(share * on_way_ms).astype(np.int64)
    for v, at, there_ms in zip(vehicles.tolist(), stop.tolist(), comes_ms.tolist(), strict=True):
        earliest_ms = int(bookings.asked_ms[at // 2]) if fleet.is_pick_up(at) else 0
        bookings.ready_ms[v] = max(there_ms, earliest_ms) + fleet.stay_ms


def assign(model: TwinModel, state: Access, moment_s: int) -> None:
    """The operator answers calls and plans."""
    assert model.operator is not None
    model.operator.assign(state.bookings, state.dispatch, moment_s)


def serve(model: TwinModel, state: Access, moment_s: int) -> None:
    """Who is refused goes otherwise; vehicles take up what is planned for them, and go round closures."""
    _fall_back(model, state)
    _give_routes(model, state)
    for v in range(model.on_demand.fleet.n_vehicles):
        _drive(model, state, v, moment_s * MS)
    if state.orders.signed.any():
        _turn_off(model, state)


def _fall_back(model: TwinModel, state: Access) -> None:
    """Who is refused makes the trip as before; if the own vehicle stands at home, somebody fetches them.

    Who is refused at home with a car or bicycle takes it for the whole tour.
    """
    service, shared, dispatch = model.on_demand, state.shared, state.dispatch
    request = np.flatnonzero(dispatch.refused & (shared.mode[service.trip] == ON_DEMAND))
    if not request.size:
        return
    trip, usual, tour = service.trip[request], service.usual.trips, service.tour
    has_own = np.isin(usual.mode[trip], (CAR, CYCLE))
    away = np.isin(tour[trip], tour[service.trip[dispatch.vehicle >= 0]])
    fetched = has_own & away
    place = service.place
    direct_s = service.travel_ms[place[2 * request], place[2 * request + 1]] / MS
    fetched_s = direct_s + float(model.parameters["on_demand.fetched_wait_s"])
    shared.mode[trip] = np.where(fetched, PASSENGER, usual.mode[trip])
    shared.duration_s[trip] = np.where(fetched, fetched_s, usual.duration_s[trip])
    by_own = np.isin(tour, tour[trip[has_own & ~away]]) & (shared.mode == ON_DEMAND)
    shared.mode[by_own] = usual.mode[by_own]
    shared.duration_s[by_own] = usual.duration_s[by_own]
    set_off(model, state, trip)


def _give_routes(model: TwinModel, state: Access) -> None:
    """A route for every leg ahead that does not begin where it was to begin before."""
    fleet, shared, dispatch = model.on_demand.fleet, state.shared, state.dispatch
    stops, origin = [], []
    for v in range(fleet.n_vehicles):
        before, _ = shared.standing(fleet, dispatch.stop[v], int(state.bookings.given[v]))
        for stop in dispatch.ahead(state.bookings, v).tolist():
            link = int(fleet.stop_link[stop])
            if link != before and shared.came_from[stop] != before:
                stops.append(stop)
                origin.append(before)
            before = link
    if not stops:
        return
    there = fleet.stop_link[stops]
    ways = _ways(model, state.orders.closed, np.array(origin), there)
    state.loader.take_routes(fleet.first_row + np.array(stops), Routes.joined([way[1:] for way in ways]))
    shared.came_from[stops] = origin


def _ways(model: TwinModel, closed: np.ndarray, origin: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """Quickest ways by the map from links to links (n,), round what is closed where there is a way round."""
    service, n = model.on_demand, origin.shape[0]
    asked = RouteQueries.between(origin, end)
    ways: dict[int, np.ndarray] = {}
    for weights in (np.where(closed, BLOCKED, model.roads.free_ms), model.roads.free_ms):
        rows = np.array([k for k in range(n) if k not in ways], dtype=np.int64)
        if not rows.size:
            break
        assert service.bounds is not None
        found = find_routes(
            model.roads.topology,
            static_weights(weights),
            service.bounds,
            asked,
            rows,
            NO_DRAWS,
            model.threads,
        )
        ways |= {int(k): found.of(k) for k in rows.tolist() if found.start[k] >= 0}
    return [ways[k] for k in range(n)]


def _drive(model: TwinModel, state: Access, v: int, now_ms: int) -> None:
    """Tie what is ahead of vehicle v to its present leg, or let it set off from where it stands.

    No leg begins before the call that it answers, nor before all are served at the stops before it.
    """
    fleet, bookings, loader = model.on_demand.fleet, state.bookings, state.loader
    route = state.dispatch.stop[v, : state.dispatch.n[v]]
    until_ms, given = now_ms + model.step_s * MS, int(bookings.given[v])
    begin = max(given - 1, 0)
    while begin > 0 and fleet.stop_link[route[begin]] == fleet.stop_link[route[begin - 1]]:
        begin -= 1
    # the leg that comes to the link before, and what is served there
    leader, earliest_ms, dwell_ms = -1, fleet.from_ms, 0
    link = int(fleet.stop_link[route[begin - 1]]) if begin else fleet.depot_link
    for k, stop in enumerate(route[begin:].tolist(), begin):
        asked_ms = int(bookings.asked_ms[stop // 2]) if stop < 2 * fleet.n_requests else 0
        row = fleet.first_row + stop
        if fleet.stop_link[stop] != link:
            if k >= given and not _ties(loader, leader, row, max(earliest_ms, asked_ms), dwell_ms):
                arrived_ms = int(loader.vehicles.arrived_ms[leader]) + dwell_ms if leader >= 0 else 0
                leaves_ms = max(now_ms, earliest_ms, asked_ms, arrived_ms)
                if leaves_ms >= until_ms:
                    return
                loader.release(np.array([row]), np.array([leaves_ms]))
            leader, earliest_ms, dwell_ms = row, 0, 0
            link = int(fleet.stop_link[stop])
        picks_up_ms = asked_ms if fleet.is_pick_up(stop) else 0
        earliest_ms = max(earliest_ms, picks_up_ms) + fleet.stay_ms
        dwell_ms += fleet.stay_ms
    if leader >= 0 and loader.vehicles.arrived_ms[leader] < 0:
        chain(loader, leader, -1, 0, 0)


def _ties(loader: Loader, leader: int, row: int, not_before_ms: int, dwell_ms: int) -> bool:
    """Tie a leg to the one before it; False where that has arrived already, or there is none."""
    if leader < 0 or loader.vehicles.arrived_ms[leader] >= 0:
        return False
    chain(loader, leader, row, not_before_ms, dwell_ms)
    return True


def _turn_off(model: TwinModel, state: Access) -> None:
    """Vehicles that meet the sign of a closure leave their way there, if there is a way round."""
    loader, fleet = state.loader, model.on_demand.fleet
    rows = loader.on_way
    rows = rows[(rows >= fleet.first_row) & (rows < fleet.first_row + fleet.n_stops)]
    if not rows.size:
        return
    ahead = loader.ahead_of(rows)
    places = np.empty(rows.shape[0], dtype=np.int64)
    first_closed(ahead.pool, ahead.start, ahead.end, np.arange(rows.shape[0]), state.orders.signed, places)
    meets = np.flatnonzero(places > ahead.start)
    if not meets.size:
        return
    signs, ends = ahead.pool[places[meets] - 1], ahead.pool[ahead.end[meets] - 1]
    ways = _ways(model, state.orders.closed, signs, ends)
    routes = [
        np.concatenate([ahead.pool[ahead.start[k] : places[k] - 1], way])
        for k, way in zip(meets.tolist(), ways, strict=True)
    ]
    loader.take_routes(rows[meets], Routes.joined(routes))


def alight(model: TwinModel, state: Access, moment_s: int) -> None:
    """Riders are picked up and set down as vehicles really come; who is set down has arrived."""
    service, shared, days = model.on_demand, state.shared, state.itineraries
    until_ms = (moment_s + model.step_s) * MS
    for v in range(service.fleet.n_vehicles):
        route, n = state.dispatch.stop[v], int(state.dispatch.n[v])
        shared.note(service.fleet, state.loader, route, n, v, state.bookings.asked_ms, until_ms)
    set_down_ms = shared.served_ms[1 : 2 * service.fleet.n_requests : 2]
    done = (set_down_ms >= 0) & (days.state[service.trip] == TRAVELLING)
    done &= shared.mode[service.trip] == ON_DEMAND
    person = model.population.trips.person
    days.arrive(service.trip[done], set_down_ms[done], person, model.plan_ms, model.stay_ms)


BOOK = Phase(
    "book", book, frozenset({"itineraries", "loader", "shared", "dispatch"}), frozenset({"bookings"})
)
ASSIGN = Phase("assign", assign, frozenset({"bookings"}), frozenset({"dispatch"}), actor=True)
SERVE = Phase(
    "serve",
    serve,
    frozenset({"bookings", "dispatch", "orders"}),
    frozenset({"loader", "shared", "itineraries", "parking"}),
)
ALIGHT = Phase(
    "alight", alight, frozenset({"loader", "dispatch", "bookings"}), frozenset({"shared", "itineraries"})
)


def with_on_demand(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The order of a step where vehicles can be called: they are sent before traffic moves."""
    names = [phase.name for phase in phases]
    sent, loaded = names.index("signs"), names.index("load") + 1
    return (*phases[:sent], BOOK, ASSIGN, SERVE, *phases[sent:loaded], ALIGHT, *phases[loaded:])
