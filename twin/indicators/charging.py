"""Charging of electric vehicles: energy from the network, and the peak of it."""

from __future__ import annotations

import numpy as np

from twin.clock import N_SLICES, SLICE_MS
from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import EMISSIONS
from twin.indicators.records import DayRecord
from twin.mobility.charging import SPOTS

CHARGING = (*EMISSIONS, "charging.*")


@indicator("kWh", "none", CHARGING, extensive=True)
def charging_energy(record: DayRecord, focus: Focus) -> Groups:
    """Energy that vehicles draw at chargers in the focus, in all and by where: home, work, public."""
    sessions, here = record.charging, _here(record, focus)
    kwh = np.bincount(sessions.spot[here], weights=sessions.kwh[here], minlength=len(SPOTS))
    return {EVERYBODY: float(kwh.sum()), **{f"at:{name}": float(kwh[row]) for row, name in enumerate(SPOTS)}}


@indicator("kW", "lower", CHARGING, extensive=True)
def charging_peak(record: DayRecord, focus: Focus) -> Groups:
    """Greatest mean power of all chargers in the focus together in a quarter of an hour."""
    return {EVERYBODY: float(charging_load_kw(record, _here(record, focus)).max(initial=0.0))}


def charging_load_kw(record: DayRecord, chosen: np.ndarray) -> np.ndarray:
    """Mean power of some sessions (n_sessions,) bool by quarter of an hour (N_SLICES,) [kW]."""
    sessions, slice_ms = record.charging, SLICE_MS
    edges = np.arange(N_SLICES + 1) * slice_ms
    start, end, kw = sessions.start_ms[chosen], sessions.end_ms[chosen], sessions.kw[chosen]
    drawn = np.zeros(N_SLICES + 1)
    for moment, sign in ((start, 1.0), (end, -1.0)):  # energy drawn before each edge, session by session
        order = np.argsort(moment)
        total = np.append(0.0, np.cumsum(kw[order]))
        weighted = np.append(0.0, np.cumsum(kw[order] * moment[order]))
        before = np.searchsorted(moment[order], edges, side="left")
        drawn += sign * (edges * total[before] - weighted[before])
    return np.diff(drawn) / slice_ms


def _here(record: DayRecord, focus: Focus) -> np.ndarray:
    """Sessions (n,) bool at places in the focus."""
    if focus.is_whole:
        return np.ones(record.charging.kw.shape[0], dtype=np.bool_)
    return np.isin(record.territory.places.zone[record.charging.place], focus.zones)
