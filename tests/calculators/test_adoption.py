"""Trust follows promises, hearsay follows users, people come and go by both; against one person at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.calculators.adoption import (
    Experience,
    Subscriptions,
    heard_after,
    kept_promise,
    obedience_of,
    subscriptions_after,
    trust_after,
)
from twin.calculators.market import NO_PROVIDER
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
WEIGHT, WORTHLESS = (LEDGER[f"calculators.{name}"] for name in ("trust_weight", "worthless_lateness"))
FIRST, LEAST = LEDGER["calculators.first_trust"], LEDGER["calculators.leaving_trust"]
EAGER = LEDGER.replaced({"calculators.adoption_review_share": 1.0})
trips = st.lists(
    st.tuples(
        st.integers(0, 4), st.booleans(), st.floats(60, 3_600), st.floats(60, 7_200), st.floats(30, 3_000)
    ),
    max_size=12,
)
people = st.lists(
    st.tuples(st.integers(-1, 1), st.floats(0, 1), st.floats(-0.5, 0.5), st.integers(0, 1)),
    min_size=5,
    max_size=5,
)


def state(rows: list[tuple]) -> tuple[Subscriptions, np.ndarray]:
    provider, trust, heard, around = (np.array(column) for column in zip(*rows, strict=True))
    return Subscriptions(provider.astype(np.int8), trust, heard), around


def day(rows: list[tuple]) -> Experience:
    person, told, promised_s, lived_s, free_s = (
        (np.array(c) for c in zip(*rows, strict=True)) if rows else np.zeros((5, 0))
    )
    promised = np.where(told.astype(bool), promised_s, np.nan)
    return Experience(person.astype(np.int64), promised, lived_s, free_s)


@settings(max_examples=60, deadline=None)
@given(people, trips)
def test_trust_agrees_with_one_person_at_a_time(persons, rows):
    before, _ = state(persons)
    after = trust_after(before, day(rows), LEDGER)
    users = [k for k in range(5) if before.provider[k] >= 0]
    expected = list(before.trust)
    for k in users:
        kept = [
            max(0.0, 1.0 - max(lived - promised, 0.0) / promised / WORTHLESS)
            for person, told, promised, lived, _ in rows
            if person == k and told
        ]
        if kept:
            expected[k] = (1 - WEIGHT) * before.trust[k] + WEIGHT * sum(kept) / len(kept)
    if users:
        mean = sum(expected[k] for k in users) / len(users)
        for k in set(range(5)) - set(users):
            expected[k] = (1 - WEIGHT) * before.trust[k] + WEIGHT * mean
    assert after == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert ((after >= -1e-12) & (after <= 1 + 1e-12)).all()


@settings(max_examples=60, deadline=None)
@given(people, trips)
def test_what_is_heard_agrees_with_one_group_at_a_time(persons, rows):
    before, around = state(persons)
    after = heard_after(before, day(rows), around, LEDGER)
    for k in range(5):
        ratio = []
        for uses in (True, False):
            some = [r for r in rows if around[r[0]] == around[k] and (before.provider[r[0]] >= 0) == uses]
            ratio.append(sum(r[3] for r in some) / sum(r[4] for r in some) if some else None)
        expected = before.heard[k]
        if None not in ratio:
            expected = (1 - WEIGHT) * before.heard[k] + WEIGHT * (1 - ratio[0] / ratio[1])
        assert after[k] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_broken_promises_cost_trust_and_kept_ones_earn_it():
    before = Subscriptions.first(np.array([0, 0, NO_PROVIDER], dtype=np.int8), LEDGER)
    after = trust_after(
        before, day([(0, True, 600.0, 590.0, 500.0), (1, True, 600.0, 1_000.0, 500.0)]), LEDGER
    )
    assert after[0] > FIRST > after[1]
    assert after[1] < after[2] < after[0], "who consults nobody hears of both"
    assert kept_promise(np.array([600.0]), np.array([601.0]), 0.5)[0] < 1.0


def people_of(n: int) -> tuple[np.ndarray, ...]:
    return (
        np.arange(1, n + 1, dtype=np.uint64),
        np.zeros(n, dtype=np.int64),
        np.ones(n, dtype=bool),
        np.zeros(n, dtype=np.int8),
    )


def test_who_lost_trust_leaves_or_goes_to_a_rival_that_keeps_its_word():
    provider = np.array([0, 0, 1, 1], dtype=np.int8)
    alone = Subscriptions(np.zeros(4, dtype=np.int8), np.array([LEAST - 0.2, 0.9, 0.9, 0.9]), np.zeros(4))
    rivals = Subscriptions(provider, alone.trust, np.zeros(4))
    nothing = day([])
    assert subscriptions_after(alone, nothing, people_of(4), (1, 1), EAGER).provider.tolist() == [
        NO_PROVIDER,
        0,
        0,
        0,
    ]
    after = subscriptions_after(rivals, nothing, people_of(4), (1, 1), EAGER)
    assert after.provider.tolist() == [1, 0, 1, 1]
    assert after.trust[0] == pytest.approx(0.9)


def test_more_gain_heard_of_only_adds_those_who_take_it_up():
    n = 2_000
    nobody = np.full(n, NO_PROVIDER, dtype=np.int8)
    joined = []
    for gain in (0.0, 0.05, 0.1, 0.3):
        before = Subscriptions(nobody, np.full(n, FIRST), np.full(n, gain))
        after = subscriptions_after(before, day([]), people_of(n), (1, 1), EAGER)
        joined.append(after.provider >= 0)
    assert not joined[0].any()
    assert joined[3].all(), "beyond the most reluctant"
    assert not (joined[1] & ~joined[2]).any()
    assert joined[2].mean() == pytest.approx(0.1 / LEDGER["calculators.most_reluctance"], abs=0.05)


def test_only_owners_take_a_provider_up_and_none_does_who_hears_of_broken_promises():
    n = 200
    key, around, owns, choice = people_of(n)
    owns[::2] = False
    before = Subscriptions(np.full(n, NO_PROVIDER, dtype=np.int8), np.full(n, FIRST), np.full(n, 0.4))
    after = subscriptions_after(before, day([]), (key, around, owns, choice), (1, 1), EAGER)
    assert np.array_equal(after.provider >= 0, owns)
    doubtful = Subscriptions(before.provider, np.full(n, LEAST), before.heard)
    assert not (subscriptions_after(doubtful, day([]), people_of(n), (1, 1), EAGER).provider >= 0).any()


def test_obedience_is_that_of_the_ledger_at_first_and_follows_trust():
    trust = np.array([FIRST, FIRST / 2, 1.0, 0.0])
    obedience = obedience_of(trust, LEDGER)
    assert obedience[0] == LEDGER["calculators.obedience"]
    assert obedience[3] == 0.0 < obedience[1] < obedience[0] < obedience[2] <= 1.0
