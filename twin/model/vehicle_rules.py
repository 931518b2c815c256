"""Rules for vehicles on a day: whose vehicle is barred, what each trip is charged, how links feel to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from twin.behaviour.tolls import charge_ms
from twin.kernels.paths import BLOCKED
from twin.kernels.random import stream_of, uniforms
from twin.population.days.modes import value_of_time_eur_per_h
from twin.population.residents.fleet import TripVehicles, VehicleFleet
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.scenario.vehicle_rules import LowEmissionZone, Toll
from twin.scenario.vehicles import LORRY, VAN
from twin.territory.select import select_links
from twin.territory.territory import Territory

if TYPE_CHECKING:
    from twin.population.population import Population

COMPLIANCE = stream_of("behaviour.low emission zone")


@dataclass(frozen=True)
class Zone:
    """A low-emission zone and its links (n_links,) bool."""

    order: LowEmissionZone
    links: np.ndarray

    def shuts_out(self, fleet: VehicleFleet, seed: int) -> np.ndarray:
        """Vehicles that it bars and whose drivers comply, (n,) bool, by a draw of each vehicle."""
        barred = self.order.bars(fleet.vehicle_class, fleet.fuel, fleet.critair)
        return np.asarray(barred & (uniforms(seed, COMPLIANCE, fleet.vehicle_key) < self.order.compliance))


@dataclass(frozen=True)
class TollGate:
    """A toll: its links (n_links,) bool, and those of them that are entered from other links."""

    order: Toll
    links: np.ndarray
    entries: np.ndarray


@dataclass(frozen=True)
class VehicleRules:
    """The rules in force in a month, and how they bear on each trip.

    Parameters
    ----------
    zones, gates
        Low-emission zones and tolls.
    shut_out
        By zone, (n_trips,) bool: the trip's vehicle is barred and its driver complies.
    eur
        By toll, (n_trips,): what the trip's vehicle pays a time.
    value_of_time_eur_per_h
        (n_trips,).
    group
        (n_trips,) int64: trips of one group are under the same rules; 0 are under none.
    """

    zones: tuple[Zone, ...]
    gates: tuple[TollGate, ...]
    shut_out: np.ndarray
    eur: np.ndarray
    value_of_time_eur_per_h: np.ndarray
    group: np.ndarray

    @cached_property
    def any(self) -> bool:
        """Whether any trip is under any rule."""
        return bool(self.group.any())

    def felt_ms(self, weight_ms: np.ndarray, group: int, moment_s: float) -> np.ndarray:
        """Weights of links (n_links,) int32 as a group's trips have them at a moment."""
        if not group:
            return weight_ms
        trip = int(np.argmax(self.group == group))
        felt = weight_ms
        for number, gate in enumerate(self.gates):
            if self.eur[number, trip] > 0.0 and gate.order.holds(moment_s):
                charge = charge_ms(gate.entries * self.eur[number, trip], self._value(trip))
                felt = np.where(felt < BLOCKED, np.minimum(felt, BLOCKED - 1 - charge) + charge, felt)
        for number, zone in enumerate(self.zones):
            if self.shut_out[number, trip] and zone.order.holds(moment_s):
                felt = np.where(zone.links, BLOCKED, felt)
        return felt.astype(np.int32)

    def charge_of(self, trip: int) -> np.ndarray:
        """What the vehicle of a trip feels to be charged by slice and link (N_SLICES, n_links) int32 [ms]."""
        total = 0
        for number, gate in enumerate(self.gates):
            charge = charge_ms(gate.entries * self.eur[number, trip], self._value(trip))
            total = total + gate.order.slices()[:, None] * charge
        return np.asarray(total, dtype=np.int32)

    def _value(self, trip: int) -> float:
        return float(self.value_of_time_eur_per_h[trip])


def low_emission_zones_of(scenario: Scenario, territory: Territory) -> tuple[Zone, ...]:
    """Low-emission zones in force in the scenario's month that bar anything."""
    return tuple(Zone(order, _mask(order, territory)) for order in scenario.orders(LowEmissionZone))


def toll_gates_of(scenario: Scenario, territory: Territory) -> tuple[TollGate, ...]:
    """Tolls in force in the scenario's month."""
    found = []
    for order in scenario.orders(Toll):
        links = _mask(order, territory)
        streets = territory.streets
        from_outside = np.zeros(streets.n_nodes, dtype=np.bool_)
        from_outside[streets.head[~links]] = True
        found.append(TollGate(order, links, links & from_outside[streets.tail]))
    return tuple(found)


def rules_of(
    zones: tuple[Zone, ...],
    gates: tuple[TollGate, ...],
    population: Population,
    fleet: VehicleFleet,
    vehicles: TripVehicles,
    parameters: Parameters,
    seed: int,
) -> VehicleRules:
    """How the rules in force bear on the trips of a day, made by those vehicles."""
    n_trips = vehicles.row.shape[0]
    if not zones and not gates:
        none = np.zeros((0, n_trips))
        return VehicleRules(zones, gates, none, none, np.zeros(n_trips), np.zeros(n_trips, dtype=np.int64))
    driven = vehicles.row >= 0
    shut_out = np.zeros((len(zones), n_trips), dtype=np.bool_)
    for number, zone in enumerate(zones):
        shut_out[number, driven] = zone.shuts_out(fleet, seed)[vehicles.row[driven]]
    eur = np.zeros((len(gates), n_trips))
    for number, gate in enumerate(gates):
        eur[number, driven] = gate.order.eur_by_class[vehicles.vehicle_class[driven]]
    value = value_of_time(population.trips.purpose, vehicles.vehicle_class, parameters)
    felt = np.vstack([shut_out, eur, np.where(eur.any(axis=0), value, 0.0)])
    group = np.zeros(n_trips, dtype=np.int64)
    under = np.flatnonzero(felt.any(axis=0))
    group[under] = 1 + np.unique(felt[:, under].T, axis=0, return_inverse=True)[1].ravel()
    return VehicleRules(zones, gates, shut_out, eur, value, group)


def value_of_time(purpose: np.ndarray, vehicle_class: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Value of time of each trip (n_trips,) [EUR/h]: by class of vehicle, of cars by purpose."""
    van, lorry = (parameters[f"behaviour.value_of_time_{name}_eur_per_h"] for name in ("van", "lorry"))
    return np.select(
        [vehicle_class == VAN, vehicle_class == LORRY],
        [van, lorry],
        value_of_time_eur_per_h(purpose, parameters),
    )


def _mask(order: LowEmissionZone | Toll, territory: Territory) -> np.ndarray:
    mask = np.zeros(territory.streets.n_links, dtype=np.bool_)
    mask[select_links(order.links, territory.streets, territory.zones, places=territory.places)] = True
    return mask
