"""The data platform: observations are appended, and read through one gate, `visible`."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.knowledge.datasets import Dataset, Observations, no_observations
from twin.knowledge.rights import Rights


class Record(NamedTuple):
    """All observations of a day for the record: names, and for each row its dataset's place in them."""

    names: tuple[str, ...]
    dataset: np.ndarray
    rows: Observations


@dataclass
class _Shelf:
    """Chunks of one dataset, each sorted by result time and read-only."""

    dataset: Dataset
    chunks: list[Observations] = field(default_factory=list)
    last_s: list[float] = field(default_factory=list)
    """Latest result time in this chunk and all before it: never falls, so it can be bisected."""


class DataPlatform:
    """Append-only observations of all actors, and the only way to read them.

    >>> from twin.knowledge.datasets import observations
    >>> platform = DataPlatform()
    >>> platform.add(Dataset.of_links("loops", "city", "vehicles counted", "veh", cadence_s=300))
    >>> platform.append("loops", observations(np.array([4]), 300.0, 360.0, 17.0))
    >>> platform.visible("city", "loops", 359.0).n_rows, platform.visible("city", "loops", 360.0).n_rows
    (0, 1)
    >>> platform.visible("swift", "loops", 360.0).n_rows
    0
    """

    def __init__(self, rights: Rights | None = None) -> None:
        self.rights = rights or Rights()
        self._shelves: dict[str, _Shelf] = {}

    def add(self, dataset: Dataset) -> None:
        """Open a dataset; a name stands for one dataset only."""
        if dataset.name in self._shelves:
            raise InputError(f"dataset {dataset.name!r}", "stands already", "another name")
        self._shelves[dataset.name] = _Shelf(dataset)

    def hold(self, dataset: Dataset) -> None:
        """Open a dataset, or say anew who holds one and on what terms, before anything is in it."""
        shelf = self._shelves.get(dataset.name)
        if shelf is not None and shelf.chunks:
            where, right = f"dataset {dataset.name!r}", "a new holder before the first observation"
            raise InputError(where, "holds observations already", right)
        self._shelves[dataset.name] = _Shelf(dataset)

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name."""
        return self._shelf(name).dataset

    def datasets(self) -> tuple[Dataset, ...]:
        """All datasets, sorted by name."""
        return tuple(self._shelves[name].dataset for name in sorted(self._shelves))

    def append(self, name: str, chunk: Observations) -> None:
        """Add rows, in any order; a result never comes before the moment that it describes.

        Rows are kept in the order (result time, datastream, phenomenon time, result), so that what is
        stored does not depend on the order in which the world was swept.
        """
        shelf = self._shelf(name)
        if chunk.n_rows == 0:
            return
        if len({len(column) for column in chunk}) != 1:
            raise ValueError(f"{name}: columns of different length")
        after = chunk.result_time_s >= chunk.phenomenon_time_s
        if not (np.isfinite(chunk.phenomenon_time_s) & after).all():
            raise ValueError(f"{name}: a result comes before the moment that it describes")
        ordered = _in_order(chunk)
        shelf.chunks.append(ordered)
        shelf.last_s.append(max([float(ordered.result_time_s[-1]), *shelf.last_s[-1:]]))

    def visible(self, owner: str, dataset: str, moment_s: float, since_s: float = -np.inf) -> Observations:
        """Rows of a dataset that an actor may see at a moment, as read-only columns.

        A row is there from its result time on, plus the lag of the actor's right, until it is erased;
        ``since_s`` leaves out what was there already at that moment. An actor without a right sees no row.
        """
        shelf = self._shelf(dataset)
        right = self.rights.of(owner, shelf.dataset)
        if right is None:
            return no_observations()
        until = moment_s - right.lag_s
        since = max(since_s - right.lag_s, moment_s - shelf.dataset.retention_s)
        parts = []
        for k in range(bisect_right(shelf.last_s, since), len(shelf.chunks)):
            moments = shelf.chunks[k].result_time_s
            first, last = (int(row) for row in np.searchsorted(moments, (since, until), side="right"))
            if first < last:
                parts.append(shelf.chunks[k].at(slice(first, last)))
        rows = right.coarsened(right.admits(Observations.joined(parts)), until)
        return _read_only(rows)

    def record(self) -> Record:
        """Everything that was ever appended, for the record of the day; no actor reads this."""
        names = tuple(sorted(self._shelves))
        shelves = [self._shelves[name] for name in names]
        sizes = [sum(chunk.n_rows for chunk in shelf.chunks) for shelf in shelves]
        rows = Observations.joined([chunk for shelf in shelves for chunk in shelf.chunks])
        return Record(names, np.repeat(np.arange(len(names), dtype=np.int16), sizes), _read_only(rows))

    def _shelf(self, name: str) -> _Shelf:
        if name not in self._shelves:
            names = ", ".join(sorted(self._shelves))
            raise InputError(f"dataset {name!r}", "no such dataset", f"one of {names}")
        return self._shelves[name]


def _in_order(chunk: Observations) -> Observations:
    """Rows sorted by (result time, datastream, phenomenon time, result), copied."""
    order = np.argsort(chunk.result_time_s)
    moments = chunk.result_time_s[order]
    same = moments[1:] == moments[:-1]
    if same.any():
        tied = np.zeros(len(order), dtype=np.bool_)
        tied[1:] |= same
        tied[:-1] |= same
        rows = order[tied]
        keys = (chunk.result, chunk.phenomenon_time_s, chunk.datastream, chunk.result_time_s)
        order[tied] = rows[np.lexsort(tuple(column[rows] for column in keys))]
    return _read_only(chunk.at(order))


def _read_only(rows: Observations) -> Observations:
    for column in rows:
        column.flags.writeable = False
    return rows
