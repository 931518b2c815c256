"""What people drew from the networks, and how much of it the operator of meters saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.clock import HORIZON_MS
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import CONSUMPTION
from twin.indicators.records import DayRecord
from twin.units import L_PER_M3


@indicator("m3", "none", CONSUMPTION, extensive=True)
def water_drawn(record: DayRecord, focus: Focus) -> Groups:
    """Water drawn at the places of the focus until 30:00, where there are water meters."""
    return _drawn(record, focus, "water", L_PER_M3)


@indicator("kWh", "none", CONSUMPTION, extensive=True)
def power_drawn(record: DayRecord, focus: Focus) -> Groups:
    """Electricity drawn at the places of the focus until 30:00, where there are power meters."""
    return _drawn(record, focus, "power", 1.0)


@indicator("share", "higher", CONSUMPTION)
def consumption_seen(record: DayRecord, focus: Focus) -> Groups:
    """Consumption that each fleet of meters read over what the places of the focus drew."""
    inside = _places(record, focus)
    shares = {}
    for name, metering in record.meters.items():
        read = _read(record, name, inside).sum()
        drawn = float(_day(record, metering.utility)[inside].sum())
        shares[f"fleet:{name}"] = ratio(float(read), drawn)
    return shares


@indicator("share", "lower", CONSUMPTION)
def error_of_meters(record: DayRecord, focus: Focus) -> Groups:
    """Mean of |read / drawn - 1| over the day, of metered places of which at least one reading arrived.

    Lost readings count as an error: the operator of meters does not know what was not read.
    """
    inside = _places(record, focus)
    errors = {}
    for name, metering in record.meters.items():
        mine = np.zeros_like(inside)
        mine[metering.place] = True
        drawn = _day(record, metering.utility)
        read = _read(record, name, inside & mine)
        known = inside & mine & (read > 0.0) & (drawn > 0.0)
        if known.any():
            errors[f"fleet:{name}"] = float(np.abs(read[known] / drawn[known] - 1.0).mean())
    return errors


def _drawn(record: DayRecord, focus: Focus, utility: str, scale: float) -> Groups:
    if not any(each.utility == utility for each in record.meters.values()):
        return {}
    return {EVERYBODY: float(_day(record, utility)[_places(record, focus)].sum()) / scale}


def _day(record: DayRecord, utility: str) -> NDArray[np.float64]:
    """(n_places,) drawn until 30:00."""
    return np.asarray(record.consumption.between(utility, 0, HORIZON_MS), dtype=np.float64)


def _places(record: DayRecord, focus: Focus) -> NDArray[np.bool_]:
    """(n_places,) places in the focus."""
    zone = record.territory.places.zone
    return np.ones(zone.shape[0], dtype=np.bool_) if focus.is_whole else np.isin(zone, focus.zones)


def _read(record: DayRecord, dataset: str, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n_places,) sum of a dataset's readings of the places inside."""
    columns = record.observations
    own = columns["dataset"] == record.datasets.index(dataset)
    place = columns["datastream"][own]
    read = np.bincount(place, weights=columns["result"][own], minlength=inside.shape[0])
    return np.asarray(np.where(inside, read, 0.0))
