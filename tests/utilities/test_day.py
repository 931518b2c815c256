"""A day of the networks: nothing is lost without a failure, and two ways to reckon a loss agree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.population.days import population_of
from tests.territories import grid_territory
from twin.errors import InputError
from twin.population.tables import HOME, WORK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.utilities.day import QUARTER_S, UtilityDay, utility_day
from twin.utilities.demand import ConsumptionRates, DayConsumption

pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

LEDGER = Parameters.defaults()
HOUR_S, HOUR_MS = 3_600.0, 3_600_000


def town() -> Territory:
    """A grid in which two dwellings stand at every place, with its networks."""
    grid = grid_territory(3)
    dwellings = np.full(grid.places.n_places, 2.0, dtype=np.float32)
    grid = replace(grid, places=replace(grid.places, dwellings=dwellings))
    return replace(
        grid, utilities=lay_utilities((grid.streets, grid.places, grid.zones), ObservedElements(), LEDGER)
    )


TOWN = town()


def consumption() -> DayConsumption:
    """Two persons at every place, of whom one works at place 0 from nine to five."""
    n = TOWN.places.n_places
    homes = [place for place in range(n) for _ in range(2)]
    stops = [[] if row % 2 else [(0, WORK), (place, HOME)] for row, place in enumerate(homes)]
    departed = np.tile(np.array([8, 17]) * HOUR_MS, n)
    return DayConsumption(
        ConsumptionRates(population_of(homes, stops), TOWN.places, LEDGER), departed, departed + HOUR_MS
    )


def a_day(broken: dict[str, tuple[float, float]] | None = None) -> UtilityDay:
    return utility_day(TOWN, consumption(), LEDGER, broken=broken)


def substations() -> dict[str, tuple[float, float]]:
    """All lost from noon to two o'clock."""
    kind = TOWN.utilities.nodes.kind
    names = TOWN.utilities.nodes.node_id[kind == "hv_mv_substation"]
    return {str(name): (12 * HOUR_S, 14 * HOUR_S) for name in names}


EVERYWHERE = np.ones(TOWN.places.n_places, dtype=bool)


def test_without_a_failure_nothing_is_lost_and_all_that_is_drawn_arrives():
    day = a_day()
    found = day.indicators(EVERYWHERE)
    drawn = consumption()
    assert found["energy_asked_kwh"] == pytest.approx(drawn.between("power", 0, 24 * HOUR_MS).sum())
    assert found["water_asked_m3"] == pytest.approx(drawn.between("water", 0, 24 * HOUR_MS).sum() / 1000.0)
    assert found["energy_asked_kwh"] > 0.0
    lost = {name: value for name, value in found.items() if not name.endswith(("asked_kwh", "asked_m3"))}
    assert lost == pytest.approx(dict.fromkeys(lost, 0.0), abs=1e-4)
    assert not day.falls
    assert day.power.imbalance() < 1e-6
    assert day.power.outside_band(LEDGER["utilities.voltage_band"]).max() == 0.0
    assert day.water.imbalance() < 1e-6


def test_a_lost_substation_is_felt_alike_by_the_cascade_and_by_the_power_flow():
    day = a_day(substations())
    found = day.indicators(EVERYWHERE)
    assert found["saidi_min"] == pytest.approx(120.0)
    assert found["saifi"] == pytest.approx(1.0)
    assert found["energy_not_served_kwh"] == pytest.approx(
        day.power.unserved_w.sum() * QUARTER_S / HOUR_S / 1000.0
    )
    asked = consumption().between("power", 12 * HOUR_MS, 14 * HOUR_MS).sum()
    assert found["energy_not_served_kwh"] == pytest.approx(asked)
    assert found["fibre_lost_place_h"] == pytest.approx(2.0 * TOWN.places.n_places)
    minutes = (day.services.mobile < 0.5).sum(axis=0)
    assert (minutes >= 120 - 25 + 10).all(), "battery, and restart"
    assert found["water_not_served_m3"] < 0.01 * found["water_asked_m3"], "the tank lasts"
    assert not day.power.energised[48:56].any()
    assert day.power.energised[:48].all()
    assert day.power.energised[56:].all()


def test_a_station_lost_leaves_its_places_without_and_no_others():
    layers = TOWN.utilities
    stations = np.flatnonzero(layers.nodes.kind == "station")
    name = str(layers.nodes.node_id[stations[-1]])
    day = a_day({name: (12 * HOUR_S, 14 * HOUR_S)})
    dark = day.services.power[12 * 60 + 5] < 0.5
    assert dark.any()
    assert day.power_cuts(dark).saidi_min == pytest.approx(120.0)
    lost = day.indicators(EVERYWHERE)["energy_not_served_kwh"]
    assert lost == pytest.approx(day.indicators(dark)["energy_not_served_kwh"])
    assert lost == pytest.approx(day.power.unserved_w.sum() * QUARTER_S / HOUR_S / 1000.0)
    if not dark.all():
        assert day.power_cuts(~dark).saidi_min == 0.0


def test_a_step_that_does_not_fit_into_a_quarter_is_one_line():
    with pytest.raises(InputError, match="divide a quarter of an hour"):
        utility_day(TOWN, consumption(), LEDGER.replaced({"utilities.cascade_step_s": 70.0}, "here"))
