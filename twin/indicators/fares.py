"""What is paid for riding."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY
from twin.indicators.indicator import Groups, indicator
from twin.indicators.records import DayRecord
from twin.indicators.transit import RIDING
from twin.units import CENTS_PER_EUR


@indicator("EUR", "none", (*RIDING, "population.transit_fare_eur"), extensive=True)
def fare_revenue(record: DayRecord, focus: Focus) -> Groups:
    """Fares that people of the focus paid on the timetable's lines."""
    transit = record.transit
    if transit is None:
        return {}
    chosen = focus.trips(record)[transit.trip]
    return {EVERYBODY: float(transit.paid_cents[chosen].sum()) / CENTS_PER_EUR}


@indicator("EUR/trip", "lower", (*RIDING, "population.transit_fare_eur"))
def mean_fare(record: DayRecord, focus: Focus) -> Groups:
    """Fare of a trip by the timetable's lines, of those who got on: ``sum(paid) / n``."""
    transit = record.transit
    if transit is None:
        return {}
    rider = np.repeat(np.arange(transit.trip.shape[0]), np.diff(transit.ride_start))
    got_on = np.zeros(transit.trip.shape[0], dtype=np.bool_)
    got_on[rider[transit.board_call >= 0]] = True
    chosen = focus.trips(record)[transit.trip] & got_on
    n = int(chosen.sum())
    return {EVERYBODY: float(transit.paid_cents[chosen].sum()) / CENTS_PER_EUR / n} if n else {}
