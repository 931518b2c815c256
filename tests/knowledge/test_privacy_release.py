"""Published counts: the law of the noise, what it is drawn from, clipping, and the budget."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from tests.knowledge.people import KEY, townspeople
from twin.errors import InputError
from twin.knowledge.privacy_release import (
    BudgetLedger,
    NoiseKey,
    Policy,
    clipped,
    counts_of,
    noise,
    publish,
    release,
)
from twin.knowledge.traces import Traces, traces_of
from twin.scenario.ledger import Parameters

POLICY = Policy.of(Parameters.defaults())


@pytest.mark.parametrize(
    ("epsilon", "deviation", "bound_95"),
    [(0.1, 14.136, 29.96), (0.5, 2.799, 5.99), (1.0, 1.357, 3.0), (2.0, 0.602, 1.5)],
)
def test_noise_has_the_known_deviation(epsilon, deviation, bound_95):
    drawn = noise(POLICY._replace(epsilon=epsilon, most_cells=1), KEY, "law", 200_000)
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


def test_nobody_counts_in_more_cells_than_declared():
    traces = traces_of(townspeople(200), 500.0, 1.0, by_day=False)
    kept = clipped(traces, 4, seed=1)
    _, per_person = np.unique(kept.person, return_counts=True)
    assert per_person.max() == 4
    before = set(zip(traces.person.tolist(), traces.point.tolist(), strict=True))
    assert set(zip(kept.person.tolist(), kept.point.tolist(), strict=True)) < before
    assert len(np.unique(kept.person)) == 200
    # taking one person away changes the table by no more than that
    stay = traces.person != 7
    one_less = clipped(Traces(traces.person[stay], traces.point[stay], 24), 4, seed=1)
    n_cells = int(traces.point.max()) + 1
    assert np.abs(counts_of(kept, n_cells) - counts_of(one_less, n_cells)).sum() == 4


def test_small_counts_are_left_out_and_large_ones_are_near_the_truth():
    counts = np.array([0, 3, 9] * 200 + [5_000] * 200)
    shown = release(counts, POLICY, KEY, "june")
    assert np.isnan(shown[:600]).mean() > 0.95
    assert np.nanmin(shown) >= POLICY.least_shown >= POLICY.least_people
    assert shown[600:].mean() == pytest.approx(5_000, abs=15)


def test_losses_add_up_and_an_unpaid_release_is_not_made():
    ledger = BudgetLedger(2.5 * POLICY.epsilon)
    counts = np.full(3, 1_000)
    publish(counts, POLICY, KEY, "june", ledger)
    publish(counts, POLICY, KEY, "july", ledger)
    assert ledger.spent == pytest.approx(2 * POLICY.epsilon)
    with pytest.raises(InputError, match="published already"):
        publish(counts, POLICY, KEY, "july", ledger)
    with pytest.raises(InputError, match="no more than is left"):
        publish(counts, POLICY, KEY, "august", ledger)
    with pytest.raises(InputError, match="above 0"):
        ledger.spend("september", float("nan"))
    assert [name for name, _ in ledger.rows] == ["june", "july"]
