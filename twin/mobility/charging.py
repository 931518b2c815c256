"""Charging of electric vehicles: from what they drove, where they stand, and until when.

Each vehicle has a state of charge that its trips lower. It is plugged in on arrival where it can be and is
low enough, and takes its charger's power until it is full or drives on. It begins the day anywhere between
that level and full, as in the long run, so that on the mean day what is charged is what was driven, losses
and what is driven outside the area apart. Nobody queues for a charger. A charger without power stops, and
goes on when it has power again. `twin.utilities.demand` can add the load to that of buildings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import HORIZON_MS, MS
from twin.kernels.random import stream_of, uniforms
from twin.mobility.curves import BY_CURRENT
from twin.population.population import Population
from twin.population.residents.fleet import TripVehicles, VehicleFleet
from twin.population.tables import BUSINESS, WORK
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import ELECTRIC, PLUG_IN
from twin.units import MS_PER_H

AT_HOME, AT_WORK, PUBLIC = range(3)
SPOTS = ("home", "work", "public")
_STATE, _SPOT, _HOME_POWER = (
    stream_of(f"mobility.charging.{name}") for name in ("state", "spot", "home power")
)


Powered = dict[int, list[tuple[int, int]]]
"""Times with power [ms] of places that are without at some time, by place row, in order."""


class Charging(NamedTuple):
    """Charging sessions (n,), one for each stretch with power.

    Rows of vehicle, person, place and `SPOTS`; start and end [ms], power [kW].
    """

    vehicle: NDArray[np.int64]
    person: NDArray[np.int64]
    place: NDArray[np.int64]
    spot: NDArray[np.int64]
    start_ms: NDArray[np.int64]
    end_ms: NDArray[np.int64]
    kw: NDArray[np.float64]

    @property
    def kwh(self) -> NDArray[np.float64]:
        """Energy of each session from the network (n,) [kWh]."""
        energy: NDArray[np.float64] = self.kw * (self.end_ms - self.start_ms) / MS_PER_H
        return energy

    def between(self, start_ms: int, end_ms: int, n_places: int) -> NDArray[np.float64]:
        """Energy drawn at each place in [start, end) (n_places,) [kWh]."""
        lasts = np.minimum(self.end_ms, end_ms) - np.maximum(self.start_ms, start_ms)
        kwh = self.kw * np.maximum(lasts, 0) / MS_PER_H
        return np.asarray(np.bincount(self.place, weights=kwh, minlength=n_places), dtype=np.float64)


@dataclass(frozen=True)
class Habit:
    """How vehicles that take current are charged (n_vehicles,): battery, spot, power at home, first state."""

    battery_kwh: NDArray[np.float64]
    spot: NDArray[np.int64]
    home_kw: NDArray[np.float64]
    starts_full: NDArray[np.float64]


def habits_of(fleet: VehicleFleet, parameters: Parameters, seed: int) -> Habit:
    """Battery, charger and state of charge at 00:00 of each vehicle, by draws of its own key."""
    key = fleet.vehicle_key
    by_class = np.array(parameters["charging.battery_kwh"], dtype=np.float64)
    battery = by_class[fleet.vehicle_class]
    battery[fleet.fuel == PLUG_IN] = parameters["charging.plug_in_battery_kwh"]
    home = np.where(fleet.household >= 0, float(parameters["charging.home_share"]), 0.0)
    u = uniforms(seed, _SPOT, key)
    works = u < home + (1.0 - home) * float(parameters["charging.work_share"])
    spot = np.where(u < home, AT_HOME, np.where(works, AT_WORK, PUBLIC))
    ladder = np.cumsum(parameters["charging.home_power_shares"])
    step = np.searchsorted(ladder / ladder[-1], uniforms(seed, _HOME_POWER, key), side="right")
    low = float(parameters["charging.plug_in_below"])
    return Habit(
        battery,
        spot,
        np.array(parameters["charging.home_kw"])[step],
        low + (1.0 - low) * uniforms(seed, _STATE, key),
    )


def charging_of(
    population: Population,
    fleet: VehicleFleet,
    vehicles: TripVehicles,
    energy_by_trip: NDArray[np.float64],
    moments: tuple[NDArray[np.int64], NDArray[np.int64]],
    parameters: Parameters,
    seed: int,
    powered: Powered | None = None,
) -> Charging:
    """The charging sessions of a day.

    Parameters
    ----------
    vehicles, energy_by_trip
        What made each trip, and what it used, (n_trips, n_carriers) (`twin.mobility.emissions`).
    moments
        When each trip departed and arrived (n_trips,) [ms], -1 never.
    powered
        Where the network fails; everywhere else there is power all day.
    """
    departed_ms, arrived_ms = moments
    takes = (vehicles.fuel == ELECTRIC) | (vehicles.fuel == PLUG_IN)
    rows = np.flatnonzero(takes & (departed_ms >= 0))
    rows = rows[np.lexsort((departed_ms[rows], vehicles.row[rows]))]
    vehicle = vehicles.row[rows].astype(np.int64)
    follows = np.append(vehicle[1:] == vehicle[:-1], False)[: len(rows)]
    until_ms = np.where(follows, np.append(departed_ms[rows][1:], 0)[: len(rows)], HORIZON_MS)
    trips = population.trips
    habit = habits_of(fleet, parameters, seed)
    spot = habit.spot[vehicle]
    there = _at_its_spot(population, rows, spot) & (arrived_ms[rows] >= 0)
    least_ms = round(float(parameters["charging.least_stay_min"]) * 60.0 * MS)
    there &= until_ms - arrived_ms[rows] >= least_ms
    power = np.array([0.0, parameters["charging.work_kw"], parameters["charging.public_kw"]])
    kw = np.where(spot == AT_HOME, habit.home_kw[vehicle], power[spot])
    used_kwh = energy_by_trip[rows, BY_CURRENT]
    place = trips.destination_place[rows].astype(np.int64)
    stays = _Stays(vehicle, place, arrived_ms[rows], until_ms, there, kw, used_kwh)
    stay, start_ms, end_ms = _sessions(stays, habit, parameters, powered or {})
    return Charging(
        vehicle[stay],
        trips.person[rows[stay]].astype(np.int64),
        place[stay],
        spot[stay],
        start_ms,
        end_ms,
        kw[stay],
    )


def _at_its_spot(
    population: Population, rows: NDArray[np.int64], spot: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether trips (rows) end where their vehicle's charger is."""
    trips = population.trips
    at_home = (trips.destination_place == population.persons.home[trips.person])[rows]
    at_work = np.isin(trips.purpose, (WORK, BUSINESS))[rows]
    there = np.select([spot == AT_HOME, spot == AT_WORK], [at_home, at_work], True)
    return np.asarray(there & (trips.destination_place[rows] >= 0))


class _Stays(NamedTuple):
    """Stays after trips (n,), by vehicle and in order: where, when, at what power, what was used before."""

    vehicle: NDArray[np.int64]
    place: NDArray[np.int64]
    start_ms: NDArray[np.int64]
    until_ms: NDArray[np.int64]
    there: NDArray[np.bool_]
    kw: NDArray[np.float64]
    used_kwh: NDArray[np.float64]


def _sessions(
    stays: _Stays, habit: Habit, parameters: Parameters, powered: Powered
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Sessions: row of the stay, start and end [ms]; until the vehicle is full or drives on."""
    low, efficiency = (float(parameters[f"charging.{name}"]) for name in ("plug_in_below", "efficiency"))
    found: list[tuple[int, int, int]] = []
    state, last = 1.0, -1
    for number, vehicle in enumerate(stays.vehicle.tolist()):
        if vehicle != last:
            state, last = float(habit.starts_full[vehicle]), vehicle
        battery_kwh, kw = float(habit.battery_kwh[vehicle]), float(stays.kw[number])
        state = max(state - float(stays.used_kwh[number]) / battery_kwh, 0.0)
        if not stays.there[number] or state >= low:
            continue
        left_ms = round((1.0 - state) * battery_kwh / efficiency / kw * MS_PER_H)
        stay = int(stays.start_ms[number]), int(stays.until_ms[number])
        charged_ms = 0
        for on, off in powered.get(int(stays.place[number]), (stay,)):
            begin = max(on, stay[0])
            end = min(begin + left_ms - charged_ms, off, stay[1])
            if end > begin:
                found.append((number, begin, end))
                charged_ms += end - begin
        state += charged_ms / MS_PER_H * kw * efficiency / battery_kwh
    stay_row, start_ms, end_ms = np.array(found, dtype=np.int64).reshape(-1, 3).T
    return stay_row, start_ms, end_ms
