"""The loading kernel and its slow twin are equal on random worlds, and keep what must always hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import worlds
from tests.invariants import check_loaded
from tests.kernels.loading_door import load_by_kernel, loader_of, rush_on_grid
from tests.oracles import shuffled
from tests.oracles_loading import Loaded, SlowLoading, load
from tests.strategies import cases
from tests.worlds import Case
from twin.kernels.traffic import KEPT

SEEDS = st.integers(0, 2**32 - 1)


def n_cars(demand: worlds.Demand) -> int:
    return demand.n_trips - demand.n_legs


def _legs_renumbered(demand: worlds.Demand, trips: np.ndarray, trip_to: np.ndarray) -> dict[str, Any]:
    if not demand.n_legs:
        return {}
    after = [demand.next_leg[trip] for trip in trips]
    return {
        "n_legs": demand.n_legs,
        "next_leg": tuple(int(trip_to[leg]) if leg >= 0 else -1 for leg in after),
        "not_before_ms": tuple(demand.not_before_ms[trip] for trip in trips),
        "dwell_ms": tuple(demand.dwell_ms[trip] for trip in trips),
    }


def load_renumbered(case: Case, seed: int, loader: Callable[[Case], Loaded] = load_by_kernel) -> Loaded:
    """A run of the same world with nodes, links and trips in another order, put back in order."""
    net, demand = case.net, case.demand
    node_to, links, trips = (shuffled(n, seed) for n in (net.n_nodes, net.n_links, demand.n_trips))
    trips = np.concatenate([trips[trips < n_cars(demand)], trips[trips >= n_cars(demand)]])
    link_to, trip_to = np.argsort(links), np.argsort(trips)
    renumbered = [(gap_ms, tuple(int(link_to[major]) for major in majors)) for gap_ms, majors in net.gaps]
    per_link = ("free_ms", "hole_ms", "storage", "headway_ms", "link_key", "weight", "length_m")
    other = replace(
        case,
        net=replace(
            net,
            tail=node_to[net.tail[links]].astype(np.int32),
            head=node_to[net.head[links]].astype(np.int32),
            **{name: getattr(net, name)[links] for name in per_link},
            signals=tuple(net.signals[link] for link in links) if net.signals else (),
            gaps=tuple(renumbered[link] for link in links) if net.gaps else (),
        ),
        demand=worlds.Demand(
            trip_key=demand.trip_key[trips],
            routes=tuple(tuple(int(link_to[link]) for link in demand.routes[trip]) for trip in trips),
            release_ms=demand.release_ms[trips],
            kind=tuple(demand.kind_of(trip) for trip in trips),
            **_legs_renumbered(demand, trips, trip_to),
        ),
        incidents=tuple(replace(incident, link=int(link_to[incident.link])) for incident in case.incidents),
    )
    run = loader(other)
    return Loaded(
        entered_ms=[run.entered_ms[row] for row in trip_to],
        arrived_ms=[run.arrived_ms[row] for row in trip_to],
        events=sorted((int(trips[trip]), int(links[link]), *when) for trip, link, *when in run.events),
        rotations=run.rotations,
    )


@settings(max_examples=150)
@given(cases())
def test_kernel_agrees_with_twin(case: Case) -> None:
    assert load_by_kernel(case) == load(case)


@settings(max_examples=150)
@given(cases(with_buses=True))
def test_kernel_agrees_with_twin_where_buses_run(case: Case) -> None:
    by_twin = load(case)
    assert load_by_kernel(case) == by_twin
    check_loaded(case, by_twin)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=40)
@given(cases(with_buses=True), SEEDS)
def test_numbering_and_order_of_nodes_change_nothing_to_buses(case: Case, seed: int) -> None:
    by_kernel = load_by_kernel(case)
    assert load_renumbered(case, seed) == by_kernel
    order = shuffled(case.net.n_nodes, seed).tolist()
    assert SlowLoading(case, node_order=order).run() == by_kernel


def test_a_held_bus_lets_others_by() -> None:
    """It stands in its bay until its time; who pulls out behind it meanwhile goes first."""
    net = worlds.net_of([worlds.Street(0, 1, 100, 36, 1_800), worlds.Street(1, 2, 100, 36, 1_800)])
    cars = worlds.demand_of([(0, (0,)), (200, (1,)), (30, (1,))])
    demand = replace(
        cars,
        trip_key=np.append(cars.trip_key, np.uint64(7)),
        routes=(*cars.routes, (1,)),
        release_ms=np.append(cars.release_ms, -1),
        n_legs=0,
    )
    demand = replace(
        demand,
        trip_key=demand.trip_key[[1, 2, 0, 3]],
        routes=((1,), (1,), (0,), (1,)),
        release_ms=np.array([200_000, 30_000, 0, -1]),
        n_legs=2,
        next_leg=(-1, -1, 3, -1),
        not_before_ms=(-1, -1, -1, 120_000),
        dwell_ms=(0, 0, 0, 20_000),
    )
    late = replace(demand, not_before_ms=(-1, -1, -1, 0))
    for loader in (load, load_by_kernel):
        held, free = loader(Case(net, demand, 300)), loader(Case(net, late, 300))
        assert held.entered_ms == [200_000, 30_000, 0, 120_000]
        assert free.entered_ms == [200_000, 32_000, 0, 30_000]  # arrived at 10, dwelt 20 s


def test_kernel_agrees_with_twin_on_a_grid_in_the_rush() -> None:
    case = rush_on_grid(n_side=4, n_trips=500, n_steps=1_500)
    by_twin = load(case)
    assert by_twin.rotations > 0, "the case was meant to lock"
    assert load_by_kernel(case) == by_twin
    check_loaded(case, by_twin)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=50)
@given(cases())
def test_invariants_hold(case: Case) -> None:
    check_loaded(case, load_by_kernel(case))


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=40)
@given(cases(n_steps=60, with_buses=True))
def test_vehicles_and_places_are_conserved_at_every_step(case: Case) -> None:
    """The twin's own count; the kernel, which it equals, counts itself at every stop."""
    slow = SlowLoading(case)
    later = [trip for trip in range(case.demand.n_trips) if case.demand.release_ms[trip] < 0]
    while slow.step_s < case.n_steps:
        slow.step()
        for link in slow.links:
            assert all(vehicle.places > 0 for vehicle in link.on_link)
            assert sum(vehicle.places for vehicle in link.on_link) + link.n_free == link.storage
        waiting = sum(len(link.origin_queue) for link in slow.links)
        arrived = sum(moment >= 0 for moment in slow.arrived_ms)
        held = sum(slow.release_ms[trip] < 0 for trip in later)
        driving = sum(len(link.on_link) for link in slow.links)
        assert waiting + driving + arrived + held == case.demand.n_trips


@settings(max_examples=25)
@given(cases(n_steps=60, with_buses=True))
def test_the_kernel_counts_right_at_every_step(case: Case) -> None:
    """Stopped after each second, which checks conservation, it has the twin's vehicles on every link."""
    slow, loader = SlowLoading(replace(case, incidents=())), loader_of(case)
    while slow.step_s < case.n_steps:
        slow.step()
        loader.advance(slow.step_s - 1, slow.step_s)
        assert loader.on_link_veh.tolist() == [link.storage - link.n_free for link in slow.links]
        waiting = sorted(trip for link in slow.links for trip in link.origin_queue)
        assert sorted(loader.to_enter.tolist()) == waiting
        traffic, links = loader.traffic, loader.traffic.links
        is_tight = (links["n_free"] < loader.settings.most_places) | (links["flags"] & KEPT != 0)
        assert traffic.tight[: links.shape[0]].astype(bool).tolist() == is_tight.tolist()
        assert not traffic.tight[links.shape[0] :].any()


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=40)
@given(cases(with_buses=True), st.sets(st.integers(1, 119), max_size=8))
def test_stopping_and_going_on_changes_nothing(case: Case, stops_s: set[int]) -> None:
    assert load_by_kernel(case, stops_s=stops_s) == load_by_kernel(case)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=40)
@given(cases(n_steps=3_000, with_incidents=False, with_buses=True), st.sampled_from([1, 7, 30]))
def test_with_the_rule_everybody_arrives(case: Case, deadlock_check_s: int) -> None:
    """Whatever is kept, yields or is too long: where every signal turns green, every circle is turned."""
    signals = tuple(
        (cycle_ms, offset_ms, max(1, green_ms)) for cycle_ms, offset_ms, green_ms in case.net.signals
    )
    case = replace(case, net=replace(case.net, signals=signals), deadlock_check_s=deadlock_check_s)
    assert min(load_by_kernel(case).arrived_ms) >= 0


@settings(max_examples=40)
@given(cases(with_buses=True), st.sampled_from([2, 4, 8]), st.sampled_from([1, 2]))
def test_domains_and_threads_change_nothing(case: Case, n_domains: int, n_threads: int) -> None:
    assert load_by_kernel(case, n_domains, n_threads) == load_by_kernel(case)


@pytest.mark.parametrize("n_domains", [1, 2, 4, 8])
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_grid_in_the_rush_is_the_same_in_any_domains(n_domains: int, n_threads: int) -> None:
    case = rush_on_grid(n_side=6, n_trips=900, n_steps=1_200)
    one = load_by_kernel(case)
    assert one.rotations > 0, "the case was meant to lock"
    assert load_by_kernel(case, n_domains, n_threads) == one
    assert load_by_kernel(case, n_domains, n_threads, stops_s=range(7, 1_200, 61)) == one


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=50)
@given(cases(with_buses=True), SEEDS)
def test_numbering_changes_nothing_to_the_twin(case: Case, seed: int) -> None:
    assert load_renumbered(case, seed, load) == load(case)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=50)
@given(cases(), SEEDS)
def test_numbering_changes_nothing(case: Case, seed: int) -> None:
    """Ties are broken by outside keys, so rows can stand in any order."""
    assert load_renumbered(case, seed) == load_by_kernel(case)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=25)
@given(cases(), SEEDS)
def test_order_of_nodes_changes_nothing(case: Case, seed: int) -> None:
    """Free and hole times of a step or more: what one node does in a step, no other sees in that step."""
    order = shuffled(case.net.n_nodes, seed).tolist()
    assert SlowLoading(case, node_order=order).run() == load(case)


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=25)
@given(cases(), st.integers(1, 60))
def test_the_future_does_not_touch_the_past(case: Case, from_s: int) -> None:
    """Vehicles released later than a moment change nothing before it."""
    keep = [trip for trip in range(case.demand.n_trips) if case.demand.release_ms[trip] < 1_000 * from_s]
    demand = case.demand
    early = replace(
        case,
        demand=worlds.Demand(
            demand.trip_key[keep],
            tuple(demand.routes[trip] for trip in keep),
            demand.release_ms[keep],
            kind=tuple(demand.kind_of(trip) for trip in keep),
        ),
    )
    for loader in (load, load_by_kernel):
        before = [event for event in loader(case).events if event[3] < 1_000 * from_s]
        alone = [(keep[trip], *rest) for trip, *rest in loader(early).events if rest[2] < 1_000 * from_s]
        assert before == alone


@pytest.mark.one_interpreter("what holds of the slow twin holds of a kernel that agrees with it on each")
@settings(max_examples=40)
@given(cases(with_incidents=False), st.integers(1, 60), st.integers(1, 60))
def test_who_is_held_by_a_queue(case: Case, since_s: int, span_s: int) -> None:
    """Who is past its free-flow time is held; after a whole span it has seen how many left before it."""
    slow, loader = SlowLoading(case), loader_of(case)
    now_s = since_s + span_s
    while slow.step_s < now_s:
        slow.step()
    loader.advance(0, since_s)
    left = loader.advance(since_s, now_s)
    held = loader.queued(now_s, since_s, left)
    expected = []
    for row, link in enumerate(slow.links):
        n_left = sum(1 for _, where, _, exit_ms in slow.events if where == row and exit_ms >= 1_000 * since_s)
        for ahead, vehicle in enumerate(link.on_link):
            if vehicle.ready_ms < 1_000 * now_s:
                seen = vehicle.ready_ms <= 1_000 * since_s
                more_ms = ahead * 1_000 * span_s // max(n_left, 1) if seen else 0
                expected.append((vehicle.trip, row, vehicle.enter_ms, 1_000 * now_s + more_ms))
    columns = (held.trip.tolist(), held.link.tolist(), held.enter_ms.tolist(), held.exit_ms.tolist())
    assert sorted(zip(*columns, strict=True)) == sorted(expected)
    after_weeks = loader.queued(2_000_000, since_s, left).exit_ms
    assert (after_weeks >= 2_000_000_000).all(), "a moment beyond 32 bits is the last one, not one long ago"
