"""Cascades: closed formula while small, collapse of coupled random graphs, stores and restarts, monotone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.kernels.random import stream_of, uniforms
from twin.utilities.failures.cascade import BROKEN, Cascade, Elements, Needs, SupplyPaths, run, settle

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

NOTHING = np.zeros(0, dtype=np.int32)


def needs_of(*rows: tuple[int, int, int, float]) -> Needs:
    """Pairs (consumer, support, utility, weight)."""
    table = np.array(rows, dtype=float).reshape(-1, 4)
    ints = table[:, :3].astype(np.int32).T
    return Needs(ints[0], ints[1], ints[2], table[:, 3])


def elements_of(n: int, n_utilities: int = 1, least: float = 0.5, restart_s: float = 0.0) -> Elements:
    return Elements(np.full(n, least), np.full(n, restart_s), np.zeros((n_utilities, n)))


def draws(n: int, what: str, seed: int = 1) -> np.ndarray:
    return uniforms(seed, stream_of(f"tests.{what}"), np.arange(n, dtype=np.uint64))


@pytest.mark.parametrize("harm", [1e-3, 1e-4, 1e-5])
def test_small_inoperabilities_follow_the_closed_formula(harm):
    n, n_utilities = 40, 3
    pairs = [
        (consumer, support, (consumer + support) % n_utilities)
        for consumer in range(n)
        for support in range(n)
        if consumer != support and (7 * consumer + 3 * support) % 11 == 0
    ]
    weight = 0.15 * draws(len(pairs), "weight")
    needs = needs_of(*((*pair, w) for pair, w in zip(pairs, weight, strict=True)))
    a = np.zeros((n, n))
    np.add.at(a, (needs.consumer, needs.support), needs.weight)
    own = harm * draws(n, "harm")
    found = settle(1.0 - own, needs, (), np.zeros(n), np.zeros((n_utilities, n), dtype=bool))
    expected = np.linalg.solve(np.eye(n) - a, own)
    assert np.abs(a).sum(axis=1).max() > 0.2, "needs that matter"
    assert np.abs((1.0 - found.level) - expected).max() < 5.0 * harm**2 + 1e-11


class Largest:
    """Elements of a graph that belong to its largest connected piece."""

    def __init__(self, rows: np.ndarray, pairs: np.ndarray, n: int) -> None:
        self.rows, self.pairs, self.n = rows, pairs, n

    def reached(self, level: np.ndarray) -> np.ndarray:
        works = level > 0.0
        u, v = self.pairs[works[self.pairs].all(axis=1)].T
        graph = coo_matrix((np.ones(len(u)), (u, v)), shape=(self.n, self.n))
        label = connected_components(graph, directed=False)[1]
        sizes = np.bincount(label[self.rows[works[self.rows]]], minlength=self.n)
        inside = np.ones(self.n)
        inside[self.rows] = (label[self.rows] == sizes.argmax()) & works[self.rows]
        return inside


def coupled(n: int, mean_degree: float) -> tuple[Needs, list[Largest]]:
    """Two random graphs of n nodes, each node needs its twin in the other graph."""
    n_pairs = int(n * mean_degree / 2)
    layers = []
    for which in range(2):
        ends = [(n * draws(n_pairs, f"graph {which} {end}")).astype(np.int64) + which * n for end in "uv"]
        layers.append(Largest(np.arange(n) + which * n, np.column_stack(ends), 2 * n))
    rows = np.arange(n, dtype=np.int32)
    both = np.concatenate([rows, rows + n]), np.concatenate([rows + n, rows])
    return Needs(both[0], both[1], np.zeros(2 * n, dtype=np.int32), np.ones(2 * n)), layers


def left_of(n: int, kept: float, needs: Needs, layers: list[Largest]) -> float:
    """Share of nodes that stand when a share of one graph's nodes is kept."""
    health = np.ones(2 * n)
    health[:n] = draws(n, "kept") < kept
    return float(
        settle(health, needs, layers, np.zeros(2 * n), np.zeros((1, 2 * n), dtype=bool)).level.mean()
    )


@pytest.mark.parametrize("mean_degree", [3.5, 5.0])
def test_coupled_random_graphs_collapse_at_once_where_buldyrev_found(mean_degree):
    n = 15_000
    needs, layers = coupled(n, mean_degree)
    critical = 2.4554 / mean_degree
    assert left_of(n, critical * 0.98, needs, layers) < 0.01
    jump = 1.2564 / mean_degree  # size at the critical point: 1.2564/<k> (Buldyrev et al. 2010)
    assert left_of(n, critical * 1.02, needs, layers) > 0.95 * jump
    alone = left_of(n, critical * 0.98, needs_of(), layers[:1])
    assert alone > 0.5, "one graph alone stands far beyond that"


def test_a_way_leads_over_what_works_and_back_from_no_one_way():
    paths = SupplyPaths(5, np.array([0, 1, 2, 3]), np.array([1, 2, 3, 2]), np.array([0]))
    assert paths.reached(np.ones(5)).tolist() == [1, 1, 1, 1, 1], "the last is none of its own"
    assert paths.reached(np.array([1.0, 0, 1, 1, 0])).tolist() == [1, 1, 0, 0, 1]
    assert paths.reached(np.array([1.0, 1, 0, 1, 1])).tolist() == [1, 1, 1, 0, 1]


def test_stores_end_in_their_order_and_each_fall_has_its_cause():
    """0 feeds 1 and 2 (one and four steps of store); 3 needs 2 by another utility."""
    elements = elements_of(4, 2)
    store = elements.store_s.copy()
    store[0, 1], store[0, 2] = 60.0, 240.0
    needs = needs_of((1, 0, 0, 1.0), (2, 0, 0, 1.0), (3, 2, 1, 1.0))
    cascade = Cascade(replace(elements, store_s=store), needs, ())
    health = np.ones((8, 4))
    health[1:7, 0] = 0.0
    level = run(cascade, health, 60.0)
    assert level[:, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 1]
    assert level[:, 1].tolist() == [1, 1, 0, 0, 0, 0, 0, 1]
    assert level[:, 2].tolist() == [1, 1, 1, 1, 1, 0, 0, 1]
    assert level[:, 3].tolist() == level[:, 2].tolist()
    falls = [(each.step, each.element, each.cause) for each in cascade.falls if each.down]
    assert falls == [(1, 0, BROKEN), (2, 1, 0), (5, 2, 0), (5, 3, 1)]
    assert [each.round for each in cascade.falls if each.step == 5 and each.down] == [1, 2]


@pytest.mark.parametrize(("restart_s", "back"), [(0.0, 3), (1.0, 4), (60.0, 4), (61.0, 5), (180.0, 6)])
def test_restart_takes_as_long_as_it_takes(restart_s, back):
    cascade = Cascade(elements_of(2, restart_s=restart_s), needs_of((1, 0, 0, 1.0)), ())
    cascade = Cascade(
        replace(cascade.elements, restart_s=np.array([0.0, restart_s])), cascade.needs, cascade.layers
    )
    health = np.ones((10, 2))
    health[1:3, 0] = 0.0
    level = run(cascade, health, 60.0)
    assert level[:, 0].tolist() == [1, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert int(np.flatnonzero(level[:, 1] == 0.0)[-1]) + 1 == back


def test_a_short_return_does_not_fill_a_slow_store():
    elements = replace(elements_of(2), store_s=np.array([[0.0, 120.0]]))
    cascade = Cascade(
        replace(elements, least=np.array([0.0, 0.5])), needs_of((1, 0, 0, 1.0)), (), recharge=0.5
    )
    health = np.ones((8, 2))
    health[[1, 2, 4, 5, 6], 0] = 0.0
    level = run(cascade, health, 60.0)
    assert level[:, 1].tolist() == [1, 1, 1, 1, 0, 0, 0, 1], "half a step was filled, and bridges none"


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Elements, Needs, list[SupplyPaths], np.ndarray, float]:
    n = draw(st.integers(2, 7))
    n_utilities = draw(st.integers(1, 2))
    row = st.integers(0, n - 1)
    pair = st.tuples(row, row, st.integers(0, n_utilities - 1), st.sampled_from([0.3, 0.5, 1.0]))
    needs = needs_of(*draw(st.lists(pair, max_size=10)))
    edges = np.array(draw(st.lists(st.tuples(row, row), max_size=8)), dtype=np.int32).reshape(-1, 2)
    layers = [SupplyPaths(n, edges[:, 0], edges[:, 1], np.array(draw(st.lists(row, min_size=1, max_size=2))))]
    some = st.sampled_from([0.0, 30.0, 60.0, 90.0, 200.0])
    elements = Elements(
        np.array(draw(st.lists(st.sampled_from([0.0, 0.5, 0.8]), min_size=n, max_size=n))),
        np.array(draw(st.lists(some, min_size=n, max_size=n))),
        np.array(draw(st.lists(some, min_size=n * n_utilities, max_size=n * n_utilities))).reshape(-1, n),
    )
    steps = draw(st.integers(2, 10))
    level = st.sampled_from([0.0, 0.6, 1.0, 1.0, 1.0])
    health = np.array(draw(st.lists(level, min_size=n * steps, max_size=n * steps))).reshape(-1, n)
    return elements, needs, layers, health, draw(st.sampled_from([0.3, 1.0]))


@given(worlds(), st.data())
@settings(max_examples=300, deadline=None)
def test_more_store_never_loses_more(world, data):
    elements, needs, layers, health, recharge = world
    n_stores = elements.store_s.size
    extra = st.lists(st.sampled_from([0.0, 40.0, 60.0, np.inf]), min_size=n_stores, max_size=n_stores)
    more = elements.store_s + np.array(data.draw(extra)).reshape(elements.store_s.shape)
    few = run(Cascade(elements, needs, layers, recharge), health, 60.0)
    many = run(Cascade(replace(elements, store_s=more), needs, layers, recharge), health, 60.0)
    assert (many >= few - 1e-9).all()


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_better_health_never_loses_more(world):
    elements, needs, layers, health, recharge = world
    better = np.maximum(health, 0.6)
    few = run(Cascade(elements, needs, layers, recharge), health, 60.0)
    many = run(Cascade(elements, needs, layers, recharge), better, 60.0)
    assert (many >= few - 1e-9).all()
    assert (few <= health + 1e-12).all()


def settle_slowly(
    world: tuple[Elements, Needs, list[SupplyPaths], np.ndarray, float], order: list[int]
) -> list[float]:
    """The slow twin: one element after another is lowered to what the others allow, until none changes."""
    elements, needs, layers, health, _ = world
    n = len(elements.least)
    level = [
        float(each) if each >= least else 0.0 for each, least in zip(health[0], elements.least, strict=True)
    ]
    changed = True
    while changed:
        changed = False
        for row in order:
            allowed = float(health[0, row])
            for utility in range(len(elements.store_s)):
                lost = sum(
                    float(needs.weight[pair]) * (1.0 - level[needs.support[pair]])
                    for pair in range(len(needs.weight))
                    if needs.consumer[pair] == row and needs.utility[pair] == utility
                )
                allowed *= max(1.0 - lost, 0.0)
            for layer in layers:
                allowed *= float(layer.reached(np.array(level))[row])
            fresh = min(level[row], allowed if allowed >= elements.least[row] else 0.0)
            if level[row] - fresh > 1e-12:
                level[row], changed = fresh, True
    assert len(level) == n
    return level


@given(worlds(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_fixed_point_is_one_in_whatever_order_it_is_sought(world, data):
    elements, needs, layers, health, _ = world
    order = data.draw(st.permutations(range(len(elements.least))))
    found = settle(health[0], needs, layers, elements.least, np.zeros(elements.store_s.shape, dtype=bool))
    assert found.level == pytest.approx(settle_slowly(world, order), abs=1e-9)


@given(worlds(), st.data())
@settings(max_examples=50, deadline=None)
def test_the_order_of_rows_changes_nothing(world, data):
    elements, needs, _, health, recharge = world
    n = len(elements.least)
    row = st.integers(0, n - 1)
    edges = np.array(data.draw(st.lists(st.tuples(row, row), max_size=8)), dtype=int).reshape(-1, 2)
    arcs = [(edges[:, 0], edges[:, 1], np.array(data.draw(st.lists(row, min_size=1, max_size=2))))]
    layers = [SupplyPaths(n, *each) for each in arcs]
    to = np.array(data.draw(st.permutations(range(n))))  # old row -> new row
    back = np.argsort(to)
    turned = Elements(elements.least[back], elements.restart_s[back], elements.store_s[:, back])
    pairs = data.draw(st.permutations(range(len(needs.weight))))
    consumer, support = (to[each].astype(np.int32) for each in (needs.consumer, needs.support))
    rows = list(pairs)
    mixed = Needs(consumer[rows], support[rows], needs.utility[rows], needs.weight[rows])
    ways = [SupplyPaths(n, to[tail], to[head], to[sources]) for tail, head, sources in arcs]
    plain = run(Cascade(elements, needs, layers, recharge), health, 60.0)
    other = run(Cascade(turned, mixed, ways, recharge), health[:, back], 60.0)
    assert other[:, to] == pytest.approx(plain, abs=1e-12)


def test_a_way_over_a_cable_ends_with_it_and_a_tie_is_no_usual_way():
    """0 -4-> 1 -5-> 2, and a tie 6 from 0 to 2; 3 is of another network."""
    tail, head, via = np.array([0, 1, 1, 2, 0, 2]), np.array([1, 0, 2, 1, 2, 0]), np.array([4, 4, 5, 5, 6, 6])
    paths = SupplyPaths(7, tail, head, np.array([0]), via, np.array([6]))
    assert paths.upstream.tolist() == [-1, 4, 5, -1, 0, 1, -1]
    open_ = np.array([1, 1, 1, 1, 1, 1, 0.0])
    assert paths.reached(open_).tolist() == [1, 1, 1, 1, 1, 1, 1]
    cut = open_ * np.array([1, 1, 1, 1, 0, 1, 1])
    assert paths.reached(cut).tolist() == [1, 0, 0, 1, 1, 0, 1], "the cut cable is known to be reached"
    closed = np.array([1, 1, 1, 1, 0, 1, 1.0])
    assert paths.reached(closed).tolist() == [1, 1, 1, 1, 1, 1, 1], "fed from the other side"
    dead = np.array([False, True, True, False, False, True, False])
    assert paths.first_dead(dead, np.array([1, 2, 5, 4])).tolist() == [4, 4, 4, -1]


def test_a_restart_by_hand_waits_for_somebody():
    """1 needs 0, and starts only when somebody has come."""
    elements = replace(elements_of(2), restart_s=np.array([0.0, np.inf]))
    cascade = Cascade(elements, needs_of((1, 0, 0, 1.0)), ())
    health = np.array([1.0, 1.0])
    for step in range(8):
        level = cascade.step(health * [step not in (1, 2), 1.0], 60.0)
        assert level[1] == float(step == 0 or step > 5)
        assert cascade.waiting[1] == (step in (3, 4))
        if step == 2:
            cascade.visited(np.array([0]))  # who is not down is not switched on
        if step == 4:
            cascade.visited(np.array([1]))
    assert [(each.element, each.down, each.by, each.root) for each in cascade.falls] == [
        (0, True, -1, 0), (1, True, 0, 0), (0, False, -1, 0), (1, False, -1, 0),
    ]  # fmt: skip
