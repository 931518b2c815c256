"""The page says what the study found: table, data of the pictures, first page, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.report.reading import Element, data_of, everything, parsed
from tests.report.world import SmallRuns, drawn_territory, small_scenario
from twin.errors import InputError
from twin.report.build import view_of
from twin.report.drawer import ReportDrawer
from twin.report.drawn import LinkFlows
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


@pytest.fixture(scope="module")
def pages(home: Path, run_folder: Path, paired: Comparison, side_by_side: Comparison) -> dict[str, str]:
    """A run, a paired comparison, and two focuses side by side, as HTML."""
    return {name: write_report(home / name).read_text(encoding="utf-8") for name in ("run", "paired", "side")}


@pytest.fixture(scope="module")
def page(pages: dict[str, str]) -> Element:
    return parsed(pages["paired"])


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


def test_the_data_behind_the_maps_is_the_links_table(pages: dict[str, str], paired: Comparison) -> None:
    data = data_of(pages["paired"])
    for scenario, links in enumerate(paired.links):
        flows = data["flows"][scenario]
        network = data["networks"][flows["network"]]
        assert network["link_id"] == list(links["link_id"])
        np.testing.assert_allclose(flows["flow_veh"], links["flow_veh"], atol=0.051)
        for hour in (8, 17):
            np.testing.assert_allclose(
                flows["flow_veh_by_hour"][hour], links[f"flow_veh_h{hour:02d}"], atol=0.051
            )
            delay_s = np.array(flows["delay_s_by_hour"][hour], dtype=float)  # null is NaN
            np.testing.assert_allclose(delay_s, links[f"delay_s_h{hour:02d}"], atol=0.051)


def test_each_drawn_link_carries_its_id_and_its_values(page: Element, paired: Comparison) -> None:
    base, other = (links.set_index("link_id") for links in paired.links)
    maps = {each.attributes["data-map"]: each for each in page.find("svg", class_="map")}
    assert len(maps) == 1 + 2 + 2 + 2  # the base, both in focus, two differences, two of what the city counts
    expected = {
        "map-1": base["flow_veh"],
        "map-3": other["flow_veh"],
        "map-4": other["flow_veh"] - base["flow_veh"],
    }
    for key, flow in expected.items():
        drawn = {
            path.attributes["data-link"]: float(path.attributes["data-flow"])
            for path in maps[key].find("path")
            if "data-link" in path.attributes
        }
        assert drawn
        for link_id, value in drawn.items():
            assert value == pytest.approx(flow[link_id], abs=0.051)
    changed = [path for path in maps["map-4"].find("path") if float(path.attributes.get("data-flow", 0)) > 0]
    assert [path.attributes["data-link"] for path in changed] == [base.index[7]]
    assert changed[0].attributes["class"] == "k6"  # 40 more vehicles, the greatest change there is


def test_each_map_names_whom_the_map_is_from(pages: dict[str, str]) -> None:
    for html in pages.values():
        for drawn in parsed(html).find("svg", class_="map"):
            assert "© OpenStreetMap contributors, ODbL" in drawn.text()


def test_maps_of_one_kind_share_one_legend(page: Element) -> None:
    legends = page.find("div", class_="legend")
    assert sorted(each.attributes["data-measure"] for each in legends) == [
        "delay_difference", "flow", "flow_difference", "residual",
    ]  # fmt: skip


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


def test_several_alternatives_each_have_their_table_and_their_difference(tmp_path: Path) -> None:
    base = small_scenario(tmp_path)
    others = [base.varied("app_share", share).varied("title", f"App {share}") for share in (0.0, 0.6)]
    comparison = compare(base, others, seeds=2, cache=False, runner=SmallRuns(drawn_territory()))
    html = render(view_of(comparison))
    titles = [each.text() for each in parsed(html).find("h3")]
    assert "Èze-Village: App 0.0" in titles
    assert "Èze-Village: App 0.6" in titles
    kinds = [(each["measure"], each["scenario"], each["against"]) for each in data_of(html)["maps"]]
    assert ("flow_difference", 1, 0) in kinds
    assert ("flow_difference", 2, 0) in kinds


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


def test_of_many_alternatives_only_the_differences_of_flow_are_drawn(tmp_path: Path) -> None:
    base = small_scenario(tmp_path)
    others = [base.varied("app_share", share) for share in (0.0, 0.6, 0.9)]
    comparison = compare(base, others, seeds=1, cache=False, runner=SmallRuns(drawn_territory()))
    kinds = [(each["measure"], each["scenario"]) for each in data_of(render(view_of(comparison)))["maps"]]
    assert kinds[:5] == [
        ("flow", 0), ("flow", 0), ("flow_difference", 1), ("flow_difference", 2), ("flow_difference", 3),
    ]  # fmt: skip
    assert {measure for measure, _ in kinds[5:]} == {"residual"}


def test_a_page_of_a_metropolitan_area_can_be_mailed(paired: Comparison) -> None:
    """2,600 links with ten points each, every map that a comparison of two scenarios has: under 6 MB."""
    view, n_links = view_of(paired), 2_600
    steps = np.sin(np.arange(n_links * 20, dtype=np.float64) * 12.9898).reshape(n_links, 10, 2)
    lines = tuple(
        start + each.cumsum(axis=0) * 30 for start, each in zip(9_000 * steps[:, 0], steps, strict=True)
    )
    texts = tuple(f"{188_699_744 + row}:1789971078:1993204976" for row in range(n_links))
    network = replace(
        view.networks[0], link_id=texts, link_name=texts, road_class=("residential",) * n_links,
        zone=("village",) * n_links, lines_m=lines, two_way=np.ones(n_links, dtype=bool),
        length_m=np.full(n_links, 300.0), lanes=np.ones(n_links), free_speed_mps=np.full(n_links, 13.9),
        built_m=9_000 * np.sin(np.arange(46_000.0) * 78.233).reshape(-1, 2),
    )  # fmt: skip
    wave = np.abs(np.sin(np.arange(30 * n_links).reshape(30, n_links) * 0.77))
    flows = tuple(LinkFlows(0, (wave * top).round(1), (wave * 40).round(1)) for top in (900.0, 1_100.0))
    maps = tuple(
        replace(each, bounds_m=None, values=None) for each in view.maps if each.measure != "residual"
    )
    html = render(replace(view, networks=(network,), flows=flows, maps=maps))
    assert len(data_of(html)["networks"][0]["link_id"]) == n_links
    assert len(html.encode()) < 6_000_000
