"""Tables of what utility networks did: damages, visits of crews, places, quarters of an hour."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.clock import SLICE_S
from twin.indicators.records import DayRecord
from twin.indicators.utilities_record import NEVER, SERVICES, UtilitiesRecord
from twin.study.tables import OUTSIDE, named
from twin.units import L_PER_M3, S_PER_H, S_PER_MIN

H_PER_SLICE = SLICE_S / S_PER_H
PREFIX = "network_"
"""With it the names of the files of these tables begin."""


def network_tables(record: DayRecord) -> dict[str, pd.DataFrame]:
    """Tables by name; none where networks were not reckoned."""
    found = record.utilities
    if found is None:
        return {}
    return {
        f"{PREFIX}damages": pd.DataFrame(asdict(found.damages)),
        f"{PREFIX}visits": pd.DataFrame(asdict(found.visits)),
        f"{PREFIX}places": _places(record, found),
        f"{PREFIX}quarters": _quarters(record, found),
    }


def _places(record: DayRecord, found: UtilitiesRecord) -> pd.DataFrame:
    """One row a place: what it asked for and got, and for how long it was without each service."""
    flows = {
        "asked_kwh": found.asked_kw.sum(axis=0) * H_PER_SLICE,
        "served_kwh": found.served_kw.sum(axis=0) * H_PER_SLICE,
        "asked_m3": found.asked_lps.sum(axis=0) * SLICE_S / L_PER_M3,
        "served_m3": found.served_lps.sum(axis=0) * SLICE_S / L_PER_M3,
    }
    lost = {
        f"without_{name}_min": np.where(
            (found.share[name] == NEVER).all(axis=0), np.nan, found.lasts_s @ found.lost(name) / S_PER_MIN
        )
        for name in SERVICES
    }
    zone = named(record.territory.places.zone, record.territory.zones.name, OUTSIDE)
    return pd.DataFrame({"place_id": found.place_id, "zone": zone, **flows, **lost})


def _quarters(record: DayRecord, found: UtilitiesRecord) -> pd.DataFrame:
    """One row a zone and quarter of an hour: sums of what was asked for and got."""
    zone, names = record.territory.places.zone, record.territory.zones.name
    parts = []
    for row, name in ((-1, OUTSIDE), *enumerate(names)):
        mine = zone == row
        columns: dict[str, NDArray[np.float64]] = {
            key: getattr(found, key)[:, mine].sum(axis=1, dtype=np.float64)
            for key in ("asked_kw", "served_kw", "asked_lps", "served_lps")
        }
        n = len(found.asked_kw)
        parts.append(pd.DataFrame({"zone": [name] * n, "slice": np.arange(n, dtype=np.int16), **columns}))
    whole = pd.DataFrame({
        "slice": np.arange(len(found.asked_kw), dtype=np.int16),
        "supplied_lps": found.supplied_lps,
        "leaked_lps": found.leaked_lps,
        "blind_links": found.blind_links,
        "dark_signals": found.dark_signals,
        **{f"{name}_imbalance": values for name, values in found.balance.items()},
    })  # fmt: skip
    return pd.concat(parts, ignore_index=True).merge(whole, on="slice", how="left")
