"""Who consults a calculator: nested in the share, by smartphone, independent of who else lives here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import slow_uniform
from twin.calculators.market import NO_PROVIDER, app_users, choose_provider, provider_of
from twin.errors import InputError
from twin.kernels.random import key_of

N = 20_000
KEYS = np.arange(1, N + 1, dtype=np.uint64)
OWNERS = np.arange(N) % 100 < 91
shares = st.floats(0, 1)


def users(app_share: float, smartphone: np.ndarray = OWNERS) -> np.ndarray:
    return app_users(KEYS, smartphone, app_share, 0.91, seed=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(0, 2**64 - 1), st.booleans(), shares, shares)
def test_a_person_decides_alone(seed, key, smartphone, app_share, owner_share):
    draw = slow_uniform(seed, int(key_of("calculators.app")), key, 0)
    place = draw * owner_share if smartphone else owner_share + draw * (1.0 - owner_share)
    alone = app_users(np.array([key], np.uint64), np.array([smartphone]), app_share, owner_share, seed)
    assert alone.tolist() == [place < app_share]


@settings(max_examples=40, deadline=None)
@given(shares, shares)
def test_users_at_a_lower_share_are_among_those_at_a_higher(one, other):
    few, many = users(min(one, other)), users(max(one, other))
    assert not (few & ~many).any()


def test_share_is_that_of_all_travellers():
    assert not users(0.0).any()
    assert users(1.0).all()
    for app_share in (0.2, 0.3, 0.6, 0.95):
        error = 4 * np.sqrt(app_share * (1 - app_share) / N)
        assert users(app_share).mean() == pytest.approx(app_share, abs=error)


def test_those_without_a_smartphone_come_last():
    assert not users(0.91)[~OWNERS].any()
    assert users(0.91)[OWNERS].all()
    assert users(0.95)[~OWNERS].mean() == pytest.approx(0.04 / 0.09, abs=0.05)


def test_one_person_more_changes_nobody():
    fewer = app_users(KEYS[1:], OWNERS[1:], 0.4, 0.91, seed=1)
    assert fewer.tolist() == users(0.4)[1:].tolist()


def test_market_shares_are_met():
    choice = choose_provider(KEYS, (0.6, 0.3), seed=1)
    assert choice.dtype == np.int8
    for row, share in ((0, 0.6), (1, 0.3), (NO_PROVIDER, 0.1)):
        assert (choice == row).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / N))
    assert (choose_provider(KEYS, (0.1,) * 10, seed=1) >= 0).all()
    assert (choose_provider(KEYS, (), seed=1) == NO_PROVIDER).all()


def test_only_users_consult_a_provider():
    uses_app = np.array([True, True, False])
    choice = np.array([1, 0, 1], dtype=np.int8)
    assert provider_of(uses_app, choice).tolist() == [1, 0, -1]


def test_no_share_is_one_line():
    with pytest.raises(InputError, match="between 0 and 1"):
        users(1.01)
    for wrong in ((0.7, 0.4), (1.1, -0.2)):
        with pytest.raises(InputError, match="sum to at most 1"):
            choose_provider(KEYS, wrong, seed=1)


def test_a_share_of_ones_own_changes_nobody_else() -> None:
    keys = np.arange(5_000, dtype=np.uint64)
    owners = np.ones(5_000, dtype=bool)
    alike = app_users(keys, owners, 0.3, 0.9, seed=1)
    shares = np.where(keys % 2 == 0, 0.3, 0.6)
    own = app_users(keys, owners, shares, 0.9, seed=1)
    assert (own[::2] == alike[::2]).all()
    assert own[1::2].sum() > 1.5 * alike[1::2].sum()
    with pytest.raises(InputError, match="app_share"):
        app_users(keys, owners, np.where(keys == 7, 1.2, 0.3), 0.9, seed=1)
