"""Groups of travellers: by age, by digital skill; sums and ratios within each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.indicators.records import DayRecord
from twin.population.tables import SKILLS

AGE_FROM = (0, 18, 30, 45, 65, 75)
AGE_GROUPS = ("age:0-17", "age:18-29", "age:30-44", "age:45-64", "age:65-74", "age:75+")
SKILL_GROUPS = tuple(f"skill:{skill}" for skill in SKILLS)

EVERYBODY = ""


def age_group(age: NDArray[np.int16]) -> NDArray[np.int64]:
    """Row of `AGE_GROUPS` for each age in years.

    >>> age_group(np.array([17, 18, 75])).tolist()
    [0, 1, 5]
    """
    rows: NDArray[np.int64] = np.searchsorted(AGE_FROM, age, side="right") - 1
    return rows


def ratios(
    record: DayRecord,
    chosen: NDArray[np.bool_],
    numerator: NDArray[np.float64] | NDArray[np.bool_],
    denominator: NDArray[np.float64] | None = None,
) -> dict[str, float]:
    """Sum of the numerator over sum of the denominator, for everybody, by age and by skill.

    Parameters
    ----------
    chosen
        Read, (n_trips,) trips that count.
    numerator, denominator
        Read, (n_trips,); without a denominator each trip counts one: the mean.
    """
    persons = record.population.persons
    person = record.population.trips.person[chosen]
    above = np.asarray(numerator[chosen], dtype=np.float64)
    below = np.ones(above.shape[0]) if denominator is None else denominator[chosen]
    found = _divide((EVERYBODY,), np.zeros(above.shape[0], dtype=np.int64), above, below)
    found |= _divide(AGE_GROUPS, age_group(persons.age[person]), above, below)
    found |= _divide(SKILL_GROUPS, persons.skill[person].astype(np.int64), above, below)
    return found


def _divide(
    names: tuple[str, ...], group: NDArray[np.int64], above: NDArray[np.float64], below: NDArray[np.float64]
) -> dict[str, float]:
    total_above = np.bincount(group, weights=above, minlength=len(names))
    total_below = np.bincount(group, weights=below, minlength=len(names))
    return {
        name: float(total_above[row] / total_below[row])
        for row, name in enumerate(names)
        if total_below[row] > 0
    }


def mean(values: NDArray[np.float64]) -> float:
    """Mean, NaN of nothing.

    >>> mean(np.array([1.0, 3.0]))
    2.0
    """
    return float(values.mean()) if values.shape[0] else float("nan")


def ratio(above: float, below: float) -> float:
    """Quotient, NaN where the denominator is nought."""
    return float(above / below) if below else float("nan")
