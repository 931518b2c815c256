"""Power flow: published networks, the closed formula of two buses, islands, and what cannot be solved."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utilities.power_cases import case, cigre_lv, cigre_mv, ieee_33
from twin.errors import InputError, WorkError
from twin.utilities.power.flow import PowerFlow
from twin.utilities.power.pgm_json import write_pgm_json

pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")

IEEE_33_U = [1, 0.99703, 0.98294, 0.97546, 0.96806, 0.94966, 0.94617, 0.94133, 0.93506, 0.92924, 0.92838,
             0.92688, 0.92077, 0.91850, 0.91709, 0.91572, 0.91370, 0.91309, 0.99650, 0.99293, 0.99222,
             0.99158, 0.97935, 0.97268, 0.96936, 0.94773, 0.94517, 0.93373, 0.92551, 0.92195, 0.91779,
             0.91687, 0.91659]  # fmt: skip


@pytest.mark.parametrize(
    ("network", "loss_kw", "least_pu", "bus"),
    [
        (ieee_33, 202.6771, 0.91309, {17}),
        (cigre_mv, 303.58, 0.92298, {11}),
        (cigre_lv, 28.329, 0.91227, {35, 36}),
    ],
)
def test_published_networks_lose_and_drop_what_others_found(network, loss_kw, least_pu, bus):
    grid, active, reactive = network()
    flow = PowerFlow(grid).solve(active, reactive)
    assert flow.loss_w[0] == pytest.approx(1000.0 * loss_kw, rel=1e-4)
    assert flow.u_pu[0].min() == pytest.approx(least_pu, rel=1e-4)
    assert int(flow.u_pu[0].argmin()) in bus
    assert flow.imbalance() < 1e-6
    assert not flow.unserved_w.any()


def test_every_voltage_of_the_33_buses():
    grid, active, reactive = ieee_33()
    assert PowerFlow(grid).solve(active, reactive).u_pu[0] == pytest.approx(IEEE_33_U, abs=6e-6)


def test_transformers_of_the_medium_voltage_benchmark_carry_the_published_load():
    grid, active, reactive = cigre_mv()
    loading = PowerFlow(grid).solve(active, reactive).transformer_loading[0] / 1.03
    assert loading == pytest.approx([1.01411, 0.84698], rel=1e-4), "by current, at 1.03 pu"


@given(
    st.floats(0.01, 0.5), st.floats(0.001, 0.5), st.floats(1.0, 60_000.0), st.floats(-20_000.0, 30_000.0)
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_two_buses_follow_the_closed_formula(r, x, active, reactive):
    grid = case([400.0, 400.0], [(0, 1, r, x, 0.0, 100.0)], [], (0, 1.0), [1])
    a = 400.0**2 - 2.0 * (r * active + x * reactive)
    under = a**2 - 4.0 * (r**2 + x**2) * (active**2 + reactive**2)
    if a <= 0.0 or under < 0.0:
        with pytest.raises(InputError, match="step 0"):
            PowerFlow(grid).solve(np.array([active]), np.array([reactive]))
        return
    if under < 1e-4 * a**2:
        return  # so near to collapse that rounding decides
    expected = math.sqrt((a + math.sqrt(under)) / 2.0) / 400.0
    flow = PowerFlow(grid).solve(np.array([active]), np.array([reactive]))
    assert flow.u_pu[0, 1] == pytest.approx(expected, rel=1e-7)
    current = math.hypot(active, reactive) / (math.sqrt(3.0) * 400.0 * expected)
    assert flow.loss_w[0] == pytest.approx(3.0 * r * current**2, rel=1e-5, abs=1e-3)
    assert flow.line_loading[0, 0] == pytest.approx(current / 100.0, rel=1e-5, abs=1e-9)


def chain() -> PowerFlow:
    """A source and three loads one behind the other."""
    lines = [(row, row + 1, 0.1, 0.05, 0.0, 200.0) for row in range(3)]
    return PowerFlow(case([400.0] * 4, lines, [], (0, 1.0), [1, 2, 3]))


def test_what_lies_behind_a_broken_bus_is_unserved_and_all_is_back_a_step_later():
    load = np.full((3, 3), 5_000.0)
    broken = np.zeros((3, 4), dtype=bool)
    broken[1, 2] = True
    flow = chain().solve(load, 0.2 * load, broken)
    assert flow.energised.tolist() == [[True] * 4, [True, True, False, False], [True] * 4]
    assert flow.unserved_w.tolist()[1] == [0.0, 5_000.0, 5_000.0]
    assert not flow.unserved_w[[0, 2]].any()
    assert (flow.u_pu[1, 2:] == 0.0).all()
    assert flow.u_pu[0] == pytest.approx(flow.u_pu[2], rel=1e-12)
    assert flow.u_pu[1, 1] > flow.u_pu[0, 1], "less load, less drop"
    assert flow.imbalance() < 1e-6


def test_a_broken_source_leaves_everybody_without():
    load = np.full((1, 3), 5_000.0)
    flow = chain().solve(load, load, np.array([True, False, False, False]))
    assert not flow.energised.any()
    assert flow.unserved_w.sum() == 15_000.0
    assert flow.supplied_w[0] == flow.loss_w[0] == 0.0
    assert not np.isnan(flow.line_loading).any()


def test_voltages_outside_a_tenth_are_counted():
    load = np.array([[1_000.0] * 3, [35_000.0] * 3])
    flow = chain().solve(load, 0.0 * load)
    assert flow.outside_band(0.1).tolist() == [0.0, 0.5]


def test_a_load_that_no_voltage_carries_names_its_step():
    load = np.array([[1_000.0] * 3, [1e9] * 3])
    with pytest.raises(InputError, match="power flow, step 1"):
        chain().solve(load, 0.0 * load)


@pytest.mark.parametrize(
    ("lines", "loads", "text"),
    [
        ([(0, 1, math.nan, 0.1, 0.0, 100.0)], [1], "line 0: no impedance"),
        ([(0, 1, 0.0, 0.0, 0.0, 100.0)], [1], "line 0: no impedance"),
        ([(0, 1, 0.1, 0.1, 0.0, 100.0)], [2], "bus 2: an island of 1 buses without a source"),
    ],
)
def test_a_network_that_cannot_be_solved_is_one_line(lines, loads, text):
    with pytest.raises(InputError, match=text):
        PowerFlow(case([400.0] * 3, lines, [], (0, 1.0), loads))


def test_loads_that_are_no_numbers_are_one_line():
    with pytest.raises(InputError, match="step 0, load 1"):
        chain().solve(np.array([[1.0, math.nan, 1.0]]), np.zeros((1, 3)))
    with pytest.raises(InputError, match="shape"):
        chain().solve(np.zeros((1, 2)), np.zeros((1, 2)))


def test_a_cut_line_is_like_a_broken_bus_behind_it_but_for_the_bus_before():
    load = np.full((2, 3), 5_000.0)
    cut = np.zeros((2, 3), dtype=bool)
    cut[0, 1] = True
    flow = chain().solve(load, 0.0 * load, cut=cut)
    assert flow.energised.tolist() == [[True, True, False, False], [True] * 4]
    assert flow.unserved_w.tolist() == [[0.0, 5_000.0, 5_000.0], [0.0] * 3]
    assert flow.missing().max() < 1e-6


def test_a_balance_that_does_not_close_is_an_error(monkeypatch):
    monkeypatch.setattr("twin.utilities.power.flow.TOLERANCE", 1e-2)
    monkeypatch.setattr("twin.utilities.power.flow.MOST_IMBALANCE", 1e-14)
    load = np.full((2, 3), 15_000.0)
    with pytest.raises(WorkError, match="power balance, step 0"):
        chain().solve(load, 0.0 * load)


@pytest.mark.parametrize("network", [ieee_33, cigre_mv, cigre_lv])
def test_the_engine_reads_our_json_and_finds_the_same_voltages(network, tmp_path):
    from power_grid_model import PowerGridModel
    from power_grid_model.utils import json_deserialize_from_file

    grid, active, reactive = network()
    ours = PowerFlow(grid)
    names = write_pgm_json(tmp_path / "grid.json", ours, active, reactive)
    data = json_deserialize_from_file(tmp_path / "grid.json")
    theirs = PowerGridModel(data).calculate_power_flow(error_tolerance=1e-10, max_iterations=50)
    assert theirs["node"]["u_pu"] == pytest.approx(ours.solve(active, reactive).u_pu[0], rel=1e-9)
    rows = [each.split(",") for each in names.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["component", "id", "name"]
    assert len(rows) - 1 == sum(len(table) for table in data.values())
    bus = {int(number): name for component, number, name in rows[1:] if component == "node"}
    assert [bus[each] for each in data["node"]["id"].tolist()] == grid.buses.name.tolist()


def test_json_for_other_loads_or_without_a_folder_is_one_line(tmp_path):
    load = np.full(3, 5_000.0)
    with pytest.raises(InputError, match="shape"):
        write_pgm_json(tmp_path / "grid.json", chain(), load[:2], load)
    with pytest.raises(InputError, match="cannot be written"):
        write_pgm_json(tmp_path / "no folder" / "grid.json", chain(), load, load)


def test_without_the_engine_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "power_grid_model", None)
    with pytest.raises(InputError, match=r"twin\[utilities\]"):
        chain()
