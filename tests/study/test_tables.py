"""A run's tables of links and trips: they tell of one day."""

from __future__ import annotations

import pytest

from tests.indicators.small_day import small_day
from twin.study.tables import links_table, trips_table


def test_links_and_trips_emit_the_same() -> None:
    record = small_day()
    links, trips = links_table(record), trips_table(record)
    assert links["co2_kg"].sum() == pytest.approx(trips["co2_kg"].sum(), rel=1e-6)
    assert links["co2_kg"].sum() > 0.0


def test_trips_name_their_vehicle() -> None:
    trips = trips_table(small_day())
    by_car = trips["mode"] == "car"
    assert (trips.loc[by_car, "vehicle"] == "car").all()
    assert set(trips.loc[by_car, "fuel"]) == {"petrol", "diesel"}
    assert (trips.loc[~by_car, "vehicle"] == "no vehicle").all()
