"""Random small territories for the utility layers, and what must hold of any layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from tests.territories import territory_of
from tests.worlds import Street, net_of
from twin.territory.territory import Territory
from twin.territory.utilities.tables import POWER, SOURCE_KINDS, TELECOM, WATER, Utilities


@st.composite
def towns(draw: st.DrawFn, heights: bool = False) -> Territory:
    """Streets on a grid with gaps, in one piece or in several, with buildings of any size or none."""
    n_side = draw(st.integers(2, 5))
    length_m = draw(st.sampled_from([15.0, 80.0, 250.0, 900.0]))
    at = [(length_m * (node % n_side), length_m * (node // n_side)) for node in range(n_side**2)]
    pairs = [(a, a + 1) for a in range(n_side**2) if (a + 1) % n_side]
    pairs += [(a, a + n_side) for a in range(n_side**2 - n_side)]
    open_ = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    kept = [pair for pair, here in zip(pairs, open_, strict=True) if here] or pairs[:1]
    streets = [s for a, b in kept for s in (Street(a, b, length_m, 36, 900), Street(b, a, length_m, 36, 900))]
    town = territory_of(net_of(streets, at))
    n = town.places.n_places
    size = st.sampled_from([0.0, 1.0, 3.0, 20.0, 120.0, 700.0])
    dwellings = draw(st.lists(size, min_size=n, max_size=n))
    columns: dict[str, Any] = {"dwellings": np.array(dwellings, dtype=np.float32)}
    zones = replace(town.zones, inhabitants=np.array([np.nan, np.nan]))
    town = replace(town, places=replace(town.places, **columns), zones=zones)
    if heights:
        n_nodes = town.streets.n_nodes
        known = draw(st.lists(st.integers(0, 400), min_size=n_nodes, max_size=n_nodes))
        provenance = np.zeros(town.streets.n_links, dtype=np.int8)
        levels = np.array(known, dtype=float)
        town = replace(
            town, streets=replace(town.streets, node_elevation_m=levels, elevation_provenance=provenance)
        )
    return town


def graph_of(layers: Utilities, utility: int, *kinds: str) -> nx.MultiDiGraph:
    """Edges of a utility (of some kinds) between node rows."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(np.flatnonzero(layers.nodes.utility == utility).tolist())
    edges = layers.edges
    for row in np.flatnonzero(edges.utility == utility).tolist():
        if not kinds or edges.kind[row] in kinds:
            graph.add_edge(int(edges.tail[row]), int(edges.head[row]), row=row)
    return graph


def unreached(layers: Utilities, utility: int) -> set[int]:
    """Nodes that somebody depends on and that no source of the utility reaches."""
    graph = graph_of(layers, utility).to_undirected()
    sources = np.flatnonzero(
        (layers.nodes.utility == utility) & np.isin(layers.nodes.kind, SOURCE_KINDS[utility])
    )
    reached: set[int] = set()
    for source in sources.tolist():
        reached |= nx.node_connected_component(graph, source)
    needed = layers.dependencies.node[layers.dependencies.utility == utility]
    return set(needed.tolist()) - reached


def check_layers(town: Territory, layers: Utilities) -> None:
    """What holds of every territory: everybody is served, from a source, each once."""
    for utility in SOURCE_KINDS:
        assert not unreached(layers, utility)
    ids = set(town.places.place_id.tolist())
    for utility in (POWER, WATER, TELECOM):
        assert set(layers.nodes_of("place", utility)) == ids
        rows = (layers.dependencies.consumer_kind == "place") & (layers.dependencies.utility == utility)
        fixed = rows & (layers.nodes.kind[layers.dependencies.node] != "site")
        assert int(fixed.sum()) == len(ids), "each place depends on one node"
    links = set(town.streets.link_id.tolist())
    assert set(layers.nodes_of("link", POWER)) == links
    assert set(layers.nodes_of("link", TELECOM, over_air=True)) == links
    assert set(layers.nodes_of("device", TELECOM)) == links
    assert len(set(layers.nodes_of("hosted", TELECOM).values())) == 1, "one data centre, near or far"
    kinds = layers.nodes.kind
    assert set(kinds[list(layers.nodes_of("device", TELECOM).values())].tolist()) == {"gateway"}
    for kind in ("pump", "site", "exchange", "gateway"):
        assert set(layers.nodes_of(kind, POWER)) == set(layers.nodes.node_id[kinds == kind].tolist()), kind
    assert len(set(layers.nodes.node_id.tolist())) == layers.nodes.n_nodes
    assert len(set(layers.edges.edge_id.tolist())) == layers.edges.n_edges
    assert (layers.edges.length_m >= 1.0).all()
