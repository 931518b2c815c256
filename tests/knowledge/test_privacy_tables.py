"""Tables of sums: what one person adds is bounded, all are paid at once, and hiding follows the counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.people import KEY
from twin.errors import InputError
from twin.knowledge.privacy_release import BudgetLedger, Policy
from twin.knowledge.privacy_tables import Contributions, ExactTable, bounded, loss_of_tables, publish_tables

POLICY = Policy(1.0, 3, 10)
rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=30)


def contributions(given_rows: list[tuple[int, int, int]]) -> Contributions:
    person, cell, amount = (np.array(column) for column in zip(*given_rows, strict=True))
    return Contributions.of(person, cell, amount, 6)


@given(rows, st.integers(1, 12))
def test_nobody_adds_more_than_the_bound_and_no_less_than_can_be(given_rows, most):
    before = contributions(given_rows)
    kept = bounded(before, most, 7, "table")
    for person in np.unique(before.person).tolist():
        asked = int(before.amount[before.person == person].sum())
        assert int(kept.amount[kept.person == person].sum()) == min(asked, most)
    old = dict(zip(zip(before.person, before.cell, strict=True), before.amount, strict=True))
    for person, cell, amount in zip(kept.person, kept.cell, kept.amount, strict=True):
        assert 0 < amount <= old[person, cell]


@given(rows)
def test_a_person_less_changes_a_table_by_the_bound_at_most(given_rows):
    """What others add does not depend on who else is there."""
    before = contributions(given_rows)
    gone = before.person[0]
    stay = before.person != gone
    less = Contributions(before.person[stay], before.cell[stay], before.amount[stay], 6)
    whole, rest = (bounded(each, 5, 7, "table").sums() for each in (before, less))
    assert (whole - rest).min() >= 0
    assert (whole - rest).sum() <= 5


def tables() -> list[ExactTable]:
    who = np.arange(900)
    people = Contributions.of(who, np.where(who < 890, 0, 1), np.ones(900), 2)
    minutes = Contributions.of(who, np.where(who < 890, 0, 3), np.full(900, 30), 4)
    return [
        ExactTable.of("people", people, POLICY, (2, 1), 1),
        ExactTable.of("minutes", minutes, POLICY._replace(most=30), (2, 2), 1, "people"),
    ]


def test_sums_are_shown_with_the_counts_of_their_row():
    ledger = BudgetLedger(2.0)
    shown = publish_tables(tables(), KEY, ledger, "june")
    assert np.isfinite(shown["people"]).tolist() == [True, False]
    assert np.isfinite(shown["minutes"]).tolist() == [True, True, False, False]
    assert shown["minutes"][0] == pytest.approx(26_700, abs=600)
    assert ledger.spent == loss_of_tables(tables()) == 2.0


def test_tables_are_paid_together_or_not_at_all():
    ledger = BudgetLedger(1.5)
    with pytest.raises(InputError, match=r"june: people and 1 more': 2 of 1\.5 left"):
        publish_tables(tables(), KEY, ledger, "june")
    assert ledger.rows == []


def test_another_period_has_other_noise():
    ledger = BudgetLedger(9.0)
    june, again, july = (
        publish_tables(tables(), KEY, book, period)["minutes"][0]
        for book, period in ((ledger, "june"), (BudgetLedger(9.0), "june"), (ledger, "july"))
    )
    assert june == again != july


def test_the_same_release_without_somebody_has_other_noise():
    """Else two versions of a table, one person apart, would differ by that person alone."""
    whole = tables()
    kept = whole[0].kept
    less = Contributions(kept.person[1:], kept.cell[1:], kept.amount[1:], kept.n_cells)
    again = [ExactTable("people", POLICY, less, (2, 1)), whole[1]]
    first, second = (
        publish_tables(each, KEY, BudgetLedger(9.0), "june")["people"][0] for each in (whole, again)
    )
    noise_of = (first - whole[0].sums[0], second - again[0].sums[0])
    assert noise_of[0] != noise_of[1]
