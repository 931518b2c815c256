"""A page tells nothing of groups and homes of so few persons that it would be about somebody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from tests.report.world import SmallRuns, drawn_territory, small_scenario
from tests.study.stand_in import BASE
from twin.report.build import view_of
from twin.report.told import told_run
from twin.study.compare import compare
from twin.study.progress import silent
from twin.study.results import Result


def small_run(home: Path, text: str) -> Result:
    scenario = small_scenario(home, text=text)
    return SmallRuns(drawn_territory())(scenario, seed=1, progress=silent, cache=False)


def of_people(groups: set[str]) -> set[str]:
    return {each for each in groups if each.startswith(("age:", "skill:")) and each != "age:18-64"}


def test_a_page_of_a_handful_tells_of_no_group_and_counts_no_home(tmp_path: Path) -> None:
    result = small_run(tmp_path, BASE)
    assert of_people({each.group for each in result.values})
    view = view_of(result)
    assert not of_people({row.group for row in view.rows})
    assert view.delays == ()
    assert view.homes
    assert all(np.isnan(each.people).all() for each in view.homes)
    # what is of everybody, and of groups that are no persons, is told as before
    assert {row.group for row in view.rows} >= {""}


def test_a_comparison_tells_of_no_group_either(tmp_path: Path) -> None:
    base = small_scenario(tmp_path, text=BASE)
    other = base.varied("app_share", 0.6).varied("title", "More on the app")
    comparison = compare(base, other, seeds=2, cache=False, runner=SmallRuns(drawn_territory()))
    view = view_of(comparison)
    assert of_people({row.group for row in comparison.rows})
    assert not of_people({row.group for row in view.rows})
    assert view.changes == ()


def test_groups_of_enough_persons_are_told_and_one_with_the_only_small_one_is_not(tmp_path: Path) -> None:
    result = small_run(tmp_path, BASE)
    n = 61
    ages = np.array([20] * 15 + [35] * 12 + [50] * 30 + [80] * 4)
    trips = pd.DataFrame({"person_id": np.arange(n), "zone": "village", "age": ages, "skill": "basic"})
    village = next(each for each in result.values if each.group == "age:75+")
    groups = ("age:18-29", "age:30-44", "age:45-64", "age:75+", "skill:basic", "")
    values = tuple(replace(village, focus="village", group=group) for group in groups)
    told = told_run(replace(result, trips=trips, values=values))
    assert [each.group for each in told.values] == ["age:18-29", "age:45-64", "skill:basic", ""]
