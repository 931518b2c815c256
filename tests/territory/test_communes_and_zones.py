"""Communes from boundary ways, and the zones file."""

from __future__ import annotations

import numpy as np
import pytest

from tests.osm_maps import OsmMap, place, small_town
from twin.errors import InputError
from twin.readers.osm import read_extract
from twin.territory.communes import communes_of, join_chains, locate
from twin.territory.territory import Territory
from twin.territory.zones import read_layout


def cut_commune(tmp_path, *, with_centre: bool):
    """A commune whose boundary enters at the west edge, turns at x = 100 m and leaves at the west edge."""
    m = OsmMap(box_m=(-500, -500, 500, 500))
    for number, (x, y) in enumerate([(-495, -200), (100, -200), (100, 300), (-495, 300)], start=1):
        m.node(number, x, y)
    ways = [m.way([1, 2]), m.way([3, 2]), m.way([3, 4])]
    if with_centre:
        m.node(9, 300, 0, place="town", name="Outby", population="10 000")
    m.relation([("w", w, "outer") for w in ways], boundary="administrative", admin_level="8", name="Outby")
    return communes_of(read_extract(m.write(tmp_path / "cut.osm")))


def names_at(communes, *points_m):
    lon, lat = np.array([place(x, y) for x, y in points_m]).T
    return [communes[row].name if row >= 0 else None for row in locate(lon, lat, communes)]


def test_chains_are_joined_whichever_way_round():
    assert join_chains([[1, 2], [3, 2], [4, 3], [4, 1], [9, 8]]) == [[1, 2, 3, 4, 1], [9, 8]]


def test_a_ring_that_the_box_cuts_is_closed_along_it(tmp_path):
    (commune,) = cut_commune(tmp_path, with_centre=False)
    assert commune.method == "ring closed along the box"
    assert names_at([commune], (-480, 0), (0, 0)) == ["Outby", "Outby"]
    area = commune.rings[0]
    assert area[:, 0].max() == place(100, 0)[0]
    assert area[:, 0].min() == place(-500, 0)[0]


def test_the_centre_decides_on_which_side_a_cut_ring_closes(tmp_path):
    (commune,) = cut_commune(tmp_path, with_centre=True)
    assert commune.inhabitants == 10_000
    assert names_at([commune], (300, 400), (-100, -400)) == ["Outby", "Outby"]


def test_a_place_without_boundary_takes_what_is_nearest(tmp_path):
    m = OsmMap()
    m.node(1, 0, 0, place="village", name="West", population="10")
    m.node(2, 1000, 0, place="town", name="East", population="unknown")
    m.node(3, 500, 0, place="locality", name="No commune")
    communes = communes_of(read_extract(m.write(tmp_path / "two.osm")))
    assert [commune.name for commune in communes] == ["East", "West"]
    assert np.isnan(communes[0].inhabitants)
    assert names_at(communes, (400, 0), (600, 0)) == ["West", "East"]


def test_zones_go_by_the_file(tmp_path):
    file = small_town().write(tmp_path / "town.osm")
    corners = ", ".join(str(list(place(x, y))) for x, y in [(-200, 1), (200, 1), (200, 300), (-200, 300)])
    zones = tmp_path / "zones.toml"
    zones.write_text(
        'place = "Here"\ndate = "2016-03-04"\n'
        f'[[zone]]\nname = "north"\npolygon = [{corners}]\ninhabitants = 7\n'
        '[[zone]]\nname = "village"\ncommunes = ["Smallville"]\n[[zone]]\nname = "rest"\nrest = true\n'
    )
    territory = Territory.from_osm(file, zones=zones)
    assert territory.zones.name == ("north", "village", "rest")
    assert territory.zones.method == ("polygon", "ring", "rest")
    assert territory.zones.inhabitants[:2].tolist() == [7.0, 1234.0]
    assert territory.zones.insee[1] == ("99001",)
    streets = territory.streets
    north = np.add.reduceat(streets.shape_lat - place(0, 1)[1], streets.shape_start[:-1]) > 0.0
    assert set(streets.zone[north].tolist()) == {0}
    assert set(streets.zone[~north].tolist()) == {1}
    assert territory.meta["place"] == "Here"
    assert territory.meta["date"] == "2016-03-04"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("zone = 3", "zone", "no zones"),
        ("[[zone]]\nname = 'a'", "zone 1: a", "where it is"),
        ("[[zone]]\nname = 'a'\nrest = true\ncommunes = ['B']", "zone 1: a", "where it is"),
        ("[[zone]]\nrest = true", "zone 1: name", "missing"),
        ("[[zone]]\nname = 'a'\nrest = true\nsize = 3", "zone 1: size", "unknown key"),
        ("zones = 1", "zones", "unknown key"),
        ("[[zone]]\nname = 'a'\npolygon = [[1, 2], [3, 4]]", "polygon", "no ring"),
        ("[[zone]]\nname = 'a'\npolygon = [[1, 2], [3, 4], [400, 5]]", "polygon", "out of range"),
        ("[[zone]]\nname = 'a'\npolygon = [[1, 2], [3, nan], [4, 5]]", "polygon", "no ring"),
        ("[[zone]]\nname = 'a'\ncommunes = [1]", "communes", "no list of names"),
        ("[[zone]]\nname = 'a'\nrest = true\ninhabitants = -1", "inhabitants", "people"),
        ("[[zone]]\nname = 'a'\nrest = true\n[[zone]]\nname = 'a'\nrest = true", "zone a", "twice"),
        ("[[zone", "zones.toml", "cannot be read"),
    ],
)
def test_a_wrong_zones_file_is_refused(tmp_path, text, where, what):
    file = tmp_path / "zones.toml"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        read_layout(file)
    assert where in refused.value.where
    assert what in refused.value.what


def test_a_zone_of_an_unknown_commune_is_refused(tmp_path):
    zones = tmp_path / "zones.toml"
    zones.write_text('[[zone]]\nname = "a"\ncommunes = ["Atlantis"]\n')
    with pytest.raises(InputError, match=r"no commune 'Atlantis'.*Smallville"):
        Territory.from_osm(small_town().write(tmp_path / "town.osm"), zones=zones)
