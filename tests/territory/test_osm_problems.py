"""What maps get wrong or leave open, one by one, on streets whose answer can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.osm_maps import OsmMap
from twin.readers.osm import read_extract
from twin.territory.territory import Territory


def square() -> OsmMap:
    """Streets of 200 m around a block, nodes 1 to 4 counterclockwise from the south-west.

    Each has a reference of its own, so that links end at every corner.
    """
    town = OsmMap()
    for number, (x, y) in enumerate([(0, 0), (200, 0), (200, 200), (0, 200)], start=1):
        town.node(number, x, y)
    town.way([1, 2], "residential", ref="S"), town.way([2, 3], "residential", ref="E")
    town.way([3, 4], "residential", ref="N"), town.way([4, 1], "residential", ref="W")
    return town


def built(town: OsmMap, tmp_path) -> Territory:
    return Territory.from_osm(town.write(tmp_path / "town.osm"))


def links(territory: Territory) -> set[tuple[int, int]]:
    """Links by the outside ids of their end nodes."""
    streets = territory.streets
    return {
        (int(streets.node_id[a]), int(streets.node_id[b]))
        for a, b in zip(streets.tail, streets.head, strict=True)
    }


def row(territory: Territory, first: int, last: int) -> int:
    streets = territory.streets
    ends = list(
        zip(streets.node_id[streets.tail].tolist(), streets.node_id[streets.head].tolist(), strict=True)
    )
    assert ends.count((first, last)) == 1
    return ends.index((first, last))


BOTH_WAYS = {(1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3), (4, 1), (1, 4)}


def test_a_way_that_comes_twice_counts_once(tmp_path):
    """The same way again, and another way over the same nodes: eight links as without them."""
    town = square()
    town.node(5, -150, 0), town.way([5, 1], "residential")
    whole = links(built(town, tmp_path))
    town.lines.append(next(line for line in town.lines if line.startswith("<way")))
    town.way([1, 2], "residential", name="drawn again")
    territory = built(town, tmp_path)
    assert links(territory) == whole == BOTH_WAYS | {(5, 1), (1, 5)}
    assert territory.meta["repairs"]["duplicate_ways"] == 1


def test_absent_nodes_leave_what_is_there(tmp_path):
    """A way whose middle is absent: 200 m stay on the one side, 200 m on the other, nothing between."""
    town = square()
    for number, x in ((5, 400), (6, 600), (7, 800)):
        town.node(number, x, 0)
    town.way([2, 5, 98, 99, 6, 7], "secondary")
    territory = built(town, tmp_path)
    assert territory.meta["repairs"]["absent_nodes"] == 2
    assert territory.meta["repairs"]["ways_cut"] == 1
    assert (5, 6) not in links(territory)
    assert {(2, 5), (5, 2), (6, 7), (7, 6)} <= links(territory)  # both ends of the gap are gates


@pytest.mark.parametrize("road_class", ["residential", "motorway"])
def test_two_nodes_in_one_spot_make_no_link_without_length(tmp_path, road_class):
    """Nodes 2 and 5 lie in one spot: no link is endless, takes no time, or has no length."""
    town = square()
    town.node(5, 200, 0), town.node(6, 400, 0), town.node(7, 400, 200)
    town.way([2, 5], road_class, oneway="no"), town.way([5, 6], road_class, oneway="no")
    town.way([6, 7], road_class, oneway="no"), town.way([7, 3], road_class, oneway="no")
    territory = built(town, tmp_path)
    streets = territory.streets
    assert (streets.length_m > 0.0).all()
    assert np.isfinite(streets.free_flow_time_s).all()
    assert (streets.free_flow_time_s > 0.0).all()
    assert streets.length_m.max() == pytest.approx(600.0, rel=0.01)
    assert links(territory) >= BOTH_WAYS


def test_a_zero_length_street_in_a_row_keeps_its_speed(tmp_path):
    """A street of 600 m at 30 km/h with two nodes in one spot at its first bend."""
    town = square()
    town.node(5, 400, 0), town.node(6, 400, 0), town.node(7, 400, 200)
    town.way([2, 5, 6, 7, 3], "residential", maxspeed="30")
    streets = built(town, tmp_path).streets
    long = np.flatnonzero(streets.length_m > 500.0)
    assert len(long) == 2
    assert streets.length_m[long] == pytest.approx(600.0, rel=0.01)
    assert streets.free_flow_time_s[long] == pytest.approx(72.0, rel=0.01)


def test_a_one_way_trap_is_lost_and_said_to_be(tmp_path):
    """One can drive in but never out: 150 m lost; a street that leads out only is lost as well."""
    town = square()
    town.node(5, 350, 0), town.node(6, -100, 0)
    town.way([2, 5], "residential", oneway="yes"), town.way([6, 1], "residential", oneway="yes")
    territory = built(town, tmp_path)
    assert links(territory) == BOTH_WAYS
    assert territory.meta["lost_km"] == {"residential": pytest.approx(0.25, abs=0.002)}


def test_an_island_is_lost_and_said_to_be(tmp_path):
    town = square()
    for number, (x, y) in enumerate([(900, 0), (1000, 0), (1000, 100)], start=5):
        town.node(number, x, y)
    town.way([5, 6, 7, 5], "residential")
    territory = built(town, tmp_path)
    assert links(territory) == BOTH_WAYS
    around_km = 2 * (0.1 + 0.1 + 0.1 * 2**0.5)
    assert territory.meta["lost_km"] == {"residential": pytest.approx(around_km, abs=0.005)}


def test_a_ferry_is_no_street(tmp_path):
    """Two shores and a ferry: the smaller shore is an island to cars, and nobody walks over water."""
    town = square()
    for number, (x, y) in enumerate([(900, 0), (1000, 0), (1000, 100)], start=5):
        town.node(number, x, y)
    town.way([5, 6, 7, 5], "residential")
    town.way([2, 5], route="ferry", motor_vehicle="yes", foot="yes", duration="00:15")
    territory = built(town, tmp_path)
    assert links(territory) == BOTH_WAYS
    assert territory.meta["lost_km"]["residential"] > 0.6
    assert territory.paths.node_x_m.max() - territory.paths.node_x_m.min() < 250.0


def test_walking_pace_is_six_kilometres_an_hour(tmp_path):
    town = square()
    town.node(5, 350, 0), town.way([2, 5], "living_street", maxspeed="walk")
    territory = built(town, tmp_path)
    there = row(territory, 2, 5)
    assert territory.streets.free_speed_mps[there] * 3.6 == pytest.approx(6.0)
    assert territory.streets.free_flow_time_s[there] == pytest.approx(90.0, rel=0.01)
    assert territory.streets.speed_provenance[there] == 0


@pytest.mark.parametrize(("oneway", "lanes"), [("no", 1.0), ("yes", 1.5)])
def test_one_and_a_half_lanes(tmp_path, oneway, lanes):
    """A road of one and a half lanes is one lane each way; one way only it is all of them."""
    town = square()
    town.node(5, 400, 0), town.node(6, 400, 200)
    town.way([2, 5], "tertiary", lanes="1.5", oneway=oneway)
    town.way([5, 6], "tertiary", ref="D 1"), town.way([6, 3], "tertiary", ref="D 2")
    territory = built(town, tmp_path)
    there = row(territory, 2, 5)
    assert territory.streets.lanes[there] == lanes
    assert territory.streets.lanes_provenance[there] == 0


@pytest.mark.parametrize("value", ["-1", "reverse"])
def test_one_way_against_the_way_as_drawn(tmp_path, value):
    """Drawn from 2 over 5 to 3, driven from 3 to 2."""
    town = square()
    town.node(5, 350, 100)
    town.way([2, 5, 3], "residential", oneway=value)
    streets = built(town, tmp_path).streets
    on_it = np.flatnonzero(np.isin(streets.member_from, [5]))
    assert streets.member_to[on_it].tolist() == [2]
    assert 5 not in streets.member_to[np.isin(streets.member_from, [2])].tolist()


@pytest.mark.parametrize(
    ("kind", "tagged"), [("roundabout", {}), ("circular", {}), ("roundabout", {"oneway": "no"})]
)
def test_a_roundabout_is_driven_round_one_way(tmp_path, kind, tagged):
    """Four arms on a ring of 100 m radius, drawn counterclockwise; `oneway=no` on it would be believed."""
    town = OsmMap()
    for number, (x, y) in enumerate([(100, 0), (0, 100), (-100, 0), (0, -100)], start=1):
        town.node(number, x, y)
        town.node(number + 4, 3 * x, 3 * y)
        town.way([number, number + 4], "tertiary")
    town.way([1, 2, 3, 4, 1], "tertiary", junction=kind, **tagged)
    found = links(built(town, tmp_path))
    assert {(1, 2), (2, 3), (3, 4), (4, 1)} <= found
    assert ({(2, 1), (3, 2), (4, 3), (1, 4)} <= found) == bool(tagged)
    assert {(1, 5), (5, 1), (3, 7), (7, 3)} <= found


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"access": "private"}, False),
        ({"access": "no"}, False),
        ({"motor_vehicle": "private"}, False),
        ({"vehicle": "no"}, False),
        ({"access": "private", "motor_vehicle": "yes"}, True),
        ({"access": "no", "motorcar": "designated"}, True),
        ({"access": "destination"}, True),
        ({"access": "permissive"}, True),
    ],
)
def test_private_roads_are_closed_to_cars(tmp_path, tags, is_open):
    town = square()
    town.node(5, 350, 0), town.way([2, 5], "residential", **tags)
    assert ((2, 5) in links(built(town, tmp_path))) == is_open


def test_a_tunnel_is_not_joined_to_the_road_above(tmp_path):
    """A tunnel and a bridge cross the square's southern and northern streets without a node in common."""
    town = square()
    town.node(5, 100, -300), town.node(6, 100, 100), town.node(7, 100, 500)
    town.way([5, 6], "secondary", tunnel="yes", layer="-1")
    town.way([6, 7], "secondary", bridge="yes", layer="1")
    town.node(8, 800, -300), town.node(9, 800, 500)
    town.way([5, 8, 9, 7], "secondary")
    town.way([2, 8], "residential")
    territory = built(town, tmp_path)
    streets = territory.streets
    crossing = np.isin(streets.member_way, [1005, 1006])
    ends = {*streets.member_from[crossing].tolist(), *streets.member_to[crossing].tolist()}
    assert ends == {5, 6, 7}
    assert links(territory) >= BOTH_WAYS
    assert not {(1, 6), (6, 1), (2, 6), (6, 2)} & links(territory)


def test_repairs_are_told_in_the_readme(tmp_path):
    town = square()
    town.lines.append(next(line for line in town.lines if line.startswith("<way")))
    built(town, tmp_path).save(tmp_path / "out")
    assert "- duplicate ways: 1" in (tmp_path / "out" / "README.md").read_text()


def test_an_element_that_an_editor_deleted_is_absent(tmp_path):
    town = square()
    town.lines.append('<node id="9" lat="43.75" lon="7.41" visible="false"/>')
    town.lines.append(
        '<way id="77" action="delete"><nd ref="1"/><nd ref="3"/><tag k="highway" v="primary"/></way>'
    )
    extract = read_extract(town.write(tmp_path / "town.osm"))
    assert 9 not in extract.nodes
    assert 77 not in extract.ways
