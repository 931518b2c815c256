"""The homes of a result: where people live, and how far they have to services of everyday life."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.indicators.accessibility import CAR, WITHOUT_CAR
from twin.indicators.records import DayRecord
from twin.scenario.basket import SERVICES
from twin.study.tables import OUTSIDE, named

BASKET = "basket"
"""In place of a service: the mean over all that the territory has."""


def without_car(service: str = BASKET) -> str:
    """Column of the minutes without a car to the nearest service of a kind, or to the basket."""
    return f"{service}_without_car_min"


def homes_table(record: DayRecord) -> pd.DataFrame:
    """One row a home: inhabitants, and their mean minutes to the nearest services.

    Without a car to each service, and to the basket without and by car; NaN where a territory has none.
    """
    access, places = record.access, record.territory.places
    cells = access.cells
    people = np.bincount(cells.home, weights=cells.people, minlength=cells.homes.shape[0])

    def mean(values: np.ndarray) -> np.ndarray:
        total = np.bincount(cells.home, weights=cells.people * values, minlength=people.shape[0])
        return total / people

    known = np.flatnonzero(access.known)
    nearest = access.nearest_min
    unknown = np.full(people.shape[0], np.nan)
    columns = {
        "place_id": places.place_id[cells.homes],
        "lon": places.lon[cells.homes],
        "lat": places.lat[cells.homes],
        "zone": named(places.zone[cells.homes], record.territory.zones.name, OUTSIDE),
        "inhabitants": people,
        without_car(): mean(nearest[WITHOUT_CAR][known].mean(axis=0)) if known.size else unknown,
        "basket_by_car_min": mean(nearest[CAR][known].mean(axis=0)) if known.size else unknown,
    }
    for row, service in enumerate(SERVICES):
        columns[without_car(service)] = mean(nearest[WITHOUT_CAR][row]) if access.known[row] else unknown
    return pd.DataFrame(columns)
