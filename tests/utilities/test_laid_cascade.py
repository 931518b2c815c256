"""The laid networks together: who falls without power, after how long, and who comes back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from tests.territories import grid_territory
from tests.territory.utility_worlds import towns
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.territory.utilities.tables import Utilities
from twin.utilities.failures.cascade import Cascade, run
from twin.utilities.failures.inventory import inventory_of
from twin.utilities.failures.laid import blind_links, laid_cascade, outage, services
from twin.utilities.failures.story import Story
from twin.utilities.reliability import interruptions, not_delivered, time_to_share

LEDGER = Parameters.defaults()
MINUTE, HOUR = 60.0, 3_600.0


def lay(town: Territory) -> Utilities:
    return lay_utilities((town.streets, town.places, town.zones), ObservedElements(), LEDGER)


def substation(layers: Utilities) -> dict[str, tuple[float, float]]:
    """All substations lost from one o'clock until three."""
    rows = np.flatnonzero(layers.nodes.kind == "hv_mv_substation")
    return {str(each): (HOUR, 3 * HOUR) for each in layers.nodes.node_id[rows]}


def lived(layers: Utilities, cascade: Cascade, broken: dict[str, tuple[float, float]]) -> np.ndarray:
    return run(cascade, outage(layers, broken, 9 * 60, MINUTE), MINUTE)


@given(towns(heights=True))
@settings(max_examples=15, deadline=None)
def test_nothing_falls_in_any_town_while_nothing_is_broken(town):
    layers = lay(town)
    cascade = laid_cascade(layers, LEDGER, 1)
    assert (run(cascade, np.ones((3, layers.nodes.n_nodes + layers.edges.n_edges)), MINUTE) == 1.0).all()
    assert not cascade.falls
    got = services(layers, town.places.place_id, np.ones((1, layers.nodes.n_nodes + layers.edges.n_edges)))
    assert (got.power == 1.0).all()
    assert (got.water == 1.0).all()
    assert (got.fibre == 1.0).all()


def test_without_a_substation_sites_fall_after_their_battery_and_water_stays_in_the_tank():
    town = grid_territory(3)
    layers = lay(town)
    cascade = laid_cascade(layers, LEDGER, 1)
    level = lived(layers, cascade, substation(layers))
    level_of = level[:, : layers.nodes.n_nodes]
    kind = layers.nodes.kind
    site, pump, exchange = (level_of[:, kind == each] for each in ("site", "pump", "exchange"))
    assert site.shape[1] > 0
    assert (site[60:85] == 1.0).all(), "25 minutes of battery"
    assert (site[85:190] == 0.0).all()
    assert (pump[60:190] == 0.0).all()
    assert (pump[190:] == 1.0).all(), "ten minutes to restart"
    assert (exchange == 1.0).all(), "its battery lasts four hours"
    got = services(layers, town.places.place_id, level)
    assert (got.water == 1.0).all(), "the tank lasts"
    assert (got.fibre[60:180] == 0.0).all(), "the box at home has no power"
    assert (got.mobile[90] == 0.0).all()
    dark = blind_links(layers, town.streets.link_id, level)
    assert dark[60:180].all()
    assert not dark[:60].any()
    told = Story(inventory_of(layers), cascade.falls, MINUTE).texts()
    assert told[0].startswith("01:00:00 hv_mv_substation")
    assert told[0].endswith("down: broken")
    assert any(line.startswith("01:25:00 site") and "no power from" in line for line in told)
    assert any(line.startswith("03:10:00 pump") and line.endswith("works again") for line in told)


def test_gateways_fall_after_theirs_and_a_distant_data_centre_only_when_no_exchange_is_left():
    town = grid_territory(3)
    layers = lay(town)
    rows = np.flatnonzero(layers.nodes.kind == "hv_mv_substation")
    dark = {str(each): (HOUR, 8 * HOUR) for each in layers.nodes.node_id[rows]}
    level = lived(layers, laid_cascade(layers, LEDGER, 1), dark)[:, : layers.nodes.n_nodes]
    first = {
        kind: int(np.argmax(level[:, layers.nodes.kind == kind].max(axis=1) < 0.5))
        for kind in ("site", "gateway", "exchange", "distant_data_center")
    }
    assert first["site"] == pytest.approx(60 + 25, abs=1)
    assert first["gateway"] == pytest.approx(60 + 60, abs=1)
    assert first["distant_data_center"] == first["exchange"] == pytest.approx(60 + 4 * 60, abs=1)


def test_a_tank_that_is_empty_leaves_all_without_water_until_the_pump_runs():
    town = grid_territory(3)
    layers = lay(town)
    hour = 1.0 / 24.0 / 0.8
    cascade = laid_cascade(layers, LEDGER.replaced({"utilities.tank_days": 0.5}, "here"), 1)
    store = cascade.elements.store_s.copy()
    store[1, : layers.nodes.n_nodes][layers.nodes.kind == "tank"] = hour * 0.8 * 86_400.0
    cascade = Cascade(replace(cascade.elements, store_s=store), cascade.needs, cascade.layers, 0.25)
    got = services(layers, town.places.place_id, lived(layers, cascade, substation(layers)))
    assert (got.water[60:120] == 1.0).all()
    assert (got.water[120:190] == 0.0).all(), "an hour of store, then nothing until pumps restart"
    assert (got.water[190:] == 1.0).all()


@given(towns())
@settings(max_examples=15, deadline=None)
def test_endless_batteries_never_lose_more(town):
    layers = lay(town)
    few = laid_cascade(layers, LEDGER, 1)
    endless = np.full(few.elements.store_s.shape, np.inf)
    many = Cascade(replace(few.elements, store_s=endless), few.needs, few.layers, few.recharge)
    lost = lived(layers, few, substation(layers))
    assert (lived(layers, many, substation(layers)) >= lost).all()
    active = np.isin(layers.nodes.kind, ("site", "pump", "exchange"))
    assert (lost[:, : layers.nodes.n_nodes][:, active] == 0.0).any()


def test_some_sites_need_a_visit_and_the_seed_says_which():
    town = grid_territory(6)
    layers = lay(town)
    sites = layers.nodes.kind == "site"
    restart = [
        laid_cascade(layers, LEDGER.replaced({"utilities.restart_alone": share}, "here"), seed)
        .elements.restart_s[: layers.nodes.n_nodes][sites]
        for share, seed in ((0.8, 1), (0.8, 1), (0.85, 1))
    ]  # fmt: skip
    assert (restart[0] == restart[1]).all()
    assert set(restart[0].tolist()) <= {600.0, 4 * HOUR}
    assert (restart[2] <= restart[0]).all(), "who restarts alone of fewer does so of more"


def test_what_cannot_be_broken_or_has_no_power_node_is_one_line():
    layers = lay(grid_territory(2))
    with pytest.raises(InputError, match="no such utility element"):
        outage(layers, {"pump 9": (0.0, 1.0)}, 2, MINUTE)
    pump = str(layers.nodes.node_id[layers.nodes.kind == "pump"][0])
    with pytest.raises(InputError, match="a time that ends"):
        outage(layers, {pump: (5.0, 1.0)}, 2, MINUTE)
    table = layers.dependencies
    kept = table.consumer_kind != "pump"
    fewer = replace(table, **{name: column[kept] for name, column in table.columns().items()})
    with pytest.raises(InputError, match="a pump without a power node"):
        laid_cascade(replace(layers, dependencies=fewer), LEDGER, 1)
    with pytest.raises(InputError, match="no utility layers"):
        laid_cascade(Utilities.none(), LEDGER, 1)


def test_indices_of_interruptions_by_hand():
    without = np.zeros((10, 3), dtype=bool)
    without[2:6, 0] = True  # 4 minutes
    without[8:, 0] = True  # 2 minutes: too short to count
    without[1:9, 1] = True  # 8 minutes
    found = interruptions(without, np.array([100.0, 50.0, 50.0]), 60.0, 180.0)
    assert found.saidi_min == pytest.approx((100 * 4 + 50 * 8) / 200)
    assert found.saifi == pytest.approx(150 / 200)
    assert found.affected == 150.0
    assert interruptions(without, np.zeros(3), 60.0, 180.0).saidi_min == 0.0
    assert not_delivered(np.full((2, 2), 3.0), np.array([[1.0, 0.5], [np.nan, 0.0]])) == 4.5
    assert time_to_share(np.array([1.0, 0.5, 0.95, 0.8, 1.0]), 0.9, 60.0) == 180.0
    assert np.isnan(time_to_share(np.array([1.0, 0.5]), 0.9, 60.0))
    assert time_to_share(np.ones(3), 0.9, 60.0) == 0.0
