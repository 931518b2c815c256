"""The laid power network: voltages and loadings hold at the load it was laid for, and losses of a station."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from tests.conftest import ROOT
from tests.territories import grid_territory
from tests.territory.utility_worlds import graph_of, towns
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.territory.utilities.tables import POWER, Utilities
from twin.utilities.power.flow import Flow, PowerFlow
from twin.utilities.power.laid import LaidPower, laid_power
from twin.utilities.power.pgm_json import write_pgm_json

pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")

LEDGER = Parameters.defaults()


def lay(town: Territory) -> Utilities:
    return lay_utilities((town.streets, town.places, town.zones), ObservedElements(), LEDGER)


def design_kw(town: Territory) -> np.ndarray:
    """What the network was laid for, reckoned here."""
    kva = 2.0 * town.places.dwellings.astype(float) + 0.5 * town.places.jobs.astype(float)
    return np.maximum(kva, 1.0) * 0.95


def solved(town: Territory, layers: Utilities, place_kw: np.ndarray) -> tuple[LaidPower, Flow]:
    laid = laid_power(layers, town.places.place_id, LEDGER)
    return laid, PowerFlow(laid.grid).solve(*laid.loads(place_kw))


@given(towns())
@settings(max_examples=25, deadline=None)
def test_any_town_keeps_its_voltages_and_ratings_at_the_load_it_was_laid_for(town):
    layers = lay(town)
    laid, flow = solved(town, layers, design_kw(town))
    assert flow.energised.all()
    assert flow.outside_band(LEDGER["utilities.voltage_band"])[0] == 0.0
    assert flow.transformer_loading.max() < 0.8
    assert flow.line_loading.max() < 1.0
    assert (flow.source_va / laid.grid.sources.rated_va).max() < 0.9
    assert flow.imbalance() < 1e-6
    assert flow.served_w.sum() == pytest.approx(1000.0 * design_kw(town).sum())
    assert flow.loss_w[0] / flow.supplied_w[0] < 0.2


@given(towns())
@settings(max_examples=15, deadline=None)
def test_a_lost_station_leaves_exactly_those_without_whose_only_way_it_was(town):
    layers = lay(town)
    station = int(np.flatnonzero(layers.nodes.kind == "station")[0])
    laid = laid_power(layers, town.places.place_id, LEDGER)
    broken = np.zeros(layers.nodes.n_nodes, dtype=bool)
    broken[station] = True
    flow = PowerFlow(laid.grid).solve(*laid.loads(design_kw(town)), laid.broken_buses(broken))
    graph = graph_of(layers, POWER, "mv_trunk", "mv_cable", "lv_cable").to_undirected()
    graph.remove_node(station)
    sources = np.flatnonzero(layers.nodes.kind == "hv_mv_substation").tolist()
    alive = set().union(*(nx.node_connected_component(graph, each) for each in sources))
    node = layers.nodes_of("place", POWER)
    lit = np.array([node[each] in alive for each in town.places.place_id.tolist()])
    assert flow.unserved_w.sum() == pytest.approx(1000.0 * design_kw(town)[~lit].sum())
    assert not lit.all()
    voltage = laid.node_voltage(flow.u_pu)[0]
    assert voltage[station] == 0.0
    assert np.isnan(voltage[layers.nodes.utility != POWER]).all()


def test_a_place_on_a_place_of_load_adds_up_and_steps_are_independent():
    town = grid_territory(3)
    layers = lay(town)
    kw = np.stack([design_kw(town), 0.5 * design_kw(town)])
    laid, both = solved(town, layers, kw)
    _, alone = solved(town, layers, kw[1])
    assert both.u_pu[1] == pytest.approx(alone.u_pu[0], rel=1e-9)
    assert both.served_w.sum(axis=1) == pytest.approx(1000.0 * kw.sum(axis=1))
    active, reactive = laid.loads(kw)
    assert active / np.hypot(active, reactive) == pytest.approx(0.95)


def test_what_was_not_laid_or_has_no_rating_is_one_line():
    town = grid_territory(2)
    with pytest.raises(InputError, match="no utility layers"):
        laid_power(Utilities.none(), town.places.place_id, LEDGER)
    layers = lay(town)
    wrong = replace(layers, nodes=replace(layers.nodes, rating_kva=layers.nodes.rating_kva * 1.1))
    with pytest.raises(InputError, match="kVA is not in the ledger"):
        laid_power(wrong, town.places.place_id, LEDGER)


@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_at_the_peak_real_streets_keep_their_voltages_and_ratings_in_town_and_village(name):
    """All zones, so both focuses; and what the engine is given is what is written."""
    town = Territory.load(ROOT / "networks" / name)
    laid, flow = solved(town, town.utilities, design_kw(town))
    assert flow.energised.all()
    assert flow.outside_band(LEDGER["utilities.voltage_band"])[0] == 0.0
    assert flow.transformer_loading.max() < 0.8
    assert flow.line_loading.max() < 1.0
    assert (flow.source_va / laid.grid.sources.rated_va).max() < 0.8
    assert flow.imbalance() < 1e-6
    voltage = laid.node_voltage(flow.u_pu)[0]
    node = town.utilities.rows_for("place", town.places.place_id, POWER)
    for zone in range(len(town.zones.name)):
        here = voltage[node[town.places.zone == zone]]
        if len(here):
            assert 0.9 <= here.min() <= here.max() <= 1.1, town.zones.name[zone]


def test_a_cut_cable_leaves_those_without_who_hang_on_it():
    town = grid_territory(3)
    layers = lay(town)
    laid = laid_power(layers, town.places.place_id, LEDGER)
    trunk = int(np.flatnonzero(layers.edges.kind == "mv_trunk")[0])
    broken = np.zeros(layers.edges.n_edges, dtype=bool)
    broken[trunk] = True
    graph = graph_of(layers, POWER, "mv_trunk", "mv_cable", "lv_cable")
    hang = {int(layers.edges.head[trunk])} | nx.descendants(graph, int(layers.edges.head[trunk]))
    node = layers.rows_for("place", town.places.place_id, POWER)
    dark = np.isin(node, sorted(hang))
    flow = PowerFlow(laid.grid).solve(*laid.loads(design_kw(town)), cut=laid.cut_lines(broken))
    assert dark.any()
    assert flow.unserved_w.sum() == pytest.approx(1000.0 * design_kw(town)[dark].sum())


def test_an_open_tie_changes_nothing_and_a_closed_one_feeds_what_hangs_on_a_cut_trunk():
    """The first trunk of a real town is cut; its tie brings the others' power."""
    town = Territory.load(ROOT / "networks" / "la_turbie_crop")
    ledger = LEDGER.replaced({"utilities.feeder_kva": 2_000.0})
    layers = lay_utilities((town.streets, town.places, town.zones), ObservedElements(), ledger)
    edges = layers.edges
    trunks = np.flatnonzero(edges.kind == "mv_trunk")
    assert 2 <= (edges.kind == "mv_tie").sum() <= len(trunks)
    laid = laid_power(layers, town.places.place_id, LEDGER)
    flow, loads = PowerFlow(laid.grid), laid.loads(0.5 * design_kw(town))
    usual = edges.kind == "mv_tie"
    calm = flow.solve(*loads)
    assert (calm.line_loading[0][laid.grid.lines.ties] == 0.0).all()
    assert not calm.unserved_w.any()
    same = flow.solve(*loads, cut=laid.cut_lines(usual))
    assert np.array_equal(same.u_pu, calm.u_pu)
    feeders = graph_of(layers, POWER, "mv_trunk", "mv_cable", "lv_cable")
    for trunk in trunks.tolist():
        top = int(edges.head[trunk])
        mine = {top} | nx.descendants(feeders, top)
        ties = [row for row in np.flatnonzero(edges.kind == "mv_tie").tolist()
                if (int(edges.tail[row]) in mine) != (int(edges.head[row]) in mine)]  # fmt: skip
        assert ties, "each feeder has a way to another"
        cut = usual.copy()
        cut[trunk] = True
        dark = flow.solve(*loads, cut=laid.cut_lines(cut))
        cut[ties[0]] = False
        lit = flow.solve(*loads, cut=laid.cut_lines(cut))
        assert dark.unserved_w.sum() > 0.0
        assert not lit.unserved_w.any()
        assert lit.line_loading[0][laid.line_of_edge[ties[0]]] > 0.0
        assert lit.u_pu.min() > 0.9


def test_the_engine_reads_a_laid_network_back_with_its_ties_open(tmp_path):
    from power_grid_model import PowerGridModel
    from power_grid_model.utils import json_deserialize_from_file

    town = Territory.load(ROOT / "networks" / "riviera")
    laid = laid_power(town.utilities, town.places.place_id, LEDGER)
    flow = PowerFlow(laid.grid)
    active, reactive = laid.loads(design_kw(town))
    write_pgm_json(tmp_path / "riviera.json", flow, active[0], reactive[0])
    data = json_deserialize_from_file(tmp_path / "riviera.json")
    theirs = PowerGridModel(data).calculate_power_flow(error_tolerance=1e-10, max_iterations=50)
    assert theirs["node"]["u_pu"] == pytest.approx(flow.solve(active, reactive).u_pu[0], rel=1e-9)
    assert (data["line"]["from_status"] == 0).sum() == laid.grid.lines.ties.sum() > 20
