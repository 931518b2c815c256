"""The ledger: every number the simulator assumes, with its range, unit, kind and source.

Each room keeps its rows in ``parameters/<room>.toml``; a row's name begins with its room. A value
is a number, or a list of numbers (an hourly profile, a table by age).
"""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

from twin.errors import InputError

Kind = Literal["law", "statistic", "literature", "assumption"]
KINDS: tuple[str, ...] = get_args(Kind)
FIELDS = ("value", "low", "high", "unit", "kind", "source", "meaning", "zero")
FRACTION_UNITS = ("share", "probability")

Value = float | tuple[float, ...]


@dataclass(frozen=True)
class Parameter:
    """One row of the ledger; low and high bound what the value may credibly be.

    `zero` says whether 0 may take the value's place: it may where it means that there is none, not where it
    divides. A row whose file does not say so takes 0 as a share or a price, and where no range lies above 0.
    """

    name: str
    value: Value
    low: Value | None
    high: Value | None
    unit: str
    kind: str
    source: str
    meaning: str
    zero: bool = True

    def values(self) -> tuple[float, ...]:
        """The value as a tuple, also when it is one number."""
        return self.value if isinstance(self.value, tuple) else (self.value,)


class Parameters:
    """The ledger's values by name, never changed in place.

    >>> ledger = Parameters({"mobility.gap_s": Parameter("mobility.gap_s", 2.0, 1.5, 2.5, "s",
    ...     "assumption", "stated here", "gap between vehicles")})
    >>> ledger["mobility.gap_s"], ledger.replaced({"mobility.gap_s": 1.8}, "here")["mobility.gap_s"]
    (2.0, 1.8)
    """

    def __init__(self, rows: Mapping[str, Parameter]) -> None:
        self._rows = {name: rows[name] for name in sorted(rows)}

    @classmethod
    def defaults(cls) -> Parameters:
        """The ledger that ships with the package."""
        return _defaults()

    @classmethod
    def of_rooms(cls, *rooms: str) -> Parameters:
        """The rows of some rooms of the ledger that ships with the package: no other file is read."""
        return cls({name: row for room in rooms for name, row in _shipped(f"{room}.toml").items()})

    def __getitem__(self, name: str) -> Any:
        """A number, or a tuple of numbers where the row is a list."""
        return self.row(name).value

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._rows == other._rows

    def __hash__(self) -> int:
        return hash(self.digest)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def row(self, name: str, where: str = "ledger") -> Parameter:
        """The whole row of that name, or an `InputError` with the names closest to it."""
        if name not in self._rows:
            close = difflib.get_close_matches(name, self._rows, n=3, cutoff=0.5)
            right = " or ".join(close) if close else "a name that `twin parameters` lists"
            raise InputError(where, f"no parameter {name!r}", right)
        return self._rows[name]

    def rows(self) -> tuple[Parameter, ...]:
        """All rows, sorted by name."""
        return tuple(self._rows.values())

    def names(self, pattern: str = "*") -> tuple[str, ...]:
        """Names that match a shell pattern, sorted: ``names("behaviour.*")``."""
        return tuple(fnmatch.filter(self._rows, pattern))

    def replaced(self, values: Mapping[str, Any], where: str = "parameters") -> Parameters:
        """The same ledger with some values replaced; what replaces them is an assumption made `where`.

        A value may leave low..high (a what-if may be extreme), not what its unit allows, nor its sign.
        """
        rows = dict(self._rows)
        for name, given in values.items():
            row = self.row(name, where)
            value = _value(given, f"{where}: {name}")
            _check_same_shape(row, value, f"{where}: {name}")
            if value != row.value:
                rows[name] = replace(row, value=value, kind="assumption", source=where)
        return Parameters(rows)

    def digest_of(self, pattern: str) -> str:
        """Digest of the values whose names match: what a room's outcome depends on."""
        chosen = {name: self._rows[name].value for name in self.names(pattern)}
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """Digest of all values."""
        return self.digest_of("*")


def read_rows(text: str, file: str) -> dict[str, Parameter]:
    """Rows of one ledger file, checked; the file is named after its room (``mobility.toml``)."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(file, str(error), 'TOML tables ["room.name"]') from None
    room = file.rsplit("/", 1)[-1].removesuffix(".toml")
    return {name: _row(name, table, room, f"{file}: {name}") for name, table in tables.items()}


@cache
def _defaults() -> Parameters:
    rows: dict[str, Parameter] = {}
    for name in sorted(entry.name for entry in _folder().iterdir()):
        if name.endswith(".toml"):
            rows.update(_shipped(name))
    return Parameters(rows)


@cache
def _shipped(name: str) -> dict[str, Parameter]:
    """Rows of one file of the package."""
    return read_rows((_folder() / name).read_text(encoding="utf-8"), f"parameters/{name}")


def _folder() -> Traversable:
    return files("twin.scenario") / "parameters"


def _row(name: str, table: Any, room: str, where: str) -> Parameter:
    if not isinstance(table, dict):
        raise InputError(where, "is no table", f'["{name}"] with the keys ' + ", ".join(FIELDS))
    if not name.startswith(f"{room}."):
        raise InputError(where, f"does not belong to the room {room!r}", f"a name that begins with {room}.")
    for key in table:
        if key not in FIELDS:
            raise InputError(f"{where}: {key}", "unknown key", "one of " + ", ".join(FIELDS))
    for key in ("unit", "kind", "source", "meaning"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise InputError(f"{where}: {key}", "missing or empty", "a text")
    if table["kind"] not in KINDS:
        raise InputError(f"{where}: kind", f"no kind {table['kind']!r}", "one of " + ", ".join(KINDS))
    if "value" not in table:
        raise InputError(f"{where}: value", "missing", "a number or a list of numbers")
    value = _value(table["value"], f"{where}: value")
    low, high = (_value(table[key], f"{where}: {key}") if key in table else None for key in ("low", "high"))
    row = Parameter(name, value, low, high, table["unit"], table["kind"], table["source"], table["meaning"])
    _check_range(row, where)
    return replace(row, zero=_takes_zero(row, table.get("zero"), f"{where}: zero"))


def _takes_zero(row: Parameter, told: Any, where: str) -> bool:
    """Whether 0 may take the value's place: as the file says, else as unit and range do."""
    if told is None:
        none_of_it = row.unit in FRACTION_UNITS or row.unit.startswith("EUR")
        return none_of_it or row.low is None or _least(row.low) <= 0.0
    if not isinstance(told, bool) or (not told and 0.0 in row.values()):
        raise InputError(
            where, f"{told!r} beside the value {row.value}", "true, or false where no value is 0"
        )
    return told


def _value(given: Any, where: str) -> Value:
    """A finite number as float, a list of them as tuple."""
    if isinstance(given, list | tuple):
        if not given:
            raise InputError(where, "an empty list", "at least one number")
        return tuple(_number(each, where) for each in given)
    return _number(given, where)


def _number(given: Any, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise InputError(where, f"{given!r} is not a finite number", "a number")
    return float(given)


def _check_range(row: Parameter, where: str) -> None:
    """low <= value <= high, element by element; only a list may leave them out."""
    if (row.low is None) != (row.high is None) or (row.low is None and not isinstance(row.value, tuple)):
        raise InputError(where, "low or high is missing", "both low and high (a list may omit both)")
    if row.low is None or row.high is None:
        return
    n_values = len(row.values())
    for low, value, high in zip(
        _spread(row.low, n_values, where), row.values(), _spread(row.high, n_values, where), strict=True
    ):
        if not low <= value <= high:
            raise InputError(
                where, f"value {value:g} is not within {low:g}..{high:g}", "low <= value <= high"
            )


def _spread(bound: Value, n_values: int, where: str) -> tuple[float, ...]:
    bounds = bound if isinstance(bound, tuple) else (bound,) * n_values
    if len(bounds) != n_values:
        raise InputError(
            where, f"{len(bounds)} bounds for {n_values} values", "one bound for all, or one each"
        )
    return bounds


def _check_same_shape(row: Parameter, value: Value, where: str) -> None:
    """What replaces a value is as long as it, keeps its sign, and stays a share where it is one."""
    n_values = len(row.values())
    values = value if isinstance(value, tuple) else (value,)
    if isinstance(value, tuple) != isinstance(row.value, tuple) or len(values) != n_values:
        right = f"a list of {n_values} numbers" if isinstance(row.value, tuple) else "one number"
        raise InputError(where, f"{len(values)} value(s) given for {n_values}", right)
    if row.unit in FRACTION_UNITS and not all(0.0 <= each <= 1.0 for each in values):
        raise InputError(where, f"{value} is no {row.unit}", "between 0 and 1")
    if not row.zero and 0.0 in values:
        raise InputError(where, f"{value} is not above 0", f"more than 0 {row.unit}")
    if _least(row.low if row.low is not None else row.value) >= 0.0 and min(values) < 0.0:
        raise InputError(where, f"{value} is negative", f"zero or more {row.unit}")


def _least(bound: Value) -> float:
    return min(bound) if isinstance(bound, tuple) else bound
