"""Random worlds for property tests: street networks, demands with routes, incidents, weights.

Everything is drawn small (few links, short times, little storage), because spillback, merging and
gridlock then happen in almost every example and shrink to something that can be read.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from tests.oracles import BLOCKED_MS
from tests.worlds import NO_GAP, NO_SIGNAL, Case, Demand, Gap, Incident, Net, Signal

DrawFn = st.DrawFn
_keys = st.integers(0, 2**64 - 1)


def _array(draw: DrawFn, values: st.SearchStrategy[int], n: int, kind: str) -> np.ndarray:
    return np.array(draw(st.lists(values, min_size=n, max_size=n)), dtype=kind)


def _unique_keys(draw: DrawFn, n: int) -> np.ndarray:
    return np.array(draw(st.lists(_keys, min_size=n, max_size=n, unique=True)), dtype=np.uint64)


KINDS = (((1,), (4,)), ((1, 2), (4, 6)), ((1, 3, 1), (4, 8, 1)), ((1, 7), (4, 13)))
"""Tables of places and pace: cars, and lorries and bicycles that some links cannot even store."""


@st.composite
def signals(draw: DrawFn) -> Signal:
    """A short cycle: always red, always green, or green for a part of it."""
    cycle_ms = draw(st.sampled_from([900, 2_000, 7_001, 15_000]))
    green_ms = draw(st.one_of(st.integers(1, cycle_ms), st.sampled_from([0, cycle_ms, 2 * cycle_ms])))
    return cycle_ms, draw(st.integers(-20_000, 20_000)), green_ms


@st.composite
def gaps(draw: DrawFn, head: list[int]) -> tuple[Gap, ...]:
    """Who yields to whom: always to a link of a smaller row, so in chains but never round in circles."""
    gap_ms = st.sampled_from([1, 600, 2_500, 9_000, 9_000])
    found = [NO_GAP] * len(head)
    for row, node in enumerate(head):
        majors = [other for other in range(row) if head[other] == node]
        if majors and draw(st.sampled_from([True, True, True, False])):
            found[row] = (draw(gap_ms), tuple(sorted(draw(st.sets(st.sampled_from(majors), min_size=1)))))
    return tuple(found)


@st.composite
def networks(draw: DrawFn, max_nodes: int = 6, max_extra: int = 8, with_control: bool = False) -> Net:
    """A strongly connected network: a ring through all nodes and some more links.

    Two links may join the same nodes, and a link may end where it begins. Many end at the first node.
    """
    n_nodes = draw(st.integers(2, max_nodes))
    node = st.one_of(st.just(0), st.integers(0, n_nodes - 1))
    extra = draw(st.lists(st.tuples(node, node), max_size=max_extra))
    ends = [(i, (i + 1) % n_nodes) for i in range(n_nodes)] + extra
    n = len(ends)
    signalled, yielding = (with_control and draw(st.booleans()) for _ in range(2))
    headway_ms = _array(draw, st.sampled_from([1, 400, 1_000, 1_333, 2_400, 7_001]), n, "i8")
    free_ms = _array(draw, st.integers(1_000, 9_000), n, "i8")
    return Net(
        n_nodes=n_nodes,
        tail=np.array([a for a, _ in ends], dtype=np.int32),
        head=np.array([b for _, b in ends], dtype=np.int32),
        free_ms=free_ms,
        hole_ms=_array(draw, st.integers(1_000, 12_000), n, "i8"),
        storage=_array(draw, st.sampled_from([1, 1, 2, 3, 5]), n, "i4"),
        headway_ms=headway_ms,
        link_key=_unique_keys(draw, n),
        weight=1_000.0 / headway_ms,
        length_m=free_ms / 100.0,
        node_x_m=100.0 * np.cos(2 * np.pi * np.arange(n_nodes) / n_nodes),
        node_y_m=100.0 * np.sin(2 * np.pi * np.arange(n_nodes) / n_nodes),
        signals=tuple(draw(st.one_of(st.just(NO_SIGNAL), signals())) for _ in ends) if signalled else (),
        gaps=draw(gaps([head for _, head in ends])) if yielding else (),
    )


@st.composite
def demands(draw: DrawFn, net: Net, max_trips: int = 30, until_s: int = 60) -> Demand:
    """Vehicles on random walks of up to eight links, many released at the same moment."""
    link = st.integers(0, net.n_links - 1)
    turns = st.lists(st.integers(0, 7), max_size=7)
    release_ms = st.one_of(st.just(0), st.sampled_from([0, 1_000, 30_000]), st.integers(0, 1_000 * until_s))
    n_trips = draw(st.integers(1, max_trips))  # drawn first: lists alone stay short, and nothing would queue
    trips = draw(st.lists(st.tuples(link, turns, release_ms), min_size=n_trips, max_size=n_trips))
    following = [net.successors(row) for row in range(net.n_links)]
    routes = []
    for first, choices, _ in trips:
        route = [first]
        for turn in choices:
            options = following[route[-1]]
            route.append(options[turn % len(options)])
        routes.append(tuple(route))
    released = np.array([moment for *_, moment in trips], dtype=np.int64)
    return Demand(trip_key=_unique_keys(draw, len(trips)), routes=tuple(routes), release_ms=released)


@st.composite
def buses(draw: DrawFn, net: Net, cars: Demand, until_s: int = 60) -> Demand:
    """Cars, and buses whose walks are cut into legs: held at stops until their timetable lets them go."""
    link, turns = st.integers(0, net.n_links - 1), st.lists(st.integers(0, 7), min_size=3, max_size=9)
    moment_ms = st.one_of(st.sampled_from([0, 30_000]), st.integers(0, 1_000 * until_s))
    routes, released = list(cars.routes), cars.release_ms.tolist()
    next_leg, not_before = [-1] * cars.n_trips, [-1] * cars.n_trips
    dwell = [0] * cars.n_trips
    for _ in range(draw(st.integers(1, 5))):
        route = [draw(link)]
        for turn in draw(turns):
            options = net.successors(route[-1])
            route.append(options[turn % len(options)])
        begun = 0
        for first in [*sorted(draw(st.sets(st.integers(1, len(route) - 1), max_size=3))), len(route)]:
            if begun:
                next_leg[-1] = len(routes)
            routes.append(tuple(route[begun:first]))
            released.append(-1 if begun else draw(moment_ms))
            next_leg.append(-1)
            not_before.append(draw(moment_ms))
            dwell.append(draw(st.sampled_from([0, 1, 999, 5_000, 20_000])))
            begun = first
    keys = np.concatenate([cars.trip_key, _unique_keys(draw, len(routes) - cars.n_trips)])
    return Demand(
        keys, tuple(routes), np.array(released, dtype=np.int64), len(routes) - cars.n_trips,
        tuple(next_leg), tuple(not_before), tuple(dwell),
    )  # fmt: skip


@st.composite
def incidents(draw: DrawFn, net: Net, until_s: int) -> tuple[Incident, ...]:
    """Up to three moments at which a link closes, opens again or changes its capacity, speed or signal."""
    one = st.builds(
        Incident,
        at_s=st.integers(0, until_s),
        link=st.integers(0, net.n_links - 1),
        closed=st.booleans(),
        headway_ms=st.sampled_from([500, 3_000, 20_000]),
        free_ms=st.sampled_from([None, None, 1_000, 15_000]),
        signal=st.one_of(st.none(), st.none(), signals(), st.just(NO_SIGNAL)),
    )
    return tuple(draw(st.lists(one, max_size=3, unique_by=lambda incident: (incident.at_s, incident.link))))


@st.composite
def cases(draw: DrawFn, n_steps: int = 120, with_incidents: bool = True, with_buses: bool = False) -> Case:
    """A network, its vehicles, what happens to its links, and the settings of a run."""
    net = draw(networks(with_control=True))
    cars = draw(demands(net))
    demand = draw(buses(net, cars)) if with_buses else cars
    places, pace = draw(st.sampled_from(KINDS))
    kind = st.integers(0, len(places) - 1)
    return Case(
        net=net,
        demand=replace(
            demand, kind=tuple(draw(st.lists(kind, min_size=demand.n_trips, max_size=demand.n_trips)))
        ),
        n_steps=n_steps,
        incidents=draw(incidents(net, n_steps)) if with_incidents else (),
        seed=draw(st.integers(0, 2**31 - 1)),
        origin_priority=draw(st.sampled_from([0.5, 1.0, 4.0])),
        deadlock_check_s=draw(st.sampled_from([0, 1, 7, 30])),
        places=places,
        pace=pace,
    )


@st.composite
def link_weights(draw: DrawFn, net: Net, n_slices: int = 1) -> np.ndarray:
    """Weights of links (n_slices, n_links) int64 [ms], some of them blocked, many of them equal."""
    weight = st.one_of(st.sampled_from([1_000, 2_000, BLOCKED_MS]), st.integers(1, 400_000))
    return _array(draw, weight, n_slices * net.n_links, "i8").reshape(n_slices, net.n_links)
