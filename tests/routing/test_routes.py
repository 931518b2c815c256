"""Routes in one pool: found again after replacing and packing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.routing.routes import Routes

Lists = list[list[int]]
N = 6
ROUTES = st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=N, max_size=N)


def pooled(lists: Lists, gap: int = 0) -> Routes:
    """Routes of lists of links, an empty list for none, with unused room between them."""
    pool: list[int] = []
    start, end = [], []
    for links in lists:
        pool += [-7] * gap
        start.append(len(pool) if links else -1)
        pool += links
        end.append(len(pool) if links else -1)
    return Routes(np.array(pool, dtype=np.int32), np.array(start, np.int64), np.array(end, np.int64))


def listed(routes: Routes) -> Lists:
    return [routes.of(trip).tolist() for trip in range(N)]


@settings(max_examples=50)
@given(ROUTES, st.integers(0, 3))
def test_packing_keeps_routes_and_drops_gaps(lists: Lists, gap: int) -> None:
    packed = pooled(lists, gap).packed()
    assert listed(packed) == lists
    assert packed.pool.tolist() == [link for links in lists for link in links]
    assert (packed.end - packed.start).tolist() == [len(links) for links in lists]


@settings(max_examples=50)
@given(ROUTES, ROUTES, st.sets(st.integers(0, N - 1)))
def test_some_routes_replaced(lists: Lists, other: Lists, chosen: set[int]) -> None:
    rows = np.array(sorted(chosen), dtype=np.int64)
    replaced = pooled(lists).replaced(rows, pooled(other, gap=2))
    assert listed(replaced) == [(other if row in chosen else lists)[row] for row in range(N)]
    assert replaced.pool.shape[0] == (replaced.end - replaced.start).sum()
