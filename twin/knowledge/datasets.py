"""Datasets with an owner, and the columns of observations in them.

Names of columns follow the OGC SensorThings API (OGC 18-088, 1.1): a row is one Observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from twin.errors import InputError


class Column(NamedTuple):
    """One column of a dataset: its name, unit and meaning."""

    name: str
    unit: str
    meaning: str


class Observations(NamedTuple):
    """Columns of observations, one row each, all (n_rows,).

    datastream int32 is the row of what was observed (a link); phenomenon_time_s when it was so [s];
    result_time_s when the owner of the dataset has it [s]; result its value in the dataset's unit.
    """

    datastream: np.ndarray
    phenomenon_time_s: np.ndarray
    result_time_s: np.ndarray
    result: np.ndarray

    @property
    def n_rows(self) -> int:
        """Number of observations."""
        return len(self.datastream)

    def at(self, rows: np.ndarray | slice) -> Observations:
        """Some of them: by their places, by a mark for each row, or by a slice."""
        return Observations(*(column[rows] for column in self))

    @staticmethod
    def joined(parts: Sequence[Observations]) -> Observations:
        """Parts one behind the other; a single part is handed on without a copy.

        >>> early, late = (observations(np.array([3]), at_s, at_s + 60.0, 9.0) for at_s in (300.0, 600.0))
        >>> Observations.joined([early, late]).at(slice(1, None)).phenomenon_time_s
        array([600.])
        >>> Observations.joined([]).n_rows
        0
        """
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return no_observations()
        return Observations(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Dataset:
    """What an actor holds and may share.

    >>> counts = Dataset.of_links("loops", "city", "vehicles counted", "veh", cadence_s=300)
    >>> counts.owner, counts.columns[-1].unit, counts.personal
    ('city', 'veh', False)
    """

    name: str
    owner: str
    columns: tuple[Column, ...]
    personal: bool
    licence: str
    cadence_s: float
    feature: str = "link"
    """What a datastream is the row of: "link", "place", or "node" of the utility layers."""
    service: str = ""
    """The owner's service that keeps it; empty: all its services read it."""
    purpose: str = ""
    """What it is collected for; who reads personal data reads them for a purpose (GDPR art. 5)."""
    retention_s: float = np.inf
    """Rows are erased so long after their result time: nobody sees them any more."""
    documented: bool = True
    """Whether its columns are described to who may read it."""
    owner_kind: str = "city"
    """City, operator, calculator, partner or citizens."""

    @classmethod
    def of_features(
        cls, name: str, owner: str, result: Column, feature: str, *, cadence_s: float, personal: bool = False
    ) -> Dataset:
        """A dataset of observations of places, nodes or links; `result` says what is observed of them.

        >>> column = Column("result", "l", "water drawn")
        >>> Dataset.of_features("meters", "water", column, "place", cadence_s=3600, personal=True).feature
        'place'
        """
        made = cls.of_links(name, owner, result.meaning, result.unit, cadence_s=cadence_s, personal=personal)
        stream = Column("datastream", "row", f"{feature} observed")
        return replace(made, columns=(stream, *made.columns[1:]), feature=feature)

    @classmethod
    def of_links(
        cls,
        name: str,
        owner: str,
        observed_property: str,
        unit: str,
        *,
        cadence_s: float,
        personal: bool = False,
        licence: str = "not open",
    ) -> Dataset:
        """A dataset of observations of links; cadence 0 means as it happens."""
        if not name or not owner:
            raise InputError(f"dataset {name!r}", "name or owner is empty", "a name and the owner's name")
        columns = (
            Column("datastream", "row", "link observed"),
            Column("phenomenon_time_s", "s", "moment that the result describes"),
            Column("result_time_s", "s", "moment at which the owner has the result"),
            Column("result", unit, observed_property),
        )
        return cls(name, owner, columns, personal, licence, cadence_s)


def observations(
    datastream: np.ndarray,
    phenomenon_time_s: np.ndarray | float,
    result_time_s: np.ndarray | float,
    result: np.ndarray | float,
) -> Observations:
    """Rows from columns; a single number stands for the whole column.

    >>> observations(np.array([3, 5]), 600.0, 660.0, np.array([12, 7])).result
    array([12.,  7.])
    """
    rows = np.asarray(datastream, dtype=np.int32)
    columns = [
        np.array(np.broadcast_to(np.asarray(column, dtype=np.float64), rows.shape))
        for column in (phenomenon_time_s, result_time_s, result)
    ]
    return Observations(rows, *columns)


def no_observations() -> Observations:
    """No row at all."""
    return observations(np.empty(0, dtype=np.int32), 0.0, 0.0, 0.0)
