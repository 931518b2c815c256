"""What a page tells of groups of people: nothing of a group so small that its number is about somebody.

A group by age or digital skill counts as large as the persons in it who travel. Where one group of a family
is too small, the smallest of the others is left out with it, for totals are told (complementary suppression;
Cox 1980, JASA 75).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from twin.indicators.groups import AGE_GROUPS, SKILL_GROUPS, age_group
from twin.report.drawn import WHOLE, zones_in
from twin.study.comparison import Comparison
from twin.study.results import Result

FAMILIES = (AGE_GROUPS, SKILL_GROUPS)


def told_run(result: Result) -> Result:
    """A run without the indicators of groups that are too small."""
    return _without(result, _untold(result))


def told_comparison(comparison: Comparison) -> Comparison:
    """A comparison without them; a group is too small if it is in any of its scenarios."""
    untold_of = [_untold(each) for each in comparison.samples]
    samples = tuple(map(_without, comparison.samples, untold_of))
    untold = set().union(*untold_of)
    rows = tuple(
        row for row in comparison.rows if not {(row.focus, row.group), (row.base_focus, row.group)} & untold
    )
    return replace(comparison, rows=rows, samples=samples)


def _without(result: Result, untold: set[tuple[str, str]]) -> Result:
    values = tuple(each for each in result.values if (each.focus, each.group) not in untold)
    return replace(result, values=values)


def _untold(result: Result) -> set[tuple[str, str]]:
    """Focus and group of all that may not be told; nothing is known where trips were not kept."""
    least = int(result.scenario.ledger()["knowledge.privacy_least_people"])
    if not len(result.trips):
        return set()
    persons = result.trips.drop_duplicates("person_id")
    zone, zones = _known(persons["zone"])
    skill, skills = _known(persons["skill"])
    ages = (age_group(persons["age"].to_numpy(dtype=np.int16)), AGE_GROUPS)
    groups = (ages, (skill, [f"skill:{each}" for each in skills]))
    pools: Mapping[str, Sequence[str]] = result.manifest.get("pools", {})
    found = set()
    for focus in dict.fromkeys(each.focus for each in result.values):
        within = set(zones) if focus == WHOLE else set(zones_in((focus,), pools))
        inside = np.array([each in within for each in zones])[zone]
        for family, (own, names) in zip(FAMILIES, groups, strict=True):
            n_of = dict(zip(names, np.bincount(own[inside], minlength=len(names)).tolist(), strict=True))
            sizes = {group: n_of.get(group, 0) for group in family}
            found |= {(focus, group) for group in too_small(sizes, least)}
    return found


def _known(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Which of the names of a column each row has, and the names."""
    rows, names = pd.factorize(column, use_na_sentinel=False)
    return rows, [str(each) for each in names]


def too_small(sizes: Mapping[str, int], least: int) -> set[str]:
    """Groups of a family that are left out, by their sizes; who is not there gives nobody away.

    >>> sorted(too_small({"a": 3, "b": 12, "c": 40, "d": 0}, 10))
    ['a', 'b']
    >>> too_small({"a": 10, "b": 12}, 10)
    set()
    """
    small = {name for name, size in sizes.items() if 0 < size < least}
    others = sorted((size, name) for name, size in sizes.items() if size >= least)
    if len(small) == 1 and others:
        small.add(others[0][1])
    return small
