"""Tables of sums over people, each bounded in what one person adds, all paid from one budget.

A person adds whole amounts to cells of a table, at most so much in all; that bound is what its noise hides
(`privacy_release`). Tables about the same people are read together by whoever attacks, so their losses add
up: the budget is that of everything that is published of a period.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.kernels.random import key_of, stream_of, uniforms
from twin.knowledge.privacy_release import BudgetLedger, NoiseKey, Policy, noise

_CLIP = stream_of("knowledge.privacy.clip")


class Contributions(NamedTuple):
    """What persons add to cells, sorted by person, then cell; a pair stands once.

    person, cell, amount (n,); amounts are whole and above 0; n_cells of the table.
    """

    person: np.ndarray
    cell: np.ndarray
    amount: np.ndarray
    n_cells: int

    @classmethod
    def of(cls, person: np.ndarray, cell: np.ndarray, amount: np.ndarray, n_cells: int) -> Contributions:
        """Amounts by person and cell, added up; nothing added is left out.

        >>> Contributions.of(np.array([1, 1, 0]), np.array([5, 5, 2]), np.array([2, 3, 1]), 6).amount.tolist()
        [1, 5]
        """
        packed, row = np.unique(person.astype(np.int64) * n_cells + cell, return_inverse=True)
        total = np.rint(np.bincount(row, weights=amount, minlength=len(packed))).astype(np.int64)
        some = total > 0
        return cls(packed[some] // n_cells, packed[some] % n_cells, total[some], n_cells)

    def ranges(self, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First row of each person (n,), and the row after its last."""
        return np.searchsorted(self.person, person), np.searchsorted(self.person, person, side="right")

    def sums(self) -> np.ndarray:
        """Totals of all cells (n_cells,)."""
        total = np.bincount(self.cell, weights=self.amount, minlength=self.n_cells)
        return np.asarray(np.rint(total), dtype=np.int64)


def bounded(
    given: Contributions, most: int, seed: int, name: str, key: np.ndarray | None = None
) -> Contributions:
    """The same with at most so much a person, cells taken in drawn order; the rest is forgotten.

    key (n_persons,) uint64 are the persons' random keys; their numbers if None.

    >>> given = Contributions.of(np.zeros(2, int), np.array([0, 1]), np.array([3, 3]), 2)
    >>> int(bounded(given, 4, 1, "example").amount.sum())
    4
    """
    moment = given.cell ^ np.int64(key_of(name) >> np.uint64(2))
    who = given.person.astype(np.uint64) if key is None else key[given.person]
    u = uniforms(seed, _CLIP, who, moment)
    order = np.lexsort((u, given.person))
    person, amount = given.person[order], given.amount[order]
    so_far = np.cumsum(amount)
    first = np.searchsorted(person, person)
    before = so_far - amount - np.where(first > 0, so_far[first - 1], 0)
    kept = np.clip(most - before, 0, amount)
    back = np.argsort(order, kind="stable")
    amount = kept[back]
    some = amount > 0
    return Contributions(given.person[some], given.cell[some], amount[some], given.n_cells)


@dataclass(frozen=True)
class ExactTable:
    """A table before noise: what it holds, what each person adds to it, and how it is published.

    ``policy.most`` bounds what one person adds in all. ``shape`` is that of the cells, rows by columns.
    ``counted_by`` names the table of persons whose shown cells are shown of this one; empty for a table of
    persons; that one may have one cell for a whole row.
    """

    name: str
    policy: Policy
    kept: Contributions
    shape: tuple[int, int]
    counted_by: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        given: Contributions,
        policy: Policy,
        shape: tuple[int, int],
        seed: int,
        counted_by: str = "",
        key: np.ndarray | None = None,
    ) -> ExactTable:
        """A table of contributions, bounded by draws with the persons' keys."""
        return cls(name, policy, bounded(given, policy.most, seed, name, key), shape, counted_by)

    @property
    def sums(self) -> np.ndarray:
        """Exact totals (n_cells,), which are never published."""
        return self.kept.sums()


def publish_tables(
    tables: Sequence[ExactTable], key: NoiseKey, ledger: BudgetLedger, about: str
) -> Mapping[str, np.ndarray]:
    """All tables with noise (n_cells,), NaN where too few people stand behind; paid at once, or not at all.

    ``about`` names the people and the period.
    """
    ledger.spend_all([(f"{about}: {each.name}", each.policy.epsilon) for each in tables])
    shown: dict[str, np.ndarray] = {}
    for each in tables:
        noisy = each.sums + noise(each.policy, key, noise_name(about, each), each.kept.n_cells)
        enough = noisy >= each.policy.least_shown if not each.counted_by else None
        if enough is None:
            crowd = np.isfinite(shown[each.counted_by])
            enough = np.repeat(crowd, each.kept.n_cells // len(crowd))
        shown[each.name] = np.where(enough, noisy.astype(np.float64), np.nan)
    return shown


def noise_name(about: str, table: ExactTable) -> str:
    """What the noise of a table is drawn by, beside the key: other sums have other noise.

    With the same noise under two versions of a table, one person apart, their difference would be exact.
    """
    sums = hashlib.sha256(np.ascontiguousarray(table.sums, dtype="<i8").tobytes()).hexdigest()
    return f"{about}: {table.name}: {sums}"


def loss_of_tables(tables: Sequence[ExactTable]) -> float:
    """Privacy loss of all tables together (sequential composition, Dwork & Roth 2014, theorem 3.16)."""
    return float(sum(each.policy.epsilon for each in tables))
