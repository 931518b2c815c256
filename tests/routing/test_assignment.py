"""Static assignment: known equilibria and optima, classes of drivers, the slow twin on random networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.assignment_worlds import (
    HALF_AND_HALF,
    Row,
    braess,
    network_of,
    nguyen_dupuis,
    pigou,
    trips_of,
)
from tests.oracles_assignment import slow_flows, slow_gap, slow_objective
from twin.errors import InputError
from twin.readers.given_routes import GivenRoutes
from twin.readers.tntp import RoadNetwork, TripTable
from twin.routing.assignment import DriverClass, Rule, assign, relative_gap

UE, SO = Rule("ue"), Rule("so")
TENTHS = [tenth / 10 for tenth in range(11)]


def near(value: float, relative: float = 1e-9):
    return pytest.approx(value, rel=relative)


# ----------------------------------------------------------------------------------------- known answers


def test_nguyen_dupuis():
    network, trips = nguyen_dupuis()
    found = assign(network, trips, UE, gap=1e-12)
    assert found.objective == near(85086.85961745935)
    assert found.total_travel_time == near(100843.37309309443)
    assert found.flow[[0, 17, 13, 6]] == pytest.approx([705.8309, 400.0, 680.1823, 353.8027], abs=1e-4)
    assert assign(network, trips, SO, gap=1e-12).total_travel_time == near(100404.10369130562)


def test_a_bridge_makes_it_worse_for_all():
    before, after = assign(*braess(False), UE, gap=1e-12), assign(*braess(True), UE, gap=1e-12)
    assert (before.total_travel_time, before.objective) == (near(498, 1e-7), near(399, 1e-7))
    assert (after.total_travel_time, after.objective) == (near(552, 1e-7), near(386, 1e-7))
    assert (before.class_cost[0], after.class_cost[0]) == (near(83, 1e-7), near(92, 1e-7))
    assert after.flow == pytest.approx([4, 2, 2, 4, 2], abs=1e-6)


def test_the_optimum_leaves_the_bridge_empty():
    best = assign(*braess(True), SO, gap=1e-12)
    assert best.total_travel_time == near(498, 1e-7)
    assert best.flow[4] == 0.0


@pytest.mark.parametrize(
    ("power", "anarchy"), [(1, 1.333333333), (2, 1.625752385), (3, 1.895628204), (4, 2.150501765)]
)
def test_price_of_anarchy_of_pigou(power, anarchy):
    selfish, best = (assign(*pigou(power), rule, gap=1e-12) for rule in (UE, SO))
    assert selfish.total_travel_time == near(1.0, 1e-7)
    assert selfish.total_travel_time / best.total_travel_time == near(anarchy, 1e-7)


@pytest.mark.parametrize("share", [*TENTHS, 1 / 3])
def test_an_app_that_knows_the_bridge(share):
    """Those without it keep to the two old routes, half and half."""
    classes = (DriverClass("app", share), DriverClass("others", 1.0 - share, HALF_AND_HALF))
    found = assign(*braess(True), UE, classes, gap=1e-12)
    below = share <= 1 / 3
    assert found.total_travel_time == near(498 + 84 * share + 234 * share**2 if below else 552, 1e-6)
    costs = (70 + 66 * share, 83 + 27 * share) if below else (92, 92)
    for group, cost, felt in zip(classes, costs, found.class_cost, strict=True):
        assert felt == near(cost, 1e-6) if group.share > 0 else np.isnan(felt)


@pytest.mark.parametrize("share", TENTHS)
def test_an_app_that_knows_the_second_road(share):
    keep = GivenRoutes("habit.csv", {(0, 1): [(1.0, np.array([0]))]})
    classes = (DriverClass("app", share), DriverClass("others", 1.0 - share, keep))
    found = assign(*pigou(1), UE, classes, gap=1e-12)
    assert found.total_travel_time == near(1 - share + share**2, 1e-6)


def test_habit_of_free_flow_routes():
    """In Braess all know the bridge by its sign and take it: 6 on each link of that way."""
    found = assign(*braess(True), UE, (DriverClass("all", 1.0, "free-flow"),))
    assert found.flow.tolist() == [6, 0, 0, 6, 6]
    assert (found.relative_gap, found.iterations) == (0.0, 0)
    assert found.total_travel_time == near(6 * (60 + 16 + 60), 1e-7)


def test_classes_in_equilibrium_are_as_one():
    network, trips = nguyen_dupuis()
    classes = (DriverClass("a", 0.25), DriverClass("b", 0.75))
    found = assign(network, trips, UE, classes, gap=1e-12)
    assert found.objective == near(85086.85961745935)
    assert found.class_flow[0] == pytest.approx(0.25 * found.flow)
    assert found.class_flow.sum(axis=0) == pytest.approx(found.flow)


# --------------------------------------------------------------------------- tolls, barred nodes, flat links


def test_a_toll_equal_to_the_damage_makes_the_optimum():
    """Pigou: a toll of one half on the road of time x, at which half the traffic is left on it."""
    network, trips = pigou(1)
    network = network_of([(1, 2, 1, 0, 1), (1, 2, 0, 1, 1)], 2, toll=[0.0, 0.25])
    found = assign(network, trips, Rule("ue", toll_weight=2.0), gap=1e-12)
    assert found.flow == pytest.approx([0.5, 0.5], abs=1e-7)
    assert (found.total_travel_time, found.total_cost) == (near(0.75, 1e-7), near(1.0, 1e-7))


def test_a_toll_rises_with_no_flow():
    """Under "so" only time is marginal: 0.4 toll + 2 x meets 1."""
    network = network_of([(1, 2, 1, 0, 1), (1, 2, 0, 1, 1)], 2, toll=[0.0, 0.4])
    found = assign(network, trips_of({(1, 2): 1.0}, 2), Rule("so", toll_weight=1.0), gap=1e-12)
    assert found.flow == pytest.approx([0.7, 0.3], abs=1e-7)


def test_distance_counts_by_its_weight():
    network = network_of([(1, 2, 1, 0, 1), (1, 2, 0, 1, 1)], 2, length=[1.0, 6.0])
    found = assign(network, trips_of({(1, 2): 1.0}, 2), Rule("ue", distance_weight=0.1), gap=1e-12)
    assert found.flow == pytest.approx([0.5, 0.5], abs=1e-7)


@pytest.mark.parametrize(("first_through", "expected"), [(1, [1, 1, 0, 0]), (4, [0, 0, 1, 1])])
def test_zones_before_the_first_through_node_let_no_trip_pass(first_through, expected):
    rows: list[Row] = [(1, 3, 1, 0, 1), (3, 2, 1, 0, 1), (1, 4, 9, 0, 1), (4, 2, 9, 0, 1)]
    found = assign(network_of(rows, 3, first_through), trips_of({(1, 2): 1.0}, 3))
    assert found.flow.tolist() == expected


def test_links_of_no_time_and_of_no_power():
    """Two connectors of time 0, in a ring, lead to roads of 3 (1 + 1 x^0) and 5 + x."""
    rows: list[Row] = [
        (1, 3, 0, 0, 4), (3, 4, 0, 0, 4), (4, 3, 0, 0, 0), (3, 2, 3, 3, 0), (4, 2, 5, 1, 1),
    ]  # fmt: skip
    found = assign(network_of(rows, 2, 3), trips_of({(1, 2): 4.0}, 2), UE, gap=1e-12)
    assert found.flow == pytest.approx([4, 1, 0, 3, 1], abs=1e-9)
    assert found.total_travel_time == near(24)


def test_trips_within_a_zone_stay_off_the_road():
    network, _ = pigou(1)
    found = assign(network, trips_of({(1, 2): 1.0, (1, 1): 50.0}, 2), UE, gap=1e-12)
    assert found.flow.sum() == near(1.0)
    assert found.class_cost[0] == near(1.0, 1e-7)


def test_every_number_of_threads_gives_the_same_flows():
    network, trips = nguyen_dupuis()
    one, three = (assign(network, trips, UE, gap=1e-10, threads=n) for n in (1, 3))
    assert one.flow.tobytes() == three.flow.tobytes()
    assert (one.relative_gap, one.iterations) == (three.relative_gap, three.iterations)


# ------------------------------------------------------------------------------------------- bad questions


@pytest.mark.parametrize("routes", ["equilibrium", "free-flow"])
def test_trips_that_find_no_path_are_named(routes):
    network = network_of([(1, 2, 1, 0, 1), (2, 1, 1, 0, 1), (3, 1, 1, 0, 1)], 3)
    with pytest.raises(InputError, match="trips from 2 to 3 find no path"):
        assign(network, trips_of({(1, 2): 1.0, (2, 3): 1.0}, 3), UE, [DriverClass("all", 1.0, routes)])


def test_a_cost_without_end_is_named():
    network = network_of([(1, 2, 1, 0, 1), (1, 2, 1, 1, 90)], 2)
    with pytest.raises(InputError, match=r"link 2 \(1 to 2\) has no finite cost"):
        assign(network, trips_of({(1, 2): 1e5}, 2))


@pytest.mark.parametrize(
    ("shares", "words"),
    [((0.5, 0.6), "shares are 0.5 \\+ 0.6"), ((1.5, -0.5), "shares"), ((0.5, 0.4), "sum to 1")],
)
def test_shares_must_sum_to_one(shares, words):
    classes = [DriverClass(name, share) for name, share in zip("ab", shares, strict=True)]
    with pytest.raises(InputError, match=words):
        assign(*pigou(1), UE, classes)


def test_a_class_is_named_once():
    with pytest.raises(InputError, match="named twice"):
        assign(*pigou(1), UE, [DriverClass("a", 0.5), DriverClass("a", 0.5)])


# ------------------------------------------------------------------------------------------- the slow twin


@st.composite
def worlds(draw: st.DrawFn) -> tuple[RoadNetwork, TripTable, Rule]:
    """A ring of through nodes with more links among them, and two zones joined to it both ways."""
    n_ring = draw(st.integers(2, 4))
    node = st.integers(3, 2 + n_ring)
    ring = [(3 + k, 3 + (k + 1) % n_ring) for k in range(n_ring)]
    extra = draw(st.lists(st.tuples(node, node).filter(lambda ends: ends[0] != ends[1]), max_size=5))
    doors = [(1, draw(node)), (draw(node), 1), (2, draw(node)), (draw(node), 2)]
    rows = [
        (
            *ends,
            draw(st.sampled_from([0.0, 0.0, 1.0, 2.0, 5.0])),
            draw(st.sampled_from([0.0, 0.1, 1.0])),
            draw(st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.5, 4.0])),
        )
        for ends in [*ring, *extra, *doors]
    ]
    few = st.lists(st.integers(0, 3).map(float), min_size=len(rows), max_size=len(rows))
    first_through = draw(st.sampled_from([1, 3]))
    network = network_of(rows, 2, first_through, toll=draw(few), length=draw(few))
    trips = trips_of({(1, 2): draw(st.integers(1, 6)), (2, 1): draw(st.integers(1, 6))}, 2)
    rule = Rule(draw(st.sampled_from(["ue", "so"])), draw(st.sampled_from([0.0, 0.5])), 0.1)
    return network, trips, rule


def balance(network: RoadNetwork, flow: np.ndarray) -> np.ndarray:
    """What leaves a node less what enters it."""
    n = network.n_nodes
    return np.bincount(network.tail, flow, n) - np.bincount(network.head, flow, n)


@settings(max_examples=40)
@given(worlds())
def test_flows_are_an_equilibrium_by_the_slow_twin(world):
    network, trips, rule = world
    found = assign(network, trips, rule, gap=1e-9)
    net = trips.trips[0] - trips.trips[1]
    assert balance(network, found.flow) == pytest.approx([net, -net] + [0] * (network.n_nodes - 2), abs=1e-9)
    assert (found.flow >= 0.0).all()
    assert slow_gap(network, trips, rule, found.flow.tolist()) <= 2e-9
    assert relative_gap(network, trips, rule, found.flow) == pytest.approx(found.relative_gap, abs=1e-12)


@settings(max_examples=15)
@given(worlds())
def test_the_objective_is_the_slow_twins(world):
    network, trips, rule = world
    found = assign(network, trips, rule, gap=1e-9)
    slow = slow_flows(network, trips, rule, 1e-6)
    least, other = (slow_objective(network, rule, flow) for flow in (found.flow.tolist(), slow))
    assert least == pytest.approx(other, rel=1e-4, abs=1e-9)
    if rule.principle == "ue":
        assert found.objective == pytest.approx(least, rel=1e-4, abs=1e-6)
