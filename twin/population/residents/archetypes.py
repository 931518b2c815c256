"""Kinds of household by composition: what a household can be, before it is counted how many there are.

A composition is a type (as INSEE counts them) and members by age band, adults first, oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np

AGE_BANDS = (0, 6, 11, 15, 18, 25, 40, 60, 75, 100)
"""Edges of the age bands [years]: 0-5, 6-10, ... 75-99."""
N_BANDS = len(AGE_BANDS) - 1
AGE_LABELS = ("0_5", "6_10", "11_14", "15_17", "18_24", "25_39", "40_59", "60_74", "75_over")
HOUSEHOLD_SIZES = ("1", "2", "3", "4", "5", "6_over")
HOUSEHOLD_TYPES = ("single", "couple", "couple_with_children", "lone_parent", "other")
CHILDREN_OF = {(5, 5): 3, (6, 5): 4, (6, 6): 6, (5,): 3, (6,): 5}
"""Bands of the parents -> how many of the youngest bands their children can be in."""
FAMILY_SIZE_PRIOR = {1: 0.45, 2: 0.40, 3: 0.15}
"""Families by number of children at home, before fitting; like all priors here only where the fit begins: the
ledger's household types and ages decide how many families of each kind there are."""
LARGE_FAMILY_PRIOR = {4: 0.03, 5: 0.01}
"""Families with more children, over those above; only where a census tells of the area."""
LARGE_OTHER_PRIOR = 0.1


@dataclass(frozen=True)
class Archetype:
    """One composition: type (index into `HOUSEHOLD_TYPES`), bands of adults and of children, prior weight.

    ``large`` ones are few and are formed only where a census tells of the area.
    """

    type: int
    adults: tuple[int, ...]
    children: tuple[int, ...]
    prior: float
    large: bool = False

    @property
    def members(self) -> tuple[int, ...]:
        """Bands of all members, adults first."""
        return self.adults + self.children


def _families(kind: int, parents: tuple[int, ...], weight: float, largest: int) -> list[Archetype]:
    sizes = [size for size in FAMILY_SIZE_PRIOR if size <= largest]
    total = sum(FAMILY_SIZE_PRIOR[size] for size in sizes)
    found = []
    for size in sizes:
        sets = list(combinations_with_replacement(reversed(range(CHILDREN_OF[parents])), size))
        share = weight * FAMILY_SIZE_PRIOR[size] / total / len(sets)
        found += [Archetype(kind, parents, children, share) for children in sets]
    return found


def _large() -> list[Archetype]:
    """Couples with four and five children of two age bands, lone parents with three, shared homes."""
    found = []
    for parents, weight in (((5, 5), 0.40), ((6, 5), 0.15), ((6, 6), 0.45)):
        pairs = list(combinations_with_replacement(reversed(range(CHILDREN_OF[parents])), 2))
        for size, prior in LARGE_FAMILY_PRIOR.items():
            for older, younger in pairs:
                children = (older,) * ((size + 1) // 2) + (younger,) * (size // 2)
                found.append(Archetype(2, parents, children, weight * prior / len(pairs), large=True))
    for parent, weight in ((5, 0.4), (6, 0.5)):
        sets = list(combinations_with_replacement(reversed(range(CHILDREN_OF[(parent,)])), 3))
        share = weight * FAMILY_SIZE_PRIOR[3] / len(sets)
        found += [Archetype(3, (parent,), children, share, large=True) for children in sets]
    shared = [(band,) * size for band in (4, 5, 6) for size in (4, 5, 6)]
    return found + [Archetype(4, bands, (), LARGE_OTHER_PRIOR, large=True) for bands in shared]


@cache
def archetypes() -> tuple[Archetype, ...]:
    """All compositions, in a fixed order.

    >>> len(archetypes()) > 100, archetypes()[0].members
    (True, (4,))
    """
    single = [Archetype(0, (band,), (), 1.0) for band in range(4, N_BANDS)]
    alike = [Archetype(1, (band, band), (), 1.0) for band in range(4, N_BANDS)]
    mixed = [Archetype(1, (band + 1, band), (), 0.3) for band in range(4, N_BANDS - 1)]
    families = _families(2, (5, 5), 0.40, 3) + _families(2, (6, 5), 0.15, 3) + _families(2, (6, 6), 0.45, 3)
    lone = _families(3, (5,), 0.4, 2) + _families(3, (6,), 0.5, 2)
    lone += [Archetype(3, (7,), (child,), 0.05) for child in (5, 6)]
    lone += [Archetype(3, (8,), (child,), 0.05) for child in (6, 7)]
    together = ((4, 4), (4, 4, 4), (5, 5), (5, 5, 5), (5, 4), (6, 6), (7, 6), (8, 6), (8, 7), (8, 8))
    usual = single + alike + mixed + families + lone
    return tuple(usual + [Archetype(4, bands, (), 1.0) for bands in together] + _large())


def composition_table(kinds: tuple[Archetype, ...]) -> np.ndarray:
    """Members by age band: (N_BANDS, n_archetypes) int64."""
    table = np.zeros((N_BANDS, len(kinds)), dtype=np.int64)
    for column, kind in enumerate(kinds):
        for band in kind.members:
            table[band, column] += 1
    return table
