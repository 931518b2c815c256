"""Charts of people and of beliefs, from tables small enough to be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from twin.report.beliefs import pictures_of, residuals_of
from twin.report.drawn import LinkFlows
from twin.report.travel import delay_histogram, departures, group_changes, group_delays, mode_bar, speeds

TRIPS = pd.DataFrame(
    {
        "person_id": [1, 1, 2, 3, 4],
        "zone": ["village", "village", "village", "town", "village"],
        "age": [20, 20, 80, 40, 10],
        "skill": ["advanced", "advanced", "none", "basic", "none"],
        "mode": ["car", "car", "car", "walk", "walk"],
        "departed_s": [30_000.0, 60_000.0, 30_100.0, 100.0, np.nan],
        "elapsed_s": [600.0, 600.0, 900.0, 300.0, 0.0],
        "delay_s": [60.0, 120.0, 4_000.0, 0.0, np.nan],
    }
)


def test_trips_by_mode_are_those_of_the_focus() -> None:
    assert mode_bar(TRIPS, ("village",), "a", 0).parts["car"] == 3.0
    assert mode_bar(TRIPS, (), "a", 0).parts == {
        "car": 3.0,
        "passenger": 0.0,
        "walk": 2.0,
        "cycle": 0.0,
        "transit": 0.0,
    }


def test_departures_count_who_left() -> None:
    (line,) = departures([("a", TRIPS, ())], as_shares=False).lines
    (share,) = departures([("a", TRIPS, ())], as_shares=True).lines
    assert share.values[8] == 50.0
    assert sum(value or 0.0 for value in line.values) == 4.0  # the fifth never left
    assert (line.values[0], line.values[8], line.values[16]) == (1.0, 2.0, 1.0)


def test_speed_is_kilometres_over_hours() -> None:
    links = pd.DataFrame(
        {"zone": ["village", "town"], "length_m": [1_000.0, 1_000.0], "free_speed_mps": [10.0, 10.0]}
    )
    flow, delay = np.zeros((30, 2)), np.full((30, 2), np.nan)
    flow[8], delay[8] = (10.0, 10.0), (100.0, 0.0)
    whole, village = (
        speeds([("a", links, LinkFlows(0, flow, delay), zones)]).lines[0].values
        for zones in ((), ("village",))
    )
    assert whole[8] == pytest.approx(3.6 * 20_000 / (10 * 200 + 10 * 100))
    assert village[8] == pytest.approx(18.0)
    assert whole[9] is None


def test_late_trips_are_in_the_last_class() -> None:
    drawn = delay_histogram([("a", TRIPS, ())])
    assert drawn is not None
    (line,) = drawn.lines
    assert [line.values[0], line.values[1], line.values[-1]] == pytest.approx([100 / 3, 100 / 3, 100 / 3])
    assert delay_histogram([("a", TRIPS[TRIPS["mode"] == "walk"], ())]) is None


def test_who_gains_is_the_same_person_with_a_shorter_day() -> None:
    after = TRIPS.assign(elapsed_s=[300.0, 600.0, 990.0, 300.0, 30.0])
    changes = {each.group: each for each in group_changes(TRIPS, after, (), 1)}
    assert (changes["age 18-29"].gain, changes["age 18-29"].mean_change_s) == (1.0, -300.0)
    assert changes["age 75+"].lose == 1.0  # 90 s longer
    assert changes["age 0-17"].same == 1.0  # 30 s is no change
    none = changes["digital skill: none"]
    assert (none.n_persons, none.gain, none.same, none.lose, none.family) == (
        2,
        0.0,
        0.5,
        0.5,
        "digital skill",
    )
    village = {each.group for each in group_changes(TRIPS, after, ("village",), 1)}
    assert "age 30-44" not in village


def test_delays_by_group_are_of_car_trips() -> None:
    delays = {each.group: each for each in group_delays(TRIPS, ())}
    assert (delays["age 18-29"].median_s, delays["age 18-29"].n_trips) == (90.0, 2)
    assert "age 30-44" not in delays


def test_groups_of_too_few_persons_are_left_out_and_another_with_the_only_one() -> None:
    ages = [20] * 15 + [35] * 12 + [50] * 30 + [80] * 4
    n = len(ages)
    many = pd.DataFrame(
        {"person_id": np.arange(n), "zone": "village", "age": ages, "skill": "basic", "mode": "car",
         "delay_s": 60.0, "elapsed_s": 600.0}
    )  # fmt: skip
    told = {each.group for each in group_delays(many, (), 10)}
    # four are too few, and the smallest group beside them would tell them by the total less the rest
    assert told == {"age 18-29", "age 45-64", "digital skill: basic"}
    after = many.assign(elapsed_s=630.0)
    assert {each.group for each in group_changes(many, after, (), 1, 10)} == told
    trips_of_one = pd.concat([many.iloc[:1]] * 40)
    assert group_delays(trips_of_one, (), 10) == ()


LINKS = pd.DataFrame({"link_id": ["a", "b"], "length_m": [1_000.0, 2_000.0], "flow_veh": [20, 5]})
BELIEFS = pd.DataFrame(
    {
        "owner": ["city", "city", "Alpha"],
        "link_id": ["a", "a", "b"],
        "slice": [32, 33, 32],
        "flow_veh": [11.0, 9.0, np.nan],
        "speed_mps": [np.nan, np.nan, 10.0],
        "true_flow_veh": [10.0, 10.0, 5.0],
        "true_speed_mps": [8.0, 8.0, 8.0],
    }
)


def test_a_picture_sets_belief_beside_truth() -> None:
    city, alpha = pictures_of(BELIEFS, LINKS, 0)
    assert (city.owner, city.what, city.unit, city.n_pairs) == ("city", "flow", "veh/h", 2)
    assert city.pairs == ((40.0, 44.0), (40.0, 36.0))
    assert city.coverage_links == 0.5
    assert city.coverage_flow == pytest.approx(20 / 30)
    assert (city.bias, city.median_error) == (pytest.approx(0.0), pytest.approx(0.1))
    assert (alpha.what, alpha.pairs, alpha.bias) == ("speed", ((28.8, 36.0),), pytest.approx(0.25))
    residuals = residuals_of(BELIEFS, LINKS)
    assert residuals is not None
    assert residuals[0] == pytest.approx(0.0)
    assert np.isnan(residuals[1])


def test_who_knows_nothing_has_no_picture() -> None:
    assert pictures_of(pd.DataFrame({"owner": [], "link_id": []}), LINKS, 0) == ()
    assert residuals_of(BELIEFS[BELIEFS["owner"] == "Alpha"], LINKS) is None
