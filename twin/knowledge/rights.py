"""The matrix of rights: which actor may read which dataset, since when, how late, which part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.knowledge.datasets import Dataset, Observations


@dataclass(frozen=True)
class Right:
    """Leave to read a dataset.

    Rows whose result came in [since_s, until_s) are handed over, each lag_s after its result time;
    datastreams, if given, are the only ones handed over (sorted rows).
    """

    since_s: float = -np.inf
    until_s: float = np.inf
    lag_s: float = 0.0
    datastreams: tuple[int, ...] | None = None

    def admits(self, rows: Observations) -> Observations:
        """The rows that this right hands over, whatever the moment."""
        kept = (rows.result_time_s >= self.since_s) & (rows.result_time_s < self.until_s)
        if self.datastreams is not None:
            kept &= np.isin(rows.datastream, np.array(self.datastreams, dtype=np.int32))
        return rows if kept.all() else Observations(*(column[kept] for column in rows))


OWN = Right()
"""What an owner may do with its own dataset: read all of it, at once."""


class Rights:
    """Who may read what; an owner always reads its own.

    >>> jams = Dataset.of_links("jams", "swift", "travel time", "s", cadence_s=120)
    >>> rights = Rights()
    >>> rights.grant(jams, "city", Right(lag_s=120))
    >>> rights.of("city", jams).lag_s, rights.of("rival", jams)
    (120, None)
    """

    def __init__(self) -> None:
        self._granted: dict[tuple[str, str], Right] = {}

    def grant(self, dataset: Dataset, reader: str, right: Right) -> None:
        """Let a reader read a dataset; personal data stay with their owner (GDPR art. 5 and 6)."""
        where = f"right of {reader!r} to {dataset.name!r}"
        if dataset.personal:
            raise InputError(where, "the dataset holds personal data", "a dataset of aggregates")
        if reader == dataset.owner or (reader, dataset.name) in self._granted:
            raise InputError(where, "this reader may read it already", "one right per reader and dataset")
        if not (right.lag_s >= 0 and right.since_s < right.until_s):
            raise InputError(where, f"lag {right.lag_s}, since {right.since_s}, until {right.until_s}",
                             "a lag of 0 s or more, and since before until")  # fmt: skip
        self._granted[reader, dataset.name] = right

    def of(self, reader: str, dataset: Dataset) -> Right | None:
        """The right of a reader to a dataset, None if it has none."""
        return OWN if reader == dataset.owner else self._granted.get((reader, dataset.name))

    def table(self) -> list[tuple[str, str, Right]]:
        """All granted rights as (reader, dataset, right), sorted; owners are not listed."""
        return sorted(((reader, name, right) for (reader, name), right in self._granted.items()),
                      key=lambda row: row[:2])  # fmt: skip
