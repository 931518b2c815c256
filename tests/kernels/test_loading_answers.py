"""Answers that can be worked out on paper, asked of the loading kernel and of its slow twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests import worlds
from tests.invariants import check_loaded, passages
from tests.kernels.loading_door import load_by_kernel
from tests.oracles_loading import Loaded, load
from tests.worlds import Case, Demand, Incident, demand_of, even_flow

pytestmark = pytest.mark.one_interpreter(
    "what holds of the slow twin holds of a kernel that agrees with it on each"
)

Loader = Callable[[Case], Loaded]
BOTH = pytest.mark.parametrize("loader", [load, load_by_kernel], ids=["twin", "kernel"])


def flow_onto(release_s: list[float], *route: int) -> list[tuple[float, tuple[int, ...]]]:
    """Vehicles of one route."""
    return [(moment, route) for moment in release_s]


def entries_between(case: Case, loaded: Loaded, link: int, from_s: int, until_s: int) -> list[int]:
    """Trips that enter a link in [from, until), in order."""
    entries = passages(case, loaded)[link]
    return [trip for enter_ms, _, trip in entries if from_s <= enter_ms / 1_000 < until_s]


# ---------------------------------------------------------------------------------- one link, a queue


@BOTH
def test_free_flow_takes_length_over_speed(loader: Loader) -> None:
    """1,000 m at 20 m/s take 50 s; the second vehicle waits for the entry capacity of 1,800 veh/h (2 s)."""
    loaded = loader(Case(worlds.one_link(), demand_of([(0, (0,)), (0, (0,)), (10.25, (0,))]), n_steps=70))
    assert sorted(loaded.entered_ms[:2]) == [0, 2_000]
    assert sorted(loaded.arrived_ms) == [50_000, 52_000, 60_250]


@BOTH
def test_nobody_arrives_after_the_last_step(loader: Loader) -> None:
    """A step covers [s, s + 1): after 50 steps the vehicle that is ready at 50 s is still on the link."""
    loaded = loader(Case(worlds.one_link(), demand_of([(0, (0,)), (50, (0,))]), n_steps=50))
    assert (loaded.entered_ms, loaded.arrived_ms, loaded.events) == ([0, -1], [-1, -1], [])


@BOTH
def test_queue_triangle(loader: Loader) -> None:
    """D/D/1: 2,000 veh/h for 1 h, then 500, through 1,500: up to 500 wait, until 1.5 h, 375 veh h in all."""
    net = worlds.net_of([worlds.Street(0, 1, 40_000, 72, 3_600), worlds.Street(1, 2, 1_000, 72, 1_500)])
    release_s = even_flow(2_000, 0, 3_600) + even_flow(500, 3_600, 7_200)
    loaded = loader(Case(net, demand_of(flow_onto(release_s, 0, 1)), n_steps=9_400))
    free_s = int(net.free_ms[0]) / 1_000
    on_approach = sorted(event for event in loaded.events if event[1] == 0)
    come_s = np.array(release_s) + free_s
    gone_s = np.array([exit_ms / 1_000 for *_, exit_ms in on_approach])
    queue = [int((come_s <= moment).sum() - (gone_s <= moment).sum()) for moment in come_s]
    assert max(queue) == pytest.approx(500, abs=1)  # one vehicle: they are whole
    # every vehicle's delay is right within one headway of 2.4 s: 2,500 x 2.4 s = 1.7 veh h
    assert (gone_s - come_s).sum() / 3_600 == pytest.approx(375, abs=1.7)
    cleared_s = gone_s[gone_s - come_s > 0.01].max() - free_s
    assert cleared_s == pytest.approx(5_400, abs=7.2)  # one gap between the vehicles that come then


# ------------------------------------------------------------------- kinematic waves (Newell 1993)


@BOTH
@pytest.mark.parametrize(("inflow", "outflow", "minutes"), [(2_000, 1_000, 10.8), (1_500, 500, 14.4)])
def test_queue_reaches_the_entry_of_a_link(loader: Loader, inflow: int, outflow: int, minutes: float) -> None:
    """v 100, w 20 km/h, 150 veh/km, L = 2 km: at the entry inflow t = outflow (t - L/v - L/w) + 300."""
    net = worlds.corridor(1, 2_000, bottleneck_vph=outflow)
    release_s = even_flow(inflow, 0, 1_200)
    case = Case(net, demand_of(flow_onto(release_s, 0, 1)), n_steps=1_200)
    loaded = loader(case)
    held_ms = [
        release_ms
        for release_ms, entered_ms in zip(case.demand.release_ms.tolist(), loaded.entered_ms, strict=True)
        if entered_ms != release_ms
    ]
    first_ms = min(held_ms)
    assert first_ms / 1_000 == pytest.approx(60 * minutes, abs=3_600 / inflow)  # seen when a vehicle comes
    on_link = sum(enter < first_ms <= (leave or 10**12) for enter, leave, _ in passages(case, loaded)[0])
    assert on_link == pytest.approx(inflow * minutes / 60 - outflow * (minutes - 1.2) / 60, abs=1)


@BOTH
@pytest.mark.parametrize(("inflow", "outflow", "shock_kmh"), [(2_000, 1_000, -12.5), (1_500, 500, -9.0909)])
def test_storage_shock_travels_back(loader: Loader, inflow: int, outflow: int, shock_kmh: float) -> None:
    """The tail of a queue moves at (qB - qA)/(kB - kA), seen as link after link begins to hold back."""
    net = worlds.corridor(10, 200, bottleneck_vph=outflow)
    case = Case(net, demand_of(flow_onto(even_flow(inflow, 0, 1_200), *range(11))), n_steps=1_200)
    loaded = loader(case)
    held_s = []
    for link in range(10):
        free_ms = int(net.free_ms[link])
        held_ms = [
            enter_ms + free_ms
            for _, row, enter_ms, exit_ms in loaded.events
            if row == link and exit_ms > enter_ms + free_ms
        ]
        held_s.append(min(held_ms) / 1_000)
    end_m = 200.0 * np.arange(1, 11)
    speed_kmh = 3.6 * np.polyfit(held_s, end_m, 1)[0]
    # a link is seen to hold back when a vehicle comes: within one gap (2.4 s) of the 576 s that are fitted
    assert speed_kmh == pytest.approx(shock_kmh, rel=0.01)


@BOTH
def test_start_up_wave_recedes_at_the_wave_speed(loader: Loader) -> None:
    """A closed link opens: upstream, the head of each full link starts 200 m / 20 km/h = 36 s later."""
    net = worlds.corridor(5, 200, bottleneck_vph=2_500)
    incidents = (Incident(0, 5, True, 1_440), Incident(900, 5, False, 1_440))
    case = Case(net, demand_of(flow_onto(even_flow(2_400, 0, 600), *range(6))), 1_200, incidents)
    loaded = loader(case)
    starts_s = [
        min(exit_ms for _, row, _, exit_ms in loaded.events if row == link and exit_ms >= 900_000) / 1_000
        for link in range(5)
    ]
    assert starts_s == [900 + 36 * 4, 900 + 36 * 3, 900 + 36 * 2, 900 + 36, 900]


# ----------------------------------------------------------------------------------- merge and diverge


def entries_at_merge(loader: Loader, net: worlds.Net, flows_vph: tuple[int, ...]) -> list[int]:
    """Entries from each arm into the link behind a merge in half an hour, once the queues stand."""
    out = len(flows_vph)
    trips = [
        trip
        for row, flow_vph in enumerate(flows_vph)
        for trip in flow_onto(even_flow(flow_vph, 0, 2_400), row, out)
    ]
    case = Case(net, demand_of(trips), n_steps=2_400)
    entries = entries_between(case, loader(case), out, 600, 2_400)
    arms = [case.demand.routes[trip][0] for trip in entries]
    return [arms.count(arm) for arm in range(out)]


def merge_of(arms_vph: tuple[int, ...], out_vph: int) -> worlds.Net:
    """Arms of these capacities join into one link; jam density is doubled, so that all can flow in."""
    out = len(arms_vph)
    arms = [worlds.Street(arm, out, 1_000, 72, vph, 2) for arm, vph in enumerate(arms_vph)]
    return worlds.net_of([*arms, worlds.Street(out, out + 1, 20_000, 72, out_vph, 2)])


@BOTH
@pytest.mark.parametrize(
    ("arms_vph", "flows_vph", "out_vph", "passing_vph"),
    [
        # two queues share in proportion to capacity: 2 to 1
        ((3_000, 1_500), (3_000, 1_500), 1_500, (1_000, 500)),
        # 300 veh/h are under the minor arm's share of 500; 1,200 are left to the major
        ((3_000, 1_500), (3_000, 300), 1_500, (1_200, 300)),
        # a minor arm whose exit headway is three times that of the link behind
        ((3_000, 1_000), (3_000, 1_000), 3_000, (2_250, 750)),
        ((2_000, 2_000), (2_000, 2_000), 3_000, (1_500, 1_500)),
        # three arms; and with one that brings less than its share of 500, the rest goes 2 to 1 to the others
        ((3_000, 1_500, 1_500), (3_000, 1_500, 1_500), 2_000, (1_000, 500, 500)),
        ((3_000, 1_500, 1_500), (3_000, 1_500, 200), 2_000, (1_200, 600, 200)),
    ],
)
def test_merge_shares(
    loader: Loader,
    arms_vph: tuple[int, ...],
    flows_vph: tuple[int, ...],
    out_vph: int,
    passing_vph: tuple[int, ...],
) -> None:
    """Median rule (Daganzo 1995): priorities in proportion to capacity, to within one vehicle."""
    found = entries_at_merge(loader, merge_of(arms_vph, out_vph), flows_vph)
    assert found == [pytest.approx(vph / 2, abs=1) for vph in passing_vph]


@BOTH
@pytest.mark.parametrize("origin_priority", [0.5, 1.0])
def test_origin_queue_competes_with_through_traffic(loader: Loader, origin_priority: float) -> None:
    """An origin queue weighs origin_priority x the capacity of the link it wants to enter."""
    net = worlds.corridor(1, 1_000, bottleneck_vph=1_500)
    trips = flow_onto(even_flow(2_500, 0, 2_400), 0, 1) + flow_onto(even_flow(1_500, 0, 2_400), 1)
    case = Case(net, demand_of(trips), n_steps=2_400, origin_priority=origin_priority)
    entries = entries_between(case, loader(case), 1, 600, 2_400)
    starts = sum(len(case.demand.routes[trip]) == 1 for trip in entries)
    share = 1_500 * origin_priority / (1_500 * origin_priority + 2_500)
    assert starts == pytest.approx(750 * share, abs=1)


@BOTH
def test_diverge_is_held_by_its_slower_branch(loader: Loader) -> None:
    """First in, first out (Daganzo 1995): half turn into 500 veh/h, so the free branch gets 500 too."""
    trips = [(moment, (0, 1 + vehicle % 2)) for vehicle, moment in enumerate(even_flow(2_000, 0, 3_600))]
    case = Case(worlds.diverge(3_600, 500, 3_600), demand_of(trips), n_steps=4_600)
    loaded = loader(case)
    counts = [len(entries_between(case, loaded, link, 1_000, 4_600)) for link in (1, 2)]
    assert counts == [pytest.approx(500, abs=1), pytest.approx(500, abs=1)]


# ---------------------------------------------------------------------------------- closing, gridlock


@BOTH
def test_closed_links_empty_but_take_nobody(loader: Loader) -> None:
    """Links 1 and 2 close at 45 s: who is on them drives on, the others wait for 120 s."""
    net = worlds.net_of([worlds.Street(i, i + 1, 200, 36, 1_800) for i in range(4)])  # 20 s each
    incidents = tuple(Incident(at_s, row, at_s == 45, 2_000) for at_s in (45, 120) for row in (1, 2))
    trips = [(0.0, (0, 1, 2, 3)), (26.0, (0, 1, 2, 3)), (50.0, (2, 3))]
    loaded = loader(Case(net, demand_of(trips), 260, incidents))
    assert loaded.entered_ms == [0, 26_000, 120_000]
    assert loaded.arrived_ms == [80_000, 180_000, 160_000]


@BOTH
def test_smallest_gridlock_turns_once(loader: Loader) -> None:
    """Three links of one place, three vehicles that want the next link: turned at 30 s, home 3 s later."""
    net = worlds.ring(3, storage=1)
    loaded = loader(Case(net, demand_of([(0, (0, 1)), (0, (1, 2)), (0, (2, 0))]), n_steps=60))
    assert loaded.rotations == 1
    assert loaded.events == [
        *((0, 0, 0, 30_000), (0, 1, 30_000, 33_000), (1, 1, 0, 30_000)),
        *((1, 2, 30_000, 33_000), (2, 0, 30_000, 33_000), (2, 2, 0, 30_000)),
    ]


@BOTH
def test_two_gridlocks_turn_in_one_check(loader: Loader) -> None:
    """Cycles are disjoint: each turns by one, and a queue that waits beside them does not."""
    one = worlds.ring(3, storage=1)
    net = replace(
        one,
        n_nodes=7,
        **{name: np.concatenate([getattr(one, name)] * 2 + [getattr(one, name)[:1]]) for name in PER_LINK},
        node_x_m=np.arange(7.0),
        node_y_m=np.zeros(7),
        tail=np.array([0, 1, 2, 3, 4, 5, 6], dtype=np.int32),
        head=np.array([1, 2, 0, 4, 5, 3, 0], dtype=np.int32),
        link_key=np.arange(7, dtype=np.uint64),
    )
    routes = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (6, 0)]
    loaded = loader(Case(net, demand_of([(0.0, route) for route in routes]), n_steps=60))
    assert loaded.rotations == 2
    assert sorted(loaded.arrived_ms[:6]) == [33_000] * 6
    assert loaded.arrived_ms[6] > 36_000


PER_LINK = ("free_ms", "hole_ms", "storage", "headway_ms", "weight", "length_m")


@BOTH
def test_ring_gridlock_completes(loader: Loader) -> None:
    """More vehicles than places, all going half round: the ring locks, turns, and everybody gets home."""
    net = worlds.ring(8, storage=4)
    trips = [(vehicle % 5, tuple((vehicle + step) % 8 for step in range(5))) for vehicle in range(120)]
    case = Case(net, demand_of(trips), n_steps=3_600)
    loaded = loader(case)
    assert loaded.rotations >= 1
    assert min(loaded.arrived_ms) > 0
    check_loaded(case, loaded)


@BOTH
def test_queue_before_a_closure_is_no_gridlock(loader: Loader) -> None:
    """A queue whose first vehicle waits for a closed link stands still, but no cycle turns."""
    net = worlds.corridor(3, 200, bottleneck_vph=1_000)
    demand = demand_of(flow_onto(even_flow(2_500, 0, 300), 0, 1, 2, 3))
    case = Case(net, demand, n_steps=400, incidents=(Incident(0, 3, True, 3_600),))
    loaded = loader(case)
    assert loaded.rotations == 0
    assert max(loaded.arrived_ms) == -1
    check_loaded(case, loaded)


@BOTH
def test_release_order_rules_the_origin_queue(loader: Loader) -> None:
    """Who is released first enters first; of two released together, the smaller key."""
    demand = Demand(
        trip_key=np.array([9, 5, 7], dtype=np.uint64), routes=((0,),) * 3, release_ms=np.array([400, 400, 0])
    )
    assert loader(Case(worlds.one_link(), demand, n_steps=10)).entered_ms == [4_000, 2_000, 0]
