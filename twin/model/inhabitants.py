"""Inhabitants as a Mesa AgentSet: a fixed population held as columns, seen one by one through light views.

What Mesa does with agents one by one is done here with whole columns where that gives the same; a function
of an agent is still asked of each. Nobody is added or removed, and the population's columns are read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import numpy as np
from mesa.agent import AgentSet

from twin.errors import InputError
from twin.model.columns import Columns, of_column
from twin.model.groups import Groups
from twin.model.inhabitant import Inhabitant, fixed, view, views
from twin.population.population import Persons


class Inhabitants(AgentSet):  # type: ignore[misc]
    """Some or all persons of a model, in an order.

    ``people.age`` is a column (n,), read-only, and ``people.select(people.age >= 75)`` a part of them;
    ``people.set("trust", values)`` gives everybody an own attribute; ``people[42].trust`` is one person's.

    Parameters
    ----------
    agents
        Views of persons of one population; doubles count once.
    random
        What `shuffle` draws from; the model's own if not given.
    """

    __slots__ = ("_columns", "_member", "_rows", "random")
    _columns: Columns
    _rows: np.ndarray | None  # None: all persons in the population's order
    random: Random

    def __init__(self, agents: Iterable[Inhabitant], random: Random | None = None) -> None:
        members = list(agents)
        columns = members[0]._columns if members and isinstance(members[0], Inhabitant) else None
        if columns is None:
            raise InputError("Inhabitants", "no views of inhabitants given", "inhabitants of one model")
        self._fill(columns, _rows_of(columns, members), columns.model.random if random is None else random)

    @classmethod
    def of(cls, persons: Persons, model: Any) -> Inhabitants:
        """All persons of a population, as those of a model; the columns are shared, not copied."""
        given = persons.columns() | {"unique_id": persons.person_id}
        return cls._made(Columns(given, model, NAMES_TAKEN), None, model.random)

    @classmethod
    def _made(cls, columns: Columns, rows: np.ndarray | None, random: Random) -> Inhabitants:
        made: Inhabitants = cls.__new__(cls)
        made._fill(columns, rows, random)
        return made

    def _fill(self, columns: Columns, rows: np.ndarray | None, random: Random) -> None:
        for name, value in (("_columns", columns), ("_rows", rows), ("random", random), ("_member", None)):
            object.__setattr__(self, name, value)

    def _part(self, places: np.ndarray) -> Inhabitants:
        """Those at these places of this set (k,), in that order."""
        return self._made(self._columns, places if self._rows is None else self._rows[places], self.random)

    def _become(self, places: np.ndarray) -> Inhabitants:
        self._fill(self._columns, self._part(places)._rows, self.random)
        return self

    # ------------------------------------------------------------------ columns

    @property
    def model(self) -> Any:
        """The model that they live in."""
        return self._columns.model

    @property
    def rows(self) -> np.ndarray:
        """Rows of the population (n,) int64."""
        return np.arange(self._columns.n) if self._rows is None else self._rows

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._columns.column(name, self._rows)

    def __setattr__(self, name: str, value: Any) -> None:
        raise InputError(f"inhabitants.{name}", "is not set this way", f"inhabitants.set({name!r}, values)")

    def get(self, attr_names: Any, handle_missing: str = "error", default_value: Any = None) -> list[Any]:
        """Values of an attribute, one each, or a list of values each for several attributes."""
        if handle_missing not in ("error", "default"):
            raise ValueError(
                f"Unknown handle_missing option: {handle_missing}, should be one of 'error' or 'default'"
            )
        instead = (default_value,) if handle_missing == "default" else ()
        if isinstance(attr_names, str):
            return self._values(attr_names, *instead)
        lists = [self._values(name, *instead) for name in attr_names]
        return [list(each) for each in zip(*lists, strict=True)] if lists else [[] for _ in range(len(self))]

    def _values(self, name: str, *instead: Any) -> list[Any]:
        column = self._whole(name)
        if column is None:
            return [getattr(each, name, *instead) for each in self]
        values: list[Any] = column.tolist()
        return values

    def _whole(self, name: str) -> np.ndarray | None:
        """The column of an attribute that everybody here has (n,), else None."""
        known = self._columns.known(name, self._rows)
        if name not in self._columns.names or (known is not None and not known.all()):
            return None
        return self._columns.column(name, self._rows)

    def set(self, attr_name: str, value: Any) -> Inhabitants:
        """Give all of them one value of an own attribute, or one each by an array or list (n,)."""
        self._columns.write(attr_name, self._rows, value)
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """What a function, or each of several, says of the values; NumPy's see the column, others a list."""
        if not callable(func):
            return [self.agg(attribute, each) for each in func]
        column = self._whole(attribute)
        quick = None if column is None else of_column(func, column)
        if column is None or quick is None:
            return func(self.get(attribute))
        found = quick(column.astype(np.int64) if column.dtype.kind == "i" else column)
        return found.item() if isinstance(found, np.generic) else found

    # ------------------------------------------------------------------ parts and orders

    def select(
        self,
        filter_func: Any = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: type[Any] | None = None,
    ) -> Inhabitants:
        """Those for whom a mask (n,) or a function of each is true, at most so many or such a share."""
        n = len(self)
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(n * at_most)
        most = max(at_most, 0)
        if agent_type is not None and not issubclass(Inhabitant, agent_type):
            most = 0
        places = self._chosen(filter_func, most)
        if inplace and self is getattr(self.model, "inhabitants", None) and places.shape[0] < n:
            raise fixed()
        return self._become(places) if inplace else self._part(places)

    def _chosen(self, condition: Any, most: float) -> np.ndarray:
        """Places (k,) of the first so many for whom the condition holds."""
        n = len(self)
        if condition is None:
            return np.arange(int(min(np.ceil(most), n)))
        if callable(condition):
            places: list[int] = []
            for place, each in enumerate(self):
                if len(places) >= most:
                    break
                if condition(each):
                    places.append(place)
            return np.array(places, dtype=np.int64)
        mask = np.asarray(condition)
        if mask.shape != (n,) or mask.dtype != np.bool_:
            found = f"{mask.dtype} values of shape {mask.shape}"
            raise InputError("inhabitants.select", found, f"a function, or {n} truth values")
        holds = np.flatnonzero(mask)
        return holds[: int(min(np.ceil(most), holds.shape[0]))]

    def shuffle(self, inplace: bool = False) -> Inhabitants:
        """The same inhabitants in an order drawn from `random`: the order that Mesa's agents would have."""
        order = self._drawn()
        return self._become(order) if inplace else self._part(order)

    def _drawn(self) -> np.ndarray:
        order = list(range(len(self)))
        self.random.shuffle(order)
        return np.array(order, dtype=np.int64)

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> Inhabitants:
        """The same inhabitants by an attribute or by a function of each; equal ones stay in order."""
        column = self._whole(key) if isinstance(key, str) else None
        if column is None or column.dtype == object:
            values = self.get(key) if isinstance(key, str) else [key(each) for each in self]
            by_value = sorted(range(len(values)), key=values.__getitem__, reverse=not ascending)
            order = np.array(by_value, dtype=np.int64)
        elif ascending:
            order = np.argsort(column, kind="stable")
        else:
            order = column.shape[0] - 1 - np.argsort(column[::-1], kind="stable")[::-1]
        return self._become(order) if inplace else self._part(order)

    def groupby(self, by: Any, result_type: str = "agentset") -> Groups:
        """Groups by an attribute or by what a function says of each, in the order of their first members."""
        labels = self.get(by) if isinstance(by, str) else [by(each) for each in self]
        places: dict[Any, list[int]] = {}
        for place, label in enumerate(labels):
            places.setdefault(label, []).append(place)
        parts = {label: self._part(np.array(each)) for label, each in places.items()}
        return Groups(parts if result_type == "agentset" else {each: list(parts[each]) for each in parts})

    # ------------------------------------------------------------------ one by one

    def do(self, method: Any, *args: Any, **kwargs: Any) -> Inhabitants:
        """A function of each, or a method of that name."""
        if isinstance(method, str):
            for each in self:
                getattr(each, method)(*args, **kwargs)
        else:
            for each in self:
                method(each, *args, **kwargs)
        return self

    def map(self, method: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """What a function, or a method of that name, says of each."""
        if isinstance(method, str):
            return [getattr(each, method)(*args, **kwargs) for each in self]
        return [method(each, *args, **kwargs) for each in self]

    def shuffle_do(self, method: Any, *args: Any, **kwargs: Any) -> Inhabitants:
        """A function of each, in an order drawn from `random`; the order of the set stays."""
        self._part(self._drawn()).do(method, *args, **kwargs)
        return self

    def to_list(self) -> list[Inhabitant]:
        """All views."""
        return list(self)

    def __len__(self) -> int:
        return self._columns.n if self._rows is None else int(self._rows.shape[0])

    def __iter__(self) -> Iterator[Inhabitant]:
        rows = range(self._columns.n) if self._rows is None else self._rows.tolist()
        return views(self._columns, rows)

    def __getitem__(self, item: Any) -> Any:
        place = range(len(self))[item]
        if isinstance(place, range):
            return list(self._part(np.array(place, dtype=np.int64)))
        return view(self._columns, place if self._rows is None else int(self._rows[place]))

    def __contains__(self, agent: object) -> bool:
        if not isinstance(agent, Inhabitant) or agent._columns is not self._columns:
            return False
        return self._rows is None or bool(self._mask()[agent.row])

    # ------------------------------------------------------------------ sets

    def _mask(self) -> np.ndarray:
        """Who of the population is among them (n_persons,) bool, made once."""
        if self._member is None:
            mask = np.zeros(self._columns.n, dtype=np.bool_)
            mask[self.rows] = True
            object.__setattr__(self, "_member", mask)
        return self._member

    def _from_iterable(self, agents: Iterable[Inhabitant]) -> Inhabitants:
        """What `&`, `|`, `-` and `^` come to."""
        return self._made(self._columns, _rows_of(self._columns, agents), self.random)

    def add(self, *_: Any) -> None:
        """Refused, as are `discard`, `remove`, `clear` and `pop`: a population is fixed."""
        raise fixed()

    discard = remove = clear = pop = add

    # ------------------------------------------------------------------ copies

    def __getstate__(self) -> dict[str, Any]:
        return {"columns": self._columns, "rows": self._rows, "random": self.random}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._fill(state["columns"], state["rows"], state["random"])

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._columns.names]

    def __repr__(self) -> str:
        return f"Inhabitants({len(self)} of {self._columns.n})"


NAMES_TAKEN = frozenset((*dir(Inhabitant), *dir(Inhabitants), "scenario", "from_dataframe"))
"""What own attributes cannot be called: Mesa, or one of its versions, has something else by that name."""


def _rows_of(columns: Columns, agents: Iterable[Inhabitant]) -> np.ndarray:
    """Rows of persons of one population (n,), each once."""
    rows: dict[int, None] = {}
    for each in agents:
        if not isinstance(each, Inhabitant) or each._columns is not columns:
            raise InputError("Inhabitants", f"{each!r} is of another population", "inhabitants of one model")
        rows[each.row] = None
    return np.array(list(rows), dtype=np.int64)
