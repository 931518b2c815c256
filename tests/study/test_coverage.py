"""Estimates of a city on days that were lived: flows by coverage, speeds of phones, a matrix from counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.study.journeys import Journeys, journeys_of
from twin.clock import N_HOURS
from twin.indicators.focus import focuses_of
from twin.knowledge.demand_matrix import link_shares, matrix_from_counts
from twin.knowledge.link_speeds import speeds_of_phones
from twin.knowledge.own_record import model_error
from twin.model.sources import load_territory
from twin.report.coverage import render_coverage
from twin.scenario.scenario import Scenario
from twin.study.coverage import COVERAGES, MODEL_SEED, CoveragePlan, prior_of, study_area_of, study_coverage
from twin.study.coverage_days import PHONES_SHARE, KeptDay, kept_days
from twin.study.coverage_readings import Luck, counter_readings, drawn_order, phones_of
from twin.study.coverage_summary import curve, differences, falls, gains_by_coverage, told
from twin.study.coverage_table import Row
from twin.study.dated_days import DatedDay, dated_days

pytestmark = pytest.mark.one_interpreter("long; days with dates are lived on each in the room of the model")

PLAN = CoveragePlan(n_model_days=7, n_towns=1, seeds=(1, 3, 5, 7))
"""Dates of one town: a Friday, a Wednesday, a Sunday and another Wednesday or the like, as drawn."""


def scenario() -> Scenario:
    text = 'title = "The village"\nterritory = "la_turbie_crop"\nfocus = "la_turbie"\napp_share = 0.0\n'
    return Scenario.loads(text, ROOT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("coverage")


@pytest.fixture(scope="module")
def journeys() -> dict[tuple[int, str], Journeys]:
    """Journeys of every day that the study lives, by seed and date: noted while it does."""
    return {}


@pytest.fixture(scope="module")
def rows(folder: Path, journeys: dict[tuple[int, str], Journeys]) -> list[Row]:
    def noted(asked: Scenario, dates: Sequence[dt.date], seed: int, threads: int) -> Iterator[DatedDay]:
        for day in dated_days(asked, dates, seed, threads=threads):
            date = day.conditions.calendar.date.isoformat()
            journeys[seed, date] = journeys_of(day.record)
            yield day

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twin.study.coverage_days.dated_days", noted)
        return study_coverage(scenario(), PLAN, folder)


@pytest.fixture(scope="module")
def days(rows: list[Row], folder: Path) -> list[KeptDay]:
    return list(kept_days(scenario(), PLAN.dates_of(1), 1, folder / "days"))


@pytest.fixture(scope="module")
def model(rows: list[Row], folder: Path) -> list[KeptDay]:
    return list(kept_days(scenario(), PLAN.model_dates, MODEL_SEED, folder / "days"))


def test_the_error_falls_with_coverage_and_beats_its_rivals(rows):
    points = curve(rows, "la_turbie", "counters by value")
    assert [point.coverage for point in points] == list(COVERAGES)
    assert falls(points)
    first, last = points[0].values["rmse"].value, points[-1].values["rmse"].value
    assert last < 0.7 * first
    for point in points[1:]:
        for rival in ("persistence", "day_of_week", "readings_else_usual"):
            assert point.values["rmse"].value < point.values[rival].value
        assert point.values["rmse_unread"].value < point.values["usual_unread"].value
    per_percent = [gain.value for _, _, gain in gains_by_coverage(rows, "la_turbie", "counters by value")]
    assert per_percent[0] > per_percent[-1] > 0.0


def test_what_a_line_says_of_itself_makes_sense(rows):
    assert (
        len({(row["seed"], row["arm"], row["coverage"]) for row in rows}) == len(rows) == 4 * (5 + 5 + 1 + 4)
    )
    for row in rows:
        assert row["n_working"] <= row["n_counters"] == round(row["coverage"] * row["n_links"])
        assert row["covered_50"] <= row["covered_80"] <= row["covered_90"] <= row["covered_95"]
        assert 0.3 < row["spread_ratio"] < 6.0
    both = differences(rows, "la_turbie", ("probes", "rmse"), ("both", "rmse"))
    assert set(both) >= {0.05, 0.4}
    assert both[0.4].value < 0.0  # counters on two links in five teach those who have phones


def test_a_table_that_stands_is_not_worked_out_again(rows, folder, monkeypatch):
    monkeypatch.setattr("twin.study.coverage._judged", None)  # whoever asks for a line again fails
    again = study_coverage(scenario(), PLAN, folder)
    found, before = (curve(each, "la_turbie", "both") for each in (again, rows))
    for one, other in zip(found, before, strict=True):
        assert one.values["rmse"].value == pytest.approx(other.values["rmse"].value)
    assert told(again).keys() == {"la_turbie"}


def test_the_page_asks_no_server_and_says_the_figures(rows):
    page = render_coverage(rows, "What counters tell", PLAN.told())
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "default-src" in page
    value = curve(rows, "la_turbie", "counters")[-1].values["rmse"].value
    assert f"{value:.2f}" in page


def test_the_city_reads_its_counters_and_no_other_link(days):
    territory, ledger = load_territory(scenario()), scenario().ledger()
    links = np.flatnonzero(territory.streets.zone == 0)
    order = drawn_order(territory.streets, links, 40, 1, ledger)
    assert set(drawn_order(territory.streets, links, 10, 1, ledger)) == set(order[:10])
    flow, variance = counter_readings(days[0], territory.streets, Luck(1, order), ledger)
    seen = np.isfinite(flow).any(axis=0)
    assert set(np.flatnonzero(seen)) <= set(order.tolist())
    assert 10 < seen.sum() < 35  # a good half of counters work
    truth = days[0].flow_veh
    z = ((flow - truth) / np.sqrt(variance))[np.isfinite(flow) & (truth > 20.0)]
    assert 0.7 < np.sqrt(np.mean(z**2)) < 1.4
    fewer, _ = counter_readings(days[0], territory.streets, Luck(1, order[:10]), ledger)
    both = np.isfinite(fewer)
    assert (fewer[both] == flow[both]).all()  # more counters change nothing that the first ones say


def test_a_provider_gives_no_cell_of_few_phones(days):
    territory, ledger = load_territory(scenario()), scenario().ledger()
    streets, luck = territory.streets, Luck(1, np.empty(0, dtype=np.int64))
    links = np.arange(streets.n_links)
    told_few = phones_of(days[0], streets, links, 0.02, luck, ledger)
    many = phones_of(days[0], streets, links, PHONES_SHARE, luck, ledger)
    least = 2.0 * ledger["calculators.least_probes_returned"]
    assert np.nanmin(many.seen) >= least
    assert np.isfinite(many.seen).sum() > 2.0 * np.isfinite(told_few.seen).sum()
    assert many.links_per_phone > 3.0


def test_errors_of_speeds_fall_with_the_root_of_phones(days):
    """Drawn 1, 4 and 16 at a time from passages of a busy street's hours: errors halve each time."""
    day = days[0]
    n_links = day.exits.shape[1]
    cell = (day.phone_left_ms // 3_600_000) * n_links + day.phone_link
    full = np.tile(load_territory(scenario()).streets.length_m, N_HOURS)
    noise = 1.0 + 0.19 * np.random.default_rng(1).normal(size=len(cell))  # of positions; any stream will do
    time_s = day.phone_time_ms / 1_000.0 * np.maximum(noise, 0.05)
    truth = (np.tile(load_territory(scenario()).streets.length_m, (N_HOURS, 1)) / day.travel_time_s).ravel()
    busy = np.flatnonzero(np.bincount(cell, minlength=len(full)) >= 32)
    error = {}
    for n in (1, 4, 16):
        rank = np.empty(len(cell), dtype=np.int64)
        order = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[order], cell[order], side="left")
        rank[order] = np.arange(len(cell)) - first
        found = speeds_of_phones(cell[rank < n], time_s[rank < n], full)
        away = (found.speed_mps / truth - 1.0)[busy]
        error[n] = float(np.sqrt(np.mean(away**2)))
        if n > 1:
            assert np.sqrt(np.mean((away / found.error_share[busy]) ** 2)) == pytest.approx(1.0, abs=0.5)
    assert error[4] == pytest.approx(error[1] / 2.0, rel=0.35)
    assert error[16] == pytest.approx(error[1] / 4.0, rel=0.35)


def test_counts_move_the_matrix_towards_the_days(days, model, journeys):
    """Pairs of zones and gates of the day, from counts on a fifth of links; usual days are the model's."""
    kinds = np.array([day.kind for day in model])
    territory, ledger = load_territory(scenario()), scenario().ledger()
    links = np.flatnonzero(territory.streets.zone >= 0)
    mine, usual_error, last_error = [], [], []
    last = None
    for seed, day in enumerate(days, start=1):
        alike = [each for each, kind in zip(model, kinds, strict=True) if kind == day.kind] or model
        lived, true = [journeys[MODEL_SEED, each.date] for each in alike], journeys[1, day.date].od
        usual = np.mean([each.od for each in lived], axis=0)
        passed = sum(each.passed for each in lived) / len(lived)
        order = drawn_order(territory.streets, links, len(links) // 5, seed, ledger)
        flow, variance = counter_readings(day, territory.streets, Luck(seed, order), ledger)
        known = np.flatnonzero(np.isfinite(flow).all(axis=0))
        counts = (known, flow[:, known].sum(axis=0), variance[:, known].sum(axis=0))
        estimate = matrix_from_counts(usual, 0.2, link_shares(passed, usual), counts, 0.05).value
        mine.append(float(np.sqrt(np.mean((estimate - true) ** 2))))
        usual_error.append(float(np.sqrt(np.mean((usual - true) ** 2))))
        last_error.append(np.nan if last is None else float(np.sqrt(np.mean((last - true) ** 2))))
        last = estimate
    assert np.mean(mine) < 0.9 * np.mean(usual_error)
    assert np.mean(mine) < np.nanmean(last_error)


def test_the_models_error_is_seen_at_counters(days, model):
    area = study_area_of(
        focuses_of(load_territory(scenario()), "la_turbie")[0], load_territory(scenario()), model
    )
    prior, ledger = prior_of(area, 0, scenario().ledger()), scenario().ledger()
    nothing = np.full((1, *prior.usual_veh.shape), np.nan)
    assumed = ledger["knowledge.model_error_ratio"]
    assert model_error(prior, nothing, ledger).ratio == assumed
    itself = np.repeat(prior.usual_veh[None], 3, axis=0)
    assert model_error(prior, itself, ledger).ratio < 0.2 * assumed
    wrong = itself * 1.5
    assert model_error(prior, wrong, ledger).ratio > model_error(prior, itself, ledger).ratio + 1.0


def test_dates_that_are_judged_are_drawn_by_seed():
    plan = CoveragePlan()
    dates = [plan.date(seed) for seed in plan.seeds]
    assert len(set(dates)) > 15
    assert all(date.year == 2027 for date in dates)
    assert {plan.town(seed) for seed in plan.seeds} == {1, 2}
    assert sorted({date.weekday() for date in plan.model_dates}) == list(range(7))
    assert max(plan.model_dates) < dt.date(2027, 1, 1)
