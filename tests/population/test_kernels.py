"""Each kernel of the synthesis agrees with its slow twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.population.oracles import slow_distance, slow_ipf, slow_key, slow_pick
from twin.kernels.synthesis import PathGraph
from twin.population.days.paths import components, path_distances_m
from twin.population.draws import member_keys, picks
from twin.population.residents.fit import integerise, mend, rake

weights = st.floats(0.0, 10.0, allow_subnormal=False)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**40))
def test_keys_follow_from_base_and_number(base: int, number: int) -> None:
    made = member_keys(np.array([base], dtype=np.uint64), np.array([number]))
    assert int(made[0]) == slow_key(base, number)


@given(st.lists(st.lists(weights, min_size=3, max_size=3), min_size=1, max_size=4), st.floats(0.0, 0.999))
def test_picks_fall_where_the_share_lies(table: list[list[float]], u: float) -> None:
    made = picks(np.cumsum(table, axis=1), np.arange(len(table)), np.full(len(table), u))
    assert made.tolist() == [slow_pick(row, u) for row in table]


@given(
    st.lists(st.floats(0.1, 10.0), min_size=6, max_size=6),
    st.lists(st.floats(1.0, 50.0), min_size=3, max_size=3),
)
@settings(max_examples=30)
def test_raking_a_table_is_iterative_proportional_fitting(cells: list[float], by_row: list[float]) -> None:
    prior = np.array(cells)
    by_column = [0.35 * sum(by_row), 0.65 * sum(by_row)]
    margins = np.array(
        [np.repeat(np.eye(3)[i], 2) for i in range(3)] + [np.tile(np.eye(2)[j], 3) for j in range(2)]
    )
    fitted = rake(prior, margins, np.array(by_row + by_column))
    slow = slow_ipf(prior.reshape(3, 2).tolist(), by_row, by_column)
    np.testing.assert_allclose(fitted, np.ravel(slow), rtol=1e-6)
    np.testing.assert_allclose(margins @ fitted, by_row + by_column, rtol=1.001e-9)
    ratio = (prior[0] * prior[3]) / (prior[1] * prior[2])
    assert np.isclose((fitted[0] * fitted[3]) / (fitted[1] * fitted[2]), ratio, rtol=1e-9), (
        "odds ratios are kept"
    )


def test_raking_meets_a_small_margin_as_closely_as_a_large_one() -> None:
    by_row, by_column = [1e6, 1.0], [1e6 - 1.0, 2.0]
    margins = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    fitted = rake(np.array([100.0, 1.0, 1.0, 100.0]), margins, np.array(by_row + by_column))
    np.testing.assert_allclose(margins @ fitted, by_row + by_column, rtol=1.001e-9)


def test_raking_to_nothing_empties_the_cells() -> None:
    margins = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    fitted = rake(np.ones(4), margins, np.array([0.0, 5.0, 2.0, 3.0]))
    np.testing.assert_allclose(fitted, [0.0, 0.0, 2.0, 3.0], rtol=1e-9)


def test_raking_meets_margins_that_count_cells_several_times() -> None:
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    counts = np.array([[0.0, 2.0, 4.0, 6.0], [1.0, 1.0, 1.0, 1.0]])
    fitted = rake(prior, counts, np.array([300.0, 100.0]))
    np.testing.assert_allclose(counts @ fitted, [300.0, 100.0], rtol=1.001e-9)
    tilt = np.log(fitted / prior)
    assert np.allclose(np.diff(tilt), np.diff(tilt)[0]), "the tilt is even in the number of times counted"


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=8), st.integers(0, 200))
def test_whole_numbers_keep_the_total_and_stay_near(parts: list[float], total: int) -> None:
    made = integerise(np.array(parts), total)
    if sum(parts) > 0.0:
        wanted = np.array(parts) * total / sum(parts)
        assert made.sum() == total
        assert (np.abs(made - wanted) < 1.0 + 1e-6).all()


def test_mending_meets_margins_and_keeps_groups_where_it_can() -> None:
    numbers = np.array([10, 10, 10, 10])
    group = np.array([0, 0, 1, 1])
    counts = np.array([[1, 0, 2, 0], [0, 1, 0, 2]])
    made = mend(numbers, group, counts, np.array([34, 26]))
    assert (counts @ made).tolist() == [34, 26]
    assert [made[:2].sum(), made[2:].sum()] == [20, 20]


@st.composite
def path_worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, int]]]:
    """Nodes on a plane [mm], and edges no shorter than the straight line."""
    n = draw(st.integers(2, 8))
    x = np.array(draw(st.lists(st.integers(0, 100_000), min_size=n, max_size=n)), dtype=float)
    y = np.array(draw(st.lists(st.integers(0, 100_000), min_size=n, max_size=n)), dtype=float)
    ends = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1, max_size=14))
    extra = draw(st.lists(st.integers(0, 50_000), min_size=len(ends), max_size=len(ends)))
    edges = [
        (u, v, int(np.ceil(np.hypot(x[u] - x[v], y[u] - y[v]))) + more)
        for (u, v), more in zip(ends, extra, strict=True)
    ]
    return x, y, edges


def _graph(x: np.ndarray, y: np.ndarray, edges: list[tuple[int, int, int]]) -> PathGraph:
    u, v, length = (np.array(column) for column in zip(*edges, strict=True))
    tail, head, both = np.append(u, v), np.append(v, u), np.append(length, length)
    order = np.argsort(tail, kind="stable")
    first = np.append(0, np.cumsum(np.bincount(tail, minlength=len(x))))
    return PathGraph(first, head[order].astype(np.int32), both[order], x, y)


@given(path_worlds())
def test_paths_are_shortest(world: tuple[np.ndarray, np.ndarray, list[tuple[int, int, int]]]) -> None:
    x, y, edges = world
    n = len(x)
    graph = _graph(x, y, edges)
    origin, destination = (each.ravel() for each in np.meshgrid(np.arange(n), np.arange(n)))
    made = path_distances_m(graph, origin, destination, np.full(n * n, 1e6))
    for a, b, distance_m in zip(origin.tolist(), destination.tolist(), made.tolist(), strict=True):
        slow = slow_distance(edges, a, b)
        assert distance_m == slow / 1_000.0 if slow is not None else np.isnan(distance_m)
    label = components(graph)
    assert ((label[origin] == label[destination]) == np.isfinite(made)).all()


def test_paths_beyond_the_limit_are_not_sought() -> None:
    x, y = np.array([0.0, 10_000.0, 20_000.0]), np.zeros(3)
    graph = _graph(x, y, [(0, 1, 10_000), (1, 2, 6_000_000)])
    made = path_distances_m(graph, np.array([0, 0]), np.array([1, 2]), np.array([10.0, 20.0]))
    assert made[0] == 10.0
    assert np.isnan(made[1])
