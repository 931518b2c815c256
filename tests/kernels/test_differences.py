"""How far routes differ, and what tells one from another: the kernels and their slow twins."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.kernels.differences import changed_lengths, sum_keys
from twin.kernels.paths import RoutePool

N_LINKS = 5
ROUTE = st.lists(st.integers(0, N_LINKS - 1), max_size=8)
PAIRS = st.lists(st.tuples(ROUTE, ROUTE), min_size=1, max_size=6)
LENGTH_M = np.array([3.0, 50.0, 700.0, 11_000.0, 0.25])


def pool(routes: list[list[int]]) -> RoutePool:
    """Routes one behind the other."""
    end = np.cumsum([len(route) for route in routes], dtype=np.int64)
    start = end - np.array([len(route) for route in routes], dtype=np.int64)
    return RoutePool(np.array([link for route in routes for link in route], dtype=np.int32), start, end)


def slow_changed_m(one: list[int], other: list[int]) -> float:
    """Half the length of what is in one multiset of links and not in the other."""
    a, b = Counter(one), Counter(other)
    return 0.5 * sum(n * LENGTH_M[link] for link, n in ((a - b) + (b - a)).items())


def changed_m(pairs: list[tuple[list[int], list[int]]]) -> np.ndarray:
    out, count = np.full(len(pairs), -1.0), np.zeros(N_LINKS, dtype=np.int32)
    changed_lengths(pool([a for a, _ in pairs]), pool([b for _, b in pairs]), LENGTH_M, count, out)
    assert not count.any()
    return out


@settings(max_examples=100)
@given(PAIRS)
def test_the_length_changed_is_that_of_the_symmetric_difference(
    pairs: list[tuple[list[int], list[int]]],
) -> None:
    expected = [slow_changed_m(one, other) for one, other in pairs]
    np.testing.assert_allclose(changed_m(pairs), expected, rtol=1e-12)
    np.testing.assert_array_equal(changed_m([(b, a) for a, b in pairs]) > 0, changed_m(pairs) > 0)


@settings(max_examples=50)
@given(st.lists(ROUTE, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_same_links_in_another_order_are_no_change_to_the_last_digit(routes, random) -> None:
    shuffled = [random.sample(route, len(route)) for route in routes]
    assert (changed_m(list(zip(routes, shuffled, strict=True))) == 0.0).all()


@settings(max_examples=50)
@given(st.lists(ROUTE, min_size=1, max_size=6))
def test_keys_add_up_whatever_their_order(routes: list[list[int]]) -> None:
    key = np.array([2**63 + 1, 2**64 - 1, 17, 2**40, 5], dtype=np.uint64)
    trip = np.array([row for row, route in enumerate(routes) for _ in route], dtype=np.int32)
    link = np.array([link for route in routes for link in route], dtype=np.int32)
    for order in (np.arange(trip.size), np.arange(trip.size)[::-1]):
        out = np.zeros(len(routes), dtype=np.uint64)
        sum_keys(trip[order], link[order], key, out)
        assert out.tolist() == [sum(int(key[at]) for at in route) % 2**64 for route in routes]
