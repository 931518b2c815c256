"""What objectives do to traffic: the real agent and the real loading on streets of known answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.model.guided_world import Lived, flow_on_first, live, parallel, routes_in
from tests.worlds import Net, Street, net_of
from twin.model.proposals import sifted, users_ahead
from twin.routing.alternatives import Admissible
from twin.routing.routes import Routes

PIGOU = parallel((300, 900), (600, 3_600))
"""A short way with a bottleneck of 900 veh/h, and a long one with room for all."""
HOUR = 3_600
FREE_S = (25.0, 300.0, 1.0, 100.0)
"""Free flow on the way there, on the short way, behind its bottleneck, and away."""


def mean_s(lived: Lived) -> float:
    return float(lived.time_ms.mean()) / 1_000.0


def concentration(lived: Lived, ways: Sequence[int]) -> float:
    """Herfindahl index of the flow over the ways: 1 all on one."""
    flow = np.array([lived.veh_on(2 + 2 * way) for way in ways], dtype=np.float64)
    return float(((flow / flow.sum()) ** 2).sum())


@pytest.mark.parametrize("users", [0.3, 0.6, 1.0])
def test_marginal_costs_bring_total_time_down_to_the_system_optimum_and_not_below(users: float) -> None:
    """Twice the bottleneck's flow: at best half go round, 450 s on the mean; selfish, all take 600 s."""
    demand = flow_on_first(PIGOU, 1_800, HOUR)
    selfish, social = (
        live(PIGOU, demand, objective, until_s=3 * HOUR, users=users)
        for objective in ("time", "marginal_cost")
    )
    optimum_s = sum(FREE_S) + 150.0
    assert optimum_s < mean_s(social) < mean_s(selfish)
    assert mean_s(social) - optimum_s < 0.95 * (mean_s(selfish) - optimum_s)


def test_the_higher_the_power_the_less_queue_is_left() -> None:
    demand = flow_on_first(PIGOU, 1_800, HOUR)
    times = [
        mean_s(live(PIGOU, demand, "marginal_cost", until_s=3 * HOUR, marginal_cost_power=power))
        for power in (0.0, 1.0, 4.0)
    ]
    selfish = mean_s(live(PIGOU, demand, "time", until_s=3 * HOUR))
    assert times[0] == selfish, "a power of 0 is the time alone, to the last digit"
    assert times[0] > times[1] > times[2]


def test_a_provider_that_spreads_its_users_lowers_the_concentration_of_flow() -> None:
    net = parallel((300, 900), (600, 3_600), (620, 3_600), (640, 3_600))
    demand = flow_on_first(net, 1_800, HOUR)
    one, many = (live(net, demand, objective, until_s=3 * HOUR) for objective in ("time", "diverse"))
    assert one.veh_on(6) == one.veh_on(8) == 0, "by time alone all who leave the short way take the next"
    assert concentration(many, range(4)) < 0.75 * concentration(one, range(4))
    assert len(routes_in(many)) > len(routes_in(one))


def test_nobody_is_sent_further_than_the_band() -> None:
    net = parallel((300, 900), (600, 3_600), (620, 3_600), (900, 3_600))
    demand = flow_on_first(net, 1_800, HOUR)
    assert live(net, demand, "diverse", until_s=3 * HOUR).veh_on(8) == 0
    wide = live(net, demand, "diverse", until_s=3 * HOUR, diverse_band=0.3, diverse_routes=6)
    narrow = live(net, demand, "diverse", until_s=3 * HOUR, diverse_band=0.05, diverse_routes=6)
    assert wide.veh_on(6) > 0
    assert concentration(wide, range(4)) < concentration(narrow, range(4))


def test_looking_ahead_spreads_by_its_own_advice_alone() -> None:
    net = parallel((300, 900), (600, 3_600), (620, 3_600), (640, 3_600))
    demand = flow_on_first(net, 1_800, HOUR)
    herd, ahead = (live(net, demand, objective, until_s=3 * HOUR) for objective in ("time", "forward"))
    assert concentration(ahead, range(4)) < concentration(herd, range(4))
    alone = live(net, demand, "forward", until_s=3 * HOUR, forward_penalty_per_veh=0.005, forward_batches=1)
    assert alone.veh_on(8) < ahead.veh_on(8), "less penalty, less spread"


def short_and_fast() -> Net:
    """10 km at 130 km/h or 5.6 km at 70 km/h: 277 s or 288 s; the fast way burns more than twice as much."""
    ways = [Street(1, 4, 10_000, 130, 3_600, 2), Street(4, 2, 20, 72, 3_600, 9)]
    ways += [Street(1, 5, 5_600, 70, 3_600, 2), Street(5, 2, 20, 72, 3_600, 9)]
    at = [(0.0, 0.0), (500.0, 0.0), (9_000.0, 0.0), (9_500.0, 0.0), (8_900.0, 0.0), (8_900.0, 100.0)]
    return net_of([Street(0, 1, 500, 72, 3_600, 2), Street(2, 3, 2_000, 72, 7_200, 4), *ways], at)


def test_a_value_of_carbon_takes_users_off_the_way_that_burns_more() -> None:
    net = short_and_fast()
    demand = flow_on_first(net, 600, 1_800)
    fast, green = (live(net, demand, objective, until_s=5_400) for objective in ("time", "time_co2"))
    assert (fast.veh_on(2), fast.veh_on(4)) == (300, 0)
    assert (green.veh_on(2), green.veh_on(4)) == (0, 300)
    assert mean_s(fast) < mean_s(green) < mean_s(fast) + 15.0


def test_ranking_by_co2_holds_on_the_share_of_trips_that_honour_it_and_within_the_band() -> None:
    net = short_and_fast()
    demand = flow_on_first(net, 600, 1_800)
    veh = {
        ranking: live(net, demand, until_s=5_400, ranking=ranking).veh_on(4)
        for ranking in ((0.1, 0.0), (0.1, 0.3), (0.1, 0.6), (0.1, 1.0), (0.01, 1.0))
    }
    assert veh[(0.1, 0.0)] == veh[(0.01, 1.0)] == 0
    assert veh[(0.1, 1.0)] == 300
    assert 300 * 0.2 < veh[(0.1, 0.3)] < 300 * 0.4 < veh[(0.1, 0.6)] < 300 * 0.75


def test_a_penalty_keeps_users_off_streets_that_the_map_calls_local() -> None:
    net = parallel((300, 900), (500, 3_600), (520, 3_600))
    demand = flow_on_first(net, 1_800, HOUR)
    classes = ["primary"] * net.n_links
    classes[4] = "residential"
    rat_run, kept_out = (
        live(net, demand, objective, until_s=3 * HOUR, road_class=tuple(classes))
        for objective in ("time", "secondary_penalty")
    )
    assert rat_run.veh_on(4) > 500
    assert kept_out.veh_on(4) == 0
    assert mean_s(kept_out) > mean_s(rat_run)


def test_users_count_where_they_come_to_in_time() -> None:
    routes = Routes(np.array([0, 1, 2, 3, 1, 2, 0], dtype=np.int32), np.array([0, 4]), np.array([4, 7]))
    time_ms = np.array([10_000, 20_000, 30_000, 40_000])
    ahead = users_ahead(routes, np.array([0, 1]), time_ms, 25_000)
    assert ahead.tolist() == [0, 1, 2, 0]
    assert users_ahead(routes, np.array([0]), time_ms, 10**9).tolist() == [0, 1, 1, 1]
    assert users_ahead(routes, np.array([], dtype=np.int64), time_ms, 10**9).tolist() == [0, 0, 0, 0]


def test_routes_that_cost_or_share_too_much_fall_out() -> None:
    weight_ms = np.array([5, 100, 100, 10, 130, 160, 90, 12])
    found = [np.array(links) for links in ([0, 1, 2], [0, 1, 2], [0, 4, 3, 6], [0, 1, 2, 7], [0, 5, 6, 3, 3])]
    kept = sifted(found, weight_ms, Admissible(stretch=1.2, shared=0.8), 3)
    assert [route.tolist() for route in kept] == [[0, 1, 2], [0, 4, 3, 6]]
    assert len(sifted(found, weight_ms, Admissible(stretch=1.2, shared=0.8), 1)) == 1
