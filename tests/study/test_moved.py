"""What trips move by between two days, on the small day that can be worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.indicators.small_day import N_LINKS, small_day
from twin.errors import WorkError
from twin.indicators.records import DayRecord
from twin.population.tables import PURPOSES
from twin.study.moved import Driven, Moved, moved


def by_another_way(record: DayRecord) -> DayRecord:
    """Trip 12, of person 4 of the village, drives 7 6 instead of 7 8 and takes 3 min more."""
    at = np.flatnonzero((record.event_trip == 12) & (record.event_link == 8))
    link, arrived = record.event_link.copy(), record.arrived_ms.copy()
    link[at] = 6
    arrived[12] += 180_000
    return replace(record, event_link=link, arrived_ms=arrived)


def test_a_trip_that_changes_moves_its_kilometres_and_minutes_and_nobody_else() -> None:
    record = small_day()
    found = moved(Driven.of(record), Driven.of(by_another_way(record)))
    assert found.vehicle_km[12] == 1.0, "one link of a kilometre each day only: half of two"
    assert found.person_min[12] == 3.0
    assert np.flatnonzero(found.vehicle_km).tolist() == np.flatnonzero(found.person_min).tolist() == [12]
    groups = found.of_groups(record)
    for measure, value in (("vehicle_km", 1.0), ("person_min", 3.0)):
        touched = {name for name, each in groups[measure].items() if each}
        assert {groups[measure][name] for name in touched} == {value}
        assert touched == {
            "", f"purpose:{PURPOSES[0]}", "hour:08", "zone:village", "age:65-74", "skill:none",
        }  # fmt: skip


def test_groups_sum_to_the_whole() -> None:
    record = small_day()
    later = np.where(record.arrived_ms >= 0, record.arrived_ms + 60_000 * (1 + np.arange(30)), -1)
    found = moved(Driven.of(record), Driven.of(replace(record, arrived_ms=later))).of_groups(record)
    minutes = found["person_min"]
    for kind in ("purpose:", "hour:", "zone:", "age:", "skill:"):
        parts = [value for name, value in minutes.items() if name.startswith(kind)]
        assert sum(parts) == pytest.approx(minutes[""])
        assert minutes[""] > 0


def test_the_same_day_moves_nobody_whatever_the_order_of_its_log() -> None:
    record = small_day()
    order = np.arange(record.event_trip.size)[::-1]
    names = ("event_trip", "event_link", "event_enter_ms", "event_exit_ms")
    shuffled = replace(record, **{name: getattr(record, name)[order] for name in names})
    found = moved(Driven.of(record), Driven.of(shuffled))
    assert not found.vehicle_km.any()
    assert not found.person_min.any()


def test_a_street_that_a_scenario_builds_stands_behind_the_others() -> None:
    record = small_day()
    one, other = Driven.of(record), Driven.of(by_another_way(record))
    longer = replace(other, length_m=np.append(other.length_m, 70.0))
    link = longer.routes.link.copy()
    link[link == 6] = N_LINKS
    longer = replace(longer, routes=longer.routes._replace(link=link))
    both: list[Moved] = [moved(one, longer), moved(longer, one)]
    assert both[0].vehicle_km[12] == both[1].vehicle_km[12] == pytest.approx((1.0 + 0.07) / 2)


def test_days_of_other_people_are_refused() -> None:
    record = small_day()
    trips = record.population.trips.with_columns(trip_id=record.population.trips.trip_id + 1)
    others = SimpleNamespace(persons=record.population.persons, trips=trips)
    with pytest.raises(WorkError, match="other people"):
        moved(Driven.of(record), Driven.of(replace(record, population=others)))
