"""Ensembles: all combinations, each member once, whatever stops the work."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.study.stand_in import StandIn, small_scenario
from twin.errors import InputError
from twin.scenario.scenario import Scenario
from twin.study.results import Result
from twin.study.sweep import VALUE_COLUMNS, sweep

SHARES = {"app_share": [0.0, 0.3, 0.6]}


@pytest.fixture
def base(tmp_path: Path) -> Scenario:
    return small_scenario(tmp_path)


@pytest.mark.one_interpreter("which members run is our own count, and files are read back on each elsewhere")
def test_every_combination_for_every_seed(base: Scenario, tmp_path: Path) -> None:
    found = sweep(base, {**SHARES, "demand_scale": [1.0, 1.2]}, seeds=2, out=tmp_path / "s", runner=StandIn())
    assert found.summary() == {
        "members": 12,
        "done": 12,
        "failed": [],
        "table": str(tmp_path / "s" / "table.csv"),
        "table_digest": found.digest,
    }
    assert list(found.table.columns) == ["app_share", "demand_scale", *VALUE_COLUMNS]
    delay = found.table.query("indicator == 'mean_delay' and focus == 'village' and group == ''")
    delay = delay[delay["demand_scale"] == 1.0]
    gains = delay.pivot(index="app_share", columns="seed", values="value").diff().dropna()
    assert gains.to_numpy().ravel() == pytest.approx([-3.0] * 4)
    written = pd.read_csv(tmp_path / "s" / "table.csv", keep_default_na=False)
    assert len(written) == len(found.table) == len(pd.read_parquet(tmp_path / "s" / "table.parquet"))


@pytest.mark.one_interpreter("which members run is our own count, and files are read back on each elsewhere")
@pytest.mark.parametrize("stops_after", range(6))
def test_work_that_was_stopped_goes_on_to_the_same_table(
    base: Scenario, tmp_path: Path, stops_after: int
) -> None:
    whole = sweep(base, SHARES, seeds=2, runner=StandIn())
    stopping = StandIn(stops_after=stops_after)
    with pytest.raises(KeyboardInterrupt):
        sweep(base, SHARES, seeds=2, out=tmp_path / "s", runner=stopping)
    rest = StandIn()
    resumed = sweep(base, SHARES, seeds=2, out=tmp_path / "s", runner=rest)
    assert len(stopping.ran) + len(rest.ran) == 6
    assert resumed.digest == whole.digest


def test_a_damaged_member_is_run_anew(base: Scenario, tmp_path: Path) -> None:
    before = sweep(base, SHARES, out=tmp_path / "s", runner=StandIn())
    member = sorted((tmp_path / "s" / "members").iterdir())[0]
    member.write_text(member.read_text().replace("mean_delay", "mean_delax"))
    again = StandIn()
    assert sweep(base, SHARES, out=tmp_path / "s", runner=again).digest == before.digest
    assert len(again.ran) == 1


def test_a_member_that_fails_leaves_the_others(base: Scenario, tmp_path: Path) -> None:
    found = sweep(base, SHARES, seeds=[1, 2], out=tmp_path / "s", runner=StandIn(fails_at=(2,)))
    assert (found.summary()["done"], len(found.failed)) == (3, 3)
    assert found.failed[0] == "app_share=0.0, seed 2: seed 2 does not work"
    assert set(found.table["seed"]) == {1}
    mended = StandIn()
    assert sweep(base, SHARES, seeds=[1, 2], out=tmp_path / "s", runner=mended).failed == ()
    assert [seed for _, seed in mended.ran] == [2, 2, 2]


def test_measures_of_ones_own_join_the_table(base: Scenario, tmp_path: Path) -> None:
    def passages(result: Result) -> float:
        assert result.record is not None
        return float(len(result.record.event_link))

    def none(result: Result) -> float:
        return float("nan")

    asked = {"passages": passages, "nothing": none}
    plain = sweep(base, SHARES, out=tmp_path / "s", runner=StandIn())
    runner = StandIn()
    more = sweep(base, SHARES, out=tmp_path / "s", measures=asked, runner=runner)
    assert len(runner.ran) == 3  # the members kept had not been measured so
    assert more.table.query("indicator == 'passages'")["value"].tolist() == [89.0] * 3
    assert more.table.query("indicator == 'nothing'")["value"].isna().all()
    kept = StandIn()
    assert sweep(base, SHARES, out=tmp_path / "s", runner=kept).digest == plain.digest
    assert kept.ran == []


@pytest.mark.one_interpreter("which members run is our own count, and files are read back on each elsewhere")
def test_equal_simulations_run_once(base: Scenario) -> None:
    runner = StandIn()
    found = sweep(base, {"title": ["one", "two"]}, runner=runner)
    assert len(runner.ran) == 1
    assert found.n_members == 2
    assert set(found.table["title"]) == {"one", "two"}


def test_bad_requests_are_refused_before_anything_runs(base: Scenario, tmp_path: Path) -> None:
    runner = StandIn()
    for vary in ({"app_shares": [0.1]}, {"app_share": [0.1, 2.0]}, {"app_share": []}):
        with pytest.raises(InputError):
            sweep(base, vary, out=tmp_path / "s", runner=runner)
    assert runner.ran == []
    assert not (tmp_path / "s").exists()


def test_lists_are_written_as_text_and_no_two_columns_share_a_name(base: Scenario) -> None:
    curve = "parameters.emissions.petrol_car_curve"
    curves = [[1.1, 0.044, 0.0, 0.0], [1.2, 0.044, 0.0, 0.0]]
    found = sweep(base, {curve: curves, "focus": ["all", "village"]}, runner=StandIn())
    assert set(found.table[curve]) == {str(each) for each in curves}
    assert set(found.table["scenario.focus"]) == {"all", "village"}
    assert set(found.table["focus"]) == {"town", "village", "all"}
