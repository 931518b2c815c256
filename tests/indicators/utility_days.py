"""Days of the utility networks written by hand: shares of services of places by step, nothing else amiss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twin.indicators.utilities_record import (
    SERVICES,
    FailureRows,
    ShareLog,
    UtilitiesRecord,
    VisitRows,
)
from twin.utilities.failures.damages import no_damages

HOURS = 30
QUARTERS = 4 * HOURS


def no_failures() -> FailureRows:
    """Nothing went down."""
    texts, floats = np.array([], dtype=np.str_), np.empty(0)
    none = np.empty(0, dtype=np.int32)
    return FailureRows(texts, texts, none.astype(np.int8), floats, none, texts, texts, floats, texts)


def utilities_record(
    place_id: Any, shares: Mapping[str, np.ndarray], step_s: float = 900.0, **changed: Any
) -> UtilitiesRecord:
    """A day whose places have all of each service but where `shares` (n_steps, n_places) say otherwise.

    There is no district heating unless `shares` say so.
    """
    n = len(place_id)
    n_steps = round(HOURS * 3_600 / step_s)
    plain = {name: np.full((n_steps, n), np.nan if name == "heat" else 1.0) for name in SERVICES}
    full = {name: np.asarray(shares.get(name, plain[name])) for name in SERVICES}
    log = ShareLog(n)
    for step in range(n_steps):
        log.note(step, {name: share[step] for name, share in full.items()})
    begin, share = log.spans()
    texts, floats = np.array([], dtype=np.str_), np.empty(0)
    per_quarter = round(900 / step_s)

    def served(name: str) -> np.ndarray:
        mean = np.nan_to_num(full[name]).reshape(QUARTERS, per_quarter, n).mean(axis=1)
        return mean.astype(np.float32)

    asked, none = np.ones((QUARTERS, n), dtype=np.float32), np.empty((QUARTERS, 0), dtype=np.float32)
    nodes = np.empty(0, dtype=np.int32)
    fields: dict[str, Any] = {
        "step_s": step_s, "n_steps": n_steps, "place_id": np.asarray(place_id), "begin_step": begin,
        "share": share, "asked_kw": asked, "served_kw": served("power"), "asked_lps": asked,
        "served_lps": served("water"), "asked_heat_kw": none, "served_heat_kw": none, "water_node": nodes,
        "pressure_m": none, "pressures_verifiable": False, "supplied_lps": np.ones(QUARTERS),
        "leaked_lps": np.full(QUARTERS, 0.2), "power_node": nodes, "voltage_pu": none,
        "failures": no_failures(), "damages": no_damages(),
        "visits": VisitRows(texts, texts, floats, floats, floats),
        "balance": {"power": np.zeros(QUARTERS), "water": np.full(QUARTERS, 1e-7)},
        "blind_links": np.zeros(QUARTERS), "dark_signals": np.zeros(QUARTERS),
    }  # fmt: skip
    return UtilitiesRecord(**{**fields, **changed})


def outage(n_places: int, places: list[int], from_h: float, until_h: float, share: float = 0.0) -> np.ndarray:
    """Shares (n_quarters, n_places): `share` at some places between two hours, 1 everywhere else."""
    shares = np.ones((QUARTERS, n_places))
    shares[round(4 * from_h) : round(4 * until_h), places] = share
    return shares
