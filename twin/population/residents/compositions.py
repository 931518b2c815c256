"""How many households of each composition an area has: fitted to its margins, then whole.

Fitted and whole numbers are judged alike, cell by cell of every margin; where margins contradict each other,
the report says by how many persons or households, and what was made instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.population.marginals import MarginalsArea
from twin.population.residents.archetypes import (
    AGE_LABELS,
    HOUSEHOLD_SIZES,
    HOUSEHOLD_TYPES,
    Archetype,
    archetypes,
    composition_table,
)
from twin.population.residents.fit import WITHIN, integerise, rake_closely
from twin.population.residents.rounding import SLACK, mended_numbers, nearest_numbers, reachable_targets

AGE, TYPE, SIZE = "age", "household_type", "household_size"
LABELS = {AGE: AGE_LABELS, TYPE: HOUSEHOLD_TYPES, SIZE: HOUSEHOLD_SIZES}


@dataclass(frozen=True)
class Margins:
    """Margins of the table of compositions, one row a cell of a margin (n_margins,)."""

    variable: tuple[str, ...]  # of each row, a key of `LABELS`
    label: tuple[str, ...]
    counts: np.ndarray  # (n_margins, n_compositions) whole
    targets: np.ndarray  # whole
    given: np.ndarray  # bool: by a file, not a default

    def of(self, variable: str) -> np.ndarray:
        """Rows of one variable."""
        return np.array([name == variable for name in self.variable])

    def told(self, difference: np.ndarray, least: float) -> dict[str, dict[str, float]]:
        """Differences (n_margins,) of at least so many, by variable and category."""
        found: dict[str, dict[str, float]] = {}
        for row in np.flatnonzero(np.abs(difference) >= least).tolist():
            found.setdefault(self.variable[row], {})[self.label[row]] = round(float(difference[row]), 3)
        return found


def count_compositions(area: MarginalsArea) -> tuple[np.ndarray, dict[str, Any]]:
    """Households of each composition (n_archetypes,), and how well the area's margins are met."""
    kinds = archetypes()
    margins, prior = margins_of(area, kinds)
    used = np.flatnonzero(prior > 0.0)
    counts, prior, aims = margins.counts[:, used], prior[used], margins.targets
    by_type = bool(margins.of(TYPE).any())
    group = np.array([kind.type if by_type else len(kind.members) for kind in kinds])[used]
    # the sums of groups are the margin that gives way first: a household more in a type rather than a person
    free = ~margins.of(TYPE if by_type else SIZE)
    fitted, miss = rake_closely(prior, counts, aims)
    made = mended_numbers(fitted, group, counts[free], aims[free])
    reach = aims.astype(float)
    if miss > WITHIN and _worst(made, counts, aims) > SLACK:
        reach = reachable_targets(prior, counts, reach, margins.given)
        aims = np.rint(reach).astype(np.int64)
        fitted, _ = rake_closely(prior, counts, reach)
        made = mended_numbers(fitted, group, counts[free], aims[free])
    if _worst(made, counts, aims) > SLACK:
        made = mended_numbers(fitted, group, counts, aims)
    if _worst(made, counts, aims) > SLACK:
        made = nearest_numbers(made, fitted, counts, aims, margins.given)
    numbers = np.zeros(len(kinds), dtype=np.int64)
    numbers[used] = made
    return numbers, _report(margins, numbers, reach, miss)


def _worst(numbers: np.ndarray, counts: np.ndarray, targets: np.ndarray) -> int:
    return int(np.abs(counts @ numbers - targets).max(initial=0))


def margins_of(area: MarginalsArea, kinds: tuple[Archetype, ...]) -> tuple[Margins, np.ndarray]:
    """Margins of an area, those of household types last, and the prior (n_compositions,) to begin with.

    Where sizes of households are given but no types, types are no margin: they weigh the prior.
    """
    census, is_given = area.census, area.census is not None
    type_of, size_of = (
        np.array([kind.type for kind in kinds]),
        np.array([len(kind.members) for kind in kinds]),
    )
    prior = np.array([kind.prior if is_given or not kind.large else 0.0 for kind in kinds])
    n_households = max(1, round(area.inhabitants / area.household_size))
    parts = [
        (AGE, composition_table(kinds), integerise(np.asarray(area.age_shares), area.inhabitants), is_given)
    ]
    if census is not None and census.household_size is not None:
        is_size = np.minimum(size_of, len(HOUSEHOLD_SIZES)) == np.arange(1, len(HOUSEHOLD_SIZES) + 1)[:, None]
        parts.append((SIZE, is_size, np.array(census.household_size), True))
    if census is None or census.household_type is not None or census.household_size is None:
        by_type = integerise(np.asarray(area.household_types), n_households)
        is_type = type_of == np.arange(len(HOUSEHOLD_TYPES))[:, None]
        parts.append((TYPE, is_type, by_type, census is not None and census.household_type is not None))
    else:
        weight = np.bincount(type_of, weights=prior)
        prior = prior * (np.asarray(area.household_types) / weight)[type_of]
    named = [(name, label) for name, *_ in parts for label in LABELS[name]]
    return Margins(
        variable=tuple(name for name, _ in named),
        label=tuple(label for _, label in named),
        counts=np.vstack([rows for _, rows, _, _ in parts]).astype(np.int64),
        targets=np.concatenate([aims for _, _, aims, _ in parts]).astype(np.int64),
        given=np.concatenate([np.full(len(aims), given) for _, _, aims, given in parts]),
    ), prior


def _report(margins: Margins, numbers: np.ndarray, reach: np.ndarray, miss: float) -> dict[str, Any]:
    """What was asked and made: errors in whole persons and households, and contradictions by number."""
    error = margins.counts @ numbers - margins.targets
    ages = margins.of(AGE)
    return {
        "households": int(numbers.sum()),
        "households_error": int(np.abs(error[margins.of(TYPE)]).sum()),
        "inhabitants": int((margins.counts @ numbers)[ages].sum()),
        "worst_age_band_error": int(np.abs(error[ages]).max()),
        "inhabitants_error": int(error[ages].sum()),
        "fitted_error": float(f"{miss:.3g}"),
        "contradictions": margins.told(reach - margins.targets, WITHIN),
        "missed": margins.told(error.astype(float), SLACK + 0.5),
    }
