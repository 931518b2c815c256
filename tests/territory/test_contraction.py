"""Contraction of short links: nobody gains or loses a movement, on any network."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.territory.contraction import contract


def movements(tail, head, through) -> set[tuple[int, int]]:
    """Pairs of lasting links that can be driven one after the other, over `through` links at most."""
    found = set()
    for start in np.flatnonzero(~through).tolist():
        seen, edge = {head[start]}, [head[start]]
        while edge:
            node = edge.pop()
            for link in np.flatnonzero(through & (tail == node)).tolist():
                if head[link] not in seen:
                    seen.add(head[link])
                    edge.append(head[link])
        found |= {(start, link) for link in np.flatnonzero(~through).tolist() if tail[link] in seen}
    return found


@st.composite
def networks(draw):
    n_nodes = draw(st.integers(2, 9))
    node = st.integers(0, n_nodes - 1)
    links = draw(st.lists(st.tuples(node, node, st.booleans()), min_size=1, max_size=22))
    two_way = draw(st.booleans())
    links += [(b, a, short) for a, b, short in links[::2] if two_way]
    tail, head, short = (np.array(column) for column in zip(*links, strict=True))
    pinned = np.array(draw(st.lists(st.booleans(), min_size=n_nodes, max_size=n_nodes)))
    return tail.astype(np.int32), head.astype(np.int32), short.astype(bool), pinned & draw(st.booleans())


@settings(max_examples=300)
@given(networks())
def test_movements_stay(network):
    tail, head, short, pinned = network
    cluster, gone = contract(tail, head, short, pinned)
    assert not gone[~short].any()
    before = movements(tail, head, gone)
    after = movements(cluster[tail][~gone], cluster[head][~gone], np.zeros(int((~gone).sum()), dtype=bool))
    kept = np.flatnonzero(~gone)
    assert {(int(kept[a]), int(kept[b])) for a, b in after} == before


@settings(max_examples=100)
@given(networks())
def test_pinned_nodes_stay_alone(network):
    tail, head, short, pinned = network
    cluster, gone = contract(tail, head, short, pinned)
    for node in np.flatnonzero(pinned):
        assert (cluster == cluster[node]).sum() == 1
    assert not (gone & (pinned[tail] | pinned[head])).any()


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        # staggered junction: 0 - 1 = 2 - 3, the two-way stub 1-2 vanishes
        ([(0, 1, 0), (1, 0, 0), (1, 2, 1), (2, 1, 1), (2, 3, 0), (3, 2, 0)], {2, 3}),
        # a ramp 3 joins the carriageway 0 1 at 1, a short merge 1 2 leads on
        ([(0, 1, 0), (3, 1, 0), (1, 2, 1), (2, 4, 0), (2, 5, 0)], {2}),
        # a crossing link from one carriageway (0 1 2) to the opposite one (3 4 5) stays
        ([(0, 1, 0), (1, 2, 0), (3, 4, 0), (4, 5, 0), (1, 4, 1)], set()),
        # a small roundabout of short arcs vanishes
        ([(0, 1, 1), (1, 2, 1), (2, 0, 1), (0, 3, 0), (4, 1, 0), (2, 5, 0)], {0, 1, 2}),
    ],
    ids=["staggered", "merge", "carriageways", "roundabout"],
)
def test_known_junctions(links, expected):
    tail, head, short = (np.array(column, dtype=np.int32) for column in zip(*links, strict=True))
    pinned = np.zeros(6, dtype=bool)
    _, gone = contract(tail, head, short.astype(bool), pinned)
    assert set(np.flatnonzero(gone).tolist()) == expected
