"""Checks from other sources: each rises with what it is for, and stays low without."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.knowledge import bad_data_checks as checks
from twin.knowledge.bad_data import ResidualTest
from twin.knowledge.datasets import observations

DRAW = np.random.default_rng(3)


def test_reports_find_their_interval_and_their_sensor():
    rows = observations(np.array([7, 4, 7, 9]), np.array([300.0, 600.0, 900.0, 300.0]), 960.0, np.arange(4.0))
    found = checks.reports_by_interval(rows, np.array([4, 7]), 300, 3)
    assert np.array_equal(found, [[np.nan, 0.0], [1.0, np.nan], [np.nan, 2.0]], equal_nan=True)
    assert np.isnan(checks.hourly(np.full((4, 1), np.nan), 2)).all()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(0, 2))
def test_cusum_is_the_largest_sum_of_any_last_stretch(values, slack):
    """Page's recursion is the maximum over all beginnings of the sum since then, of either sign."""
    found = checks.cusum(np.array(values), slack)
    for end in range(len(values)):
        tails = [values[k : end + 1] for k in range(end + 1)]
        up = max(0.0, *(sum(value - slack for value in tail) for tail in tails))
        down = max(0.0, *(sum(-value - slack for value in tail) for tail in tails))
        assert found[end] == pytest.approx(max(up, down), abs=1e-9)


def test_sums_since_the_morning_show_a_shift_and_not_the_day_s_level():
    days = DRAW.poisson(200.0, size=(20, 10, 12)).astype(float)
    usual = checks.UsualCounts.of(days, np.full((10, 12), 3.0))
    busy = DRAW.poisson(200.0, size=(10, 12)) * 1.3
    assert np.abs(usual.deviation(busy)).max() < 6.5
    busy[4:, 5] *= 1.5
    deviation = usual.deviation(busy)
    assert int(np.abs(deviation[-1]).argmax()) == 5
    assert deviation[-1, 5] > 8.0


def test_phones_contradict_invented_vehicles_and_invented_phones():
    counts = DRAW.poisson(300.0, size=(8, 20)).astype(float)
    probes = DRAW.binomial(counts.astype(int), 0.15).astype(float)
    assert np.abs(checks.against_probes(counts, probes)).max() < 4.5
    more = counts.copy()
    more[:, 3] *= 1.5
    assert checks.against_probes(more, probes)[-1, 3] < -5.0
    invented = probes.copy()
    invented[:, 3] += 60.0
    assert checks.against_probes(counts, invented)[-1, 3] > 10.0


def test_a_stuck_counter_is_told_by_day_and_hardly_at_night():
    usual = np.full((36, 2), [20.0, 0.2])
    reports = DRAW.poisson(usual).astype(float)
    calm = checks.stuck_evidence(reports, usual)
    assert calm[:, 0].max() < 8.0
    reports[12:] = reports[11]
    stuck = checks.stuck_evidence(reports, usual)
    assert stuck[-1, 0] > 40.0
    assert stuck[-1, 1] < 0.3 * stuck[-1, 0]
    reports[20] = np.nan  # a report that is lost ends no run
    assert checks.stuck_evidence(reports, usual)[-1, 0] > 40.0


def test_a_noisy_counter_spreads_more_than_counts_do():
    usual = np.full((48, 3), 30.0)
    reports = DRAW.poisson(usual * 1.2).astype(float)
    assert checks.noise_evidence(reports, usual, 12).max() < 1.2
    reports[:, 1] *= 1.0 + 0.8 * DRAW.normal(size=48)
    assert (checks.noise_evidence(reports, usual, 12)[:, 1] > 1.5).all()


def test_a_replay_equals_a_day_that_was():
    usual = np.full((40, 2), 15.0)
    days = DRAW.poisson(usual, size=(4, 40, 2)).astype(float)
    today = DRAW.poisson(usual).astype(float)
    assert checks.replay_evidence(today, days, usual).max() < 15.0
    today[10:, 1] = days[2, 10:, 1]
    found = checks.replay_evidence(today, days, usual)
    assert found[-1, 1] > 50.0 > found[-1, 0]


def test_a_queue_needs_room():
    """Flow times time is what stands on the link (Little): 12 vehicles a minute for 5 minutes are 60."""
    assert checks.over_storage(np.array([0.2]), np.array([300.0]), np.array([20.0])) == pytest.approx([3.0])


def test_a_part_shows_what_the_whole_dilutes_and_hides_what_the_whole_hides():
    matrix = np.kron(np.eye(10), np.ones((4, 1)))
    whole = ResidualTest.of(matrix, np.ones(40))
    parts = [ResidualTest.of(np.ones((4, 1)), np.ones(4)) for _ in range(10)]
    values = DRAW.normal(size=40)
    values[0] += 5.0
    by_part = checks.subsystem_evidence(parts, list(values.reshape(10, 4)))
    assert by_part > checks.subsystem_evidence([whole], [values])
    hidden = (values + matrix @ np.full(10, 9.0)).reshape(10, 4)
    assert checks.subsystem_evidence(parts, list(hidden)) == pytest.approx(float(by_part))


def test_a_district_with_a_meter_that_reads_half_takes_in_more_than_it_counts():
    inflow, loss = np.array([100.0, 100.0]), np.array([3.0, 3.0])
    metered = np.array([97.0, 92.0])
    found = checks.balance_deviation(inflow, metered, 0.005, loss, np.array([0.5, 0.5]))
    assert found == pytest.approx([0.0, 5.0 / np.sqrt(0.5)])
