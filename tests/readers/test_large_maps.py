"""Maps of whole regions: only the surroundings of a wanted box are kept, and the answer stays the same."""

from __future__ import annotations

import bz2
from pathlib import Path

import osmium
import pytest

from tests.conftest import ROOT
from tests.osm_maps import small_town
from tests.osm_town import write_town
from twin.errors import InputError
from twin.readers import osm, osm_gathering
from twin.readers.osm import read_extract
from twin.territory.territory import Territory

CENTRE = ROOT / "tests" / "data" / "la_turbie_centre.osm.bz2"
PART = (7.398, 43.743, 7.403, 43.7475)


@pytest.fixture(params=["xml", "pbf"])
def map_file(request, tmp_path) -> Path:
    """The village in either kind of file."""
    plain = tmp_path / "village.osm"
    plain.write_bytes(bz2.decompress(CENTRE.read_bytes()))
    if request.param == "xml":
        return plain
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(7.3965, 43.7425, 7.4045, 43.748))
    with osmium.SimpleWriter(str(tmp_path / "village.osm.pbf"), header=header) as writer:
        for item in osmium.FileProcessor(str(plain)):
            writer.add(item)
    return tmp_path / "village.osm.pbf"


@pytest.fixture
def every_map_is_large(monkeypatch):
    monkeypatch.setattr(osm_gathering, "MANY_NODES", 0)
    monkeypatch.setattr(osm, "LARGE_BYTES", 0)


def test_a_small_map_is_kept_whole(map_file):
    assert read_extract(map_file, PART).nodes == read_extract(map_file).nodes


def test_a_box_out_of_a_large_map_gives_the_same_territory(map_file, every_map_is_large):
    assert Territory.from_osm(map_file, bbox=PART).digest == Territory.from_osm(CENTRE, bbox=PART).digest


@pytest.mark.usefixtures("every_map_is_large")
@pytest.mark.parametrize("suffix", ["osm", "osm.pbf"])
def test_what_is_far_from_the_box_is_passed_over(tmp_path, suffix):
    """A street 5 km off goes with its house and commune; the commune of the box stays whole."""
    town = small_town()
    for number, (x, y) in enumerate(
        [(5000, 0), (5100, 0), (5010, 10), (5020, 10), (5020, 20), (4900, -100), (5200, -100), (5200, 100)],
        80,
    ):
        town.node(number, x, y)
    town.way([80, 81], "residential")
    town.way([82, 83, 84, 82], building="yes")
    ring = town.way([85, 86, 87, 85])
    far = {"boundary": "administrative", "admin_level": "8", "name": "Farville"}
    town.relation([("w", ring, "outer")], 2, type="boundary", **far)
    town.node(90, 5010, 0, shop="bakery")
    file = town.write(tmp_path / "town.osm")
    if suffix == "osm.pbf":
        with osmium.SimpleWriter(str(tmp_path / "town.osm.pbf")) as writer:
            for item in osmium.FileProcessor(str(file)):
                writer.add(item)
        file = tmp_path / "town.osm.pbf"
    whole = read_extract(file)
    west, south, east, north = whole.box
    middle = (7.3995, 43.7395, 7.4005, 43.7405)
    near = read_extract(file, middle)
    assert {each.tags["name"] for each in whole.relations} == {"Smallville", "Farville"}
    assert {each.tags["name"] for each in near.relations} == {"Smallville"}
    assert set(whole.nodes) - set(near.nodes) == set(range(80, 88))
    assert {point.id for point in whole.points} - {point.id for point in near.points} == {90}
    assert west < middle[0] < middle[2] < east
    assert south < middle[1] < middle[3] < north


def test_a_map_of_more_than_can_be_held_is_refused(map_file, monkeypatch):
    monkeypatch.setattr(osm_gathering, "MOST_KEPT", 1000)
    with pytest.raises(InputError, match="more than 1000 nodes of streets and buildings"):
        read_extract(map_file)


def test_nodes_beyond_the_bound_are_refused_while_reading(tmp_path, monkeypatch):
    file = write_town(tmp_path / "town.osm", n_side=4)
    monkeypatch.setattr(osm_gathering, "MOST_NODES", 100)
    with pytest.raises(InputError, match="more than 100 nodes"):
        read_extract(file)


def test_a_pbf_without_box_and_with_negative_ids_is_read(tmp_path):
    """As drawn in an editor and not uploaded: no box in the header, ids below zero."""
    text = small_town().text().replace('id="', 'id="-').replace('ref="', 'ref="-')
    lines = [line for line in text.splitlines() if not line.startswith("<bounds")]
    (tmp_path / "drawn.osm").write_text("\n".join(lines))
    with osmium.SimpleWriter(str(tmp_path / "drawn.osm.pbf")) as writer:
        for item in osmium.FileProcessor(str(tmp_path / "drawn.osm")):
            writer.add(item)
    plain, packed = read_extract(tmp_path / "drawn.osm"), read_extract(tmp_path / "drawn.osm.pbf")
    assert len(plain.nodes) > 10
    assert min(plain.nodes) < 0
    assert packed.nodes == plain.nodes
    assert packed.ways == plain.ways
    assert (packed.box, packed.box_source) == (plain.box, "nodes")
