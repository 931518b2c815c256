"""The matrix of rights: which actor may read which dataset, since when, how late, which part, how coarse.

A reader is a holder ("city") or a service of one ("city/water"); what a holder may read of others, all its
services may. `Rights.change` is the one door: agreements, open data, platforms and contracts go through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.knowledge.datasets import Dataset, Observations

ANYBODY = "*"
"""Who reads open data."""


def every_service(holder: str) -> str:
    """The reader that stands for all services of a holder."""
    return f"{holder}/{ANYBODY}"


@dataclass(frozen=True)
class Right:
    """Leave to read a dataset.

    Rows whose result came in [since_s, until_s) are handed over, each lag_s after its result time;
    datastreams, if given, are the only ones handed over (sorted rows). With a span_s, one row a datastream
    and span is handed over when the span is over: the mean of its results. Personal data need a purpose
    and that the persons consent.
    """

    since_s: float = -np.inf
    until_s: float = np.inf
    lag_s: float = 0.0
    datastreams: tuple[int, ...] | None = None
    span_s: float = 0.0
    purpose: str = ""
    consented: bool = False

    def admits(self, rows: Observations) -> Observations:
        """The rows that this right hands over, whatever the moment."""
        kept = (rows.result_time_s >= self.since_s) & (rows.result_time_s < self.until_s)
        if self.datastreams is not None:
            kept &= np.isin(rows.datastream, np.array(self.datastreams, dtype=np.int32))
        return rows if kept.all() else rows.at(kept)

    def coarsened(self, rows: Observations, until_s: float) -> Observations:
        """Means by datastream and span, of spans that were over, and all results in, by a moment.

        >>> from twin.knowledge.datasets import observations
        >>> at_s, result = np.array([10.0, 50.0, 70.0]), np.array([1.0, 3.0, 9.0])
        >>> rows = observations(np.array([4, 4, 4]), at_s, 80.0, result)
        >>> Right(span_s=60.0).coarsened(rows, 100.0).result.tolist()
        [2.0]
        """
        if self.span_s <= 0.0 or rows.n_rows == 0:
            return rows
        end_s = np.ceil(rows.phenomenon_time_s / self.span_s) * self.span_s
        over = end_s <= until_s
        keys, row = np.unique(np.stack([end_s[over], rows.datastream[over]]), axis=1, return_inverse=True)
        row = row.reshape(-1)
        mean = np.bincount(row, rows.result[over], keys.shape[1]) / np.bincount(row, minlength=keys.shape[1])
        known_s = keys[0].copy()
        np.maximum.at(known_s, row, rows.result_time_s[over])
        return Observations(keys[1].astype(np.int32), keys[0], known_s, mean)


OWN = Right()
"""What an owner may do with its own dataset: read all of it, at once."""


class Change(NamedTuple):
    """One line of the log of rights: who gets (or loses) which right, and why."""

    reader: str
    dataset: str
    right: Right | None
    why: str


class Rights:
    """Who may read what; an owner always reads its own, each of its services what it keeps.

    >>> jams = Dataset.of_links("jams", "swift", "travel time", "s", cadence_s=120)
    >>> rights = Rights()
    >>> rights.grant(jams, "city", Right(lag_s=120))
    >>> rights.of("city", jams).lag_s, rights.of("city/roads", jams).lag_s, rights.of("rival", jams)
    (120, 120, None)
    """

    def __init__(self) -> None:
        self._granted: dict[tuple[str, str], Right] = {}
        self.log: list[Change] = []

    def change(self, dataset: Dataset, reader: str, right: Right | None, why: str) -> None:
        """Give a reader (`ANYBODY`: all) a right to a dataset in place of what it had; None takes it away.

        Personal data leave their owner only for a stated purpose and where the persons consent, and are
        never open (GDPR art. 5 and 6).
        """
        where = f"right of {reader!r} to {dataset.name!r}"
        if reader == dataset.owner:
            raise InputError(where, "it is the owner's", "another reader")
        if right is not None:
            if not (right.lag_s >= 0 and right.span_s >= 0 and right.since_s < right.until_s):
                wrong = (
                    f"lag {right.lag_s}, span {right.span_s}, since {right.since_s}, until {right.until_s}"
                )
                raise InputError(where, wrong, "a lag and a span of 0 s or more, and since before until")
            if dataset.personal and not (right.purpose and right.consented and reader != ANYBODY):
                raise InputError(where, "the dataset holds personal data",
                                 "a dataset of aggregates, or consent and a purpose")  # fmt: skip
        self.log.append(Change(reader, dataset.name, right, why))
        if right is None:
            self._granted.pop((reader, dataset.name), None)
        else:
            self._granted[reader, dataset.name] = right

    def grant(self, dataset: Dataset, reader: str, right: Right, why: str = "agreement") -> None:
        """Let a reader read a dataset that it may not read yet."""
        if reader == dataset.owner or (reader, dataset.name) in self._granted:
            where = f"right of {reader!r} to {dataset.name!r}"
            raise InputError(where, "this reader may read it already", "one right per reader and dataset")
        self.change(dataset, reader, right, why)

    def of(self, reader: str, dataset: Dataset) -> Right | None:
        """The right of a reader to a dataset: own, its holder's, all services' or anybody's; or None."""
        holder, _, service = reader.partition("/")
        if reader == dataset.owner or (holder == dataset.owner and dataset.service in ("", service)):
            return OWN
        readers = (reader, every_service(holder)) if holder == dataset.owner else (reader, holder)
        for each in (*readers, ANYBODY):
            if (each, dataset.name) in self._granted:
                return self._granted[each, dataset.name]
        return None

    def table(self) -> list[tuple[str, str, Right]]:
        """All granted rights as (reader, dataset, right), sorted; owners are not listed."""
        return sorted(((reader, name, right) for (reader, name), right in self._granted.items()),
                      key=lambda row: row[:2])  # fmt: skip
