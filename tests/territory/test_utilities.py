"""The utility layers: everybody served, trees where trees are said, sized by load, and always alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.territory.utility_worlds import check_layers, graph_of, towns
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.heat import HeatDeclared, worth_keeping
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements, ObservedLine, ObservedPoint
from twin.territory.utilities.tables import HEAT, POWER, TELECOM, UTILITIES, WATER, Utilities
from twin.territory.utilities.telecom import greedy_cover
from twin.territory.utilities.trees import Tree, cut_areas

LEDGER = Parameters.defaults()
NOTHING = ObservedElements()


def lay(town: Territory, observed: ObservedElements = NOTHING, heat: HeatDeclared | None = None) -> Utilities:
    return lay_utilities((town.streets, town.places, town.zones), observed, LEDGER, heat)


@given(towns())
@settings(max_examples=40)
def test_every_consumer_of_any_town_is_served_from_a_source(town):
    layers = lay(town)
    check_layers(town, layers)
    counts = layers.counts()
    assert all(counts[name]["observed"] == 0 for name in UTILITIES)
    assert counts["heat"]["elements"] == 0, "no district heating without evidence"
    assert (layers.nodes.elevation_provenance == 2).all()


@given(towns())
@settings(max_examples=40)
def test_low_and_medium_voltage_are_radial_and_loaded_within_their_ratings(town):
    layers = lay(town)
    low, medium = graph_of(layers, POWER, "lv_cable"), graph_of(layers, POWER, "mv_cable", "mv_trunk")
    for graph in (low, medium):
        assert nx.is_forest(graph.to_undirected())
        assert max((degree for _, degree in graph.in_degree()), default=0) <= 1
    kind, node = layers.nodes.kind, layers.nodes
    for row in np.flatnonzero((kind == "lv_node") | (kind == "station")).tolist():
        roots = {row} | nx.ancestors(low, row)
        assert sum(kind[each] == "station" for each in roots) == 1
    load = place_load(town, layers)
    for station in np.flatnonzero(kind == "station").tolist():
        fed = sum(load.get(each, 0.0) for each in {station} | nx.descendants(low, station))
        assert fed <= 0.72 * node.rating_kva[station] * node.n_units[station] + 1e-6
    ampere = dict(zip(LEDGER["utilities.cable_mm2"], LEDGER["utilities.cable_a"], strict=True))
    for _, head, row in low.edges(data="row"):
        kva = sum(load.get(each, 0.0) for each in {head} | nx.descendants(low, head))
        most_a = ampere[layers.edges.section_mm2[row]] * layers.edges.n_parallel[row]
        assert kva / (np.sqrt(3) * 0.4 * 0.9) <= most_a * (1 + 1e-9)


@given(towns())
@settings(max_examples=10)
def test_each_feeder_is_tied_to_another_at_its_far_end_where_one_is_near(town):
    small = LEDGER.replaced({"utilities.feeder_kva": 4_000.0})
    layers = lay_utilities((town.streets, town.places, town.zones), NOTHING, small)
    edges = layers.edges
    closed = graph_of(layers, POWER, "mv_trunk", "mv_cable")
    feeder: dict[int, int] = {}
    for row in np.flatnonzero(edges.kind == "mv_trunk").tolist():
        top = int(edges.head[row])
        feeder |= dict.fromkeys({top} | nx.descendants(closed, top), top)
    for row in np.flatnonzero(edges.kind == "mv_tie").tolist():
        assert feeder[int(edges.tail[row])] != feeder[int(edges.head[row])]
        assert edges.length_m[row] <= 3_000.0
        assert edges.voltage_kv[row] == 20.0
    assert (edges.kind == "mv_tie").sum() <= (edges.kind == "mv_trunk").sum()


def place_load(town: Territory, layers: Utilities) -> dict[int, float]:
    """Design load by power node, reckoned here [kVA]."""
    load: dict[int, float] = {}
    places = town.places
    nodes = layers.nodes_of("place", POWER)
    for name, dwellings, jobs in zip(places.place_id, places.dwellings, places.jobs, strict=True):
        kva = max(2.0 * float(dwellings) + 0.5 * float(jobs), 1.0)
        load[nodes[str(name)]] = load.get(nodes[str(name)], 0.0) + kva
    return load


@given(towns())
@settings(max_examples=15)
def test_layers_do_not_depend_on_the_order_of_rows(town):
    places = town.places
    turned = {
        name: column[::-1] if isinstance(column, np.ndarray) else column
        for name, column in places.columns().items()
    }
    other = replace(town, places=replace(places, **turned))
    assert lay(town).notes() == lay(town).notes() == lay(other).notes()


@given(towns(heights=True))
@settings(max_examples=40)
def test_pressure_zones_span_no_more_than_said_and_are_fed_once(town):
    layers = lay(town)
    check_layers(town, layers)
    nodes, edges = layers.nodes, layers.edges
    junction = (nodes.utility == WATER) & (nodes.kind == "junction")
    for area in set(nodes.area[junction].tolist()):
        heights = nodes.elevation_m[junction & (nodes.area == area)]
        assert heights.max() - heights.min() <= 45.0 + 0.02
        keepers = (nodes.area == area) & np.isin(nodes.kind, ("tank", "pump", "valve"))
        assert (nodes.head_m[keepers] >= heights.max() + 27.0 - 0.02).all()
        fed = np.isin(nodes.kind, ("pump", "valve", "tank")) & (nodes.area == area)
        assert fed.any()
    mains = (edges.utility == WATER) & (edges.kind == "main")
    across = mains & (nodes.area[edges.tail] != nodes.area[edges.head])
    lifted = np.isin(nodes.kind[edges.head[across]], ("pump", "valve"))
    assert lifted.all(), "between two zones stands a pump or a valve"


def test_loops_are_kept_where_many_live_and_nowhere_else(town_grid):
    for dwellings, looped in ((60.0, True), (1.0, False)):
        n = town_grid.places.n_places
        places = replace(town_grid.places, dwellings=np.full(n, dwellings, dtype=np.float32))
        layers = lay(replace(town_grid, places=places))
        mains = graph_of(layers, WATER, "main").to_undirected()
        assert nx.is_forest(mains) is not looped
        least = 100.0 if looped else 60.0
        pipes = layers.edges.kind == "main"
        assert layers.edges.diameter_mm[pipes].min() == least


@pytest.fixture(scope="module")
def town_grid() -> Territory:
    from tests.territories import grid_territory

    grid = grid_territory(4, 150.0)
    return replace(grid, zones=replace(grid.zones, inhabitants=np.array([np.nan, np.nan])))


def test_mapped_substation_tank_exchange_and_antenna_are_used(town_grid):
    lon, lat = float(town_grid.streets.node_lon[5]), float(town_grid.streets.node_lat[5])
    nan = float("nan")
    points = (
        ObservedPoint("node:1", POWER, "substation", lon, lat, 225.0),
        ObservedPoint("node:2", POWER, "substation", lon + 2e-4, lat, nan),
        ObservedPoint("node:3", WATER, "tank", lon, lat, nan),
        ObservedPoint("node:4", TELECOM, "exchange", lon, lat, nan),
        ObservedPoint("node:5", TELECOM, "site", lon, lat, nan),
        ObservedPoint("node:6", WATER, "hydrant", lon, lat + 1e-4, nan),
        ObservedPoint("node:7", POWER, "substation", lon + 1.0, lat, 225.0),
    )
    layers = lay(town_grid, ObservedElements(points=points))
    check_layers(town_grid, layers)
    kind = dict(zip(layers.nodes.node_id.tolist(), layers.nodes.kind.tolist(), strict=True))
    assert (kind["node:1"], kind["node:2"], kind["node:7"]) == ("hv_mv_substation", "station", "substation")
    assert list(kind.values()).count("hv_mv_substation") == 1
    assert [name for name, each in kind.items() if each in ("tank", "exchange")] == ["node:3", "node:4"]
    assert layers.counts()["power"]["observed"] == 3
    assert (layers.edges.head == layers.row_of["node:6"]).sum() == 1
    covered = layers.nodes_of("place", TELECOM, over_air=True)
    assert layers.row_of["node:5"] in covered.values()
    assert len(covered) >= 0.99 * town_grid.places.n_places


def test_a_mapped_data_centre_hosts_and_needs_power_and_a_distant_one_does_not(town_grid):
    lon, lat = float(town_grid.streets.node_lon[5]), float(town_grid.streets.node_lat[5])
    near = lay(
        town_grid,
        ObservedElements(points=(ObservedPoint("way:9", TELECOM, "data_center", lon, lat, np.nan),)),
    )
    check_layers(town_grid, near)
    assert set(near.nodes_of("hosted", TELECOM).values()) == {near.row_of["way:9"]}
    assert set(near.nodes_of("data_center", POWER)) == {"way:9"}
    assert set(near.nodes_of("data_center", WATER)) == {"way:9"}, "water cools it"
    assert "distant_data_center" not in near.nodes.kind
    far = lay(town_grid)
    row = int(np.flatnonzero(far.nodes.kind == "distant_data_center")[0])
    assert set(far.nodes_of("hosted", TELECOM).values()) == {row}
    behind = far.nodes.kind[far.edges.tail[far.edges.head == row]]
    assert set(behind.tolist()) == {"exchange"}
    assert not far.nodes_of("distant_data_center", POWER)


def test_gateways_hear_nearly_every_place(town_grid):
    layers = lay(town_grid)
    rows = np.flatnonzero(layers.nodes.kind == "gateway")
    places, nodes = town_grid.places, layers.nodes
    east = 111_320.0 * np.cos(np.radians(places.lat.mean()))
    away = np.hypot(
        east * (places.lon[:, None] - nodes.lon[rows]), 111_320.0 * (places.lat[:, None] - nodes.lat[rows])
    )
    assert (away <= nodes.reach_m[rows] + 150.0).any(axis=1).mean() >= 0.99


def test_district_heat_needs_evidence_or_a_declaration(town_grid):
    lon, lat = float(town_grid.streets.node_lon[5]), float(town_grid.streets.node_lat[5])
    pipe = ObservedLine(
        "way:1", HEAT, "pipeline", (1, 2), np.array([[lon, lat], [lon + 1e-4, lat]]), "heat", 100.0, 1.0
    )
    assert lay(town_grid).counts()["heat"]["elements"] == 0
    mapped = lay(town_grid, ObservedElements(lines=(pipe,)))
    assert mapped.counts()["heat"]["observed"] == 1
    assert mapped.counts()["heat"]["inferred"] > 2
    joined = []
    n = town_grid.places.n_places
    rich = replace(town_grid, places=replace(town_grid.places, floor_area_m2=np.full(n, 5_000.0)))
    for rate in (0.1, 0.5, 1.0):
        declared = lay(rich, heat=HeatDeclared(lon, lat, rate))
        check_layers(rich, declared)
        joined.append(set(declared.nodes_of("place", HEAT)))
    assert joined[0] <= joined[1] <= joined[2]
    assert len(joined[2]) == n
    elsewhere = replace(town_grid.places, floor_area_m2=np.full(n, 1.0))
    poor = lay(replace(town_grid, places=elsewhere), heat=HeatDeclared(lon, lat, 1.0))
    assert graph_of(poor, HEAT).number_of_edges() == 1, "no branch pays"


@st.composite
def trees(draw: st.DrawFn) -> tuple[Tree, np.ndarray]:
    """A rooted tree of up to eight points in order from the root, with whole loads."""
    n = draw(st.integers(1, 8))
    parent = np.array([-1, *(draw(st.integers(0, k - 1)) for k in range(1, n))], dtype=np.int32)
    mm = np.array([0, *(1_000 * draw(st.integers(1, 9)) for _ in range(1, n))], dtype=np.int64)
    far = np.zeros(n, dtype=np.int64)
    for k in range(1, n):
        far[k] = far[parent[k]] + mm[k]
    load = np.array([draw(st.integers(0, 12)) for _ in range(n)], dtype=float)
    return Tree(parent, mm, far, np.zeros(n, dtype=np.int32), np.arange(n, dtype=np.int32)), load


@given(trees())
def test_what_is_kept_of_a_heat_tree_is_worth_most(drawn):
    """Against every subtree that holds the root, one by one."""
    tree, heat = drawn
    kept = worth_keeping(tree, heat, 1.5)

    def worth(rows: tuple[int, ...]) -> float:
        return float(sum(heat[row] for row in rows) - 1.5 * sum(tree.mm[row] for row in rows) / 1_000.0)

    n = len(heat)
    subtrees = [
        rows
        for k in range(1, n + 1)
        for rows in combinations(range(n), k)
        if 0 in rows and all(tree.parent[row] in rows for row in rows if row)
    ]
    assert kept[0]
    assert worth(tuple(np.flatnonzero(kept).tolist())) == pytest.approx(max(map(worth, subtrees)))


@given(trees(), st.integers(5, 30), st.integers(2, 20))
def test_supply_areas_are_connected_and_within_load_and_reach(drawn, most, reach_m):
    tree, load = drawn
    n = len(load)
    area = cut_areas(tree, load, np.full(n, float(most)), np.full(n, float(reach_m)))
    assert set(np.flatnonzero(load > 0)) <= set(np.flatnonzero(area >= 0))
    for top in set(area[area >= 0].tolist()):
        rows = np.flatnonzero(area == top).tolist()
        assert all(row == top or tree.parent[row] in rows for row in rows)
        assert load[rows].sum() <= most or (load[rows] > 0).sum() == 1
        graph = nx.Graph()
        graph.add_nodes_from(rows)
        graph.add_weighted_edges_from(
            (row, int(tree.parent[row]), tree.mm[row]) for row in rows if row != top
        )
        longest = max(max(far.values()) for _, far in nx.all_pairs_dijkstra_path_length(graph))
        assert longest <= 2_000 * reach_m


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=12))
def test_sites_leave_no_more_uncovered_than_allowed_and_none_is_idle(spots):
    xy = np.array([spot[:2] for spot in spots], dtype=float)
    weight = np.array([spot[2] for spot in spots], dtype=np.int64)
    chosen = greedy_cover(xy, weight, np.full(len(xy), 2.0), 0.0)
    near = np.hypot(xy[:, None, 0] - xy[chosen, 0], xy[:, None, 1] - xy[chosen, 1]) <= 2.0
    assert near.any(axis=1).all()
    first = near.argmax(axis=1)
    assert set(first.tolist()) == set(range(len(chosen))), "each site covers somebody no earlier one did"


def test_layers_survive_the_disk_and_a_change_does_not(town, tmp_path):
    town.save(tmp_path / "out")
    loaded = Territory.load(tmp_path / "out")
    assert loaded.utilities.notes() == town.utilities.notes()
    assert loaded.utilities.edges.edge_id.tolist() == town.utilities.edges.edge_id.tolist()
    other = replace(town.utilities.nodes, kind=np.full(town.utilities.nodes.n_nodes, "station"))
    replace(town, utilities=replace(town.utilities, nodes=other)).save(tmp_path / "out")
    with pytest.raises(InputError, match="the utility layers have the digest"):
        Territory.load(tmp_path / "out")


def test_a_folder_built_before_the_layers_still_loads(town, tmp_path):
    notes = {key: value for key, value in town.meta.items() if not key.startswith("utility_")}
    replace(town, meta=notes).save(tmp_path / "out")
    for file in (tmp_path / "out").glob("utility_*.parquet"):
        file.unlink()
    loaded = Territory.load(tmp_path / "out")
    assert not loaded.utilities.laid
    assert loaded.digest == town.digest


@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_the_embedded_layers_serve_everybody(name, request):
    territory = request.getfixturevalue(name)
    check_layers(territory, territory.utilities)
    counts = territory.utilities.counts()
    assert counts == territory.meta["utilities"]
    lengths = territory.utilities.edges
    ties = int((lengths.kind == "mv_tie").sum())
    assert ties >= 20 if name == "riviera" else ties == 0, "the crop has one feeder"
    low = lengths.length_m[lengths.kind == "lv_cable"]
    assert low.sum() / 1_000.0 > 5.0
