"""Pictures of the README: made by the command, small, with the attribution inside, and the ones committed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import pictures
from benchmarks.pictures import ATTRIBUTION, MOST_BYTES, PICTURES, app_share_chart, main, svg_bytes
from benchmarks.studies.influence import TABLE as INFLUENCE
from benchmarks.studies.privacy import TABLE as PRIVACY
from tests.conftest import ROOT
from tests.model.village import TABLES, world
from twin.scenario.scenario import Scenario


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes of the small village's day."""
    folder = tmp_path_factory.mktemp("made")
    assert world().territory.name == "la_turbie_crop"
    scenario = folder / "day.toml"
    scenario.write_text(TABLES)
    patch = pytest.MonkeyPatch()
    patch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    patch.setattr("sys.argv", ["pictures", "--out", str(folder / "pictures"), "--scenario", str(scenario)])
    assert main() == 0
    patch.undo()
    return folder / "pictures"


def test_the_command_makes_small_pictures_that_name_their_source(made: Path) -> None:
    drawn_from_study = {"influence.svg"} if INFLUENCE.is_file() else set()
    drawn_from_study |= {"privacy.svg"} if PRIVACY.is_file() else set()
    assert {file.name for file in made.iterdir()} == {"riviera.png", "village.svg", *drawn_from_study}
    assert all(0 < file.stat().st_size < MOST_BYTES for file in made.iterdir())
    drawn = ET.fromstring((made / "village.svg").read_bytes())
    assert ATTRIBUTION in "".join(drawn.itertext())
    with Image.open(made / "riviera.png") as image:
        assert image.info["Source"] == ATTRIBUTION
        assert re.fullmatch(r"seed 1, digest [0-9a-f]{64}", image.info["Comment"])
        assert len(image.convert("RGB").getcolors(256) or ()) > 8


def test_the_map_carries_the_attribution_where_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TWIN_NETWORKS", str(ROOT / "networks"))
    (tmp_path / "day.toml").write_text(TABLES)
    figure, _ = pictures.area_map(tmp_path / "day.toml")
    assert ATTRIBUTION in [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_same_chart_has_the_same_bytes() -> None:
    assert svg_bytes(app_share_chart()) == svg_bytes(app_share_chart())


def test_the_committed_chart_shows_the_committed_table() -> None:
    """Where Matplotlib is another, places differ a little, but what is written does not."""
    kept, fresh = (
        ET.fromstring((PICTURES / "village.svg").read_bytes()),
        ET.fromstring(svg_bytes(app_share_chart())),
    )
    assert "".join(kept.itertext()).split() == "".join(fresh.itertext()).split()
    lines = [re.findall(r"[-\d.]+", path.get("d", "")) for path in kept.iter() if path.tag.endswith("path")]
    again = [re.findall(r"[-\d.]+", path.get("d", "")) for path in fresh.iter() if path.tag.endswith("path")]
    assert [len(line) for line in lines] == [len(line) for line in again]
    for line, other in zip(lines, again, strict=True):
        assert [float(x) for x in line] == pytest.approx([float(x) for x in other], abs=1.0)


def test_the_committed_map_shows_a_committed_scenario() -> None:
    with Image.open(PICTURES / "riviera.png") as image:
        assert image.info["Title"] == Scenario.load(ROOT / "scenarios" / "riviera.toml").title
        assert image.info["Source"] == ATTRIBUTION
    assert (PICTURES / "riviera.png").stat().st_size < MOST_BYTES


def test_pages_show_all_with_a_text_for_those_who_cannot_see_them() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    shown = dict(re.findall(r"!\[([^\]]+)\]\((?:docs/)?pictures/([^)]+)\)", text))
    assert set(shown.values()) == {file.name for file in PICTURES.iterdir()}
    assert all(len(text.split()) >= 8 for text in shown)
