"""Each attack succeeds on its control and fails on what is published."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.knowledge.people import KEY, townspeople
from twin.knowledge import privacy_attacks as attacks
from twin.knowledge.privacy_release import NoiseKey, Policy, release
from twin.knowledge.privacy_tables import Contributions, ExactTable
from twin.knowledge.traces import CellGrid
from twin.scenario.ledger import Parameters

pytestmark = pytest.mark.one_interpreter("arithmetic of attacks that no interpreter changes")

POLICY = Policy.of(Parameters.defaults())
N_TRIALS = 6_000
HOURS = 24


def town(policy: Policy = POLICY, cell_m: float = 1_000.0) -> ExactTable:
    """Presence of a town's people by cell and hour."""
    seen = townspeople(6_000, 5)
    grid = CellGrid.over(seen.x_m, seen.y_m, cell_m)
    hour = (seen.moment_s % 86_400 // 3_600).astype(np.int64)
    cell = grid.cell_of(seen.x_m, seen.y_m) * HOURS + hour
    given = Contributions.of(seen.person, cell, np.ones(len(cell)), grid.n_cells * HOURS)
    given = given._replace(amount=np.ones_like(given.amount))
    return ExactTable.of("presence", given, policy, (grid.n_cells, HOURS), 1)


def minutes(policy: Policy) -> ExactTable:
    """Minutes of travel by district, up to 60 a person."""
    who = np.arange(6_000)
    given = Contributions.of(who, who % 5, 20 + who % 70, 5)
    return ExactTable.of("minutes", given, policy._replace(most=60), (5, 1), 1, counted_by="presence")


def trials() -> np.ndarray:
    return np.arange(N_TRIALS) % 6_000


def shared(epsilon: float) -> list[ExactTable]:
    """Two tables that share a budget."""
    half = POLICY._replace(epsilon=epsilon / 2.0)
    return [town(half), minutes(half)]


def test_membership_is_plain_in_exact_counts_and_chance_in_the_published():
    tables = shared(POLICY.epsilon)
    control = attacks.membership(tables, trials(), exact=True, seed=1)
    assert control.auc == 1.0
    assert control.loss > 3.0
    published = attacks.membership(tables, trials(), exact=False, seed=1)
    assert published.auc <= 0.55
    assert published.loss <= POLICY.epsilon


def test_a_generous_epsilon_is_found_out():
    """The attack is sharp: what leaks much is seen to leak, and no more than declared."""
    found = attacks.membership([town(POLICY._replace(epsilon=4.0))], trials(), exact=False, seed=1)
    assert found.auc > 0.8
    assert 0.75 < found.loss <= 4.0


def test_tables_together_tell_more_than_each():
    """Losses add up: two tables at epsilon 2 are attacked as one at up to 4."""
    tables = shared(4.0)
    apart = [attacks.membership([each], trials(), exact=False, seed=1) for each in tables]
    joint = attacks.membership(tables, trials(), exact=False, seed=1)
    assert joint.auc > max(each.auc for each in apart) + 0.02
    assert joint.loss <= 4.0


def test_places_and_days_are_plain_in_exact_counts_and_chance_in_the_published():
    tables = shared(POLICY.epsilon)
    assert attacks.reconstruction(tables[0], trials(), exact=True, seed=1) == 1.0
    assert attacks.profiles_told(tables, trials(), exact=True, seed=1) > 0.99
    error = 3 * 0.5 / math.sqrt(N_TRIALS)
    for told in (
        attacks.reconstruction(tables[0], trials(), exact=False, seed=1),
        attacks.profiles_told(tables, trials(), exact=False, seed=1),
    ):
        assert 0.5 - error <= told <= 0.52 + error
    generous = shared(8.0)
    assert attacks.profiles_told(generous, trials(), exact=False, seed=1) > 0.8


def test_log_odds_never_exceed_what_epsilon_allows():
    others = np.repeat(np.arange(0, 300), 2)
    shown = np.where(np.arange(600) % 2, np.nan, others + 40.0)
    odds = attacks.log_odds(shown, others, others + 1, POLICY)
    assert np.abs(odds).max() <= POLICY.epsilon / POLICY.most + 1e-12
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
    table = town(cell_m=250.0)
    counts = table.sums.reshape(table.shape)
    small = int(((counts > 0) & (counts < POLICY.least_people)).sum())
    control = attacks.differencing(counts, None, POLICY.least_people, 10_000)
    assert control.small == small > 5
    assert control.recovered == min(small, control.queries // 2)
    assert control.queries <= 10_000
    shown = release(table.sums, POLICY, KEY, "june").reshape(table.shape)
    published = attacks.differencing(counts, shown, POLICY.least_people, 10_000)
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
