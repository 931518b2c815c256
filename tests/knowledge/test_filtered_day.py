"""A day from a city's counts: what earlier days teach, and that more counters teach more."""

from __future__ import annotations

import numpy as np
import pytest

from tests.knowledge.test_scores import KEYS, N_LINKS, PLACE, READ, days, read
from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.filtered_day import FilteredDay, filter_day, learn_prior
from twin.knowledge.flow_filter import FilterRule
from twin.knowledge.scores import calibration, persistence, rmse

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

RULE = FilterRule(60, 1.02, 2_500.0)


def filtered(flows: np.ndarray, n_counters: int, seed: int) -> tuple[FilteredDay, np.ndarray]:
    """The last day from counters on some links, nested by number; and the counts."""
    order = np.argsort(uniforms(seed, stream_of("test.place"), KEYS))
    counts = np.maximum(read(flows[-1], order[:n_counters], seed), 0.0)
    prior = learn_prior(flows[:-1], 4)
    return filter_day(prior, counts, READ, RULE, PLACE, KEYS, seed), counts


def test_a_learned_prior_helps_at_every_coverage_and_knows_how_sure_it_is():
    errors: dict[int, list[tuple[float, ...]]] = {1: [], 4: [], 12: [], N_LINKS: []}
    for seed in range(6):
        flows = np.maximum(days(seed), 0.0)
        usual = flows[:-1].mean(axis=0)
        for n, found in errors.items():
            day, counts = filtered(flows, n, seed)
            stated = calibration(day.flow_veh, day.spread_veh, flows[-1])
            held = rmse(persistence(counts, usual), flows[-1])
            found.append((rmse(day.flow_veh, flows[-1]), held, rmse(usual, flows[-1]), stated.spread_ratio))
    mean = np.array([np.mean(found, axis=0) for found in errors.values()])
    assert (np.diff(mean[:, 0]) < 0).all()
    assert (mean[:, 0] < mean[:, 1:3].min(axis=1)).all()
    assert ((mean[:, 3] > 0.6) & (mean[:, 3] < 1.6)).all()


def test_without_a_count_the_usual_day_stands():
    flows = np.maximum(days(1), 0.0)
    prior = learn_prior(flows[:-1], 4)
    day = filter_day(
        prior, np.full(flows[-1].shape, np.nan), READ, FilterRule(4_000, 1.0, 2_500.0), PLACE, KEYS, 1
    )
    assert np.abs((day.flow_veh - prior.usual_veh) / day.spread_veh).max() < 0.2


def test_the_future_teaches_nothing():
    flows = np.maximum(days(2), 0.0)
    counts = flows[-1].copy()
    cut = counts.copy()
    cut[10:] = np.nan
    prior = learn_prior(flows[:-1], 4)
    whole, part = (filter_day(prior, each, READ, RULE, PLACE, KEYS, 1).flow_veh for each in (counts, cut))
    assert (whole[:10] == part[:10]).all()
    assert (whole[10:] != part[10:]).any()


def test_one_day_does_not_show_how_days_differ():
    with pytest.raises(InputError, match="2 or more"):
        learn_prior(np.ones((1, 3, 2)), 2)
