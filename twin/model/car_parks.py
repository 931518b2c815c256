"""Park and ride on a model's day: car parks on the ground, and what riding from them takes and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.park_and_ride import CarParks, ParkAndRideTours, admitted, commutes, prefers
from twin.clock import MS
from twin.errors import InputError
from twin.kernels.paths import BLOCKED
from twin.mobility.fares import Fares
from twin.population.days.legs import tours_of
from twin.population.tables import Persons, Trips
from twin.routing.journeys import JourneyQueries, Offer, Planned
from twin.routing.search import bounds_to, times_between
from twin.scenario.transit_offers import ParkAndRide
from twin.territory.timetable_build import projected
from twin.units import CENTS_PER_EUR, MIN_PER_H, S_PER_MIN

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


@dataclass(frozen=True, eq=False)
class _Choice:
    """Ways by one car park (n,): journeys there and back, drive to it [ms], minutes saved, arrival there."""

    there: Planned
    back: Planned
    drive_ms: np.ndarray
    saved_min: np.ndarray
    comes_ms: np.ndarray


def car_parks(model: TwinModel) -> CarParks:
    """The car parks that the scenario orders, on streets and paths."""
    orders = model.spec.orders(ParkAndRide)
    rows = np.array([_place_row(model, order) for order in orders], dtype=np.int64)
    places = model.territory.places
    return CarParks(
        tuple(order.name for order in orders),
        places.access_link[rows].astype(np.int64),
        places.path_node[rows].astype(np.int64),
        np.array([order.spaces for order in orders], dtype=np.int64),
        np.array([round(order.price_eur * CENTS_PER_EUR) for order in orders], dtype=np.int64),
    )


def _place_row(model: TwinModel, order: ParkAndRide) -> int:
    """The building that is meant, or the nearest one, with a street and a path."""
    places, where = model.territory.places, order.where("place")
    usable = (places.access_link >= 0) & (places.path_node >= 0)
    if isinstance(order.place, str):
        found = np.flatnonzero((places.place_id == order.place) & usable)
        if not found.size:
            raise InputError(where, f"no place {order.place!r} on a street", "[lon, lat] or a place id")
        return int(found[0])
    lon, lat = (np.array([each]) for each in order.place)
    x_m, y_m = projected(lon, lat, model.territory.streets)
    away_m = np.where(usable, np.hypot(places.x_m - x_m, places.y_m - y_m), np.inf)
    reach_m = float(model.parameters["transit.car_park_reach_m"])
    if not away_m.size or away_m.min() > reach_m:
        raise InputError(where, f"no building within {reach_m:g} m", "a place within the territory")
    close = np.flatnonzero(away_m == away_m.min())
    return int(close[np.argmin(places.place_id[close])])


def plan_parking(
    model: TwinModel, trips: Trips, persons: Persons, offer: Offer, fares: Fares
) -> tuple[ParkAndRideTours, Planned]:
    """Who parks and rides, and their journeys there and then back, (2 n,) in the order of the tours."""
    parks = car_parks(model)
    out = commutes(trips, persons, tours_of(trips.purpose, trips.person))
    if not parks.name or not out.size:
        return ParkAndRideTours.none(), Planned.none()
    drives = _drive_ms(model, trips.origin_link[out], trips.destination_link[out], parks.link)
    ways = [_way(model, trips, out, (parks, each), drives, (offer, fares)) for each in range(len(parks.name))]
    saved_min = np.stack([way.saved_min for way in ways])
    best = np.argmax(saved_min, axis=0)
    key = persons.person_key[trips.person[out]]
    most_min = saved_min[best, np.arange(out.shape[0])]
    gain = float(model.parameters["population.scale_per_min"]) * most_min
    share = float(model.parameters["transit.park_and_ride_share"])
    would = np.isfinite(most_min) & prefers(gain, share, key, model.seed_)
    comes_ms = np.stack([way.comes_ms for way in ways])[best, np.arange(out.shape[0])]
    those = np.flatnonzero(would)
    those = those[admitted(best[those], comes_ms[those], key[those], parks.spaces)]
    journeys = [
        _joined([way.there for way in ways], best, those),
        _joined([w.back for w in ways], best, those),
    ]
    drive_ms = np.stack([way.drive_ms for way in ways])[best[those], those]
    leaves_ms = np.stack([comes_ms[those], np.rint(trips.depart_s[out[those] + 1] * MS).astype(np.int64)])
    arrives_ms = np.stack([each.arrival_ms for each in journeys])
    planned_s = (arrives_ms - leaves_ms + drive_ms) / MS
    return ParkAndRideTours(parks, out[those], out[those] + 1, best[those], planned_s), stacked(journeys)


def _drive_ms(
    model: TwinModel, origin: np.ndarray, destination: np.ndarray, park: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Free-flow times from links to their destinations (n,) and to every car park (n_parks, n) [ms]."""
    topology, free_ms = model.roads.topology, model.roads.free_ms
    bounds = bounds_to(topology, free_ms, np.concatenate([destination, park]))
    direct = times_between(topology, bounds, origin, destination)
    to_park = times_between(topology, bounds, origin, park[:, None])
    starts = free_ms[origin]
    return direct + starts + free_ms[destination], to_park + starts + free_ms[park][:, None]


def _way(
    model: TwinModel,
    trips: Trips,
    out: np.ndarray,
    park: tuple[CarParks, int],
    drives: tuple[np.ndarray, np.ndarray],
    lines: tuple[Offer, Fares],
) -> _Choice:
    """By one car park: generalised minutes saved against driving all the way, -inf where there is no way.

    The drive back is reckoned to take as long as the drive there; the car costs by the way it makes.
    """
    (parks, row), (direct_ms, to_park_ms), (offer, fares) = park, drives, lines
    parameters, drive_ms = model.parameters, to_park_ms[row]
    ratio, n = float(parameters["transit.car_time_ratio"]), out.shape[0]
    comes_ms = np.rint(trips.depart_s[out] * MS + ratio * drive_ms).astype(np.int64)
    work, here = model.territory.places.path_node[trips.destination_place[out]], np.full(n, parks.node[row])
    leaves_ms = np.rint(trips.depart_s[out + 1] * MS).astype(np.int64)
    most_ms = round(float(parameters["transit.longest_journey_s"]) * MS)
    there = offer.journeys(JourneyQueries(here, work.astype(np.int64), comes_ms, comes_ms + most_ms))
    back = offer.journeys(JourneyQueries(work.astype(np.int64), here, leaves_ms, leaves_ms + most_ms))
    found = there.found & back.found & (drive_ms < BLOCKED) & (direct_ms < BLOCKED)
    found &= (trips.origin_link[out] != parks.link[row]) & (drive_ms < direct_ms)
    ride_ms = there.arrival_ms - comes_ms + back.arrival_ms - leaves_ms
    spared_ms = ratio * 2.0 * (direct_ms - drive_ms) - np.where(found, ride_ms, 0)
    spared_km = 2.0 * trips.distance_m[out] / 1_000.0 * (1.0 - drive_ms / np.maximum(direct_ms, 1))
    spared_eur = parameters["population.car_cost_eur_per_km"] * spared_km
    spared_eur = spared_eur + parameters["transit.parking_at_work_eur"]
    paid_cents = _fares(offer, fares, there) + _fares(offer, fares, back) + parks.price_cents[row]
    per_eur = MIN_PER_H / float(parameters["population.value_of_time_commute_eur_per_h"])
    saved = spared_ms / (MS * S_PER_MIN) + per_eur * (spared_eur - paid_cents / CENTS_PER_EUR)
    saved = saved - 2.0 * parameters["transit.change_to_car_min"]
    return _Choice(there, back, drive_ms, np.where(found, saved, -np.inf), comes_ms)


def _fares(offer: Offer, fares: Fares, journeys: Planned) -> np.ndarray:
    """Fare of each journey (n,) [cents]."""
    rider, number = np.nonzero(journeys.board_call >= 0)
    call_start, line = offer.timetable.call_start, offer.timetable.run_line
    run = np.searchsorted(call_start, journeys.board_call[rider, number], side="right") - 1
    return fares.paid_cents(rider, line[run], journeys.n_rides.shape[0])


def _joined(ways: list[Planned], best: np.ndarray, those: np.ndarray) -> Planned:
    """Of each of those (rows) the journey of its best way."""
    columns = (
        np.stack([getattr(way, name) for way in ways])[best[those], those]
        for name in ("arrival_ms", "n_rides", "board_call", "alight_call", "walk_ms")
    )
    return Planned(*columns)


def walk_s(model: TwinModel, trips: Trips, park_and_ride: ParkAndRideTours) -> np.ndarray:
    """Time on foot between car park and work (n,) [s], by the straight line and the ledger's detour."""
    places, paths, parameters = model.territory.places, model.territory.paths, model.parameters
    node, work = park_and_ride.parks.node[park_and_ride.park], trips.destination_place[park_and_ride.out]
    straight_m = np.hypot(paths.node_x_m[node] - places.x_m[work], paths.node_y_m[node] - places.y_m[work])
    detour = float(parameters["population.detour_factor_walk"])
    return np.asarray(detour * straight_m / float(parameters["population.walk_speed_mps"]))


def stacked(parts: list[Planned]) -> Planned:
    """Journeys one after another."""
    names = ("arrival_ms", "n_rides", "board_call", "alight_call", "walk_ms")
    return Planned(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
