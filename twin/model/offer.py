"""The day's public transport: what is offered, who takes it, and how they mean to ride."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.park_and_ride import ParkAndRideTours
from twin.clock import MS
from twin.errors import InputError
from twin.mobility.crowding import Capacity
from twin.mobility.fares import Fares
from twin.mobility.riders import Plans
from twin.mobility.transit import TransitRuns, buses_of
from twin.model.car_parks import plan_parking, stacked, walk_s
from twin.model.journeys_compared import Prices, asked, inside
from twin.model.timetables import ChangedOffer, timetable_on
from twin.population.days.paths import path_distances_m, path_graph
from twin.population.population import Population
from twin.population.tables import TRANSIT, Trips
from twin.routing.bus_lines import LineGround
from twin.routing.journeys import Offer, Planned
from twin.routing.lines import LineRoutes
from twin.scenario.scenario import Scenario
from twin.scenario.transit_offers import Fare, ParkAndRide
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


@dataclass(frozen=True, eq=False)
class Transit:
    """What is fixed of a day's public transport.

    Parameters
    ----------
    rides
        Trips that go by the timetable's lines (n_trips,) bool; the others of mode transit keep their
        planned durations.
    otherwise_s
        Duration planned without the timetable (n_trips,) [s]: what it takes those who missed the last run.
    """

    timetable: Timetable
    lines: LineRoutes
    buses: TransitRuns
    plans: Plans
    rides: np.ndarray
    otherwise_s: np.ndarray
    capacity: Capacity
    fares: Fares
    park_and_ride: ParkAndRideTours

    @cached_property
    def drives_first(self) -> np.ndarray:
        """Riders (n_riders,) who come to their first stop by car, and so begin when it is parked."""
        return self.park_and_ride.drives_first(self.plans.trip)

    @cached_property
    def rides_first(self) -> np.ndarray:
        """Trips (n_trips,) that begin by public transport and go on by car."""
        return self.park_and_ride.rides_first(np.arange(self.rides.shape[0]))

    @cached_property
    def parks(self) -> np.ndarray:
        """Trips (n_trips,) whose car is left at a car park before they ride on."""
        return self.park_and_ride.drives_first(np.arange(self.rides.shape[0]))

    @property
    def runs(self) -> bool:
        """Whether there is any timetable."""
        return self.timetable.n_runs > 0

    @cached_property
    def link_of_call(self) -> np.ndarray:
        """Link at whose end each call is (n_calls,) int32, -1 off the road."""
        timetable = self.timetable
        run = np.repeat(np.arange(timetable.n_runs), np.diff(timetable.call_start))
        place = np.arange(timetable.n_calls) - timetable.call_start[run]
        link: np.ndarray = self.lines.stop_link[
            timetable.pattern_start[timetable.pattern_of_run[run]] + place
        ]
        return link


@dataclass(frozen=True, eq=False)
class TransitLines:
    """What runs on a day by timetable, and what it costs; before, and now."""

    laid: ChangedOffer
    prices: Prices

    @property
    def changed(self) -> bool:
        """Whether anybody could find riding better or worse than before."""
        return self.laid.offer is not self.laid.offer_before or self.prices.differ


def lines_of(model: TwinModel) -> TransitLines | None:
    """The lines of the day; None where none runs."""
    ground = LineGround(model.territory, model.day_roads.for_buses, model.roads.free_ms, model.parameters)
    laid = timetable_on(model.spec, ground, model.ground)
    if laid is None:
        _refuse_without_lines(model.spec)
        return None
    return TransitLines(laid, _prices(model, laid))


def day_of(model: TwinModel, planned: Population, lines: TransitLines | None) -> tuple[Population, Transit]:
    """Trips as they are made on a day with those lines, by the modes planned, and public transport itself.

    Without lines the population is the one handed in.
    """
    if lines is None:
        return planned, _nothing_runs(planned)
    laid, prices = lines.laid, lines.prices
    ends = np.stack([model.roads.topology.tail, model.roads.topology.head])
    least_dwell_s = float(model.parameters["transit.least_dwell_s"])
    buses = buses_of(laid.timetable, laid.lines, least_dwell_s, ends)
    rows, journeys, trips, otherwise_s = _planned(model, planned.trips, laid.offer, laid.before.n_runs > 0)
    park_and_ride, by_park = plan_parking(model, trips, planned.persons, laid.offer, prices.now)
    rows, journeys = _with_park_and_ride(rows, journeys, park_and_ride, by_park)
    otherwise_s = otherwise_s.copy()
    otherwise_s[park_and_ride.out] = otherwise_s[park_and_ride.back] = walk_s(model, trips, park_and_ride)
    trips = park_and_ride.moved(trips)
    rides = np.zeros(planned.n_trips, dtype=np.bool_)
    rides[rows] = True
    capacity = Capacity.of(laid.timetable, model.parameters)
    key = planned.persons.person_key[trips.person[rows]]
    plans = Plans.of(laid.timetable, rows, journeys, key, capacity.places)
    day = Population.of(planned.persons, trips, planned.report)
    offered = (laid.timetable, laid.lines, buses, plans, rides, otherwise_s)
    return day, Transit(*offered, capacity, prices.now, park_and_ride)


def _with_park_and_ride(
    rows: np.ndarray, journeys: Planned, park_and_ride: ParkAndRideTours, by_park: Planned
) -> tuple[np.ndarray, Planned]:
    """All trips that ride (rows, rising) with their journeys, those from and to car parks among them."""
    every = np.concatenate([rows, park_and_ride.out, park_and_ride.back])
    order = np.argsort(every, kind="stable")
    return every[order], stacked([journeys, by_park]).of(order)


def _refuse_without_lines(spec: Scenario) -> None:
    """Name an order about lines where none runs."""
    for part in spec.in_force():
        if isinstance(part, Fare | ParkAndRide):
            right = "a timetable, or a modification bus_line"
            raise InputError(part.where("kind"), "no line runs in this scenario", right)


def _prices(model: TwinModel, laid: ChangedOffer) -> Prices:
    """Fares of the lines as they would be without the scenario's orders, and with them."""
    usual_eur = float(model.parameters["population.transit_fare_eur"])
    orders = model.spec.orders(Fare)
    return Prices(Fares.of(laid.before, usual_eur), Fares.of(laid.timetable, usual_eur, orders))


def _nothing_runs(planned: Population) -> Transit:
    """The public transport of a day without any timetable."""
    none, nobody = Timetable.none(), np.empty(0, dtype=np.int64)
    no, off = np.zeros(1, dtype=np.int64), np.zeros(planned.n_trips, dtype=np.bool_)
    lines = LineRoutes(no, no, nobody.astype(np.int32), nobody.astype(np.int32))
    buses = buses_of(none, lines, 0.0, np.empty((2, 0), dtype=np.int32))
    unused = Capacity(nobody.astype(np.int32), nobody.astype(np.int32))
    plans = Plans.of(none, nobody, Planned.none(), nobody, unused.places)
    nothing = (none, lines, buses, plans, off, planned.trips.duration_s)
    return Transit(*nothing, unused, Fares.of(none, 0.0), ParkAndRideTours.none())


def _planned(
    model: TwinModel, trips: Trips, offer: Offer, instead: bool
) -> tuple[np.ndarray, Planned, Trips, np.ndarray]:
    """Trips that ride (rows) with their journeys, and all trips with what transit is planned to take.

    A journey must beat the walk; where only added lines are known (not ``instead``), also what transit
    took so far. Whose walk is the quickest walks.
    """
    territory, parameters = model.territory, model.parameters
    rows = np.flatnonzero((trips.mode == TRANSIT) & inside(trips))
    walk_ms = _walk_ms(territory, trips, rows, offer.walk_mps)
    depart_ms = np.rint(trips.depart_s[rows] * MS).astype(np.int64)
    usual_ms = np.rint(trips.duration_s[rows] * MS).astype(np.int64)
    most_ms = np.full(rows.shape[0], round(float(parameters["transit.longest_journey_s"]) * MS))
    latest_ms = depart_ms + np.minimum(most_ms, walk_ms if instead else np.minimum(walk_ms, usual_ms))
    journeys = offer.journeys(asked(territory, trips, rows, depart_ms, latest_ms))
    found = journeys.found
    taken_ms = np.where(found, journeys.arrival_ms - depart_ms, np.minimum(walk_ms, usual_ms))
    duration_s = trips.duration_s.copy()
    duration_s[rows] = taken_ms / MS
    return rows[found], journeys.of(found), trips.with_columns(duration_s=duration_s), trips.duration_s


def _walk_ms(territory: Territory, trips: Trips, rows: np.ndarray, walk_mps: float) -> np.ndarray:
    """Time on foot from door to door along paths (n,) [ms]; very long where there is no way."""
    places = territory.places
    origin, destination = trips.origin_place[rows], trips.destination_place[rows]
    straight = np.hypot(
        places.x_m[origin] - places.x_m[destination], places.y_m[origin] - places.y_m[destination]
    )
    graph = path_graph(territory, territory.paths.walk)
    metres = path_distances_m(graph, places.path_node[origin], places.path_node[destination], straight)
    return np.asarray(np.rint(np.nan_to_num(metres, nan=1e7) / walk_mps * MS).astype(np.int64))
