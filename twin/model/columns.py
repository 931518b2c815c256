"""Attributes of a fixed population as columns: what it was synthesised with, and what a researcher adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from twin.errors import InputError

NUMBERS = "biuf"
"""Kinds of dtype kept as they are; all other values are kept as objects, each as it was given."""
AS_THEY_ARE = {np.dtype(np.float64): float, np.dtype(np.bool_): bool}
"""Types of which a column holds every value."""
QUICK = ((sum, np.sum), (min, np.min), (max, np.max), (len, np.size))
"""What says of a list of numbers what the other says of their column."""
LARGEST_SUM = 2**63 - 1
"""Above this, Python's whole numbers go on and those of a column may not."""
EXACT_FLOATS = 2**53
"""Whole numbers up to this are exact as floats."""


class Columns:
    """Columns (n,) by name: the population's, which nobody may write, and own ones, which nobody here reads.

    Homes, days and choices were drawn from the population's columns, so that another value there would
    contradict them. Own columns hold any value; one that its column cannot hold exactly widens the column.

    >>> columns = Columns({"age": np.array([34, 8], dtype=np.int16)})
    >>> columns.write("trust", None, 1)
    >>> columns.write("trust", np.array([1]), 0.5)
    >>> columns.column("trust").tolist(), columns.value("age", 1)
    ([1.0, 0.5], 8)
    """

    def __init__(
        self, given: Mapping[str, np.ndarray], model: Any = None, names_taken: frozenset[str] = frozenset()
    ) -> None:
        self.given = dict(given)
        self.model = model
        self.names_taken = names_taken
        self.n = int(next(iter(self.given.values())).shape[0])
        self.own: dict[str, np.ndarray] = {}
        self._known: dict[str, np.ndarray] = {}  # (n,) bool, where not everybody has a value
        self._lent: set[str] = set()  # handed out whole: written only after a copy

    @property
    def names(self) -> tuple[str, ...]:
        """All columns: the population's, then own ones."""
        return (*self.given, *self.own)

    @property
    def nbytes(self) -> int:
        """Bytes of all columns, each array counted once."""
        arrays = {id(each): each for part in (self.given, self.own, self._known) for each in part.values()}
        return sum(each.nbytes for each in arrays.values())

    def value(self, name: str, row: int) -> Any:
        """One person's value, as Python knows it; an `AttributeError` where there is none."""
        column = self.given.get(name)
        if column is None:
            column = self.own.get(name)
            if column is None or (name in self._known and not self._known[name][row]):
                raise AttributeError(f"persons have no {name!r}; they have {', '.join(self.names)}")
        return column.item(row)

    def column(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """The values of some rows, or of all, read-only; an `AttributeError` where some have none."""
        column = self.given.get(name)
        if column is None:
            column = self.own.get(name)
            if column is None:
                raise AttributeError(
                    f"inhabitants have no column {name!r}; they have {', '.join(self.names)}"
                )
            known = self.known(name, rows)
            if known is not None and not known.all():
                lack = f"{int((~known).sum())} of {known.shape[0]} inhabitants"
                raise AttributeError(f"{lack} have no {name!r}")
            if rows is None:
                self._lent.add(name)
        out = column.view() if rows is None else column[rows]
        out.flags.writeable = False
        return out

    def known(self, name: str, rows: np.ndarray | None = None) -> np.ndarray | None:
        """Who of these rows has a value of an own column (n,) bool; None where everybody has."""
        known = self._known.get(name)
        if known is not None and known.all():
            del self._known[name]
            known = None
        return known if known is None or rows is None else known[rows]

    def write(self, name: str, rows: np.ndarray | None, value: Any) -> None:
        """Give an own column one value for all of these rows (None: all there are), or one each (n,)."""
        self._check(name)
        n = self.n if rows is None else int(rows.shape[0])
        values = as_values(value, n, name)
        if n == 0:
            return
        if n < self.n:
            self._make_room(name, values)
            self._put(name, rows, values)
            return
        self._known.pop(name, None)
        self._lent.discard(name)
        column = np.empty(n, dtype=values.dtype)
        column[slice(None) if rows is None else rows] = values
        self.own[name] = column

    def write_one(self, name: str, row: int, value: Any) -> None:
        """Give one person a value of an own column."""
        self._check(name)
        column = self.own.get(name)
        if column is None or not _takes(column.dtype, value):
            self._make_room(name, _array_of([value]))
        self._put(name, row, value)

    def _make_room(self, name: str, values: np.ndarray) -> None:
        """A column that can hold the values: a new one that nobody has a value in, or the old one widened."""
        column = self.own.get(name)
        if column is None:
            self.own[name] = np.zeros(self.n, dtype=values.dtype)
            self._known[name] = np.zeros(self.n, dtype=np.bool_)
            return
        wide = _holding(column, values)
        if wide is not column:
            self.own[name] = wide
            self._lent.discard(name)

    def _put(self, name: str, rows: np.ndarray | int | None, values: Any) -> None:
        if name in self._lent:
            self.own[name] = self.own[name].copy()
            self._lent.discard(name)
        self.own[name][rows] = values
        if name in self._known:
            self._known[name][rows] = True

    def _check(self, name: str) -> None:
        if name in self.given:
            right = "a name of your own, or a model with another population"
            raise InputError(
                f"inhabitants: {name}", "is the population's; its days were drawn from it", right
            )
        if name in self.names_taken or name.startswith("_") or not name.isidentifier():
            raise InputError(f"inhabitants: {name}", "cannot be the name of an attribute", "another name")

    def __deepcopy__(self, memo: dict[int, Any]) -> Columns:
        """Own columns copied; the population and the model are the same."""
        twin = Columns(self.given, self.model, self.names_taken)
        twin.own = {name: column.copy() for name, column in self.own.items()}
        twin._known = {name: column.copy() for name, column in self._known.items()}
        memo[id(self)] = twin
        return twin


def of_column(func: Any, column: np.ndarray) -> Any:
    """The function of a column that says what this one says of the list of its values; None: not known."""
    if column.dtype == object or not column.shape[0]:
        return None
    target = func.func if isinstance(func, partial) else func
    if isinstance(target, np.ufunc) or str(getattr(target, "__module__", "")).startswith("numpy"):
        return func
    quick = next((ours for theirs, ours in QUICK if theirs is func), None)
    if column.dtype.kind == "f":
        return None if np.isnan(np.min(column)) else quick
    if quick is np.sum and column.dtype.itemsize == np.dtype(np.int64).itemsize:
        largest = max(abs(int(column.min())), abs(int(column.max()))) * column.shape[0]
        return quick if largest <= LARGEST_SUM else None
    return quick


def as_values(value: Any, n: int, name: str) -> np.ndarray:
    """One value (1,), or a sequence's values (n,), numbers as numbers and all else as objects.

    >>> as_values("a", 3, "name"), as_values([1, 2.5], 2, "share")
    (array(['a'], dtype=object), array([1. , 2.5]))
    """
    is_array = hasattr(value, "__array__") and np.ndim(value) > 0
    if not is_array and (isinstance(value, str | bytes) or not isinstance(value, Sequence)):
        return _array_of([value])
    shape = np.shape(value) if is_array else (len(value),)
    if shape != (n,):
        found = f"{' x '.join(str(each) for each in shape)} values for {n} inhabitants"
        raise InputError(f"inhabitants: {name}", found, "one value, or one each")
    values = np.asarray(value) if is_array else _array_of(list(value))
    return values if values.dtype.kind in NUMBERS else _array_of(list(value))


def _array_of(items: list[Any]) -> np.ndarray:
    """Numbers as an array of numbers, where that holds each exactly; else objects."""
    if all(isinstance(each, bool | int | float | np.bool_ | np.number) for each in items):
        values = np.asarray(items)
        exact = values.dtype.kind != "f" or all(
            isinstance(each, float | np.floating) or abs(int(each)) <= EXACT_FLOATS for each in items
        )
        if exact and values.dtype.kind in NUMBERS:
            return values
    values = np.empty(len(items), dtype=object)
    for row, each in enumerate(items):
        values[row] = each
    return values


def _takes(dtype: np.dtype[Any], value: Any) -> bool:
    """Whether a column of that type surely holds the value; else it is looked at more closely."""
    if dtype == np.int64 and type(value) is int:
        return -(2**63) <= value < 2**63
    return dtype.kind == "O" or type(value) is AS_THEY_ARE.get(dtype)


def _holding(column: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The column, in a type that holds the values too, each exactly as it is."""
    if column.dtype in (object, values.dtype) or _holds(column.dtype, values):
        return column
    if values.dtype != object:
        wider = np.result_type(column.dtype, values.dtype)
        if _holds(wider, values) and _holds(wider, column):
            return column.astype(wider)
    return column.astype(object)


def _holds(dtype: np.dtype[Any], values: np.ndarray) -> bool:
    """Whether values (n,) come back the same from that type."""
    if values.dtype == object:
        return False
    with np.errstate(all="ignore"):
        again = values.astype(dtype).astype(values.dtype)
    return np.array_equal(again, values, equal_nan=values.dtype.kind == "f")
