"""Rows of a CSV table with known columns; what is wrong with one is told by file, line and column."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from twin.errors import InputError


def read_rows(
    path: Path, needed: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped cells by column of each row that is not empty.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, unknown or there twice, or a row is of another length.
    """
    words = ",".join(needed) + (f" and, where wanted, {', '.join(optional)}" if optional else "")
    right = f"a CSV file in UTF-8 with the columns {words}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            header = [name.strip() for name in next(rows, [])]
            _check_header(header, f"{path}: line 1", (needed, optional), right)
            for row in rows:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                if len(cells) != len(header):
                    what = f"{len(cells)} cells in a table of {len(header)} columns"
                    raise InputError(f"{path}: line {rows.line_num}", what, ",".join(header))
                yield rows.line_num, dict(zip(header, cells, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(str(path), f"cannot be read ({reason})", right) from None


def _check_header(
    header: Sequence[str], where: str, known: tuple[Sequence[str], Sequence[str]], right: str
) -> None:
    needed, optional = known
    for name in header:
        if name not in (*needed, *optional):
            raise InputError(where, f"unknown column {name!r}", right)
        if header.count(name) > 1:
            raise InputError(where, f"column {name!r} is there twice", right)
    for name in needed:
        if name not in header:
            raise InputError(where, f"no column {name!r}", right)


def number_of(text: str, where: str, right: str = "a number, 0 or more") -> float:
    """A number >= 0 as written with a point, or an `InputError`.

    >>> number_of("12.5", "a.csv: line 2: count")
    12.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise InputError(where, f"{text!r} is no number", right)
    if value < 0.0:
        raise InputError(where, f"{text} is negative", right)
    return value
