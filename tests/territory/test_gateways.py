"""Gateways and the keep rule on small maps whose answer can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.osm_maps import OsmMap, place
from twin.errors import InputError
from twin.territory.territory import Territory


def box_m(west, south, east, north):
    return (*place(west, south), *place(east, north))


def crossing(tmp_path, road_class: str = "primary", **tags: str):
    """A road from west to east, and a square of streets on it."""
    m = OsmMap(box_m=(-1000, -1000, 1000, 1000))
    for number, x in enumerate((-2000, -900, 0, 200, 900, 2000), start=1):
        m.node(number, x, 0)
    m.node(7, 0, 200), m.node(8, 200, 200)
    (
        m.way([1, 2, 3], road_class, **tags),
        m.way([3, 4], road_class, **tags),
        m.way([4, 5, 6], road_class, **tags),
    )
    m.way([3, 7, 8, 4], "residential")
    return m.write(tmp_path / "crossing.osm")


@pytest.mark.parametrize(("road_class", "n_gates"), [("tertiary", 2), ("unclassified", 0)])
def test_cut_roads_become_gateways_from_tertiary_up(tmp_path, road_class, n_gates):
    territory = Territory.from_osm(crossing(tmp_path, road_class), bbox=box_m(-950, -950, 950, 950))
    assert territory.gateways.kind.tolist() == ["cut"] * n_gates
    assert territory.meta["repairs"]["ways_cut"] == 2
    assert set(territory.gateways.side.tolist()) <= {"E", "W"}


def test_a_road_that_ends_near_the_box_is_a_gateway(tmp_path):
    """2 000 m out is beyond the box, so also near it; 900 m in the middle is no end."""
    territory = Territory.from_osm(crossing(tmp_path, ref="D 9"))
    assert territory.gateways.kind.tolist() == ["end", "end"]
    assert territory.gateways.group.tolist() == ["D9 west", "D9 east"]


def test_a_one_way_motorway_that_the_box_cuts_is_kept_whole(tmp_path):
    """No link of it is strongly connected to anything; a plain largest component would drop it."""
    m = OsmMap(box_m=(-1000, -1000, 1000, 1000))
    for number, (x, y) in enumerate(
        [(-990, 0), (0, 0), (990, 0), (0, 50), (0, 300), (200, 300), (200, 500)], 1
    ):
        m.node(number, x, y)
    m.way([1, 2, 3], "motorway", ref="A 1")
    m.way([2, 4, 5], "motorway_link", oneway="yes")
    m.way([5, 6, 7, 5], "residential")
    territory = Territory.from_osm(m.write(tmp_path / "motorway.osm"))
    assert territory.meta["lost_km"] == {}
    assert territory.meta["unreachable_pairs"] == 0
    gates = territory.gateways
    assert [
        (g, i >= 0, o >= 0) for g, i, o in zip(gates.group, gates.in_link, gates.out_link, strict=True)
    ] == [
        ("A1 west", True, False),
        ("A1 east", False, True),
    ]
    assert territory.streets.core.sum() == territory.streets.n_links - 3


def test_what_no_traffic_can_use_is_lost_and_counted(tmp_path):
    """A pair of streets that touch nothing is lost; a one-way trap off the square is lost too."""
    m = OsmMap()
    for number, (x, y) in enumerate(
        [(0, 0), (200, 0), (200, 200), (0, 200), (500, 0), (500, 900), (600, 900)], start=1
    ):
        m.node(number, x, y)
    m.way([1, 2, 3, 4, 1], "residential")
    m.way([2, 5], "residential", oneway="yes")
    m.way([6, 7], "residential")
    territory = Territory.from_osm(m.write(tmp_path / "trap.osm"))
    assert territory.meta["lost_km"] == {"residential": pytest.approx(0.5, abs=0.01)}
    assert territory.streets.core.all()


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda m: m.way([1, 2], "footway"), "no drivable streets"),
        (lambda m: m.way([1, 2], "residential", access="private"), "no drivable streets"),
        (lambda m: m.way([1, 2], "residential", oneway="yes"), "no street that traffic can use"),
        (lambda m: m.way([1, 1], "residential"), "no drivable streets"),
        (lambda m: m.way([98, 99], "residential"), "no drivable streets"),
    ],
    ids=["footway", "private", "one-way stub", "one node", "absent nodes"],
)
def test_a_map_without_usable_streets_is_refused(tmp_path, build, what):
    m = OsmMap()
    m.node(1, 0, 0), m.node(2, 100, 0)
    build(m)
    with pytest.raises(InputError, match=what):
        Territory.from_osm(m.write(tmp_path / "none.osm"))


@pytest.mark.parametrize("box", [(8, 44, 7, 45), (0, 0, np.nan, 1), (-181, 0, 0, 1)])
def test_a_box_that_is_none_is_refused(tmp_path, box):
    with pytest.raises(InputError, match="is no box"):
        Territory.from_osm(crossing(tmp_path), bbox=box)


def test_a_box_beside_the_map_is_refused(tmp_path):
    with pytest.raises(InputError, match="no drivable streets in the box"):
        Territory.from_osm(crossing(tmp_path), bbox=(0.0, 0.0, 1.0, 1.0))


def test_ways_with_absent_nodes_are_mended(tmp_path):
    """Node 99 is absent in the middle of a way: both runs stay, and end where they were cut."""
    m = OsmMap()
    for number, x in enumerate((0, 100, 200, 300), start=1):
        m.node(number, x, 0)
    m.way([1, 2, 99, 3, 4], "secondary")
    m.node(5, 100, 100), m.node(6, 200, 100)
    m.way([2, 5, 6, 3], "residential")
    territory = Territory.from_osm(m.write(tmp_path / "cut.osm"))
    assert territory.meta["repairs"]["absent_nodes"] == 1
    assert sorted(territory.gateways.gate_id[territory.gateways.kind == "cut"]) == ["gate:2", "gate:3"]
    assert {1, 2, 3, 4} <= set(territory.streets.node_id.tolist())
