"""Access to services on the page: tables are the indicators, dots the homes, focuses side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.report.reading import Element, data_of, parsed
from tests.report.world import SmallRuns, drawn_territory, small_scenario
from twin.report.access import changed_services
from twin.report.build import view_of
from twin.report.page import render, write_report
from twin.report.scales import MINUTES_BREAKS
from twin.study.compare import compare
from twin.study.comparison import Comparison
from twin.study.progress import silent
from twin.study.results import Result
from twin.territory.services import Services


def section_of(html: str) -> Element | None:
    found = parsed(html).find("section", class_="access")
    return found[0] if found else None


def tables_of(html: str) -> dict[str, dict]:
    return {table["title"]: table for table in data_of(html)["access"]}


def test_tables_hold_the_indicators_of_each_place(pages: dict[str, str], run_folder: Path) -> None:
    result = Result.load(run_folder)
    table = tables_of(pages["run"])["Minutes to the basket, by group"]
    assert table["columns"] == ["Èze-Village", "Town", "Whole area"]
    rows = dict(table["rows"])
    for place, focus in enumerate(("village", "town", "all")):
        for label, group in (
            ("everybody", ""),
            ("age 75+", "age:75+"),
            ("drives a car of the household", "car:drives"),
        ):
            value = result.value("minutes_to_basket", focus, group)
            found = rows[label][place]
            assert (found is None and np.isnan(value)) or found == pytest.approx(value), (label, focus)
    assert "no car in the household" not in rows, "all of them have one"
    section = section_of(pages["run"])
    assert section is not None
    assert f"{result.value('minutes_to_basket', 'village'):.1f}" in section.text()


def test_both_focuses_stand_side_by_side_with_a_map_each(
    pages: dict[str, str], side_by_side: Comparison
) -> None:
    section, table = section_of(pages["side"]), tables_of(pages["side"])["Minutes to the basket, by group"]
    assert section is not None
    assert table["columns"] == ["Town", "Èze-Village"]
    values = [sample.value("minutes_to_basket", focus)
              for sample, focus in zip(side_by_side.samples, ("town", "village"), strict=True)]  # fmt: skip
    assert dict(table["rows"])["everybody"] == pytest.approx(values)
    maps = section.find("svg", class_="home-map")
    assert [each.attributes["aria-label"] for each in maps] == [
        "Base: Minutes to the basket without a car, Town",
        "Alternative: Minutes to the basket without a car, Èze-Village",
    ]
    assert all("OpenStreetMap" in each.text() for each in maps)


def test_the_data_behind_the_map_are_the_homes_and_their_dots_have_its_classes(
    pages: dict[str, str], run_folder: Path
) -> None:
    homes = Result.load(run_folder).homes
    near, whole = data_of(pages["run"])["homes"]
    for drawn in (near, whole):
        assert drawn["place_id"] == homes["place_id"].tolist()
        assert drawn["inhabitants"] == homes["inhabitants"].tolist()
        assert drawn["minutes"] == pytest.approx(homes["basket_without_car_min"].tolist(), abs=0.05)
    section = section_of(pages["run"])
    assert section is not None
    dots = section.find("svg", data_homes="homes-2")[0].find("path")
    drawn_classes = {int(each.attributes["data-class"]) for each in dots if "data-class" in each.attributes}
    classes = np.searchsorted(MINUTES_BREAKS, homes["basket_without_car_min"], side="right")
    assert drawn_classes == set(classes.tolist())


def test_what_a_closing_changes_has_its_own_table_and_map(tmp_path: Path) -> None:
    """The only bank closes in the alternative: it is an hour away from now on, in table and map."""
    base = small_scenario(tmp_path)
    other = base.varied("app_share", 0.6).varied("title", "No bank")
    open_ = drawn_territory()
    gone = replace(open_, services=open_.services.closed(np.array([False, True, False])))

    def runner(scenario, *, seed, progress, cache):
        territory = gone if scenario.title == "No bank" else open_
        return SmallRuns(territory)(scenario, seed=seed, progress=progress, cache=cache)

    comparison = compare(base, other, seeds=1, cache=False, runner=runner)
    assert changed_services(comparison.samples) == ("bank",)
    assert comparison.samples[1].value("minutes_to_bank") == 60.0
    view = view_of(comparison)
    (table,) = [each for each in view.access if each.title == "Minutes to bank, by group"]
    assert all(after == 60.0 > before for _, (before, after) in table.rows)
    assert all("Minutes to bank without a car" in each.title for each in view.homes)
    assert view.homes[1].minutes.tolist() == [60.0] * len(view.homes[1].minutes)
    assert view.findings[0].text.startswith("Minutes to bank rises"), "the first page says it first"
    basket = [sample.value("minutes_to_basket") for sample in comparison.samples]
    assert basket[1] > basket[0], "what has closed is still missed"


def test_without_services_there_is_no_such_section(tmp_path: Path) -> None:
    bare = replace(drawn_territory(), services=Services.none())
    scenario = small_scenario(tmp_path, bare)
    SmallRuns(bare)(scenario, seed=1, progress=silent, cache=False).save(tmp_path / "bare")
    html = write_report(tmp_path / "bare").read_text(encoding="utf-8")
    assert section_of(html) is None
    assert "Access to services" not in parsed(html).find("nav")[0].text()


def test_tables_stay_where_homes_were_not_kept(tmp_path: Path) -> None:
    """A folder from before homes were kept, or of a summary, has no map of them."""
    result = SmallRuns(drawn_territory())(small_scenario(tmp_path), seed=1, progress=silent, cache=False)
    html = render(view_of(replace(result, homes=result.homes.iloc[:0, :0])))
    section = section_of(html)
    assert section is not None
    assert not section.find("svg", class_="home-map")
    assert section.find("table")
