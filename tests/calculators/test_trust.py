"""Trust: won slowly by promises kept, lost fast by promises broken; obedience goes with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.calculators.trust import TrustRule, obedience_of, updated_trust
from twin.scenario.ledger import Parameters

RULE = TrustRule.of(Parameters.defaults())


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(0, 10_000), st.floats(0, 100_000))
def test_trust_stays_a_share_and_moves_the_right_way(trust, promised_s, experienced_s):
    after = updated_trust(np.array([trust]), np.array([promised_s]), np.array([experienced_s]), RULE)[0]
    assert 0.0 <= after <= 1.0
    if experienced_s <= promised_s:
        assert after >= trust
    if experienced_s > (1.0 + RULE.tolerance) * max(promised_s, 1.0) + 1e-6:
        assert after <= trust


def test_kept_promises_win_trust_geometrically():
    trust = np.array([0.7])
    for _ in range(10):
        trust = updated_trust(trust, np.array([600.0]), np.array([600.0]), RULE)
    assert trust[0] == pytest.approx(1.0 - 0.3 * (1.0 - RULE.gain) ** 10)


def test_a_trip_twice_as_long_costs_more_than_four_good_ones_win():
    promised_s = np.array([600.0])
    lost = 0.7 - updated_trust(np.array([0.7]), promised_s, 2 * promised_s, RULE)[0]
    won = updated_trust(np.array([0.7]), promised_s, promised_s, RULE)[0] - 0.7
    assert lost > 4 * won
    thrice = updated_trust(np.array([0.7]), promised_s, 3 * promised_s, RULE)[0]
    assert thrice == pytest.approx(0.7 - lost)


def test_obedience_is_the_usual_one_at_the_trust_of_the_start():
    trust = np.array([0.0, RULE.start / 2, RULE.start, 1.0])
    assert obedience_of(trust, 0.7, RULE).tolist() == pytest.approx(
        [0.0, 0.35, 0.7, min(1.0, 0.7 / RULE.start)]
    )
