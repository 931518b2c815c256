"""Published counts: the law of the noise, what it is drawn from, clipping, and the budget."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from tests.knowledge.people import KEY
from twin.errors import InputError
from twin.knowledge.privacy_release import (
    BudgetLedger,
    NoiseKey,
    Policy,
    noise,
    release,
)
from twin.scenario.ledger import Parameters

POLICY = Policy.of(Parameters.defaults())


@pytest.mark.parametrize(
    ("epsilon", "deviation", "bound_95"),
    [(0.1, 14.136, 29.96), (0.5, 2.799, 5.99), (1.0, 1.357, 3.0), (2.0, 0.602, 1.5)],
)
def test_noise_has_the_known_deviation(epsilon, deviation, bound_95):
    drawn = noise(POLICY._replace(epsilon=epsilon, most=1), KEY, "law", 200_000)
    assert drawn.std() == pytest.approx(deviation, rel=0.02)
    assert abs(drawn.mean()) < 4 * deviation / math.sqrt(200_000)
    assert np.mean(np.abs(drawn) <= math.ceil(bound_95)) >= 0.95
    a = math.exp(-epsilon)
    for k in (-2, -1, 0, 1, 2):
        assert np.mean(drawn == k) == pytest.approx((1 - a) / (1 + a) * a ** abs(k), abs=0.005)


def test_a_release_is_a_function_of_the_secret_key_and_its_name():
    counts = np.full(500, 1_000)
    first = release(counts, POLICY, KEY, "june")
    assert (release(counts, POLICY, KEY, "june") == first).all()
    assert (release(counts, POLICY, KEY, "july") != first).mean() > 0.9
    assert (release(counts, POLICY, NoiseKey.fresh(), "june") != first).mean() > 0.9


def test_the_key_is_not_told():
    assert "secret" in repr(KEY)
    assert "\\x01" not in repr(KEY)
    with pytest.raises(TypeError, match="not copied"):
        pickle.dumps(KEY)
    with pytest.raises(InputError, match="32 secret bytes"):
        NoiseKey(b"short")


def test_small_counts_are_left_out_and_large_ones_are_near_the_truth():
    counts = np.array([0, 3, 9] * 200 + [5_000] * 200)
    shown = release(counts, POLICY, KEY, "june")
    assert np.isnan(shown[:600]).mean() > 0.95
    assert np.nanmin(shown) >= POLICY.least_shown >= POLICY.least_people
    assert shown[600:].mean() == pytest.approx(5_000, abs=15)


def test_losses_add_up_and_what_cannot_be_paid_is_refused():
    ledger = BudgetLedger(2.5 * POLICY.epsilon)
    ledger.spend("june", POLICY.epsilon)
    ledger.spend("july", POLICY.epsilon)
    assert ledger.spent == pytest.approx(2 * POLICY.epsilon)
    with pytest.raises(InputError, match="published already"):
        ledger.spend("july", POLICY.epsilon / 4)
    with pytest.raises(InputError, match="no more than is left"):
        ledger.spend("august", POLICY.epsilon)
    with pytest.raises(InputError, match="above 0"):
        ledger.spend("september", float("nan"))
    with pytest.raises(InputError, match="no more than is left"):
        ledger.spend_all([("august", POLICY.epsilon / 4), ("september", POLICY.epsilon)])
    assert [name for name, _ in ledger.rows] == ["june", "july"]
