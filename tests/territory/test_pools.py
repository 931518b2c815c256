"""Pools: several zones under one name, for a focus, a selector and a cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.indicators.small_day import small_day
from tests.osm_maps import place, small_town
from tests.report.world import drawn_territory
from twin.errors import InputError
from twin.indicators.compute import compute, compute_everywhere
from twin.indicators.focus import focuses_of
from twin.scenario.selectors import LinkSelector
from twin.territory.select import select_links
from twin.territory.territory import Territory

CORNERS = [list(place(x, y)) for x, y in [(-600, -300), (-110, -300), (-110, 300), (-600, 300)]]
ZONES = f"""
pool = {{ town = ["west", "Smallville"] }}

[[zone]]
name = "west"
polygon = {CORNERS}

[[zone]]
name = "Smallville"
communes = ["Smallville"]

[[zone]]
name = "rest"
rest = true
"""


def built(folder: Path, text: str = ZONES) -> Territory:
    (folder / "zones.toml").write_text(text)
    return Territory.from_osm(small_town().write(folder / "town.osm"), zones=folder / "zones.toml")


def test_a_pool_is_kept_with_the_territory_and_in_its_digest(tmp_path: Path) -> None:
    territory = built(tmp_path)
    assert territory.zones.pools == (("town", ("west", "Smallville")),)
    territory.save(tmp_path / "kept")
    assert Territory.load(tmp_path / "kept").zones.pools == territory.zones.pools
    without = built(tmp_path, ZONES.replace('pool = { town = ["west", "Smallville"] }', ""))
    assert without.digest != territory.digest
    assert "pools" not in without.zones.columns()


def test_a_selector_and_a_cut_take_a_pool_for_its_zones(tmp_path: Path) -> None:
    territory = built(tmp_path)
    pooled = select_links(LinkSelector(zone="town"), territory.streets, territory.zones)
    apart = select_links(LinkSelector(zone=["west", "Smallville"]), territory.streets, territory.zones)
    np.testing.assert_array_equal(pooled, apart)
    assert len(pooled) > len(select_links(LinkSelector(zone="west"), territory.streets, territory.zones)) > 0
    part = territory.cut(zones=["town"])
    assert part.digest == territory.cut(zones=["west", "Smallville"]).digest
    assert set(part.streets.link_id.tolist()) == set(territory.streets.link_id[pooled].tolist())
    assert territory.cut(zones=["west"]).zones.pools == (("town", ("west",)),)


def test_indicators_of_a_pool_are_those_of_its_zones_together() -> None:
    territory = drawn_territory()
    zones = replace(territory.zones, pools=(("both", ("town", "village")), ("one", ("village",))))
    pooled = small_day(territory=replace(territory, zones=zones))
    assert [each.name for each in focuses_of(pooled.territory, "both")] == ["both", "all"]
    values = {(each.name, each.focus, each.group): each.value for each in compute_everywhere(pooled)}
    for name in ("vehicle_km", "planned_trips", "link_delay"):
        apart = values[name, "town", ""] + values[name, "village", ""]
        assert values[name, "both", ""] == pytest.approx(apart)
    same = [(key[0], key[2]) for key in values if key[1] == "village"]
    assert len(same) > 15
    for name, group in same:
        assert values[name, "one", group] == pytest.approx(values[name, "village", group], nan_ok=True)
    # who goes from one zone of the pool to the other passes through neither of them
    through = [values["through_vehicle_km_in_focus", each, ""] for each in ("both", "town", "village")]
    assert through[0] < through[1] + through[2]
    assert compute(pooled, "both") != []


@pytest.mark.parametrize(
    ("line", "where", "what"),
    [
        ("pool = 3", "pool", "is no table"),
        ('pool = { town = "west" }', "pool town", "is no list of zones"),
        ("pool = { town = [] }", "pool town", "is no list of zones"),
        ('pool = { town = ["west", "west"] }', "pool town", "each once"),
        ('pool = { town = ["east"] }', "pool town", "no zone 'east'; right would be: one of west"),
        ('pool = { rest = ["west"] }', "pool rest", "is the name of a zone"),
        ('pool = { all = ["west"] }', "pool all", "is the name of the whole area"),
    ],
)
def test_a_wrong_pool_is_refused(tmp_path: Path, line: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        built(tmp_path, ZONES.replace('pool = { town = ["west", "Smallville"] }', line))
    assert where in refused.value.where
    assert what in str(refused.value)
