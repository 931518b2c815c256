"""Travellers from outside: commuters who drive in and later out, and vehicles that only pass through.

Each is a person with a row of its own: key, age, phone, skill and consent like everybody.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.errors import InputError
from twin.population.days.profiles import invert_profile
from twin.population.days.stays import least_stay_s
from twin.population.draws import Draws, derive_keys, picks
from twin.population.file import CommutersTable, ThroughTable
from twin.population.marginals import Marginals, zone_row
from twin.population.outside.gates import Gates, group_weights
from twin.population.residents import equipment
from twin.population.residents.attributes import Traits, personal_attributes
from twin.population.residents.households import AREA_IDS
from twin.population.tables import (
    CAR,
    COMMUTER,
    HOME,
    PASSING,
    THROUGH,
    TRIPS_PER_PERSON_LIMIT,
    WORK,
    WORKER,
    Persons,
)
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.units import KMH_PER_MPS, S_PER_H

KIND_IDS = 1_000 * AREA_IDS
"""Outside ids of one kind of person."""
DENSE, TOWN = 0, 1


def build_travellers(
    territory: Territory, marginals: Marginals, gates: Gates, parameters: Parameters, draws: Draws
) -> list[tuple[Persons, dict[str, np.ndarray]]]:
    """Persons and trips (person rows counted from 0) of each table of commuters and of through traffic."""
    parts = []
    for i, commuters in enumerate(marginals.commuters):
        spot = f"{marginals.where}: commuters {i + 1}"
        parts.append(_commuters(territory, commuters, i, gates, parameters, draws, spot))
    for i, through in enumerate(marginals.through):
        spot = f"{marginals.where}: through {i + 1}"
        parts.append(_through(through, i, gates, parameters, draws, spot))
    return parts


def _commuters(
    territory: Territory,
    table: CommutersTable,
    number: int,
    gates: Gates,
    parameters: Parameters,
    draws: Draws,
    where: str,
) -> tuple[Persons, dict[str, np.ndarray]]:
    n = round(table.trips_per_day * parameters["population.commuter_demand_factor"] / 2.0)
    key = derive_keys(f"commuter to {table.zone} {number}", np.arange(n))
    persons = drivers(key, COMMUTER, number, parameters, draws)
    ladder = np.cumsum(group_weights(gates, table.gates, f"{where}: gates"))[None, :]
    group = picks(ladder, np.zeros(n, dtype=np.int64), draws.uniform("gate_group", key))
    enter = gates.inwards(group, draws.uniform("gate", key))
    leave = gates.outwards(group, draws.uniform("gate", key))
    place = _workplaces(territory, table, gates, draws.uniform("commuter_place", key), where)
    detour = parameters["population.detour_factor_car"]
    inside_m = detour * _straight(gates, enter, territory.places.x_m[place], territory.places.y_m[place])
    drive_s = KMH_PER_MPS * inside_m / parameters["population.car_speed_kmh"][DENSE]
    pass_in = invert_profile(np.array(table.arrival_profile), draws.uniform("commuter_arrival", key))
    spread_h = parameters["population.commuter_span_spread_h"] * draws.bell("work_span", key)
    span_h = parameters["population.work_span_h"] + spread_h
    latest_s = S_PER_H * parameters["population.latest_work_end_h"]
    stay_s = np.maximum(np.minimum(S_PER_H * span_h, latest_s - pass_in - drive_s), 2.0 * S_PER_H)
    link = territory.places.access_link[place]
    both = [np.arange(n), np.arange(n)]
    trips = car_trips(
        persons,
        person=np.concatenate(both),
        sequence=np.repeat([0, 1], n),
        purpose=np.repeat([WORK, HOME], n),
        depart_s=np.concatenate([pass_in, pass_in + drive_s + stay_s]),
        min_stay_s=np.concatenate([np.full(n, least_stay_s(parameters)), _least(stay_s, parameters)]),
        origin_place=np.concatenate([np.full(n, -1), place]),
        destination_place=np.concatenate([place, np.full(n, -1)]),
        origin_link=np.concatenate([gates.in_link[enter], link]),
        destination_link=np.concatenate([link, gates.out_link[leave]]),
        distance_m=np.concatenate([inside_m, inside_m]),
    )
    return persons, trips


def _least(stay_s: np.ndarray, parameters: Parameters) -> np.ndarray:
    least = np.floor(parameters["population.min_stay_share"] * stay_s)
    return np.asarray(np.maximum(least, least_stay_s(parameters)))


def _through(
    table: ThroughTable, number: int, gates: Gates, parameters: Parameters, draws: Draws, where: str
) -> tuple[Persons, dict[str, np.ndarray]]:
    n = round(table.vehicles_per_day * parameters["population.through_demand_factor"])
    key = derive_keys(f"through {table.enter} to {table.leave} {number}", np.arange(n))
    persons = drivers(key, THROUGH, number, parameters, draws)
    u_in, u_out = draws.uniform("gate_enter", key), draws.uniform("gate_leave", key)
    enter, leave = gates.passing(table.enter, table.leave, u_in, u_out, where)
    straight = _straight(gates, enter, gates.x_m[leave], gates.y_m[leave])
    trips = car_trips(
        persons,
        person=np.arange(n),
        sequence=np.zeros(n, dtype=np.int64),
        purpose=np.full(n, PASSING),
        depart_s=invert_profile(np.array(table.profile), draws.uniform("through_time", key)),
        min_stay_s=np.full(n, least_stay_s(parameters)),
        origin_place=np.full(n, -1),
        destination_place=np.full(n, -1),
        origin_link=gates.in_link[enter],
        destination_link=gates.out_link[leave],
        distance_m=straight * parameters["population.detour_factor_through"],
    )
    return persons, trips


def drivers(key: np.ndarray, kind: int, number: int, parameters: Parameters, draws: Draws) -> Persons:
    """Licensed drivers from outside, with a car; as skilled and equipped as people of their age in towns."""
    n = len(key)
    age = equipment.draw_traveller_age(key, parameters, draws)
    density = np.full(n, TOWN)
    skill = equipment.draw_skill(age, density, key, parameters, draws)
    occupation = (
        np.full(n, WORKER) if kind == COMMUTER else equipment.draw_occupation(age, key, parameters, draws)
    )
    consent = equipment.draw_consent(key, parameters, draws)
    return Persons(
        person_id=kind * KIND_IDS + number * AREA_IDS + np.arange(n, dtype=np.int64),
        person_key=key,
        kind=np.full(n, kind),
        household=np.full(n, -1),
        zone=np.full(n, -1),
        home=np.full(n, -1),
        density=np.full(n, -1),
        age=age,
        female=draws.uniform("sex", key) < 0.5,
        occupation=occupation,
        licence=np.ones(n, dtype=bool),
        household_cars=np.ones(n),
        smartphone=equipment.draw_smartphone(age, density, skill, key, parameters, draws),
        home_internet=equipment.draw_internet(age, key, parameters, draws),
        skill=skill,
        consent=consent,
        **personal_attributes(Traits(key, age, density, occupation, skill, consent), parameters, draws),
    )


def _workplaces(
    territory: Territory, table: CommutersTable, gates: Gates, u: np.ndarray, where: str
) -> np.ndarray:
    """Place of work in the zone, by jobs, in the order of outside ids; not on a gate's own link."""
    places = territory.places
    order = np.argsort(places.place_id, kind="stable")
    zone = zone_row(territory, table.zone, where)
    link = places.access_link[order]
    at_gate = np.isin(link, np.concatenate([gates.in_link, gates.out_link]))
    order = order[(places.zone[order] == zone) & (link >= 0) & ~at_gate]
    ladder = np.cumsum(places.jobs[order].astype(np.float64))
    if len(u) and not (len(ladder) and ladder[-1] > 0.0):
        raise InputError(where, f"zone {table.zone!r} has no jobs for commuters", "a zone with work places")
    zeros = np.zeros(len(u), dtype=np.int64)
    return np.asarray(order[picks(ladder[None, :], zeros, u)]) if len(u) else zeros


def _straight(gates: Gates, gate: np.ndarray, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt((gates.x_m[gate] - x_m) ** 2 + (gates.y_m[gate] - y_m) ** 2))


def car_trips(persons: Persons, **columns: Any) -> dict[str, np.ndarray]:
    """Columns of car trips, sorted by person and sequence."""
    order = np.lexsort((columns["sequence"], columns["person"]))
    columns = {name: np.asarray(column)[order] for name, column in columns.items()}
    trip_id = persons.person_id[columns["person"]] * TRIPS_PER_PERSON_LIMIT + columns["sequence"]
    n = len(order)
    return columns | {
        "trip_id": trip_id,
        "mode": np.full(n, CAR),
        "depart_s": columns["depart_s"].round(3),
        "distance_m": columns["distance_m"].round(3),
        "duration_s": np.full(n, np.nan),
    }
