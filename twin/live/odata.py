"""Queries in the words of OData that the SensorThings API takes: a grammar, and conditions on whole columns.

$filter: eq ne gt ge lt le, and or not, add sub mul div mod, functions of texts, numbers and moments, paths to
related entities (``Datastream/ObservedProperty/name``). What is not understood is told with its place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from twin.errors import InputError, needing
from twin.readers.sensorthings import moment_us

GRAMMAR = r"""
?start: either
?either: both ("or" both)*
?both: denied ("and" denied)*
?denied: "not" denied -> negation
       | compared
?compared: sum [OPERATOR sum]
?sum: product ((ADD | SUB) product)*
?product: atom ((MUL | DIV | MOD) atom)*
?atom: NUMBER -> number
     | STRING -> text
     | MOMENT -> moment
     | "true" -> yes
     | "false" -> no
     | NAME "(" [either ("," either)*] ")" -> call
     | NAME ("/" NAME)* -> path
     | "(" either ")"
OPERATOR.2: /(eq|ne|gt|ge|lt|le)(?![\w])/
ADD.2: /add(?![\w])/
SUB.2: /sub(?![\w])/
MUL.2: /mul(?![\w])/
DIV.2: /div(?![\w])/
MOD.2: /mod(?![\w])/
MOMENT.3: /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)/
NUMBER.1: /-?\d+(\.\d+)?([eE][+-]?\d+)?/
STRING: /'(''|[^'])*'/
NAME: /[A-Za-z_@][\w.@]*/
%ignore /\s+/
"""

Column = np.ndarray
Columns = Callable[[tuple[str, ...]], Column]
"""Gives the column that a path names; raises `InputError` where there is none."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "gt", "ge", "lt", "le")
}
_RECKON: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": np.fmod,
}
_OF_TEXTS: dict[str, Callable[..., Any]] = {
    "substringof": lambda part, text: part in text,
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "length": len,
    "indexof": str.find,
    "tolower": str.lower,
    "toupper": str.upper,
    "trim": str.strip,
    "concat": operator.add,
}
_OF_NUMBERS: dict[str, Callable[[Any], Any]] = {"round": np.round, "floor": np.floor, "ceiling": np.ceil}
_PARTS = {"year": "Y", "month": "M", "day": "D", "hour": "h", "minute": "m", "second": "s"}


@cache
def _parser() -> Any:
    with needing("live"):
        from lark import Lark
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def parse(text: str) -> Any:
    """A condition as a tree; raises `InputError` that tells where it is not understood."""
    parser = _parser()
    from lark.exceptions import UnexpectedInput

    if len(text) > 2_000:
        raise InputError("$filter", f"{len(text)} letters", "2000 at most")
    try:
        return parser.parse(text)
    except UnexpectedInput as error:
        at = max(getattr(error, "pos_in_stream", None) or 0, 0)
        right = "a condition such as result gt 5 and phenomenonTime ge 2027-01-12T08:00:00Z"
        raise InputError(
            "$filter", f"not understood from letter {at + 1} on: {text[at : at + 30]!r}", right
        ) from None
    except RecursionError:
        raise InputError("$filter", "nested too deeply", "fewer brackets") from None


def holds(tree: Any, columns: Columns, n_rows: int) -> np.ndarray:
    """Of which rows (n_rows,) a condition is true.

    >>> rows = {("result",): np.array([1.0, 5.0]), ("name",): np.array(["a", None], dtype=object)}
    >>> holds(parse("result add 1 gt 4 or startswith(name, 'a')"), rows.__getitem__, 2).tolist()
    [True, True]
    """
    found = _worth(tree, columns, n_rows)
    if found.dtype != np.bool_:
        raise InputError("$filter", "is no condition", "a comparison such as result gt 5")
    return found


def _worth(tree: Any, columns: Columns, n: int) -> np.ndarray:
    kind, parts = tree.data, tree.children
    if kind in ("either", "both"):
        return _joined([holds(part, columns, n) for part in parts], kind == "either")
    if kind == "negation":
        return ~holds(parts[0], columns, n)
    if kind == "compared":
        left, right = (_worth(parts[k], columns, n) for k in (0, 2))
        return _compared(str(parts[1]), left, right)
    if kind in ("sum", "product"):
        found = _number(_worth(parts[0], columns, n), str(parts[1]))
        for sign, part in zip(parts[1::2], parts[2::2], strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                found = _RECKON[str(sign)](found, _number(_worth(part, columns, n), str(sign)))
        return found
    if kind == "call":
        return _called(str(parts[0]), [_worth(part, columns, n) for part in parts[1:]], n)
    if kind == "path":
        return columns(tuple(str(part) for part in parts))
    return np.full(n, *_literal(kind, str(parts[0]) if parts else ""))


def _literal(kind: str, text: str) -> tuple[Any, Any]:
    """The value of a literal and the type of its column."""
    if kind == "number":
        return float(text), np.float64
    if kind == "text":
        return text[1:-1].replace("''", "'"), object
    if kind == "moment":
        return np.datetime64(moment_us(text), "us"), "datetime64[us]"
    return kind == "yes", np.bool_


def _joined(parts: list[np.ndarray], either: bool) -> np.ndarray:
    return np.asarray((np.logical_or if either else np.logical_and).reduce(parts))


def _compared(name: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    kinds = {_kind(left), _kind(right)}
    if len(kinds) > 1:
        raise InputError("$filter", f"{' and '.join(sorted(kinds))} compared", "like with like")
    compare = _COMPARE[name]
    if kinds == {"text"}:
        pairs = zip(left, right, strict=True)
        return np.array([a is not None and b is not None and compare(a, b) for a, b in pairs], dtype=np.bool_)
    return np.asarray(compare(left, right), dtype=np.bool_)


def _called(name: str, given: list[np.ndarray], n: int) -> np.ndarray:
    if name in _OF_TEXTS:
        if not given or any(_kind(column) != "text" for column in given):
            raise InputError(
                "$filter", f"{name} of what is no text", "texts in single quotes, or names of them"
            )
        try:
            rows = zip(*given, strict=True)
            found = [None if None in row else _OF_TEXTS[name](*row) for row in rows]
        except TypeError:
            raise InputError(
                "$filter", f"{name} with {len(given)} arguments", "as the standard has it"
            ) from None
        return column_of(found, conditions=name in ("substringof", "contains", "startswith", "endswith"))
    if name == "now" and not given:
        return np.full(n, np.datetime64("now", "us"), dtype="datetime64[us]")
    if name in _OF_NUMBERS and len(given) == 1:
        return np.asarray(_OF_NUMBERS[name](_number(given[0], name)))
    if name in _PARTS and len(given) == 1 and _kind(given[0]) == "moment":
        return _part(given[0], name)
    known = ", ".join(sorted([*_OF_TEXTS, *_OF_NUMBERS, *_PARTS, "now"]))
    raise InputError("$filter", f"no function {name} of that", f"one of {known}")


def _part(moments: np.ndarray, name: str) -> np.ndarray:
    """A part of moments (UTC) as numbers; of none, not a number."""
    units = list(_PARTS.values())
    unit = _PARTS[name]
    whole = moments.astype(f"datetime64[{unit}]")
    if unit == "Y":
        return np.where(np.isnat(moments), np.nan, whole.astype(np.int64) + 1970.0)
    larger = whole.astype(f"datetime64[{units[units.index(unit) - 1]}]").astype(f"datetime64[{unit}]")
    within = (whole - larger).astype(np.float64)
    return np.where(np.isnat(moments), np.nan, within + (unit in "MD"))


def column_of(values: list[Any], conditions: bool = False) -> np.ndarray:
    """A column of plain values: conditions, numbers (NaN: none), or texts (None: none)."""
    if conditions or (values and all(isinstance(value, bool) for value in values)):
        return np.array([bool(value) for value in values], dtype=np.bool_)
    if all(
        value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values
    ):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    texts = [value if isinstance(value, str) else None for value in values]
    return np.array([*texts, None], dtype=object)[:-1]


def _number(column: np.ndarray, name: str) -> np.ndarray:
    if _kind(column) != "number":
        raise InputError("$filter", f"{name} of what is no number", "numbers, or names of them")
    return column


def _kind(column: np.ndarray) -> str:
    return {"b": "condition", "f": "number", "i": "number", "O": "text", "M": "moment"}[column.dtype.kind]
