"""Emissions and energy by link, class of vehicle and hour, worked out when asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import HORIZON_S, MS
from twin.indicators.records import DayRecord
from twin.mobility.curves import factors_of
from twin.mobility.emissions import NANO, QUANTITIES, chunks, emitted
from twin.scenario.vehicles import VEHICLE_CLASSES
from twin.study.tables import named

N_HOURS = HORIZON_S // 3_600
HOUR_MS = 3_600 * MS


def emissions_table(record: DayRecord) -> pd.DataFrame:
    """One row a link, class of vehicle and hour of entry with traffic: vehicles, km, and each quantity.

    Buses and shared vehicles are in it. Columns are named as in `twin.mobility.emissions.QUANTITIES`.
    """
    n_links, n_classes = record.territory.streets.n_links, len(VEHICLE_CLASSES)
    size = N_HOURS * n_classes * n_links
    factors, length_m = factors_of(record.parameters), record.territory.streets.length_m
    n_vehicles, totals = np.zeros(size, dtype=np.int64), {name: np.zeros(size) for name in QUANTITIES}
    driven = [(record.passages, record.vehicles), *([record.services] if record.services else [])]
    for part, vehicles in ((part, vehicles) for passages, vehicles in driven for part in chunks(passages)):
        hour = np.minimum(part.enter_ms // HOUR_MS, N_HOURS - 1)
        vehicle_class = vehicles.vehicle_class[part.trip].astype(np.int64)
        cell = (hour * n_classes + vehicle_class) * n_links + part.link
        found = emitted(part, vehicles, length_m, factors)
        n_vehicles += np.bincount(cell, minlength=size)
        for name in QUANTITIES:
            totals[name] += np.bincount(cell, weights=getattr(found, name), minlength=size)
    used = np.flatnonzero(n_vehicles)
    link = used % n_links
    return pd.DataFrame(
        {
            "link_id": named(link, record.territory.streets.link_id),
            "vehicle": named(used // n_links % n_classes, VEHICLE_CLASSES),
            "hour": (used // n_links // n_classes).astype(np.int16),
            "vehicles": n_vehicles[used],
            "vehicle_km": n_vehicles[used] * length_m[link] / 1_000.0,
            **{name: total[used] / NANO for name, total in totals.items()},
        }
    )
