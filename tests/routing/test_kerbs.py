"""Trips start and end on the side of the street that makes them shortest."""

from __future__ import annotations

import numpy as np

from tests import worlds
from tests.kernels.paths_door import ask_kernel
from tests.oracles import plain_view
from tests.worlds import Street
from twin.kernels.paths import RouteQueries
from twin.routing.kerbs import best_sides, other_directions
from twin.routing.topology import build_topology

ROW = [
    Street(a, b, 100 * (1 + min(a, b)), 36, 900) for a, b in [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]
]
"""Nodes 0 to 3 in a row, two-way streets of 100, 200 and 300 m; links 0, 2, 4 lead on, 1, 3, 5 back."""


def sides(
    net: worlds.Net, pairs: list[tuple[int, int]], rows: list[int] | None = None
) -> list[tuple[int, int]]:
    origin, destination = np.array(pairs, dtype=np.int32).T.copy()
    n = len(pairs)
    trips = RouteQueries(origin, destination, np.zeros(n, np.int64), np.arange(n, dtype=np.uint64))
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    chosen = best_sides(
        topology, net.free_ms, net.length_m, trips, np.arange(n) if rows is None else np.array(rows)
    )
    assert trips.origin.tolist() == [a for a, _ in pairs], "the trips handed in stay as they were"
    return list(zip(chosen.origin.tolist(), chosen.destination.tolist(), strict=True))


def test_other_direction_is_of_the_same_length() -> None:
    """Two streets join nodes 0 and 1: each direction finds its own; the third street is one-way."""
    tail, head = np.array([0, 1, 0, 1, 1]), np.array([1, 0, 1, 0, 2])
    length_m = np.array([50.0, 80.0, 80.1, 50.2, 60.0])
    assert other_directions(tail, head, length_m).tolist() == [3, 2, 1, 0, -1]


def test_a_loop_is_not_its_own_other_direction() -> None:
    assert other_directions(np.array([0]), np.array([0]), np.array([50.0])).tolist() == [-1]


def test_who_leaves_pulls_out_the_way_he_goes() -> None:
    net = worlds.net_of(ROW)
    assert sides(net, [(0, 4), (1, 4), (0, 5), (1, 5)]) == [(0, 4)] * 4
    assert sides(net, [(4, 0), (5, 1)]) == [(5, 1)] * 2


def test_only_the_rows_asked_for_are_moved() -> None:
    assert sides(worlds.net_of(ROW), [(1, 5), (1, 5)], rows=[1]) == [(1, 5), (0, 4)]


def test_no_choice_of_sides_is_quicker() -> None:
    """On a grid: the free-flow time of the sides chosen is the least of all four pairs."""
    net = worlds.grid(4)
    other = other_directions(net.tail, net.head, net.length_m).tolist()
    pairs = [(row, (7 * row + 11) % net.n_links) for row in range(0, net.n_links, 3)]
    pairs = [(o, d) for o, d in pairs if d not in (o, other[o])]

    def time_ms(asked: list[tuple[int, int]]) -> list[int]:
        paths = ask_kernel(net, plain_view(net.free_ms), asked)
        return [int(net.free_ms[list(path)].sum()) for path in paths]

    choices = [
        time_ms([(other[o] if a else o, other[d] if b else d) for o, d in pairs])
        for a in (False, True)
        for b in (False, True)
    ]
    assert time_ms(sides(net, pairs)) == [min(times) for times in zip(*choices, strict=True)]
