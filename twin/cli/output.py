"""What commands print: one JSON object, or tables for people."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def emit(payload: dict[str, Any]) -> None:
    """Print one JSON object on standard output; what is not finite becomes null."""
    sys.stdout.write(json.dumps(plain(payload), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """Values as JSON knows them: arrays and tuples as lists, NaN as null, paths as text.

    >>> plain({"a": (1, float("nan")), "b": Path("x")})
    {'a': [1, None], 'b': 'x'}
    """
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def say(text: str) -> None:
    """A line for people on standard output."""
    sys.stdout.write(text + "\n")


def paragraph(text: str) -> str:
    """A text folded to the terminal's width, or to 100 letters, four letters in."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    margin = "    "
    return textwrap.fill(
        text,
        width,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """A table for people on standard output; wide texts fold, and nothing in them is markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title or None, title_justify="left", header_style="bold")
    cells = [[_cell(value) for value in row] for row in rows]
    for column, name in enumerate(columns):
        numbers = all(isinstance(row[column], str) and _is_number(row[column]) for row in cells)
        drawn.add_column(name, justify="right" if numbers and cells else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160).print(drawn)


def exact(value: Any) -> str:
    """An input value in a cell, no digit lost.

    >>> exact([7.3785, 43.0]), exact(1500.0)
    ('7.3785, 43', '1500')
    """
    return _cell(value, ".12g")


def _cell(value: Any, digits: str = "") -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return format(value, digits or (",.4g" if abs(value) < 1_000 else ",.0f"))
    if isinstance(value, list | tuple):
        shown = ", ".join(_cell(each, digits) for each in value[:6])
        return f"{shown}, … ({len(value)})" if len(value) > 6 else shown
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").replace("–", "0"))
    except ValueError:
        return False
    return True
