"""A census of the grid town, written as its user would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from twin.population.residents.census import VARIABLES

Table = dict[str, dict[str, float]]
"""Counts by variable and category."""

OLD: Table = {
    "age": dict(zip(VARIABLES["age"], (130, 110, 90, 70, 220, 480, 620, 410, 270), strict=True)),
    "sex": {"male": 1130, "female": 1270},
    "household_type": dict(zip(VARIABLES["household_type"], (520, 300, 250, 115, 30), strict=True)),
    "household_size": dict(zip(VARIABLES["household_size"], (520, 404, 146, 105, 32, 8), strict=True)),
    "occupation": dict(zip(VARIABLES["occupation"], (120, 960, 150, 170, 600), strict=True)),
    "cars": {"0": 400, "1": 600, "2_over": 215},
}
"""Zone "old": 2,400 people in 1,215 households."""

HEAD = """
schema_version = 1
place = "grid"

[census]
file = "census.csv"
kind = "statistic"
source = "made for the test"
"""


def csv_text(tables: Mapping[str, Table], header: str = "zone,variable,category,count") -> str:
    """Rows of a census by zone."""
    rows = [
        f"{zone},{variable},{category},{count:g}"
        for zone, table in tables.items()
        for variable, cells in table.items()
        for category, count in cells.items()
    ]
    return "\n".join([header, *rows]) + "\n"


def write_census(folder: Path, text: str, head: str = HEAD) -> Path:
    """A population.toml that names a census, with the census beside it."""
    (folder / "census.csv").write_text(text, encoding="utf-8")
    file = folder / "population.toml"
    file.write_text(head, encoding="utf-8")
    return file


def cells_of(table: Table, variable: str) -> np.ndarray:
    """Counts of a variable in the order of its categories."""
    return np.array([table[variable][each] for each in VARIABLES[variable]])
