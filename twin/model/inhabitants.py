"""Persons as rows of arrays, seen through light views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from twin.population.population import Persons


class Person:
    """A view of one row; it holds no data of its own."""

    __slots__ = ("_columns", "row")

    def __init__(self, columns: dict[str, np.ndarray], row: int) -> None:
        self._columns = columns
        self.row = row

    def __getattr__(self, name: str) -> Any:
        try:
            return self._columns[name][self.row].item()
        except KeyError:
            raise AttributeError(f"persons have no {name!r}; they have {', '.join(self._columns)}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and other.row == self.row and other._columns is self._columns

    def __hash__(self) -> int:
        return hash((id(self._columns), self.row))

    def __repr__(self) -> str:
        return f"Person(person_id={self.person_id}, age={self.age})"


class Inhabitants:
    """Persons of a model: columns by name, rows by number, selections by condition.

    ``inhabitants.age`` is a column, ``inhabitants[42].age`` a value, and
    ``inhabitants.select(lambda p: p.age >= 75)`` the inhabitants for whom a condition on columns holds.
    """

    def __init__(self, columns: dict[str, np.ndarray], rows: np.ndarray | None = None) -> None:
        self._columns = columns
        self.rows = np.arange(next(iter(columns.values())).shape[0]) if rows is None else rows

    @staticmethod
    def of(persons: Persons) -> Inhabitants:
        """Views of the persons of a population."""
        return Inhabitants(
            {name: column for name, column in vars(persons).items() if isinstance(column, np.ndarray)}
        )

    def select(self, condition: Any) -> Inhabitants:
        """Those for whom a function of these inhabitants' columns, or a mask (n,), is true."""
        mask = np.asarray(condition(self) if callable(condition) else condition, dtype=np.bool_)
        return Inhabitants(self._columns, self.rows[mask])

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, place: int) -> Person:
        return Person(self._columns, int(self.rows[place]))

    def __iter__(self) -> Iterator[Person]:
        return (Person(self._columns, int(row)) for row in self.rows)

    def __getattr__(self, name: str) -> np.ndarray:
        columns = object.__getattribute__(self, "_columns")
        if name not in columns:
            raise AttributeError(f"inhabitants have no column {name!r}; they have {', '.join(columns)}")
        column: np.ndarray = columns[name][self.rows]
        return column
