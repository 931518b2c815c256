"""The log of passages comes in no particular order: nothing that is made from it depends on the order."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.test_buses import LINE
from tests.model.test_on_demand import LIKED, SERVICE
from tests.model.village import SCENARIOS, TABLES, WORKS, busiest, world
from twin.behaviour.habits import review
from twin.indicators.focus import every_focus
from twin.indicators.records import DayRecord
from twin.indicators.through import DIRECTIONS, through_vehicle_km
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario
from twin.study.emissions_table import emissions_table
from twin.study.results import TABLES as KEPT
from twin.study.results import Result

RULES = """
[[modification]]
kind = "toll"
links = {{ link = "{link}" }}
eur = 1.0
eur_lorry = 2.0
[[modification]]
kind = "low_emission_zone"
links = {{ zone = "la_turbie" }}
barred = ["3", "4", "5", "none"]
compliance = 0.5
"""


def spec() -> Scenario:
    """The village with works, buses, called vehicles, a toll, a zone and parking: all that reads passages."""
    link = world().territory.streets.link_id[busiest()]
    own = LIKED.format(liked=25.0) + '"parking.limited" = 1\n'
    orders = SERVICE.format(vehicles=2, seats=6) + LINE + RULES.format(link=link) + WORKS
    return Scenario.loads(TABLES + own + orders, folder=SCENARIOS)


def lived() -> tuple[TwinModel, DayRecord]:
    here = world()
    model = TwinModel(spec(), rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_day()
    return model, record_of(model)


def shuffled(passages: Passages, draws: np.random.Generator) -> Passages:
    rows = draws.permutation(passages.trip.shape[0])
    return Passages(passages.trip[rows], passages.link[rows], passages.enter_ms[rows], passages.exit_ms[rows])


def through_km(record: DayRecord) -> list[float]:
    links = np.arange(record.territory.streets.n_links, dtype=np.int32)
    focuses = every_focus(record.territory)
    return [through_vehicle_km(record, links, each, direction=way) for each in focuses for way in DIRECTIONS]


def test_shuffled_steps_give_the_same_observations_tables_and_digests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, record = lived()
    draws, advance, queued = np.random.default_rng(0), Loader.advance, Loader.queued
    with monkeypatch.context() as patch:
        patch.setattr(Loader, "advance", lambda self, *args: shuffled(advance(self, *args), draws))
        patch.setattr(Loader, "queued", lambda self, *args: shuffled(queued(self, *args), draws))
        other_model, other = lived()
    logs = [Passages.join(each.state.log.parts) for each in (model, other_model)]
    assert not np.array_equal(logs[0].trip, logs[1].trip), "the shuffled log is another"
    assert record.observations["result"].shape[0] > 1_000
    assert record.transit is not None
    assert record.transit.event_link.size
    assert record.on_demand is not None
    assert record.on_demand.event_link.size
    assert record.toll_cents is not None
    assert record.toll_cents.sum() > 0
    assert record.barred_km is not None
    assert record.barred_km.sum() > 0
    assert record.parking is not None
    assert record.parking.search_s.sum() > 0
    for column, values in record.observations.items():
        np.testing.assert_array_equal(other.observations[column], values)
    results = [Result.of_day(each, spec()) for each in (record, other)]
    assert results[0].digest == results[1].digest
    assert results[0].indicators_digest == results[1].indicators_digest
    for name in KEPT:
        assert getattr(results[0], name).equals(getattr(results[1], name)), name
    assert emissions_table(record).equals(emissions_table(other))
    assert through_km(record) == through_km(other)
    assert record.accounts.postings == other.accounts.postings
    habits = [
        review(each.drivers(), each.habits, (log.link, log.enter_ms, log.exit_ms), 1, each.parameters)
        for each, log in zip((model, other_model), logs, strict=True)
    ]
    np.testing.assert_array_equal(habits[0].expected_ms, habits[1].expected_ms)
    np.testing.assert_array_equal(habits[0].routes.pool, habits[1].routes.pool)
