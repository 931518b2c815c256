"""Pressures of laid networks: on a hill whose heads are known, and on both territories as they lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.utilities.water_worlds import LEDGER, World, embedded, hill, quarters, radar_world, world_of
from twin.utilities.water.checks import PressureCheck, pressure_check, velocities_mps
from twin.utilities.water.day import BAR_PER_M, NOT_VERIFIABLE, WaterDay, water_day
from twin.utilities.water.fire import fire_flow

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

LEAST_BAR, GREATEST_BAR = 2.0, 8.0


def heads_by_hand(world: World, asked_lps: np.ndarray) -> dict[int, float]:
    """Heads of a single zone without loops or leaks: Hazen and Williams along each main from the tank."""
    laid, edges = world.laid, world.layers.edges
    near: dict[int, list[tuple[int, int]]] = {}
    for row in laid.mains.tolist():
        tail, head = int(edges.tail[row]), int(edges.head[row])
        near.setdefault(tail, []).append((head, row))
        near.setdefault(head, []).append((tail, row))
    heads: dict[int, float] = {}

    def beyond(node: int, came: int) -> float:
        return asked_lps[node] + sum(beyond(other, node) for other, _ in near[node] if other != came)

    def walk(node: int, came: int, head_m: float) -> None:
        heads[node] = head_m
        for other, row in near[node]:
            if other != came:
                flow = beyond(other, node) / 1000.0
                lost = 10.667 * flow**1.852 / 130.0**1.852 / (edges.diameter_mm[row] / 1000.0) ** 4.871
                walk(other, node, head_m - lost * edges.length_m[row])

    walk(int(laid.zones.entry[0]), -1, float(laid.zones.head_m[0]))
    return heads


def test_heads_on_a_hill_are_those_reckoned_by_hand():
    world = hill([10.0, 15.0, 24.0, 33.0, 45.0, 50.0])
    laid = replace(world.laid, leak=np.zeros_like(world.laid.leak))
    assert len(laid.zones.name) == 1
    assert laid.zones.head_m.tolist() == [50.0 + 27.0]
    day = water_day(laid, 3.0 * world.mean_lps[None, :], 900.0)
    expected = heads_by_hand(world, day.asked_lps[0])
    rows = np.flatnonzero(laid.zone >= 0)
    assert len(rows) >= 6
    assert day.head_m[0, rows] == pytest.approx([expected[row] for row in rows.tolist()], abs=2e-3)
    assert day.head_m[0, rows].min() < 77.0 - 1e-3, "something is lost on the way"
    bar = day.pressure_m[0, rows] * BAR_PER_M
    assert LEAST_BAR <= bar.min() < bar.max() <= GREATEST_BAR
    assert bar.max() == pytest.approx((77.0 - 10.0) * BAR_PER_M, abs=0.3)


@pytest.mark.parametrize("rise_m", [60.0, 150.0, 400.0])
def test_any_hill_is_cut_into_zones_that_keep_within_the_band(rise_m):
    world = hill([rise_m * part for part in (0.0, 0.1, 0.35, 0.5, 0.8, 1.0, 0.7)])
    day = water_day(world.laid, quarters(world.mean_lps), 900.0)
    check = pressure_check(world.laid, day, np.ones(world.territory.places.n_places, dtype=bool))
    assert check.share == 1.0, check.exceptions()
    of = [world.laid.height_m[world.laid.zone == zone] for zone in range(len(world.laid.zones.name))]
    assert len(of) >= 2
    assert max(heights.max() - heights.min() for heights in of) <= 45.0
    assert check.verifiable.all()
    flat = replace(world.laid, zones=replace(world.laid.zones, head_m=world.laid.zones.head_m + 80.0))
    day = water_day(flat, quarters(world.mean_lps)[:2], 900.0)
    check = pressure_check(flat, day, np.ones(world.territory.places.n_places, dtype=bool))
    assert len(check.exceptions()) == int((~check.within).sum()) > 0, "too much head is seen"


def check_of(world: World, day: WaterDay, zone: str | None) -> PressureCheck:
    """Pressures of a day at occupied junctions, in a zone or in all of the territory."""
    places, zones = world.territory.places, world.territory.zones
    here = places.dwellings > 0.0
    if zone is not None:
        here &= places.zone == zones.name.index(zone)
    check = pressure_check(world.laid, day, here)
    assert len(check.row) > 50
    assert check.verifiable.all()
    return check


@pytest.mark.one_interpreter("long, and arithmetic that is the same on each")
@pytest.mark.parametrize(
    ("name", "focuses"), [("riviera", ["dense", "la_turbie", None]), ("la_turbie_crop", [None])]
)
def test_two_to_eight_bar_where_people_live_with_real_heights(name, focuses, data_file):
    world = radar_world(name, data_file)
    day = water_day(world.laid, quarters(world.mean_lps), 900.0)
    for focus in focuses:
        check = check_of(world, day, focus)
        assert check.share >= 0.97, check.exceptions()
    assert velocities_mps(world.laid, day).max() <= LEDGER["utilities.main_velocity_mps"]
    assert day.served_lps.sum() == pytest.approx(day.asked_lps.sum())
    assert (day.amiss_lps <= day.allowed_lps).all()


@pytest.mark.parametrize("name", ["riviera", "la_turbie_crop"])
def test_where_heights_are_assumed_no_pressure_is_told_without_saying_so(name):
    world = world_of(embedded(name))
    day = water_day(world.laid, quarters(world.mean_lps)[:1], 900.0)
    people = np.where(world.laid.zone >= 0, 1.0, 0.0)
    assert day.verifiable_share(people) == 0.0
    told = [each for each in day.pressures_told(0).tolist() if each]
    assert len(told) == int(people.sum())
    assert all(NOT_VERIFIABLE in each for each in told)
    check = pressure_check(world.laid, day, world.territory.places.dwellings > 0.0)
    assert check.told().endswith(f"{len(check.row)} {NOT_VERIFIABLE}")


def test_with_known_heights_nothing_is_marked():
    world = hill([10.0, 20.0, 30.0])
    day = water_day(world.laid, world.mean_lps[None, :], 900.0)
    assert not any(NOT_VERIFIABLE in each for each in day.pressures_told(0).tolist())
    assert day.verifiable_share(np.where(world.laid.zone >= 0, 1.0, 0.0)) == 1.0


def test_a_height_that_leans_on_a_void_marks_its_junctions_only():
    world = hill([10.0, 20.0, 30.0, 40.0])
    known = world.territory.streets.node_elevation_provenance.copy()
    known[0] = 2
    streets = replace(world.territory.streets, node_elevation_provenance=known)
    laid = world_of(replace(world.territory, streets=streets)).laid
    junction = laid.zone >= 0
    assert 0 < int(laid.known[junction].sum()) < int(junction.sum())
    assert np.isfinite(laid.height_m[junction]).all()


@pytest.mark.parametrize("diameter_mm", [60.0, 100.0, 150.0])
def test_a_hydrant_gives_its_flow_where_a_bar_is_left_by_hand(diameter_mm):
    world = hill([10.0, 12.0, 15.0, 20.0, 24.0, 30.0, 33.0, 38.0], length_m=160.0, dwellings=2.0)
    edges = world.layers.edges
    diameters = np.where(np.isin(np.arange(edges.n_edges), world.laid.mains), diameter_mm, edges.diameter_mm)
    layers = replace(world.layers, edges=replace(edges, diameter_mm=diameters))
    world = replace(
        world, layers=layers, laid=replace(world.laid, layers=layers, leak=np.zeros_like(world.laid.leak))
    )
    laid, asked = world.laid, world.laid.asked(world.mean_lps)
    rows = np.flatnonzero(laid.zone >= 0).astype(np.int32)
    left_bar = []
    for row in rows.tolist():
        more = asked.copy()
        more[row] += 60.0 / 3.6
        left_bar.append((heads_by_hand(world, more)[row] - laid.height_m[row]) * BAR_PER_M)
    enough = fire_flow(laid, asked, rows)
    assert enough.tolist() == [left >= 1.0 for left in left_bar]
    assert enough.any() or diameter_mm == 60.0
    assert not enough.all() or diameter_mm == 150.0


def test_a_hydrant_of_a_zone_without_a_tank_needs_the_mains_above_too():
    world = hill([0.0, 30.0, 60.0, 90.0], dwellings=2.0)
    laid = world.laid
    below = int(np.flatnonzero((laid.zones.feed >= 0) & (laid.zones.volume_l == 0.0))[0])
    row = np.flatnonzero(laid.zone == below)[:1].astype(np.int32)
    edges = world.layers.edges
    wide = np.where(np.isin(np.arange(edges.n_edges), laid.mains), 300.0, edges.diameter_mm)
    above = laid.mains[laid.main_zone == laid.zones.above[below]]
    narrow = np.where(np.isin(np.arange(edges.n_edges), above), 60.0, wide)
    for diameters, enough in ((wide, True), (narrow, False)):
        layers = replace(world.layers, edges=replace(edges, diameter_mm=diameters))
        assert fire_flow(replace(laid, layers=layers), laid.asked(world.mean_lps), row).tolist() == [enough]
