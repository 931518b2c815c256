"""Indicators of links against what the small day gives on paper."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indicators.reading import Values, values_of
from tests.indicators.small_day import small_day
from twin.errors import InputError
from twin.indicators.focus import Focus, focuses_of
from twin.indicators.through import through_vehicle_km, vehicle_km_of

# Vehicles that leave each link. Links 0..9 lead east, 10..19 west.
FLOW = np.array([8, 8, 5, 7, 7, 7, 7, 5, 5, 2, 0, 2, 2, 3, 5, 5, 2, 3, 3, 3])
THROUGH_VILLAGE_KM = 2 * 5 + 2 * 5 + 3  # person 9 eastward; person 8 westward, the third trip three links

VILLAGE = Focus("village", (1,))


@pytest.fixture(scope="module")
def values() -> Values:
    return values_of(small_day())


def test_vehicle_km_by_links_and_by_people(values: Values) -> None:
    assert small_day().link_flow_veh.tolist() == FLOW.tolist()
    assert values["vehicle_km", "all", ""] == FLOW.sum() == 89
    assert values["vehicle_km", "village", ""] == FLOW[5:10].sum() + FLOW[15:].sum() == 42
    assert values["vehicle_km_residential", "all", ""] == FLOW[[2, 12, 7, 17]].sum()
    assert values["vehicle_km_of_people", "all", ""] == 89
    assert values["vehicle_km_of_people", "village", ""] == 3 * 2 + 3 * 3


def test_through_traffic_has_no_end_in_the_focus(values: Values) -> None:
    assert values["through_vehicle_km_in_focus", "village", ""] == THROUGH_VILLAGE_KM
    assert values["through_vehicle_km_in_focus", "all", ""] == 2 * 10
    assert values["through_vehicle_km_in_focus", "town", ""] == 2 * 5 + 3 * 5  # persons 9 and 7
    assert values["through_vehicle_km_in_focus", "town", "guided:yes"] == 3 * 5
    assert values["through_share_of_residential", "all", ""] == pytest.approx(4 / 15, rel=1e-12)


def test_through_vehicle_km_on_named_links() -> None:
    record = small_day()
    main_street = np.array([5, 6, 15, 16], dtype=np.int32)
    km = through_vehicle_km(record, main_street, VILLAGE)
    east, west = (
        through_vehicle_km(record, main_street, VILLAGE, direction=way) for way in ("eastbound", "westbound")
    )
    assert (km, east, west) == (4 + 4, 4, 4)
    assert through_vehicle_km(record, main_street, VILLAGE, hours=(0, 9)) == 2 + 2
    assert through_vehicle_km(record, main_street, VILLAGE, guided_only=True) == 0
    assert through_vehicle_km(record, main_street, Focus("town", (0,)), guided_only=True) == 3 * 2
    with pytest.raises(InputError, match="no direction 'up'"):
        through_vehicle_km(record, main_street, VILLAGE, direction="up")


def test_vehicle_km_of_some_trips_on_named_links() -> None:
    record = small_day()
    links = np.array([5, 15], dtype=np.int32)
    everybody = np.ones(record.n_trips, dtype=bool)
    assert vehicle_km_of(record, links, everybody) == FLOW[[5, 15]].sum()
    assert vehicle_km_of(record, links, everybody, direction="westbound") == FLOW[15]
    assert vehicle_km_of(record, links, everybody, direction="northbound") == 0
    assert vehicle_km_of(record, links, record.guided, hours=(12, 13)) == 1


def test_time_lost_and_speed(values: Values) -> None:
    slow, fast = 69, 20  # passages at 200 and at 150 s
    time_h = (slow * 200 + fast * 150) / 3_600
    assert values["link_delay", "all", ""] == pytest.approx((slow * 100 + fast * 50) / 3_600, rel=1e-12)
    assert values["mean_speed", "all", ""] == pytest.approx(89 / time_h, rel=1e-12)


def test_concentration_of_flow(values: Values) -> None:
    differences = np.abs(FLOW[:, None] - FLOW[None, :]).sum()  # Gini as mean difference over twice the mean
    gini = differences / (2 * len(FLOW) ** 2 * FLOW.mean())
    assert values["flow_concentration", "all", ""] == pytest.approx(gini, rel=1e-12)
    assert values["flow_on_busiest_links", "all", ""] == pytest.approx(16 / 89, rel=1e-12)  # 2 of 20 links


def test_saturation_and_deadlocks(values: Values) -> None:
    record = small_day()
    n_saturated = int((record.exits >= 2).sum())  # capacity is two vehicles a quarter of an hour
    assert values["saturated_links", "all", ""] == n_saturated / 4
    assert values["rotations", "all", ""] == 2


def test_a_focus_that_is_no_zone_is_refused() -> None:
    with pytest.raises(InputError, match="no zone 'vilage'; right would be: one of town, village, all"):
        focuses_of(small_day().territory, "vilage")
    assert [each.name for each in focuses_of(small_day().territory, ("village", "town"))] == [
        "village",
        "town",
        "all",
    ]
