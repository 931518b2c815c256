"""Counters by conservation: how few are enough, and that the rest follows from them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worlds import grid
from twin.errors import InputError
from twin.knowledge.inference import infer_flows, plan_counters

NGUYEN_DUPUIS = "1-5 1-12 4-5 4-9 5-6 5-9 6-7 6-10 7-8 7-11 8-2 9-10 9-13 10-11 11-2 11-3 12-6 12-8 13-3"
PATHS = {
    (1, 5, 6, 7, 8, 2): 300.0, (1, 12, 8, 2): 100.0, (1, 5, 6, 10, 11, 3): 800.0,
    (4, 9, 10, 11, 2): 350.0, (4, 5, 6, 7, 11, 2): 250.0, (4, 9, 13, 3): 200.0,
}  # fmt: skip
"""The four relations of the network (400, 800, 600, 200 vehicles), each on some of its paths."""


def nguyen_dupuis() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tail, head, where trips end, and the flows of `PATHS`, nodes counted from 0."""
    links = [tuple(int(node) - 1 for node in link.split("-")) for link in NGUYEN_DUPUIS.split()]
    tail, head = (np.array(ends) for ends in zip(*links, strict=True))
    flow = np.zeros(len(links))
    for path, vehicles in PATHS.items():
        for a, b in pairwise(path):
            flow[links.index((a - 1, b - 1))] += vehicles
    ends_at = np.zeros(13, dtype=bool)
    ends_at[[0, 1, 2, 3]] = True
    return tail, head, ends_at, flow


def balance(tail: np.ndarray, head: np.ndarray, ends_at: np.ndarray) -> np.ndarray:
    """The whole system of equations, a row for each node without trip ends."""
    rows = np.zeros((len(ends_at), len(tail)))
    np.add.at(rows, (head, np.arange(len(tail))), 1.0)
    np.add.at(rows, (tail, np.arange(len(tail))), -1.0)
    return rows[~ends_at]


def test_nguyen_dupuis_needs_exactly_ten_counters():
    tail, head, ends_at, flow = nguyen_dupuis()
    plan = plan_counters(tail, head, ends_at)
    assert len(plan.counted) == 10
    assert infer_flows(plan, flow[plan.counted]) == pytest.approx(flow)
    # no nine counters are enough: the equations have rank 9, so 19 - 9 directions stay free
    assert np.linalg.matrix_rank(balance(tail, head, ends_at)) == 9


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_counters_are_as_few_as_the_rank_says_and_tell_all(seed, ends_share):
    draw = np.random.default_rng(seed)  # any network and any flows that balance will do
    n_nodes, n_links = int(draw.integers(2, 9)), int(draw.integers(1, 16))
    tail, head = draw.integers(0, n_nodes, size=(2, n_links))
    ends_at = draw.random(n_nodes) < ends_share
    rows = balance(tail, head, ends_at)
    rank = np.linalg.matrix_rank(rows) if rows.size else 0
    plan = plan_counters(tail, head, ends_at, worth=draw.random(n_links))
    assert len(plan.counted) == n_links - rank
    flow = draw.normal(size=n_links)
    flow -= np.linalg.pinv(rows) @ (rows @ flow) if rows.size else 0.0
    assert infer_flows(plan, flow[plan.counted]) == pytest.approx(flow, abs=1e-8)


def test_counters_stand_where_they_are_worth_most():
    net = grid(4, 200.0)
    ends_at = np.zeros(16, dtype=bool)
    ends_at[[0, 15]] = True
    worth = np.arange(len(net.tail), dtype=float)
    best = plan_counters(net.tail, net.head, ends_at, worth)
    rows = balance(net.tail, net.head, ends_at)
    # exchanging any counted link for an inferred one of more worth leaves flows open
    for out in best.counted:
        for instead in best.inferred[worth[best.inferred] > worth[out]]:
            inferred = np.append(best.inferred[best.inferred != instead], out)
            assert np.linalg.matrix_rank(rows[:, inferred]) < len(inferred)


def test_a_missing_count_is_refused():
    tail, head, ends_at, flow = nguyen_dupuis()
    plan = plan_counters(tail, head, ends_at)
    with pytest.raises(InputError, match="10, one a counter"):
        infer_flows(plan, flow[plan.counted[1:]])
