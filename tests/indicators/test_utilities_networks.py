"""Interruptions, what is not served, resilience and cold, on days worked out on paper."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import small_day
from tests.indicators.utility_days import QUARTERS, outage, utilities_record
from twin.indicators.focus import Focus
from twin.indicators.records import DayRecord
from twin.indicators.utilities_networks import served_curves
from twin.territory.utilities.tables import WATER

WHOLE = Focus("all", ())


def day(shares: dict[str, np.ndarray] | None = None, **changed: Any) -> DayRecord:
    """The small day: homes are place 0 in the town (4 persons) and 2 in the village (3)."""
    plain = small_day()
    place_id = plain.territory.places.place_id
    return replace(plain, utilities=utilities_record(place_id, shares or {}, **changed))


def values(*given: Any, **changed: Any) -> Values:
    return values_of(day(*given, **changed))


def test_without_utilities_there_is_no_such_indicator() -> None:
    names = {name for name, _, _ in values_of(small_day())}
    assert not {"saidi", "person_hours_lost", "energy_not_served", "network_yield"} & names


def test_without_a_failure_nothing_is_lost() -> None:
    found = values()
    for name in ("saidi", "saifi", "energy_not_served", "water_not_served", "person_hours_lost"):
        assert found[name, "all", ""] == 0.0
    assert found["resilience_triangle", "all", "service:power"] == 0.0
    assert found["minutes_to_90_percent", "all", "service:power"] == 0.0
    assert found["network_yield", "all", ""] == pytest.approx(0.8)
    assert found["balance_error", "all", "service:water"] == pytest.approx(1e-7)


def test_interruptions_count_customers_and_only_sustained_ones() -> None:
    """Two hours for one of four places, each one customer; a cut of half a step's length is not sustained."""
    power = outage(4, [0], 12.0, 14.0)
    found = values({"power": power})
    assert found["saidi", "all", ""] == pytest.approx(120.0 / 4)
    assert found["saifi", "all", ""] == pytest.approx(1.0 / 4)
    assert found["saidi", "town", ""] == pytest.approx(120.0 / 2)
    assert found["saidi", "village", ""] == 0.0
    short = np.ones((1_800, 4))
    short[600:602, 0] = 0.0
    assert values({"power": short}, step_s=60.0)["saidi", "all", ""] == 0.0, "two minutes"
    short[600:604, 0] = 0.0
    assert values({"power": short}, step_s=60.0)["saidi", "all", ""] == pytest.approx(1.0)


def test_customers_are_dwellings() -> None:
    record = day({"power": outage(4, [0], 12.0, 14.0)})
    places = replace(record.territory.places, dwellings=np.array([9.0, 0.0, 2.0, 0.0], dtype=np.float32))
    territory = SimpleNamespace(**{**vars(record.territory), "places": places})
    found = values_of(replace(record, territory=territory))
    assert found["saidi", "all", ""] == pytest.approx(120.0 * 9 / 13)


def test_energy_and_water_not_served_are_those_of_the_quarters() -> None:
    found = values({"power": outage(4, [0, 2], 12.0, 14.0), "water": outage(4, [2], 6.0, 7.0, 0.5)})
    assert found["energy_not_served", "all", ""] == pytest.approx(2 * 2.0)
    assert found["energy_not_served", "town", ""] == pytest.approx(2.0)
    assert found["water_not_served", "village", ""] == pytest.approx(0.5 * 3.6)
    assert found["water_not_served", "town", ""] == 0.0


def test_the_triangle_and_the_way_back_follow_the_share_of_people_served() -> None:
    """Four of seven are without for two hours, three for one more: 8/7 + 3/7 hours of everybody."""
    power = outage(4, [0], 12.0, 14.0)
    power[4 * 14 : 4 * 15, 2] = 0.0
    record = day({"power": power})
    served = served_curves(record, WHOLE)["power"]
    assert served.tolist() == pytest.approx([1.0, 3 / 7, 4 / 7, 1.0])
    found = values_of(record)
    assert found["resilience_triangle", "all", "service:power"] == pytest.approx(11 / 7)
    assert found["minutes_to_90_percent", "all", "service:power"] == pytest.approx(180.0)
    assert found["minutes_to_90_percent", "town", "service:power"] == pytest.approx(120.0)
    never_back = values({"power": outage(4, [0], 12.0, 30.0)})
    assert ("minutes_to_90_percent", "all", "service:power") not in never_back


def test_who_never_has_a_service_does_not_lose_it() -> None:
    heat = np.full((QUARTERS, 4), np.nan)
    heat[:, 0] = 1.0
    heat[48:52, 0] = 0.0
    found = values({"heat": heat})
    assert found["resilience_triangle", "all", "service:heat"] == pytest.approx(1.0)
    assert ("resilience_triangle", "village", "service:heat") not in found


def test_pressures_on_assumed_heights_stand_apart() -> None:
    record = day()
    node = np.array([5, 7], dtype=np.int32)
    pressure = np.full((QUARTERS, 2), 30.0, dtype=np.float32)
    pressure[:60, 0] = 0.0
    known = replace(record.utilities, water_node=node, pressure_m=pressure, pressures_verifiable=True)

    def rows_for(kind: str, ids: Any, utility: int) -> np.ndarray:
        assert (kind, utility) == ("place", WATER)
        return np.array([5, 5, 7, -1])

    territory = SimpleNamespace(**vars(record.territory), utilities=SimpleNamespace(rows_for=rows_for))
    full_m = float(record.parameters["utilities.full_pressure_m"])
    found = values_of(replace(record, utilities=known, territory=territory))
    assert found["pressure_deficit", "town", ""] == pytest.approx(full_m / 2)
    assert found["pressure_deficit", "village", ""] == 0.0
    guessed = values_of(
        replace(record, utilities=replace(known, pressures_verifiable=False), territory=territory)
    )
    assert guessed["pressure_deficit", "town", "not_verifiable"] == pytest.approx(full_m / 2)
    assert ("pressure_deficit", "town", "") not in guessed


def test_voltage_counts_where_there_is_any() -> None:
    voltage = np.ones((QUARTERS, 4), dtype=np.float32)
    voltage[:, 0], voltage[:, 1] = 0.0, 0.85
    found = values(power_node=np.arange(4, dtype=np.int32), voltage_pu=voltage)
    assert found["voltage_outside_band", "all", ""] == pytest.approx(1 / 3)
