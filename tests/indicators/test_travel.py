"""Indicators of travel against what the small day gives on paper."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import small_day
from twin.clock import HORIZON_MS

# Per person with car trips: free-flow time and time taken of the three trips; the third of person 2
# has no path. What does not end by 30:00 began, or was to begin, at 29:45: 900 s.
FREE_S = {0: 600, 1: 1_200, 2: 400, 4: 600, 5: 900, 7: 2_100, 8: 1_800, 9: 3_000}
TAKEN_S = {0: 1_200, 1: 2_500, 2: 800, 4: 1_200, 5: 1_800, 7: 4_380, 8: 3_420, 9: 3_900}
TOWN, VILLAGE = (0, 1, 2), (4, 5)


@pytest.fixture(scope="module")
def values() -> Values:
    return values_of(small_day())


def total(of: dict[int, int], persons: tuple[int, ...] = tuple(FREE_S)) -> int:
    return sum(of[person] for person in persons)


def test_completed_trips_count_all_modes_and_all_that_failed(values: Values) -> None:
    assert values["planned_trips", "all", ""] == 30
    assert values["completed_trips", "all", ""] == 26 / 30  # planned, no path, driving, waiting: 4 missing
    assert values["completed_trips", "village", ""] == 1
    assert values["completed_trips", "town", ""] == 10 / 12
    assert values["completed_trips", "all", "age:18-29"] == 2 / 3  # person 1
    assert values["completed_trips", "all", "skill:weak"] == 2 / 3


def test_car_time_counts_waiting_and_the_unfinished_until_30_00(values: Values) -> None:
    name = "mean_car_time_over_free_flow"
    assert values[name, "all", ""] == pytest.approx(total(TAKEN_S) / total(FREE_S), rel=1e-12)
    assert values[name, "town", ""] == pytest.approx(total(TAKEN_S, TOWN) / total(FREE_S, TOWN), rel=1e-12)
    assert values[name, "village", ""] == pytest.approx(2, rel=1e-12)
    assert values[name, "all", "skill:advanced"] == pytest.approx(4_380 / 2_100, rel=1e-12)


def test_delay_per_trip_and_its_gap_by_skill(values: Values) -> None:
    assert values["mean_delay", "all", ""] == pytest.approx((total(TAKEN_S) - total(FREE_S)) / 23, rel=1e-12)
    assert values["mean_delay", "all", "age:75+"] == 300
    no_skill = (1_200 - 600 + 1_200 - 600 + 1_800 - 900) / 9  # persons 0, 4, 5
    assert values["skill_gap_of_delay", "all", ""] == pytest.approx(no_skill - (4_380 - 2_100) / 3, rel=1e-12)
    assert ("skill_gap_of_delay", "village", "") not in values  # nobody there has advanced skill and a car


def test_person_time_by_mode(values: Values) -> None:
    driven_s = total(TAKEN_S) - 900  # the trip that never began is no travel; the others are
    assert values["person_time", "all", "mode:car"] == pytest.approx(driven_s / 3_600, rel=1e-12)
    assert values["person_time", "all", "mode:walk"] == 0.5
    assert values["person_time", "village", "mode:cycle"] == pytest.approx(1 / 6, rel=1e-12)
    assert values["person_time", "village", ""] == pytest.approx((3_000 + 3 * 600) / 3_600, rel=1e-12)


def test_mode_shares_and_active_travel(values: Values) -> None:
    assert values["mode_share", "all", "mode:car"] == 0.8
    assert values["mode_share", "town", "mode:walk"] == 0.25
    assert sum(v for (name, focus, _), v in values.items() if (name, focus) == ("mode_share", "all")) == (
        pytest.approx(1)
    )
    assert values["active_travel", "town", ""] == pytest.approx(3 * 0.8 / 4, rel=1e-12)
    assert values["active_travel", "all", ""] == pytest.approx((3 * 0.8 + 3.0) / 10, rel=1e-12)


def test_waiting_is_told_apart_by_origins_and_gates(values: Values) -> None:
    at_gates_s = 3 * 60 + 3 * 60 + 900
    assert values["waiting_to_enter", "all", "where:gates"] == pytest.approx(at_gates_s / 3_600, rel=1e-12)
    assert values["waiting_to_enter", "all", "where:origins"] == 0
    assert values["waiting_to_enter", "village", ""] == 0
    assert values["longest_queue_to_enter", "all", "where:gates"] == 7
    assert ("longest_queue_to_enter", "village", "where:gates") not in values


def test_a_trip_that_never_left_counts_from_its_planned_departure() -> None:
    record = small_day()
    never = int(np.flatnonzero(record.departed_ms < 0)[0])
    assert record.elapsed_s[never] == HORIZON_MS / 1_000 - record.population.trips.depart_s[never]


def test_what_has_no_path_is_in_no_mean_of_times() -> None:
    record = small_day()
    lost = int(np.flatnonzero(~np.isfinite(record.free_flow_s))[0])
    assert np.isnan(record.delay_s[lost])
    assert not record.comparable[lost]
    assert record.by_car[lost]
