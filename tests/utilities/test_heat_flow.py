"""District heat: published networks, the law of a pipe, delays, and a balance that closes at every step."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utilities.heat_cases import LOOP, LOOP_PIPES, control_of, network_of, schutterwald, settle
from twin.errors import InputError, WorkError
from twin.utilities.heat.flow import HeatFlow
from twin.utilities.heat.hydraulics import node_drop, pipe_flows, pressure_drop, pump_w
from twin.utilities.heat.network import Water

C = Water().heat_capacity


def test_the_heat_network_of_schutterwald_carries_what_others_found():
    """Flows, temperatures over the ground's and heat within a thousandth; asked for is 1 %."""
    case, flow, asked = schutterwald()
    last = settle(flow, asked, case["supply_c"], 200)
    _, kg_s, arriving_c, bar = np.array(case["consumer_node_kg_s_arriving_c_drop_bar"]).T
    ground = case["ground_c"]
    assert last.drawn_kg_s == pytest.approx(kg_s, rel=1e-3)
    assert last.arriving_c - ground == pytest.approx(arriving_c - ground, rel=1e-3)
    assert last.return_c - ground == pytest.approx(case["back_c"] - ground, rel=1e-3)
    assert last.brought_j / 900.0 == pytest.approx(case["brought_w"], rel=1e-3)
    assert last.drawn_kg_s.sum() == pytest.approx(case["total_kg_s"], rel=1e-3)
    assert last.taken_j == pytest.approx(last.asked_j)
    found = 2.0 * node_drop(flow.network, pipe_flows(flow.network, last.drawn_kg_s))[flow.network.substation]
    expected = 1e5 * (case["lift_bar"] - bar)
    far = expected > 5_000.0
    assert far.sum() > 30
    assert found[far] == pytest.approx(expected[far], rel=0.05), "their water's density is not constant"


def test_a_published_loop_cools_as_its_law_says_at_its_flows():
    """One load on a loop: arrives over both branches. Their flows differ by the friction they take."""
    water = Water(density=998.0, heat_capacity=4_182.0, viscosity=1e-6)
    w_per_m_k = 5.0 * math.pi * 0.075
    network = network_of(LOOP_PIPES, 2_500.0, 0.075, w_per_m_k, [2], water=water, roughness_m=1e-4)
    flows = pipe_flows(network, np.array([1.0]))
    assert flows == pytest.approx(LOOP["flow_kg_s"], rel=0.03)
    assert pressure_drop(network, flows)[1] == pytest.approx(
        pressure_drop(network, flows)[2:].sum(), abs=1e-2
    )
    over = np.array(LOOP["node_k"]) - 293.0
    # Each branch by itself, at the flows of the case.
    for pipes, kg_s, start, end in (
        ([(0, 1)], 1.0, over[0], over[1]),
        ([(0, 1)], LOOP["flow_kg_s"][1], over[1], LOOP["arrive_at_2_k"][0] - 293.0),
        ([(0, 1), (1, 2)], LOOP["flow_kg_s"][2], over[1], LOOP["arrive_at_2_k"][1] - 293.0),
    ):
        branch = network_of(pipes, 2_500.0, 0.075, w_per_m_k, [len(pipes)], water=water)
        control = control_of(1, return_c=20.0, ground_c=20.0, most_kg_s=np.array([kg_s]))
        last = settle(HeatFlow(branch, control, (20.0, 20.0)), np.array([1e9]), 20.0 + start, 100)
        assert last.drawn_kg_s == pytest.approx(kg_s)
        assert last.arriving_c[0] - 20.0 == pytest.approx(end, rel=1e-6)
    shares = np.array(LOOP["flow_kg_s"][1:3])
    assert shares @ (np.array(LOOP["arrive_at_2_k"]) - 293.0) == pytest.approx(over[2], rel=1e-6)


def test_the_temperature_front_arrives_after_length_over_velocity():
    """1 km of 100 mm at 5 kg/s: 0.651 m/s, 1,536 s."""
    network = network_of([(0, 1)], 1_000.0, 0.1, 0.0, [1])
    control = control_of(1, most_kg_s=np.array([5.0]))
    flow = HeatFlow(network, control, (70.0, 50.0))
    delay_s = 1_000.0 * 0.25 * math.pi * 0.01 * Water().density / 5.0
    arrived, opened = [], np.ones(1, dtype=bool)
    for _ in range(60):
        arrived.append(flow.step(np.array([1e9]), 90.0, 60.0, True, opened).arriving_c[0])
    first = next(k for k, c in enumerate(arrived) if c > 70.0 + 1e-6)
    assert first == int(delay_s // 60.0)
    mean_delay = sum(90.0 - c for c in arrived) / 20.0 * 60.0
    assert mean_delay == pytest.approx(delay_s, rel=1e-9)


def ring_or_tree(n: int, chords: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A tree in which each node hangs on one before it, and chords that close loops."""
    return [(k // 2, k) for k in range(1, n)] + [(a % n, b % n) for a, b in chords if a % n != b % n]


@given(
    st.integers(3, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=3),
    st.lists(
        st.tuples(st.floats(0.0, 3e5), st.floats(40.0, 100.0), st.booleans(), st.integers(0, 3)),
        min_size=1, max_size=12,
    ),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_heat_balances_at_every_step_of_any_network_whatever_fails(n, chords, steps):
    ends = list(dict.fromkeys(ring_or_tree(n, chords)))
    length_m = [40.0 + 90.0 * k for k in range(len(ends))]
    stations = list(range(1, n))
    network = network_of(ends, length_m, 0.08, 0.4, stations)
    flow = HeatFlow(network, control_of(n - 1, source_w=2e5, most_kg_s=np.full(n - 1, 3.0)), (60.0, 45.0))
    before = flow._stored
    for asked, supply_c, running, closed in steps:
        opened = np.arange(n - 1) != closed
        asked_w = asked * (1.0 + np.arange(n - 1) % 3)
        last = flow.step(asked_w, supply_c, 300.0, running, opened)
        assert last.imbalance < 1e-6
        assert last.lost_j >= 0.0
        assert (last.taken_j <= last.asked_j * (1.0 + 1e-12)).all()
        assert (last.taken_j >= 0.0).all()
        assert not last.taken_j[~opened].any()
        more = last.stored_j - before
        assert last.brought_j == pytest.approx(last.taken_j.sum() + last.lost_j + more, rel=1e-6, abs=1.0)
        before = last.stored_j
        if not running:
            assert last.brought_j == last.pump_j == 0.0


def test_a_balance_that_does_not_close_is_an_error():
    network = network_of([(0, 1)], 100.0, 0.1, 0.3, [1])
    flow = HeatFlow(network, control_of(1), (80.0, 50.0))
    flow._stored += 1e6
    with pytest.raises(WorkError, match="heat balance"):
        flow.step(np.array([1e4]), 80.0, 60.0, True, np.ones(1, dtype=bool))


def test_without_power_at_the_source_the_network_cools_and_serves_nobody():
    network = network_of([(0, 1)], 500.0, 0.1, 0.3, [1])
    flow = HeatFlow(network, control_of(1), (80.0, 50.0))
    opened = np.ones(1, dtype=bool)
    served = settle(flow, np.array([5e4]), 80.0, 40)
    dark = [flow.step(np.array([5e4]), 80.0, 900.0, False, opened) for _ in range(8)]
    assert all(not each.taken_j.any() and each.lost_j > 0.0 for each in dark)
    assert all(a.stored_j > b.stored_j for a, b in pairwise(dark))
    back = flow.step(np.array([5e4]), 80.0, 900.0, True, opened)
    assert served.arriving_c[0] > back.arriving_c[0] > 60.0, "what stood in the pipe has cooled"


def test_a_small_source_gives_what_it_has_and_a_closed_valve_nothing():
    network = network_of([(0, 1), (0, 2)], 50.0, 0.1, 0.0, [1, 2])
    flow = HeatFlow(network, control_of(2, source_w=3e4, most_kg_s=np.full(2, 1.0)), (80.0, 50.0))
    last = settle(flow, np.array([4e4, 4e4]), 80.0, 100)
    assert last.brought_j / 900.0 == pytest.approx(3e4, rel=1e-3)
    assert last.taken_j.sum() / 900.0 == pytest.approx(3e4, rel=1e-3)
    closed = flow.step(np.array([4e4, 4e4]), 80.0, 900.0, True, np.array([True, False]))
    assert closed.taken_j[1] == 0.0


def test_pumping_is_the_way_there_and_back_and_the_worst_station():
    network = network_of([(0, 1), (1, 2)], [300.0, 200.0], 0.1, 0.0, [1, 2])
    drawn = np.array([2.0, 3.0])
    flows = pipe_flows(network, drawn)
    assert flows == pytest.approx([5.0, 3.0])
    drop = pressure_drop(network, flows)
    expected = (2.0 * drop.sum() + 5e4) * 5.0 / Water().density
    assert pump_w(network, flows, drawn, 5e4) == pytest.approx(expected)
    assert pump_w(network, 0.0 * flows, 0.0 * drawn, 5e4) == 0.0


def test_a_slow_flow_is_laminar_and_a_fast_one_as_swamee_and_jain():
    network = network_of([(0, 1)], 100.0, 0.1, 0.0, [1])
    area, water = 0.25 * math.pi * 0.01, Water()
    slow = 1_000.0 * water.viscosity / 0.1
    expected = 64.0 / 1_000.0 * 1_000.0 * 0.5 * water.density * slow**2
    assert pressure_drop(network, np.array([slow * area * water.density])) == pytest.approx(expected)
    fast = 1.5 * area * water.density
    reynolds = 1.5 * 0.1 / water.viscosity
    factor = 0.25 / math.log10(5e-5 / 0.37 + 5.74 / reynolds**0.9) ** 2
    assert pressure_drop(network, np.array([fast])) == pytest.approx(
        factor * 1e3 * 0.5 * water.density * 2.25
    )
    grid = np.linspace(-8.0, 8.0, 4_001)
    rising = [pressure_drop(network, np.array([each]))[0] for each in grid]
    assert (np.diff(rising) > 0.0).all()


def test_a_network_in_two_parts_or_with_a_pipe_of_no_diameter_is_one_line():
    apart = network_of([(0, 1), (2, 3)], 10.0, 0.1, 0.3, [1, 3])
    with pytest.raises(InputError, match="n3: a substation that no pipe joins to the source"):
        HeatFlow(apart, control_of(2), (80.0, 50.0))
    with pytest.raises(InputError, match="0>1: no length, diameter or heat loss"):
        HeatFlow(network_of([(0, 1)], 10.0, math.nan, 0.3, [1]), control_of(1), (80.0, 50.0))
