"""Streets simplified here against OSMnx on the same streets: drawn ones, and those of a real village."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from twin.readers.osm import StreetPiece, read_extract
from twin.readers.osm_streets import simplify_streets
from twin.territory.pieces import cut_to_pieces

CENTRE = ROOT / "tests" / "data" / "la_turbie_centre.osm.bz2"


def by_osmnx(pieces: Sequence[StreetPiece], forced: Sequence[int]) -> list[list[tuple[int, int, int]]]:
    """What OSMnx makes of the pieces, each segment given once, to the piece that comes first."""
    import osmnx

    graph, way_of = nx.MultiDiGraph(crs="epsg:4326"), {}
    for piece in pieces:
        for refs in [piece.refs, *([piece.refs[::-1]] if piece.both_ways else [])]:
            for u, v in itertools.pairwise(refs):
                if u != v and (u, v) not in way_of:
                    way_of[u, v] = piece.way
                    graph.add_edge(u, v, highway=piece.road_class, ref=piece.ref or "-")
    for node in graph:
        graph.nodes[node].update(x=float(node), y=float(node % 7))
    nx.set_node_attributes(graph, {node: True for node in forced if node in graph}, "forced")
    simple = osmnx.simplify_graph(
        graph,
        node_attrs_include=["forced"],
        edge_attrs_differ=["highway", "ref"],
        remove_rings=False,
        track_merged=True,
    )
    runs = [data.get("merged_edges") or [(u, v)] for u, v, data in simple.edges(data=True)]
    return sorted([(way_of[pair], *pair) for pair in run] for run in runs)


@st.composite
def streets(draw: st.DrawFn) -> list[StreetPiece]:
    """A few ways over a dozen nodes: crossings, loops, dead ends, shared segments, one-way or not."""
    pieces = []
    for way in range(1, draw(st.integers(1, 7)) + 1):
        refs = draw(st.lists(st.integers(1, 12), min_size=2, max_size=6))
        once = [refs[0], *(b for a, b in itertools.pairwise(refs) if a != b)]
        if len(once) > 1:
            kind, ref = draw(st.sampled_from([("residential", ""), ("primary", "D1"), ("primary", "D2")]))
            pieces.append(StreetPiece(way, tuple(once), draw(st.booleans()), kind, ref))
    return pieces


@settings(max_examples=400)
@given(streets(), st.lists(st.integers(1, 12), max_size=2))
def test_drawn_streets_are_simplified_as_by_osmnx(pieces, forced):
    if pieces:
        assert simplify_streets(pieces, forced) == by_osmnx(pieces, forced)


@pytest.mark.parametrize("box", [None, (7.398, 43.743, 7.403, 43.7475)], ids=["whole", "cut"])
def test_a_real_village_is_simplified_as_by_osmnx(box):
    pieces = cut_to_pieces(read_extract(CENTRE), box)
    found = simplify_streets(pieces.pieces, pieces.touched)
    assert len(found) > 30
    assert found == by_osmnx(pieces.pieces, sorted(pieces.touched))


@pytest.mark.one_interpreter("drawn streets and a real village are compared on each")
@pytest.mark.parametrize("name", ["monaco_dense.osm.bz2", "geneva.osm.pbf", "helsinki_centre.osm.bz2"])
def test_real_towns_are_simplified_as_by_osmnx(data_file, name):
    pieces = cut_to_pieces(read_extract(data_file(f"osm/{name}")), None)
    found = simplify_streets(pieces.pieces, pieces.touched)
    assert found == by_osmnx(pieces.pieces, sorted(pieces.touched))
