"""What rules for vehicles left behind in a day: tolls paid, kilometres driven by barred vehicles."""

from __future__ import annotations

import numpy as np

from twin.clock import MS
from twin.indicators.records import ROAD_MANAGER, DayRecord
from twin.mobility.passages import Passages
from twin.model.vehicle_rules import VehicleRules
from twin.population.residents.fleet import TripVehicles
from twin.units import CENTS_PER_EUR


def toll_cents(rules: VehicleRules, passages: Passages, from_gate: np.ndarray) -> np.ndarray | None:
    """What each trip paid in tolls (n_trips,) int64 [cents], None without any toll.

    A vehicle pays when it drives onto a tolled link from another, or by a gateway (``from_gate``, (n_trips,)
    bool), in the toll's hours; who sets out from a place on one does not.
    """
    n_trips = from_gate.shape[0]
    if not rules.gates:
        return None
    order = np.lexsort((passages.enter_ms, passages.trip))
    trip, link = passages.trip[order], passages.link[order]
    follows = np.append(False, trip[1:] == trip[:-1])[: trip.shape[0]]
    paid = np.zeros(n_trips, dtype=np.int64)
    for number, gate in enumerate(rules.gates):
        on = gate.links[link]
        came_from = np.append(False, on[:-1])[: on.shape[0]] & follows
        enters = (
            on & ~came_from & (follows | from_gate[trip]) & gate.order.holds(passages.enter_ms[order] / MS)
        )
        cents = np.rint(rules.eur[number] * CENTS_PER_EUR).astype(np.int64)
        paid += np.bincount(trip[enters], minlength=n_trips).astype(np.int64) * cents
    return paid


def barred_km(
    rules: VehicleRules, vehicles: TripVehicles, passages: Passages, length_m: np.ndarray
) -> np.ndarray | None:
    """Kilometres of each trip in low-emission zones whose vehicle they bar (n_trips,), None without any."""
    if not rules.zones:
        return None
    total = np.zeros(vehicles.row.shape[0])
    for zone in rules.zones:
        barred = zone.order.bars(vehicles.vehicle_class, vehicles.fuel, vehicles.critair)
        inside = zone.links[passages.link] & barred[passages.trip]
        inside &= zone.order.holds(passages.enter_ms / MS)
        trip, link = passages.trip[inside], passages.link[inside]
        total += np.bincount(trip, weights=length_m[link], minlength=total.shape[0]) / 1_000.0
    return total


def post_tolls(record: DayRecord) -> None:
    """Book tolls, from travellers by the zone where they live to the city."""
    if record.toll_cents is None:
        return
    zone = record.population.persons.zone[record.population.trips.person]
    for row, name in ((-1, "outside"), *enumerate(record.territory.zones.name)):
        cents = int(record.toll_cents[zone == row].sum())
        record.accounts.post(f"travellers of {name}", ROAD_MANAGER, cents, "toll")
