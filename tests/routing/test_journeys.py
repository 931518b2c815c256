"""Journeys from door to door: walks along paths, waits, rides and changes, worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transit_worlds import timetable_of
from twin.routing.journeys import JourneyQueries, Offer
from twin.routing.walking import walks_to_stops
from twin.scenario.ledger import Parameters
from twin.territory.tables import Paths

LEDGER = Parameters.defaults()
WALK_MPS = LEDGER["population.walk_speed_mps"]
CHANGE_S = LEDGER["transit.change_s"]


def line_of_paths(n_nodes: int, length_m: float) -> Paths:
    """Nodes in a row."""
    u = np.arange(n_nodes - 1, dtype=np.int32)
    return Paths(
        node_x_m=length_m * np.arange(n_nodes), node_y_m=np.zeros(n_nodes), u=u, v=u + 1,
        length_m=np.full(n_nodes - 1, length_m), walk=np.ones(n_nodes - 1, dtype=np.bool_),
        cycle=np.ones(n_nodes - 1, dtype=np.bool_),
    )  # fmt: skip


def asked(origin: int, destination: int, depart_s: float, latest_s: float = 100_000.0) -> JourneyQueries:
    ends = np.array([origin]), np.array([destination])
    return JourneyQueries(*ends, np.array([round(1_000 * depart_s)]), np.array([round(1_000 * latest_s)]))


def test_walk_wait_ride_change_and_walk() -> None:
    """Doors at nodes 0 and 40; stops at 1, 20, 21 and 39; the change walks from node 20 to 21."""
    paths = line_of_paths(61, 100.0)
    first = [[(0, 1_000 + k, 1_000 + k), (1, 1_300 + k, 1_300 + k)] for k in (0, 600)]
    second = [[(2, at, at), (3, at + 300, at + 300)] for at in (1_400, 1_500)]
    timetable = timetable_of([*first, *second], lines=[0, 0, 1, 1], nodes=[1, 20, 21, 39])
    offer = Offer.of(timetable, paths, LEDGER)
    walk_s = 100.0 / WALK_MPS
    found = offer.journeys(asked(0, 40, 900.0))
    assert found.n_rides.tolist() == [2]
    # off the first bus at 1,300; 75 s on foot and a minute to change: the one at 1,400 has gone
    assert found.arrival_ms[0] / 1_000 == pytest.approx(1_800 + walk_s, abs=0.002)
    expected = [walk_s, walk_s + CHANGE_S, walk_s]
    assert found.walk_ms[0, :3] / 1_000 == pytest.approx(expected, abs=0.002)
    assert timetable.call_stop[found.board_call[0, :2]].tolist() == [0, 2]
    assert timetable.call_stop[found.alight_call[0, :2]].tolist() == [1, 3]
    assert not offer.journeys(asked(0, 40, 900.0, latest_s=1_800.0)).found[0]
    assert not offer.journeys(asked(0, 40, 1_600.0)).found[0], "the last bus has gone"
    assert not offer.journeys(asked(-1, 40, 900.0)).found[0], "a door without a path"
    assert not offer.journeys(asked(0, 55, 900.0)).found[0], "sixteen hundred metres from any stop"


def test_a_stop_without_a_path_is_never_reached() -> None:
    timetable = timetable_of([[(0, 1_000, 1_000), (1, 1_300, 1_300)]], nodes=[1, -1])
    offer = Offer.of(timetable, line_of_paths(41, 100.0), LEDGER)
    assert not offer.journeys(asked(0, 20, 900.0)).found[0]


@settings(max_examples=60)
@given(st.data())
def test_walks_are_shortest_paths_within_the_limit(data: st.DataObject) -> None:
    """Against Floyd and Warshall's all pairs (1962); parallel paths count by the shortest."""
    n = data.draw(st.integers(2, 7))
    ends = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(1, 400), st.booleans())
    edges = data.draw(st.lists(ends, max_size=14))
    nodes = data.draw(st.lists(st.integers(-1, n - 1), min_size=1, max_size=5))
    columns = [np.array([edge[k] for edge in edges]) for k in range(4)]
    paths = Paths(
        node_x_m=np.zeros(n), node_y_m=np.zeros(n), u=columns[0].astype(np.int32),
        v=columns[1].astype(np.int32), length_m=columns[2].astype(np.float64),
        walk=columns[3].astype(np.bool_), cycle=columns[3].astype(np.bool_),
    )  # fmt: skip
    away = np.full((n, n), np.inf)
    np.fill_diagonal(away, 0.0)
    for u, v, metres, walk in edges:
        if walk and u != v:
            away[u, v] = away[v, u] = min(away[u, v], metres)
    for k in range(n):
        away = np.minimum(away, away[:, [k]] + away[[k], :])
    walks = walks_to_stops(paths, np.array(nodes), 500.0)
    for node in range(n):
        rows = slice(walks.start[node], walks.start[node + 1])
        found = dict(zip(walks.stop[rows].tolist(), walks.metres[rows].tolist(), strict=True))
        assert found == {
            stop: away[at, node] for stop, at in enumerate(nodes) if at >= 0 and away[at, node] <= 500.0
        }
        assert (np.diff(walks.metres[rows]) >= 0.0).all()
