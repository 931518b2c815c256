"""Indicators as a table, and back."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from twin.indicators.indicator import IndicatorValue
from twin.scenario.ledger import Parameters

COLUMNS = ("indicator", "focus", "group", "value", "unit", "better", "extensive", "assumptions")


def values_table(values: Iterable[IndicatorValue]) -> pd.DataFrame:
    """One row a value; ``assumptions`` lists the ledger rows that it rests on."""
    rows = [(v.name, v.focus, v.group, v.value, v.unit, v.better, v.extensive, v.assumptions) for v in values]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def count_assumptions(names: Iterable[str], ledger: Parameters) -> int:
    """How many of the ledger rows behind a number are assumptions, and not law, statistic or literature."""
    return sum(ledger.row(name).kind == "assumption" for name in names if name in ledger)


def read_values(table: pd.DataFrame) -> tuple[IndicatorValue, ...]:
    """The values that a table holds; equal lists of ledger rows are one object."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    values = []
    for row in table.to_dict("records"):
        names = tuple(row["assumptions"].tolist())
        values.append(
            IndicatorValue(
                name=row["indicator"],
                value=row["value"],
                unit=row["unit"],
                better=row["better"],
                group=row["group"],
                focus=row["focus"],
                assumptions=known.setdefault(names, names),
                extensive=row["extensive"],
            )
        )
    return tuple(values)
