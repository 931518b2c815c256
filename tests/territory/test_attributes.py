"""Speeds, lanes and capacities: hostile tags, imputation by class, lane drops."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.scenario.ledger import Parameters
from twin.territory.attributes import (
    LinkLines,
    impute,
    lanes_of,
    propagate_lane_drops,
    read_member_tags,
    speed_kmh,
)
from twin.territory.tables import INFERRED, OBSERVED, ROAD_CLASSES


def one_link(*tags: dict[str, str], road_class: str = "primary", length_m: float = 100.0, urban: bool = True):
    """Attributes of one straight link whose members have these tags."""
    n = len(tags)
    lines = LinkLines(np.full(n, length_m), np.array([0, n]), np.arange(n + 1) * length_m, np.zeros(n + 1))
    read = read_member_tags(tags, [True] * n, [False] * n, Counter())
    classes = np.array([ROAD_CLASSES.index(road_class)])
    return impute(read, lines, classes, np.array([urban]), Parameters.defaults())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50", 50.0), ("50 km/h", 50.0), ("30 mph", 48.28032), ("50;30", 30.0), ("FR:urban", 50.0),
        ("walk", 6.0), ("none", None), ("signals", None), ("1e999", None), ("-7", None), ("NaN", None),
        ("0", None), ("9999", None), ("", None), ("5" * 5000, None), ("٥٠", None), ("RO:urban", None),
    ],
)  # fmt: skip
def test_speed_tags(text, expected):
    assert speed_kmh(text) == expected


@pytest.mark.parametrize(
    ("tags", "forward", "both_ways", "expected"),
    [
        ({"lanes": "2"}, True, True, 1.0), ({"lanes": "2"}, True, False, 2.0),
        ({"lanes": "1"}, True, True, 1.0),
        ({"lanes": "3", "lanes:forward": "2"}, True, True, 2.0), ({"lanes": "9999"}, True, False, None),
        ({"lanes": "two"}, True, False, None), ({"lanes": "2;3"}, True, False, 2.0), ({}, True, True, None),
        ({"lanes": "3", "lanes:backward": "1"}, False, True, 1.0), ({"lanes": "-2"}, True, False, None),
    ],
)  # fmt: skip
def test_lane_tags(tags, forward, both_ways, expected):
    assert lanes_of(tags, forward, both_ways) == expected


@given(st.text(max_size=20))
def test_any_tag_text_gives_a_usable_value_or_none(text):
    speed, lanes = speed_kmh(text), lanes_of({"lanes": text}, True, True)
    assert speed is None or 5.0 <= speed <= 150.0
    assert lanes is None or 1.0 <= lanes <= 8.0


def test_a_tagged_limit_is_kept_exactly_and_said_to_be_observed():
    made = one_link({"maxspeed": "70"}, {"maxspeed": "70"})
    assert made.free_speed_mps[0] == 70.0 / 3.6
    assert made.speed_provenance[0] == OBSERVED


def test_town_and_country_differ_where_nothing_is_tagged():
    town, country = one_link({}), one_link({}, urban=False)
    assert (town.free_speed_mps[0], country.free_speed_mps[0]) == (50.0 / 3.6, 80.0 / 3.6)
    assert town.speed_provenance[0] == INFERRED


def test_two_limits_take_as_long_as_they_would():
    made = one_link({"maxspeed": "50"}, {"maxspeed": "100"})
    assert made.free_speed_mps[0] == pytest.approx(
        200.0 / (100.0 / (50 / 3.6) + 100.0 / (100 / 3.6)), rel=1e-3
    )


def test_a_link_is_as_wide_as_its_narrowest_member_but_stores_all():
    made = one_link({"lanes": "2"}, {"lanes": "1"}, length_m=75.0)
    assert made.lanes[0] == 1.0
    assert made.flow_capacity_vps[0] * 3600.0 == pytest.approx(1500.0)
    assert made.storage_veh[0] == 30


def test_an_untagged_member_continues_its_neighbours_lanes():
    made = one_link({"lanes": "2"}, {}, {"lanes": "2"})
    assert (made.lanes[0], made.lanes_provenance[0]) == (2.0, OBSERVED)


def test_a_short_tagged_stretch_does_not_widen_a_long_road():
    made = one_link({}, {"lanes": "3"}, {})
    assert (made.lanes[0], made.lanes_provenance[0]) == (1.0, INFERRED)


def test_the_shortest_link_stores_two_vehicles():
    assert one_link({}, length_m=3.0).storage_veh[0] == 2


def test_bends_slow_a_road_but_not_a_motorway():
    x, y = np.array([0.0, 60.0, 60.0]), np.array([0.0, 0.0, 60.0])
    lines = LinkLines(np.full(2, 60.0), np.array([0, 2]), x, y)
    read = read_member_tags([{"maxspeed": "90"}] * 2, [True] * 2, [False] * 2, Counter())
    speeds = [
        impute(read, lines, np.array([kind]), np.array([False]), Parameters.defaults()).free_speed_mps[0]
        * 3.6
        for kind in (ROAD_CLASSES.index("secondary"), ROAD_CLASSES.index("motorway"))
    ]
    assert speeds[0] < 60.0
    assert speeds[1] == 90.0


def test_a_lane_drop_holds_back_what_leads_to_it():
    """0 > 1 > 2 > 3 narrows at the end; a street joins at 2, so only the link just before it is held."""
    tail, head = np.array([0, 1, 2, 4]), np.array([1, 2, 3, 2])
    capacity = np.array([1.0, 1.0, 0.5, 0.25])
    none = np.full(4, -1)
    held, n_held = propagate_lane_drops(capacity, tail, head, none)
    assert (held.tolist(), n_held) == ([1.0, 1.0, 0.5, 0.25], 0)
    held, n_held = propagate_lane_drops(capacity[:3], tail[:3], head[:3], none[:3])
    assert (held.tolist(), n_held) == ([0.5, 0.5, 0.5], 2)


def test_turning_back_is_no_way_on():
    """A two-way road that narrows: each direction leads on to its own continuation only."""
    tail, head = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
    reverse = np.array([1, 0, 3, 2])
    held, n_held = propagate_lane_drops(np.array([1.0, 1.0, 0.5, 0.5]), tail, head, reverse)
    assert (held.tolist(), n_held) == ([0.5, 1.0, 0.5, 0.5], 1)
