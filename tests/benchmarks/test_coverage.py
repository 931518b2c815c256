"""The table of coverage on the riviera: error falls, returns diminish, and the page says its figures."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks.studies.coverage import PLAN, TABLE
from tests.conftest import ROOT
from twin.report.coverage import render_coverage
from twin.study.coverage import COVERAGES
from twin.study.coverage_summary import curve, differences, falls, gains_by_coverage
from twin.study.coverage_table import Row, kept_rows

pytestmark = pytest.mark.one_interpreter("arithmetic on a table")

FOCUSES = ("dense", "la_turbie")


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return kept_rows(TABLE)


def test_both_focuses_have_all_seeds_at_every_coverage(rows):
    assert len(rows) == len(FOCUSES) * len(PLAN.seeds) * (len(COVERAGES) * 3)
    for focus in FOCUSES:
        assert {int(row["seed"]) for row in rows if row["focus"] == focus} == set(range(1, 21))
        mine = [row for row in rows if row["focus"] == focus]
        assert {row["date"] for row in mine} == {PLAN.date(seed).isoformat() for seed in PLAN.seeds}
        assert len({row["digest"] for row in mine}) == len({(row["town"], row["date"]) for row in mine})


@pytest.mark.parametrize("focus", FOCUSES)
def test_error_falls_and_by_less_and_less_where_counters_are_placed_by_value(rows, focus):
    placed = curve(rows, focus, "counters by value")
    assert falls(placed)
    assert falls(curve(rows, focus, "counters"))
    fall = [gain.value for _, _, gain in gains_by_coverage(rows, focus, "counters by value")]
    assert all(later < before for before, later in pairwise(fall))
    for rival in ("persistence", "day_of_week"):
        less = differences(rows, focus, ("counters by value", rival), ("counters by value", "rmse"))
        assert all(less[share].high < 0.0 for share in COVERAGES[1:])


def test_crossing_beats_either_alone_where_counters_are_many_enough(rows):
    for focus in FOCUSES:
        less_probes = differences(rows, focus, ("probes", "rmse"), ("both", "rmse"))
        less_counters = differences(rows, focus, ("counters", "rmse"), ("both", "rmse"))
        assert less_probes[0.2].high < 0.0
        assert less_counters[0.2].high < 0.0


def test_the_page_and_the_docs_say_what_the_table_says(rows):
    page = render_coverage(rows, "Counters", PLAN.told())
    text = (ROOT / "docs" / "estimation.md").read_text(encoding="utf-8")
    for focus in FOCUSES:
        for point in curve(rows, focus, "counters by value"):
            mean = point.values["rmse"]
            assert f"{mean.value:.2f} ({mean.low:.2f} to {mean.high:.2f})" in page
            assert (
                f"| {100 * point.coverage:g} % | {mean.value:.1f} ({mean.low:.1f} to {mean.high:.1f}) |"
                in text
            )
