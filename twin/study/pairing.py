"""Which number stands against which: by focus, by area, per inhabitant or as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twin.indicators.focus import WHOLE
from twin.indicators.indicator import IndicatorValue
from twin.scenario.scenario import Scenario
from twin.study.comparison import ComparisonRow, Method
from twin.study.members import Member
from twin.study.statistics import paired_difference, unpaired_difference

PER_INHABITANT = "per inhabitant"

Name = tuple[str, str]
"""Indicator and group."""


@dataclass(frozen=True)
class Pair:
    """A focus of the base against one of the alternative, and how."""

    base: str
    alternative: str
    method: Method


def focus_pairs(base: Scenario, alternative: Scenario, same_area: bool) -> tuple[Pair, ...]:
    """The focuses to hold against each other.

    One area and one focus: each zone of it, and the whole, paired. One area and two focuses: their
    zones side by side in the order in which they are named (the last one stays where one names fewer),
    and the whole, paired. Two areas: likewise, unpaired.
    """
    ours, theirs = base.focus_zones or (WHOLE,), alternative.focus_zones or (WHOLE,)
    length = max(len(ours), len(theirs))
    zones = [(ours[min(i, len(ours) - 1)], theirs[min(i, len(theirs) - 1)]) for i in range(length)]
    pairs = []
    for one, other in dict.fromkeys([*zones, (WHOLE, WHOLE)]):
        together: Method = "paired by seed" if one == other else "side by side"
        pairs.append(Pair(one, other, together if same_area else "unpaired"))
    return tuple(pairs)


@dataclass(frozen=True)
class Side:
    """Runs of one scenario in one focus: values by indicator and group, and inhabitants, by seed."""

    values: tuple[dict[Name, IndicatorValue], ...]
    inhabitants: tuple[float, ...]

    @classmethod
    def of(cls, members: Sequence[Member], focus: str) -> Side:
        """What the members say of that focus."""
        values = [
            {(each.name, each.group): each for each in member.values if each.focus == focus}
            for member in members
        ]
        sizes = [float(member.manifest["inhabitants"].get(focus, 0)) for member in members]
        return cls(tuple(values), tuple(sizes))

    def numbers(self, name: Name, per_inhabitant: bool) -> list[float]:
        """One number a seed, NaN where there is none."""
        numbers = []
        for values, size in zip(self.values, self.inhabitants, strict=True):
            divisor = size if per_inhabitant else 1.0
            numbers.append(values[name].value / divisor if name in values and divisor else float("nan"))
        return numbers


def compare_members(
    number: int, pairs: Sequence[Pair], base: Sequence[Member], alternative: Sequence[Member]
) -> Iterator[ComparisonRow]:
    """Rows of one alternative, pair by pair, in the order of the indicators."""
    for pair in pairs:
        ours, theirs = Side.of(base, pair.base), Side.of(alternative, pair.alternative)
        names = dict.fromkeys(name for values in (*ours.values, *theirs.values) for name in values)
        for name in sorted(names, key=lambda name: name[0]):
            yield _row(number, pair, name, ours, theirs)


def _row(number: int, pair: Pair, name: Name, base: Side, alternative: Side) -> ComparisonRow:
    known = next(values[name] for values in (*base.values, *alternative.values) if name in values)
    per_inhabitant = known.extensive and pair.method != "paired by seed"
    difference = unpaired_difference if pair.method == "unpaired" else paired_difference
    found = difference(base.numbers(name, per_inhabitant), alternative.numbers(name, per_inhabitant))
    return ComparisonRow(
        number, known.name, pair.alternative, known.group,
        f"{known.unit} {PER_INHABITANT}" if per_inhabitant else known.unit,
        found.base, found.alternative, found.difference, found.low, found.high, known.better, found.n_seeds,
        pair.method != "unpaired", pair.method, pair.base, known.assumptions,
    )  # fmt: skip
