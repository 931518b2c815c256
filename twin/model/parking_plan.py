"""What is fixed of parking in a month, and where every car stands at midnight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.clock import HORIZON_MS, HORIZON_S, MS
from twin.errors import InputError
from twin.kernels.parking import OWN, STREET, UNSERVED, Drive
from twin.mobility.parking import ParkingChange, ParkingSupply, parking_supply_of, ranks_within
from twin.model.state import ParkingState
from twin.population.days.modes import value_of_time_eur_per_h
from twin.routing.kerbs import other_directions
from twin.scenario.modifications import Parking
from twin.territory.select import select_links
from twin.units import MS_PER_H

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

ELSEWHERE = -1  # a car outside the territory, or none


@dataclass(frozen=True)
class ParkingPlan:
    """What is fixed of parking in a month: supply, and of each trip its paid hours and worth of money."""

    supply: ParkingSupply
    drive: Drive
    hours_from_ms: np.ndarray  # (n_trips,) moment at which the stay after the trip is planned to end
    most_paid_h: float
    ms_per_eur: np.ndarray  # (n_trips,) 0 where nothing is paid


def parking_plan_of(model: TwinModel) -> ParkingPlan | None:
    """The month's parking; None where everybody finds a space at once."""
    parkings = model.spec.orders(Parking)
    changes = [
        ParkingChange(
            select_links(order.links, model.territory.streets, model.territory.zones),
            order.factor,
            order.eur_per_h,
        )
        for order in parkings
    ]
    parameters, streets = model.parameters, model.territory.streets
    if not parameters["parking.limited"]:
        if parkings:
            what, right = (
                "has no effect while parking is not limited",
                '"parking.limited" = 1 in [parameters]',
            )
            raise InputError(parkings[0].where("kind"), what, right)
        return None
    other = other_directions(streets.tail, streets.head, streets.length_m)
    supply = parking_supply_of(streets, model.territory.places, other, parameters, changes)
    walk = parameters["population.detour_factor_walk"] / parameters["population.walk_speed_mps"] * MS
    drive = Drive(
        model.roads.free_ms.astype(np.int32), walk, round(parameters["parking.longest_search_s"] * MS)
    )
    trips, persons = model.population.trips, model.population.persons
    last = np.append(np.diff(trips.person) != 0, True)[: model.n_trips]
    ends_ms = np.where(last, HORIZON_MS, np.roll(model.plan_ms, -1))
    worth = value_of_time_eur_per_h(trips.purpose, parameters)
    at_home = trips.destination_place == persons.home[trips.person]
    ms_per_eur = np.where(at_home, 0.0, MS_PER_H / worth)
    return ParkingPlan(supply, drive, ends_ms, parameters["parking.most_paid_h"], ms_per_eur)


def opening_of(model: TwinModel) -> ParkingState:
    """Every car where it stands at midnight: with the first trip of its driver, else at home."""
    plan, n_trips = model.parking, model.n_trips
    if plan is None:
        return ParkingState.none()
    trips, persons = model.population.trips, model.population.persons
    supply, n_persons = plan.supply, len(persons)
    state = ParkingState(
        own=supply.own.copy(),
        free=supply.spaces.copy(),
        kind=np.full(n_persons, UNSERVED, dtype=np.int8),
        row=np.full(n_persons, ELSEWHERE, dtype=np.int32),
        link=np.full(n_trips, -1, dtype=np.int32),
        found=np.full(n_trips, UNSERVED, dtype=np.int8),
        searched=np.zeros(n_trips, dtype=np.bool_),
        walk_ms=np.zeros(n_trips, dtype=np.int64),
        fee_eur=np.zeros(n_trips),
        taken=np.zeros((HORIZON_S // model.step_s, len(model.territory.zones.name)), dtype=np.int32),
    )
    cars = np.flatnonzero(model.may_drive)  # who is refused a shared vehicle takes the car
    _, first = np.unique(trips.person[cars], return_index=True)
    rows = cars[first]
    rows = rows[trips.origin_place[rows] >= 0]
    key = np.argsort(np.argsort(persons.person_key[trips.person[rows]]))
    _stand(state, supply, trips.person[rows], trips.origin_place[rows], model.car_trips.origin[rows], key)
    _leave_idle(state, model, trips.person[rows])
    return state


def _stand(
    state: ParkingState,
    supply: ParkingSupply,
    person: np.ndarray,
    place: np.ndarray,
    link: np.ndarray,
    key: np.ndarray,
) -> None:
    """Cars of persons (n,) at places: in own spaces by key, then in the street, the rest anywhere."""
    own = ranks_within(place, key) < state.own[place]
    state.kind[person[own]], state.row[person[own]] = OWN, place[own]
    np.subtract.at(state.own, place[own], 1)
    person, key = person[~own], key[~own]
    street = supply.street[link[~own]]
    on_street = (street >= 0) & (ranks_within(street, key) < state.free[street])
    state.kind[person[on_street]], state.row[person[on_street]] = STREET, link[~own][on_street]
    np.subtract.at(state.free, street[on_street], 1)


def _leave_idle(state: ParkingState, model: TwinModel, drivers: np.ndarray) -> None:
    """Cars of households beyond those driven today fill what is left at home, own spaces first."""
    persons = model.population.persons
    housed = np.flatnonzero((persons.household >= 0) & (persons.home >= 0))
    household, first, of = np.unique(persons.household[housed], return_index=True, return_inverse=True)
    drives = np.isin(housed, drivers)
    idle = persons.household_cars[housed][first] - np.bincount(of[drives], minlength=len(household))
    n_idle = np.bincount(
        persons.home[housed][first], weights=np.maximum(idle, 0), minlength=len(state.own)
    ).astype(np.int64)
    own = np.minimum(n_idle, state.own)
    state.own -= own.astype(np.int32)
    assert model.parking is not None
    street = model.parking.supply.street[model.territory.places.access_link]
    waiting = np.zeros(len(state.free), dtype=np.int64)
    here = street >= 0
    np.add.at(waiting, street[here], (n_idle - own)[here])
    state.free -= np.minimum(waiting, state.free).astype(np.int32)
