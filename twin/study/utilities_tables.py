"""Tables that a result keeps of a day of the utility networks: failures, who was without, shares served."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from twin.indicators.focus import every_focus
from twin.indicators.records import DayRecord
from twin.indicators.utilities_networks import residents, served_curves
from twin.indicators.utilities_record import UtilitiesRecord
from twin.utilities.spans import QUARTER_S, RUNNING

SHOWN = ("power", "water", "mobile")
"""Services of the frames; a place's digit has a bit for each that is gone: 1, 2, 4."""


def utility_tables(record: DayRecord) -> dict[str, pd.DataFrame]:
    """Tables by name, empty where utilities are not simulated."""
    day = record.utilities
    if day is None:
        return {name: pd.DataFrame() for name in ("utility_failures", "utility_frames", "utility_curves")}
    return {
        "utility_failures": pd.DataFrame(asdict(day.failures)),
        "utility_frames": _frames(record, day),
        "utility_curves": _curves(record, day),
    }


def _frames(record: DayRecord, day: UtilitiesRecord) -> pd.DataFrame:
    """One row a place that is ever without one of `SHOWN`: where, its inhabitants, a digit for each quarter.

    A service counts as gone that is so in the middle of the quarter.
    """
    places, people = record.territory.places, residents(record, every_focus(record.territory)[-1])
    middle_s = np.arange(QUARTER_S / 2, day.edges_s[-1], QUARTER_S)
    row = np.searchsorted(day.edges_s, middle_s, side="right") - 1
    digit = np.zeros((len(row), len(day.place_id)), dtype=np.uint8)
    for bit, name in enumerate(SHOWN):
        digit |= (day.lost(name)[row] > RUNNING).astype(np.uint8) << np.uint8(bit)
    ever = np.flatnonzero(digit.any(axis=0))
    lost = ["".join(map(str, digit[:, place].tolist())) for place in ever.tolist()]
    return pd.DataFrame(
        {
            "place_id": day.place_id[ever].astype(object),
            "lon": places.lon[ever],
            "lat": places.lat[ever],
            "inhabitants": people[ever],
            "lost": np.array(lost, dtype=object),
        }
    )


def _curves(record: DayRecord, day: UtilitiesRecord) -> pd.DataFrame:
    """One row a focus, service and span: share of the inhabitants who have it, from a second on."""
    parts = []
    for focus in every_focus(record.territory):
        for service, served in served_curves(record, focus).items():
            new = np.append(True, served[1:] != served[:-1])
            columns = {"from_s": day.edges_s[:-1][new], "served": served[new]}
            parts.append(pd.DataFrame({"focus": focus.name, "service": service, **columns}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
