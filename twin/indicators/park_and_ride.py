"""Park and ride: who left a car beside a stop, and how full the car parks were."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.records import DayRecord
from twin.indicators.transit import RIDING


@indicator("veh", "none", RIDING, extensive=True)
def cars_parked_to_ride(record: DayRecord, focus: Focus) -> Groups:
    """Cars that travellers of the focus left beside a stop to ride on, in all and by car park."""
    transit = record.transit
    if transit is None or not transit.park_name:
        return {}
    park = transit.park_of_trip[focus.trips(record)]
    count = np.bincount(park[park >= 0], minlength=len(transit.park_name))
    by_park = {f"park:{name}": float(n) for name, n in zip(transit.park_name, count, strict=True)}
    return {EVERYBODY: float(count.sum()), **by_park}


@indicator("share", "none", RIDING)
def car_park_use(record: DayRecord, focus: Focus) -> Groups:
    """Share of the car parks' spaces that were taken in the day, in all and by car park; whole area only."""
    transit = record.transit
    if transit is None or not transit.park_name or not focus.is_whole:
        return {}
    park = transit.park_of_trip
    count = np.bincount(park[park >= 0], minlength=len(transit.park_name))
    shares = zip(transit.park_name, count, transit.park_spaces, strict=True)
    by_park = {f"park:{name}": ratio(float(n), float(spaces)) for name, n, spaces in shares}
    return {EVERYBODY: ratio(float(count.sum()), float(transit.park_spaces.sum())), **by_park}
