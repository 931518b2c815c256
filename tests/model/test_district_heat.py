"""A scenario that declares a district heating has one; another has the layers of its territory."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from twin.errors import InputError
from twin.model.district_heat import heated
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory
from twin.territory.utilities.tables import HEAT

VILLAGE = str(ROOT / "scenarios" / "village.toml")
SOURCE = '[[modification]]\nkind = "district_heat"\nat = [7.401, 43.745]\n'


def scenario(tmp_path, text: str) -> Scenario:
    file = tmp_path / "heat.toml"
    file.write_text(f'extends = "{VILLAGE}"\n{text}', encoding="utf-8")
    return Scenario.load(file)


@pytest.fixture(scope="module")
def village() -> Territory:
    return Territory.load(ROOT / "networks" / "la_turbie_crop")


def test_more_buildings_join_at_a_higher_rate_and_none_where_nothing_is_declared(village, tmp_path):
    plain = heated(Scenario.load(VILLAGE), village)
    assert plain is village, "no scenario of before is touched"
    joined = []
    for rate in ("", "connection_rate = 0.1", "connection_rate = 1.0"):
        town = heated(scenario(tmp_path, f"{SOURCE}{rate}\n"), village)
        joined.append(set(town.utilities.nodes_of("place", HEAT)))
        assert town.digest == village.digest
        for utility in range(HEAT):
            assert town.utilities.counts()["power"] == village.utilities.counts()["power"], utility
    usual, few, everybody = joined
    assert few < usual < everybody


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (SOURCE + SOURCE, "2 district heatings"),
        (SOURCE + "connection_rate = 1.5\n", "connection_rate"),
        (SOURCE.replace("43.745", "143.745"), "at"),
        (SOURCE + 'from = "08:00"\n', "whole days"),
    ],
)
def test_what_cannot_be_declared_is_one_line(village, tmp_path, text, match):
    with pytest.raises(InputError, match=match):
        heated(scenario(tmp_path, text), village)
