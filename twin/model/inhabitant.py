"""One inhabitant as a Mesa agent: a light view of a row of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import mesa

from twin.errors import InputError
from twin.model.columns import Columns
from twin.population.population import Persons


class Inhabitant(mesa.Agent):  # type: ignore[misc]
    """One person of a model: a Mesa agent that is two words wide and has its attributes in the columns.

    `unique_id` is the person's outside id. Attributes that the population has can be read; others can be
    set, and are own columns of `Inhabitants` then. It is no agent that acts: `step` does nothing.
    """

    __slots__ = ("_columns", "row")
    _columns: Columns
    row: int

    def __init__(self, *_: Any, **__: Any) -> None:
        raise fixed()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._columns.value(name, self.row)
        except AttributeError:
            if name == "pos":  # Mesa's agents stand nowhere until a space places them
                return None
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        self._columns.write_one(name, self.row, value)

    @property
    def model(self) -> Any:
        """The model that the person lives in."""
        return self._columns.model

    def remove(self) -> None:
        """Refused: a population is fixed."""
        raise fixed()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inhabitant) and other.row == self.row and other._columns is self._columns

    def __hash__(self) -> int:
        return hash((id(self._columns), self.row))

    def __reduce__(self) -> tuple[Any, ...]:
        return view, (self._columns, self.row)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._columns.names]

    def __repr__(self) -> str:
        return f"Inhabitant(unique_id={self.unique_id})"


def _reading(name: str) -> property:
    return property(lambda self: self._columns.given[name].item(self.row))


for _name in ("unique_id", *Persons.DTYPES):  # found at once; `__getattr__` is asked after a long search only
    setattr(Inhabitant, _name, _reading(_name))

_new: Any = object.__new__
_put_columns: Any = Inhabitant.__dict__["_columns"].__set__
_put_row: Any = Inhabitant.__dict__["row"].__set__


def view(columns: Columns, row: int) -> Inhabitant:
    """The person in that row."""
    seen: Inhabitant = _new(Inhabitant)
    _put_columns(seen, columns)
    _put_row(seen, row)
    return seen


def views(columns: Columns, rows: Iterable[int]) -> Iterator[Inhabitant]:
    """The persons in these rows, one after another."""
    for row in rows:
        seen: Inhabitant = _new(Inhabitant)
        _put_columns(seen, columns)
        _put_row(seen, row)
        yield seen


def fixed() -> InputError:
    """What is said to whoever would add or remove somebody."""
    return InputError(
        "inhabitants",
        "a population is fixed: nobody is added or removed",
        "select for a part of it, or a model of population.with_person(...)",
    )
