"""Who lives where no file tells: tags by the share of a commune's dwellings, and nobody twice.

Every house is 10 by 10 m on open ground: two levels of 100 m2 at 95 m2 a dwelling, 2.105 dwellings; four
of them have 8.42. Where no tag tells, a village counts 0.6 inhabitants a dwelling: 5.05 in four houses.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.osm_maps import OsmMap, place
from twin.population.residents.people import DWELLINGS, SHARED_TAG, STATED, TAG, people_of_zone
from twin.population.synthesis import synthesise
from twin.readers.osm import read_extract
from twin.scenario.ledger import Parameters
from twin.territory.communes import communes_of
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
HOUSES_M = (-400, -200, 200, 400)
FOUR_HOUSES = 4 * 200.0 / 95.0
Box = tuple[float, float, float, float]


def street(box_m: Box = (-500, -300, 500, 300)) -> OsmMap:
    """A street with four houses 200 m apart."""
    m = OsmMap(box_m=box_m)
    for number, x in enumerate((-450, -300, 0, 300, 450), start=1):
        m.node(number, x, 0)
    m.way([1, 2, 3, 4, 5], "residential")
    for at, x in enumerate(HOUSES_M):
        corners = [(x, 20), (x + 10, 20), (x + 10, 30), (x, 30)]
        for number, (east, north) in enumerate(corners, start=10 * (at + 1)):
            m.node(number, east, north)
        first = 10 * (at + 1)
        m.way([first, first + 1, first + 2, first + 3, first], building="house")
    return m


def bounded(m: OsmMap, west: float, east: float, people: int, name: str = "Smallville") -> OsmMap:
    """The map with a commune between two meridians, whose node stands at 50 m east."""
    for number, (x, y) in enumerate([(west, -250), (east, -250), (east, 250), (west, 250)], start=900):
        m.node(number, x, y)
    ring = m.way([900, 901, 902, 903, 900])
    m.node(800, 50, 0, place="village", name=name, population=str(people))
    m.relation(
        [("w", ring, "outer"), ("n", 800, "admin_centre")],
        boundary="administrative",
        admin_level="8",
        name=name,
    )
    return m


def inhabitants(territory: Territory, name: str) -> tuple[float, str]:
    found = people_of_zone(territory, territory.zones.row(name), LEDGER)
    return found.inhabitants, found.basis


def test_a_commune_whole_on_the_map_counts_its_tag(tmp_path: Path) -> None:
    territory = Territory.from_osm(bounded(street(), -480, 480, 100).write(tmp_path / "whole.osm"))
    assert inhabitants(territory, "Smallville") == (pytest.approx(100.0), TAG)


def test_a_commune_cut_by_the_box_counts_by_its_dwellings_inside(tmp_path: Path) -> None:
    """Three of four equal houses lie in the box: 75 of 100 people; the map shows the fourth."""
    file = bounded(street(), -480, 480, 100).write(tmp_path / "cut.osm")
    territory = Territory.from_osm(file, bbox=(*place(-500, -300), *place(310, 300)))
    assert territory.places.n_places == 3
    assert territory.meta["people"]["Smallville"]["basis"] == "counted"
    assert inhabitants(territory, "Smallville") == (pytest.approx(75.0, abs=0.1), SHARED_TAG)
    made = synthesise(territory, None, LEDGER, seed=1)
    assert made.report["kinds"]["resident"]["persons"] == 75


@pytest.mark.parametrize(("people", "inside"), [(20, 10.0), (8, 8 * 0.6 * FOUR_HOUSES / 8), (5, 5.0)])
def test_a_ring_that_leaves_the_map_counts_by_area(tmp_path: Path, people: int, inside: float) -> None:
    """Half of its ground is on the map, so by area its dwellings are twice the 8.42 seen: 16.8.

    20 people need 33.3 dwellings: the area holds, and half of them live here. 8 people need 13.3, fewer
    than by area: 8 x 8.42 / 13.3 = 5.05. 5 people need 8.33, which are all here.
    """
    file = bounded(street(), -500, 1500, people).write(tmp_path / "beyond.osm")
    territory = Territory.from_osm(file)
    note = territory.meta["people"]["Smallville"]
    assert (note["basis"], note["dwellings"]) == ("by area", pytest.approx(2 * FOUR_HOUSES, abs=0.1))
    assert inhabitants(territory, "Smallville")[0] == pytest.approx(inside, abs=0.05)


@pytest.mark.parametrize(("people", "inside"), [(400, 0.6 * FOUR_HOUSES), (4, 4.0)])
def test_a_ring_cut_open_counts_by_what_its_people_need(tmp_path: Path, people: int, inside: float) -> None:
    """400 people need 667 dwellings, of which 8.42 are here; 4 people need fewer than are here."""
    m = street()
    for number, (x, y) in enumerate([(-495, -200), (490, -200), (490, 200), (-495, 200)], start=900):
        m.node(number, x, y)
    m.node(800, 50, 0, place="village", name="Smallville", population=str(people))
    way = m.way([900, 901, 902, 903])
    m.relation([("w", way, "outer")], boundary="administrative", admin_level="8", name="Smallville")
    territory = Territory.from_osm(m.write(tmp_path / "open.osm"))
    assert territory.zones.method[0] == "ring closed along the box"
    assert inhabitants(territory, "Smallville")[0] == pytest.approx(inside, abs=0.05)


@pytest.mark.parametrize(
    ("people", "inside", "basis"), [(18, 18.0, TAG), (21, 0.6 * FOUR_HOUSES, SHARED_TAG)]
)
def test_a_place_node_is_whole_if_its_people_fit(
    tmp_path: Path, people: int, inside: float, basis: str
) -> None:
    """A household of 2.3 in each of 8.42 dwellings is 19.4 people: 18 fit, 21 live partly elsewhere."""
    m = street()
    m.node(800, 50, 0, place="village", name="Smallville", population=str(people))
    territory = Territory.from_osm(m.write(tmp_path / "node.osm"))
    assert inhabitants(territory, "Smallville") == (pytest.approx(inside, abs=0.05), basis)


def test_without_a_tag_dwellings_count(tmp_path: Path) -> None:
    territory = Territory.from_osm(street().write(tmp_path / "bare.osm"))
    assert inhabitants(territory, "rest") == (pytest.approx(0.6 * FOUR_HOUSES, abs=0.05), DWELLINGS)
    (note, zone) = synthesise(territory, None, LEDGER, seed=1).report["notes"]
    assert note.startswith("Default demand (assumed; there is no population.toml)")
    assert "no commuters from outside and no through traffic" in note
    assert zone == "zone rest: 5 inhabitants by dwellings on the map"


def test_a_polygon_takes_its_share_of_a_commune_and_a_stated_number_holds(tmp_path: Path) -> None:
    """One house of four lies west of -300 m: 25 of 100, unless the zones file says 7."""
    file = bounded(street(), -480, 480, 100).write(tmp_path / "town.osm")
    corners = [list(place(x, y)) for x, y in [(-500, -300), (-300, -300), (-300, 300), (-500, 300)]]
    for line, expected in (("", (25.0, SHARED_TAG)), ("inhabitants = 7\n", (7.0, STATED))):
        zones = tmp_path / "zones.toml"
        zones.write_text(
            f'[[zone]]\nname = "west"\npolygon = {corners}\n{line}[[zone]]\nname = "rest"\nrest = true\n'
        )
        territory = Territory.from_osm(file, zones=zones)
        found = inhabitants(territory, "west")
        assert found == (pytest.approx(expected[0], abs=0.05), expected[1])
        assert inhabitants(territory, "rest")[0] == pytest.approx(75.0, abs=0.1)


def test_one_settlement_is_counted_once(tmp_path: Path) -> None:
    """Two relations of one name with 35,881 each, a node with 36,371, a quarter and a town within it."""
    m = bounded(street(), -480, 480, 36_371, "Monaco")
    m.node(801, -100, 50, place="suburb", name="Monte-Carlo", population="15507")
    m.node(802, 100, 50, place="town", name="La Condamine", population="12000")
    open_way = m.way([900, 901])
    for number, way in ((7, open_way), (2, 0)):
        members = [("w", way, "outer"), ("n", 800, "admin_centre")]
        m.relation(
            members, number, boundary="administrative", admin_level="8", name="Monaco", population="35881"
        )
    file = m.write(tmp_path / "monaco.osm")
    (commune,) = communes_of(read_extract(file))
    assert (commune.name, commune.inhabitants, commune.method) == ("Monaco", 36_371.0, "ring")
    territory = Territory.from_osm(file)
    assert inhabitants(territory, "Monaco") == (pytest.approx(36_371.0), TAG)


def test_monaco_and_beausoleil_as_mapped() -> None:
    """36,371 in Monaco's node and 13,515 in Beausoleil's; neither 35,881 nor Monte-Carlo's 15,507 on top."""
    riviera = Territory.load(ROOT / "networks" / "riviera")
    assert inhabitants(riviera, "dense") == (pytest.approx(36_371.0 + 13_515.0), TAG)
    assert inhabitants(riviera, "la_turbie") == (pytest.approx(3_180.0), TAG)


def test_a_part_of_a_territory_counts_its_share_of_the_dwellings() -> None:
    """Also a part of a part, and again the whole of a zone."""
    riviera = Territory.load(ROOT / "networks" / "riviera")
    part = riviera.cut(bbox=(7.385, 43.738, 7.408, 43.752))
    again = part.cut(bbox=(7.39, 43.738, 7.408, 43.752))
    village = riviera.streets.communes.index("La Turbie")
    all_of_it = riviera.places.dwellings[riviera.places.commune == village].sum()
    for territory in (part, again):
        zone = territory.places.zone == territory.zones.row("la_turbie")
        village = territory.streets.communes.index("La Turbie")
        here = territory.places.dwellings[zone & (territory.places.commune == village)].sum()
        assert 0 < here < 0.9 * all_of_it
        assert inhabitants(territory, "la_turbie")[0] == pytest.approx(3_180.0 * here / all_of_it, rel=1e-3)
    whole = riviera.cut(zones=["la_turbie"])
    served = whole.places.dwellings.sum() / all_of_it
    assert served > 0.9, "but for houses whose street hangs on another commune's"
    assert inhabitants(whole, "la_turbie")[0] == pytest.approx(3_180.0 * served, rel=1e-3)
