"""The same fleets by the same rules in metropolis and village: what they cost and see differs by density."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.indicators import fleets
from twin.indicators.focus import focuses_of
from twin.indicators.indicator import Indicator
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario

pytestmark = pytest.mark.one_interpreter("long: a day begins on the whole area")
UNTIL_S = 900 * 8


@cache
def night() -> tuple[TwinModel, DayRecord]:
    """The first hours of the day of `riviera_sensors.toml`; few travel, so that it takes no time."""
    spec = Scenario.load(ROOT / "scenarios" / "riviera_sensors.toml")
    model = TwinModel(spec, rng=1, app_share=0.0, demand_scale=0.05)
    model.run_until(UNTIL_S)
    return model, record_of(model)


def in_both(measure: Indicator) -> tuple[dict[str, float], dict[str, float]]:
    record = night()[1]
    dense, village = (
        dict(measure.measure(record, focuses_of(record.territory, zone)[0]))
        for zone in ("dense", "la_turbie")
    )
    return dense, village


def test_a_rule_for_streets_costs_an_inhabitant_of_the_village_several_times_as_much():
    """Nothing says so: there are more streets and stations for each inhabitant."""
    dense, village = in_both(fleets.fleet_cost_per_inhabitant)
    for name in ("noise sensors", "cameras", "lamps", "stations", "air sensors"):
        assert village[f"fleet:{name}"] > 2.0 * dense[f"fleet:{name}"], name
    # Bins stand where somebody lives, and of the twentieth of the people who are simulated few share a house:
    # there are but twice as many for each in the village, and crews visit more in the dense zone. With all
    # people a bin's sensor costs one of the village up to five times as much (docs/sensors.md).
    assert village["fleet:bins"] < 2.0 * dense["fleet:bins"]


def test_the_share_of_the_streets_that_the_same_counters_observe_differs_by_place():
    dense, village = in_both(fleets.fleet_coverage)
    assert {"fleet:noise sensors", "fleet:cameras"} <= set(dense) & set(village)
    assert abs(village["fleet:city counters"] - dense["fleet:city counters"]) > 0.02
    assert village["fleet:noise sensors"] > 1.3 * dense["fleet:noise sensors"]
    assert dense["fleet:lamps"] > 0.9 < village["fleet:lamps"]


def test_crews_drive_farther_for_a_device_of_the_village():
    """From a depot at most jobs; the same for every device, wherever it is down."""
    model, record = night()
    ways = model.device_ground.ways
    streets = record.territory.streets
    lamps = record.fleets["lamps"].row
    zones = [record.territory.zones.name.index(zone) for zone in ("dense", "la_turbie")]
    metres = []
    for zone in zones:
        links = lamps[streets.zone[lamps] == zone][:40]
        _, way_m = ways(np.append(links, model.device_ground.depot))
        reached = way_m[-1, :-1]
        metres.append(float(np.median(reached[np.isfinite(reached)])))
    assert metres[1] > 2.0 * metres[0]


def test_few_gateways_reach_what_is_dense_and_hear_most_of_it():
    model, record = night()
    bins = next(each for each in model.fleets if each.name == "bins")
    assert 1 <= model.device_ground.gateways["city"] <= 12
    heard = bins.table.heard
    assert 0.8 < heard.mean() < 1.0
    assert record.fleets["bins"].gateways == model.device_ground.gateways["city"]
