"""A territory cut out of a larger one: ids, lengths and capacities stay; roads that are cut get gateways."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.osm_maps import OsmMap, place, small_town
from tests.strategies import networks
from tests.territories import territory_of
from twin.cli.main import run_command
from twin.errors import InputError
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.gateways import LOWEST_GATE_CLASS
from twin.territory.territory import Territory

KEPT = (
    "link_key", "length_m", "free_speed_mps", "lanes", "flow_capacity_vps", "storage_veh", "road_class",
    "parking_spaces", "parking_eur_per_h", "control", "control_provenance",
    "speed_provenance", "lanes_provenance", "capacity_provenance", "name",
)  # fmt: skip
"""Columns of a link that no cut may change."""
COUNTS = ("links_inside", "links_across", "links_outside", "places_inside", "gateways_kept", "gateways_cut")


def shape(streets, row: int) -> np.ndarray:
    line = slice(streets.shape_start[row], streets.shape_start[row + 1])
    return np.column_stack([streets.shape_lon[line], streets.shape_lat[line]])


def members(streets, row: int) -> list[tuple]:
    rows = slice(streets.member_start[row], streets.member_start[row + 1])
    names = ("member_way", "member_from", "member_to", "member_ref")
    return list(zip(*(getattr(streets, name)[rows].tolist() for name in names), strict=True))


def check_links(larger: Territory, part: Territory, inside: set[str]) -> None:
    """Whoever lies wholly inside is there, and all that is there is what it was."""
    old, new = larger.streets, part.streets
    row_of = {link: row for row, link in enumerate(old.link_id.tolist())}
    assert inside <= set(new.link_id.tolist()) <= set(row_of)
    rows = np.array([row_of[link] for link in new.link_id.tolist()], dtype=int)
    for name in KEPT:
        assert getattr(new, name).tolist() == getattr(old, name)[rows].tolist(), name
    for ends in ("tail", "head"):
        assert new.node_id[getattr(new, ends)].tolist() == old.node_id[getattr(old, ends)[rows]].tolist()
    for here, there in enumerate(rows.tolist()):
        assert (shape(new, here) == shape(old, there)).all()
        assert members(new, here) == members(old, there)


def check_gateways(larger: Territory, part: Territory) -> None:
    """Every road of tertiary class or above that goes on outside has its gateway, as has every old gate."""
    old, new, gates = larger.streets, part.streets, part.gateways
    left_out = ~np.isin(old.link_id, new.link_id) & (old.road_class <= LOWEST_GATE_CLASS)
    leads_in = set(old.node_id[old.head[left_out]].tolist()) | set(
        old.node_id[larger.gateways.node[larger.gateways.in_link >= 0]].tolist()
    )
    leads_out = set(old.node_id[old.tail[left_out]].tolist()) | set(
        old.node_id[larger.gateways.node[larger.gateways.out_link >= 0]].tolist()
    )
    starts, ends = set(new.node_id[new.tail].tolist()), set(new.node_id[new.head].tolist())
    at = new.node_id[gates.node]
    assert set(at[gates.in_link >= 0].tolist()) == leads_in & starts
    assert set(at[gates.out_link >= 0].tolist()) == leads_out & ends
    for gate in range(len(gates.gate_id)):
        assert gates.gate_id[gate] == f"gate:{at[gate]}"
        assert gates.in_link[gate] < 0 or new.tail[gates.in_link[gate]] == gates.node[gate]
        assert gates.out_link[gate] < 0 or new.head[gates.out_link[gate]] == gates.node[gate]
    groups = dict(zip(larger.gateways.gate_id.tolist(), larger.gateways.group.tolist(), strict=True))
    for gate, group in zip(gates.gate_id.tolist(), gates.group.tolist(), strict=True):
        assert groups.get(gate, group) == group


def check_places(larger: Territory, part: Territory) -> None:
    """Each has a street of the core and a node of the paths that are there."""
    assert set(part.places.place_id.tolist()) <= set(larger.places.place_id.tolist())
    assert (part.places.access_link >= 0).all()
    assert part.streets.core[part.places.access_link].all() or not part.streets.core.any()
    assert ((part.places.path_node >= 0) == bool(len(part.paths.u))).all()
    assert (part.places.path_node < max(len(part.paths.node_x_m), 1)).all()
    assert (part.paths.u >= 0).all()
    assert max(part.paths.u.max(initial=-1), part.paths.v.max(initial=-1)) < len(part.paths.node_x_m)
    zone_of = dict(zip(larger.places.place_id.tolist(), larger.places.zone.tolist(), strict=True))
    for place_id, zone in zip(part.places.place_id.tolist(), part.places.zone.tolist(), strict=True):
        assert part.zones.name[zone] == larger.zones.name[zone_of[place_id]]


def held_points(streets, box) -> np.ndarray:
    west, south, east, north = box
    held = (west <= streets.shape_lon) & (streets.shape_lon <= east)
    return held & (south <= streets.shape_lat) & (streets.shape_lat <= north)


def holds_a_point(streets, box) -> bool:
    return bool(held_points(streets, box).any())


def in_box(streets, box) -> set[str]:
    """Links all of whose line lies in a box."""
    whole = np.logical_and.reduceat(held_points(streets, box), streets.shape_start[:-1])
    return set(streets.link_id[whole].tolist())


def boxes(territory: Territory) -> st.SearchStrategy[tuple[float, float, float, float]]:
    """Boxes whose edges lie anywhere on the map, also on a node."""
    lon, lat = (
        sorted(set(each.tolist())) for each in (territory.streets.node_lon, territory.streets.node_lat)
    )
    pair_lon = st.lists(st.sampled_from(lon), min_size=2, max_size=2, unique=True)
    pair_lat = st.lists(st.sampled_from(lat), min_size=2, max_size=2, unique=True)
    return st.tuples(pair_lon, pair_lat).map(
        lambda pairs: (min(pairs[0]), min(pairs[1]), max(pairs[0]), max(pairs[1]))
    )


@pytest.mark.one_interpreter("cuts of arrays, which no interpreter changes; a cut is made and kept on each")
@given(st.data())
def test_any_box_on_the_riviera(riviera: Territory, data) -> None:
    box = data.draw(boxes(riviera))
    if not holds_a_point(riviera.streets, box):
        with pytest.raises(InputError, match="no street of riviera"):
            riviera.cut(bbox=box)
        return
    part = riviera.cut(bbox=box)
    check_links(riviera, part, in_box(riviera.streets, box))
    check_gateways(riviera, part)
    check_places(riviera, part)
    counts = part.meta["cut"]
    assert counts["links_inside"] == len(in_box(riviera.streets, box))
    assert counts["links_inside"] + counts["links_across"] == part.streets.n_links
    assert counts["links_outside"] == riviera.streets.n_links - part.streets.n_links
    assert counts["gateways_kept"] + counts["gateways_cut"] == len(part.gateways.gate_id)


@pytest.mark.one_interpreter("cuts of arrays, which no interpreter changes; a cut is made and kept on each")
@given(st.data())
def test_any_box_on_any_network(data) -> None:
    net = data.draw(networks(max_nodes=8).filter(lambda net: net.n_nodes > 2))
    link = st.integers(0, net.n_links - 1)
    gates = tuple((each, -1, "W") for each in data.draw(st.lists(link, max_size=2, unique=True)))
    if len({int(net.tail[gate[0]]) for gate in gates}) < len(gates):
        gates = gates[:1]
    larger = territory_of(net, gates=gates)
    if len(set(larger.streets.link_id.tolist())) < net.n_links:
        return  # two links between the same nodes share their id in such a world
    larger = _at_node_gates(larger)
    box = data.draw(boxes(larger))
    if not holds_a_point(larger.streets, box):
        return
    part = larger.cut(bbox=box)
    check_links(larger, part, in_box(larger.streets, box))
    check_gateways(larger, part)


def _at_node_gates(territory: Territory) -> Territory:
    """The same world with its gates named after their nodes, as built territories do."""
    ids = [f"gate:{territory.streets.node_id[node]}" for node in territory.gateways.node.tolist()]
    return replace(territory, gateways=replace(territory.gateways, gate_id=np.array(ids, dtype=np.str_)))


@pytest.mark.one_interpreter("cuts of arrays, which no interpreter changes; a cut is made and kept on each")
@pytest.mark.parametrize("names", [("dense",), ("la_turbie", "eze"), ("rest",)])
def test_zones_are_cut_as_the_territory_counts_their_links(riviera: Territory, names) -> None:
    part = riviera.cut(zones=names)
    rows = [riviera.zones.row(name) for name in names]
    inside = set(riviera.streets.link_id[np.isin(riviera.streets.zone, rows)].tolist())
    assert set(part.streets.link_id.tolist()) == inside
    assert part.zones.name == names
    check_links(riviera, part, inside)
    check_gateways(riviera, part)
    check_places(riviera, part)
    n_places = int(np.isin(riviera.places.zone, rows).sum())
    assert part.places.n_places + part.meta["cut"]["places_out_of_reach"] == n_places
    # what is left of five communes at the edge lies in pieces: the one with most places is served
    assert part.places.n_places >= (0.3 if names == ("rest",) else 0.9) * n_places


@pytest.mark.one_interpreter("cuts of arrays, which no interpreter changes; a cut is made and kept on each")
def test_a_polygon_that_is_a_box_cuts_what_the_box_cuts(riviera: Territory) -> None:
    box = (7.3971, 43.7352, 7.4321, 43.7518)
    west, south, east, north = box
    corners = [(west, south), (east, south), (east, north), (west, north)]
    assert riviera.cut(polygon=corners).digest == riviera.cut(bbox=box).digest
    triangle = riviera.cut(polygon=corners[:3])
    check_gateways(riviera, triangle)
    assert 0 < triangle.streets.n_links < riviera.cut(bbox=box).streets.n_links


def test_a_cut_is_a_territory_like_any_other(riviera: Territory, tmp_path) -> None:
    part = riviera.cut(bbox=(7.38, 43.735, 7.41, 43.755), name="middle")
    part.save(tmp_path / "middle")
    again = Territory.load(tmp_path / "middle")
    assert (again.name, again.digest) == ("middle", part.digest)
    assert again.cut(bbox=(7.38, 43.735, 7.41, 43.755)).streets.n_links == part.streets.n_links
    people = synthesise(again, None, Parameters.defaults(), seed=1)
    assert len(people.trips) > 1_000


def crossing() -> OsmMap:
    """A primary road through four junctions, with a loop of a lane and of one-way streets on it."""
    m = OsmMap(box_m=(-1000, -1000, 1000, 1000))
    for number, (x, y) in enumerate(
        [(-990, 0), (-500, 0), (0, 0), (500, 0), (990, 0), (-500, 600), (500, 600), (0, 600)], start=1
    ):
        m.node(number, x, y)
    m.way([1, 2, 3, 4, 5], "primary", ref="D 1")
    m.way([2, 6], "residential", name="The Lane")
    m.way([6, 8], "residential", name="The Lane")
    m.way([3, 8], "tertiary", ref="D 2")
    m.way([8, 7], "secondary", ref="D 3", oneway="yes")
    m.way([7, 4], "secondary", ref="D 3", oneway="yes")
    return m


def test_cut_by_hand(tmp_path) -> None:
    """The box holds junctions 2 and 3 alone.

    Inside is the primary between them, both ways. Across it run the primary to the gate 1 and to junction
    4, the tertiary and the lane to junction 8, both ways each. Left out are the primary from 4 on, both
    ways, and the one-way street from 8 to 4.
    """
    whole = Territory.from_osm(crossing().write(tmp_path / "crossing.osm"))
    assert whole.streets.n_links == 13
    part = whole.cut(bbox=(*place(-600, -100), *place(100, 100)))
    assert part.streets.node_id.tolist() == [1, 2, 3, 4, 8]
    counts = part.meta["cut"]
    assert (counts["links_inside"], counts["links_across"], counts["links_outside"]) == (2, 8, 3)
    gates = part.gateways
    assert gates.gate_id.tolist() == ["gate:1", "gate:4", "gate:8"]
    assert gates.group[0] == "D1 west", "the old gate keeps its name"
    assert gates.group[1] == "D1 east"
    assert gates.group[2].startswith("D3 ")
    assert (gates.in_link >= 0).tolist() == [True, True, False], "from 8 one only drives on, out of the part"
    assert (gates.out_link >= 0).tolist() == [True, True, True]
    assert (counts["gateways_kept"], counts["gateways_cut"]) == (1, 2)
    check_links(whole, part, in_box(whole.streets, (*place(-600, -100), *place(100, 100))))
    check_gateways(whole, part)


def test_where_must_be_said_once_and_lie_there(riviera: Territory) -> None:
    for words in ({}, {"bbox": (7.38, 43.73, 7.41, 43.75), "zones": ["eze"]}):
        with pytest.raises(InputError, match="once"):
            riviera.cut(**words)
    with pytest.raises(InputError, match="no zone 'nice'; right would be: one of dense, la_turbie"):
        riviera.cut(zones=["nice"])
    with pytest.raises(InputError, match="no street of riviera"):
        riviera.cut(bbox=(1.0, 2.0, 3.0, 4.0))
    with pytest.raises(InputError, match="is no ring"):
        riviera.cut(polygon=[(7.4, 43.7), (7.5, 43.7)])


def test_the_command_cuts_a_folder_and_counts(tmp_path, capfd) -> None:
    Territory.from_osm(small_town().write(tmp_path / "town.osm")).save(tmp_path / "town")
    box = ",".join(map(str, (*place(-150, -150), *place(150, 150))))
    words = ["fetch", str(tmp_path / "town"), "--bbox", box, "--out", str(tmp_path / "square"), "--json"]
    assert run_command([*words, "--quiet"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert set(COUNTS) < set(found["cut"])
    assert found["cut"]["from"] == "town"
    assert found["links"] == found["cut"]["links_inside"] + found["cut"]["links_across"]
    assert Territory.load(tmp_path / "square").digest == found["digest"]
    for wrong in (["--zones", "nowhere"], ["--polygon", "1"], []):
        command = ["fetch", str(tmp_path / "town"), *wrong, "--out", str(tmp_path / "bad"), "--quiet"]
        assert run_command(command) == 2
        assert not (tmp_path / "bad").exists()
        assert capfd.readouterr().err.count("\n") == 1
