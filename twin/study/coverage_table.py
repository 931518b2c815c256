"""The table of a study of coverage: a row for each focus, seed, arm and coverage."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""Columns by name; numbers are text where a row was read from a file."""


def kept_rows(table: Path) -> list[Row]:
    """Rows of a table that stands, none where there is none."""
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as file:
        return [dict(row) for row in csv.DictReader(file)]


def write_rows(table: Path, rows: Sequence[Row]) -> None:
    """Write the whole table, or leave it; numbers by nine digits."""
    beside = table.with_suffix(".part")
    with beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.9g}" if isinstance(v, float) else v for k, v in row.items()})
    beside.replace(table)
