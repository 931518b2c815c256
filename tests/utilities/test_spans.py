"""Spans of levels: means over quarters and parts of quarters agree with a slow loop over every step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.utilities.spans import SpanLog, Spans

N = 3


def noted(levels: list[tuple[int, ...]]) -> Spans:
    log = SpanLog(300.0)
    for level in levels:
        log.note(np.array(level, dtype=np.float64), np.array(level) > 0)
    return log.spans()


steps = st.lists(st.tuples(*[st.integers(0, 2)] * N), min_size=3, max_size=24).map(
    lambda rows: rows[: len(rows) // 3 * 3]
)


@given(steps)
def test_every_step_comes_back_and_no_two_spans_in_a_row_are_alike(levels):
    spans = noted(levels)
    assert (spans.of_steps(spans.level) == np.array(levels)).all()
    assert (spans.level[1:] != spans.level[:-1]).any(axis=1).all()


@given(steps)
def test_means_over_quarters_are_those_of_their_steps(levels):
    spans = noted(levels)
    slow = np.array(levels, dtype=np.float64).reshape(-1, 3, N).mean(axis=1)
    assert np.allclose(spans.of_quarters(spans.level), slow)


@given(steps)
def test_parts_of_quarters_fill_them_and_nothing_changes_within_one(levels):
    spans = noted(levels)
    down = spans.level < 1.0
    quarter, span, share = spans.segments(down)
    assert np.allclose(np.bincount(quarter, weights=share), 1.0)
    flat = np.repeat(down[span], np.rint(share * 3).astype(int), axis=0)
    assert (flat == (np.array(levels) < 1)).all()
    ends = np.cumsum(np.rint(share * 3).astype(int))
    for end in (each for each in ends[:-1].tolist() if each % 3):
        before, after = (np.array(levels[step]) < 1 for step in (end - 1, end))
        assert (before != after).any(), "only a change ends a part within a quarter"
