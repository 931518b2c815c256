"""Charging of electric vehicles: from what they drove, where they stand, and until when.

Each vehicle has a state of charge that its trips lower. It is plugged in on arrival where it can be and is
low enough, and takes its charger's power until it is full or drives on. It begins the day anywhere between
that level and full, as in the long run, so that on the mean day what is charged is what was driven, losses
and what is driven outside the area apart. Nobody queues for a charger. `twin.utilities.demand` can add the
load to that of buildings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import HORIZON_S, MS
from twin.kernels.random import stream_of, uniforms
from twin.mobility.curves import BY_CURRENT
from twin.population.fleet import TripVehicles, VehicleFleet
from twin.population.population import Population
from twin.population.tables import BUSINESS, WORK
from twin.scenario.ledger import Parameters
from twin.scenario.vehicles import ELECTRIC, PLUG_IN

AT_HOME, AT_WORK, PUBLIC = range(3)
SPOTS = ("home", "work", "public")
MS_PER_H = 3_600.0 * MS
HORIZON_MS = HORIZON_S * MS
_STATE, _SPOT, _HOME_POWER = (
    stream_of(f"mobility.charging.{name}") for name in ("state", "spot", "home power")
)


class Charging(NamedTuple):
    """Charging sessions (n,): rows of vehicle, person, place and `SPOTS`; start and end [ms], power [kW]."""

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
        drawn: NDArray[np.float64] = np.bincount(self.place, weights=kwh, minlength=n_places)
        return drawn


@dataclass(frozen=True)
class Habit:
    """How each vehicle of the fleet is charged (n_vehicles,): battery [kWh], spot, power at home [kW]."""

    battery_kwh: NDArray[np.float64]
    spot: NDArray[np.int64]
    home_kw: NDArray[np.float64]
    starts_full: NDArray[np.float64]


def habits_of(fleet: VehicleFleet, parameters: Parameters, seed: int) -> Habit:
    """Battery, charger and state of charge at 00:00 of each vehicle, by draws of its own key."""
    key = fleet.vehicle_key
    battery = np.array(parameters["charging.battery_kwh"])[fleet.vehicle_class]
    battery = np.where(fleet.fuel == PLUG_IN, parameters["charging.plug_in_battery_kwh"], battery)
    battery = np.where((fleet.fuel == ELECTRIC) | (fleet.fuel == PLUG_IN), battery, 0.0)
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
) -> Charging:
    """The charging sessions of a day.

    Parameters
    ----------
    vehicles, energy_by_trip
        What made each trip, and what it used, (n_trips, n_carriers) (`twin.mobility.emissions`).
    moments
        When each trip departed and arrived (n_trips,) [ms], -1 never.
    """
    departed_ms, arrived_ms = moments
    trips = population.trips
    habit = habits_of(fleet, parameters, seed)
    takes = (vehicles.fuel == ELECTRIC) | (vehicles.fuel == PLUG_IN)
    rows = np.flatnonzero(takes & (departed_ms >= 0))
    rows = rows[np.lexsort((departed_ms[rows], vehicles.row[rows]))]
    vehicle = vehicles.row[rows]
    follows = np.append(vehicle[1:] == vehicle[:-1], False)[: len(rows)]
    until = np.where(follows, np.append(departed_ms[rows][1:], 0)[: len(rows)], HORIZON_MS)
    at_home = trips.destination_place == population.persons.home[trips.person]
    at_work = np.isin(trips.purpose, (WORK, BUSINESS))
    kw = (np.nan, float(parameters["charging.work_kw"]), float(parameters["charging.public_kw"]))
    low, efficiency = (float(parameters[f"charging.{name}"]) for name in ("plug_in_below", "efficiency"))
    least_ms = round(float(parameters["charging.least_stay_min"]) * 60.0 * MS)
    found: list[tuple[int, int, int, int, int, int, float]] = []
    state, last = 1.0, -1
    for number, trip in enumerate(rows.tolist()):
        car = int(vehicle[number])
        if car != last:
            state, last = float(habit.starts_full[car]), car
        state = max(state - float(energy_by_trip[trip, BY_CURRENT]) / float(habit.battery_kwh[car]), 0.0)
        spot = int(habit.spot[car])
        here = at_home[trip] if spot == AT_HOME else at_work[trip] if spot == AT_WORK else True
        place, start = int(trips.destination_place[trip]), int(arrived_ms[trip])
        if not here or place < 0 or start < 0 or state >= low or until[number] - start < least_ms:
            continue
        power = float(habit.home_kw[car]) if spot == AT_HOME else kw[spot]
        needed_ms = (1.0 - state) * float(habit.battery_kwh[car]) / efficiency / power * MS_PER_H
        end = min(start + round(needed_ms), int(until[number]))
        state += (end - start) / MS_PER_H * power * efficiency / float(habit.battery_kwh[car])
        found.append((car, int(trips.person[trip]), place, spot, start, end, power))
    columns = list(zip(*found, strict=True)) if found else [()] * 7
    whole = [np.array(column, dtype=np.int64) for column in columns[:6]]
    return Charging(*whole, np.array(columns[6], dtype=np.float64))
