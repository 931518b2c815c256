"""Dated days: lived in any order alike, different from each other, forecast by simple rivals."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from tests.model.test_conditions import weekdays
from tests.model.village import scenario, world
from twin.conditions.day import DayConditions, conditions_on
from twin.model.sources import load_population
from twin.population.tables import CAR
from twin.scenario.ledger import Parameters
from twin.study.dated_days import DatedDay, dated, dated_days, dates_from, planned_departures
from twin.study.digests import truth_digest
from twin.study.rivals import WARM_UP_DAYS, rival_errors, variance_shares

FIRST, N_DAYS = dt.date(2027, 1, 11), 28
LEDGER = Parameters.defaults()


def lived(dates: list[dt.date]) -> list[DatedDay]:
    return list(dated_days(scenario(), dates, 1, usual=weekdays()))


@pytest.fixture(scope="module")
def planned() -> np.ndarray:
    """Departures of four weeks, (n_days, 30, n_zones + 1)."""
    return planned_departures(scenario(), dates_from(FIRST, N_DAYS), 1).astype(np.float64)


@pytest.fixture(scope="module")
def conditions() -> list[DayConditions]:
    return [conditions_on(1, date, "riviera", LEDGER) for date in dates_from(FIRST, N_DAYS)]


def test_a_date_is_lived_alike_alone_and_among_others():
    friday, saturday = dt.date(2027, 1, 15), dt.date(2027, 1, 16)
    there, back = lived([friday, saturday]), lived([saturday])
    assert truth_digest(there[1].record) == truth_digest(back[0].record)
    assert truth_digest(there[0].record) != truth_digest(back[0].record)
    flow = there[0].flow_veh
    assert flow.shape == (30, world().territory.streets.n_links)
    assert flow.sum() == there[0].record.exits.sum()
    busy = there[0].record.link_flow_veh > 500
    ratio = there[1].record.link_flow_veh[busy] / there[0].record.link_flow_veh[busy]
    assert busy.any()
    assert np.median(ratio) < 0.97


@pytest.mark.one_interpreter("sums over days; that a date is lived alike is asked on each")
def test_what_was_planned_is_what_is_driven(planned: np.ndarray):
    day = lived([FIRST])[0]
    trips = day.record.population.trips
    assert planned[0].sum() == int((trips.mode == CAR).sum())
    by_hour = np.bincount((trips.depart_s[trips.mode == CAR] // 3_600).astype(int), minlength=30)
    assert (planned[0].sum(axis=1) == by_hour).all()


@pytest.mark.one_interpreter("sums over days; that a date is lived alike is asked on each")
def test_rivals_are_real(planned: np.ndarray, conditions: list[DayConditions]):
    """Persistence and day-of-week means beat the mean of all days by far, and none of them knows the day.

    Persistence is the last day of the same kind: yesterday itself is worse than the mean, since Saturdays,
    Sundays and Mondays follow each other. What yesterday tells beyond its weekday helps.
    """
    total = planned.sum(axis=(1, 2))[:, None]
    hourly = planned.sum(axis=2)
    for days, most in ((total, 0.3), (hourly, 0.5)):
        errors = rival_errors(days, conditions, 0.5)
        assert errors["last_of_kind"] < most * errors["mean"]
        assert errors["day_of_week"] < most * errors["mean"]
        assert errors["yesterday"] > errors["mean"]
    errors = rival_errors(total, conditions, 0.5)
    assert errors["day_of_week_moved"] < errors["day_of_week"]
    # the best of them is still off by more than a percent of a day's departures
    assert min(errors.values()) ** 0.5 > 0.01 * total.mean()


@pytest.mark.one_interpreter("sums over days; that a date is lived alike is asked on each")
def test_days_differ_by_weekday_by_conditions_and_by_persons(
    planned: np.ndarray, conditions: list[DayConditions]
):
    total = variance_shares(planned.sum(axis=(1, 2))[:, None], conditions)
    hourly = variance_shares(planned.sum(axis=2), conditions)
    for shares in (total, hourly):
        assert sum(shares.values()) == pytest.approx(1.0)
        assert min(shares.values()) > 0.01
    assert hourly["left"] > total["left"]


def test_rivals_on_days_made_by_hand():
    """A week that repeats is told exactly by its weekdays; days that never change by everything."""
    conditions = [conditions_on(1, date, "default", LEDGER) for date in dates_from(FIRST, 28)]
    week = np.tile(np.arange(7.0), 4)[:, None]
    errors = rival_errors(week, conditions, 0.5)
    assert errors["day_of_week"] == errors["day_of_week_moved"] == 0.0
    # yesterday is one less, on Mondays six more
    assert errors["yesterday"] == pytest.approx((6 * 1.0 + 36.0) / 7.0)
    # of Tuesday to Friday the weekday before, of Monday Friday; of the week's ends those of the week before
    assert errors["last_of_kind"] == pytest.approx((4 * 1.0 + 16.0) / 7.0)
    assert WARM_UP_DAYS % 7 == 0
    assert set(rival_errors(np.ones((28, 3)), conditions, 0.5).values()) == {0.0}
    assert variance_shares(week, conditions)["day_of_week"] == pytest.approx(1.0)


def test_demand_scale_and_date_go_together():
    territory = world().territory
    half, whole = (
        load_population(dated(each, FIRST), territory, 1).n_trips
        for each in (scenario().varied("demand_scale", 0.5), scenario())
    )
    assert half == pytest.approx(0.5 * whole, rel=0.05)
