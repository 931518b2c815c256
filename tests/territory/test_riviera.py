"""The embedded territories: the motorway survives, the ramps lead somewhere, tables make sense."""

from __future__ import annotations

import heapq
import re

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.territory.tables import PROVENANCES, ROAD_CLASSES

MOTORWAYS = ("motorway", "motorway_link")
VILLAGE = 247693724  # the D2564 in the village
ROQUEBRUNE_ROAD = 247694018  # the D2564 below the half-interchange of Roquebrune


def node_row(streets, outside_id: int) -> int:
    """Row of the node, or of the end of a link that has it on its line."""
    rows = np.flatnonzero(streets.node_id == outside_id)
    if len(rows):
        return int(rows[0])
    member = int(np.flatnonzero(streets.member_from == outside_id)[0])
    return int(streets.head[streets.member_link[member]])


def gate(territory, group: str, column: str) -> int:
    links = getattr(territory.gateways, column)
    (row,) = np.flatnonzero((territory.gateways.group == group) & (links >= 0))
    return int(territory.gateways.node[row])


def path(streets, start: int, stop: int, closed=()) -> tuple[float, float, list[int]]:
    """Minutes, kilometres and links of the quickest free-flow path (Dijkstra 1959)."""
    time = streets.free_flow_time_s
    out = [[] for _ in range(streets.n_nodes)]
    for link in range(streets.n_links):
        if link not in closed:
            out[streets.tail[link]].append(link)
    best, by, queue = {start: 0.0}, {}, [(0.0, start)]
    while queue:
        at, node = heapq.heappop(queue)
        if node == stop:
            break
        for link in out[node]:
            head, then = int(streets.head[link]), at + float(time[link])
            if then < best.get(head, np.inf):
                best[head], by[head] = then, link
                heapq.heappush(queue, (then, head))
    assert stop in best, "no path"
    links, node = [], stop
    while node != start:
        links.append(by[node])
        node = int(streets.tail[by[node]])
    return best[stop] / 60.0, float(streets.length_m[links].sum()) / 1000.0, links[::-1]


def test_every_motorway_kilometre_survives(riviera):
    total, lost = riviera.meta["total_km"], riviera.meta["lost_km"]
    for name in MOTORWAYS:
        assert lost.get(name, 0.0) <= 0.05 * total[name]
    assert total["motorway"] == pytest.approx(19.4, abs=0.1)
    assert total["motorway_link"] == pytest.approx(10.4, abs=0.1)
    assert sum(lost.values()) < 0.04 * sum(total.values())
    chosen = np.isin(riviera.streets.road_class, [ROAD_CLASSES.index(name) for name in MOTORWAYS])
    assert riviera.streets.length_m[chosen].sum() / 1000.0 == pytest.approx(29.86, abs=0.05)


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (("A8 west", "in_link"), VILLAGE),
        (VILLAGE, ("A8 west", "out_link")),
        (("A8 north", "in_link"), ROQUEBRUNE_ROAD),
        (ROQUEBRUNE_ROAD, ("A8 north", "out_link")),
    ],
    ids=["Nice to La Turbie", "La Turbie to Nice", "Italy to Roquebrune", "Roquebrune to Italy"],
)
def test_the_four_ramp_movements_have_a_path(riviera, start, stop):
    ends = [
        gate(riviera, *end) if isinstance(end, tuple) else node_row(riviera.streets, end)
        for end in (start, stop)
    ]
    minutes, km, links = path(riviera.streets, *ends)
    classes = {ROAD_CLASSES[riviera.streets.road_class[link]] for link in links}
    assert set(MOTORWAYS) <= classes
    assert minutes < 10.0
    assert km < 9.0


def test_gate_to_gate_takes_the_motorway_or_the_village(riviera):
    streets = riviera.streets
    west, east = gate(riviera, "A8 west", "in_link"), gate(riviera, "A8 north", "out_link")
    minutes, km, links = path(streets, west, east)
    assert (minutes, km) == (pytest.approx(5.4, abs=0.3), pytest.approx(9.7, abs=0.1))
    between = {link for link in links if streets.length_m[link] > 5000.0}
    minutes, km, detour = path(streets, west, east, closed=between)
    assert (minutes, km) == (pytest.approx(10.0, abs=1.0), pytest.approx(11.2, abs=0.2))
    assert {"D2204A", "D2564"} <= set(streets.member_ref[streets.member_start[detour]])


def test_gateways_join_the_roads_that_go_on_outside(riviera):
    gates, streets = riviera.gateways, riviera.streets
    assert set(gates.group) >= {"A8 west", "A8 north", "M6007 west", "D6007 east", "M6098 west", "M2564 west"}
    for row in range(len(gates.gate_id)):
        assert gates.in_link[row] < 0 or streets.tail[gates.in_link[row]] == gates.node[row]
        assert gates.out_link[row] < 0 or streets.head[gates.out_link[row]] == gates.node[row]
        assert max(gates.in_link[row], gates.out_link[row]) >= 0
        assert ROAD_CLASSES[gates.road_class[row]].startswith(
            ("motorway", "primary", "secondary", "tertiary")
        )
    # the D21 in the north-west touches nothing else within the box: 2 gates against 12 others, both ways
    assert riviera.meta["unreachable_pairs"] == 48


def test_zones_hold_whom_the_map_counts(riviera):
    people = dict(zip(riviera.zones.name, riviera.zones.inhabitants.tolist(), strict=True))
    assert (people["dense"], people["la_turbie"], people["eze"]) == (49_886, 3_180, 2_686)
    assert np.isnan(people["rest"])
    assert riviera.zones.communes[0] == ("Monaco", "Beausoleil")
    assert riviera.zones.insee[riviera.zones.row("la_turbie")] == ("06150",)
    assert (riviera.streets.zone >= 0).all()
    assert (riviera.places.zone >= 0).all()


@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_tables_make_sense(request, name):
    territory = request.getfixturevalue(name)
    streets, places, paths = territory.streets, territory.places, territory.paths
    assert len(set(streets.link_id)) == streets.n_links
    assert len(set(streets.link_key)) == streets.n_links
    assert len(set(places.place_id)) == places.n_places
    assert (streets.length_m > 0).all()
    assert ((streets.free_speed_mps > 8 / 3.6) & (streets.free_speed_mps <= 130 / 3.6)).all()
    assert (streets.lanes >= 1).all()
    assert (streets.storage_veh >= 2).all()
    assert ((streets.flow_capacity_vps >= 300 / 3600) & (streets.flow_capacity_vps <= 8000 / 3600)).all()
    assert (np.diff(streets.member_start) >= 1).all()
    assert not np.char.count(streets.member_ref, " ").any()
    for column in (streets.speed_provenance, streets.lanes_provenance, places.provenance):
        assert set(column.tolist()) <= set(range(len(PROVENANCES)))
    assert streets.core[places.access_link].all()
    doors = {ROAD_CLASSES[kind] for kind in streets.road_class[places.access_link]}
    assert not any(re.search("motorway|trunk|_link", each) for each in doors)
    assert ((places.path_node >= 0) & (places.path_node < len(paths.node_x_m))).all()
    assert (paths.length_m >= 0).all()
    assert (paths.walk | paths.cycle).all()
    assert set(np.unique(np.concatenate([paths.u, paths.v]))) == set(range(len(paths.node_x_m)))


@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_members_run_on_and_name_the_link(request, name):
    streets = request.getfixturevalue(name).streets
    first, last = streets.member_start[:-1], streets.member_start[1:] - 1
    inner = np.ones(len(streets.member_way), dtype=bool)
    inner[first] = False
    rows = np.flatnonzero(inner)
    np.testing.assert_array_equal(streets.member_to[rows - 1], streets.member_from[rows])
    ids = [f"{w}:{u}:{v}" for w, u, v in zip(
        streets.member_way[first], streets.member_from[first], streets.member_to[first], strict=True
    )]  # fmt: skip
    assert streets.link_id.tolist() == ids
    segments = list(zip(streets.member_from.tolist(), streets.member_to.tolist(), strict=True))
    assert len(set(segments)) == len(segments)
    assert (np.diff(streets.shape_start) == np.diff(streets.member_start) + 1).all()
    assert last[-1] == len(streets.member_way) - 1


def test_short_links_that_stay_are_few(riviera):
    short = riviera.streets.length_m < 15.0
    assert short.sum() < 0.05 * riviera.streets.n_links
    assert riviera.meta["repairs"]["short_links_merged"] > 200


def test_the_village_crop_says_that_it_has_no_motorway_junction(la_turbie_crop):
    text = (ROOT / "networks" / "la_turbie_crop" / "README.md").read_text(encoding="utf-8")
    assert "no junction joins it to the streets" in text
    for name in ("riviera", "la_turbie_crop"):
        text = (ROOT / "networks" / name / "README.md").read_text(encoding="utf-8")
        assert "2016-03-04" in text
        assert "© OpenStreetMap contributors" in text
        assert "ODbL" in text
    assert la_turbie_crop.digest in text
