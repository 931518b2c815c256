"""Hiding small cells: alone it fails, with others it holds, audited by an attacker's bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import InputError
from twin.knowledge.privacy_suppression import bounds, hide_enough, hide_small, told_cells, with_totals

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")


tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=2, max_size=5
    )
)
K = 10


def test_a_small_cell_hidden_alone_is_the_total_less_the_rest():
    counts = np.array([[40, 3, 20], [15, 30, 12]])
    small = hide_small(counts, K)
    assert np.argwhere(small).tolist() == [[0, 1]]
    shown = np.where(small, -1, with_totals(counts))
    assert (told_cells(shown) == small).all()
    assert bounds(shown)[0][0, 1] == pytest.approx(3)


@settings(max_examples=25)
@given(tables)
def test_with_enough_hidden_no_small_cell_is_told(rows):
    counts = np.array(rows)
    whole, small, hidden = with_totals(counts), hide_small(counts, K), hide_enough(counts, K)
    assert (hidden >= small).all()
    shown = np.where(hidden, -1, whole)
    assert not (told_cells(shown) & small).any()
    low, high = bounds(shown)
    assert ((low <= whole + 1e-6) & (whole <= high + 1e-6)).all()


def test_a_table_of_great_counts_hides_nothing():
    assert not hide_enough(np.full((3, 4), 50), K).any()


def test_few_cells_are_hidden_beside_a_small_one():
    counts = np.full((6, 6), 50)
    counts[2, 3] = 2
    hidden = hide_enough(counts, K)
    assert hidden[2, 3]
    assert hidden.sum() == 4


def test_a_table_must_be_counts():
    with pytest.raises(InputError, match="rows and columns"):
        hide_enough(np.array([[-1, 2]]), K)
