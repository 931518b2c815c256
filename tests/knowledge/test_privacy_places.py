"""Homes and trajectories: plain in raw traces and exact counts, chance in what is published."""

from __future__ import annotations

import numpy as np
import pytest

from tests.knowledge.people import townspeople
from tests.knowledge.test_privacy_attacks import HOURS, POLICY, town
from twin.knowledge.privacy_homes import Dwellings, home_of_trace, homes_told
from twin.knowledge.privacy_trajectories import counts_by_hour, recovered, share_recovered, whereabouts
from twin.knowledge.traces import CellGrid, Sightings

pytestmark = pytest.mark.one_interpreter("arithmetic of attacks that no interpreter changes")


def test_days_end_at_home():
    seen = townspeople(300)
    person, x_m, y_m = home_of_trace(seen)
    assert person.tolist() == list(range(300))
    # in the made-up town the first 300 sightings are at home
    assert np.hypot(x_m - seen.x_m[:300], y_m - seen.y_m[:300]).max() < 1e-9


def test_a_night_elsewhere_does_not_move_a_home():
    day = np.arange(5) * 86_400.0
    seen = Sightings(np.zeros(5, int), np.array([9.0, 9, 700, 9, 9]), np.zeros(5), day + 79_200)
    assert home_of_trace(seen)[1].tolist() == [9.0]


def test_homes_are_told_by_exact_counts_and_no_better_than_by_maps_from_the_published():
    seen = townspeople(6_000, 5)
    table = town()
    home_m = np.column_stack([seen.x_m[:6_000], seen.y_m[:6_000]])
    grid = CellGrid.over(seen.x_m, seen.y_m, 1_000.0)
    dwellings = Dwellings(home_m[:, 0], home_m[:, 1], np.ones(6_000), grid.cell_of(*home_m.T))
    some = np.arange(0, 6_000, 30)
    told, blind = homes_told(table, some, home_m[some], dwellings, exact=False)
    exact, same = homes_told(table, some, home_m[some], dwellings, exact=True)
    assert same == blind > 0.0
    assert exact > 1.5 * blind
    assert told == pytest.approx(blind, rel=0.1)


def test_trajectories_are_joined_from_exact_counts_and_not_from_noise():
    """In the made-up town people jump across it at random: the still hours are told, the jumps are not."""
    n = 80
    seen = townspeople(2 * n, 1, side_m=6_000.0)
    grid = CellGrid.over(seen.x_m, seen.y_m, 200.0)
    row = whereabouts(seen, np.arange(2 * n), (np.arange(HOURS) + 0.5) * 3_600.0)
    cells = grid.cell_of(seen.x_m[row], seen.y_m[row])
    cell = cells[:n]

    def told(counts: np.ndarray) -> float:
        return share_recovered(cell, recovered(counts, grid.centres(), n, 1))

    counts = counts_by_hour(cell, grid.n_cells)
    assert (counts.sum(axis=1) == n).all()
    joined = recovered(counts.astype(float), grid.centres(), n, 1)
    assert (counts_by_hour(joined, grid.n_cells) == counts).all()
    chance = told(counts_by_hour(cells[n:], grid.n_cells).astype(float))
    assert told(counts.astype(float)) > max(0.4, 4 * chance)
    noisy = counts + np.random.default_rng(1).laplace(0.0, POLICY.most / POLICY.epsilon, counts.shape)
    assert told(noisy) <= chance + 0.02
    assert told(np.full(counts.shape, np.nan)) <= chance + 0.02


def test_people_who_stay_are_told_apart():
    """Control in which nobody jumps: everybody is recovered."""
    cell = np.repeat(np.arange(30)[:, None], HOURS, axis=1)
    centre_m = np.column_stack([np.arange(30) * 200.0, np.zeros(30)])
    joined = recovered(counts_by_hour(cell, 30).astype(float), centre_m, 30, 1)
    assert share_recovered(cell, joined) == 1.0


def test_the_best_matching_is_the_share():
    true = np.array([[0, 1, 2], [3, 3, 3]])
    assert share_recovered(true, true[::-1]) == 1.0
    assert share_recovered(true, np.array([[3, 3, 0], [0, 1, 2]])) == pytest.approx(5 / 6)
