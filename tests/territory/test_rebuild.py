"""The embedded territories rebuilt from the published map, and identity across crops of it."""

from __future__ import annotations

import shutil
from collections import Counter

import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from twin.readers.osm import OsmExtract, read_extract
from twin.readers.osm_streets import simplify_streets
from twin.territory.fetch import fetch_local
from twin.territory.geometry import in_box
from twin.territory.pieces import cut_to_pieces
from twin.territory.territory import Territory

VILLAGE_BOX = (7.385, 43.738, 7.408, 43.752)
DENSE_BOX = (7.408, 43.722, 7.442, 43.752)


@pytest.fixture(scope="module")
def map_file(data_file):
    return data_file("osm/monaco.osm.pbf")


@pytest.fixture(scope="module")
def whole(map_file) -> OsmExtract:
    return read_extract(map_file)


def links_of(extract: OsmExtract, crop=None) -> set[tuple]:
    """Links of an extract, members each, before any is dropped."""
    pieces = cut_to_pieces(extract, crop)
    return {tuple(link) for link in simplify_streets(pieces.pieces, pieces.touched)}


def inside(links: set[tuple], extract: OsmExtract, box) -> set[tuple]:
    """Links whose every node lies in a box."""
    return {
        link for link in links if all(in_box(*extract.nodes[node], box) for _, *ends in link for node in ends)
    }


@pytest.fixture(scope="module")
def whole_links(whole) -> set[tuple]:
    return links_of(whole)


@pytest.mark.one_interpreter("names of links are text from the map, the same on each")
@pytest.mark.parametrize("box", [VILLAGE_BOX, DENSE_BOX], ids=["village", "dense"])
def test_a_smaller_crop_names_links_alike(whole, whole_links, box):
    """Every link wholly inside has the same members, so the same id; only cut ones are new."""
    expected, cropped = inside(whole_links, whole, box), links_of(whole, box)
    assert len(expected) > 100
    assert expected <= cropped
    cut = cut_to_pieces(whole, box).touched
    assert all(link[0][1] in cut or link[-1][2] in cut for link in cropped - expected)


@pytest.mark.one_interpreter("names of links are text from the map, the same on each")
@pytest.mark.parametrize(
    ("name", "box"), [("la_turbie", VILLAGE_BOX), ("monaco_dense", DENSE_BOX)], ids=["village", "dense"]
)
def test_a_crop_made_by_another_tool_names_links_alike(whole, whole_links, data_file, name, box):
    crop = read_extract(data_file(f"osm/{name}.osm.bz2"))
    assert inside(whole_links, whole, box) == inside(links_of(crop), crop, box)


def test_the_village_crop_is_part_of_the_riviera(riviera, la_turbie_crop):
    """Links that both territories kept have the same members, length and lanes."""
    both = set(riviera.streets.link_id) & set(la_turbie_crop.streets.link_id)
    assert len(both) > 120
    rows = [
        {each: row for row, each in enumerate(territory.streets.link_id) if each in both}
        for territory in (riviera, la_turbie_crop)
    ]
    different = Counter()
    for link in both:
        a, b = rows[0][link], rows[1][link]
        same_end = (
            riviera.streets.member_to[riviera.streets.member_start[a + 1] - 1]
            == (la_turbie_crop.streets.member_to[la_turbie_crop.streets.member_start[b + 1] - 1])
        )
        if same_end:
            different["length"] += riviera.streets.length_m[a] != la_turbie_crop.streets.length_m[b]
            different["lanes"] += riviera.streets.lanes[a] != la_turbie_crop.streets.lanes[b]
            different["class"] += riviera.streets.road_class[a] != la_turbie_crop.streets.road_class[b]
    assert set(different.values()) == {0}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("riviera", marks=pytest.mark.one_interpreter("bytes of the crop are compared on each")),
        "la_turbie_crop",
    ],
)
def test_a_rebuild_gives_the_same_content_and_bytes(map_file, tmp_path, name):
    """Tables are compared byte by byte where the library that wrote them is the same."""
    kept, fresh = ROOT / "networks" / name, tmp_path / name
    fresh.mkdir()
    shutil.copy(kept / "zones.toml", fresh)
    report = fetch_local(map_file, fresh, bbox=None if name == "riviera" else VILLAGE_BOX)
    assert report["digest"] == Territory.load(kept).digest
    assert (fresh / "README.md").read_bytes() == (kept / "README.md").read_bytes()
    assert (fresh / "territory.json").read_bytes() == (kept / "territory.json").read_bytes()
    for file in sorted(kept.glob("*.parquet")):
        same_writer = pq.read_metadata(file).created_by == pq.read_metadata(fresh / file.name).created_by
        assert not same_writer or file.read_bytes() == (fresh / file.name).read_bytes(), file.name
