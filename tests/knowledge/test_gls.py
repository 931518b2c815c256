"""Least squares with a prior against its closed form by inverses, and what the estimators make of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from twin.errors import InputError
from twin.kernels.observe import bells
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.demand_matrix import link_shares, matrix_from_counts
from twin.knowledge.gls import moved_to_readings
from twin.knowledge.leaks import likelier_nodes, night_leak_lps
from twin.knowledge.needs import needs_by_zone
from twin.knowledge.station_loads import station_loads

pytestmark = pytest.mark.one_interpreter("arithmetic of NumPy and SciPy, the same on each")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 10**6))
def test_the_estimate_is_that_of_the_normal_equations(n, m, seed):
    draw = np.random.default_rng(seed)  # any problem will do
    prior, spread = draw.normal(size=n), draw.uniform(0.1, 4.0, size=n)
    sees, read, error = draw.normal(size=(m, n)), draw.normal(size=m), draw.uniform(0.1, 4.0, size=m)
    told = moved_to_readings(prior, spread, csr_array(sees), read, error)
    information = np.diag(1.0 / spread) + sees.T @ np.diag(1.0 / error) @ sees
    right = prior / spread + sees.T @ (read / error)
    assert told.value == pytest.approx(np.linalg.solve(information, right), abs=1e-8)
    assert told.variance == pytest.approx(np.diag(np.linalg.inv(information)), abs=1e-8)


def test_a_reading_without_error_is_refused():
    with pytest.raises(InputError, match="above 0 of readings"):
        moved_to_readings(np.ones(1), np.ones(1), csr_array(np.ones((1, 1))), np.ones(1), np.zeros(1))


def test_exact_counts_of_every_link_give_the_matrix_back():
    """Three pairs, three links of which each pair uses two: the counts leave nothing open."""
    passed = csr_array(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]) * 100.0)
    shares = link_shares(passed, np.full(3, 100.0))
    truth = np.array([140.0, 90.0, 60.0])
    counts = (np.arange(3), shares @ truth, np.full(3, 1e-6))
    told = matrix_from_counts(np.full(3, 100.0), 0.3, shares, counts, 0.0)
    assert told.value == pytest.approx(truth, abs=1e-3)
    assert (told.variance < 1e-3).all()


def test_night_flow_tells_the_size_of_a_leak_and_its_error():
    usual = 5.0 + 0.2 * bells(1, stream_of("test.night"), np.arange(80, dtype=np.uint64)).reshape(20, 4)
    leak, error = night_leak_lps(usual.mean(axis=0) + 1.5, usual)
    assert leak == pytest.approx(1.5)
    assert 0.05 < error < 0.2


def test_a_node_that_no_logger_feels_is_the_last():
    sensitivity = np.array([[0.0, 0.0], [-1.0, -1.0], [-1.0, 0.0]])
    assert likelier_nodes(np.array([-3.0, 0.1]), sensitivity).tolist() == [2, 1, 0]


def test_the_monitor_moves_stations_without_meters_most():
    told = station_loads((np.array([98.0, 0.0]), np.array([98, 0])), np.array([100, 100]), (300.0, 1e-3))
    assert told.value.sum() == pytest.approx(300.0, abs=0.01)
    assert told.value[0] == pytest.approx(100.0, abs=5.0)
    assert told.variance[1] < 0.1 * 100.0**2


def test_needs_of_small_zones_are_drawn_to_the_mean_and_great_ones_stand():
    people, share = np.array([20.0, 20.0, 20_000.0]), np.array([0.5, 0.5, 0.5])
    needs = needs_by_zone(np.array([0.0, 4.0, 500.0]), people, share)
    assert needs[2] == pytest.approx(1_000.0, rel=0.05)
    assert 0.0 < needs[0] < needs[1] < 8.0


def test_needs_seen_through_an_app_are_less_wrong_for_who_is_seen_being_known():
    """Forty zones whose people use the app less where they need more: seen alone would mislead."""
    key = np.arange(40, dtype=np.uint64)
    people = 200.0 + 800.0 * uniforms(1, stream_of("test.people"), key)
    rate = 0.02 + 0.1 * uniforms(1, stream_of("test.rate"), key)
    share = np.clip(0.9 - 6.0 * rate, 0.1, 1.0)
    truth = people * rate
    by_seed = []
    for seed in range(10):
        noise = bells(seed, stream_of("test.seen"), key)
        seen = np.maximum(np.rint(truth * share + np.sqrt(truth * share) * noise), 0.0)
        alike = people * seen.sum() / (people * share).sum()
        bare = seen / share.mean()
        by_seed.append(
            [np.mean(np.abs(each - truth)) for each in (needs_by_zone(seen, people, share), bare, alike)]
        )
    mine, bare, alike = np.mean(by_seed, axis=0)
    assert mine < 0.8 * bare
    assert mine < 0.8 * alike
