"""Where an on-demand transport serves in the real village, where it carries, and where its vehicles stand."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from twin.errors import InputError
from twin.scenario.on_demand import OnDemandTransport
from twin.territory.served import carried, depot_of, inside_polygon, served_places
from twin.territory.territory import Territory

BOX = ((7.395, 43.74), (7.405, 43.74), (7.405, 43.75), (7.395, 43.75))


@cache
def village() -> Territory:
    return Territory.load(ROOT / "networks" / "la_turbie_crop")


def order(**keys: Any) -> OnDemandTransport:
    return OnDemandTransport(**({"name": "Appel", "vehicles": 1} | keys))


def test_a_polygon_narrows_what_is_named() -> None:
    places = village().places
    commune = served_places(order(serves={"commune": "La Turbie"}), village())
    box = served_places(order(polygon=BOX), village())
    both = served_places(order(serves={"commune": "La Turbie"}, polygon=BOX), village())
    assert 0 < both.sum() < commune.sum()
    assert (both == (commune & box)).all()
    west, south, east, north = 7.395, 43.74, 7.405, 43.75
    inside = (places.lon > west) & (places.lon < east) & (places.lat > south) & (places.lat < north)
    assert (box == inside).all()


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=30))
def test_inside_a_triangle_is_on_the_same_side_of_its_edges(points: list[tuple[float, float]]) -> None:
    corners = np.array([[-1.0, -1.0], [1.5, -0.5], [0.0, 1.25]])
    xy = np.array(points)
    sides = []
    for k in range(3):
        (x1, y1), (x2, y2) = corners[k], corners[(k + 1) % 3]
        sides.append((x2 - x1) * (xy[:, 1] - y1) - (y2 - y1) * (xy[:, 0] - x1))
    clear = np.abs(sides).min(axis=0) > 1e-9
    found = inside_polygon(xy[:, 0], xy[:, 1], corners[:, 0], corners[:, 1])
    assert (found == (np.min(sides, axis=0) > 0.0))[clear].all()


def test_a_ride_has_one_end_where_it_serves_and_the_other_within_reach() -> None:
    here = served_places(order(polygon=BOX), village())
    inside, outside = np.flatnonzero(here)[:2], np.flatnonzero(~here)[:2]
    pairs = np.array([[inside[0], inside[1]], [inside[0], outside[0]], [outside[0], inside[0]], outside])
    near = carried(order(polygon=BOX), village(), pairs[:, 0], pairs[:, 1])
    assert near.tolist() == [True, False, False, False]
    further = order(polygon=BOX, reaches={"commune": ["La Turbie", "Èze"]})
    assert carried(further, village(), pairs[:, 0], pairs[:, 1]).tolist() == [True, True, True, False]


def test_a_depot_is_at_a_place_or_beside_the_nearest_that_is_served() -> None:
    places = village().places
    row = int(np.flatnonzero(served_places(order(polygon=BOX), village()))[3])
    named = order(polygon=BOX, depot=str(places.place_id[row]))
    beside = order(polygon=BOX, depot=(float(places.lon[row]), float(places.lat[row])))
    assert depot_of(named, village()) == depot_of(beside, village()) == places.access_link[row]
    middle = depot_of(order(polygon=BOX), village())
    assert served_places(order(polygon=BOX), village())[places.access_link == middle].any()


@pytest.mark.parametrize(
    ("keys", "where", "what"),
    [
        ({"serves": {"commune": "Atlantis"}}, "serves", "Atlantis"),
        ({"polygon": ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))}, "polygon", "no place"),
        ({"serves": {"commune": "La Turbie"}, "depot": "way:0"}, "depot", "way:0"),
        ({"serves": {"commune": "La Turbie"}, "reaches": {"zone": "moon"}}, "reaches", "moon"),
    ],
)
def test_what_is_not_there_is_said(keys: dict[str, Any], where: str, what: str) -> None:
    place = np.array([0])
    named = order(**keys)
    ask = partial(depot_of, named) if "depot" in keys else lambda here: carried(named, here, place, place)
    with pytest.raises(InputError) as error:
        ask(village())
    assert where in error.value.where
    assert what in error.value.what
