"""When tours set out: as in Small 1982, a delay is answered by leaving earlier, and no cause is no change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.behaviour.departures import departure_shifts, departure_shifts_min
from twin.kernels.random import keys_of
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
SHIFTS_MIN = departure_shifts_min(LEDGER)
N = 500
KEYS = keys_of(np.array([f"tour {row}" for row in range(N)]))

delays = st.floats(0.0, 90.0)


@st.composite
def on_the_way(draw: st.DrawFn) -> list[float]:
    """Times at each departure; who sets out later does not arrive earlier."""
    between = st.floats(0.0, 60.0)
    arrives = np.cumsum([draw(between) for _ in SHIFTS_MIN])
    takes = arrives - SHIFTS_MIN
    return (takes - takes.min() + draw(st.floats(1.0, 60.0))).tolist()


def usual_min(times: list[float]) -> np.ndarray:
    return np.tile(times, (N, 1))


def cost_min(shift: float, takes: float, planned_takes: float) -> float:
    """Small's generalised minutes of one departure, written one by one."""
    late = (shift + takes) - planned_takes
    return takes + (2.4 * late if late > 0.0 else 0.61 * -late)


@given(on_the_way(), st.integers(0, 5))
def test_nothing_changes_where_nothing_changed(times: list[float], seed: int) -> None:
    assert not departure_shifts(KEYS, usual_min(times), usual_min(times), LEDGER, seed).any()


@given(on_the_way(), delays, delays)
def test_the_same_delay_at_any_hour_brings_earlier_departures_and_a_longer_one_earlier_still(
    times: list[float], first: float, second: float
) -> None:
    short, long = sorted((first, second))
    usual = usual_min(times)
    after_short = departure_shifts(KEYS, usual, usual + short, LEDGER, 1)
    after_long = departure_shifts(KEYS, usual, usual + long, LEDGER, 1)
    assert (after_short <= 0.0).all()
    assert (after_long <= after_short).all()


@pytest.mark.parametrize(("delay_min", "least_share"), [(1.0, 0.04), (5.0, 0.3), (10.0, 0.55), (30.0, 0.9)])
def test_a_delay_is_answered_by_many(delay_min: float, least_share: float) -> None:
    usual = usual_min([20.0] * len(SHIFTS_MIN))
    shift = departure_shifts(KEYS, usual, usual + delay_min, LEDGER, 1)
    assert np.mean(shift < 0.0) > least_share
    assert not (shift > 0.0).any()


def test_a_quicker_way_lets_people_leave_later() -> None:
    usual = usual_min([60.0] * len(SHIFTS_MIN))
    shift = departure_shifts(KEYS, usual, usual - 30.0, LEDGER, 1)
    assert (shift >= 0.0).all()
    assert np.mean(shift > 0.0) > 0.1


def test_a_jam_that_comes_later_sends_people_ahead_of_it_and_one_that_ends_behind_it() -> None:
    usual = usual_min([20.0] * len(SHIFTS_MIN))
    ahead = departure_shifts(KEYS, usual, usual + np.where(SHIFTS_MIN < 0.0, 0.0, 600.0), LEDGER, 1)
    assert (ahead < 0.0).all()
    behind = departure_shifts(KEYS, usual, usual + np.where(SHIFTS_MIN > 0.0, 0.0, 600.0), LEDGER, 1)
    assert (behind > 0.0).all()


def test_minutes_saved_draw_more_people_where_they_arrive_on_time_by_them() -> None:
    """Half an hour saved by who leaves half an hour earlier is an hour's wait, by who leaves later none."""
    usual = usual_min([60.0] * len(SHIFTS_MIN))
    earlier, later = (
        departure_shifts(KEYS, usual, usual - np.where(shift == SHIFTS_MIN, 30.0, 0.0), LEDGER, 1)
        for shift in (-30.0, 30.0)
    )
    assert set(np.unique(earlier)) == {-30.0, 0.0}
    assert set(np.unique(later)) == {0.0, 30.0}
    assert np.mean(later != 0.0) > 2.0 * np.mean(earlier != 0.0) > 0.0


def test_shares_after_a_change_are_those_of_small_s_logit() -> None:
    """Planned departures drawn by the logit under the usual times, then asked again under others."""
    rng = np.random.default_rng(2)
    planned_takes = 25.0
    takes = planned_takes + np.array([4.0, 9.0, 14.0, 0.0, 3.0, 5.0, -2.0])
    now = takes + np.array([-6.0, 2.0, 8.0, 30.0, 25.0, 10.0, 0.0])
    middle = len(SHIFTS_MIN) // 2
    scale = float(LEDGER["population.scale_per_min"])
    before, after = (
        np.exp([-scale * cost_min(s, t, planned_takes) for s, t in zip(SHIFTS_MIN, each, strict=True)])
        for each in (takes, now)
    )
    n = 40_000
    keys = rng.integers(0, 2**63, n).astype(np.uint64)
    shift = departure_shifts(keys, np.tile(takes, (n, 1)), np.tile(now, (n, 1)), LEDGER, 3)
    # of those who planned the middle one, the shares by the logit of errors that let it be the best before
    errors = rng.gumbel(size=(400_000, len(SHIFTS_MIN)))
    errors = errors[np.argmax(np.log(before) + errors, axis=1) == middle]
    expected = np.bincount(np.argmax(np.log(after) + errors, axis=1), minlength=len(SHIFTS_MIN))
    found = np.bincount(np.searchsorted(SHIFTS_MIN, shift), minlength=len(SHIFTS_MIN))
    assert found / n == pytest.approx(expected / len(errors), abs=0.015)


def test_who_has_no_time_at_some_hour_keeps_to_the_plan_and_moves_nobody_else() -> None:
    usual = usual_min([20.0] * len(SHIFTS_MIN))
    now = usual + 60.0
    everybody = departure_shifts(KEYS, usual, now, LEDGER, 1)
    now[::2, 1] = np.nan
    some = departure_shifts(KEYS, usual, now, LEDGER, 1)
    assert not some[::2].any()
    assert np.array_equal(some[1::2], everybody[1::2])


def test_order_of_rows_changes_nothing() -> None:
    usual = usual_min([20.0] * len(SHIFTS_MIN))
    now = usual + np.linspace(0.0, 60.0, N)[:, None]
    order = np.random.default_rng(0).permutation(N)
    shift = departure_shifts(KEYS, usual, now, LEDGER, 1)
    assert np.array_equal(departure_shifts(KEYS[order], usual, now[order], LEDGER, 1), shift[order])
