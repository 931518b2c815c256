"""The maps of a page: their data, what each link carries, whom they are from, how big a page gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.report.reading import Element, data_of, parsed
from tests.report.world import SmallRuns, drawn_territory, small_scenario
from twin.report.build import view_of
from twin.report.drawn import LinkFlows
from twin.report.page import render
from twin.study.compare import compare
from twin.study.comparison import Comparison


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
