"""The filter beside its rivals at every coverage, and whether it is as sure as it should be."""

from __future__ import annotations

import numpy as np
import pytest

from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.flow_filter import FilterRule, FlowFilter
from twin.knowledge.scores import calibration, day_of_week_mean, persistence, rmse

N_LINKS, N_SLICES, N_DAYS = 40, 24, 15
KEEP, COMMON, OWN, READ = 0.9, 12.0, 4.0, 3.0
KEYS = keys_of(np.array([f"link {k}" for k in range(N_LINKS)]))
PLACE = (100.0 * np.arange(N_LINKS), np.zeros(N_LINKS))
FACTOR = COMMON * np.stack([np.cos(np.arange(N_LINKS) / 6), np.sin(np.arange(N_LINKS) / 6)], axis=1)
USUAL = 100 + 60 * np.sin(np.arange(N_SLICES) / 4)[:, None] * np.ones(N_LINKS)


def days(seed: int) -> np.ndarray:
    """Flows of days that differ (n_days, n_slices, n_links): what is unusual wanders, fades, is smooth."""
    flows = np.empty((N_DAYS, N_SLICES, N_LINKS))
    away = np.zeros(N_LINKS)
    for day in range(N_DAYS):
        for slot in range(N_SLICES):
            moment = day * N_SLICES + slot
            common = bells(seed, stream_of("test.common"), np.arange(2, dtype=np.uint64), moment)
            away = KEEP * away + FACTOR @ common + OWN * bells(seed, stream_of("test.own"), KEYS, moment)
            flows[day, slot] = USUAL[slot] + away
    return flows


def read(truth: np.ndarray, counted: np.ndarray, seed: int) -> np.ndarray:
    """Counts of a day (n_slices, n_links), NaN where no counter stands."""
    counts = np.full(truth.shape, np.nan)
    for slot in range(N_SLICES):
        noise = READ * bells(seed, stream_of("test.read"), KEYS[counted], slot)
        counts[slot, counted] = truth[slot, counted] + noise
    return counts


def filtered(counts: np.ndarray, usual: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of the filter's flows of a day (n_slices, n_links)."""
    settled = 1.0 / np.sqrt(1.0 - KEEP**2)
    rule = FilterRule(60, 1.02, 2_500.0)
    spread = np.full(N_LINKS, OWN * settled)
    flow = FlowFilter.start(rule, PLACE, KEYS, usual[0], spread, seed, FACTOR * settled)
    counted = np.flatnonzero(np.isfinite(counts[0]))
    mean, deviation = np.empty_like(counts), np.empty_like(counts)
    for slot in range(N_SLICES):
        if slot:
            flow.forecast(usual[slot - 1], usual[slot], np.full(N_LINKS, OWN), KEEP, FACTOR)
        flow.learn(counted, counts[slot, counted], np.full(len(counted), READ**2))
        mean[slot], deviation[slot] = flow.mean_veh, flow.spread_veh
    return mean, deviation


def test_more_counters_help_and_the_filter_beats_its_rivals_at_every_coverage():
    errors: dict[int, list[tuple[float, float, float, float]]] = {2: [], 5: [], 12: [], 40: []}
    for seed in range(8):
        flows = days(seed)
        truth, usual = flows[-1], day_of_week_mean(flows[:-1], np.arange(N_DAYS - 1) % 7, 99)
        order = np.argsort(uniforms(seed, stream_of("test.place"), KEYS))
        for n, found in errors.items():
            counts = read(truth, order[:n], seed)
            mean, deviation = filtered(counts, usual, seed)
            held, stated = persistence(counts, usual), calibration(mean, deviation, truth)
            found.append((rmse(mean, truth), rmse(held, truth), rmse(usual, truth), stated.spread_ratio))
    by_coverage = {n: np.mean(found, axis=0) for n, found in errors.items()}
    own = [float(row[0]) for row in by_coverage.values()]
    assert own == sorted(own, reverse=True)
    for row in by_coverage.values():
        assert row[0] < min(row[1], row[2])
        assert 0.8 < row[3] < 1.4
    # the first counters bring more, each, than the last
    assert (own[0] - own[1]) / 3 > (own[2] - own[3]) / 28


def test_the_day_of_the_week_counts_where_it_was_seen():
    flows = np.array([[[10.0]], [[30.0]], [[50.0]]])
    assert day_of_week_mean(flows, np.array([0, 1, 0]), 0).item() == 30.0
    assert day_of_week_mean(flows, np.array([0, 1, 0]), 1).item() == 30.0
    assert day_of_week_mean(flows, np.array([0, 0, 1]), 1).item() == 50.0
    assert day_of_week_mean(flows, np.array([0, 0, 0]), 6).item() == 30.0


def test_calibration_tells_the_sure_from_the_too_sure():
    truth = bells(1, stream_of("test.truth"), np.arange(20_000, dtype=np.uint64))
    zero = np.zeros_like(truth)
    honest, proud = calibration(zero, zero + 1.0, truth), calibration(zero, zero + 0.5, truth)
    assert honest.covered == pytest.approx(honest.shares, abs=0.02)
    assert honest.spread_ratio == pytest.approx(1.0, abs=0.02)
    # mean score of a standard normal belief about itself: 1 / sqrt(pi)
    assert honest.crps == pytest.approx(0.5642, abs=0.01)
    assert proud.covered[-1] < 0.75
    assert proud.spread_ratio == pytest.approx(2.0, abs=0.04)
    assert proud.crps > honest.crps


def test_persistence_holds_the_last_count_and_is_silent_elsewhere():
    counted = np.array([[1.0, np.nan], [4.0, np.nan], [np.nan, np.nan]])
    usual = np.full((3, 2), 9.0)
    assert persistence(counted, usual).tolist() == [[9.0, 9.0], [1.0, 9.0], [4.0, 9.0]]
    assert rmse(np.array([3.0, np.nan]), np.array([5.0, 1.0])) == 2.0
    assert np.isnan(rmse(np.array([np.nan]), np.array([1.0])))
