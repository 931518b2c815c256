"""A census of the user's own: counts of persons and households by zone, one category a row.

Counts may be weighted sums with decimals, as census offices publish them: they are brought to whole numbers
that sum to the inhabitants and to the households. What no households can be is refused here, by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.errors import InputError
from twin.population.residents.archetypes import AGE_LABELS, HOUSEHOLD_SIZES, HOUSEHOLD_TYPES
from twin.population.residents.fit import integerise
from twin.population.tables import OCCUPATIONS, STUDENT
from twin.readers.csv_rows import number_of, read_rows
from twin.scenario.wording import nearest

ADULT_FROM_BAND = AGE_LABELS.index("18_24")
ADULT_OCCUPATIONS = OCCUPATIONS[STUDENT:]
SEXES = ("male", "female")
CARS = ("0", "1", "2_over")
PERSON_VARIABLES = {"age": AGE_LABELS, "sex": SEXES, "occupation": ADULT_OCCUPATIONS}
HOUSEHOLD_VARIABLES = {
    "household_type": HOUSEHOLD_TYPES,
    "household_size": HOUSEHOLD_SIZES,
    "cars": CARS,
}
VARIABLES = {**PERSON_VARIABLES, **HOUSEHOLD_VARIABLES}
"""Variables of a census and their categories; occupations are those of 18 years and over."""
COLUMNS = ("zone", "variable", "category", "count")
FEWEST_OF_TYPE = (1, 2, 3, 2, 2)
"""Persons in the smallest household of each type."""
WITHIN = 1.0
"""By how much totals of one area may differ: counts are rounded."""

Key = tuple[str, str]
"""Zone and commune; "" for the whole zone."""


@dataclass(frozen=True)
class CensusMargins:
    """Whole numbers of an area by category, in the order of `VARIABLES`; None where the census is silent."""

    line: int  # of the first row
    age: tuple[int, ...]
    sex: tuple[int, ...] | None = None
    occupation: tuple[int, ...] | None = None
    household_type: tuple[int, ...] | None = None
    household_size: tuple[int, ...] | None = None
    cars: tuple[int, ...] | None = None

    @property
    def inhabitants(self) -> int:
        """Persons of all ages."""
        return sum(self.age)

    @property
    def n_adults(self) -> int:
        """Persons of 18 years and over."""
        return sum(self.age[ADULT_FROM_BAND:])

    @property
    def n_households(self) -> int | None:
        """Households, if the census counts any."""
        return next(
            (sum(each) for each in (self.household_type, self.household_size, self.cars) if each), None
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that the census counts."""
        return tuple(name for name in VARIABLES if getattr(self, name) is not None)


def read_census(path: Path) -> dict[Key, CensusMargins]:
    """Margins by zone and commune, each checked by itself; names are checked against the territory later."""
    lines: dict[Key, int] = {}
    counts: dict[Key, dict[str, dict[str, float]]] = {}
    for line, row in read_rows(path, COLUMNS, ("commune",)):
        where = f"{path}: line {line}"
        if not row["zone"]:
            raise InputError(f"{where}: zone", "empty", "the name of a zone of the territory")
        key = (row["zone"], row.get("commune", ""))
        variable, category = row["variable"], row["category"]
        if variable not in VARIABLES:
            raise InputError(f"{where}: variable", f"no variable {variable!r}", nearest(variable, VARIABLES))
        if category not in VARIABLES[variable]:
            right = "one of " + ", ".join(VARIABLES[variable])
            raise InputError(f"{where}: category", f"{variable} has no category {category!r}", right)
        count = number_of(row["count"], f"{where}: count", "a number of persons or households, 0 or more")
        cells = counts.setdefault(key, {}).setdefault(variable, {})
        if category in cells:
            raise InputError(where, f"{variable} {category} of {spelled(key)} is given twice", "one row")
        cells[category] = count
        lines.setdefault(key, line)
    if not counts:
        raise InputError(str(path), "an empty census", "a row for each age of each zone")
    return {key: _margins(table, lines[key], f"{path}: {spelled(key)}") for key, table in counts.items()}


def spelled(key: Key) -> str:
    """Name of the area of a zone and commune.

    >>> spelled(("dense", "Monaco"))
    'dense/Monaco'
    """
    return "/".join(part for part in key if part)


def _margins(table: Mapping[str, Mapping[str, float]], line: int, where: str) -> CensusMargins:
    if "age" not in table:
        raise InputError(where, "no row of the variable age", "rows for the ages " + ", ".join(AGE_LABELS))
    for variable, cells in table.items():
        for category in VARIABLES[variable]:
            if category not in cells:
                right = f"a row for each of {', '.join(VARIABLES[variable])}, 0 where there is nobody"
                raise InputError(f"{where}: {variable}", f"no row for {category}", right)
    values = {name: np.array([table[name][each] for each in VARIABLES[name]]) for name in table}
    people = float(values["age"].sum())
    adults = float(values["age"][ADULT_FROM_BAND:].sum())
    _check_totals(values, {"sex": people, "occupation": adults}, where)
    whole = {"age": integerise(values["age"], round(people))}
    totals = {"sex": round(people), "occupation": int(whole["age"][ADULT_FROM_BAND:].sum())}
    households = [name for name in HOUSEHOLD_VARIABLES if name in values]
    n_households = round(float(values[households[0]].sum())) if households else 0
    totals |= dict.fromkeys(households, n_households)
    for name in values.keys() - {"age"}:
        whole[name] = integerise(values[name], totals[name])
    made = CensusMargins(line=line, **{name: tuple(each.tolist()) for name, each in whole.items()})
    _check_households(made, where)
    return made


def _check_totals(values: Mapping[str, np.ndarray], of_ages: Mapping[str, float], where: str) -> None:
    """Totals of one area agree: those of persons with the ages, those of households among each other."""
    for name, total in of_ages.items():
        who = "inhabitants of all ages" if name == "sex" else "inhabitants of 18 years and over"
        if name in values and abs(float(values[name].sum()) - total) > WITHIN:
            what = f"its counts sum to {values[name].sum():g}, but there are {total:g} {who}"
            raise InputError(f"{where}: {name}", what, f"counts that sum to {total:g}")
    given = [name for name in HOUSEHOLD_VARIABLES if name in values]
    for name in given[1:]:
        total = float(values[given[0]].sum())
        if abs(float(values[name].sum()) - total) > WITHIN:
            what = f"its counts sum to {values[name].sum():g}, those of {given[0]} to {total:g}"
            raise InputError(f"{where}: {name}", what, "one number of households in all variables")
    if "household_type" in values and "household_size" in values:
        single, alone = float(values["household_type"][0]), float(values["household_size"][0])
        if abs(single - alone) > WITHIN:
            what = f"{single:g} households are single, but {alone:g} are of one person"
            raise InputError(f"{where}: household_size", what, "the same number of both")


def _check_households(census: CensusMargins, where: str) -> None:
    """No household that cannot be: each has an adult, and as many members as its type needs."""
    n, people = census.n_households, census.inhabitants
    if n is None:
        return
    if n == 0 and people > 0:
        raise InputError(where, f"{people} inhabitants in no household", "at least one household")
    if n > people:
        raise InputError(
            where, f"{n} households of {people} inhabitants", "no more households than inhabitants"
        )
    if n > census.n_adults:
        right = "an inhabitant of 18 years or over in each household"
        raise InputError(where, f"{n} households, but {census.n_adults} inhabitants of 18 and over", right)
    for name, cells, fewest in (
        ("household_type", census.household_type, FEWEST_OF_TYPE),
        ("household_size", census.household_size, range(1, len(HOUSEHOLD_SIZES) + 1)),
    ):
        _check_fewest(name, cells, fewest, people, where)
    types = census.household_type or (0,) * len(HOUSEHOLD_TYPES)
    young = sum(census.age[: AGE_LABELS.index("40_59")])
    if types[2] > young:
        what = f"{types[2]} couples with children, but {young} inhabitants under 40"
        raise InputError(f"{where}: household_type", what, "a child in each of these families")
    adults = sum(n * adults for n, adults in zip(types, (1, 2, 2, 1, 2), strict=True))
    if adults > census.n_adults:
        what = f"these households need {adults} adults, but {census.n_adults} inhabitants are 18 and over"
        raise InputError(
            f"{where}: household_type", what, "two adults in each couple, one in any other family"
        )


def _check_fewest(
    name: str, cells: tuple[int, ...] | None, fewest: Sequence[int], people: int, where: str
) -> None:
    if cells is None:
        return
    needed = sum(n * least for n, least in zip(cells, fewest, strict=True))
    if needed > people + WITHIN:
        what = f"these households have {needed} members at least, but there are {people} inhabitants"
        raise InputError(f"{where}: {name}", what, "households that the inhabitants can fill")
    if not any(cells[1:]) and needed < people - WITHIN:
        what = f"{sum(cells)} households of one person, but {people} inhabitants"
        raise InputError(f"{where}: {name}", what, "households that hold all inhabitants")
