"""Kept errors: they have the law of random utility, and two scenarios differ only by what changed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from tests.oracles import slow_uniform
from twin.behaviour.choice import Choice
from twin.kernels.random import keys_of, stream_of

KEYS = keys_of(np.array([f"person {row}" for row in range(20_000)]))
UTILITY = np.array([1.0, 0.2, -1.5, -np.inf, 0.7])
SHARES = np.exp(UTILITY) / np.exp(UTILITY).sum()


def slow_errors(utility: list[float], chosen: int, seed: int, who: int, when: int) -> list[float]:
    """Errors one by one; what is cut off is written as the law of the lesser of two exponentials."""
    stream = int(stream_of("behaviour.test"))
    e = [
        -math.log(max(slow_uniform(seed, stream, who, 64 * when + k), 2.0**-60)) for k in range(len(utility))
    ]
    first = e[chosen] / sum(math.exp(v) for v in utility)  # the first arrival of all
    out = []
    for k, v in enumerate(utility):
        rate = 1.0 if v == -math.inf else math.exp(v)
        later = 0.0 if v == -math.inf else first
        arrival = first if k == chosen else later + e[k] / rate
        out.append(-math.log(arrival * rate))
    return out


def drawn(n: int = 20_000, seed: int = 3) -> Choice:
    """A first choice by shares, as a population makes it."""
    chosen = np.random.default_rng(seed).choice(5, size=n, p=SHARES)
    utility = np.tile(UTILITY, (n, 1))
    return Choice.made("test", KEYS[:n], np.zeros(n, dtype=np.int64), utility, chosen)


@given(
    st.lists(st.floats(-8.0, 8.0), min_size=1, max_size=6),
    st.integers(0, 5),
    st.integers(0, 2**40),
    st.integers(0, 3),
    st.booleans(),
)
def test_the_kernel_and_its_slow_twin_agree(utility, chosen, seed, when, barred):
    chosen %= len(utility)
    if barred and len(utility) > 1:
        utility[(chosen + 1) % len(utility)] = -math.inf
    choice = Choice.made("test", KEYS[:1], np.array([when]), np.array([utility]), np.array([chosen]))
    fast = choice.errors(np.array([0]), seed)[0]
    slow = slow_errors(utility, chosen, seed, int(KEYS[0]), when)
    assert fast == pytest.approx(slow, rel=1e-9, abs=1e-9)
    assert int(np.argmax(np.array(utility) + fast)) == chosen


def test_errors_are_independent_and_of_the_standard_gumbel_law():
    choice = drawn()
    errors = choice.errors(np.arange(20_000), seed=1)
    for k in range(5):
        assert kstest(errors[:, k], "gumbel_r").pvalue > 0.01
    between = np.corrcoef(np.exp(-errors), rowvar=False) - np.eye(5)
    assert np.abs(between).max() < 4.0 / math.sqrt(20_000)
    assert (np.argmax(choice.utility + errors, axis=1) == choice.chosen).all()


@given(st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=5))
def test_shares_after_a_change_are_the_logit_s(gain):
    after = drawn().with_gains(np.tile(gain, (20_000, 1)), seed=1)
    expected = np.exp(UTILITY + gain) / np.exp(UTILITY + gain).sum()
    found = np.bincount(after.chosen, minlength=5) / 20_000
    assert np.abs(found - expected).max() < 0.02


@given(st.integers(0, 4), st.floats(-6.0, -0.01))
def test_what_got_worse_gains_nobody_and_others_keep_theirs(mode, gain):
    before = drawn(2_000)
    change = np.zeros((2_000, 5))
    change[:, mode] = gain
    after = before.with_gains(change, seed=1)
    moved = after.chosen != before.chosen
    assert (before.chosen[moved] == mode).all()
    assert not (after.chosen[moved] == mode).any()
    more = before.with_gains(2.0 * change, seed=1)
    assert (more.chosen[moved] == after.chosen[moved]).all(), "who left for a small loss leaves for a larger"


def test_same_options_same_choice_whatever_others_face_and_in_any_order():
    before = drawn(2_000)
    change = np.zeros((2_000, 5))
    change[::2, 1] = 1.5
    after = before.with_gains(change, seed=1)
    assert (after.chosen[1::2] == before.chosen[1::2]).all()
    order = np.random.default_rng(0).permutation(2_000)
    shuffled = Choice.made(
        "test", before.key[order], before.moment[order], before.utility[order], before.chosen[order]
    )
    assert (shuffled.with_gains(change[order], seed=1).chosen == after.chosen[order]).all()
    back = after.with_gains(-change, seed=1)
    assert (back.chosen == before.chosen).all(), "what was taken back leaves no trace"


def test_what_cannot_be_chosen_is_never_chosen_and_nobody_chose_it():
    change = np.zeros((2_000, 5))
    change[:, 3] = 9.0
    assert not (drawn(2_000).with_gains(change, seed=1).chosen == 3).any()
    with pytest.raises(ValueError, match="cannot be chosen"):
        Choice.made("test", KEYS[:1], np.zeros(1, np.int64), UTILITY[None, :], np.array([3]))
    with pytest.raises(ValueError, match="65 alternatives"):
        Choice.made("test", KEYS[:1], np.zeros(1, np.int64), np.zeros((1, 65)), np.array([3]))


def test_another_utility_is_met_by_the_logit_whatever_could_be_chosen_before():
    """What opens is chosen by the shares of the new utility, what shuts by nobody; the same asks nobody."""
    first, n = drawn(), 20_000
    other = np.array([1.0, -np.inf, 0.4, 0.9, 0.7])
    again = first.with_utility(np.tile(other, (n, 1)), seed=5)
    wanted = np.exp(other) / np.exp(other).sum()
    found = np.bincount(again.chosen, minlength=5) / n
    assert found == pytest.approx(wanted, abs=4.0 * float(np.sqrt(0.25 / n)))
    assert found[1] == 0.0
    kept = (first.chosen == again.chosen)[first.chosen != 1].mean()
    assert kept > 0.5, "the errors stay, so most of those whose choice is still open keep it"
    assert first.with_utility(first.utility.copy(), seed=5) is first
