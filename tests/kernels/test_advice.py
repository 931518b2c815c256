"""Advice en route and closures on a route: the kernels and their slow twins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.kernels.loading_door import routes_of
from tests.kernels.paths_door import topology_of
from tests.oracles import BLOCKED_MS, Advice, plain_view, slow_advice, slow_first_closed, slow_routes
from tests.strategies import cases, link_weights
from tests.worlds import Case, Net
from twin.kernels.advice import Answer, Asking, Counsel, advise, most_worth_ms
from twin.kernels.closures import first_closed
from twin.kernels.paths import RoutePool
from twin.kernels.search import SearchGround
from twin.routing.search import NO_DRAWS, bounds_to, static_weights
from twin.routing.topology import workspace_for

Routes = tuple[tuple[int, ...], ...]


def ask_provider(
    net: Net, weight_ms: np.ndarray, routes: Routes, band: float, least_saving_ms: int, honours: np.ndarray
) -> list[Advice]:
    """Advice of the kernel; weights (2, n_links): plain, and honouring the manager's class.

    The room for routes is small, so the kernel must ask for more.
    """
    n = len(routes)
    given_routes, topology = routes_of(routes), topology_of(net)
    asking = Asking(
        pool=given_routes.pool,
        start=given_routes.start,
        end=given_routes.end,
        person=np.arange(n).astype(np.uint64),
        honours=honours,
    )
    answer = Answer(*(np.full(n, -2) for _ in range(4)))
    plain, honouring = (static_weights(weights) for weights in weight_ms)
    destinations = np.array([route[-1] for route in routes])
    found: list[tuple[int, ...]] = [()] * n
    bounds = bounds_to(topology, weight_ms.min(axis=0), destinations)
    ground = SearchGround(topology, bounds, workspace_for(topology), NO_DRAWS)
    counsel = Counsel(plain, honouring, band, least_saving_ms)
    done = 0
    while done < n:
        room = np.full(net.n_nodes + 3, -1, dtype=np.int32)
        upto = advise(ground, counsel, asking, done, room, answer)
        assert upto > done, "no progress"
        for row in range(done, upto):
            if answer.start[row] >= 0:
                found[row] = tuple(room[answer.start[row] : answer.end[row]].tolist())
        done = upto
    costs = zip(answer.now_ms.tolist(), answer.best_ms.tolist(), found, strict=True)
    return [Advice(*cost) for cost in costs]


@settings(max_examples=60)
@given(cases(n_steps=1), st.data())
def test_advice_agrees_with_twin(case: Case, data: st.DataObject) -> None:
    net, routes = case.net, case.demand.routes
    weight_ms = data.draw(link_weights(net, n_slices=2))
    band, least_saving_ms = data.draw(st.sampled_from([(0.0, 0), (0.1, 500), (0.5, 60_000)]))
    honours = np.arange(len(routes)) % 3 == 0
    advice = ask_provider(net, weight_ms, routes, band, least_saving_ms, honours)
    for row, route in enumerate(routes):
        assert advice[row] == slow_advice(net, weight_ms[int(honours[row])], route, band, least_saving_ms)


@settings(max_examples=60)
@given(cases(n_steps=1), st.data())
def test_what_a_better_route_may_cost_agrees_with_twin(case: Case, data: st.DataObject) -> None:
    """Whatever the twin would propose costs no more; where nothing can be proposed the twin does not."""
    net, routes = case.net, case.demand.routes
    weight_ms, empty_ms = data.draw(link_weights(net, n_slices=2))
    empty_ms = np.minimum(weight_ms, empty_ms)
    band, least_saving_ms = data.draw(st.sampled_from([(0.0, 0), (0.1, 500), (0.5, 60_000)]))
    given_routes, topology = routes_of(routes), topology_of(net)
    bounds = bounds_to(topology, empty_ms, np.array([route[-1] for route in routes]))
    found = np.full(len(routes), -7)
    pool = RoutePool(given_routes.pool, given_routes.start, given_routes.end)
    most_worth_ms(topology, bounds, weight_ms, pool, band, least_saving_ms, found)
    for route, most_ms in zip(routes, found.tolist(), strict=True):
        advice = slow_advice(net, weight_ms, route, band, least_saving_ms)
        saving_ms = max(math.ceil(advice.now_ms * band), least_saving_ms)
        if advice.route:
            assert advice.best_ms <= most_ms == advice.now_ms - saving_ms
        best = slow_routes(net, plain_view(empty_ms), route[0])[route[-1]]
        if most_ms < 0 and best and route[0] != route[-1] and weight_ms[route[-1]] < BLOCKED_MS:
            bound_ms = sum(int(empty_ms[link]) for link in best[1:-1]) + int(weight_ms[route[-1]])
            assert bound_ms > advice.now_ms - saving_ms


@pytest.mark.parametrize(
    ("round_s", "blocked", "proposed"), [(80, False, (0, 2, 3)), (95, False, ()), (95, True, (0, 2, 3))]
)
def test_band_of_indifference(round_s: int, blocked: bool, proposed: tuple[int, ...]) -> None:
    """100 s ahead and a band of 10 %: 80 s round are taken, 95 s are not, unless the road is blocked."""
    net = worlds.net_of([worlds.Street(a, b, 500, 30, 900) for a, b in [(0, 1), (1, 2), (1, 2), (2, 3)]])
    direct_ms = BLOCKED_MS if blocked else 90_000
    weight_ms = np.array([50_000, direct_ms, 1_000 * (round_s - 10), 10_000])
    [advice] = ask_provider(net, np.tile(weight_ms, (2, 1)), ((0, 1, 3),), 0.1, 0, np.array([False]))
    assert advice.route == proposed


@settings(max_examples=40)
@given(cases(n_steps=1), st.data())
def test_first_closure_on_a_route(case: Case, data: st.DataObject) -> None:
    """Who is inside a closure goes on through it; one entered from outside is where a detour begins."""
    closed = np.array(
        data.draw(st.lists(st.booleans(), min_size=case.net.n_links, max_size=case.net.n_links))
    )
    routes = routes_of(case.demand.routes)
    rows = np.arange(case.demand.n_trips)[::-1].copy()
    place = np.full(len(rows), -2)
    first_closed(routes.pool, routes.start, routes.end, rows, closed, place)
    for row, at in zip(rows.tolist(), place.tolist(), strict=True):
        expected = slow_first_closed(case.demand.routes[row], closed)
        assert at == (routes.start[row] + expected if expected >= 0 else -1)
