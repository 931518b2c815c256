"""Parking at the kerb, by tags worked out by hand, and what a map holds altogether."""

from __future__ import annotations

import numpy as np
import pytest

from tests.osm_maps import OsmMap, small_town
from twin.scenario.ledger import Parameters
from twin.territory.attributes import LinkLines
from twin.territory.kerbs import kerb_parking, parking_supply
from twin.territory.tables import INFERRED, OBSERVED, ROAD_CLASSES
from twin.territory.territory import Territory

PARALLEL_M, DIAGONAL_M, PERPENDICULAR_M = Parameters.defaults()["territory.kerb_room_m"]
SHARE = Parameters.defaults()["territory.kerb_tagged_share"]
BY_CLASS = Parameters.defaults()["territory.kerb_parking_share"]


def kerb(*tags: dict, forward: bool = True, both_ways: bool = True, road_class: str = "residential"):
    """Kerb of one urban link of 100-m members."""
    n = len(tags)
    lines = LinkLines(np.full(n, 100.0), np.array([0, n]), np.arange(n + 1) * 100.0, np.zeros(n + 1))
    ways = tags, [forward] * n, [both_ways] * n
    kind = np.array([ROAD_CLASSES.index(road_class)])
    return kerb_parking(lines, ways, kind, np.array([True]), Parameters.defaults())


@pytest.mark.parametrize(
    ("tags", "forward", "both_ways", "spaces"),
    [
        ({"parking:both": "lane"}, True, True, 100 * SHARE / PARALLEL_M),
        ({"parking:both": "lane"}, True, False, 200 * SHARE / PARALLEL_M),
        ({"parking:right": "street_side", "parking:right:orientation": "perpendicular"}, True, True,
         100 * SHARE / PERPENDICULAR_M),
        ({"parking:right": "lane"}, False, True, 100 * BY_CLASS / PARALLEL_M),
        ({"parking:left": "lane", "parking:left:orientation": "diagonal"}, False, True,
         100 * SHARE / DIAGONAL_M),
        ({"parking:lane:both": "no_stopping"}, True, True, 0.0),
        ({}, True, True, 100 * BY_CLASS / PARALLEL_M),
    ],
)  # fmt: skip
def test_spaces_of_one_kerb(tags, forward, both_ways, spaces):
    made = kerb(tags, forward=forward, both_ways=both_ways)
    assert made.spaces[0] == pytest.approx(spaces, abs=0.05)


def test_a_kerb_is_observed_where_most_of_it_is_tagged():
    tagged = {"parking:both": "lane"}
    assert kerb(tagged, tagged, {}).provenance[0] == OBSERVED
    assert kerb(tagged, {}, {}).provenance[0] == INFERRED


def test_a_paid_kerb_has_a_price_and_others_none():
    paid = kerb({"parking:lane:both": "parallel", "parking:condition:both": "ticket"})
    assert paid.eur_per_h[0] == Parameters.defaults()["territory.kerb_eur_per_h"]
    assert kerb({"parking:both": "lane"}).eur_per_h[0] == 0.0
    assert kerb({"parking:both": "no", "parking:both:fee": "yes"}).eur_per_h[0] == 0.0


def test_no_kerb_is_inferred_on_a_through_road():
    assert kerb({}, road_class="primary").spaces[0] == 0.0


def car_park(town: OsmMap, number: int, y_m: float, **tags: str) -> None:
    for place, (x, y) in enumerate([(0, 0), (50, 0), (50, 50), (0, 50)]):
        town.node(number + place, x, y_m + y)
    town.way([number, number + 1, number + 2, number + 3, number], amenity="parking", **tags)


def test_car_parks_are_public_or_not_free_or_not(tmp_path):
    town = small_town()
    car_park(town, 200, -250, capacity="80", fee="yes")
    car_park(town, 300, 150)
    car_park(town, 400, 210, access="private")
    territory = Territory.from_osm(town.write(tmp_path / "town.osm"))
    supply = parking_supply(territory.streets, territory.places)["car parks"]
    by_area = 2_500 / Parameters.defaults()["territory.parking_area_m2"]
    assert supply["spaces"] == pytest.approx(80 + by_area, abs=2)
    assert (supply["paid"], supply["observed"]) == (80, 80)
    paid = territory.places.parking_eur_per_h > 0
    assert territory.places.parking[paid].tolist() == [80.0]


def test_a_real_centre_has_tagged_kerbs_and_paid_ones(data_file):
    territory = Territory.from_osm(data_file("osm/helsinki_centre.osm.bz2"))
    kerbs = parking_supply(territory.streets, territory.places)["kerb"]
    assert kerbs["spaces"] == pytest.approx(kerbs["observed"] + kerbs["inferred"], abs=1)
    assert kerbs["observed"] > 5 * kerbs["inferred"] > 0
    assert 0 < kerbs["paid"] <= kerbs["spaces"]
