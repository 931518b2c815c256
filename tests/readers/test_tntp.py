"""The TNTP reader: what it reads, and one clear line for each way a file can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError
from twin.readers.given_routes import read_given_routes
from twin.readers.tntp import RoadNetwork, TripTable, read_network, read_trips

NETWORK = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 4
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 3
<ORIGINAL HEADER>~ Init node Term node Capacity Length ;
<END OF METADATA>


~ \tinit_node\tterm_node\tcapacity\tlength\tfree_flow_time\tb\tpower\tspeed\ttoll\tlink_type\t;
\t1\t3\t25.5\t6\t6\t0.15\t4\t30\t2.5\t1\t;
\t3\t2\t1e2\t.5\t0\t0\t0\t0\t0\t1\t;
3 4 0 1 2 0 4 0 0 ;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 7.5
<END OF METADATA>

Origin \t1
    1 :      1.0;     2 :    6.5;
Origin 2

1: 0.0 ;
"""


def network_in(folder: Path, text: str = NETWORK) -> RoadNetwork:
    (folder / "net.tntp").write_text(text, encoding="utf-8")
    return read_network(folder / "net.tntp")


def trips_in(folder: Path, text: str = TRIPS) -> TripTable:
    (folder / "trips.tntp").write_text(text, encoding="utf-8")
    return read_trips(folder / "trips.tntp", network_in(folder))


def test_a_network(tmp_path):
    network = network_in(tmp_path, "\ufeff" + NETWORK.replace("\n", "\r\n"))
    assert (network.n_zones, network.n_nodes, network.n_links, network.first_through) == (2, 4, 3, 2)
    assert (network.tail.tolist(), network.head.tolist()) == ([0, 2, 2], [2, 1, 3])
    assert network.capacity.tolist() == [25.5, 100.0, 0.0]
    assert network.length.tolist() == [6.0, 0.5, 1.0]
    assert network.free_flow_time.tolist() == [6.0, 0.0, 2.0]
    assert (network.b.tolist(), network.power.tolist()) == ([0.15, 0.0, 0.0], [4.0, 0.0, 4.0])
    assert network.toll.tolist() == [2.5, 0.0, 0.0]


def test_without_a_first_through_node_all_let_trips_pass(tmp_path):
    assert network_in(tmp_path, NETWORK.replace("<FIRST THRU NODE> 3\n", "")).first_through == 0


def test_trips(tmp_path):
    trips = trips_in(tmp_path)
    assert (trips.origin.tolist(), trips.destination.tolist(), trips.trips.tolist()) == (
        [0, 0],
        [0, 1],
        [1, 6.5],
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<NUMBER OF LINKS> 3\n", "", "no <NUMBER OF LINKS>"),
        ("<NUMBER OF LINKS> 3", "<NUMBER OF LINKS> 4", "has 3 link lines; right would be: 4"),
        ("<NUMBER OF NODES> 4", "<NUMBER OF NODES> four", "line 2: NUMBER OF NODES is 'four'"),
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 5", "line 1: NUMBER OF ZONES is 5"),
        ("<NUMBER OF NODES> 4", "<NUMBER OF ZONES> 4", "line 2: a second <NUMBER OF ZONES>"),
        ("<FIRST THRU NODE> 3", "<FIRST THRU NODE> 0", "line 3: FIRST THRU NODE is 0"),
        ("<FIRST THRU NODE> 3", "FIRST THRU NODE 3", "line 3: 'FIRST THRU NODE 3' is no tag"),
        ("<END OF METADATA>", "", "line 10: .* is no tag"),
        ("\t1\t3\t25.5", "\t1\t5\t25.5", "line 10: term_node is 5; .* from 1 to 4"),
        ("\t1\t3\t25.5", "\t1\t2.5\t25.5", "line 10: term_node is 2.5"),
        ("\t1\t3\t25.5", "\t1\t1\t25.5", "line 10: leads from node 1 to itself"),
        ("\t1\t3\t25.5", "\t1\t3\t0", "line 10: capacity is 0; right would be: more than 0"),
        ("25.5", "nan", "line 10: capacity is 'nan'; right would be: a finite number"),
        ("25.5", "inf", "line 10: capacity is 'inf'"),
        ("25.5", "-25.5", "line 10: capacity is -25.5"),
        ("25.5", "2_5", "line 10: capacity is '2_5'"),
        ("0.15\t4", "0.15\t400", "line 10: power is 400"),
        ("2.5\t1\t;", "-2.5\t1\t;", "line 10: toll is -2.5"),
        ("2.5\t1\t;", "2.5\t1", "line 10: .* is no link"),
        ("2.5\t1\t;", ";", "line 10: .* is no link"),
        ("2.5\t1\t;", "2.5\t1\t7;", "line 10: .* is no link"),
        ("2.5\t1\t;", "2.5;1\t;", "line 10: .* is no link"),
    ],
)
def test_a_wrong_network(tmp_path, old, new, words):
    assert old in NETWORK
    with pytest.raises(InputError, match=words) as caught:
        network_in(tmp_path, NETWORK.replace(old, new))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 3", "line 1: <NUMBER OF ZONES> is 3; right would be: 2"),
        ("7.5", "75", "sum to 7.5; right would be: 75"),
        ("7.5", "many", "line 2: <TOTAL OD FLOW> is 'many'"),
        ("Origin \t1", "Origin 3", "line 5: origin is 3"),
        ("Origin \t1", "Origin", "line 5: origin is ''"),
        ("Origin \t1", "", "line 6: .* before any origin"),
        ("Origin 2", "Origin 1", "line 7: a second block of origin 1"),
        ("2 :    6.5;", "2 :    6.5", "line 6: '2 : 6.5' is not closed"),
        ("2 :    6.5;", "2     6.5;", "line 6: '2 6.5' is no entry"),
        ("2 :    6.5;", "3 :    6.5;", "line 6: destination is 3"),
        ("2 :    6.5;", "1 :    6.5;", "line 6: trips from 1 to 1 a second time"),
        ("2 :    6.5;", "2 :    -6.5;", "line 6: trips from 1 to 2 are -6.5"),
        ("2 :    6.5;", "2 :    x;", "line 6: trips from 1 to 2 is 'x'"),
        ("<END OF METADATA>\n", "<END OF METADATA>\n;;\n", "line 4: ';;' before any origin"),
    ],
)
def test_wrong_trips(tmp_path, old, new, words):
    assert old in TRIPS
    with pytest.raises(InputError, match=words) as caught:
        trips_in(tmp_path, TRIPS.replace(old, new))
    assert "\n" not in str(caught.value)


def test_no_trips_at_all(tmp_path):
    with pytest.raises(InputError, match="has no trips"):
        trips_in(tmp_path, "<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 0;\n")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_what_is_no_file_of_text(tmp_path, content):
    path = tmp_path / "net.tntp"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"net\.tntp"):
        read_network(path)
    with pytest.raises(InputError, match="is a directory"):
        read_network(tmp_path)


ROUTES = "origin,destination,share,links\n1,2,0.25,1 2\n1,2,0.75,1 2\n"


def test_given_routes(tmp_path):
    (tmp_path / "habit.csv").write_text(ROUTES)
    trips = trips_in(tmp_path)
    given = read_given_routes(tmp_path / "habit.csv", network_in(tmp_path), trips)
    assert given.link_flow(trips, 3).tolist() == [6.5, 6.5, 0.0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("origin,", "from,", "does not begin with its columns"),
        ("0.25", "0.5", "from 1 to 2 have shares that sum to 1.25"),
        ("0.25", "x", "line 2: share is 'x'"),
        ("1,2,0.25,1 2", "1,2,0.25", "line 2: has 3 values"),
        ("1,2,0.25,1 2", "1,3,0.25,1 2", "line 2: zone is '3'"),
        ("1,2,0.25,1 2", "1,2,0.25,1 9", "line 2: link is '9'"),
        ("1,2,0.25,1 2", "1,2,0.25,", "line 2: '' is no route"),
        ("1,2,0.25,1 2", "1,2,0.25,1 3", "line 2: '1 3' is no route"),
        ("1,2,0.25,1 2", "1,2,0.25,2 1", "line 2: '2 1' is no route"),
    ],
)
def test_wrong_routes(tmp_path, old, new, words):
    (tmp_path / "habit.csv").write_text(ROUTES.replace(old, new))
    with pytest.raises(InputError, match=words):
        read_given_routes(tmp_path / "habit.csv", network_in(tmp_path), trips_in(tmp_path))


def test_a_route_through_a_barred_node(tmp_path):
    text = NETWORK.replace("<FIRST THRU NODE> 3", "<FIRST THRU NODE> 4")
    (tmp_path / "habit.csv").write_text(ROUTES)
    with pytest.raises(InputError, match="line 2: passes node 3; right would be: nodes from 4 on"):
        read_given_routes(tmp_path / "habit.csv", network_in(tmp_path, text), trips_in(tmp_path))
