"""Runs of a timetable as vehicles: when they really call at stops, on the road and off it."""

from __future__ import annotations

import numpy as np
import pytest

from tests import worlds
from tests.kernels import loading_door as door
from tests.transit_worlds import routes_of, timetable_of
from twin.errors import WorkError
from twin.mobility.links import build_network
from twin.mobility.loading import Loader
from twin.mobility.riders import ActualService
from twin.mobility.rules import Rules
from twin.mobility.transit import TransitRuns, buses_of
from twin.routing.routes import Routes
from twin.routing.topology import build_topology
from twin.territory.timetable import Timetable

DWELL_S = 10.0
HOUR_MS = 3_600_000


def street(n_links: int = 6) -> worlds.Net:
    """Links in a row, 100 s each."""
    return worlds.net_of([worlds.Street(i, i + 1, 1_000, 36, 1_800) for i in range(n_links)])


def loader_of(net: worlds.Net, buses: TransitRuns) -> Loader:
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    no = np.empty(0, dtype=np.int64)
    network = build_network(topology, net.storage, net.hole_ms, net.weight)
    nobody = Routes(no.astype(np.int32), no, no)
    return Loader(network, door.supply_of(net), no.astype(np.uint64), nobody, Rules(1.0, 30), buses.legs)


def made(timetable: Timetable, patterns: list, net: worlds.Net) -> TransitRuns:
    return buses_of(timetable, routes_of(patterns), DWELL_S, np.stack([net.tail, net.head]))


def run(net: worlds.Net, buses: TransitRuns, until_s: int, jam_s: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Arrivals and departures at all calls [s]; the third link may be slower by so much."""
    loader = loader_of(net, buses)
    if jam_s:
        loader.supply.free_ms[2] += 1_000 * jam_s
    due = buses.due(0, 1_000 * until_s)
    loader.release(due, loader.vehicles.not_before_ms[due])
    loader.advance(0, until_s)
    dwell_ms = np.full(buses.n_calls, buses.dwell_ms)
    moments = buses.moments(loader.vehicles, loader.n_trips, 1_000 * until_s, (buses.leg_call + 1, dwell_ms))
    return tuple(np.where(column >= 0, column / 1_000.0, np.nan) for column in moments)  # type: ignore[return-value]


def test_a_run_keeps_its_times_dwells_and_makes_up_for_a_delay() -> None:
    timetable = timetable_of([[(0, 0, 0), (1, 250, 260), (2, 400, 400), (3, 540, 540)]])
    net = street()
    buses = made(timetable, [([0, 1, 3, 4], [[0, 1], [2, 3], [4]])], net)
    arrived_s, left_s = run(net, buses, 3_000)
    assert arrived_s.tolist() == [0, 200, 460, 570]  # held at stop 1 until 260; then 200 s, not 140
    assert left_s[:3].tolist() == [0, 260, 470]  # already late at stop 2: it dwells 10 s
    assert run(net, buses, 3_000, jam_s=300)[0].tolist() == [0, 200, 760, 870]
    assert np.isnan(run(net, buses, 400)[0][2:]).all()


def test_two_stops_on_one_link_and_a_stretch_off_the_road() -> None:
    """Stops 1 and 2 stand on one link; stop 3 lies off the road; from stop 4 the bus drives again."""
    calls = [(0, 0, 0), (1, 150, 150), (2, 190, 190), (3, 300, 310), (4, 500, 510), (5, 700, 700)]
    timetable, net = timetable_of([calls]), street()
    links, ways = [0, 1, 1, -1, 3, 4], [[0, 1], [], [], [], [3, 4]]
    buses = made(timetable, [(links, ways)], net)
    assert buses.legs.n_legs == 2
    arrived_s, left_s = run(net, buses, 3_000)
    assert arrived_s.tolist() == [0, 200, 210, 300, 500, 710]
    assert left_s[:5].tolist() == [0, 210, 190, 310, 510]  # off the road the schedule holds: 190
    on_one_link = [([0, 1, 1, 1, 2], [[0, 1], [], [], [2]])]
    timetable = timetable_of([[(0, 0, 0), (1, 150, 230), (2, 231, 231), (3, 232, 300), (4, 400, 400)]])
    arrived_s, left_s = run(net, made(timetable, on_one_link, net), 3_000)
    assert arrived_s.tolist() == [0, 200, 230, 240, 400]
    assert left_s[:4].tolist() == [0, 230, 240, 300]


def test_many_runs_each_have_their_own_key_and_vehicles_are_conserved() -> None:
    calls = [(0, 0.0, 0.0), (1, 250.0, 260.0), (2, 500.0, 500.0)]
    runs = [[(stop, a + 60 * k, d + 60 * k) for stop, a, d in calls] for k in range(50)]
    net = street()
    buses = made(timetable_of(runs), [([0, 1, 3], [[0, 1], [2, 3]])], net)
    assert np.unique(buses.legs.key).shape[0] == 100
    loader = loader_of(net, buses)
    for from_s in range(0, 5_000, 100):
        due = buses.due(1_000 * from_s, 1_000 * (from_s + 100))
        loader.release(due, loader.vehicles.not_before_ms[due])
        loader.advance(from_s, from_s + 100)  # checks conservation
    assert (loader.vehicles.arrived_ms >= 0).all()
    assert loader.driving.size == loader.waiting.size == 0, "no trip drives: those were buses"


def test_legs_that_do_not_join_are_refused() -> None:
    timetable, net = timetable_of([[(0, 0, 0), (1, 250, 260), (2, 500, 500)]]), street()
    with pytest.raises(WorkError, match="begins off the end"):
        made(timetable, [([0, 1, 4], [[0, 1], [3, 4]])], net)


def test_a_stop_that_is_passed_by_has_no_moments_and_the_leg_leads_on() -> None:
    timetable, net = timetable_of([[(0, 0, 0), (1, 250, 260), (2, 500, 500)]]), street()
    buses = made(timetable, [([0, 1, 3], [[0, 1], [2, 3]])], net)
    loader, service = loader_of(net, buses), ActualService.fresh(buses)
    service.pass_by(buses, 0, 1)
    loader.vehicles.next_leg[0] = -1
    loader.release(np.array([0]), np.array([0]))
    loader.advance(0, 1_000)
    service.note(buses, loader.vehicles, loader.n_trips, 1_000_000)
    assert service.passed.tolist() == [False, True, False]
    assert service.arrived_ms.tolist() == [0, -1, 200_000]
    assert service.left_ms.tolist() == [0, -1, 500_000]


def test_who_changes_the_queue_stands_there_by_moment_and_key() -> None:
    """Three ways leave a node; a bus waits for one of them and starts by another."""
    net = worlds.net_of([worlds.Street(0, 1, 100, 36, 1_800)] + [worlds.Street(1, 2, 100, 36, 1_800)] * 2)
    demand = worlds.demand_of([(moment, (1,)) for moment in (50, 10, 30)] + [(20, (2,))])
    loader = door.loader_of(worlds.Case(net, demand, 100))
    loader.start_by(np.array([2]), Routes.joined([np.array([2], dtype=np.int32)]))
    left = loader.advance(0, 100)
    assert loader.vehicles.entered_ms.tolist() == [50_000, 10_000, 30_000, 20_000]
    assert np.bincount(left.link, minlength=3).tolist() == [0, 2, 2]
