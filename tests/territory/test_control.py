"""Junction control: hand-made junctions worked out one by one, and real maps counted a second way."""

from __future__ import annotations

import bz2
from collections import Counter
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tests.osm_maps import OsmMap
from twin.territory.control import links_by_control
from twin.territory.tables import ASSUMED, CONTROLS, INFERRED, OBSERVED, PROVENANCES
from twin.territory.territory import Territory

ARMS = {"W": (2, -200, 0), "S": (3, 0, -200), "E": (4, 200, 0), "N": (5, 0, 200)}
REACH_M = 40.0  # the ledger's `territory.control_reach_m`


def crossing(classes: dict[str, str], junction: dict[str, str] | None = None, **before) -> OsmMap:
    """Four two-way arms that meet at node 1, drawn inwards; `before` puts a node (metres, tags) on an arm."""
    town = OsmMap()
    town.node(1, 0, 0, **(junction or {}))
    for number, (side, road_class) in enumerate(classes.items()):
        end, x, y = ARMS[side]
        town.node(end, x, y)
        refs = [end, 1]
        if side in before:
            metres, tags = before[side]
            share = metres / 200.0
            refs.insert(1, town.node(20 + number, x * share, y * share, **tags))
        town.way(refs, road_class)
    return town


def control_at(territory: Territory, head: int) -> dict[int, tuple[str, str]]:
    """Control and provenance of the links that end at a node, by the node they come from (outside ids)."""
    streets = territory.streets
    rows = np.flatnonzero(streets.node_id[streets.head] == head).tolist()
    return {
        int(streets.node_id[streets.tail[row]]): (
            CONTROLS[streets.control[row]], PROVENANCES[streets.control_provenance[row]],
        ) for row in rows
    }  # fmt: skip


def built(town: OsmMap, tmp_path) -> Territory:
    return Territory.from_osm(town.write(tmp_path / "town.osm"))


ALIKE = dict.fromkeys("WSEN", "residential")
SIGNALS = {"highway": "traffic_signals"}
OBSERVED_SIGNAL = ("signal", "observed")
NONE = ("none", "assumed")
INFERRED_YIELD = ("give_way", "inferred")


def test_a_signal_on_the_junction_holds_for_every_arm(tmp_path):
    territory = built(crossing(ALIKE, SIGNALS), tmp_path)
    assert control_at(territory, 1) == dict.fromkeys((2, 3, 4, 5), OBSERVED_SIGNAL)
    assert control_at(territory, 2) == {1: NONE}
    assert territory.meta["junction_control"] == {"traffic signals": 1, "traffic signals at junctions": 1}


@pytest.mark.parametrize(
    ("metres", "tags", "west"),
    [
        (20, {}, OBSERVED_SIGNAL),
        (20, {"traffic_signals__direction": "forward"}, OBSERVED_SIGNAL),
        (20, {"direction": "forward"}, OBSERVED_SIGNAL),
        (20, {"traffic_signals__direction": "backward"}, NONE),
        (60, {"traffic_signals__direction": "forward"}, NONE),
        (20, {"traffic_signals": "pedestrian_crossing"}, NONE),
    ],
)
def test_a_signal_before_the_junction_holds_for_its_arm_and_sense(tmp_path, metres, tags, west):
    territory = built(crossing(ALIKE, W=(metres, {**SIGNALS, **tags})), tmp_path)
    assert control_at(territory, 1) == {2: west, 3: NONE, 4: NONE, 5: NONE}
    assert control_at(territory, 2) == {1: NONE}, "the way out is not held"
    at_junctions = territory.meta["junction_control"]["traffic signals at junctions"]
    assert at_junctions == (west == OBSERVED_SIGNAL)


def test_a_signal_for_people_on_foot_between_junctions_is_only_counted(tmp_path):
    town = crossing(ALIKE, W=(100, {"highway": "crossing", "crossing": "traffic_signals"}))
    territory = built(town, tmp_path)
    assert set(control_at(territory, 1).values()) == {NONE}
    assert territory.meta["junction_control"] == {"signalled crossings": 1}


def test_a_signal_holds_across_a_change_of_class_before_the_junction(tmp_path):
    town = OsmMap()
    for number, x, y in ((1, 0, 0), (2, 0, 200), (3, 0, -200), (4, 30, 0), (5, 300, 0)):
        town.node(number, x, y)
    town.node(6, 35, 0, **SIGNALS)
    town.way([2, 1, 3], "residential"), town.way([1, 4], "residential"), town.way([4, 6, 5], "tertiary")
    territory = built(town, tmp_path)
    assert control_at(territory, 4) == {5: OBSERVED_SIGNAL, 1: NONE}


MAIN = {"W": "primary", "E": "primary", "S": "residential", "N": "tertiary"}


def test_minor_arms_yield_to_a_through_road_and_nobody_where_all_are_alike(tmp_path):
    assert control_at(built(crossing(MAIN), tmp_path), 1) == {
        2: NONE, 4: NONE, 3: INFERRED_YIELD, 5: INFERRED_YIELD,
    }  # fmt: skip
    assert set(control_at(built(crossing(ALIKE), tmp_path), 1).values()) == {NONE}


def test_a_road_that_ends_at_the_junction_is_not_yielded_to(tmp_path):
    ends = {"W": "primary", "S": "residential", "N": "residential"}
    assert set(control_at(built(crossing(ends), tmp_path), 1).values()) == {NONE}


def test_nobody_yields_by_rank_where_a_signal_is_mapped(tmp_path):
    territory = built(crossing(MAIN, W=(10, SIGNALS)), tmp_path)
    assert control_at(territory, 1) == {2: OBSERVED_SIGNAL, 3: NONE, 4: NONE, 5: NONE}


def test_ramps_merge_into_a_motorway_and_yield_to_a_street(tmp_path):
    town = OsmMap(box_m=(-520, -300, 520, 300))
    for number, x, y in (
        (1, -500, 0),
        (2, 0, 0),
        (3, 500, 0),
        (4, -100, -100),
        (5, -500, -200),
        (6, 500, -200),
    ):
        town.node(number, x, y)
    town.way([1, 2, 3], "motorway"), town.way([4, 2], "motorway_link", oneway="yes")
    town.node(7, 100, -140), town.way([2, 7], "motorway_link", oneway="yes")
    town.way([5, 4, 7, 6], "secondary")
    territory = built(town, tmp_path)
    assert set(control_at(territory, 2).values()) == {NONE}
    assert control_at(territory, 7)[2] == INFERRED_YIELD


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "stop"}, {2: NONE, 4: NONE, 3: ("stop", "observed"), 5: ("stop", "observed")}),
        ({"highway": "stop", "stop": "all"}, dict.fromkeys((2, 3, 4, 5), ("stop", "observed"))),
    ],
)
def test_a_sign_on_the_junction_is_for_the_minor_arms_unless_it_is_for_all(tmp_path, tags, expected):
    assert control_at(built(crossing(MAIN, tags), tmp_path), 1) == expected


def test_a_sign_before_the_junction_is_for_its_arm(tmp_path):
    territory = built(crossing(MAIN, S=(8, {"highway": "stop", "direction": "forward"})), tmp_path)
    assert control_at(territory, 1)[3] == ("stop", "observed")
    assert control_at(territory, 1)[5] == INFERRED_YIELD


def test_who_enters_a_roundabout_yields_to_the_circle(tmp_path):
    town = OsmMap()
    for number, (x, y) in enumerate([(-30, 0), (0, -30), (30, 0), (0, 30)], start=11):
        town.node(number, x, y)
    town.way([11, 12, 13, 14, 11], "primary", junction="roundabout")
    for side, (end, x, y) in ARMS.items():
        town.node(end, x, y)
        town.way([end, 11 + "WSEN".index(side)], "primary")
    territory = built(town, tmp_path)
    for end, ring, before in ((2, 11, 14), (3, 12, 11), (4, 13, 12), (5, 14, 13)):
        assert control_at(territory, ring) == {end: ("roundabout", "observed"), before: ("none", "observed")}


# Real maps, counted a second way: nodes of the file by a plain parse, links from the side of the nodes.

MAPS = {
    "riviera": "osm/monaco.osm.pbf", "geneva": "osm/geneva.osm.pbf",
    "helsinki": "osm/helsinki_centre.osm.bz2", "redon": "osm/geoclimate_redon.osm",
}  # fmt: skip
DRIVEN = {
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
}  # fmt: skip
CLOSED = {"no", "private", "agricultural", "forestry", "emergency", "delivery"}
NAMES = {
    "traffic_signals": "traffic signals", "give_way": "give-way signs", "stop": "stop signs",
    "mini_roundabout": "mini roundabouts",
}  # fmt: skip


def elements(file):
    """Nodes with tags, and ways with references and tags, of a map file: (id, refs or None, tags)."""
    if file.name.endswith(".pbf"):
        import osmium

        for each in osmium.FileProcessor(str(file)):
            if each.is_node() and len(each.tags):
                yield each.id, None, dict(each.tags)
            elif each.is_way():
                yield each.id, [node.ref for node in each.nodes], dict(each.tags)
        return
    with bz2.open(file) if file.suffix == ".bz2" else file.open("rb") as stream:
        for each in ET.parse(stream).getroot():
            tags = {tag.get("k"): tag.get("v") for tag in each.iter("tag")}
            if each.tag == "node" and tags:
                yield int(each.get("id")), None, tags
            elif each.tag == "way":
                yield int(each.get("id")), [int(nd.get("ref")) for nd in each.iter("nd")], tags


def driven(tags) -> bool:
    if tags.get("highway", "").removesuffix("_link") not in DRIVEN or tags.get("area") == "yes":
        return False
    said = [tags[key] for key in ("motorcar", "motor_vehicle", "vehicle", "access") if key in tags]
    return not said or said[0] not in CLOSED


@pytest.fixture(scope="module", params=MAPS)
def real(request, data_file):
    """A real territory with the tags of the nodes on its drivable ways, and the order of their nodes."""
    file = data_file(MAPS[request.param])
    read = list(elements(file))
    ways = {number: refs for number, refs, tags in read if refs is not None and driven(tags)}
    on_streets = {ref for refs in ways.values() for ref in refs}
    nodes = {number: tags for number, refs, tags in read if refs is None and number in on_streets}
    return Territory.from_osm(file), nodes, ways


@pytest.mark.one_interpreter("what a real map holds; small maps are read on each")
def test_mapped_controls_are_as_many_as_in_the_file(real):
    territory, nodes, _ = real
    counts = Counter(tags["highway"] for tags in nodes.values() if tags.get("highway") in NAMES)
    found = territory.meta["junction_control"]
    assert {name: found.get(NAMES[name], 0) for name in NAMES} == {name: counts[name] for name in NAMES}
    crossings = [
        tags for tags in nodes.values()
        if tags.get("highway") == "crossing" and tags.get("crossing") == "traffic_signals"
    ]  # fmt: skip
    assert found.get("signalled crossings", 0) == len(crossings)
    assert all(found[f"{name} at junctions"] <= count for name, count in found.items()
               if f"{name} at junctions" in found)  # fmt: skip


@pytest.mark.one_interpreter("what a real map holds; small maps are read on each")
def test_signals_hold_the_links_that_the_nodes_say(real):
    """From each signal of the file to the links it stands on or before: the same set as from the links."""
    territory, nodes, ways = real
    streets = territory.streets
    first, last = streets.member_start[:-1], streets.member_start[1:] - 1
    near = [set() for _ in range(streets.n_nodes)]
    into, out_of = ([[] for _ in near] for _ in range(2))
    for link, (a, b) in enumerate(zip(streets.tail.tolist(), streets.head.tolist(), strict=True)):
        near[a].add(b), near[b].add(a)
        into[b].append(link), out_of[a].append(link)

    def beyond(link: int, ends: np.ndarray, others: list, back: np.ndarray) -> float:
        """Metres from the end of a link to the next node with three neighbours."""
        gone = 0.0
        for _ in range(8):
            node = int(ends[link])
            if len(near[node] - {node}) >= 3:
                return gone
            onward = [each for each in others[node] if ends[each] != back[link]]
            if len(near[node]) != 2 or len(onward) != 1:
                return np.inf
            link = onward[0]
            gone += float(streets.length_m[link])
        return np.inf

    expected = set()
    for link in range(streets.n_links):
        rows = np.arange(first[link], last[link] + 1)
        x, y = (
            getattr(streets, name)[streets.shape_start[link] : streets.shape_start[link + 1]] * scale
            for name, scale in (
                ("shape_lon", 111_195.0 * np.cos(np.radians(streets.node_lat[0]))), ("shape_lat", 111_195.0),
            )
        )  # fmt: skip
        along = np.cumsum(np.hypot(np.diff(x), np.diff(y)))
        ahead = beyond(link, streets.head, out_of, streets.tail)
        behind = beyond(link, streets.tail, into, streets.head)
        for place, row in enumerate(rows.tolist()):
            tags = nodes.get(int(streets.member_to[row]), {})
            if tags.get("highway") != "traffic_signals":
                continue
            if ahead == 0.0 and row == last[link]:
                expected.add(link)
                continue
            refs = ways[int(streets.member_way[row])]
            segment = (int(streets.member_from[row]), int(streets.member_to[row]))
            sense = "forward" if segment in set(pairwise(refs)) else "backward"
            said = tags.get("traffic_signals:direction") or tags.get("direction")
            to_go = along[-1] - along[place] + ahead
            nearer = to_go <= along[place] + behind
            if to_go <= REACH_M and (said == sense or (said not in ("forward", "backward") and nearer)):
                expected.add(link)
    found = set(np.flatnonzero(streets.control == CONTROLS.index("signal")).tolist())
    assert expected <= found
    for link in found - expected:  # the signal stands inside a junction that short links were merged into
        node = int(streets.head[link])
        ends = {int(streets.member_to[last[each]]) for each in into[node]}
        ends |= {int(streets.member_from[first[each]]) for each in out_of[node]}
        assert len(ends) > 1
    assert links_by_control(streets)["signal"] == {"observed": len(found), "inferred": 0}


@pytest.mark.one_interpreter("what a real map holds; small maps are read on each")
def test_every_control_says_how_it_is_known(real):
    streets = real[0].streets
    controlled = streets.control > 0
    assert set(streets.control_provenance[controlled].tolist()) <= {OBSERVED, INFERRED}
    assert set(streets.control_provenance[~controlled].tolist()) <= {OBSERVED, ASSUMED}
    inferred = streets.control_provenance == INFERRED
    assert (streets.control[inferred] == CONTROLS.index("give_way")).all()
    assert inferred.any()
