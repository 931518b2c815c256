"""Rules for vehicles: tolls paid, and who drives in a low-emission zone that bars him."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratios
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import TRAFFIC
from twin.indicators.records import DayRecord
from twin.scenario.vehicles import VEHICLE_CLASSES
from twin.units import CENTS_PER_EUR


@indicator("EUR", "none", TRAFFIC, extensive=True)
def tolls_paid(record: DayRecord, focus: Focus) -> Groups:
    """Tolls paid by the people of the focus, in all and by class of vehicle; nothing where there is none."""
    if record.toll_cents is None:
        return {}
    chosen = focus.trips(record) & record.by_car
    by_class = np.bincount(
        record.vehicles.vehicle_class[chosen],
        weights=record.toll_cents[chosen],
        minlength=len(VEHICLE_CLASSES),
    )
    of_class = {
        f"vehicle:{name}": float(by_class[row]) / 100.0 for row, name in enumerate(VEHICLE_CLASSES[:-1])
    }
    return {EVERYBODY: float(by_class.sum()) / 100.0, **of_class}


@indicator("EUR/trip", "lower", TRAFFIC)
def toll_per_trip(record: DayRecord, focus: Focus) -> Groups:
    """Toll of a trip by car of the people of the focus, for everybody, by age and by skill."""
    if record.toll_cents is None:
        return {}
    return ratios(record, focus.trips(record) & record.by_car, record.toll_cents / CENTS_PER_EUR)


@indicator("veh km", "lower", TRAFFIC, extensive=True)
def barred_vehicle_km(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres that the people of the focus drive in low-emission zones by vehicles that these bar."""
    if record.barred_km is None:
        return {}
    return {EVERYBODY: float(record.barred_km[focus.trips(record)].sum())}
