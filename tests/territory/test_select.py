"""Selectors find links by what their members are, and say what they could not find."""

from __future__ import annotations

import csv
import runpy

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.osm_maps import place
from twin.errors import InputError
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.territory.select import select_links
from twin.territory.settle import settled


def chosen(territory, **words):
    return select_links(LinkSelector(**words), territory.streets, territory.zones, places=territory.places)


def test_each_key_on_a_small_town(town):
    streets = town.streets
    every = np.arange(streets.n_links)
    road = chosen(town, ref="D 1")
    assert set(streets.member_ref[streets.member_start[road]]) == {"D1"}
    assert len(road) == 4
    assert len(chosen(town, ref="D1", direction="eastbound")) == 2
    assert not set(chosen(town, direction="eastbound")) & set(chosen(town, direction="westbound"))
    np.testing.assert_array_equal(chosen(town, commune="Smallville"), every)
    np.testing.assert_array_equal(chosen(town, zone=["Smallville", "rest"]), every)
    np.testing.assert_array_equal(chosen(town, link=streets.link_id[[3, 1]].tolist()), [1, 3])
    assert len(chosen(town, way=1005)) == 2
    assert set(chosen(town, road_class="primary")) == set(chosen(town, ref="D1"))
    west = (*place(-600, -300), *place(-200, 300))
    assert set(chosen(town, bbox=west)) == set(chosen(town, way=1001))


@pytest.mark.parametrize(
    ("words", "where", "what"),
    [
        ({"ref": "D2"}, "ref", "no road reference D2"),
        ({"commune": "Smalville"}, "commune", "right would be: Smallville"),
        ({"zone": "core"}, "zone", "no zone core"),
        ({"way": 5}, "way", "no way 5"),
        ({"link": "1:2:3"}, "link", "no link 1:2:3"),
        ({"ref": "D1", "way": 1005}, "links", "no link matches ref D1, way 1005"),
        ({"bbox": (0.0, 0.0, 1.0, 1.0)}, "links", "no link matches bbox"),
        ({"road_class": "residental"}, "road_class", "right would be: residential"),
        ({"school_zone": "core", "within_m": 50.0}, "school_zone", "no zone core"),
        ({"school_zone": "rest", "within_m": 50.0}, "links", "no school in rest"),
        ({"school": "way:1", "within_m": 50.0}, "school", "no school way:1"),
        ({"school_zone": "Smallville"}, "within_m", "missing"),
    ],
)
def test_what_names_no_link_is_refused(town, words, where, what):
    with pytest.raises(InputError) as refused:
        chosen(town, **words)
    assert where in refused.value.where
    assert what in str(refused.value)


def test_links_near_a_school(town):
    """The school stands 25 m south of the middle of South Street, 100 m long each way from there."""
    (school,) = town.places.place_id[town.places.school_places > 0]
    south = set(chosen(town, way=1003))
    assert len(south) == 2
    assert set(chosen(town, school=school, within_m=1.0)) == south  # the street it opens to, both ways
    assert set(chosen(town, school=school, school_zone="Smallville", within_m=50.0)) == south
    assert set(chosen(town, school_zone="Smallville", within_m=10_000.0)) == set(range(town.streets.n_links))
    both = chosen(town, school_zone="Smallville", within_m=10_000.0, road_class="primary")
    assert set(both) == set(chosen(town, ref="D1"))


def test_schools_cannot_be_found_without_places(town):
    words = LinkSelector(school_zone="Smallville", within_m=50.0)
    with pytest.raises(InputError, match="settled on its territory"):
        select_links(words, town.streets, town.zones)


def test_a_settled_scenario_names_the_same_links_by_id(town):
    text = """
    title = "Schools"
    territory = "town"
    [[modification]]
    kind = "speed_limit"
    links = { way = 1001 }
    speed_kmh = 20
    [[modification]]
    kind = "school_street"
    links = { school_zone = "Smallville" }
    [[modification]]
    kind = "add_sensor_fleet"
    [modification.fleet]
    name = "ears"
    kind = "road_counter"
    owner = "city"
    links = { school_zone = "Smallville", within_m = 50.0 }
    """
    scenario = Scenario.loads(text)
    found = settled(scenario, town).modifications
    assert found[0] == scenario.modifications[0]
    ids = {town.streets.link_id[row] for row in chosen(town, way=1003)}
    assert set(found[1].links.link) == set(found[2].fleet.links.link) == ids
    plain = scenario.model_copy(update={"modifications": scenario.modifications[:1]})
    assert settled(plain, town) is plain


def test_a_scenario_that_cannot_be_settled_says_where(town):
    order = '[[modification]]\nkind = "school_street"\nlinks = { school_zone = "rest" }'
    with pytest.raises(InputError, match="modification 1: links: no school in rest"):
        settled(Scenario.loads(f'title = "Schools"\nterritory = "town"\n{order}'), town)


def test_village_links_are_both_roads_inside_the_commune(riviera):
    """The file is the selection, and holds what a count over members finds, whatever selects it."""
    streets = riviera.streets
    la_turbie = streets.communes.index("La Turbie")
    length = np.hypot(*_steps(streets))
    of_road = np.isin(streets.member_ref, ["D2564", "D2204A"])
    inside = np.bincount(streets.member_link, weights=length * (streets.member_commune == la_turbie))
    on_road = np.bincount(streets.member_link, weights=of_road) > 0
    expected = streets.link_id[on_road & (inside > np.bincount(streets.member_link, weights=length) / 2)]
    with (ROOT / "scenarios" / "village_links.csv").open(newline="") as file:
        listed = [row["link_id"] for row in csv.DictReader(file)]
    assert listed == sorted(expected.tolist())
    rows = chosen(riviera, link=listed)
    assert streets.length_m[rows].sum() / 2000.0 == pytest.approx(3.7, abs=0.1)


def _steps(streets):
    last = np.zeros(len(streets.shape_lon), dtype=bool)
    last[streets.shape_start[1:] - 1] = True
    dx, dy = np.diff(streets.shape_lon) * 80_340.0, np.diff(streets.shape_lat) * 111_195.0
    return dx[~last[:-1]], dy[~last[:-1]]


def test_the_list_of_village_links_is_what_its_maker_makes(riviera):
    make = runpy.run_path(str(ROOT / "networks" / "rebuild.py"))["village_links_csv"]
    file = ROOT / "scenarios" / "village_links.csv"
    assert file.read_text(encoding="utf-8") == make(riviera)
