"""Published figures that a population is held against, each with its source: fitted ones, and held-out ones.

The French ones come with the package; a file of the same form may stand in for them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from twin.errors import InputError
from twin.population.file import Text
from twin.population.published.measures import MEASURES
from twin.scenario.ledger import Kind
from twin.scenario.wording import fault, input_error, nearest

LISTS = ("fitted", "held_out")
POINTS = 0.03
RELATIVE = 0.05
"""A fitted figure holds within 3 points of a share, or within 5 % of any value."""
STANDARD_ERRORS = 2.0
"""A figure under the rule of two standard errors holds within so many."""
Known = Literal["seen", "recalled"]
Rule = Literal["points or percent", "two standard errors"]
Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class Figure:
    """One published figure: what it measures, of whom, its value and range, and where it comes from."""

    measure: str
    of: str
    group: tuple[str, ...]
    list: str
    value: float | None
    low: float | None
    high: float | None
    kind: str
    known: str
    rule: str
    source: str
    note: str


@dataclass(frozen=True)
class Figures:
    """Figures in the file's order, and the legal regime to whose people they belong."""

    legal_regime: str
    rows: tuple[Figure, ...]


class FiguresTable(BaseModel):
    """Figures of one source: values by what is measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Text = Field(description="a measure")
    group: tuple[Literal["dense", "town", "village"], ...] = Field(
        default=(), description="density classes of the home: dense, town, village"
    )
    values: dict[str, Finite] = Field(default={}, description="numbers by what is measured")
    ranges: dict[str, tuple[Finite, Finite]] = Field(
        default={}, description="[low, high] by what is measured"
    )
    without_value: tuple[Text, ...] = Field(default=(), description="what is measured and has no figure")
    list: Literal["fitted", "held_out"] = Field(description="fitted or held_out")
    kind: Kind = Field(default="statistic", description="law, statistic, literature or assumption")
    known: Known | None = Field(default=None, description="seen or recalled")
    rule: Rule = Field(default="points or percent", description="points or percent, or two standard errors")
    source: Text = Field(description="where the numbers come from")
    note: str = Field(default="", description="what to know of the comparison")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.measure not in MEASURES:
            raise fault(f"no measure {self.measure!r}", nearest(self.measure, MEASURES))
        for of in (*self.values, *self.without_value):
            MEASURES[self.measure].check(of)
        for of, (low, high) in self.ranges.items():
            if of not in self.values or not low <= self.values[of] <= high:
                raise fault(f"the range of {of!r} holds no value", "low <= value <= high of a value given")
        if self.values and self.known is None:
            raise fault("values of which nobody says how they are known", 'known = "seen" or "recalled"')
        return self

    def rows(self) -> tuple[Figure, ...]:
        """One figure for each value, and for each that has none."""
        shared = {"measure": self.measure, "group": self.group, "list": self.list}
        shared |= {"known": self.known or "", "rule": self.rule, "source": self.source, "note": self.note}
        found = []
        for of, value in {**self.values, **dict.fromkeys(self.without_value)}.items():
            low, high = self.ranges.get(of, (None, None))
            kind = "" if value is None else self.kind
            found.append(Figure(of=of, value=value, low=low, high=high, kind=kind, **shared))  # type: ignore[arg-type]
        return tuple(found)


class FiguresFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = Field(description="1")
    legal_regime: Text = Field(description="the state whose people the figures are of, for example France")
    figures: tuple[FiguresTable, ...] = Field(min_length=1, description="at least one table [[figures]]")


def read_figures(path: Path) -> Figures:
    """Figures of a file (TOML), or an `InputError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"cannot be read ({error})", "a file of figures in UTF-8") from None
    return _figures(text, str(path))


@cache
def french_figures() -> Figures:
    """The figures that come with the package."""
    name = "french_figures.toml"
    return _figures((files("twin.population.published") / name).read_text(encoding="utf-8"), name)


def _figures(text: str, where: str) -> Figures:
    try:
        read = FiguresFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, str(error), "a TOML file with tables [[figures]]") from None
    except ValidationError as error:
        raise input_error(error, FiguresFile, where) from None
    rows = tuple(row for table in read.figures for row in table.rows())
    return Figures(read.legal_regime, rows)
