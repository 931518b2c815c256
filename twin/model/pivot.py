"""Who rides and who does not any more, when lines are added or fares change: a pivot on usual modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.modes import MODE_LEAVING, change_probability, changes, leave_probability
from twin.clock import MS
from twin.mobility.crowding import planned_crowding_s
from twin.mobility.fares import CENTS_PER_EUR, Fares
from twin.model.timetables import Laid
from twin.population.population import Population
from twin.population.tables import BUSINESS, HOME, PASSENGER, RESIDENT, SCHOOL, TRANSIT, WALK, WORK, Trips
from twin.routing.journeys import Asked, Offer, Planned
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

SECONDS_PER_MIN, MIN_PER_H = 60.0, 60.0


@dataclass(frozen=True, eq=False)
class Prices:
    """Fares of the lines as they were and as they are."""

    before: Fares
    now: Fares

    @property
    def differ(self) -> bool:
        """Whether a line of both costs something else now."""
        n = self.before.journey_cents.shape[0]
        same = np.array_equal(self.before.journey_cents, self.now.journey_cents[:n])
        return not (same and np.array_equal(self.before.boarding_cents, self.now.boarding_cents[:n]))


def with_changed_riders(model: TwinModel, planned: Population, laid: Laid, prices: Prices) -> Trips:
    """Trips with the tours of those who change to transit as it got better, or leave it as it got dearer.

    Utility is minus the scale of the population's own choice of mode times generalised minutes: from door
    to door, those in a full vehicle counting more, and the fare over the value of time. A tour is changed
    as a whole, so that no car stays behind.
    """
    trips, persons = planned.trips, planned.persons
    tour = tours(trips)
    n_tours = int(tour.max(initial=-1)) + 1
    person = trips.person[np.searchsorted(tour, np.arange(n_tours))]
    by_transit = trips.mode == TRANSIT
    may = (persons.kind[person] == RESIDENT) & (_none(~inside(trips), tour, n_tours))
    may &= persons.age[person] >= model.parameters["population.transit_from_age"]
    open_to = may & _none(by_transit, tour, n_tours)
    rides = may & _none(~by_transit, tour, n_tours) & prices.differ
    rows = np.flatnonzero((open_to | rides)[tour])
    usual_s = usual_times_s(planned, TRANSIT)
    saved_min = np.bincount(
        tour[rows], weights=_saved_min(model, trips, rows, usual_s[rows], laid, prices), minlength=n_tours
    )
    gain = float(model.parameters["population.scale_per_min"]) * saved_min
    share = _transit_share(planned)[persons.zone[person]]
    number = np.arange(n_tours) - np.searchsorted(person, person)
    key = persons.person_key[person]
    comes = open_to & changes(key, number, change_probability(share, gain), model.seed_)
    goes = rides & changes(key, number, leave_probability(share, gain), model.seed_, MODE_LEAVING)
    mode, duration_s = trips.mode.copy(), trips.duration_s.copy()
    mode[comes[tour]], duration_s[comes[tour]] = TRANSIT, usual_s[comes[tour]]
    _leave(planned, goes, tour, model.parameters, (mode, duration_s))
    return trips.with_columns(mode=mode, duration_s=duration_s)


def _none(marked: np.ndarray, tour: np.ndarray, n_tours: int) -> np.ndarray:
    """Tours (n_tours,) that hold none of the marked trips."""
    return np.asarray(np.bincount(tour[marked], minlength=n_tours) == 0)


def _leave(
    planned: Population,
    goes: np.ndarray,
    tour: np.ndarray,
    parameters: Parameters,
    changed: tuple[np.ndarray, np.ndarray],
) -> None:
    """Tours left by transit are walked where all of it is near, else somebody gives a lift.

    Those who would need a lift ride on where nobody gives any. ``changed`` are mode and duration, written.
    """
    mode, duration_s = changed
    trips = planned.trips
    far = trips.distance_m > 1_000.0 * parameters["population.walk_limit_km"]
    walks = goes & _none(far, tour, goes.shape[0])
    for those, instead in ((walks, WALK), (goes & ~walks, PASSENGER)):
        takes_s = usual_times_s(planned, instead)
        rows = np.flatnonzero(those[tour] & np.isfinite(takes_s))
        mode[rows], duration_s[rows] = instead, takes_s[rows]


def _saved_min(
    model: TwinModel, trips: Trips, rows: np.ndarray, usual_s: np.ndarray, laid: Laid, prices: Prices
) -> np.ndarray:
    """Generalised minutes that trips (rows) take less by transit than before (n,); 0 where nothing compares.

    Before them the journey by the lines of then, or else the usual time and fare of transit; nobody is
    worse off for lines that were added.
    """
    purpose, parameters = trips.purpose[rows], model.parameters
    value_eur_per_h = np.where(
        np.isin(purpose, (WORK, BUSINESS, SCHOOL)),
        parameters["population.value_of_time_commute_eur_per_h"],
        parameters["population.value_of_time_other_eur_per_h"],
    )
    min_per_cent = MIN_PER_H / (CENTS_PER_EUR * value_eur_per_h)
    crowding_s = _crowding_s(model, trips, laid)
    then_s, then_cents = _offered(model, trips, rows, laid.offer_before, prices.before, crowding_s)
    by_line = np.isfinite(then_s)
    usual_cents = round(float(parameters["population.transit_fare_eur"]) * CENTS_PER_EUR)
    then_s, then_cents = np.where(by_line, then_s, usual_s), np.where(by_line, then_cents, usual_cents)
    compared = np.isfinite(then_s)  # where nobody took transit there is nothing to pivot on
    now_s, now_cents = _offered(model, trips, rows, laid.offer, prices.now, crowding_s)
    saved_s = np.subtract(then_s, now_s, out=np.zeros(rows.shape[0]), where=compared & np.isfinite(now_s))
    saved_cents = np.where(compared & np.isfinite(now_s), then_cents - now_cents, 0)
    saved_min = saved_s / SECONDS_PER_MIN + saved_cents * min_per_cent
    worse = by_line & prices.differ  # with the fares of before a line more makes nobody worse off
    return np.asarray(np.where(worse, saved_min, np.maximum(saved_min, 0.0)))


def _crowding_s(model: TwinModel, trips: Trips, laid: Laid) -> np.ndarray:
    """What time aboard counts more among those who ride so far (n_calls + 1,) [s], summed over calls."""
    riders = np.flatnonzero((trips.mode == TRANSIT) & inside(trips))
    journeys = _journeys(model, trips, riders, laid.offer_before)
    aboard = journeys.board_call >= 0
    on, off = journeys.board_call[aboard], journeys.alight_call[aboard]
    summed_s = planned_crowding_s(laid.before, on, off, model.parameters)
    n_new = laid.timetable.n_calls - laid.before.n_calls  # lines that are added come last
    return np.concatenate([summed_s, np.full(n_new, summed_s[-1])])


def _journeys(model: TwinModel, trips: Trips, rows: np.ndarray, offer: Offer) -> Planned:
    """Journeys of trips (rows) by the offer's lines."""
    depart_ms = np.rint(trips.depart_s[rows] * MS).astype(np.int64)
    latest_ms = depart_ms + round(float(model.parameters["transit.longest_journey_s"]) * MS)
    return offer.journeys(asked(model.territory, trips, rows, depart_ms, latest_ms))


def _offered(
    model: TwinModel, trips: Trips, rows: np.ndarray, offer: Offer, fares: Fares, crowding_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Perceived time by the offer's lines (n,) [s], infinite without a journey, and fare [cents]."""
    journeys = _journeys(model, trips, rows, offer)
    rider, number = np.nonzero(journeys.board_call >= 0)
    board, alight = journeys.board_call[rider, number], journeys.alight_call[rider, number]
    timetable, n = offer.timetable, rows.shape[0]
    run = np.searchsorted(timetable.call_start, board, side="right") - 1
    cents = fares.paid_cents(rider, timetable.run_line[run], n)
    more_s = np.bincount(rider, weights=crowding_s[alight] - crowding_s[board], minlength=n)
    depart_ms = np.rint(trips.depart_s[rows] * MS).astype(np.int64)
    takes_s = (journeys.arrival_ms - depart_ms) / MS + more_s
    return np.where(journeys.found, takes_s, np.inf), cents


def asked(
    territory: Territory, trips: Trips, rows: np.ndarray, depart_ms: np.ndarray, latest_ms: np.ndarray
) -> Asked:
    """What trips (rows) ask for: a journey between the path nodes of their places, in those times [ms]."""
    node = territory.places.path_node
    origin, destination = node[trips.origin_place[rows]], node[trips.destination_place[rows]]
    return Asked(origin.astype(np.int64), destination.astype(np.int64), depart_ms, latest_ms)


def inside(trips: Trips) -> np.ndarray:
    """Trips from place to place, by no gate (n_trips,)."""
    return np.asarray((trips.origin_place >= 0) & (trips.destination_place >= 0))


def tours(trips: Trips) -> np.ndarray:
    """Number of the tour of each trip: a new one begins with each person and after every return home."""
    ends = trips.purpose == HOME
    begins = np.append(True, ends[:-1])[: ends.shape[0]] | (np.diff(trips.person, prepend=-1) != 0)
    return np.asarray(np.cumsum(begins) - 1)


def _transit_share(planned: Population) -> np.ndarray:
    """Share of transit in residents' trips within the area by their home's zone, the last entry for none."""
    trips, persons = planned.trips, planned.persons
    of_resident = (persons.kind[trips.person] == RESIDENT) & inside(trips)
    zone, by_transit = persons.zone[trips.person][of_resident], (trips.mode == TRANSIT)[of_resident]
    n_zones = int(persons.zone.max(initial=-1)) + 2
    total = np.bincount(zone % n_zones, minlength=n_zones)
    return np.bincount(zone % n_zones, weights=by_transit, minlength=n_zones) / np.maximum(total, 1)


def usual_times_s(planned: Population, mode: int) -> np.ndarray:
    """What a mode takes so far for each trip (n_trips,) [s]: as the trips by it of its zone.

    Least squares of planned duration on planned distance, by the zone of the home; of all zones together
    where a zone has too few such trips; infinite where there are none at all.
    """
    trips = planned.trips
    zone = planned.persons.zone[trips.person]
    known = (trips.mode == mode) & inside(trips)
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
