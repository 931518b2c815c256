"""The scalar filter comes to the known variances; the ensemble meets the exact filter as members grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.knowledge.exact_filters import Belief, analysis, analysis_of_many, forecast, steady_variances
from tests.knowledge.slow_filters import slow_assimilate, slow_fade
from twin.errors import InputError
from twin.kernels.assimilate import assimilate, fade
from twin.kernels.random import keys_of
from twin.knowledge.flow_filter import FilterRule, FlowFilter
from twin.scenario.ledger import Parameters


def test_the_scalar_filter_reaches_the_known_variances():
    belief = Belief(0.0, 100.0)
    for value in np.sin(np.arange(200.0)).tolist():
        ahead = forecast(belief, 1.0)
        belief = analysis(ahead, value, 4.0)
    assert ahead.variance == pytest.approx(2.5615528128, abs=1e-9)
    assert belief.variance == pytest.approx(1.5615528128, abs=1e-9)
    assert steady_variances(1.0, 4.0) == pytest.approx((2.5615528128, 1.5615528128), abs=1e-9)


def test_a_filter_without_noise_is_refused():
    with pytest.raises(InputError, match="numbers above 0"):
        steady_variances(0.0, 4.0)


def test_many_readings_at_once_or_in_turn_are_the_same_belief():
    root = np.random.default_rng(3).normal(size=(5, 5))  # any covariance will do
    mean, covariance = np.arange(5.0), root @ root.T
    row, value, variance = np.array([0, 3, 3]), np.array([2.0, 1.0, 5.0]), np.array([1.0, 0.5, 2.0])
    at_once = analysis_of_many(mean, covariance, row, value, variance)
    for k in range(3):
        mean, covariance = analysis_of_many(mean, covariance, row[[k]], value[[k]], variance[[k]])
    assert at_once[0] == pytest.approx(mean)
    assert at_once[1] == pytest.approx(covariance)


@settings(max_examples=40)
@given(
    st.integers(2, 6),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 4), st.floats(-9, 9), st.floats(0.1, 9)), max_size=4),
    st.sampled_from([50.0, 400.0, np.inf]),
    st.randoms(use_true_random=False),
)
def test_assimilation_agrees_with_its_slow_twin(n_members, n_states, readings, half_m, random):
    states = np.array([[random.uniform(-5, 5) for _ in range(n_members)] for _ in range(n_states)])
    x_m = np.array([random.uniform(0, 500) for _ in range(n_states)])
    readings = [(row % n_states, value, variance) for row, value, variance in readings]
    slow = slow_assimilate(states.tolist(), x_m.tolist(), half_m, readings)
    row, value, variance = (np.array([each[k] for each in readings], dtype=t) for k, t in enumerate("lff"))
    assimilate(states, x_m, np.zeros(n_states), half_m, row, value.astype(float), variance.astype(float),
               np.empty(n_members))  # fmt: skip
    assert states == pytest.approx(np.array(slow), rel=1e-5, abs=1e-5)


@settings(max_examples=60)
@given(st.floats(0, 3_000), st.floats(1, 1_000))
def test_fading_agrees_with_its_slow_twin(distance_m, half_m):
    assert fade(distance_m, half_m) == pytest.approx(slow_fade(distance_m / half_m), abs=1e-9)


def walk_world(n_members: int, reach_m: float = np.inf) -> tuple[float, float]:
    """Distance of the ensemble's mean and variance from the exact filter's, over 12 links and 10 slices."""
    n, q = 12, 1.0
    factor = np.linspace(0.5, 2.0, n)[:, None]
    keys = keys_of(np.array([f"link {k}" for k in range(n)]))
    x_m = 100.0 * np.arange(n)
    spread = np.full(n, 0.7)
    wander = np.full(n, np.sqrt(q) * 0.5)
    links, variance = np.array([1, 6, 10]), np.array([4.0, 2.0, 1.0])
    ensemble = FlowFilter.start(
        FilterRule(n_members, 1.0, reach_m), (x_m, np.zeros(n)), keys, np.zeros(n), spread, 7, factor
    )
    drift = factor @ factor.T
    mean, covariance = np.zeros(n), drift + np.diag(spread**2)
    off_mean = off_variance = 0.0
    for slot in range(10):
        covariance = covariance + 0.1 * drift + np.diag(wander**2)
        ensemble.forecast(0.0, 0.0, wander, factor=factor * np.sqrt(0.1))
        counted = 3.0 * np.sin(slot + links)
        mean, covariance = analysis_of_many(mean, covariance, links, counted, variance)
        ensemble.learn(links, counted, variance)
        off_mean += float(np.sum((ensemble.mean_veh - mean) ** 2))
        off_variance += float(np.sum((ensemble.spread_veh**2 - np.diag(covariance)) ** 2))
    return np.sqrt(off_mean / (10 * n)), np.sqrt(off_variance / (10 * n))


def test_the_ensemble_meets_the_exact_filter_as_members_grow():
    off = {n: walk_world(n) for n in (40, 640, 10_240)}
    # errors of an ensemble fall with the root of its members: 16 times the members, a quarter of the error
    for few, many in ((40, 640), (640, 10_240)):
        assert off[many][0] < 0.5 * off[few][0]
        assert off[many][1] < 0.5 * off[few][1]
    assert off[10_240][0] < 0.05
    assert off[10_240][1] < 0.03


def test_nothing_is_learned_beyond_the_reach():
    n = 20
    keys = keys_of(np.array([f"link {k}" for k in range(n)]))
    x_m = 1_000.0 * np.arange(n)
    rule = FilterRule(30, 1.0, 2_500.0)
    ensemble = FlowFilter.start(
        rule, (x_m, np.zeros(n)), keys, np.full(n, 50.0), np.full(n, 1.0), 1, np.full((n, 1), 5.0)
    )
    before = ensemble.states.copy()
    ensemble.learn(np.array([0]), np.array([80.0]), np.array([1.0]))
    assert (ensemble.states[3:] == before[3:]).all()
    assert ensemble.mean_veh[0] > 75.0
    assert ensemble.mean_veh[1] > before[1].mean() + 5.0


def test_the_rule_comes_from_the_ledger_and_must_make_sense():
    rule = FilterRule.of(Parameters.defaults())
    assert rule == (60, 1.02, 2_500.0)
    one = np.zeros(1)
    with pytest.raises(InputError, match="2 members or more"):
        FlowFilter.start(rule._replace(n_members=1), (one, one), keys_of(np.array(["a"])), one, one, 1)
