"""What is said: numbers, verdicts, headlines, warnings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import ROOT
from tests.indicators.small_day import small_day
from tests.study.stand_in import BASE, small_scenario
from twin.population.marginals import BY_INHABITANTS, marginals_of
from twin.population.published.calibration import NO_COUNTS
from twin.population.summary import declared
from twin.report.cards import demand_of, differences_of
from twin.report.findings import calibration_words, findings_of, warnings_of
from twin.report.sections import demand_sentence
from twin.report.view import Demand, IndicatorRow, ReportView, ScenarioCard
from twin.report.words import interval, number, percent, sentence, signed, with_unit
from twin.scenario.ledger import Parameters
from twin.study.manifest import SeedTraffic
from twin.study.results import Result
from twin.territory.territory import Territory

DELAY = IndicatorRow(
    "mean_delay", "s/trip", 100.0, 130.0, 30.0, 10.0, 50.0, "lower", "la_turbie", n_seeds=20,
    method="paired by seed",
)  # fmt: skip
SCENARIOS = (
    ScenarioCard("a", "riviera", ("la_turbie",), (1,), ""),
    ScenarioCard("b", "riviera", ("la_turbie",), (1,), "", "B"),
)
DEMAND = Demand(0, 1.0, 1_000, 500, (SeedTraffic(1, 0.999, 1.2, 0, True),))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "", "0"),
        (-0.0, "", "0"),
        (100_000.4, "", "100\u202f000"),
        (0.31249, "share", "31.2"),
        (0.00012, "", "0.00012"),
        (2e-8, "", "2.0e-08"),
        (float("inf"), "", "∞"),
        (float("nan"), "", "–"),
        (None, "", "–"),
        (1_000_000, "", "1\u202f000\u202f000"),
    ],
)
def test_numbers(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_signs_and_units() -> None:
    assert [signed(value) for value in (2.5, -2.5, 0.0)] == ["+2.5", "\u22122.5", "0"]
    assert with_unit("3", "share", difference=True) == "3\u00a0points"
    assert with_unit("3", "ratio") == "3"
    assert [percent(value) for value in (0.99996, 1.0, 0.9969)] == [
        ">\u202f99.9\u00a0%",
        "100\u00a0%",
        "99.7\u00a0%",
    ]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "worse"),
        ({"better": "higher"}, "better"),
        ({"better": "none"}, "changed"),
        ({"low": -1.0}, "unclear"),
        ({"low": 0.0}, "unclear"),
        ({"n_seeds": 4}, "untested worse"),
        ({"n_seeds": 2, "better": "higher"}, "untested better"),
        ({"n_seeds": 2, "better": "none"}, "untested"),
        ({"difference": 0.0, "n_seeds": 2}, "same"),
        ({"difference": 0.0, "low": 0.0, "high": 0.0}, "same"),
        ({"difference": 0.0, "low": -1.0, "high": 1.0}, "unclear"),
        ({"difference": None}, "untested"),
        ({"method": "side by side"}, "changed"),
        ({"method": "side by side", "n_seeds": 2}, "untested"),
    ],
)
def test_better_and_worse_are_said_only_where_the_interval_excludes_zero(
    changes: dict[str, object], verdict: str
) -> None:
    assert replace(DELAY, **changes).verdict == verdict


def test_a_finding_has_its_numbers_its_interval_and_its_seeds() -> None:
    plain = sentence(DELAY).replace("\u00a0", " ")
    assert plain == (
        "Mean delay of car trips rises from 100 to 130 s per trip in La Turbie "
        "(+30 s per trip, +30 %; 95 % interval +10 to +50 s per trip, 20 seeds)."
    )
    few = replace(DELAY, n_seeds=2, low=None, high=None, focus="all", group="age:75+")
    plain = sentence(few).replace("\u00a0", " ")
    assert plain.startswith(
        "Mean delay of car trips (age 75+) rises from 100 to 130 s per trip over the whole area"
    )
    assert plain.endswith("2 seeds, no interval below 5 seeds).")
    beside = replace(DELAY, method="side by side", base_focus="dense")
    assert " is 100 in Dense and 130" in sentence(beside).replace("\u00a0", " ")
    assert "in Èze" in sentence(replace(DELAY, focus="eze"), {"eze": "Èze"})
    assert interval(replace(DELAY, difference=None)) == ""


def test_sure_changes_lead_and_the_rest_is_counted() -> None:
    rows = [
        replace(DELAY, indicator="planned_trips"),
        replace(DELAY, low=-10.0),
        replace(DELAY, indicator="co2_on_links", unit="kg"),
        replace(DELAY, indicator="waiting", focus="all"),
        replace(DELAY, indicator="of_a_group", group="age:75+"),
    ]
    found = findings_of(rows, SCENARIOS, {})
    assert [each.text.split(" rises")[0] for each in found[:2]] == [
        "CO₂ on the streets",
        "Mean delay of car trips",
    ]
    assert [each.verdict for each in found[:2]] == ["worse", "unclear"]
    assert found[-1].text == "Of 3 indicators: 2 worse, 1 without a change beyond chance."


def test_the_first_page_tells_what_is_not_calibrated() -> None:
    foreign = "people of rock (legal regime Monaco) are given statistics of France"
    told = {"calibration": {"reasons": [NO_COUNTS, foreign], "counts": None}}
    assert calibration_words(told) == [
        "Not calibrated: no count of real traffic has been held against these flows.",
        f"Not calibrated: {foreign}.",
    ]
    assert calibration_words(None) == calibration_words({}) == calibration_words(told)[:1]
    streets = {"counts": 3, "source": "loops of 2025"}
    assert calibration_words({"calibration": {"reasons": [], "counts": None, "streets": streets}}) == [
        "Traffic from outside is fitted to 3 counts of streets: loops of 2025."
    ]
    missed = "count at N1, 0 to 24 h: 80 vehicles, 100 were counted"
    counted = {"reasons": [missed], "counts": {"rows": [{"met": True}, {"met": False}]}}
    first, second = calibration_words({"calibration": counted})
    assert first.startswith("Traffic from outside is fitted to counts at the gateways, 1 of 2 met; ")
    assert second == f"Not calibrated: {missed}."


def test_warnings_are_never_left_out() -> None:
    said = " ".join(warnings_of([DELAY], [DEMAND], ["Base"], 2, None))
    assert "Not calibrated" in said
    assert "no interval below 5 seeds" in said
    population = {
        "areas": [{"name": "rest", "basis": "floor area"}, {"name": "eze", "basis": "file"}],
        "notes": ["n"],
    }
    jammed = replace(DEMAND, traffic=(SeedTraffic(1, 0.999, 2.7, 0, False),))
    said = " ".join(warnings_of([DELAY], [jammed], ["Base"], 20, population))
    assert "Default population: inhabitants of rest are taken from the floor area." in said
    told = "99.9\u00a0% of trips are completed, car time is 2.7 times free flow."
    assert f"Base: the network does not carry this demand well; {told}" in said
    assert "no interval" not in said
    assert "statistics of" not in said
    run = replace(DELAY, difference=None)
    assert "One run of one seed" in " ".join(warnings_of([run], [DEMAND], ["Run"], 1, None))


def test_people_of_another_state_are_not_given_french_statistics_without_a_word() -> None:
    """As the synthesis declares the areas of the coast: Monaco is flagged, Eze is not."""
    folder = ROOT / "networks" / "riviera"
    marginals = marginals_of(Territory.load(folder), folder / "population.toml", Parameters.defaults())
    areas = [declared(area) for area in marginals.areas]
    by_name = {area["name"]: area for area in areas}
    assert [name for name, area in by_name.items() if area["foreign_statistics"]] == ["dense/Monaco"]
    assert all("DEGURBA" in area["class_source"] for area in areas)
    assert {area["legal_regime"] for area in areas} == {"France", "Monaco"}
    assert all(
        area["source"].startswith("assumption: inhabitants") for area in areas if area["name"] != "rest"
    )
    said = " ".join(warnings_of([DELAY], [DEMAND], ["Base"], 20, {"areas": areas}))
    assert (
        "dense/Monaco is under the law of Monaco, but its people are drawn by statistics of France: only its "
        "household sizes and ages are its own." in said
    )
    assert "eze" not in said
    own = replace(marginals.areas[0], legal_regime="unknown", class_source=BY_INHABITANTS)
    said = " ".join(warnings_of([DELAY], [DEMAND], ["Base"], 20, {"areas": [declared(own)]}))
    told = "Density class by number of inhabitants, legal regime unknown, statistics of France: "
    assert told + "cap_d_ail (town)." in said


@pytest.fixture
def scaled(tmp_path: Path) -> Result:
    """A day at 0.95 of its full sum, as the synthesis leaves word of it."""
    record = small_day()
    report = {**record.population.report, "full_sum": {"trips": 1_032, "vehicle_trips": 26}}
    population = SimpleNamespace(**{**vars(record.population), "report": report})
    scenario = small_scenario(tmp_path, text="demand_scale = 0.95\n" + BASE)
    return Result.of_day(replace(record, population=population), scenario)


def test_the_scale_of_the_demand_and_its_full_sum_are_told(scaled: Result) -> None:
    view = ReportView(
        "run", "a", "", SCENARIOS[:1], (), demand=(demand_of(scaled, 0, (SeedTraffic.of(scaled.manifest),)),)
    )
    said = demand_sentence(view, view.demand[0])
    assert "30 planned trips, of them 24 vehicle trips, which is 0.95 of the ledger's full sum" in said
    assert "(1\u202f032 planned trips, of them 26 vehicle trips)" in said
    assert "The network does not carry it well." in said, "four trips of thirty do not arrive"
    whole = demand_sentence(view, DEMAND)
    assert "which is the ledger's full sum. " in whole
    assert whole.endswith("The network carries it.")


def test_a_modification_is_told_as_one() -> None:
    told = differences_of(
        [
            ("title", ("a", "b")),
            ("app_share", (0.3, 0.6)),
            ("modification", ([], None)),
            ("modification 1: kind", (None, "close_link")),
            ("modification 1: links.ref", (None, "A8")),
            ("modification 1: signed_exit", (None, True)),
            ("modification 2: links.link", (None, list("abcdefgh"))),
        ]
    )
    assert [(each.key, each.values) for each in told] == [
        ("app_share", ("0.3", "0.6")),
        ("modification 1", ("–", "close_link; links.ref A8; signed exit yes")),
        ("modification 2", ("–", "links.link a, b, … (8 in all)")),
    ]
