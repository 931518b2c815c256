"""Guidance, pictures, access and books against what the small day gives on paper."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import small_day


@pytest.fixture(scope="module")
def values() -> Values:
    return values_of(small_day())


def test_who_is_guided_and_what_it_brings(values: Values) -> None:
    assert values["guided_trips", "all", ""] == 3 / 24
    assert values["guided_trips", "all", "skill:advanced"] == 1
    assert values["provider_share", "all", "provider:Alpha"] == 6 / 24
    assert values["provider_share", "all", "provider:Beta"] == 0
    assert values["reroutes_per_guided_trip", "all", ""] == 1
    users_s = (600 + 2_280) / 6  # persons 4 and 7
    others_s = (8_600 - 600 - 2_280) / 17
    assert values["delay_by_guidance", "all", "app:yes"] == pytest.approx(users_s, rel=1e-12)
    assert values["advantage_of_guidance", "all", ""] == pytest.approx(others_s - users_s, rel=1e-12)
    assert ("reroutes_per_guided_trip", "village", "") not in values


def test_what_was_promised_and_what_came_of_it() -> None:
    record = small_day()
    users = np.flatnonzero((record.provider >= 0) & record.by_car & (record.arrived_ms >= 0))
    promised_ms = np.full(record.n_trips, -1, dtype=np.int64)
    promised_ms[users] = record.arrived_ms[users] - 60_000  # a minute too soon, but for the last
    promised_ms[users[-1]] = record.arrived_ms[users[-1]] + 30_000
    values = values_of(small_day(promised_ms=promised_ms))
    n = len(users)
    assert n > 2
    assert values["time_over_promise", "all", ""] == pytest.approx((60 * (n - 1) - 30) / n, rel=1e-12)
    assert values["time_over_promise", "all", "absolute"] == pytest.approx((60 * (n - 1) + 30) / n, rel=1e-12)
    assert values["time_over_promise", "all", "provider:Alpha"] == values["time_over_promise", "all", ""]
    assert ("time_over_promise", "all", "") not in values_of(record)


def test_what_the_city_believes_of_flows(values: Values) -> None:
    record = small_day()
    assert values["sensor_coverage", "all", ""] == 2 / 20
    assert values["completeness_of_counts", "all", ""] == 1
    wrong = (record.exits[:, [0, 5]] > 0).mean()  # one vehicle too many: 4 veh/h
    assert values["flow_error_of_city", "all", ""] == pytest.approx(4 * np.sqrt(wrong), rel=1e-12)


def test_what_a_provider_believes_of_times(values: Values) -> None:
    assert values["time_error_of_providers", "all", "provider:Alpha"] == pytest.approx(0.2, rel=1e-12)
    n_used = int((small_day().exits > 0).sum())
    assert values["links_without_probe", "all", "provider:Alpha"] == pytest.approx(1 - 1 / n_used, rel=1e-12)
    assert ("time_error_of_providers", "all", "provider:Beta") not in values  # it never drew a picture


def test_observations_are_counted_and_timed(values: Values) -> None:
    assert values["observations_made", "all", ""] == 3
    assert values["lateness_of_observations", "all", ""] == 120


def test_a_day_without_sensors_has_no_errors_of_pictures() -> None:
    none = {
        name: np.empty(0)
        for name in ("dataset", "datastream", "phenomenon_time_s", "result_time_s", "result")
    }
    values = values_of(small_day(knowledge={}, observations=none, probe_datasets={}))
    names = {name for name, _, _ in values}
    assert not names & {"flow_error_of_city", "time_error_of_providers", "links_without_probe"}
    assert values["sensor_coverage", "all", ""] == 0
    assert values["observations_made", "all", ""] == 0


def test_walking_to_services(values: Values) -> None:
    minute_m = 1.34 * 60
    assert values["walk_to_service", "town", "service:shop"] == pytest.approx(402 / minute_m, rel=1e-12)
    assert values["walk_to_service", "town", "service:counter"] == 0
    assert values["walk_to_service", "village", "service:counter"] == pytest.approx(
        1_206 / minute_m, rel=1e-12
    )
    assert ("walk_to_service", "village", "service:health") not in values  # there is none
    assert values["within_walking_reach", "village", "service:health"] == 0
    assert values["within_walking_reach", "village", "service:shop"] == 1


def test_the_books_come_to_nought(values: Values) -> None:
    assert values["sum_of_accounts", "all", ""] == 0
