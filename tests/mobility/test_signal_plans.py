"""Ordered signal plans: laid over what is there, by link, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InputError
from twin.mobility.signal_plans import Ordered, SignalTimes, ordered, with_plans
from twin.scenario.road_edits import SignalPlan

LINKS = {"way": 1}


def plan(**words: object) -> SignalPlan:
    return SignalPlan.model_validate({"links": LINKS, **words})


def some_times(n_links: int = 5) -> SignalTimes:
    return SignalTimes(*(np.arange(n_links, dtype=np.int32) * factor for factor in (90_000, 1_000, 30_000)))


def test_links_that_no_plan_names_keep_their_times() -> None:
    before = some_times()
    after = with_plans(
        before, [Ordered(plan(cycle_s=60.0, green_share=0.5, offset_s=70.0), np.array([1, 3]))]
    )
    for old, new in zip(before, after, strict=True):
        assert new.dtype == np.int32
        assert np.array_equal(new[[0, 2, 4]], old[[0, 2, 4]])
    assert after.cycle_ms[[1, 3]].tolist() == [60_000, 60_000]
    assert after.green_ms[[1, 3]].tolist() == [30_000, 30_000]
    assert after.offset_ms[[1, 3]].tolist() == [10_000, 10_000], "an offset counts within the cycle"
    assert np.array_equal(before.cycle_ms, some_times().cycle_ms), "what was there stays as it was"


def test_no_plan_changes_nothing_and_of_two_the_later_holds() -> None:
    before = some_times()
    assert all(np.array_equal(old, new) for old, new in zip(before, with_plans(before, ()), strict=True))
    early, late = plan(cycle_s=60.0, green_s=10.0), plan(cycle_s=80.0, green_s=20.0)
    after = with_plans(before, [Ordered(early, np.array([2])), Ordered(late, np.array([2]))])
    assert (after.cycle_ms[2], after.green_ms[2]) == (80_000, 20_000)


def test_lists_run_in_the_order_of_link_ids_whatever_the_rows() -> None:
    ids = np.array(["9:1:2", "1:5:2", "4:3:2"])
    one = ordered(plan(cycle_s=60.0, green_s=[10.0, 20.0, 30.0]), np.arange(3), ids)
    other = np.array([2, 0, 1])
    turned = ordered(one.plan, np.arange(3), ids[other])
    nothing = SignalTimes(*np.zeros((3, 3), dtype=np.int32))
    greens = with_plans(nothing, [one]).green_ms
    assert greens.tolist() == [30_000, 10_000, 20_000]
    assert np.array_equal(with_plans(nothing, [turned]).green_ms, greens[other])


def test_as_many_numbers_as_links() -> None:
    with pytest.raises(InputError, match="'signal_plan': green_s: 2 numbers for 3 links"):
        with_plans(some_times(), [Ordered(plan(cycle_s=60.0, green_s=[10.0, 20.0]), np.arange(3))])


@given(
    cycle_s=st.floats(1.0, 600.0),
    share=st.floats(0.0, 1.0),
    offset_s=st.floats(0.0, 2_000.0),
    rows=st.sets(st.integers(0, 4)),
)
def test_green_is_a_part_of_the_cycle(cycle_s: float, share: float, offset_s: float, rows: set[int]) -> None:
    links = np.array(sorted(rows), dtype=np.int64)
    after = with_plans(
        some_times(), [Ordered(plan(cycle_s=cycle_s, green_share=share, offset_s=offset_s), links)]
    )
    assert np.all((after.green_ms[links] >= 0) & (after.green_ms[links] <= after.cycle_ms[links]))
    assert np.all((after.offset_ms[links] >= 0) & (after.offset_ms[links] < after.cycle_ms[links]))
    assert np.allclose(after.green_ms[links], share * after.cycle_ms[links], atol=1.0)
