"""The day's on-demand transport: where it serves, who means to ride, and what is fixed of its vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.on_demand import books
from twin.clock import MS
from twin.errors import InputError
from twin.kernels.paths import Bounds, RouteQueries
from twin.mobility.on_demand import driving_times_ms
from twin.mobility.shared_rides import SharedFleet, legs_of
from twin.mobility.vehicles import Legs
from twin.model.journeys_compared import inside, usual_times_s
from twin.model.offer import Transit
from twin.population.days.legs import tours_of
from twin.population.days.modes import value_of_time_eur_per_h
from twin.population.population import Population
from twin.population.tables import ON_DEMAND, TRANSIT
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights, times_between
from twin.scenario.on_demand import OnDemandTransport
from twin.territory.served import carried, depot_of
from twin.units import S_PER_H, S_PER_MIN

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


@dataclass(frozen=True, eq=False)
class OnDemand:
    """What is fixed of a day's on-demand transport.

    Parameters
    ----------
    order
        The modification; None: there is none.
    fleet
        Its vehicles and stops.
    trip
        Trips that mean to ride (n_requests,) rows: request r is one of them.
    key
        Their random keys (n_requests,) uint64.
    usual
        All trips as they would be made without it: the population of the day before anybody changed.
    tour
        Number of the tour of each trip (n_trips,).
    place, travel_ms
        Place of each stop (n_stops,) in the table of driving times [ms] that the operator reckons with.
    bounds
        Lower bounds of searches to stops.
    legs
        One for each stop.
    """

    order: OnDemandTransport | None
    fleet: SharedFleet
    trip: np.ndarray
    key: np.ndarray
    usual: Population
    tour: np.ndarray
    place: np.ndarray
    travel_ms: np.ndarray
    bounds: Bounds | None
    legs: Legs

    @property
    def runs(self) -> bool:
        """Whether there is any."""
        return self.order is not None


def on_demand_of(model: TwinModel, planned: Population, transit: Transit) -> tuple[Population, OnDemand]:
    """Trips as planned where vehicles can be called, and the service; without one those handed in."""
    orders = model.spec.orders(OnDemandTransport)
    n_before = planned.n_trips + transit.buses.legs.n_legs
    if not orders:
        return planned, _none(planned, n_before)
    if len(orders) > 1:
        names = " and ".join(repr(order.name) for order in orders)
        raise InputError(orders[1].where("kind"), f"{names} at one time", "one service a month")
    order, trips = orders[0], planned.trips
    depot_link = depot_of(order, model.territory)
    riding, expected_s = _riders(model, planned, transit, order, depot_link)
    rows = np.flatnonzero(riding)
    pairs = np.stack([trips.origin_link[rows], trips.destination_link[rows]], axis=1)
    stop_link = np.concatenate([pairs.ravel(), np.full(order.vehicles, depot_link)]).astype(np.int64)
    links, place = np.unique(stop_link, return_inverse=True)
    bounds = bounds_to(model.roads.topology, model.roads.free_ms, links)
    hours = order.hours_s(model.parameters["on_demand.service_hours"])
    stay_ms = round(float(model.parameters["on_demand.stay_s"]) * MS)
    fleet = SharedFleet(
        rows.shape[0], order.vehicles, stop_link, depot_link, n_before, stay_ms, hours[0] * MS, hours[1] * MS
    )
    changed = trips.with_columns(
        mode=np.where(riding, ON_DEMAND, trips.mode),
        duration_s=np.where(riding, expected_s, trips.duration_s),
    )
    key = trips.trip_key[rows]
    service = OnDemand(
        order, fleet, rows, key, planned, tours_of(trips.purpose, trips.person), place.astype(np.int32),
        driving_times_ms(model.roads, bounds, links, model.parameters), bounds, legs_of(key, order.vehicles),
    )  # fmt: skip
    return Population.of(planned.persons, changed, planned.report), service


def _none(planned: Population, first_row: int) -> OnDemand:
    """A day without any."""
    nobody, no_link = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    fleet = SharedFleet(0, 0, no_link, -1, first_row, 0, 0, 0)
    key = nobody.astype(np.uint64)
    table = np.zeros((0, 0), dtype=np.int64)
    return OnDemand(
        None, fleet, nobody, key, planned, nobody, nobody.astype(np.int32), table, None, Legs.none()
    )


def _riders(
    model: TwinModel, planned: Population, transit: Transit, order: OnDemandTransport, depot_link: int
) -> tuple[np.ndarray, np.ndarray]:
    """Trips of those who change to it (n_trips,) bool, and what they reckon it takes [s].

    It is public transport that is so many generalised minutes better: who finds it the best of all modes
    then calls, with a whole tour. Whoever rides by public transport already takes the better of the two. Who
    parks and rides does so.
    """
    assert model.modes is not None
    trips, persons, parameters = planned.trips, planned.persons, model.parameters
    modes, usual = model.modes, model.modes.usual
    direct_s, can = _direct_s(model, planned, order, depot_link)
    can &= ~(transit.parks | transit.rides_first)
    open_to = usual.all_of(can) & np.isfinite(usual.utility[:, TRANSIT])
    open_to &= books(persons, order.phone_booking, parameters, model.seed_)[usual.tours.person]
    wait_s = float(parameters["on_demand.expected_wait_share"]) * order.max_wait_s
    stay_s = float(parameters["on_demand.stay_s"])
    ride_s = float(parameters["on_demand.expected_detour"]) * direct_s + stay_s
    then_s = np.where(trips.mode == TRANSIT, trips.duration_s, _usual_transit_s(planned))
    dearer_eur = order.fare_eur - float(parameters["population.transit_fare_eur"])
    felt_s = float(parameters["on_demand.felt_wait_factor"]) * wait_s + ride_s
    felt_s -= S_PER_MIN * float(parameters["on_demand.constant_min"])
    saved_s = then_s - felt_s - S_PER_H * dearer_eur / value_of_time_eur_per_h(trips.purpose, parameters)
    saved_min = usual.summed(np.where(np.isfinite(saved_s), saved_s, 0.0)) / S_PER_MIN
    better = open_to & (saved_min > 0.0)
    by_transit = usual.all_of(trips.mode == TRANSIT)
    willing = modes.with_saved([TRANSIT], np.where(better, saved_min, 0.0)).mode == TRANSIT
    riding = np.zeros(len(trips), dtype=np.bool_)
    riding[usual.row] = (better & (by_transit | willing))[usual.legs.tour]
    return riding, wait_s + ride_s


def _usual_transit_s(planned: Population) -> np.ndarray:
    """What transit takes each trip [s]: within the area, or anywhere if nobody rides within it."""
    usual_s = usual_times_s(planned, TRANSIT)
    return np.where(np.isfinite(usual_s), usual_s, usual_times_s(planned, TRANSIT, anywhere=True))


def _direct_s(
    model: TwinModel, planned: Population, order: OnDemandTransport, depot_link: int
) -> tuple[np.ndarray, np.ndarray]:
    """Direct drive of each trip [s] as the operator reckons, and which it can serve, (n_trips,) each.

    Both ends are on different links that a vehicle can come to and leave again; the trip is
    planned for hours of service.
    """
    trips, topology = planned.trips, model.roads.topology
    first_s, last_s = order.hours_s(model.parameters["on_demand.service_hours"])
    can = inside(trips) & carried(order, model.territory, trips.origin_place, trips.destination_place)
    can &= (trips.depart_s >= first_s) & (trips.depart_s < last_s)
    can &= trips.origin_link != trips.destination_link
    ends = np.stack([trips.origin_link, trips.destination_link])
    reached = _both_ways(model, np.unique(ends[:, can]), depot_link)
    can &= reached[ends[0]] & reached[ends[1]]
    direct_s = np.full(len(trips), np.inf)
    rows = np.flatnonzero(can)
    origin, destination = ends[:, rows]
    bounds = bounds_to(topology, model.roads.free_ms, destination)
    between = times_between(topology, bounds, origin, destination)
    share = float(model.parameters["on_demand.running_time_share"])
    direct_s[rows] = share * (between + model.roads.free_ms[destination]) / MS
    return direct_s, can


def _both_ways(model: TwinModel, links: np.ndarray, depot_link: int) -> np.ndarray:
    """Links to whose ends a vehicle can come from the depot, and from there back to it (n_links,) bool."""
    topology, free_ms = model.roads.topology, model.roads.free_ms
    n = links.shape[0]
    depot = np.full(n, depot_link)
    ok = np.ones(n, dtype=np.bool_)
    for origin, destination in ((depot, links), (links, depot)):
        asked = RouteQueries.between(origin, destination)
        bounds = bounds_to(topology, free_ms, destination)
        found = find_routes(
            topology, static_weights(free_ms), bounds, asked, np.arange(n), NO_DRAWS, model.threads
        )
        ok &= (found.start >= 0) | (links == depot_link)
    out = np.zeros(free_ms.shape[0], dtype=np.bool_)
    out[links[ok]] = True
    return out
