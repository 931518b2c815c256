"""Each attack succeeds on its control and fails on what is published."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.knowledge.people import KEY, townspeople
from twin.knowledge import privacy_attacks as attacks
from twin.knowledge.privacy_release import NoiseKey, Policy, clipped, counts_of, release
from twin.knowledge.traces import traces_of
from twin.scenario.ledger import Parameters

POLICY = Policy.of(Parameters.defaults())
N_TRIALS = 6_000


def world(policy: Policy = POLICY) -> tuple[np.ndarray, list[np.ndarray]]:
    """Counts of a town, and the cells of one person after the other."""
    traces = traces_of(townspeople(6_000, 5), policy.cell_m, policy.span_h, by_day=False)
    kept = clipped(traces, policy.most_cells, 1)
    counts = counts_of(kept, (int(traces.point.max()) // 24 + 1) * 24)
    first = kept.first
    rows = np.arange(N_TRIALS) % (len(first) - 1)
    return counts, [kept.point[first[k] : first[k + 1]] for k in rows.tolist()]


def keys() -> list[NoiseKey]:
    return [NoiseKey(k.to_bytes(32, "little")) for k in range(N_TRIALS)]


def test_membership_is_plain_in_exact_counts_and_chance_in_the_published():
    counts, cells = world()
    control = attacks.membership(counts, cells, None, keys(), 1)
    assert control.auc == 1.0
    assert control.loss > 3.0
    published = attacks.membership(counts, cells, POLICY, keys(), 1)
    assert published.auc <= 0.55
    assert published.loss <= POLICY.epsilon


def test_a_generous_epsilon_is_found_out():
    """The attack is sharp: what leaks much is seen to leak, and no more than declared."""
    generous = POLICY._replace(epsilon=4.0)
    counts, cells = world(generous)
    found = attacks.membership(counts, cells, generous, keys(), 1)
    assert found.auc > 0.8
    assert 0.75 < found.loss <= 4.0


def test_reconstruction_tells_all_from_exact_counts_and_no_more_than_chance_from_the_published():
    counts, cells = world()
    assert attacks.reconstruction(counts, cells, None, keys(), 1) == 1.0
    found = attacks.reconstruction(counts, cells, POLICY, keys(), 1)
    most = 1 / (1 + math.exp(-2 * POLICY.epsilon / POLICY.most_cells))
    assert most < 0.52
    assert 0.49 <= found <= most + 3 * 0.5 / math.sqrt(N_TRIALS)


def test_log_odds_never_exceed_what_epsilon_allows():
    others = np.repeat(np.arange(0, 300), 2)
    shown = np.where(np.arange(600) % 2, np.nan, others + 40.0)
    odds = attacks.log_odds(shown, others, others + 1, POLICY)
    assert np.abs(odds).max() <= POLICY.epsilon / POLICY.most_cells + 1e-12
    # what is left out speaks against one person more, if at all
    assert (odds[1::2] <= 0).all()


def test_odds_of_what_is_left_out_are_those_of_the_law():
    a, least = POLICY.fall, POLICY.least_shown
    k = np.arange(-4_000, 4_000)
    law = (1 - a) / (1 + a) * a ** np.abs(k).astype(float)
    for others in (0, 10, least - 1, least, least + 30):
        by_sum = math.log(law[others + 1 + k < least].sum() / law[others + k < least].sum())
        told = attacks.log_odds(np.array([np.nan]), np.array([others]), np.array([others + 1]), POLICY)
        assert told[0] == pytest.approx(by_sum, abs=1e-9)


def test_differences_tell_small_cells_of_an_exact_door_and_none_of_the_published():
    counts, _ = world(POLICY._replace(cell_m=250.0))
    table = counts.reshape(-1, 24)
    small = int(((table > 0) & (table < POLICY.least_people)).sum())
    control = attacks.differencing(table, None, POLICY.least_people, 10_000)
    assert control.small == small > 5
    assert control.recovered == small
    assert control.queries <= 10_000
    shown = release(counts, POLICY, KEY, "june").reshape(-1, 24)
    published = attacks.differencing(table, shown, POLICY.least_people, 10_000)
    assert published.recovered == 0
    assert published.queries == control.queries > small


def test_the_scenario_s_seed_takes_no_noise_off():
    counts = np.full(2_000, 1_000)
    shown = release(counts, POLICY, NoiseKey.fresh(), "june")
    chance = (1 - POLICY.fall) / (1 + POLICY.fall)
    told = attacks.subtract_seed_noise(shown, POLICY, 1, "june", counts)
    assert told <= chance + 4 * math.sqrt(chance / 2_000)
    # control: noise that does come from the seed is taken off to the last person
    for key in attacks.keys_of_seed(1):
        weak = release(counts, POLICY, key, "june")
        assert attacks.subtract_seed_noise(weak, POLICY, 1, "june", counts) == 1.0


def test_nothing_shown_is_nothing_told():
    assert math.isnan(attacks.subtract_seed_noise(np.full(3, np.nan), POLICY, 1, "june", np.zeros(3)))
