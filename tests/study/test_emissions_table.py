"""Emissions by link, class and hour: they add up to those of links and of trips."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indicators.small_day import small_day
from twin.mobility.emissions import QUANTITIES
from twin.study.emissions_table import emissions_table
from twin.study.tables import links_table, trips_table


def test_rows_add_up_to_links_and_trips() -> None:
    record = small_day()
    table, links, trips = emissions_table(record), links_table(record), trips_table(record)
    for name in QUANTITIES:
        by_link = table.groupby("link_id", observed=True)[name].sum()
        known = links.set_index("link_id")[name]
        assert by_link.sum() == pytest.approx(known.sum(), rel=1e-12)
        for link, value in by_link.items():
            assert known[link] == pytest.approx(value, rel=1e-12)
    assert table["co2_kg"].sum() == pytest.approx(trips["co2_kg"].sum(), rel=1e-6)
    assert table["vehicle_km"].sum() == pytest.approx(links["vehicle_km"].sum())
    assert table["vehicles"].sum() == record.event_trip.shape[0]


def test_hours_are_those_in_which_links_were_entered() -> None:
    record = small_day()
    table = emissions_table(record)
    hours, n = np.unique(record.event_enter_ms // 3_600_000, return_counts=True)
    assert table.groupby("hour")["vehicles"].sum().to_dict() == dict(zip(hours, n, strict=True))
    assert set(table["vehicle"]) == {"car"}
