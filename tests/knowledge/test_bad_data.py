"""Bad data by residuals: the textbook's figures, exact false alarms, and what no residual can show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worlds import grid
from twin.errors import InputError
from twin.knowledge.bad_data import (
    ResidualTest,
    chi_square_threshold,
    found_share,
    residual_threshold,
    roc_area,
    threshold_of,
)
from twin.knowledge.bad_data_flows import FlowSystem, UsualFlows, measurements, residual_tests

# Three buses, angles of the third nought: lines 1-2, 1-3 and 3-2 of 0.2, 0.4 and 0.25 per unit
# (Wood & Wollenberg 1996, Power Generation, Operation and Control, section 12.2).
DC_POWER = np.array([[5.0, -5.0], [2.5, 0.0], [0.0, -4.0]])
METERS_MW = np.array([0.62, 0.06, 0.37])


def random_system(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    n, n_states = int(draw.integers(4, 14)), int(draw.integers(1, 5))
    matrix = draw.normal(size=(n, n_states)) * (draw.random((n, n_states)) < 0.7)
    return matrix, draw.uniform(0.1, 4.0, n), draw.normal(size=n) * 5.0


def slow_objective(matrix: np.ndarray, variance: np.ndarray, values: np.ndarray) -> float:
    """Weighted least squares, by the normal equations."""
    weight = np.diag(1.0 / variance)
    state = np.linalg.pinv(matrix.T @ weight @ matrix) @ matrix.T @ weight @ values
    left = values - matrix @ state
    return float(left @ weight @ left)


def test_three_buses_of_the_textbook():
    test = ResidualTest.of(DC_POWER, np.full(3, 0.01**2))
    assert test.freedom == 1
    assert float(test.objective(METERS_MW)) == pytest.approx(2.14, abs=0.005)
    assert float(test.objective(METERS_MW)) < chi_square_threshold(1, 0.01) == pytest.approx(6.635, abs=1e-3)
    # with one degree of freedom all normalised residuals are equal: which meter is wrong cannot be told
    assert np.abs(test.normalised(METERS_MW)) == pytest.approx(np.full(3, np.sqrt(2.1428571)), rel=1e-4)


def test_false_alarms_are_exactly_nominal_under_gaussian_noise():
    draw = np.random.default_rng(5)
    matrix, variance, _ = random_system(11)
    test = ResidualTest.of(matrix, variance)
    clean = draw.normal(size=(200_000, len(variance))) * np.sqrt(variance)
    for share in (0.01, 0.05):
        alarms = float(np.mean(test.objective(clean) > chi_square_threshold(test.freedom, share)))
        assert alarms == pytest.approx(share, abs=4 * np.sqrt(share / len(clean)))
    largest = np.abs(test.normalised(clean)).max(axis=1)
    assert float(np.mean(largest > residual_threshold(len(variance), 0.01))) <= 0.0105


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_residuals_are_those_of_the_normal_equations(seed):
    matrix, variance, values = random_system(seed)
    test = ResidualTest.of(matrix, variance)
    assert float(test.objective(values)) == pytest.approx(slow_objective(matrix, variance, values), abs=1e-6)
    assert test.freedom == len(variance) - np.linalg.matrix_rank(matrix)
    assert test.sensitivity.sum() == pytest.approx(test.freedom)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.data())
def test_a_removed_measurement_is_as_if_it_had_never_been(seed, data):
    matrix, variance, values = random_system(seed)
    row = data.draw(st.integers(0, len(variance) - 1))
    left = ResidualTest.of(matrix, variance).without(row)
    kept = np.delete(np.arange(len(variance)), row)
    expected = slow_objective(matrix[kept], variance[kept], values[kept])
    assert float(left.objective(values)) == pytest.approx(expected, abs=1e-6)
    assert left.normalised(values)[row] == 0.0


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(-1e3, 1e3))
def test_an_attack_along_h_leaves_no_residual(seed, size):
    matrix, variance, values = random_system(seed)
    test = ResidualTest.of(matrix, variance)
    attack = matrix @ np.full(matrix.shape[1], size)
    assert test.residuals(values + attack) == pytest.approx(test.residuals(values), abs=1e-6)


def test_gross_errors_are_named_and_taken_out_one_after_another():
    draw = np.random.default_rng(2)
    matrix = draw.normal(size=(40, 5))
    test = ResidualTest.of(matrix, np.ones(40))
    limit = residual_threshold(40, 0.01)
    named = 0
    for _ in range(200):
        bad = draw.choice(40, 3, replace=False)
        values = matrix @ draw.normal(size=5) + draw.normal(size=40)
        values[bad] += draw.choice([-1.0, 1.0], 3) * 10.0
        removal = test.removed(values, limit)
        named += set(bad.tolist()) <= set(removal.rows)
        assert np.abs(removal.test.normalised(values)).max() <= limit
    assert named >= 198


def test_counters_on_streets_a_stream_is_unseen_and_an_error_is_not():
    net = grid(4, 200.0)
    links = np.arange(len(net.tail))
    system = FlowSystem.of(net.tail, net.head, links, np.array([0, 15]))
    assert system.balance.shape == (14, len(links))
    days = np.full((5, 2, len(links)), 100.0)
    usual = UsualFlows.of(system, days)
    counted = links[links % 6 != 0]
    test = residual_tests(system, usual, counted, np.ones((2, len(counted))))[0]
    z = measurements(usual, days[0][:, counted])[0]
    owned = counted[:6]
    streams = system.unseen(owned, counted)
    assert streams.shape[1] > 0
    others = np.setdiff1d(counted, owned)
    assert np.abs(streams[others]).max() < 1e-9
    assert np.abs(system.balance @ streams).max() < 1e-9
    attack = np.zeros(len(z))
    attack[: len(counted)] = streams[counted, 0] * 1_000.0
    assert test.objective(z + attack) == pytest.approx(float(test.objective(z)), abs=1e-6)
    seen = int(np.argmax(test.sensitivity[: len(counted)]))
    attack[:] = 0.0
    attack[seen] = 1_000.0
    assert test.objective(z + attack) > 1_000.0


def test_thresholds_and_curves_of_scores():
    clean = np.arange(1_000.0)
    assert np.mean(clean > threshold_of(clean, 0.01)) <= 0.01
    bad = np.array([500.0, 995.0, 2_000.0, 2_000.0])
    pairs = np.mean([(b > c) + 0.5 * (b == c) for b in bad for c in clean])
    assert roc_area(clean, bad) == pytest.approx(float(pairs))
    curve = found_share(clean, bad, np.array([0.001, 0.01, 0.6]))
    assert curve.tolist() == [0.5, 0.75, 1.0]
    with pytest.raises(InputError, match="99 or more"):
        threshold_of(clean[:90], 0.01)
    with pytest.raises(InputError, match="numbers above 0"):
        ResidualTest.of(np.ones((2, 1)), np.array([1.0, 0.0]))
