"""The live twin of the village: reality is a day of another seed, replayed as its counters told it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import pytest

from tests.model.village import TABLES, scenario
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.knowledge.scores import day_of_week_mean, rmse
from twin.live.fidelity import fidelity_of, whiteness
from twin.live.nowcast import Nowcast, nowcast
from twin.live.observed import Counted, counts_of, fleets_of, observed_platform_of
from twin.live.store import ObservationStore
from twin.live.what_if import from_now, origins, passages_by_origin, weights_of, what_if
from twin.readers.sensorthings import Message, MessageBatch
from twin.scenario.scenario import Scenario
from twin.study.dated_days import dated, dated_days, dates_from
from twin.study.habits import cache_folders
from twin.study.run import World, world_of, world_of_days
from twin.study.things import midnight_us

pytestmark = pytest.mark.one_interpreter(
    "days of the village are lived; what is tested is arithmetic on them"
)
MORE_COUNTERS = TABLES.replace("count = 10", "count = 60")
TODAY, NOON_S = dt.date(2027, 1, 20), 12 * 3_600.0
WORKS = """
[[modification]]
kind = "reduce_capacity"
links = { ref = "D2564" }
capacity_vph = 400
from = "07:00"
until = "13:00"
"""


class Village(NamedTuple):
    """The twin's own usual world and earlier days, and the day of another seed that is taken for reality."""

    spec: Scenario
    usual: World
    days_veh: np.ndarray
    reality: DayRecord


def usual_of(spec: Scenario, seed: int) -> World:
    folders = cache_folders()
    return world_of_days(spec, seed, world_of(spec, seed, folders=folders), 1, folders)


@pytest.fixture(scope="module")
def village() -> Village:
    spec = scenario(text=MORE_COUNTERS)
    usual = usual_of(spec, 1)
    days = list(dated_days(spec, dates_from(dt.date(2027, 1, 11), 3), 1, usual=usual))
    (reality,) = dated_days(spec, [TODAY], 2, usual=usual_of(spec, 2))
    flows = np.array([day.record.exits.astype(np.float64) for day in days])
    return Village(dated(spec, TODAY), usual, flows, reality.record)


@pytest.fixture(scope="module")
def counted(village: Village, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """Counts as the platform knew them: messages of counters, every third twice, one in ten an hour late."""
    begin_us = midnight_us(village.spec)
    columns, names = village.reality.observations, village.reality.datasets
    rows = np.flatnonzero(columns["dataset"] == names.index("counters"))
    link_id = village.reality.territory.streets.link_id
    messages = []
    for number, row in enumerate(rows.tolist()):
        at_us = begin_us + round(columns["phenomenon_time_s"][row] * 1e6)
        there_us = begin_us + round(columns["result_time_s"][row] * 1e6) + (number % 10 == 0) * 3_600_000_000
        stream = f"counters/{link_id[columns['datastream'][row]]}"
        told = Message("box", "a", number, stream, at_us, at_us, there_us, there_us, columns["result"][row])
        messages += [told] * (1 + (number % 3 == 0))
    with ObservationStore(tmp_path_factory.mktemp("store")) as store:
        told = store.append(MessageBatch(messages))
        assert told.accepted == len(rows)
        assert told.duplicate == -(-len(rows) // 3)
        fleets = fleets_of(village.spec)
        platform, n_foreign = observed_platform_of(store, village.usual.territory, fleets, begin_us)
    assert n_foreign == 0
    assert platform.visible("Boussole", "counters", np.inf).n_rows == 0
    return counts_of(platform, fleets, len(link_id), village.spec.ledger(), NOON_S)


@pytest.fixture(scope="module")
def now(village: Village, counted: Counted) -> Nowcast:
    return nowcast(village.days_veh, counted, village.usual.territory, village.spec.ledger(), NOON_S, 1)


def test_counts_that_come_late_are_told_and_not_used(counted: Counted, village: Village):
    """Of four, three minutes or more are missing from a slice now and then; the rest is scaled up."""
    assert counted.n_late > 0
    known = np.isfinite(counted.flow_veh)
    assert not known[48:].any()
    truth = village.reality.exits[:48][known[:48]]
    assert np.corrcoef(counted.flow_veh[:48][known[:48]], truth)[0, 1] > 0.97


def test_the_first_line_says_whether_it_beats_persistence_and_it_does(now: Nowcast, village: Village):
    usual = day_of_week_mean(village.days_veh, np.arange(3), TODAY.weekday())
    found = fidelity_of(now, usual)
    assert found.lines()[0].startswith("The twin beats persistence: RMSE ")
    assert found.beats_persistence
    assert found.rmse["twin"] < 0.85 * found.rmse["persistence"]
    assert found.rmse["twin"] < found.rmse["day_of_week"]
    assert found.crps["twin"] < found.crps["persistence"]
    assert 0.8 < found.covered["90%"] < 0.97
    assert found.whiteness_p > 0.01
    assert 0.1 < found.seen_links < 0.5
    assert found.seen_flow > found.seen_links
    assert found.latency_s[0] == 60.0
    assert found.n_late > 0


def test_where_nothing_is_learned_the_first_line_says_so(now: Nowcast, village: Village):
    """The control: forecasts that are noise do not beat persistence, and the report does not say they do."""
    noise = now.ahead_veh * np.random.default_rng(1).lognormal(0.0, 1.5, now.ahead_veh.shape)
    found = fidelity_of(now._replace(ahead_veh=noise), village.days_veh.mean(axis=0))
    assert not found.beats_persistence
    assert "does NOT beat persistence" in found.lines()[0]


def test_streets_without_a_counter_are_known_better_than_by_the_usual_day(now: Nowcast, village: Village):
    """Truth is used here only, to score."""
    counted = np.isfinite(now.counted.flow_veh).any(axis=0)
    hidden = ~counted & (village.days_veh.sum(axis=(0, 1)) > 0)
    slots = slice(24, now.slot + 1)
    truth = village.reality.exits[slots][:, hidden]
    believed, usual = now.filtered.flow_veh[slots][:, hidden], now.prior.usual_veh[slots][:, hidden]
    assert rmse(believed, truth) < 0.8 * rmse(usual, truth)


def test_a_forecast_fades_to_the_usual_day_and_grows_unsure(now: Nowcast):
    ahead = now.forecast(8)
    away = np.abs(ahead.flow_veh - now.prior.usual_veh[now.slot + 1 : now.slot + 9]).mean(axis=1)
    assert away[0] > away[-1]
    first, last = ((ahead.spread_veh / now.prior.scale_veh[now.slot + 1 : now.slot + 9]).mean(axis=1))[
        [0, -1]
    ]
    assert first <= last
    assert now.ahead_veh[now.slot + 1] == pytest.approx(ahead.flow_veh[0])


def test_departures_are_weighted_towards_more_demand_than_was_modelled(now: Nowcast, village: Village):
    """A fifth more on every counted link: the factor goes most of the way, and flows agree better."""
    record = village.reality
    parameters = village.spec.ledger()
    flow = record.exits.astype(np.float64) * 1.2
    spread = np.full(flow.shape, 1.0)
    counts = np.where(np.isfinite(now.counted.flow_veh), flow, np.nan)
    more = now._replace(
        filtered=now.filtered._replace(flow_veh=flow, spread_veh=spread),
        counted=now.counted._replace(flow_veh=counts),
    )
    found = weights_of(record, more, parameters)
    assert 1.08 < found.overall <= 1.25
    assert found.after < 0.6 * found.before
    same = now._replace(
        filtered=now.filtered._replace(flow_veh=flow / 1.2, spread_veh=spread), counted=more.counted
    )
    assert weights_of(record, same, parameters).overall == pytest.approx(1.0, abs=0.02)


def test_passages_by_origin_are_the_flows_of_the_record(now: Nowcast, village: Village):
    slots, link = np.arange(36, 48), np.arange(20)
    known = np.ones((len(slots), len(link)), dtype=bool)
    passed = passages_by_origin(village.reality, slots, link, known)
    assert passed.sum(axis=1).tolist() == village.reality.exits[slots][:, link].sum(axis=0).tolist()
    assert passed.shape[1] == origins(village.reality).max() + 1


def test_a_change_from_now_on_does_harm_from_now_on_and_moves_nobody(now: Nowcast, village: Village):
    before = village.usual.population.trips.depart_s.copy()
    alternative = replace_scenario(village.spec, WORKS)
    found = what_if(village.spec, alternative, village.usual, now, NOON_S, 1)
    assert found.delay_h[1] > found.delay_h[0]
    assert found.n_trips > 1_000
    assert found.agreement[1] <= found.agreement[0] * 1.1
    assert (village.usual.population.trips.depart_s == before).all()
    (change,) = from_now(village.spec, alternative, NOON_S).modifications
    assert (change.from_, change.until) == ("12:00:00", "13:00")
    assert found.lines()[0].startswith("From 12:00:00 on: delay ")


def replace_scenario(spec: Scenario, more: str) -> Scenario:
    return dated(scenario(more, MORE_COUNTERS), dt.date.fromisoformat(spec.date))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("", "nothing is changed"),
        (WORKS.replace("13:00", "11:00"), "is over at 12:00:00"),
        ('[[modification]]\nkind = "app_share"\nvalue = 0.9\n', "whole days"),
    ],
)
def test_changes_that_cannot_begin_now_are_told(village: Village, more: str, why: str):
    with pytest.raises(InputError, match=why):
        from_now(village.spec, replace_scenario(village.spec, more), NOON_S)


def test_innovations_of_an_independent_series_are_white_and_those_of_a_walk_are_not():
    noise = np.random.default_rng(3).normal(size=(80, 12))
    assert whiteness(noise)[1] > 0.05
    assert whiteness(np.cumsum(noise, axis=0))[1] < 1e-6
    assert np.isnan(whiteness(noise[:3])[0])
