"""A run and comparisons of the small day, kept in folders once for all tests of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.reading import Element, parsed
from tests.report.world import SmallRuns, drawn_territory, small_scenario
from twin.report.page import write_report
from twin.study.compare import compare
from twin.study.comparison import Comparison
from twin.study.progress import silent
from twin.study.results import Result


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the territory in it."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="session")
def run_folder(home: Path) -> Path:
    """One run, kept."""
    scenario = small_scenario(home)
    result: Result = SmallRuns(drawn_territory())(scenario, seed=1, progress=silent, cache=False)
    result.save(home / "run")
    return home / "run"


@pytest.fixture(scope="session")
def paired(home: Path) -> Comparison:
    """Base and the app at 60 %, six seeds, one focus; also kept in `paired`."""
    base = small_scenario(home)
    guided = base.varied("app_share", 0.6).varied("title", "More on the app")
    runner = SmallRuns(drawn_territory())
    return compare(base, guided, seeds=6, out=home / "paired", cache=False, runner=runner)


@pytest.fixture(scope="session")
def side_by_side(home: Path) -> Comparison:
    """Town beside village, two seeds; also kept in `side`."""
    village = small_scenario(home)
    town = village.varied("focus", "town").varied("title", "The town")
    runner = SmallRuns(drawn_territory())
    return compare(town, village, seeds=2, out=home / "side", cache=False, runner=runner)


@pytest.fixture(scope="session")
def pages(home: Path, run_folder: Path, paired: Comparison, side_by_side: Comparison) -> dict[str, str]:
    """A run, a paired comparison, and two focuses side by side, as HTML."""
    return {name: write_report(home / name).read_text(encoding="utf-8") for name in ("run", "paired", "side")}


@pytest.fixture(scope="session")
def page(pages: dict[str, str]) -> Element:
    """The paired comparison as a tree."""
    return parsed(pages["paired"])
