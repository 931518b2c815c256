"""Pictures of links: shrinkage, window, age, what is given back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.knowledge.oracles import rows_of, slow_estimate
from tests.knowledge.strategies import N_LINKS, chunks, moments_s
from twin.knowledge.datasets import no_observations, observations
from twin.knowledge.estimates import (
    Prior,
    estimate_link_times,
    latest_results,
    prior_picture,
    publish_traffic,
)

PRIOR = Prior(np.array([10.0, 5.0, 60.0, 0.5]), weight=3.0)
BLANK = prior_picture("swift", 0.0, PRIOR)


@settings(max_examples=60, deadline=None)
@given(chunks(max_rows=30), moments_s, st.sampled_from([1.0, 7.0, 60.0]), st.sampled_from([0.0, 1.0, 3.0]))
def test_picture_agrees_with_its_slow_twin(rows, moment_s, window_s, weight):
    prior = Prior(PRIOR.time_s, weight)
    picture = estimate_link_times(rows, moment_s, window_s, prior, BLANK)
    slow = slow_estimate(rows_of(rows), moment_s, window_s, prior.time_s.tolist(), weight)
    assert picture.travel_time_s == pytest.approx([time_s for time_s, _, _ in slow], rel=1e-12)
    assert picture.n_probes.tolist() == [n for _, n, _ in slow]
    assert picture.newest_s.tolist() == [newest_s for _, _, newest_s in slow]


@settings(max_examples=60, deadline=None)
@given(chunks(max_rows=30), st.randoms(use_true_random=False))
def test_picture_has_the_same_bits_for_any_order_of_rows(rows, shuffler):
    order = list(range(rows.n_rows))
    shuffler.shuffle(order)
    shuffled = rows.at(order)
    first, second = (estimate_link_times(each, 60.0, 60.0, PRIOR, BLANK) for each in (rows, shuffled))
    assert first.travel_time_s.tobytes() == second.travel_time_s.tobytes()


def test_n_probes_against_a_prior_of_three():
    # n = 0, 1, 3, 27 probes of 40 s against a prior of 10 s worth three: 10, 17.5, 25, 37 s
    for n, expected_s in ((0, 10.0), (1, 17.5), (3, 25.0), (27, 37.0)):
        rows = observations(np.zeros(n, dtype=np.int32), 50.0, 60.0, 40.0)
        assert estimate_link_times(rows, 100.0, 900.0, PRIOR, BLANK).travel_time_s[0] == pytest.approx(
            expected_s
        )


def test_no_user_leaves_the_prior_standing_and_the_actor_blind():
    picture = estimate_link_times(no_observations(), 2_000.0, 900.0, PRIOR, BLANK)
    assert picture.travel_time_s.tolist() == PRIOR.time_s.tolist()
    assert picture.blind_share() == 1.0


def test_window_forgets_but_age_does_not():
    rows = observations(np.array([0, 1]), np.array([100.0, 1_000.0]), 1_000.0, 33.0)
    first = estimate_link_times(rows, 1_000.0, 900.0, PRIOR, BLANK)
    assert first.n_probes.tolist() == [0, 1, 0, 0]  # left at 100 s: not after 1000 - 900
    early = estimate_link_times(rows, 999.0, 900.0, PRIOR, BLANK)
    assert early.n_probes.tolist() == [1, 0, 0, 0]
    second = estimate_link_times(no_observations(), 1_900.0, 900.0, PRIOR, first)
    assert second.n_probes.sum() == 0
    assert second.age_s.tolist() == [np.inf, 900.0, np.inf, np.inf]
    assert second.blind_share() == 0.75  # not yet blind on link 1: a probe just 15 minutes ago
    assert second.blind_share(horizon_s=899.0) == 1.0
    assert second.blind_share(links=np.array([1])) == 0.0


def test_picture_cannot_be_written():
    for column in (BLANK.travel_time_s, BLANK.n_probes, BLANK.newest_s):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1


def test_only_links_with_enough_trips_are_given_back():
    """A phone that reports from a queue at every look (300 s, 600 s) is one trip, however often it does."""
    left_s = np.array([550.0] * 5 + [550.0] * 4 + [300.0, 600.0, 600.0])
    rows = observations(np.array([0] * 5 + [1] * 7), left_s, 610.0, 40.0)
    picture = estimate_link_times(rows, 900.0, 900.0, PRIOR, BLANK)
    assert picture.n_probes[:2].tolist() == [5, 7]
    given_back = publish_traffic(picture, rows, look_s=300.0, least_trips=5)
    assert rows_of(given_back) == [(900.0, 0, 900.0, 28.75)]
    assert publish_traffic(BLANK, no_observations(), look_s=300.0, least_trips=0).n_rows == 0


def test_latest_result_is_that_of_the_latest_moment():
    rows = observations(
        np.array([0, 0, 1, 1]),
        np.array([9.0, 3.0, 5.0, 5.0]),
        np.array([10, 11, 8, 7]),
        np.array([1, 2, 3, 4]),
    )
    assert latest_results(rows, N_LINKS, otherwise=0.0).tolist() == [1.0, 3.0, 0.0, 0.0]
