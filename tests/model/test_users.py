"""Users from day to day: a first day is a single day, trust steers obedience, promises are remembered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.model.village import WORKS, scenario, world
from twin.behaviour.days import ARRIVED
from twin.calculators.adoption import Subscriptions
from twin.calculators.market import NO_PROVIDER
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.model.users import EarlierDays, consulted
from twin.scenario.scenario import Scenario
from twin.study.digests import truth_digest

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

RANKING = """
[[modification]]
kind = "rank_by_ghg"
respect = {respect}
"""
BLIND = WORKS.replace("reduce_capacity", "incident")


def model_of(spec: Scenario, earlier: EarlierDays | None = None) -> TwinModel:
    here = world()
    return TwinModel(
        spec, rng=1, territory=here.territory, population=here.population, habits=here.habits, earlier=earlier
    )


def lived(spec: Scenario, earlier: EarlierDays | None = None) -> DayRecord:
    model = model_of(spec, earlier)
    model.run_day()
    return record_of(model)


def first(spec: Scenario) -> Subscriptions:
    model = model_of(spec)
    return Subscriptions.first(consulted(model, spec.providers, spec.app_share), model.parameters)


def test_the_first_of_many_days_is_the_single_day() -> None:
    spec = scenario(WORKS)
    assert truth_digest(lived(spec, EarlierDays(first(spec)))) == truth_digest(lived(spec))


def test_without_trust_nobody_obeys_and_the_day_is_that_without_providers() -> None:
    spec = scenario(WORKS)
    doubtful = replace(first(spec), trust=np.zeros(world().population.n_persons))
    assert truth_digest(lived(spec, EarlierDays(doubtful))) == truth_digest(
        lived(spec.varied("app_share", 0.0))
    )


def test_who_left_is_not_counted_and_sends_nothing() -> None:
    spec = scenario(WORKS)
    start = first(spec)
    left = replace(start, provider=np.where(start.provider == 0, NO_PROVIDER, start.provider).astype(np.int8))
    model = model_of(spec, EarlierDays(left))
    assert not (model.trip_provider == 0).any()
    assert not (model.trip_sends == 0).any()
    assert (model.trip_provider == 1).sum() == (model_of(spec).trip_provider == 1).sum()


def test_promises_are_kept_on_a_usual_day_and_broken_by_an_incident_that_nobody_told_of() -> None:
    late_s = {}
    for name, more in (("usual", ""), ("incident", BLIND)):
        record = lived(scenario(more))
        assert record.promised_ms is not None
        told = (record.promised_ms >= 0) & (record.state == ARRIVED)
        assert told.sum() > 1_000
        assert (record.provider[told] >= 0).all(), "only users are told anything"
        assert (record.promised_ms[told] > record.departed_ms[told]).all()
        late_s[name] = (record.arrived_ms - record.promised_ms)[told] / 1_000.0
    assert abs(np.median(late_s["usual"])) < 30.0
    assert np.quantile(late_s["usual"], 0.9) < 120.0
    assert late_s["incident"].mean() > late_s["usual"].mean() + 60.0


def test_a_ranking_that_nobody_respects_changes_nothing() -> None:
    spec = scenario(WORKS)
    assert truth_digest(lived(scenario(WORKS + RANKING.format(respect=0.0)))) == truth_digest(lived(spec))


@pytest.mark.parametrize("objective", ["time", "diverse"])
def test_a_ranking_changes_routes_of_those_alone_who_honour_it(objective: str) -> None:
    """And of nobody more as respect grows than of those below it: the draw is the trip's."""
    spec = scenario(WORKS + RANKING.format(respect=1.0)).varied("provider.Boussole.objective", objective)
    record = lived(spec)
    assert record.guided.sum() > lived(scenario(WORKS)).guided.sum()
    assert (record.provider[record.guided] >= 0).all()


def test_a_public_calculator_reads_the_citys_closures_without_any_agreement() -> None:
    closed = {}
    for owner in ("company", "city"):
        spec = scenario(CLOSED).varied("provider.Boussole.owner", owner)
        model = model_of(spec)
        model.run_until(8 * 3_600 + 300)
        belief = model.state.pictures["Boussole"]
        agent = model.providers[0]
        closed[owner] = agent._closed(model.state.platform, 8 * 3_600)
        assert belief.closed.shape == closed[owner].shape
    assert closed["city"].any()
    assert not closed["company"].any()


CLOSED = """
[[modification]]
kind = "close_link"
links = { ref = "D2564" }
signed_exit = false
from = "08:00"
until = "09:00"
"""


def test_predicted_times_are_others_than_those_of_now_and_instantaneous_is_the_default() -> None:
    beliefs = {}
    for times in ("instantaneous", "predicted"):
        model = model_of(scenario(BLIND).varied("provider.Boussole.times", times))
        model.run_until(8 * 3_600)
        beliefs[times] = model.state.pictures["Boussole"]
    now = beliefs["instantaneous"]
    assert np.array_equal(now.time_ms, np.maximum(np.rint(now.picture.travel_time_s * 1_000), now.time_ms))
    assert not np.array_equal(beliefs["predicted"].time_ms, now.time_ms)
