"""The page in a real browser with the network off: it runs, complains of nothing, draws what its data say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.report.browser import FLAGS, opened
from tests.report.reading import Element, data_of, parsed
from twin.report.page import write_report
from twin.study.comparison import Comparison

pytestmark = pytest.mark.one_interpreter("what a browser makes of a page is not up to Python")


@pytest.fixture(scope="module")
def paired_page(home: Path, paired: Comparison) -> Path:
    return write_report(home / "paired", home / "paired.html")


def links_of(root: Element, key: str) -> dict[int, Element]:
    """Drawn links of a map by row."""
    (drawn,) = root.find("svg", data_map=key)
    return {
        int(path.attributes["data-row"]): path for path in drawn.find("path") if "data-row" in path.attributes
    }


def test_it_opens_offline_and_the_console_stays_silent(
    chromium: str, home: Path, paired_page: Path, run_folder: Path, side_by_side: Comparison, tmp_path: Path
) -> None:
    files = [paired_page, write_report(run_folder), write_report(home / "side")]
    for number, file in enumerate(files):
        page = opened(chromium, file, tmp_path / f"profile {number}")
        assert page.console == ()
        (root,) = parsed(page.dom).find("html")
        assert root.attributes["data-ready"] == "yes"
        # what scripts fold and choose: groups are closed, the first focus is shown, controls have come out
        assert {row.attributes.get("hidden") for row in root.find("tr", class_="group-row")} == {""}
        (controls,) = root.find("form", class_="map-controls")
        assert "hidden" not in controls.attributes


def test_a_permalink_draws_its_hour_and_tells_its_street(
    chromium: str, paired_page: Path, paired: Comparison, tmp_path: Path
) -> None:
    before = parsed(paired_page.read_text(encoding="utf-8"))
    data = data_of(paired_page.read_text(encoding="utf-8"))
    street = data["networks"][0]["link_id"][7]
    hour = 8  # the eighth slice of 8 h is the 33rd of the day, in which 40 more left the street
    page = opened(chromium, paired_page, tmp_path / "profile", f"hour={hour}&map=map-4&link={street}")
    assert page.console == ()
    root = parsed(page.dom)
    assert root.find("output")[0].text() == "08:00–09:00"

    scale = data["scales"]["flow_difference"]
    change = np.subtract(
        *(np.array(data["flows"][scenario]["flow_veh_by_hour"][hour]) for scenario in (1, 0))
    )
    for row, path in links_of(root, "map-4").items():
        expected = sum(change[row] >= limit for limit in scale["hour_breaks"])
        assert path.attributes["class"].split()[0] == f"k{expected}"
    drawn = links_of(root, "map-4")[7]
    assert "found" in drawn.attributes["class"]
    share = min(abs(change[7]) / scale["hour_top_veh"], 1.0)
    width = scale["thinnest_px"] + (scale["widest_px"] - scale["thinnest_px"]) * share ** scale["width_power"]
    assert int(drawn.attributes["stroke-width"]) == pytest.approx(10 * width, abs=1)
    assert links_of(before, "map-1")[0].attributes["class"] != "kx"
    assert links_of(root, "map-1")[0].attributes["class"] == "kx"  # nobody there in that hour, or too few

    (card,) = root.find("div", id="card")
    assert "hidden" not in card.attributes
    assert paired.links[0]["name"][7] in card.text()
    assert street in card.text()
    numbers = [cell.text() for cell in card.find("td")]
    assert numbers[0] == str(data["flows"][0]["flow_veh_by_hour"][hour][7])
    assert numbers[2] == str(data["flows"][1]["flow_veh_by_hour"][hour][7])


def test_the_day_drawn_by_the_program_is_the_day_drawn_by_the_page(
    chromium: str, paired_page: Path, tmp_path: Path
) -> None:
    """Both know how class and width follow from a value; a street in the link makes the page draw the day."""
    written = parsed(paired_page.read_text(encoding="utf-8"))
    street = data_of(paired_page.read_text(encoding="utf-8"))["networks"][0]["link_id"][0]
    drawn = parsed(opened(chromium, paired_page, tmp_path / "profile", f"map=map-1&link={street}").dom)
    for key in ("map-1", "map-3", "map-4", "map-5"):
        before, after = links_of(written, key), links_of(drawn, key)
        assert before.keys() == after.keys()
        for row, path in before.items():
            assert after[row].attributes["class"].replace(" found", "") == path.attributes["class"]
            width = int(path.attributes["stroke-width"])
            assert int(after[row].attributes["stroke-width"]) == pytest.approx(width, abs=1)


def test_wrong_permalinks_change_nothing(chromium: str, paired_page: Path, tmp_path: Path) -> None:
    page = opened(chromium, paired_page, tmp_path / "profile", "hour=77&map=%3Cimg%3E&link=nowhere")
    assert page.console == ()
    assert parsed(page.dom).find("output")[0].text() == "whole day"


def test_it_prints(chromium: str, paired_page: Path, tmp_path: Path) -> None:
    """The printed report is neither one sheet nor a book."""
    out = tmp_path / "report.pdf"
    command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--print-to-pdf={out}", paired_page.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pages = re.findall(rb"/Type\s*/Page\b", out.read_bytes())
    assert 3 <= len(pages) <= 20
