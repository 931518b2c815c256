"""What objectives do on the real streets of the riviera, on a day with an incident in the dense zone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import SCENARIOS
from twin.indicators.records import DayRecord
from twin.model.provider import LOCAL
from twin.model.record import record_of
from twin.model.sources import load_population, load_territory
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario
from twin.study.habits import usual_day
from twin.study.run import World
from twin.territory.settle import settled

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.one_interpreter("long; objectives are tried on each in the village"),
]


def incident() -> Scenario:
    """Six drivers in ten guided, demand low enough for the streets to flow."""
    spec = Scenario.load(SCENARIOS / "metropolis_incident.toml")
    return spec.varied("app_share", 0.6).varied("demand_scale", 0.6)


@cache
def riviera() -> World:
    """Drivers as they start to learn: near enough for what providers do to them."""
    spec = incident()
    territory = load_territory(spec)
    population = load_population(spec, territory, 1)
    start = TwinModel(usual_day(spec), rng=1, territory=territory, population=population)
    return World(territory, population, start.habits)


@cache
def day(objective: str) -> DayRecord:
    here, spec = riviera(), incident()
    for provider in spec.providers:
        spec = spec.varied(f"provider.{provider.name}.objective", objective)
    model = TwinModel(
        settled(spec, here.territory), rng=1,
        territory=here.territory, population=here.population, habits=here.habits,
    )  # fmt: skip
    model.run_day()
    return record_of(model)


def co2_kg(record: DayRecord) -> float:
    return float(record.emissions.co2_kg_by_trip.sum())


def local_km(record: DayRecord) -> float:
    streets = record.territory.streets
    return float((record.link_flow_veh * streets.length_m)[LOCAL[streets.road_class]].sum()) / 1_000.0


def test_time_and_co2_burns_less_than_time() -> None:
    assert co2_kg(day("time_co2")) < co2_kg(day("time"))
    assert (day("time_co2").route_km.sum()) < day("time").route_km.sum()


def test_a_penalty_takes_traffic_off_local_streets_and_costs_time() -> None:
    assert local_km(day("secondary_penalty")) < 0.97 * local_km(day("time"))
    assert day("secondary_penalty").elapsed_s.sum() > day("time").elapsed_s.sum()


def test_marginal_costs_save_time_for_all_together() -> None:
    selfish, social = day("time"), day("marginal_cost")
    assert social.elapsed_s[social.comparable].sum() < selfish.elapsed_s[selfish.comparable].sum()


def test_all_users_are_told_an_arrival_and_nobody_else() -> None:
    record = day("time")
    assert record.promised_ms is not None
    told = record.promised_ms >= 0
    assert (record.provider[told] >= 0).all()
    asked = (record.provider >= 0) & (record.entered_ms >= 0)
    assert told.sum() == pytest.approx(
        float(record.parameters["calculators.obedience"]) * asked.sum(), rel=0.03
    )
    assert abs(np.median((record.arrived_ms - record.promised_ms)[told])) < 30_000
