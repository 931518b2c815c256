"""What must hold between indicators, and between days that differ in one thing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.indicators.reading import by_name, values_of
from tests.indicators.small_day import small_day
from twin.clock import MS, SLICE_S
from twin.indicators.compute import compute
from twin.indicators.focus import Focus
from twin.indicators.indicator import INDICATORS, Indicator, IndicatorValue
from twin.indicators.records import DayRecord
from twin.kernels.random import key_of
from twin.population.residents.fleet import TripVehicles
from twin.population.tables import Trips

# Two zones cover the area: what is summed over links must sum over zones.
OF_LINKS = ("vehicle_km", "vehicle_km_residential", "link_delay", "co2_on_links", "saturated_links")


def with_twin_of(record: DayRecord, trip: int) -> DayRecord:
    """The day with one trip made twice, by the same person, in the same way."""
    trips = record.population.trips
    rows = np.r_[np.arange(len(trips)), trip]
    doubled = Trips(**{name: column[rows] for name, column in trips.columns().items()})
    doubled = doubled.with_columns(
        trip_id=np.r_[trips.trip_id, trips.trip_id[trip] + 16], trip_key=np.r_[trips.trip_key, key_of("twin")]
    )
    own = record.event_trip == trip
    slot = record.event_exit_ms[own] // (SLICE_S * MS)
    exits, time_ms = record.exits.copy(), record.time_ms.copy()
    np.add.at(exits, (slot, record.event_link[own]), 1)
    np.add.at(time_ms, (slot, record.event_link[own]), (record.event_exit_ms - record.event_enter_ms)[own])
    per_trip = (
        "departed_ms",
        "entered_ms",
        "arrived_ms",
        "state",
        "free_flow_s",
        "route_km",
        "guided",
        "provider",
    )
    return replace(
        record,
        population=SimpleNamespace(persons=record.population.persons, trips=doubled, digest="", report={}),
        vehicles=TripVehicles(*(column[rows] for column in record.vehicles)),
        exits=exits, time_ms=time_ms, n_reroutes=record.n_reroutes[rows],
        event_trip=np.r_[record.event_trip, np.full(int(own.sum()), len(trips))].astype(np.int32),
        event_link=np.r_[record.event_link, record.event_link[own]],
        event_enter_ms=np.r_[record.event_enter_ms, record.event_enter_ms[own]],
        event_exit_ms=np.r_[record.event_exit_ms, record.event_exit_ms[own]],
        **{name: getattr(record, name)[rows] for name in per_trip},
    )  # fmt: skip


def test_a_trip_made_twice_changes_only_what_it_touches() -> None:
    record = small_day()
    trip = 12  # the first of person 4: 2 km within the village, 400 s for 200 s
    before, after = values_of(record), values_of(with_twin_of(record, trip))
    added = {key: after[key] - before[key] for key in before}
    assert added["planned_trips", "village", ""] == added["planned_trips", "all", ""] == 1
    assert added["vehicle_km", "village", ""] == added["vehicle_km_of_people", "village", ""] == 2
    assert added["link_delay", "village", ""] == pytest.approx(200 / 3_600, rel=1e-9)
    assert added["person_time", "village", "mode:car"] == pytest.approx(400 / 3_600, rel=1e-9)
    assert added["co2_of_people", "village", ""] == pytest.approx(
        before["co2_of_people", "village", "fuel:petrol"] / 3
    )
    of_town = {key: change for key, change in added.items() if key[1] == "town"}
    assert of_town
    assert not any(of_town.values())
    assert added["through_vehicle_km_in_focus", "all", ""] == 0
    assert (
        added["mean_car_time_over_free_flow", "village", ""] == 0
    )  # all of the village take twice free flow
    assert added["walk_to_service", "all", "service:shop"] == added["waiting_to_enter", "all", ""] == 0


@pytest.mark.parametrize("name", OF_LINKS)
def test_zones_sum_to_the_whole(name: str) -> None:
    values = values_of(small_day())
    zones = values[name, "town", ""] + values[name, "village", ""]
    assert zones == pytest.approx(values[name, "all", ""], rel=1e-12)


def test_the_order_of_the_log_changes_no_indicator() -> None:
    record = small_day()
    order = np.argsort(record.event_link, kind="stable")[::-1]
    names = ("event_trip", "event_link", "event_enter_ms", "event_exit_ms")
    shuffled = replace(record, **{name: getattr(record, name)[order] for name in names})
    assert values_of(shuffled) == values_of(record)


def test_a_slower_day_is_worse_in_what_is_better_lower() -> None:
    slow = small_day()
    later = np.where(slow.arrived_ms >= 0, slow.arrived_ms + 60_000, -1)
    before, after = values_of(slow), values_of(replace(slow, arrived_ms=later))
    for name in ("mean_car_time_over_free_flow", "mean_delay", "person_time"):
        assert after[name, "all", ""] > before[name, "all", ""]
    assert after["vehicle_km", "all", ""] == before["vehicle_km", "all", ""]


def test_every_value_says_how_to_read_it() -> None:
    values = compute(small_day(), "village")
    assert len({each.name for each in values}) >= 20
    assert {each.focus for each in values} == {"village", "all"}
    assert all(each.unit and each.better in ("lower", "higher", "none") for each in values)
    rests = {each.name: each.assumptions for each in values}
    assert "emissions.petrol_car_curve" in rests["co2_on_links"]
    assert "emissions.petrol_car_curve" not in rests["mean_delay"]
    assert "population.walk_speed_mps" in rests["walk_to_service"]


def test_every_indicator_says_what_it_means_and_rests_on_rows_that_stand() -> None:
    record = small_day()
    for name in INDICATORS.names():
        kind = INDICATORS.get(name, "test")
        assert isinstance(kind, Indicator)
        assert kind.meaning, name
        known = [pattern for pattern in kind.rests_on if "*" not in pattern]
        assert all(pattern in record.parameters for pattern in known), name


def test_a_function_from_outside_is_an_indicator(monkeypatch: pytest.MonkeyPatch) -> None:
    def trips_before_nine(record: DayRecord, focus: Focus) -> list[IndicatorValue]:
        early = record.population.trips.depart_s < 9 * 3_600
        n_trips = float((early & focus.trips(record)).sum())
        return [IndicatorValue("trips_before_nine", n_trips, "trips", "none", focus=focus.name)]

    monkeypatch.setitem(INDICATORS._kinds, "trips_before_nine", trips_before_nine)
    values = by_name(compute(small_day(), "village"))
    assert values["trips_before_nine", "village", ""] == 3
    assert values["trips_before_nine", "all", ""] == 10
