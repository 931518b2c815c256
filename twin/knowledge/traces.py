"""Traces of people: at which place and hour each was, as a phone or an app would tell it.

A point is a cell of a square grid and a span of hours; a trace is the set of a person's distinct points
(de Montjoye, Hidalgo, Verleysen & Blondel 2013, Scientific Reports 3:1376). These are personal data (GDPR
art. 4): they are never written, and what leaves is made of them by `privacy_release`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.units import H_PER_DAY, S_PER_H


@dataclass(frozen=True)
class Sightings:
    """Where and when people were seen, as exact as the truth knows it; all (n,).

    person: row of the person; x_m, y_m; moment_s since the first day's midnight.
    """

    person: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray
    moment_s: np.ndarray


@dataclass(frozen=True)
class Traces:
    """Distinct points by person: person and point (n,), sorted by person, then point.

    point = cell * n_spans + span, cell of the grid and span of the period.
    """

    person: np.ndarray
    point: np.ndarray
    n_spans: int

    @property
    def first(self) -> np.ndarray:
        """Points of the k-th person who has any are rows first[k]..first[k + 1]."""
        starts = np.flatnonzero(np.diff(self.person, prepend=-1))
        return np.append(starts, len(self.person))

    def of_enough_points(self, n_points: int) -> np.ndarray:
        """Persons (ascending) with at least so many distinct points."""
        person, n = np.unique(self.person, return_counts=True)
        return np.asarray(person[n >= n_points])


class CellGrid(NamedTuple):
    """Square cells that cover a ground, known before anybody is counted: row * n_columns + column."""

    cell_m: float
    west_m: float
    south_m: float
    n_columns: int
    n_rows: int

    @classmethod
    def over(cls, x_m: np.ndarray, y_m: np.ndarray, cell_m: float) -> CellGrid:
        """The grid that covers points of the ground (n,), its lines at whole multiples of the cell.

        >>> CellGrid.over(np.array([10.0, 410.0]), np.array([0.0, 90.0]), 200.0)
        CellGrid(cell_m=200.0, west_m=0.0, south_m=0.0, n_columns=3, n_rows=1)
        """
        if not cell_m > 0.0:
            raise InputError("grid", f"{cell_m:g} m", "a length above 0")
        west, south = (float(np.floor(each.min() / cell_m) * cell_m) for each in (x_m, y_m))
        n_columns, n_rows = (
            int((each.max() - low) // cell_m) + 1 for each, low in ((x_m, west), (y_m, south))
        )
        return cls(cell_m, west, south, n_columns, n_rows)

    @property
    def n_cells(self) -> int:
        """Cells of the ground."""
        return self.n_columns * self.n_rows

    def cell_of(self, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
        """Cell of each point (n,); points beyond the edge are in the cell nearest to it."""
        column = np.clip((x_m - self.west_m) // self.cell_m, 0, self.n_columns - 1)
        row = np.clip((y_m - self.south_m) // self.cell_m, 0, self.n_rows - 1)
        return np.asarray(row * self.n_columns + column, dtype=np.int64)

    def centres(self) -> np.ndarray:
        """Middles of all cells (n_cells, 2) [m]."""
        row, column = np.divmod(np.arange(self.n_cells), self.n_columns)
        corner = np.column_stack([column, row]) + 0.5
        return np.asarray(corner * self.cell_m + np.array([self.west_m, self.south_m]))


def traces_of(seen: Sightings, cell_m: float, span_h: float, *, by_day: bool = True) -> Traces:
    """Traces on a grid of square cells [m] and spans of hours; not ``by_day``: days lie on one another.

    >>> seen = Sightings(np.array([0, 0, 0]), np.array([10.0, 190.0, 210.0]), np.zeros(3), np.zeros(3))
    >>> traces_of(seen, 200.0, 1.0).point.tolist()
    [0, 1]
    """
    if not (cell_m > 0.0 and span_h > 0.0):
        raise InputError("grid of traces", f"{cell_m:g} m, {span_h:g} h", "a length and a time above 0")
    column = np.floor(seen.x_m / cell_m).astype(np.int64)
    row = np.floor(seen.y_m / cell_m).astype(np.int64)
    moment_s = seen.moment_s if by_day else seen.moment_s % (H_PER_DAY * S_PER_H)
    span = np.floor(moment_s / (span_h * S_PER_H)).astype(np.int64)
    column, row = column - column.min(initial=0), row - row.min(initial=0)
    n_spans = int(span.max(initial=0)) + 1 if by_day else int(np.ceil(H_PER_DAY / span_h))
    cell = row * (int(column.max(initial=0)) + 1) + column
    point = cell * n_spans + span
    n_points = int(point.max(initial=0)) + 1  # one number for both: pairs sort slowly
    packed = np.unique(seen.person.astype(np.int64) * n_points + point)
    return Traces(packed // n_points, packed % n_points, n_spans)
