"""Weights never below free flow, classes honoured on the share of trips, obedience as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.calculators.provider import (
    advice_times_ms,
    honouring_times_ms,
    honours_class,
    obeys,
)
from twin.kernels.paths import BLOCKED

KEYS = np.arange(1, 20_001, dtype=np.uint64)
links = st.lists(
    st.tuples(st.floats(0, 200_000), st.integers(1, 10**6), st.booleans(), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(links, st.floats(1, 10))
def test_weights_agree_with_one_link_at_a_time(rows, penalty):
    believed_s, free_ms, closed, secondary = (np.array(column) for column in zip(*rows, strict=True))
    advice_ms = np.where(closed, BLOCKED, advice_times_ms(believed_s, free_ms))
    honoured_ms = honouring_times_ms(advice_ms, secondary, penalty)
    assert advice_ms.dtype == honoured_ms.dtype == np.int32
    for k, (time_s, free, is_closed, is_secondary) in enumerate(rows):
        expected = BLOCKED if is_closed else max(round(time_s * 1_000), free)
        assert advice_ms[k] == expected
        felt = min(round(expected * penalty), BLOCKED - 1) if is_secondary and not is_closed else expected
        assert honoured_ms[k] == felt
    assert (advice_ms >= free_ms).all()
    assert (honoured_ms >= advice_ms).all()
    assert (advice_ms[~closed] < BLOCKED).all()


def test_without_a_class_or_respect_nothing_changes():
    advice_ms = advice_times_ms(np.array([3.0, 4.0]), np.array([2_000, 5_000]))
    unclassified = honouring_times_ms(advice_ms, np.array([False, False]), 5.0)
    assert unclassified.tobytes() == advice_ms.tobytes()
    assert not honours_class(KEYS, 0.0, seed=1).any()
    assert honours_class(KEYS, 1.0, seed=1).all()
    with pytest.raises(ValueError, match="draw traffic onto"):
        honouring_times_ms(advice_ms, np.array([True, True]), 0.5)


def test_more_respect_only_adds_trips():
    some, more = honours_class(KEYS, 0.3, seed=1), honours_class(KEYS, 0.5, seed=1)
    assert not (some & ~more).any()
    assert more.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(KEYS)))
    each = np.where(KEYS % 2 == 0, 0.3, 0.5)
    mixed = honours_class(KEYS, each, seed=1)
    assert mixed.tolist() == np.where(KEYS % 2 == 0, some, more).tolist()


def test_obedience_is_a_share_of_trips_and_belongs_to_each():
    some, other = obeys(KEYS, 0.7, seed=1), obeys(KEYS, 0.7, seed=2)
    assert some.mean() == pytest.approx(0.7, abs=4 * np.sqrt(0.21 / len(KEYS)))
    assert (some & other).mean() == pytest.approx(0.49, abs=4 * np.sqrt(0.25 / len(KEYS)))
    assert not (obeys(KEYS, 0.6, seed=1) & ~some).any()
    assert obeys(KEYS[::-1], 0.7, seed=1).tolist() == some[::-1].tolist()
