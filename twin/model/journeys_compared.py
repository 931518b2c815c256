"""Journeys by a day's lines beside those by the lines of before: what changed lines or fares save riders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.clock import MS
from twin.mobility.crowding import planned_crowding_s
from twin.mobility.fares import Fares
from twin.model.choices import DayModes
from twin.model.timetables import ChangedOffer
from twin.population.days.modes import value_of_time_eur_per_h
from twin.population.population import Population
from twin.population.tables import TRANSIT, Trips
from twin.routing.journeys import JourneyQueries, Offer, Planned
from twin.territory.territory import Territory
from twin.units import CENTS_PER_EUR, MIN_PER_H, S_PER_MIN

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


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


def by_transit_saved_min(model: TwinModel, modes: DayModes, laid: ChangedOffer, prices: Prices) -> np.ndarray:
    """Generalised minutes less of each tour (n_tours,) by transit than with the lines and fares of before.

    From door to door, those in a full vehicle counting more, and the fare over the value of time. Lines
    reach nowhere outside the area: a tour that leaves it neither gains nor loses.
    """
    trips, usual = modes.accustomed.trips, modes.usual
    may = usual.all_of(inside(trips)) & np.isfinite(usual.utility[:, TRANSIT])
    rows = usual.row[may[usual.legs.tour]]
    usual_s = usual_times_s(modes.accustomed, TRANSIT)
    saved = np.zeros(len(trips))
    saved[rows] = _saved_min(model, trips, rows, usual_s[rows], laid, prices)
    return usual.summed(saved)


def _saved_min(
    model: TwinModel, trips: Trips, rows: np.ndarray, usual_s: np.ndarray, laid: ChangedOffer, prices: Prices
) -> np.ndarray:
    """Generalised minutes that trips (rows) take less by transit than before (n,); 0 where nothing compares.

    Before them the journey by the lines of then, or else the usual time and fare of transit; nobody is
    worse off for lines that were added.
    """
    purpose, parameters = trips.purpose[rows], model.parameters
    min_per_cent = MIN_PER_H / (CENTS_PER_EUR * value_of_time_eur_per_h(purpose, parameters))
    crowding_s = _crowding_s(model, trips, laid)
    then_s, then_cents = _offered(model, trips, rows, laid.offer_before, prices.before, crowding_s)
    by_line = np.isfinite(then_s)
    usual_cents = round(float(parameters["population.transit_fare_eur"]) * CENTS_PER_EUR)
    then_s, then_cents = np.where(by_line, then_s, usual_s), np.where(by_line, then_cents, usual_cents)
    compared = np.isfinite(then_s)  # where nobody took transit there is nothing to pivot on
    now_s, now_cents = _offered(model, trips, rows, laid.offer, prices.now, crowding_s)
    saved_s = np.subtract(then_s, now_s, out=np.zeros(rows.shape[0]), where=compared & np.isfinite(now_s))
    saved_cents = np.where(compared & np.isfinite(now_s), then_cents - now_cents, 0)
    saved_min = saved_s / S_PER_MIN + saved_cents * min_per_cent
    worse = by_line & prices.differ  # with the fares of before a line more makes nobody worse off
    return np.asarray(np.where(worse, saved_min, np.maximum(saved_min, 0.0)))


def _crowding_s(model: TwinModel, trips: Trips, laid: ChangedOffer) -> np.ndarray:
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
) -> JourneyQueries:
    """What trips (rows) ask for: a journey between the path nodes of their places, in those times [ms]."""
    node = territory.places.path_node
    origin, destination = node[trips.origin_place[rows]], node[trips.destination_place[rows]]
    return JourneyQueries(origin.astype(np.int64), destination.astype(np.int64), depart_ms, latest_ms)


def inside(trips: Trips) -> np.ndarray:
    """Trips from place to place, by no gate (n_trips,)."""
    return np.asarray((trips.origin_place >= 0) & (trips.destination_place >= 0))


def usual_times_s(planned: Population, mode: int, anywhere: bool = False) -> np.ndarray:
    """What a mode takes so far for each trip (n_trips,) [s]: as the trips by it of its zone.

    Those within the area, or all of them.
    Least squares of planned duration on planned distance, by the zone of the home; of all zones together
    where a zone has too few such trips; infinite where there are none at all.
    """
    trips = planned.trips
    zone = planned.persons.zone[trips.person]
    known = (trips.mode == mode) & (inside(trips) | anywhere)
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
