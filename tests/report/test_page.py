"""The page says what the study found: table, data of the pictures, first page, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.report.reading import Element, data_of, everything, parsed
from tests.report.world import SmallRuns, drawn_territory, small_scenario
from twin.errors import InputError
from twin.report.build import view_of
from twin.report.drawer import ReportDrawer
from twin.report.page import render, write_report
from twin.study.compare import compare
from twin.study.comparison import Comparison
from twin.study.drawing import hang
from twin.study.results import Result

FETCHING = (
    "src",
    "srcset",
    "href",
    "action",
    "poster",
    "data",
    "background",
    "ping",
    "formaction",
    "xlink:href",
)


def test_nothing_is_fetched_and_only_its_own_script_and_style_may_run(pages: dict[str, str]) -> None:
    for html in pages.values():
        root = parsed(html)
        for element in everything(root):
            assert element.tag not in ("link", "iframe", "object", "embed", "base", "img")
            assert "style" not in element.attributes
            assert not [key for key in element.attributes if key.startswith("on")]
            for key in FETCHING:
                assert element.attributes.get(key, "#").startswith("#")
        assert "@import" not in html
        assert "url(" not in html
        (policy,) = root.find("meta", http_equiv="Content-Security-Policy")
        rules = dict(rule.split(" ", 1) for rule in policy.attributes["content"].split("; "))
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
        for tag, rule in (("style", "style-src"), ("script", "script-src")):
            (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert rules[rule] == f"'sha256-{digest}'"


def test_each_row_of_the_comparison_is_in_the_table_and_in_the_data(
    pages: dict[str, str], page: Element, paired: Comparison
) -> None:
    told = {
        (row["focus"], row["indicator"], row["group"]): row for row in data_of(pages["paired"])["indicators"]
    }
    assert len(told) == len(paired.rows)
    sets = data_of(pages["paired"])["assumption_sets"]
    ledger = paired.base.ledger()
    for row in paired.rows:
        found = told[row.focus, row.indicator, row.group]
        for key in (
            "base",
            "alternative",
            "difference",
            "low",
            "high",
            "better",
            "unit",
            "n_seeds",
            "method",
        ):
            assert found[key] == getattr(row, key)
        assert sets[found["assumptions"]] == [
            name for name in row.assumptions if ledger.row(name).kind == "assumption"
        ]
    for focus in ("village", "all"):
        (table,) = page.find("div", class_="indicator-table", data_focus=focus)
        shown = {
            (each.attributes["data-indicator"], each.attributes["data-group"])
            for each in table.find("tr")
            if "data-indicator" in each.attributes
        }
        assert shown == {(row.indicator, row.group) for row in paired.rows if row.focus == focus}
    (table,) = page.find("div", class_="indicator-table", data_focus="village")
    (delay,) = table.find("tr", data_indicator="mean_delay", data_group="")
    cells = [cell.text().strip() for cell in delay.find("td")]
    assert cells[2] == "−30"  # a car loses 100 s x (1 - share of the app), 0.3 against 0.6
    assert cells[3] == "−30 … −30"
    assert cells[4] == "s per trip"
    assert "▲ better" in " ".join(cells[6].split())


def test_the_first_page_warns_and_tells_what_differs(page: Element) -> None:
    (first,) = page.find("header", class_="first")
    text = " ".join(first.text().split())
    assert "More on the app" in first.find("h1")[0].text()
    assert "Not calibrated" in text
    assert "Default population: inhabitants of village are taken from the floor area." in text
    assert "no through traffic is known" in text
    assert "Èze-Village" in text
    (differs,) = first.find("section", class_="differs")
    assert [cell.text() for cell in differs.find("td")] == ["0.3", "0.6"]
    assert "30 planned trips, of them 24 vehicle trips, which is the ledger's full sum" in text
    assert "87 % of all planned trips were completed by 30:00" in text.replace("\u00a0", " ")
    (known,) = first.find("table", class_="known")
    assert "uses of buildings" in known.text()


def test_the_last_page_declares_the_class_and_the_law_of_each_area(page: Element) -> None:
    (footer,) = page.find("footer")
    assert "town, legal regime Monaco: over 5,000 inhabitants" in footer.text()


def test_below_five_seeds_no_interval_is_printed(pages: dict[str, str]) -> None:
    page = parsed(pages["side"])
    assert "no interval below 5 seeds" in page.find("header", class_="first")[0].text()
    assert {cell.text() for cell in page.find("td", class_="interval")} == {"none"}
    assert not page.find("span", class_="v-better")
    assert not page.find("span", class_="v-worse")


def test_two_focuses_stand_side_by_side_each_in_its_own_frame(pages: dict[str, str]) -> None:
    data, page = data_of(pages["side"]), parsed(pages["side"])
    assert [(each["scenario"], each["focus"]) for each in data["maps"]][:3] == [
        (0, "town,village"), (0, "town"), (1, "village"),
    ]  # fmt: skip
    assert not [each for each in data["maps"] if each["against"] is not None]
    (table,) = page.find("div", class_="indicator-table", data_focus="village")
    assert table.find("h3")[0].text() == "Town beside Èze-Village"
    assert {row["unit"] for row in data["indicators"] if row["indicator"] == "vehicle_km"} == {
        "veh km per inhabitant", "veh km",
    }  # fmt: skip


def test_a_run_shows_its_values_without_differences(pages: dict[str, str], run_folder: Path) -> None:
    result = Result.load(run_folder)
    data = data_of(pages["run"])
    wanted = {(each.name, each.focus, each.group): each.value for each in result.focus_values}
    told = {(row["indicator"], row["focus"], row["group"]): row["base"] for row in data["indicators"]}
    assert told == wanted
    assert not parsed(pages["run"]).find("section", class_="differs")
    modes = data["modes"][0]["parts"]
    inside = result.trips[result.trips["zone"] == "village"]
    assert modes == {mode: float((inside["mode"] == mode).sum()) for mode in modes}
    assert sum(modes.values()) == len(inside)


def test_the_same_comparison_gives_the_same_bytes(
    home: Path, paired: Comparison, pages: dict[str, str]
) -> None:
    again = write_report(home / "paired", home / "again.html")
    assert again == home / "again.html"
    assert again.read_text(encoding="utf-8") == pages["paired"]
    assert render(view_of(paired)).replace(" ", "")[:2_000] == pages["paired"].replace(" ", "")[:2_000]


def test_the_study_can_ask_for_its_own_page(paired: Comparison) -> None:
    hang(ReportDrawer())
    assert paired.to_html() == render(view_of(paired))


def test_without_the_territory_there_are_no_maps_and_the_page_says_why(tmp_path: Path) -> None:
    base = small_scenario(tmp_path)
    compare(
        base,
        base.varied("app_share", 0.6),
        seeds=2,
        out=tmp_path / "c",
        cache=False,
        runner=SmallRuns(drawn_territory()),
    )
    (tmp_path / "networks" / "small").rename(tmp_path / "networks" / "moved")
    html = write_report(tmp_path / "c").read_text(encoding="utf-8")
    assert data_of(html)["maps"] == []
    assert "No maps" in parsed(html).find("ul", class_="warnings")[0].text()
    changed = drawn_territory(("Rue Neuve",))
    changed.save(tmp_path / "networks" / "small")
    html = write_report(tmp_path / "c").read_text(encoding="utf-8")
    assert "has changed since the run" in parsed(html).find("ul", class_="warnings")[0].text()


def test_what_is_no_result_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        write_report(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(InputError, match="of kind None"):
        write_report(tmp_path)
    (tmp_path / "manifest.json").write_text('{"kind": "run"')
    with pytest.raises(InputError, match="damaged"):
        write_report(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["manifest.json"]


def test_a_page_goes_where_it_can_be_written_or_is_refused(run_folder: Path, tmp_path: Path) -> None:
    for wrong in (tmp_path / "absent" / "page.html", tmp_path):
        with pytest.raises(InputError, match="is no place for a file"):
            write_report(run_folder, wrong)


def test_tables_that_were_not_kept_leave_their_charts_out(tmp_path: Path, run_folder: Path) -> None:
    result = Result.load(run_folder)
    result.save(tmp_path / "bare", kept=("links",))
    html = write_report(tmp_path / "bare").read_text(encoding="utf-8")
    data = data_of(html)
    assert data["modes"] == data["pictures"] == []
    assert data["maps"]
    assert isinstance(result.trips, pd.DataFrame)
