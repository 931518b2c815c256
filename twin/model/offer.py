"""The day's public transport: what is offered, who takes it, and how they mean to ride."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.modes import change_probability, changes
from twin.clock import MS
from twin.mobility.riders import Plans
from twin.mobility.transit import Buses, buses_of
from twin.model.timetables import Laid, timetable_on
from twin.population.paths import path_distances_m, path_graph
from twin.population.population import Population
from twin.population.tables import HOME, RESIDENT, TRANSIT, Trips
from twin.routing.bus_lines import Ground
from twin.routing.journeys import Asked, Offer, Planned
from twin.routing.lines import LineRoutes
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

SECONDS_PER_MIN = 60.0


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
    buses: Buses
    plans: Plans
    rides: np.ndarray
    otherwise_s: np.ndarray

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


def day_of(model: TwinModel, planned: Population) -> tuple[Population, Transit]:
    """Trips as they are made on a day with that offer, from those planned, and the public transport itself.

    Without a timetable the population is the one handed in.
    """
    ground = Ground(model.territory, model.roads.topology, model.roads.free_ms, model.parameters)
    laid = timetable_on(model.spec, ground)
    if laid is None:
        return planned, _nothing_runs(planned)
    ends = np.stack([model.roads.topology.tail, model.roads.topology.head])
    least_dwell_s = float(model.parameters["transit.least_dwell_s"])
    buses = buses_of(laid.timetable, laid.lines, least_dwell_s, ends)
    trips = planned.trips if laid.offer is laid.offer_before else _with_new_riders(model, planned, laid)
    rows, journeys, trips, otherwise_s = _planned(model, trips, laid.offer, laid.before.n_runs > 0)
    rides = np.zeros(planned.n_trips, dtype=np.bool_)
    rides[rows] = True
    plans = Plans.of(laid.timetable, rows, journeys)
    day = Population.of(planned.persons, trips, planned.report)
    return day, Transit(laid.timetable, laid.lines, buses, plans, rides, otherwise_s)


def _nothing_runs(planned: Population) -> Transit:
    """The public transport of a day without any timetable."""
    none, nobody = Timetable.none(), np.empty(0, dtype=np.int64)
    no, off = np.zeros(1, dtype=np.int64), np.zeros(planned.n_trips, dtype=np.bool_)
    lines = LineRoutes(no, no, nobody.astype(np.int32), nobody.astype(np.int32))
    buses = buses_of(none, lines, 0.0, np.empty((2, 0), dtype=np.int32))
    plans = Plans.of(none, nobody, Planned.none())
    return Transit(none, lines, buses, plans, off, planned.trips.duration_s)


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
    journeys = offer.journeys(_asked(territory, trips, rows, depart_ms, latest_ms))
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


def _asked(
    territory: Territory, trips: Trips, rows: np.ndarray, depart_ms: np.ndarray, latest_ms: np.ndarray
) -> Asked:
    node = territory.places.path_node
    origin, destination = node[trips.origin_place[rows]], node[trips.destination_place[rows]]
    return Asked(origin.astype(np.int64), destination.astype(np.int64), depart_ms, latest_ms)


def _with_new_riders(model: TwinModel, planned: Population, laid: Laid) -> Trips:
    """Trips with the tours of those who change to transit because it got better.

    Utility is minus the scale of the population's own choice of mode times minutes from door to door. A tour
    is changed as a whole, so that no car stays behind.
    """
    trips, persons = planned.trips, planned.persons
    tour = tours(trips)
    n_tours = int(tour.max(initial=-1)) + 1
    first = np.searchsorted(tour, np.arange(n_tours))
    person = trips.person[first]
    can = (trips.mode != TRANSIT) & inside(trips)
    open_to = np.bincount(tour[~can], minlength=n_tours) == 0
    open_to &= persons.kind[person] == RESIDENT
    open_to &= persons.age[person] >= model.parameters["population.transit_from_age"]
    rows = np.flatnonzero(open_to[tour])
    usual_s = usual_transit_s(planned)
    then_s = _offered_s(model, trips, rows, laid.offer_before)
    then_s = np.where(np.isfinite(then_s), then_s, usual_s[rows])
    compared = np.isfinite(then_s)  # where nobody took transit there is nothing to pivot on
    now_s = np.minimum(_offered_s(model, trips, rows, laid.offer), then_s)
    saved_s = np.subtract(then_s, now_s, out=np.zeros(rows.shape[0]), where=compared)
    saved_min = np.bincount(tour[rows], weights=saved_s, minlength=n_tours) / SECONDS_PER_MIN
    gain = float(model.parameters["population.scale_per_min"]) * saved_min
    share = transit_share(planned)[persons.zone[person]]
    number = np.arange(n_tours) - np.searchsorted(person, person)
    willing = changes(persons.person_key[person], number, change_probability(share, gain), model.seed_)
    new = (open_to & willing)[tour]
    return trips.with_columns(
        mode=np.where(new, TRANSIT, trips.mode), duration_s=np.where(new, usual_s, trips.duration_s)
    )


def _offered_s(model: TwinModel, trips: Trips, rows: np.ndarray, offer: Offer) -> np.ndarray:
    """Time from door to door by the offer's lines (n,) [s]; infinite without a journey."""
    depart_ms = np.rint(trips.depart_s[rows] * MS).astype(np.int64)
    latest_ms = depart_ms + round(float(model.parameters["transit.longest_journey_s"]) * MS)
    journeys = offer.journeys(_asked(model.territory, trips, rows, depart_ms, latest_ms))
    return np.where(journeys.found, (journeys.arrival_ms - depart_ms) / MS, np.inf)


def inside(trips: Trips) -> np.ndarray:
    """Trips from place to place, by no gate (n_trips,)."""
    return np.asarray((trips.origin_place >= 0) & (trips.destination_place >= 0))


def tours(trips: Trips) -> np.ndarray:
    """Number of the tour of each trip: a new one begins with each person and after every return home."""
    ends = trips.purpose == HOME
    begins = np.append(True, ends[:-1])[: ends.shape[0]] | (np.diff(trips.person, prepend=-1) != 0)
    return np.asarray(np.cumsum(begins) - 1)


def transit_share(planned: Population, anywhere: bool = False) -> np.ndarray:
    """Share of transit in residents' trips by their home's zone, the last entry for none.

    Of their trips within the area, or of all that they make.
    """
    trips, persons = planned.trips, planned.persons
    of_resident = (persons.kind[trips.person] == RESIDENT) & (inside(trips) | anywhere)
    zone, by_transit = persons.zone[trips.person][of_resident], (trips.mode == TRANSIT)[of_resident]
    n_zones = int(persons.zone.max(initial=-1)) + 2
    total = np.bincount(zone % n_zones, minlength=n_zones)
    return np.bincount(zone % n_zones, weights=by_transit, minlength=n_zones) / np.maximum(total, 1)


def usual_transit_s(planned: Population, anywhere: bool = False) -> np.ndarray:
    """What transit takes so far for each trip (n_trips,) [s]: as the transit trips of its zone.

    Those within the area, or all of them.
    Least squares of planned duration on planned distance, by the zone of the home; of all zones together
    where a zone has too few such trips; infinite where there are none at all.
    """
    trips = planned.trips
    zone = planned.persons.zone[trips.person]
    known = (trips.mode == TRANSIT) & (inside(trips) | anywhere)
    out = np.full(len(trips), np.inf)
    for each in (None, *np.unique(zone[known]).tolist()):
        of_zone = np.ones(len(trips), dtype=np.bool_) if each is None else zone == each
        line = _line(trips.distance_m[known & of_zone], trips.duration_s[known & of_zone])
        if line is not None:
            out[of_zone] = np.maximum(line[0] + line[1] * trips.distance_m[of_zone], 1.0)
    return out


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float] | None:
    """Least-squares line through points: intercept and slope; None where they do not tell one."""
    if x.shape[0] < 2 or float(np.ptp(x)) < 1.0:
        return None
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return float(y.mean()) - slope * float(x.mean()), slope
