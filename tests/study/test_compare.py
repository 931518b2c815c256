"""Comparisons: what is run, what stands against what, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

from tests.indicators.reading import by_name
from tests.study.stand_in import BASE, StandIn, day_of, small_scenario
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.compare import compare, load_comparison, mean_links
from twin.study.comparison import Comparison, ComparisonRow
from twin.study.members import RunStore, user_store
from twin.study.pairing import focus_pairs


@pytest.fixture
def base(tmp_path: Path) -> Scenario:
    return small_scenario(tmp_path)


@pytest.fixture
def guided(base: Scenario) -> Scenario:
    return base.varied("app_share", 0.6).varied("title", "With the app")


def row(comparison: Comparison, indicator: str, focus: str = "all", group: str = "") -> ComparisonRow:
    """The one row of that name."""
    wanted = (indicator, focus, group)
    (found,) = [each for each in comparison.rows if (each.indicator, each.focus, each.group) == wanted]
    return found


def delay_of(scenario: Scenario, seed: int) -> float:
    """Mean delay in the whole area."""
    return by_name(compute(day_of(scenario, seed)))["mean_delay", "all", ""]


def test_same_focus_is_paired_by_seed(base: Scenario, guided: Scenario) -> None:
    comparison = compare(base, guided, seeds=6, runner=StandIn())
    delay = row(comparison, "mean_delay", "village")
    assert (delay.method, delay.paired, delay.n_seeds, delay.better) == ("paired by seed", True, 6, "lower")
    assert delay.difference == pytest.approx(-3.0)  # 10 s less of the app share's rise, on every trip
    assert (delay.low, delay.high) == (pytest.approx(-3.0), pytest.approx(-3.0))
    per_seed = [[delay_of(each, seed) for seed in range(1, 7)] for each in (base, guided)]
    whole = row(comparison, "mean_delay")
    expected = stats.ttest_rel(per_seed[1], per_seed[0]).confidence_interval(0.95)
    assert (whole.low, whole.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert comparison.differs == (("title", ("A small day", "With the app")), ("app_share", (0.3, 0.6)))
    assert comparison.note == ""


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_below_five_seeds_it_says_so(base: Scenario, guided: Scenario) -> None:
    comparison = compare(base, guided, seeds=2, runner=StandIn())
    assert comparison.note == "no interval below 5 seeds"
    assert comparison.table["low"].isna().all()
    assert json.dumps(comparison.summary())


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_another_title_is_one_simulation_with_the_cache_and_two_without(base: Scenario) -> None:
    other = base.varied("title", "The same day")
    shared, apart = StandIn(), StandIn()
    first = compare(base, other, seeds=2, runner=shared)
    second = compare(base, other, seeds=2, cache=False, runner=apart)
    assert shared.ran == [("A small day", 1), ("A small day", 2)]
    assert apart.ran == [("A small day", 1), ("A small day", 2), ("The same day", 1), ("The same day", 2)]
    for comparison in (first, second):
        assert {each.difference for each in comparison.rows} == {0.0}
        assert comparison.digests[0] == comparison.digests[1]
        assert not comparison.link_differences("delay_s")["difference"].dropna().any()


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_two_focuses_of_one_area_share_the_simulation_and_stand_side_by_side(base: Scenario) -> None:
    runner = StandIn()
    town = base.varied("title", "Town").varied("focus", "town")
    comparison = compare(town, base, seeds=5, runner=runner)
    assert [seed for _, seed in runner.ran] == [1, 2, 3, 4, 5]
    km = row(comparison, "vehicle_km_of_people", "village")
    assert (km.method, km.base_focus, km.paired) == ("side by side", "town", True)
    assert km.unit == "veh km per inhabitant"
    assert (km.base, km.alternative) == (pytest.approx(18 / 4), pytest.approx(15 / 3))
    share = row(comparison, "completed_trips", "village")
    assert (share.unit, share.base, share.alternative) == ("share", pytest.approx(10 / 12), 1.0)
    whole = row(comparison, "vehicle_km")
    assert (whole.method, whole.difference, whole.unit) == ("paired by seed", 0.0, "veh km")


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_runs_are_shared_in_memory_where_no_cache_can_be_written(
    base: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.study.members.user_store", lambda: None)
    runner = StandIn()
    other = base.varied("title", "The same day").varied("focus", "town")
    comparison = compare(base, other, seeds=2, runner=runner)
    assert runner.ran == [("A small day", 1), ("A small day", 2)]
    assert [each.manifest["title"] for each in comparison.samples] == ["A small day", "The same day"]
    assert set(comparison.samples[1].indicators["focus"]) == {"town", "all"}


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_two_areas_are_unpaired_and_per_inhabitant(tmp_path: Path, base: Scenario) -> None:
    elsewhere = small_scenario(
        tmp_path, text=BASE.replace('territory = "small"', 'territory = "far"'), territory="far"
    )
    comparison = compare(base, elsewhere, seeds=5, runner=StandIn())
    assert {each.method for each in comparison.rows} == {"unpaired"}
    assert comparison.same_area()  # the stand-in has one network; the areas are told apart by their files
    assert row(comparison, "planned_trips").base == pytest.approx(30 / 7)
    delay = row(comparison, "mean_delay", "village")
    assert delay.low is not None
    assert delay.low < 0 < (delay.high or 0.0)


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_focuses_are_held_against_each_other_in_their_order(base: Scenario) -> None:
    both = base.varied("focus", ["town", "village"])
    whole = base.varied("focus", "all")
    found = [(each.base, each.alternative, each.method) for each in focus_pairs(both, base, True)]
    assert found == [
        ("town", "village", "side by side"),
        ("village", "village", "paired by seed"),
        ("all", "all", "paired by seed"),
    ]
    assert [(each.base, each.alternative) for each in focus_pairs(whole, base, True)] == [
        ("all", "village"),
        ("all", "all"),
    ]
    assert [each.base for each in focus_pairs(whole, whole, True)] == ["all"]


def test_finished_runs_are_read_and_damaged_ones_run_anew(base: Scenario, guided: Scenario) -> None:
    compare(base, guided, seeds=2, runner=StandIn())
    runs = user_store()
    assert runs is not None
    assert len(runs.keys()) == 4
    harmed = runs.folder / runs.keys()[0] / "links.parquet"
    harmed.write_bytes(harmed.read_bytes()[:100])
    again = StandIn()
    compare(base, guided, seeds=3, runner=again)
    assert len(again.ran) == 2 + 1  # the third seed of both, and the damaged one
    compare(base, guided, seeds=[2], runner=again)
    assert len(again.ran) == 3 + 2  # only summaries were kept of the second seed
    assert runs.prune() == 6
    assert runs.keys() == ()


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_only_aggregates_are_held(base: Scenario, guided: Scenario) -> None:
    comparison = compare(base, guided, seeds=2, runner=StandIn())
    assert [each.record for each in comparison.samples] == [None, None]
    assert [each.seed for each in comparison.samples] == [1, 1]
    assert comparison.samples[1].scenario.title == "With the app"


def test_a_comparison_is_kept_and_read_back(tmp_path: Path, base: Scenario, guided: Scenario) -> None:
    others = [guided, base.varied("app_share", 0.0)]
    comparison = compare(base, others, seeds=2, out=tmp_path / "c", runner=StandIn())
    loaded = load_comparison(tmp_path / "c")
    assert loaded.rows == comparison.rows
    assert loaded.seeds == comparison.seeds
    assert loaded.digests == comparison.digests
    assert loaded.differs == comparison.differs
    assert {each.scenario for each in loaded.rows} == {1, 2}
    assert [each.scenario.app_share for each in loaded.samples] == [0.3, 0.6, 0.0]
    assert loaded.summary() == comparison.summary()
    pd.testing.assert_frame_equal(
        loaded.link_differences("delay_s", 2), comparison.link_differences("delay_s", 2), check_dtype=False
    )
    table = tmp_path / "c" / "links_1.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"links_1\.parquet: damaged"):
        load_comparison(tmp_path / "c")


@pytest.mark.one_interpreter("which runs are paired is our own count, the same on each")
def test_a_comparison_kept_without_the_traffic_of_its_seeds_is_refused(
    tmp_path: Path, base: Scenario, guided: Scenario
) -> None:
    compare(base, guided, seeds=1, out=tmp_path / "c", runner=StandIn())
    manifest = store.read_manifest(tmp_path / "c", "comparison")
    store.write_sealed(tmp_path / "c" / store.MANIFEST, {**manifest, "schema_version": 1})
    with pytest.raises(InputError, match="a comparison of schema 1; right would be: 2; compare anew"):
        load_comparison(tmp_path / "c")


def test_links_are_means_over_seeds() -> None:
    nan = float("nan")
    fixed = {"link_id": ["a", "b"], "closed": [True, False]}
    one = pd.DataFrame({**fixed, "flow_veh": [2, 4], "delay_s": [1.0, nan]})
    two = pd.DataFrame({**fixed, "flow_veh": [4, 4], "delay_s": [nan, nan]})
    mean = mean_links([one, two])
    assert mean["flow_veh"].tolist() == [3.0, 4.0]
    assert mean["delay_s"].iloc[0] == 1.0
    assert mean["delay_s"].isna().tolist() == [False, True]
    assert mean["closed"].tolist() == [True, False]


def test_bad_requests_are_refused(base: Scenario, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no alternative"):
        compare(base, [], runner=StandIn())
    with pytest.raises(InputError, match="names no seed"):
        compare(base, base, seeds=0, runner=StandIn())
    with pytest.raises(InputError, match="no such file"):
        compare(tmp_path / "absent.toml", base, runner=StandIn())


def test_a_store_that_holds_nothing(tmp_path: Path) -> None:
    empty = RunStore(tmp_path / "none")
    assert empty.keys() == ()
    assert empty.member("0") is None
    assert empty.result("0") is None
