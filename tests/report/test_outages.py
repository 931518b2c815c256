"""Utility networks on the page: the cascade told, the day's map played, losses and dependence as reckoned."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.report.browser import opened
from tests.report.payloads import PAYLOADS
from tests.report.reading import Element, data_of, parsed
from tests.report.test_hostile import hostile
from tests.report.world import drawn_territory, small_scenario
from tests.study.test_digital_dependence import ByHand
from tests.study.utility_runs import FELL, DarkRuns, dark_result
from twin.report.build import view_of
from twin.report.outage import dependence_of
from twin.report.page import render, write_report
from twin.report.view import IndicatorRow
from twin.scenario.modifications import MODIFICATIONS
from twin.study.compare import compare
from twin.study.digital_dependence import FALLBACK, with_fallback
from twin.study.results import Result

HALF_PAST_TEN = 4 * 10 + 2


@pytest.fixture(scope="module")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one dark day, with its page."""
    home = tmp_path_factory.mktemp("dark")
    dark_result(small_scenario(home), home / "run", drawn_territory())
    write_report(home / "run")
    return home / "run"


@pytest.fixture(scope="module")
def html(dark: Path) -> str:
    return (dark / "report.html").read_text(encoding="utf-8")


def section_of(html: str) -> Element:
    return parsed(html).find("section", class_="utilities")[0]


def sets_of(root: Element) -> dict[int, str]:
    """Class of each set of places on the map of the day."""
    (drawn,) = root.find("svg", data_outage="outage-1")
    return {
        int(path.attributes["data-set"]): path.attributes["class"]
        for path in drawn.find("path")
        if "data-set" in path.attributes
    }


def test_the_cascade_stands_line_by_line(html: str) -> None:
    (story,) = section_of(html).find("table", class_="story")
    rows = [[each.text() for each in row.inside] for row in story.find("tbody")[0].find("tr")]
    assert rows[0] == ["10:00", "HV/MV substation S1", "broken", "", "restored 16:00", "crew power 1"]
    assert rows[2] == ["10:00", "pump P1", "no power", "MV/LV station T1", "restored 16:15", ""]
    assert rows[-1][0] == "10:30"
    assert len(rows) == 5 < len(FELL)


def test_losses_by_group_are_the_indicators(html: str, dark: Path) -> None:
    result = Result.load(dark)
    (table,) = [each for each in section_of(html).find("table") if "Person-hours lost" in each.text()]
    rows = {row.inside[0].text(): [cell.text() for cell in row.find("td")] for row in table.find("tr")}
    assert rows["Everybody"][0] == f"{result.value('person_hours_lost_power', 'village'):.1f}".removesuffix(
        ".0"
    )
    assert {"Age 75+", "Digital skill: none", "Drives a car of the household"} <= set(rows)
    view = view_of(result)
    (day,) = view.outages
    for label, values in day.losses.rows:
        group = {"everybody": "", "digital skill: none": "skill:none", "age 75+": "age:75+"}.get(label)
        if group is not None:
            assert values[0] == result.value("person_hours_lost_power", "village", group)
            assert values[-2] == result.value("person_hours_lost", "village", group)


def test_the_data_behind_the_map_are_the_places_days(html: str, dark: Path) -> None:
    frames = Result.load(dark).utility_frames
    (day,) = data_of(html)["outages"]
    assert sorted(set(frames["lost"])) == day["lost"]
    assert sum(day["inhabitants"]) == frames["inhabitants"].sum() == 7
    assert day["worst"] == 4 * 12, "at noon the village has no water either"
    drawn = sets_of(parsed(html))
    assert drawn == {row: f"u{lost[day['worst']]}" for row, lost in enumerate(day["lost"])}
    (svg,) = parsed(html).find("svg", data_outage="outage-1")
    assert "OpenStreetMap" in svg.text()


def test_what_the_networks_came_to_and_how_they_are_known(html: str) -> None:
    text = section_of(html).text()
    for words in ("SAIDI", "Resilience triangle of power", "Until 90 % have power again", "Yield"):
        assert words in text, words
    served = [path for path in section_of(html).find("path") if "data-label" in path.attributes]
    assert {path.attributes["data-label"] for path in served} == {"power", "water", "fibre", "mobile"}


def test_a_page_without_networks_has_no_such_section(dark: Path) -> None:
    none = pd.DataFrame()
    quiet = replace(Result.load(dark), utility_failures=none, utility_frames=none, utility_curves=none)
    html = render(view_of(quiet))
    assert not parsed(html).find("section", class_="utilities")
    assert data_of(html)["outages"] == []


def loss(base: float, alternative: float, low: float, high: float, **changed: Any) -> IndicatorRow:
    """A row of the loss, with the interval of its difference over five seeds."""
    fields: dict[str, Any] = {"focus": "village", "n_seeds": 5, "scenario": 1}
    return IndicatorRow(
        "person_hours_lost",
        "person h",
        base,
        alternative,
        alternative - base,
        low,
        high,
        **{**fields, **changed},
    )


def test_the_share_of_digital_dependence_has_its_sign_and_its_interval() -> None:
    """A fallback takes 20 of 100 off, 10 to 30 in all likelihood; the same when the base has it."""
    (found,) = dependence_of((False, True), [loss(100.0, 80.0, -30.0, -10.0)], 1, "village")
    assert (found.share, found.low, found.high) == pytest.approx((0.2, 0.1, 0.3))
    (turned,) = dependence_of((True, False), [loss(80.0, 100.0, 10.0, 30.0)], 1, "village")
    assert turned == found
    (harm,) = dependence_of((False, True), [loss(100.0, 110.0, 5.0, 15.0)], 1, "village")
    assert (harm.share, harm.low, harm.high) == pytest.approx((-0.1, -0.15, -0.05))
    (few,) = dependence_of((False, True), [loss(100.0, 80.0, -30.0, -10.0, n_seeds=2)], 1, "village")
    assert (few.share, few.low, few.high) == (pytest.approx(0.2), None, None)
    rows = [loss(100.0, 80.0, -30.0, -10.0)]
    assert dependence_of((False, False), rows, 1, "village") == (), "neither has one"
    assert dependence_of((False, True), rows, 0, "village") == (), "the base against itself"
    assert dependence_of((False, True), rows, 1, "all") == ()


def test_a_comparison_with_and_without_a_fallback_tells_the_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if FALLBACK not in MODIFICATIONS.names():
        monkeypatch.setitem(MODIFICATIONS._kinds, FALLBACK, ByHand)
    base = small_scenario(tmp_path)
    compared = compare(base, with_fallback(base, True), 1, cache=False, runner=DarkRuns(drawn_territory()))
    html = render(view_of(compared))
    (table,) = section_of(html).find("table", class_="dependence")
    rows = {row.inside[0].text(): [cell.text() for cell in row.find("td")] for row in table.find("tr")}
    assert rows["All services"][2].startswith("+")
    assert rows["All services"][3] == "no interval below 5 seeds"


@pytest.mark.one_interpreter("what a browser makes of a page is not up to Python")
def test_the_day_is_played_offline_and_the_console_stays_silent(
    chromium: str, html: str, dark: Path, tmp_path: Path
) -> None:
    (day,) = data_of(html)["outages"]
    page = opened(chromium, dark / "report.html", tmp_path / "profile", f"quarter={HALF_PAST_TEN}")
    assert page.console == ()
    root = parsed(page.dom)
    assert sets_of(root) == {row: f"u{lost[HALF_PAST_TEN]}" for row, lost in enumerate(day["lost"])}
    (state,) = root.find("p", class_="outage-state")
    assert state.text() == "10:30 · inhabitants at home without power 7, water 0, mobile 7"
    (form,) = root.find("form", class_="outage-controls")
    assert "hidden" not in form.attributes
    played = opened(chromium, dark / "report.html", tmp_path / "played", "quarter=110&play=outages")
    assert played.console == ()
    (state,) = parsed(played.dom).find("p", class_="outage-state")
    assert state.text().startswith("29:45"), "it ran to the end of the day, and stopped"
    (button,) = parsed(played.dom).find("form", class_="outage-controls")[0].find("button")
    assert button.text() == "Play"


@pytest.mark.one_interpreter("what a browser makes of a page is not up to Python")
def test_no_name_of_an_element_runs(chromium: str, dark: Path, tmp_path: Path) -> None:
    view = hostile(view_of(Result.load(dark)), cycle(PAYLOADS))
    page = tmp_path / "hostile.html"
    page.write_text(render(view), encoding="utf-8")
    found = opened(chromium, page, tmp_path / "profile")
    assert found.console == ()
    assert parsed(found.dom).find("head")[0].find("title")[0].text() == view.title
    assert view.outages[0].story[0].what in section_of(found.dom).text()


def test_the_map_of_the_day_is_small(html: str) -> None:
    """A digit for each quarter and set of places: what a day adds does not grow with its places' steps."""
    begin = html.index('<section class="utilities"')
    section = html[begin : html.index("</section>", begin)]
    assert len(section) < 30_000
    assert len(str(data_of(html)["outages"])) < 1_000
