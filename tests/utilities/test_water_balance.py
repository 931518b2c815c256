"""Water adds up at every step or the run ends; it does so without any pump, and from any step on."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from tests.territories import grid_territory
from tests.utilities.water_worlds import World, embedded, hill, quarters, world_of
from twin.errors import WorkError
from twin.utilities.water import flow as flow_module
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.flow import CLOSES, STOPPED_LPS, WaterFlow

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

QUARTER_S = 900.0


def two_zones() -> World:
    return hill([0.0, 10.0, 30.0, 60.0, 80.0, 100.0])


def test_a_fault_of_the_engine_ends_the_run(monkeypatch):
    world = two_zones()
    flow = WaterFlow(world.laid, QUARTER_S)
    asked = world.laid.asked(world.mean_lps)
    sound = flow.step(asked)
    assert sound.amiss_lps <= CLOSES * sound.source_lps + 1e-5
    solve = flow._engine.solve

    def wrong(*words, **more):
        found = solve(*words, **more)
        return replace(found, leaked=found.leaked * 1.01)

    monkeypatch.setattr(flow._engine, "solve", wrong)
    with pytest.raises(WorkError, match="do not add up"):
        flow.step(asked)


@pytest.mark.parametrize("lost_l", [0.2, -0.2])
def test_a_fault_of_the_stores_ends_the_run(monkeypatch, lost_l):
    """A fifth of a litre in a quarter of an hour: 2e-4 l/s of about 2."""
    world = two_zones()
    share = flow_module.share_stores

    def wrong(*words):
        found = share(*words)
        return replace(found, stored_l=found.stored_l - lost_l * (world.laid.zones.volume_l > 0.0))

    monkeypatch.setattr(flow_module, "share_stores", wrong)
    with pytest.raises(WorkError, match="do not add up"):
        water_day(world.laid, world.mean_lps[None, :], QUARTER_S)


def test_a_transfer_that_the_mains_do_not_carry_ends_the_run(monkeypatch):
    """What a zone takes from above must be drawn there: one pass is not enough to agree on it."""
    world = two_zones()
    monkeypatch.setattr(flow_module, "MOST_PASSES", 1)
    with pytest.raises(WorkError, match="do not add up"):
        water_day(world.laid, 2.0 * world.mean_lps[None, :], QUARTER_S)


def test_a_stopped_pump_is_allowed_its_leak():
    world = two_zones()
    stopped = np.where(world.laid.zones.pump >= 0, 0.0, 1.0)
    asked = world.laid.asked(world.mean_lps)
    runs = WaterFlow(world.laid, QUARTER_S).step(asked)
    stands = WaterFlow(world.laid, QUARTER_S).step(asked, stopped)
    n_pumps = int((world.laid.zones.pump >= 0).sum())
    assert n_pumps >= 1
    through = float((stands.served_lps + stands.leaked_lps).sum())
    assert stands.allowed_lps == pytest.approx(CLOSES * through + STOPPED_LPS * n_pumps + 1e-5)
    assert runs.allowed_lps < stands.allowed_lps
    assert stands.source_lps == 0.0


def test_zones_draw_on_those_above_through_their_mains():
    """The tank's main carries what all zones draw, so heads fall where others' water passes."""
    world = two_zones()
    laid, edges = world.laid, world.layers.edges
    assert (laid.zones.above >= 0).any()
    day = water_day(laid, 3.0 * world.mean_lps[None, :], QUARTER_S)
    out = np.flatnonzero(edges.tail[laid.mains] == laid.zones.entry[0])
    all_out = float((day.served_lps + day.leaked_lps).sum())
    assert float(day.flow_lps[0, out].sum()) == pytest.approx(all_out, rel=1e-4)
    alone = replace(laid, zones=replace(laid.zones, feed=np.full(len(laid.zones.name), -1)))
    flow = WaterFlow(alone, QUARTER_S)
    first = np.flatnonzero(laid.zone == 0)
    with pytest.raises(WorkError, match="do not add up"):
        flow.step(alone.asked(3.0 * world.mean_lps))
    one = WaterFlow(laid, QUARTER_S).step(
        laid.asked(3.0 * world.mean_lps * (laid.zone[laid.node_of_place] == 0))
    )
    assert (day.head_m[0, first] <= one.head_m[first] + 1e-6).all()
    assert (day.head_m[0, first] < one.head_m[first] - 1e-3).any()


def test_from_any_step_on_a_day_goes_on_as_it_would_have():
    world = two_zones()
    drawn = quarters(world.mean_lps)[:24]
    whole = water_day(world.laid, drawn, QUARTER_S, filled=0.5)
    flow = WaterFlow(world.laid, QUARTER_S)
    flow.stored_l = whole.stored_l[11]
    later = [flow.step(world.laid.asked(each)) for each in drawn[12:]]
    assert np.array_equal(np.array([each.head_m for each in later]), whole.head_m[12:], equal_nan=True)
    assert np.array_equal(np.array([each.served_lps for each in later]), whole.served_lps[12:])


@pytest.mark.one_interpreter("long, and arithmetic that is the same on each")
@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_a_day_without_any_pump_ends_in_a_share_and_finite_heads(name):
    world = world_of(embedded(name))
    level = np.zeros((96, world.layers.nodes.n_nodes))
    day = water_day(world.laid, quarters(world.mean_lps), QUARTER_S, level, filled=0.8)
    junction = world.laid.zone >= 0
    assert np.isfinite(day.head_m[:, junction]).all()
    share = day.served_lps.sum(axis=1) / day.asked_lps.sum(axis=1)
    assert share[0] == pytest.approx(1.0), "tanks last for a while"
    assert share[-1] == 0.0, "and then are empty"
    assert ((share >= 0.0) & (share <= 1.0 + 1e-9)).all()
    whole = float(day.served_lps.sum() / day.asked_lps.sum())
    assert 0.3 < whole < 0.95
    assert (day.amiss_lps <= day.allowed_lps).all()
    assert day.head_m[-1, junction] == pytest.approx(world.laid.height_m[junction])


def burst(world: World, shut: list[int], n_steps: int = 4) -> WaterDay:
    """A day in whose second half some edges do not stand."""
    stands = np.ones((n_steps, world.layers.edges.n_edges))
    stands[n_steps // 2 :, shut] = 0.0
    drawn = np.repeat(world.mean_lps[None, :], n_steps, axis=0)
    return water_day(world.laid, drawn, QUARTER_S, edge_level=stands)


def test_behind_a_burst_main_nobody_is_served_and_the_rest_is():
    world = hill([10.0, 15.0, 20.0, 25.0, 30.0])
    laid, edges = world.laid, world.layers.edges
    graph = nx.Graph([(int(edges.tail[row]), int(edges.head[row])) for row in laid.mains.tolist()])
    ends = [row for row in laid.mains.tolist() if laid.zone[edges.tail[row]] >= 0]
    tail, head = int(edges.tail[ends[-1]]), int(edges.head[ends[-1]])
    graph.remove_edge(tail, head)
    left = nx.node_connected_component(graph, int(laid.zones.entry[0]))
    day = burst(world, [ends[-1]])
    behind = np.flatnonzero((laid.zone >= 0) & ~np.isin(np.arange(len(laid.zone)), list(left)))
    assert len(behind) > 0
    before = np.flatnonzero(np.isin(np.arange(len(laid.zone)), list(left)) & (laid.zone >= 0))
    assert day.served_lps[2:, behind].sum() == 0.0
    assert day.leaked_lps[2:, behind].sum() == 0.0
    assert day.head_m[2, behind] == pytest.approx(laid.height_m[behind])
    assert day.served_lps[2:, before] == pytest.approx(day.asked_lps[2:, before])
    assert day.served_lps[:2] == pytest.approx(day.asked_lps[:2])


def test_a_loop_goes_on_with_one_main_less_at_less_pressure():
    town = grid_territory(4, 150.0)
    homes = np.full(town.places.n_places, 60.0, dtype=np.float32)
    zones = replace(town.zones, inhabitants=np.full(len(town.zones.name), np.nan))
    world = world_of(replace(town, places=replace(town.places, dwellings=homes), zones=zones))
    laid, edges = world.laid, world.layers.edges
    graph = nx.Graph([(int(edges.tail[row]), int(edges.head[row])) for row in laid.mains.tolist()])
    bridges = {frozenset(each) for each in nx.bridges(graph)}
    whole = burst(world, [])
    carried = {row: abs(whole.flow_lps[0, at]) for at, row in enumerate(laid.mains.tolist())}
    looped = [
        row for row in carried if frozenset((int(edges.tail[row]), int(edges.head[row]))) not in bridges
    ]
    busiest = max(looped, key=carried.__getitem__)
    day = burst(world, [busiest])
    assert day.served_lps == pytest.approx(day.asked_lps)
    junction = laid.zone >= 0
    assert day.head_m[2, junction].min() < whole.head_m[2, junction].min() - 1e-3
    assert np.array_equal(day.head_m[0], whole.head_m[0], equal_nan=True)
    assert day.flow_lps[2, laid.mains.tolist().index(busiest)] == pytest.approx(0.0, abs=1e-4)


def test_a_zone_whose_inlet_is_broken_lives_on_its_tank_or_not_at_all():
    world = two_zones()
    laid = world.laid
    lower = int(np.flatnonzero(laid.zones.above >= 0)[0])
    assert laid.zones.volume_l[lower] == 0.0
    inlet = int(laid.inlets[laid.inlet_zone == lower][0])
    day = burst(world, [inlet])
    inside = np.flatnonzero(laid.zone == lower)
    assert day.served_lps[2:, inside].sum() == 0.0
    assert day.served_lps[:2, inside] == pytest.approx(day.asked_lps[:2, inside])
    source = burst(world, [int(laid.inlets[laid.inlet_zone == 0][0])])
    assert source.served_lps == pytest.approx(source.asked_lps), "the tank is full"
    assert source.source_lps[2:].sum() == 0.0
