"""Emissions and energy by link, class of vehicle and hour, worked out when asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import N_HOURS
from twin.indicators.records import DayRecord
from twin.mobility.curves import factors_of
from twin.mobility.emissions import QUANTITIES, PassageColumns, day_emissions
from twin.scenario.vehicles import VEHICLE_CLASSES
from twin.study.tables import named
from twin.units import MS_PER_H


def emissions_table(record: DayRecord) -> pd.DataFrame:
    """One row a link, class of vehicle and hour of entry with traffic: vehicles, km, and each quantity.

    Buses and shared vehicles are in it. Columns are named as in `twin.mobility.emissions.QUANTITIES`.
    """
    streets, factors = record.territory.streets, factors_of(record.parameters)
    n_classes = len(VEHICLE_CLASSES)
    parts = []
    for passages, vehicles in [(record.passages, record.vehicles), *filter(None, [record.services])]:
        hour = np.minimum(passages.enter_ms // MS_PER_H, N_HOURS - 1).astype(np.int64)
        part = hour * n_classes + vehicles.vehicle_class[passages.trip]
        order = np.argsort(part, kind="stable")
        of_parts = np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if part.size else []
        for rows in of_parts:
            here = PassageColumns(*(np.asarray(column)[rows] for column in passages))
            found = day_emissions(here, vehicles, streets.length_m, factors)
            n_vehicles = np.bincount(here.link, minlength=streets.n_links)
            used = np.flatnonzero(n_vehicles)
            quantities = {name: found.by_link[name][used] for name in QUANTITIES}
            at = {"part": np.full(used.shape, part[rows[0]]), "link": used, "vehicles": n_vehicles[used]}
            parts.append(pd.DataFrame({**at, **quantities}))
    if not parts:
        parts = [pd.DataFrame({name: [] for name in ("part", "link", "vehicles", *QUANTITIES)})]
    table = pd.concat(parts).groupby(["part", "link"], as_index=False).sum()
    link, kind = (table[name].to_numpy(dtype=np.int64) for name in ("link", "part"))
    return pd.DataFrame(
        {
            "link_id": named(link, streets.link_id),
            "vehicle": named(kind % n_classes, VEHICLE_CLASSES),
            "hour": (kind // n_classes).astype(np.int16),
            "vehicles": table["vehicles"],
            "vehicle_km": table["vehicles"] * streets.length_m[link] / 1_000.0,
            **{name: table[name] for name in QUANTITIES},
        }
    )
