"""Street maps read into records, and streets simplified by osmnx with their members kept."""

from __future__ import annotations

import bz2
import gzip
from dataclasses import replace

import osmium
import pytest

from tests.osm_maps import OsmMap, place, small_town
from twin.errors import InputError
from twin.readers.osm import StreetPiece, read_extract
from twin.readers.osm_streets import simplify_streets


def links(*pieces: StreetPiece, forced=()):
    return simplify_streets(pieces, forced)


def street(way: int, *refs: int, both_ways: bool = True, road_class: str = "residential", ref: str = ""):
    return StreetPiece(way, refs, both_ways, road_class, ref)


def test_a_map_is_the_same_in_every_packing(tmp_path):
    text = small_town().text().encode()
    (tmp_path / "a.osm").write_bytes(text)
    (tmp_path / "a.osm.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.osm.bz2").write_bytes(bz2.compress(text))
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for item in osmium.FileProcessor(str(tmp_path / "a.osm")):
            writer.add(item)
    plain = read_extract(tmp_path / "a.osm")
    assert plain.box_source == "header"
    assert len(plain.ways) == 9
    for name in ("a.osm.gz", "a.osm.bz2", "a.osm.pbf"):
        other = read_extract(tmp_path / name)
        same = replace(other, file=plain.file, sha256=plain.sha256, box=plain.box, box_source="header")
        assert same == plain, name


def test_a_truncated_pbf_is_refused(tmp_path, data_file):
    whole = data_file("osm/monaco.osm.pbf").read_bytes()
    file = tmp_path / "half.osm.pbf"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"half\.osm\.pbf: block \d+: the file ends too early"):
        read_extract(file)


def test_a_pbf_with_damaged_blocks_is_refused(tmp_path, data_file):
    body = bytearray(data_file("osm/monaco.osm.pbf").read_bytes())
    body[len(body) // 3 : len(body) // 3 + 64] = bytes(64)
    file = tmp_path / "damaged.osm.pbf"
    file.write_bytes(bytes(body))
    with pytest.raises(InputError, match=r"damaged\.osm\.pbf"):
        read_extract(file)


def test_repeated_and_duplicate_elements_are_mended_and_counted(tmp_path):
    odd = OsmMap()
    odd.node(1, 0, 0), odd.node(2, 50, 0), odd.node(2, 60, 0)
    odd.way([1, 2, 2, 2], "residential")
    extract = read_extract(odd.write(tmp_path / "odd.osm"))
    assert next(iter(extract.ways.values())).refs == (1, 2)
    assert extract.nodes[2] == place(50, 0)
    assert extract.repairs == {"repeated_nodes": 2, "duplicate_nodes": 1}


def test_links_keep_their_members_in_order():
    found = links(street(10, 1, 2, 3, 4))
    assert found == [[(10, 1, 2), (10, 2, 3), (10, 3, 4)], [(10, 4, 3), (10, 3, 2), (10, 2, 1)]]


def test_a_one_way_street_is_one_link():
    assert links(street(10, 4, 3, 2, both_ways=False)) == [[(10, 4, 3), (10, 3, 2)]]


def test_links_run_on_from_way_to_way():
    assert len(links(street(10, 1, 2), street(11, 2, 3), street(12, 3, 4))) == 2


@pytest.mark.parametrize(
    "other",
    [{"ref": "D1"}, {"road_class": "tertiary"}, {"both_ways": False}],
    ids=["ref", "class", "one-way"],
)
def test_links_end_where_the_road_changes(other):
    found = links(street(10, 1, 2, 3), street(11, 3, 4, **other))
    assert sorted(link[0] for link in found)[0] == (10, 1, 2)
    assert {link[-1][2] for link in found} >= {3, 4}


def test_links_end_at_junctions_and_forced_nodes():
    crossing = links(street(10, 1, 2, 3, 4), street(11, 3, 5))
    assert [(10, 1, 2), (10, 2, 3)] in crossing
    assert [(10, 1, 2)] in links(street(10, 1, 2, 3, 4), forced=[2, 99])


def test_a_segment_of_two_ways_is_kept_once():
    found = links(street(10, 1, 2, 3), street(11, 2, 3, 4))
    members = [member for link in found for member in link]
    assert len({member[1:] for member in members}) == len(members)
    assert (10, 2, 3) in members
    assert (11, 2, 3) not in members
