"""The connection scan finds the earliest arrival, by rides that can be made."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles_transit import Hop, earliest_arrival_ms
from twin.kernels.connections import (
    MOST_RIDES,
    NEVER_MS,
    Connections,
    Footpaths,
    Journeys,
    Memory,
    Queries,
    scan_all_stops,
    scan_connections,
)

N_STOPS = 6
LATEST_MS = 10_000
Feet = dict[tuple[int, int], int]
Query = tuple[int, dict[int, int], dict[int, int]]


@st.composite
def timetables(draw: st.DrawFn) -> list[Hop]:
    """A few runs over few stops, many at the same moment, some hops without duration."""
    hops = []
    for run in range(draw(st.integers(1, MOST_RIDES))):
        stops = draw(st.lists(st.integers(0, N_STOPS - 1), min_size=2, max_size=5))
        moment = draw(st.integers(0, 60))
        for place, (a, b) in enumerate(pairwise(stops)):
            arrival = moment + draw(st.integers(0, 15))
            pickup, drop = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
            hops.append(Hop(run, place, a, b, moment, arrival, pickup, drop))
            moment = arrival + draw(st.integers(0, 10))
    return hops


def walks(least: int, most: int) -> st.SearchStrategy[dict[int, int]]:
    return st.dictionaries(st.integers(0, N_STOPS - 1), st.integers(least, most), max_size=3)


stops = st.integers(0, N_STOPS - 1)
feet = st.dictionaries(st.tuples(stops, stops), st.integers(1, 20), max_size=12)
queries = st.lists(st.tuples(st.integers(0, 40), walks(0, 20), walks(0, 20)), min_size=1, max_size=6)


def asked_of(
    hops: list[Hop], on_foot: Feet, asked: list[Query]
) -> tuple[Connections, Footpaths, Queries, Memory]:
    """What the kernels read, hops sorted as they want them."""
    hops = sorted(hops, key=lambda hop: (hop.departure_ms, hop.run, hop.place))
    base = [sum(max([h.place + 2 for h in hops if h.run == run], default=0) for run in range(each.run))
            for each in hops]  # fmt: skip
    connections = Connections(
        np.array([hop.departure_ms for hop in hops]),
        np.array([hop.arrival_ms for hop in hops]),
        np.array([hop.from_stop for hop in hops], dtype=np.int32),
        np.array([hop.to_stop for hop in hops], dtype=np.int32),
        np.array([hop.run for hop in hops], dtype=np.int32),
        np.array([first + hop.place for first, hop in zip(base, hops, strict=True)]),
        np.array([hop.pickup for hop in hops]),
        np.array([hop.drop for hop in hops]),
    )
    pairs = sorted(on_foot)
    start = np.searchsorted([a for a, _ in pairs], np.arange(N_STOPS + 1)).astype(np.int64)
    footpaths = Footpaths(
        start,
        np.array([b for _, b in pairs], dtype=np.int32),
        np.array([on_foot[pair] for pair in pairs], dtype=np.int64),
    )
    n = len(asked)
    sides = []
    for side in (1, 2):
        counts = np.cumsum([0] + [len(query[side]) for query in asked])
        sides += [
            counts,
            np.array([stop for query in asked for stop in query[side]], dtype=np.int32),
            np.array([walk for query in asked for walk in query[side].values()], dtype=np.int64),
        ]
    none = np.full(N_STOPS, -1)
    runs = np.full(1 + max(hop.run for hop in hops), -1)
    memory = Memory(*(none.copy() for _ in range(6)), runs.copy(), runs.copy())
    asked_at = np.array([query[0] for query in asked])
    return connections, footpaths, Queries(asked_at, np.full(n, LATEST_MS), *sides), memory


def scan(hops: list[Hop], on_foot: Feet, asked: list[Query]) -> tuple[Journeys, Connections]:
    """The kernel's answers."""
    tables, n = asked_of(hops, on_foot, asked), len(asked)
    journeys = Journeys(
        np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int32), *np.full((2, n, MOST_RIDES), -1)
    )
    scan_connections(*tables, journeys)
    return journeys, tables[0]


@settings(max_examples=300)
@given(timetables(), feet, queries)
def test_arrivals_are_those_of_the_twin_and_can_be_made(
    hops: list[Hop], on_foot: Feet, asked: list[Query]
) -> None:
    journeys, connections = scan(hops, on_foot, asked)
    for q, (depart_ms, access, egress) in enumerate(asked):
        best = earliest_arrival_ms(hops, on_foot, depart_ms, access, egress)
        found = int(journeys.arrival_ms[q])
        if found == NEVER_MS:  # the few runs here need no more rides than a journey may have
            assert best == float("inf")
            continue
        assert found == best
        assert walked_through(journeys, connections, on_foot, asked[q], q) == found


def walked_through(journeys: Journeys, connections: Connections, on_foot: Feet, query: Query, q: int) -> int:
    """Arrival of the rides as written down, each of which must be possible."""
    depart_ms, access, egress = query
    row_of_call = {int(call): row for row, call in enumerate(connections.from_call)}
    reached: dict[int, int] = {stop: depart_ms + walk for stop, walk in access.items()}
    stop = moment = -1
    for k in range(journeys.n_rides[q]):
        enter = row_of_call[int(journeys.board_call[q, k])]
        leave = row_of_call[int(journeys.alight_call[q, k]) - 1]
        assert connections.run[enter] == connections.run[leave]
        assert connections.from_call[enter] <= connections.from_call[leave]
        assert connections.pickup[enter]
        assert connections.drop[leave]
        assert reached[int(connections.from_stop[enter])] <= connections.departure_ms[enter]
        stop, moment = int(connections.to_stop[leave]), int(connections.arrival_ms[leave])
        reached = {b: moment + walk for (a, b), walk in on_foot.items() if a == stop}
    return moment + egress[stop]


def test_a_bus_missed_by_a_second_is_not_taken() -> None:
    hops = [Hop(0, 0, 0, 1, 10, 20, True, True), Hop(1, 0, 0, 1, 30, 40, True, True)]
    journeys, _ = scan(hops, {}, [(5, {0: 5}, {1: 0}), (5, {0: 6}, {1: 0}), (5, {0: 26}, {1: 0})])
    assert journeys.arrival_ms.tolist() == [20, 40, int(NEVER_MS)]


@settings(max_examples=200)
@given(timetables(), feet, queries)
def test_arrivals_at_all_stops_are_those_of_the_twin(
    hops: list[Hop], on_foot: Feet, asked: list[Query]
) -> None:
    """A scan without a destination finds at each stop what one that ends there would."""
    out_ms = np.zeros((len(asked), N_STOPS), dtype=np.int64)
    scan_all_stops(*asked_of(hops, on_foot, asked), out_ms)
    for q, (depart_ms, access, _) in enumerate(asked):
        for stop in range(N_STOPS):
            best = earliest_arrival_ms(hops, on_foot, depart_ms, access, {stop: 0})
            assert out_ms[q, stop] == (NEVER_MS if best == float("inf") else best)


def test_a_scan_of_all_stops_ends_at_the_latest_moment() -> None:
    hops = [Hop(0, 0, 0, 1, 10, 20, True, True), Hop(0, 1, 1, 2, 30, LATEST_MS, True, True)]
    out_ms = np.zeros((1, N_STOPS), dtype=np.int64)
    scan_all_stops(*asked_of(hops, {}, [(5, {0: 0}, {})]), out_ms)
    assert out_ms[0].tolist() == [NEVER_MS, 20, *[NEVER_MS] * (N_STOPS - 2)]
