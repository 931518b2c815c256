"""Choice of parking spaces: against one driver after another in plain Python, and cases on paper."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import BLOCKED_MS
from tests.strategies import link_weights, networks
from tests.worlds import Net, Street, net_of
from twin.kernels import parking as kernels
from twin.kernels.parking import OWN, STREET, UNSERVED, Arrivals, Drive, Parked, Spaces
from twin.routing.topology import build_topology, workspace_for


@dataclass(frozen=True)
class Case:
    """A network, what links cost, spaces and prices, and who comes (link, place, hours, ms per EUR)."""

    net: Net
    weight_ms: np.ndarray
    own: tuple[int, ...]
    free: tuple[int, ...]
    eur_per_h: tuple[float, ...]
    drivers: tuple[tuple[int, int, float, float], ...]
    limit_ms: int = 10**9
    walk_ms_per_m: float = 0.0

    @property
    def middle(self) -> tuple[np.ndarray, np.ndarray]:
        ends = np.stack([self.net.tail, self.net.head])
        return self.net.node_x_m[ends].mean(axis=0), self.net.node_y_m[ends].mean(axis=0)


Choice = tuple[int, int, tuple[int, ...]]
"""Kind of space, link, and the links driven on."""


def ask(case: Case, room: int = 64) -> tuple[list[Choice], np.ndarray, np.ndarray]:
    """The kernel's choices, in pools of that size, and the spaces left."""
    net = case.net
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    link, place, hours, worth = (np.array(each) for each in zip(*case.drivers, strict=True))
    x, y = case.middle
    arrivals = Arrivals(link.astype(np.int32), place.astype(np.int32), x[link], y[link], hours, worth)
    spaces = Spaces(
        np.array(case.own, np.int32), np.array(case.free, np.int32), np.arange(net.n_links, dtype=np.int32),
        np.array(case.eur_per_h, dtype=float), x, y,
    )  # fmt: skip
    drive = Drive(case.weight_ms.astype(np.int32), case.walk_ms_per_m, case.limit_ms)
    n, found, done, workspace = len(link), [], 0, workspace_for(topology)
    kind, chosen = np.zeros(n, np.int8), np.zeros(n, np.int32)
    start, end = np.full((2, n), -1, dtype=np.int64)
    while done < n:
        pool = np.empty(max(room, net.n_links + 2), dtype=np.int32)
        parked = Parked(kind, chosen, start, end, pool)
        upto = kernels.park(topology, workspace, spaces, arrivals, drive, done, parked)
        for k in range(done, upto):
            way = pool[start[k] : end[k]] if start[k] >= 0 else pool[:0]
            found.append((int(kind[k]), int(chosen[k]), tuple(way.tolist())))
        done = upto
    return found, spaces.own, spaces.free


def reach(case: Case, link: int) -> dict[int, int]:
    """Least drive from the end of a link to the end of every other (Dijkstra 1959 over links)."""
    found: dict[int, int] = {}
    heap = [(0, -1, link)]
    while heap:
        cost, _, at = heapq.heappop(heap)
        if at in found:
            continue
        found[at] = cost
        for onward in case.net.successors(at):
            if case.weight_ms[onward] < BLOCKED_MS and onward not in found:
                heapq.heappush(heap, (cost + int(case.weight_ms[onward]), len(heap), onward))
    return found


def cost_of(case: Case, k: int, link: int, drive_ms: int) -> int:
    begin, _, hours, worth = case.drivers[k]
    x, y = case.middle
    cost = hours * case.eur_per_h[link] * worth
    if link != begin:
        across, along = x[link] - x[begin], y[link] - y[begin]
        cost += case.walk_ms_per_m * np.sqrt(across * across + along * along)
    return drive_ms + int(cost)


def check(case: Case) -> None:
    """One driver after another: own space first, else the cheapest within reach of all links."""
    found, own_left, free_left = ask(case, room=8)
    own, free = list(case.own), list(case.free)
    for k, (kind, chosen, way) in enumerate(found):
        begin, place, _, _ = case.drivers[k]
        if own[place] > 0:
            own[place] -= 1
            assert (kind, chosen, way) == (OWN, begin, ())
            continue
        reached = {each: ms for each, ms in reach(case, begin).items() if ms <= case.limit_ms}
        costs = {each: cost_of(case, k, each, ms) for each, ms in reached.items() if free[each] > 0}
        if not costs:
            assert (kind, chosen, way) == (UNSERVED, begin, ())
            continue
        assert kind == STREET
        assert free[chosen] > 0
        assert costs[chosen] == min(costs.values())
        free[chosen] -= 1
        if chosen == begin:
            assert way == ()
        else:
            assert way[-1] == chosen
            assert all(case.net.tail[b] == case.net.head[a] for a, b in zip((begin, *way), way, strict=False))
            assert sum(int(case.weight_ms[each]) for each in way) == reached[chosen]
    assert (own_left.tolist(), free_left.tolist()) == (own, free)


@st.composite
def parking_cases(draw: st.DrawFn) -> Case:
    net = draw(networks())
    n = net.n_links
    few = st.integers(0, 2)
    driver = st.tuples(
        st.integers(0, n - 1), st.integers(0, 1), st.sampled_from([0.0, 1.0, 8.0]),
        st.sampled_from([0.0, 500.0, 90_000.0]),
    )  # fmt: skip
    return Case(
        net,
        draw(link_weights(net))[0],
        tuple(draw(st.lists(few, min_size=2, max_size=2))),
        tuple(draw(st.lists(few, min_size=n, max_size=n))),
        tuple(draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=n, max_size=n))),
        tuple(draw(st.lists(driver, min_size=1, max_size=8))),
        draw(st.sampled_from([10**9, 5_000, 0])),
        draw(st.sampled_from([0.0, 100.0, 1_000.0])),
    )


@given(parking_cases())
def test_drivers_take_the_cheapest_space_one_after_another(case):
    check(case)


ROW = net_of([Street(i, i + 1, 100, 36, 900) for i in range(4)])
TEN_S = np.full(4, 10_000)


def test_who_comes_later_drives_farther():
    drivers = ((0, 0, 1.0, 0.0),) * 4
    found, _, free = ask(Case(ROW, TEN_S, (1,), (1, 0, 1, 0), (0.0,) * 4, drivers))
    assert found == [(OWN, 0, ()), (STREET, 0, ()), (STREET, 2, (1, 2)), (UNSERVED, 0, ())]
    assert free.tolist() == [0, 0, 0, 0]


def test_nobody_looks_beyond_the_longest_search():
    one = ((0, 0, 1.0, 0.0),)
    for limit_ms, kind in ((20_000, STREET), (19_999, UNSERVED)):
        found, _, _ = ask(Case(ROW, TEN_S, (0,), (0, 0, 1, 0), (0.0,) * 4, one, limit_ms))
        assert found[0][0] == kind


def test_a_price_sends_those_on_who_stay_long():
    """2 EUR an hour at the door, nothing 10 s on: at 10 EUR an hour of one's time an hour's fee is 12 min."""
    worth = 3_600_000 / 10.0
    prices = (2.0, 0.0, 0.0, 0.0)
    for hours, link in ((0.01, 0), (1.0, 1)):
        found, _, _ = ask(Case(ROW, TEN_S, (0,), (1, 1, 1, 1), prices, ((0, 0, hours, worth),)))
        assert found[0][1] == link
    found, _, _ = ask(Case(ROW, TEN_S, (0,), (1, 1, 1, 1), prices, ((0, 0, 8.0, 0.0),)))
    assert found[0][1] == 0, "who pays nothing there stays"


def test_the_walk_back_counts():
    """A ring: the next link is 30 s by car and near, the one after 20 s more and far on foot."""
    one = ((0, 0, 0.0, 0.0),)
    for walk, link in ((0.0, 2), (500.0, 1)):
        net = net_of([Street(0, 1, 100, 36, 900), Street(1, 2, 100, 36, 900), Street(1, 3, 900, 36, 900)],
                     [(0, 0), (100, 0), (200, 0), (1_000, 0)])  # fmt: skip
        case = Case(net, np.array([10_000, 30_000, 20_000]), (0,), (0, 1, 1), (0.0,) * 3, one, 10**9, walk)
        assert ask(case)[0][0][1] == link
