"""What a page tells of traffic covers every seed, not the first alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.reading import parsed
from tests.report.world import jams_later, small_scenario
from twin.report.carried import traffic_warning, traffic_words
from twin.report.page import write_report
from twin.study.compare import compare, load_comparison
from twin.study.comparison import Comparison
from twin.study.manifest import SeedTraffic

FREE = SeedTraffic(1, 1.0, 1.1, 0, flows=True)
SLOW = SeedTraffic(2, 0.999, 1.9, 9, flows=True)
JAMMED = SeedTraffic(3, 0.98, 1.5, 42, flows=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison whose base flows with both seeds, and whose alternative with the first only."""
    home = tmp_path_factory.mktemp("later")
    base = small_scenario(home)
    guided = base.varied("app_share", 0.6).varied("title", "With the app")
    compare(base, guided, seeds=2, out=home / "both", cache=False, runner=jams_later)
    return home / "both"


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """The same, as it was kept."""
    return load_comparison(folder)


def test_the_first_page_tells_of_a_jam_that_only_a_later_seed_has(folder: Path) -> None:
    first_page = parsed(write_report(folder).read_text(encoding="utf-8")).find("header")[0].text()
    assert "The network carries it in all 2 seeds." in first_page
    assert "42 rotations of deadlocked cycles (seed 2)" in first_page
    assert "The network does not carry it well in 1 of 2 seeds (seed 2)." in first_page
    assert "Alternative: the network does not carry this demand well in 1 of 2 seeds (seed 2)" in first_page
    assert "The network carries it." not in first_page


def test_a_comparison_keeps_the_traffic_of_each_seed_and_warns(comparison: Comparison) -> None:
    assert [[each.rotations for each in by_seed] for by_seed in comparison.traffic] == [[0, 0], [0, 42]]
    assert comparison.warnings == (
        "With the app: the network does not carry the demand well in 1 of 2 seeds (2)",
    )
    assert comparison.summary()["traffic"][1][1]["rotations"] == 42


def test_each_number_is_the_worst_of_its_seeds() -> None:
    said = traffic_words([FREE, SLOW, JAMMED])
    assert "At worst of seeds 1–3: 98\u00a0% of all planned trips were completed by 30:00 (seed 3)" in said
    assert "car time was 1.9 times free flow, waiting included (seed 2)" in said
    assert said.endswith("The network does not carry it well in 1 of 3 seeds (seed 3).")
    warning = traffic_warning([JAMMED, FREE, SLOW])
    assert "in 1 of 3 seeds (seed 3); at worst, 98\u00a0% of trips" in warning
    assert "car time is 1.9 times free flow (seed 2), with 42 rotations" in warning


def test_what_all_seeds_have_in_common_names_none() -> None:
    again = SeedTraffic(2, 1.0, 1.1, 0, flows=True)
    assert "(seed" not in traffic_words([FREE, again])
    assert traffic_warning([FREE, again]) == ""


def test_one_seed_is_told_as_a_run() -> None:
    assert traffic_words([FREE]) == (
        "100\u00a0% of all planned trips were completed by 30:00; car time was 1.1 times free flow, waiting "
        "included; 0 rotations of deadlocked cycles. The network carries it."
    )
