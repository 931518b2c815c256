"""What was kept, summed by slice: by the moments at which things were so, in whatever order told."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from twin.clock import SLICE_S
from twin.live.clocks import event_times_us, to_come
from twin.live.segments import LATE
from twin.live.store import ObservationStore
from twin.study.store import write_table


class OrderedObservations(NamedTuple):
    """Observations by the right clock, in an order of their own (datastream, moment, run, number).

    datastream: row of a name; event_us [us]; ingested_us: when it came; result; late bool. Left out, and
    counted: those that tell of a time after they came.
    """

    datastream: np.ndarray
    event_us: np.ndarray
    ingested_us: np.ndarray
    result: np.ndarray
    late: np.ndarray
    n_left_out: int


def events_of(store: ObservationStore) -> OrderedObservations:
    """All observations of a store, their moments put right by all that is known of the clocks."""
    rows = store.rows()
    event_us = event_times_us(rows, store.clock_errors())
    wrong = to_come(event_us, rows, store.resolution_us)
    order = np.lexsort((rows["sequence"], rows["run"], event_us, rows["datastream"]))
    order = order[~wrong[order]]
    rows, event_us = rows[order], event_us[order]
    late = rows["flags"] & LATE > 0
    return OrderedObservations(
        rows["datastream"], event_us, rows["received_us"], rows["result"], late, int(wrong.sum())
    )


def sums_by_slice(store: ObservationStore, slice_s: int = SLICE_S) -> pd.DataFrame:
    """One row a datastream and slice: its begin [s since 1970], observations in it, their sum, those late."""
    events = events_of(store)
    slot = events.event_us // (slice_s * 1_000_000)
    names = np.array(list(store.datastreams), dtype=object)
    table = pd.DataFrame(
        {
            "datastream": names[events.datastream] if len(names) else np.empty(0, dtype=object),
            "begin_s": slot * slice_s,
            "n_observations": 1,
            "sum": events.result,
            "n_late": events.late.astype(np.int64),
        }
    )
    return table.groupby(["datastream", "begin_s"], as_index=False, sort=True).sum()


def corrections(store: ObservationStore, slice_s: int = SLICE_S) -> pd.DataFrame:
    """The correction log: a row an observation that came late, with the slice it revises and when it came."""
    events = events_of(store)
    late = events.late
    names = np.array(list(store.datastreams), dtype=object)
    return pd.DataFrame(
        {
            "datastream": names[events.datastream[late]] if len(names) else np.empty(0, dtype=object),
            "begin_s": events.event_us[late] // (slice_s * 1_000_000) * slice_s,
            "event_us": events.event_us[late],
            "ingested_us": events.ingested_us[late],
            "result": events.result[late],
        }
    )


def write_aggregates(store: ObservationStore, folder: Path) -> dict[str, int]:
    """Write sums and the correction log as Parquet, whole or not at all; how many rows each has."""
    tables = {"sums": sums_by_slice(store), "corrections": corrections(store)}
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", table)
    return {name: len(table) for name, table in tables.items()}
