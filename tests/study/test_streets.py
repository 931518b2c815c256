"""Scenarios that build streets, beside one that does not: tables, maps and pages hold all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.model.village import scenario, world
from twin.errors import InputError
from twin.report.build import view_of
from twin.report.grounds import grounds_of, territory_of
from twin.report.maps import draw_links
from twin.report.page import render
from twin.scenario.scenario import Scenario
from twin.study.compare import compare, load_comparison
from twin.study.comparison import Comparison
from twin.study.results import Result
from twin.study.run import run_in
from twin.study.streets import edited_by, on_one_ground

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

NEW = """
[[modification]]
kind = "new_link"
start = 1190097339
end = 2110366307
road_class = "tertiary"
"""
LANE = """
[[modification]]
kind = "bus_lane"
links = { link = "196017189:247693726:247693725" }
takes_lane = false
"""
IDS = ["new:1190097339:2110366307", "new:2110366307:1190097339", "196017189:247693726:247693725:bus"]


def in_the_world(spec: Scenario, seed: int, **_: object) -> Result:
    """A run in the village that stands."""
    return run_in(spec, seed, world())


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("compared")
    others = [scenario(NEW), scenario(LANE)]
    made = compare(scenario(), others, seeds=1, runner=in_the_world, cache=False, out=folder)
    assert load_comparison(folder).digests == made.digests
    return load_comparison(folder)


def test_links_of_any_scenario_stand_in_all_tables(comparison: Comparison) -> None:
    n = world().territory.streets.n_links
    for table in comparison.links:
        assert table["link_id"].tolist() == [*world().territory.streets.link_id.tolist(), *IDS]
    base, new, lane = comparison.links
    assert base["flow_veh"][n:].tolist() == [0, 0, 0]
    assert base["delay_s"][n:].isna().all()
    assert new["flow_veh"][n : n + 2].sum() > 100
    assert lane["flow_veh"][n:].tolist() == [0, 0, 0], "no bus runs on this day"
    assert comparison.same_area(1)
    assert comparison.same_area(2)
    assert {each.method for each in comparison.rows} == {"paired by seed"}
    difference = comparison.link_differences("flow_veh", 1).set_index("link_id")["difference"]
    assert difference[IDS[0]] + difference[IDS[1]] > 100


def test_maps_and_page_draw_what_is_built(comparison: Comparison) -> None:
    grounds = grounds_of(comparison.samples)
    assert grounds.warnings == ()
    assert grounds.network_of_scenario == (0, 0, 0)
    assert list(grounds.networks[0].link_id) == comparison.links[0]["link_id"].tolist()
    assert IDS[0] in render(view_of(comparison))
    lines = draw_links(comparison, "flow_veh").axes[0].collections
    assert sum(len(each.get_paths()) for each in lines) >= len(comparison.links[0])


def test_the_streets_of_a_kept_run_are_built_again(comparison: Comparison) -> None:
    kept = comparison.samples[1]
    assert kept.record is None
    assert territory_of(kept).streets.link_id[-2:].tolist() == IDS[:2]
    assert territory_of(kept).digest == kept.manifest["provenance"]["territory_digest"]


def test_a_scenario_that_builds_nothing_keeps_the_territory() -> None:
    here = world().territory
    assert edited_by(scenario(), here) is here
    with pytest.raises(InputError, match="no node 5 in the territory"):
        edited_by(scenario(NEW.replace("2110366307", "5")), here)


def test_tables_of_other_areas_are_left_alone() -> None:
    tables = [
        pd.DataFrame({"link_id": list(ids), "flow_veh": np.arange(len(ids))}) for ids in ("ab", "abc", "xy")
    ]
    one, two, other = on_one_ground(tables, ["here", "here", "there"])
    assert one["link_id"].tolist() == two["link_id"].tolist() == ["a", "b", "c"]
    assert one["flow_veh"].tolist() == [0, 1, 0]
    assert other is tables[2]
    assert two is tables[1]
