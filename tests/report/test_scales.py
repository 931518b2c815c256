"""Colours can be told apart by everybody, widths and limits are those the legend says."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.report.drawn import LinkFlows, LinkMap
from twin.report.scales import (
    DELAY_COLOURS,
    DIVERGING_COLOURS,
    PART_COLOURS,
    RESIDUAL_COLOURS,
    SCENARIO_COLOURS,
    VERDICT_COLOURS,
    WIDEST_PX,
    Scale,
    column_scale,
    measured,
    nice,
    round_up,
    scale_of,
)

# Machado, Oliveira and Fernandes 2009, IEEE TVCG 15(6), table 1, severity 1.0; on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LEAST_DIFFERENCE = 10.0
"""CIE76 colour difference that is seen at a glance; 2.3 is just noticeable (Mahy et al. 1994)."""


def lab(colour: str, kind: str) -> np.ndarray:
    """CIELAB of a colour as someone with that colour vision sees it (CIE 15:2004, D65)."""
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(BLINDNESS[kind] @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize(
    "colours",
    [
        DELAY_COLOURS,
        DIVERGING_COLOURS,
        RESIDUAL_COLOURS,
        PART_COLOURS,
        SCENARIO_COLOURS,
        tuple(VERDICT_COLOURS.values()),
    ],
)
def test_any_two_colours_of_a_scale_differ_for_every_eye(colours: tuple[str, ...], kind: str) -> None:
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(lab(one, kind) - lab(other, kind)) > LEAST_DIFFERENCE, (one, other)


def test_lightness_falls_along_the_delay_and_away_from_no_change() -> None:
    light = [lab(colour, "none")[0] for colour in DELAY_COLOURS[1:]]
    assert all(one > other for one, other in pairwise(light))
    both = [lab(colour, "none")[0] for colour in DIVERGING_COLOURS]
    assert all(one > other for one, other in pairwise(both[3:]))
    assert all(one > other for one, other in pairwise(both[3::-1]))


def flows_of(*days: float) -> tuple[LinkFlows, ...]:
    """Scenarios of two links; the first carries the day's flow in one hour, with 20 s of delay."""
    delay = np.full((30, 2), np.nan)
    delay[8, 0] = 20.0
    flows = []
    for day in days:
        flow = np.zeros((30, 2))
        flow[8, 0] = day
        flows.append(LinkFlows(0, flow, delay))
    return tuple(flows)


def test_one_scale_spans_all_scenarios_and_all_alternatives() -> None:
    flows = flows_of(900.0, 1_450.0, 200.0)
    assert scale_of("flow", flows, ()).day_top_veh == 1_600.0
    maps = tuple(LinkMap("", "flow_difference", row, 0) for row in (1, 2))
    scale = scale_of("flow_difference", flows, maps)
    assert scale.day_top_veh == scale.hour_top_veh == 1_000.0  # the greatest change is 700 fewer
    assert scale.day_breaks == (-500.0, -200.0, -50.0, 50.0, 200.0, 500.0)
    assert scale.classes(np.array([-700.0, -50.0, 0.0, 50.0, 550.0, np.nan])).tolist() == [0, 3, 3, 4, 6, -1]


def test_what_a_map_measures() -> None:
    flows, free_s = flows_of(100.0, 160.0), np.array([40.0, 40.0])
    flow, delay = measured(LinkMap("", "flow", 1), flows, free_s)
    assert (flow[0], delay[0]) == (160.0, 0.5)
    assert np.isnan(delay[1])  # nobody drove there
    change, colour = measured(LinkMap("", "flow_difference", 1, 0), flows, free_s)
    assert change.tolist() == colour.tolist() == [60.0, 0.0]
    greater, change = measured(LinkMap("", "delay_difference", 1, 0), flows, free_s)
    assert (greater[0], change[0]) == (160.0, 0.0)


def test_what_does_not_change_is_thin() -> None:
    scale = Scale(
        "delay_difference", DIVERGING_COLOURS, (-3, -2, -1, 1, 2, 3), (-3, -2, -1, 1, 2, 3), 100.0, 10.0
    )
    full = np.array([100.0, 100.0, 100.0])
    assert scale.drawn_px(full, scale.classes(np.array([0.0, 5.0, np.nan]))).tolist() == [1.2, WIDEST_PX, 1.2]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20), st.floats(1, 1e6))
def test_wider_is_more(flows: list[float], top: float) -> None:
    scale = Scale("flow", DELAY_COLOURS, (0.1,), (0.1,), top, top)
    flow = np.sort(np.array(flows))
    widths = scale.widths_px(flow)
    assert (np.diff(widths) >= 0).all()
    assert (widths <= WIDEST_PX).all()
    assert ((widths == 0) == (flow == 0)).all()


@given(st.floats(1e-6, 1e9))
def test_round_numbers_are_not_below_and_not_far_above(value: float) -> None:
    assert value * (1 - 1e-6) <= nice(value) <= 2.5 * value * (1 + 1e-6)
    assert value * (1 - 1e-6) <= round_up(value) <= 1.5 * value * (1 + 1e-6)


def test_a_column_gets_limits_that_its_values_fill() -> None:
    values = np.array([np.nan, 1.0, 3.0, 8.0])
    assert column_scale(values, np.array([0.0, 5.0, 5.0, 7.0]), differs=False).day_breaks == (
        0.5,
        1.0,
        2.0,
        5.0,
    )
    scale = column_scale(np.array([-4.0, 0.0, np.nan]), np.array([5.0, 5.0, 0.0]), differs=True)
    assert scale.day_breaks == (-2.5, -1.0, -0.25, 0.25, 1.0, 2.5)
    assert column_scale(np.array([np.nan]), np.array([0.0]), differs=True).colours == DIVERGING_COLOURS
