"""Delivery rounds: vans and lorries that come by a gateway, stop at several places, and leave again.

How many there are follows from deliveries and pick-ups a week by job, which surveys of urban goods
transport find to hold from town to town (Routhier & Toilier, FRETURB; LET 2014), and from deliveries to
homes. Lorries that only pass are part of the through traffic (`twin.population.residents.fleet`). A driver is
a person with a row of its own, so that calculators, closures and indicators treat the rounds like all trips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.population.days.profiles import invert_profile
from twin.population.days.stays import least_stay_s
from twin.population.draws import Draws, derive_keys, picks
from twin.population.outside.gates import Gates, group_weights
from twin.population.outside.travellers import DENSE, car_trips, drivers
from twin.population.tables import DELIVERY, FREIGHT, HOME, TRIPS_PER_PERSON_LIMIT, Persons
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.units import KMH_PER_MPS

HILBERT_BITS = 10
MOST_STOPS = TRIPS_PER_PERSON_LIMIT - 2
DAYS_PER_WEEK = 5.0


@dataclass(frozen=True)
class _Stops:
    """Stops of all rounds, in their order: round (n,), place, link; no two in a row on one link."""

    round: np.ndarray
    place: np.ndarray
    link: np.ndarray


def build_freight(
    territory: Territory, gates: Gates, parameters: Parameters, draws: Draws
) -> list[tuple[Persons, dict[str, np.ndarray]]]:
    """Persons and trips (person rows counted from 0) of the delivery rounds; none without a gateway.

    A round comes from the gateways by the capacity of their ways in.
    """
    weight = stops_by_place(territory, parameters)
    asked = float(weight.sum())
    per_round = min(float(parameters["population.stops_per_round"]), float(MOST_STOPS))
    n = round(asked / per_round)
    from_groups = group_weights(gates, None, "freight") if len(gates.groups) else np.zeros(0)
    if not n or not from_groups.sum() > 0.0:
        return []
    key = derive_keys("delivery round", np.arange(n))
    persons = drivers(key, FREIGHT, 0, parameters, draws)
    group = picks(
        np.cumsum(from_groups)[None, :], np.zeros(n, dtype=np.int64), draws.uniform("freight_gate_group", key)
    )
    gate = draws.uniform("freight_gate", key)
    enter, leave = gates.inwards(group, gate), gates.outwards(group, gate)
    shared = float(parameters["population.rounds_per_district"])
    stops = _stops(territory, weight, key, (max(round(per_round), 1), shared), draws)
    begin_s = invert_profile(
        np.array(parameters["population.freight_profile"]), draws.uniform("freight", key)
    )
    return [_trips_of(territory, (persons, begin_s), gates, (enter, leave), stops, parameters)]


def stops_by_place(territory: Territory, parameters: Parameters) -> np.ndarray:
    """Stops of rounds a day by place (n_places,): for its jobs, and for its dwellings."""
    places = territory.places
    a_day = parameters["population.deliveries_per_job_and_week"] / DAYS_PER_WEEK
    to_homes = float(parameters["population.home_deliveries_per_dwelling"])
    stops = places.jobs.astype(np.float64) * a_day + places.dwellings.astype(np.float64) * to_homes
    stops *= float(parameters["population.freight_demand_factor"])
    return np.where(places.access_link >= 0, stops, 0.0)


def hilbert_order(x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Place of points (n,) along a Hilbert curve over their bounding square: near there is near here.

    Hilbert 1891; the conversion by bits is that of Skilling 2004 for two dimensions.

    >>> hilbert_order(np.array([0.0, 0.0, 9.0, 9.0]), np.array([0.0, 9.0, 9.0, 0.0])).argsort().tolist()
    [0, 1, 2, 3]
    """
    if not len(x_m):
        return np.zeros(0, dtype=np.int64)
    side = 2**HILBERT_BITS
    span = max(float(np.ptp(x_m)), float(np.ptp(y_m)), 1.0)
    x, y = (np.minimum((axis - axis.min()) / span * side, side - 1).astype(np.int64) for axis in (x_m, y_m))
    along = np.zeros(len(x), dtype=np.int64)
    half = side // 2
    while half:
        right, up = (x & half) > 0, (y & half) > 0
        along += half * half * ((3 * right) ^ up)
        flip = ~up
        mirrored = flip & right
        x, y = np.where(mirrored, side - 1 - x, x), np.where(mirrored, side - 1 - y, y)
        x, y = np.where(flip, y, x), np.where(flip, x, y)
        half //= 2
    return along


def _stops(
    territory: Territory, weight: np.ndarray, key: np.ndarray, pattern: tuple[int, float], draws: Draws
) -> _Stops:
    """Stops of each round: a stretch of the Hilbert curve, which other rounds serve as well.

    ``pattern`` is the number of stops, and how many rounds share a stretch: of so many stops a round has one.
    """
    per_round, shared = pattern
    places = territory.places
    order = np.lexsort((places.place_id, hilbert_order(places.x_m, places.y_m)))
    order = order[weight[order] > 0.0]
    running = np.cumsum(weight[order])
    n, total = len(key), float(running[-1])
    nth = np.tile(np.arange(per_round), n)
    of_round = np.repeat(np.arange(n), per_round)
    start = draws.uniform("freight_district", key)[of_round] * total
    jitter = draws.uniform("freight_stop", key[of_round], nth)
    at = (start + (nth + jitter) * shared) % total
    place = order[np.minimum(np.searchsorted(running, at, side="right"), len(order) - 1)]
    link = places.access_link[place].astype(np.int64)
    again = (nth > 0) & (link == np.roll(link, 1))
    return _Stops(of_round[~again], place[~again], link[~again])


def _trips_of(
    territory: Territory,
    who: tuple[Persons, np.ndarray],
    gates: Gates,
    gate: tuple[np.ndarray, np.ndarray],
    stops: _Stops,
    parameters: Parameters,
) -> tuple[Persons, dict[str, np.ndarray]]:
    """Trips from the gate to the first stop, from stop to stop, and from the last one to the gate."""
    persons, begin_s = who
    (enter, leave), n = gate, len(persons)
    n_stops = np.bincount(stops.round, minlength=n)
    begins = np.append(True, np.diff(stops.round) != 0)
    ends = np.append(np.diff(stops.round) != 0, True)
    places, before = territory.places, np.roll(stops.place, 1)
    links = np.where(begins, gates.in_link[enter[stops.round]], np.roll(stops.link, 1))
    x, y = places.x_m[stops.place], places.y_m[stops.place]
    from_x = np.where(begins, gates.x_m[enter[stops.round]], places.x_m[before])
    from_y = np.where(begins, gates.y_m[enter[stops.round]], places.y_m[before])
    detour = float(parameters["population.detour_factor_car"])
    there_m = detour * np.sqrt((x - from_x) ** 2 + (y - from_y) ** 2)
    last = np.flatnonzero(ends)
    out = leave[stops.round[last]]
    back_m = detour * np.sqrt((x[last] - gates.x_m[out]) ** 2 + (y[last] - gates.y_m[out]) ** 2)
    stay_s = max(60.0 * float(parameters["population.delivery_stop_min"]), least_stay_s(parameters))
    drive_s = KMH_PER_MPS * there_m / float(parameters["population.car_speed_kmh"][DENSE])
    nth = np.arange(len(stops.round)) - np.repeat(np.cumsum(n_stops) - n_stops, n_stops)
    spent_s = np.cumsum(np.where(begins, 0.0, np.roll(drive_s, 1) + stay_s))
    spent_s -= np.repeat(spent_s[begins], n_stops)
    leaves_s = begin_s[stops.round] + spent_s
    return persons, car_trips(
        persons,
        person=np.concatenate([stops.round, stops.round[last]]),
        sequence=np.concatenate([nth, n_stops[stops.round[last]]]),
        purpose=np.repeat([DELIVERY, HOME], [len(nth), len(last)]),
        depart_s=np.concatenate([leaves_s, leaves_s[last] + drive_s[last] + stay_s]),
        min_stay_s=np.full(len(nth) + len(last), stay_s),
        origin_place=np.concatenate([np.where(begins, -1, before), stops.place[last]]),
        destination_place=np.concatenate([stops.place, np.full(len(last), -1)]),
        origin_link=np.concatenate([links, stops.link[last]]),
        destination_link=np.concatenate([stops.link, gates.out_link[out]]),
        distance_m=np.concatenate([there_m, back_m]),
    )
