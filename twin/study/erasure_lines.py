"""Taking a person out of texts: lines of JSON and CSV by key and column, whatever they log."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from twin.population.tables import TRIPS_PER_PERSON_LIMIT

PERSON_KEYS = frozenset({"person_id", "person"})
TRIP_KEYS = frozenset({"trip_id", "trip"})
CSV_SUFFIXES = (".csv", ".tsv")


def without_person(data: bytes, person_id: int, suffix: str) -> tuple[bytes, int]:
    r"""A text without the lines that name the person, and how many were taken out; other bytes as they are.

    >>> without_person(b'{"person_id": 7}\n{"person_id": 17}\n', 7, ".jsonl")
    (b'{"person_id": 17}\n', 1)
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data, 0
    lines = text.splitlines(keepends=True)
    if suffix in CSV_SUFFIXES:
        mine = _csv_lines(lines, person_id, "\t" if suffix == ".tsv" else ",")
    else:
        mine = [_json_line_names(line, person_id) for line in lines]
    kept = [line for line, is_mine in zip(lines, mine, strict=True) if not is_mine]
    return "".join(kept).encode("utf-8"), len(lines) - len(kept)


def names(value: Any, person_id: int) -> bool:
    """Whether a value read from JSON names the person anywhere in it.

    >>> names({"rows": [{"trip_id": 7 * 32 + 3}]}, 7)
    True
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in PERSON_KEYS and str(inner) == str(person_id):
                return True
            if key in TRIP_KEYS and isinstance(inner, int) and inner // TRIPS_PER_PERSON_LIMIT == person_id:
                return True
        return any(names(inner, person_id) for inner in value.values())
    return isinstance(value, list) and any(names(inner, person_id) for inner in value)


def _json_line_names(line: str, person_id: int) -> bool:
    if not line.lstrip().startswith(("{", "[")):
        return False
    try:
        return names(json.loads(line), person_id)
    except ValueError:
        return False


def _csv_lines(lines: list[str], person_id: int, between: str) -> list[bool]:
    """Which lines of a table name the person, by the columns of its header."""
    rows = [next(csv.reader(io.StringIO(line), delimiter=between), []) for line in lines]
    header = rows[0] if rows else []
    mine = [False] * len(lines)
    for column, name in enumerate(header):
        for number, row in enumerate(rows[1:], start=1):
            if column >= len(row):
                continue
            cell = row[column].strip()
            if name in PERSON_KEYS:
                mine[number] |= cell == str(person_id)
            elif name in TRIP_KEYS and cell.isdigit():
                mine[number] |= int(cell) // TRIPS_PER_PERSON_LIMIT == person_id
    return mine
