"""A focus that is a pool of zones is drawn and counted as its zones together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.report.world import SmallRuns, drawn_territory, small_scenario
from tests.study.stand_in import BASE
from twin.report.build import view_of
from twin.report.page import render
from twin.report.svgmap import frame_bounds
from twin.report.view import ReportView
from twin.study.progress import silent
from twin.territory.content import content_digest
from twin.territory.territory import TABLES, Territory


def pooled_territory() -> Territory:
    """The drawn territory with a pool of the village alone, and one of both zones."""
    territory = drawn_territory()
    zones = replace(territory.zones, pools=(("alone", ("village",)), ("both", ("town", "village"))))
    made = replace(territory, zones=zones)
    return replace(made, digest=content_digest({name: getattr(made, name) for name in TABLES}))


def view_with_focus(home: Path, focus: str) -> ReportView:
    territory = pooled_territory()
    text = BASE.replace('focus = "village"', f'focus = "{focus}"')
    scenario = small_scenario(home, territory, text)
    return view_of(SmallRuns(territory)(scenario, seed=1, progress=silent, cache=False))


def test_a_pool_of_one_zone_shows_what_the_zone_shows(tmp_path: Path) -> None:
    alone, village = view_with_focus(tmp_path, "alone"), view_with_focus(tmp_path, "village")
    assert (alone.modes, alone.profiles, alone.histogram) == (
        village.modes,
        village.profiles,
        village.histogram,
    )
    assert sum(alone.modes[0].parts.values()) > 0
    assert [each.bounds_m for each in alone.maps] == [each.bounds_m for each in village.maps]
    facts, theirs = dict(alone.scenarios[0].facts), dict(village.scenarios[0].facts)
    assert facts["Inhabitants"] == theirs["Inhabitants"]
    values = {row.indicator: row.base for row in alone.rows if row.focus == "alone" and not row.group}
    assert values == {
        row.indicator: row.base for row in village.rows if row.focus == "village" and not row.group
    }


def test_a_pool_of_all_zones_frames_all_links(tmp_path: Path) -> None:
    both = view_with_focus(tmp_path, "both")
    assert frame_bounds(both.networks[0], ("both",)) == frame_bounds(both.networks[0], ("all",))
    assert both.networks[0].zones_in(("both", "village")) == ("town", "village")
    assert ">Both<" in render(both)
