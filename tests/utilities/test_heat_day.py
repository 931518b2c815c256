"""Heat of a town: what buildings ask for, how warm they are, and a day of a village with a heat network."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.population.days import population_of
from tests.territories import grid_territory
from twin.errors import InputError
from twin.population.presence import Presence
from twin.population.tables import HOME, WORK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.heat import HeatDeclared
from twin.territory.utilities.layers import with_district_heat
from twin.territory.utilities.tables import HEAT
from twin.utilities.demand import ConsumptionRates, DayConsumption
from twin.utilities.heat.buildings import HeatBuildings
from twin.utilities.heat.day import HeatDay, TownHeat, heat_day
from twin.utilities.heat.hydraulics import pipe_flows, pressure_drop
from twin.utilities.heat.laid import laid_heat

LEDGER = Parameters.defaults()
HOUR_MS = 3_600_000
QUARTER_S, HOUR_S = 900.0, 3_600.0
NOBODY = np.zeros(1)


def one_building(m2: float = 100.0) -> HeatBuildings:
    """A dwelling of a household of two."""
    grid = grid_territory(2)
    places = grid.places.taken(np.arange(grid.places.n_places) == 0)
    places = replace(places, floor_area_m2=np.array([m2]), dwellings=np.ones(1, dtype=np.float32))
    return HeatBuildings(ConsumptionRates(population_of([0], [[]]), places, LEDGER), places, LEDGER)


def at_home(share: float) -> Presence:
    """That share of a household of the mean size is at home for a quarter of an hour."""
    return Presence(np.array([share * 2.15 * QUARTER_S]), NOBODY, NOBODY)


@given(st.floats(-10.0, 15.0), st.integers(1, 200))
def test_an_unheated_building_cools_by_its_time_constant(outside_c, n_quarters):
    building = one_building()
    for _ in range(n_quarters):
        building.heat(np.zeros(1), outside_c, QUARTER_S)
    free_c = outside_c + 1.0  # people and the sun: 19 degC is kept where degree days count from 18
    expected = free_c + (19.0 - free_c) * math.exp(-n_quarters * QUARTER_S / (50.0 * HOUR_S))
    assert building.indoor_c[0] == pytest.approx(expected, rel=1e-9)


@given(st.floats(-4.0, 17.0))
def test_a_building_kept_warm_asks_for_its_degree_hours(outside_c):
    building = one_building()
    heating, water = building.asked_w(at_home(1.0), 3, outside_c, QUARTER_S, building.most_w)
    expected = 110.0 * 100.0 / (0.024 * 1_500.0) * (18.0 - outside_c)
    assert heating[0] == pytest.approx(expected, rel=1e-9)
    building.heat(heating, outside_c, QUARTER_S)
    assert building.indoor_c[0] == pytest.approx(19.0)
    assert water[0] > 0.0


def test_a_year_of_degree_days_makes_the_ledgers_heat():
    """1,500 degree days, in whatever way they come."""
    building, asked_wh = one_building(), 0.0
    for outside_c, hours in (
        (3.0, 1_000.0),
        (8.0, 1_500.0),
        (18.0 - 1_500.0 * 24.0 / 3_000.0 + 10.0, 3_000.0),
    ):
        heating, _ = building.asked_w(at_home(1.0), 3, outside_c, QUARTER_S, building.most_w)
        asked_wh += heating[0] * hours
    degree_hours = 15.0 * 1_000.0 + 10.0 * 1_500.0 + 2.0 * 3_000.0
    assert asked_wh / degree_hours * 1_500.0 * 24.0 == pytest.approx(110.0 * 100.0 * 1_000.0, rel=1e-9)


def test_who_is_out_keeps_it_cooler_and_draws_no_hot_water():
    building = one_building()
    kept = [float(building.kept(at_home(share), QUARTER_S)[0]) for share in (0.0, 0.3, 0.6, 1.0)]
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (17.0, 19.0)
    out, water = building.asked_w(at_home(0.0), 10, 5.0, QUARTER_S, building.most_w)
    inside, _ = building.asked_w(at_home(1.0), 10, 5.0, QUARTER_S, building.most_w)
    assert out[0] < inside[0]
    assert water[0] == 0.0


def test_hot_water_of_a_day_is_what_the_ledger_says():
    """56 litres warmed by 25 K, for somebody who is at home like the mean."""
    building, joules = one_building(), 0.0
    for hour, share in enumerate(LEDGER["utilities.home_presence"]):
        person = Presence(np.array([share * QUARTER_S]), NOBODY, NOBODY)
        joules += building.asked_w(person, hour, 20.0, QUARTER_S, building.most_w)[1][0] * HOUR_S
    assert joules == pytest.approx(56.0 * 4_186.0 * 25.0, rel=1e-9)


@cache
def village() -> Territory:
    return Territory.load(ROOT / "networks" / "la_turbie_crop")


@cache
def heated(rate: float) -> Territory:
    """La Turbie with a heat source in its middle, and that share of buildings joined."""
    town = village()
    declared = HeatDeclared(7.401, 43.745, rate)
    tables = town.streets, town.places, town.zones
    return replace(town, utilities=with_district_heat(town.utilities, tables, LEDGER, declared))


@cache
def consumption() -> DayConsumption:
    """A person in each of 300 dwellings: every other one works elsewhere from nine to five."""
    homes = np.flatnonzero(village().places.dwellings > 0.0)[:300].tolist()
    stops = [[] if row % 2 else [(homes[0], WORK), (home, HOME)] for row, home in enumerate(homes)]
    departed = np.tile(np.array([8, 17]) * HOUR_MS, len(homes) // 2)
    demand = ConsumptionRates(population_of(homes, stops), village().places, LEDGER)
    return DayConsumption(demand, departed, departed + HOUR_MS)


@cache
def a_day(rate: float, outside_c: float = 5.0, dark: tuple[int, int] = (0, 0)) -> HeatDay:
    """A day at a steady temperature, the source without power in some quarters."""
    town = heated(rate)
    level = np.ones((96, town.utilities.nodes.n_nodes))
    level[dark[0] : dark[1], town.utilities.nodes.kind == "heat_source"] = 0.0
    return heat_day(town, consumption(), LEDGER, np.full(96, outside_c), level)


def joined(rate: float) -> np.ndarray:
    return heated(rate).utilities.rows_for("place", village().places.place_id, HEAT) >= 0


def test_a_village_day_serves_all_who_joined_and_its_heat_balances():
    day, network = a_day(1.0), a_day(1.0).network
    assert network.imbalance.max() < 1e-6
    served = day.given_w[:, joined(1.0)].sum() / day.asked_w[:, joined(1.0)].sum()
    assert served > 0.995
    taken_j = day.given_w[:, joined(1.0)].sum() * QUARTER_S
    assert network.taken_j.sum() == pytest.approx(taken_j, rel=1e-9)
    stored = network.stored_j[-1] - network.stored_j[0]
    rest = network.brought_j[1:].sum() - network.taken_j[1:].sum() - network.lost_j[1:].sum()
    assert rest == pytest.approx(stored, rel=1e-6, abs=1e-6 * network.brought_j.sum())
    assert 0.01 < network.lost_j.sum() / network.brought_j.sum() < 0.2
    assert 0.0 < network.pump_j.sum() < 0.05 * network.brought_j.sum()
    assert (network.return_c < network.supply_c).all()


def test_a_cold_day_asks_for_more_and_its_supply_is_hotter():
    mild, cold = a_day(0.4, 12.0), a_day(0.4)
    assert cold.asked_w.sum() > 1.5 * mild.asked_w.sum()
    assert (cold.network.supply_c > mild.network.supply_c + 3.0).all()


def test_a_source_without_power_leaves_those_who_joined_cold_and_no_others():
    day, calm = a_day(1.0, 5.0, (0, 88)), a_day(1.0)
    lost = joined(1.0) & (calm.asked_w.sum(axis=0) > 0.0)
    assert not day.given_w[:88][:, lost].any()
    assert not day.network.brought_j[:88].any()
    assert day.cold_person_h(18.0) > calm.cold_person_h(18.0) + 100.0
    free_c = 5.0 + 1.0
    coldest = free_c + (19.0 - free_c) * math.exp(-22.0 / 50.0)
    assert day.indoor_c[87, lost] == pytest.approx(coldest, rel=1e-9)
    others = ~joined(1.0)
    assert np.array_equal(day.indoor_c[:, others], calm.indoor_c[:, others], equal_nan=True)
    assert day.network.brought_j[88] > calm.network.brought_j[88], "all is warmed up again"
    lacking = np.maximum(day.needed_w - day.given_w, 0.0)[:, lost].sum()
    assert lacking == pytest.approx(calm.given_w[:88][:, lost].sum(), rel=0.1), "counted once"
    assert lacking < 0.7 * (day.asked_w - day.given_w)[:88][:, lost].sum(), "the cold ask for more"


def test_places_without_power_have_no_heat_of_their_own():
    power = np.ones((8, village().places.n_places))
    power[:, ::2] = 0.0
    day = heat_day(village(), consumption(), LEDGER, np.full(8, 5.0), power=power)
    assert not day.given_w[:, ::2].any()
    assert np.array_equal(day.given_w[:, 1::2], day.asked_w[:, 1::2])


def test_the_connection_rate_is_a_lever_and_without_a_word_a_village_has_no_heat_network():
    ledger = LEDGER.replaced({"utilities.heat_connection_rate": 0.7})
    town = village()
    tables = town.streets, town.places, town.zones
    by_ledger = with_district_heat(town.utilities, tables, ledger, HeatDeclared(7.401, 43.745))
    by_word = heated(0.7).utilities
    assert by_ledger.notes() == by_word.notes()
    edges = [heated(rate).utilities.edges for rate in (0.2, 0.4, 0.7, 1.0)]
    km = [each.length_m[each.kind == "heat_pipe"].sum() / 1_000.0 for each in edges]
    assert km == sorted(km)
    assert km[-1] > 3.0 * km[0]
    assert laid_heat(town.utilities, town.places.place_id, LEDGER) is None
    assert town.utilities.counts()["heat"]["elements"] == 0


def test_pipes_get_smaller_outwards_and_every_branch_sells_enough():
    layers, town = heated(1.0).utilities, village()
    edges = layers.edges
    rows = np.flatnonzero(edges.kind == "heat_pipe")
    into = {int(edges.head[row]): row for row in rows.tolist()}
    heated_m2 = np.where(town.places.dwellings + town.places.jobs > 0.0, town.places.floor_area_m2, 0.0)
    beyond = np.zeros(layers.nodes.n_nodes)
    metres = np.zeros(layers.nodes.n_nodes)
    node = layers.rows_for("place", town.places.place_id, HEAT)
    np.add.at(beyond, node[node >= 0], 0.11 * heated_m2[node >= 0])
    children: dict[int, list[int]] = {}
    for head, row in into.items():
        children.setdefault(int(edges.tail[row]), []).append(head)

    def add_up(at: int) -> None:
        for child in children.get(at, []):
            add_up(child)
            beyond[at] += beyond[child]
            metres[at] += metres[child]
        if at in into:
            metres[at] += edges.length_m[into[at]]

    source = int(np.flatnonzero(layers.nodes.kind == "heat_source")[0])
    add_up(source)
    for head, row in into.items():
        assert beyond[head] >= 1.5 * metres[head] * (1.0 - 1e-3), "MWh a year on each metre of the branch"
        above = into.get(int(edges.tail[row]))
        if above is not None:
            assert edges.diameter_mm[row] <= edges.diameter_mm[above]
    assert metres[source] == pytest.approx(edges.length_m[rows].sum())


def test_at_the_design_load_pipes_are_neither_too_fast_nor_too_rough():
    """All at once what the coldest day asks for: 2.5 m/s, and 150 Pa/m by a friction factor of 0.02."""
    town = heated(1.0)
    laid = laid_heat(town.utilities, town.places.place_id, LEDGER)
    buildings = TownHeat(town, consumption().demand, LEDGER, -5.0).buildings
    coldest_w = laid.at_stations(buildings.most_w) / 1.2
    network = laid.network
    flows = pipe_flows(network, coldest_w / (network.water.heat_capacity * 45.0))
    velocity = flows / (network.water.density * 0.25 * np.pi * network.pipes.inner_m**2)
    assert 1.0 < velocity.max() <= 2.5 * 1.001
    assert (pressure_drop(network, flows) / network.pipes.length_m).max() < 250.0
    assert (flows > 0.0).all()


def test_settings_that_do_not_fit_are_one_line():
    ledger = LEDGER.replaced({"utilities.heat_step_s": 70.0})
    with pytest.raises(InputError, match="divide a quarter of an hour"):
        TownHeat(village(), consumption().demand, ledger, 5.0)
    layers = heated(0.4).utilities
    wrong = replace(layers, edges=replace(layers.edges, diameter_mm=layers.edges.diameter_mm + 1.0))
    with pytest.raises(InputError, match=r"a heat pipe of .* mm"):
        laid_heat(wrong, village().places.place_id, LEDGER)
    kinds = np.where(layers.nodes.kind == "heat_source", "heat_node", layers.nodes.kind)
    with pytest.raises(InputError, match="0 heat sources"):
        laid_heat(replace(layers, nodes=replace(layers.nodes, kind=kinds)), village().places.place_id, LEDGER)
