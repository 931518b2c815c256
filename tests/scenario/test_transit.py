"""A timetable and a bus line as a scenario says them, and what is wrong with them in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import InputError
from twin.scenario.modifications import BusLine
from twin.scenario.scenario import Scenario
from twin.study.keys import simulation_key

HERE = Path(__file__).resolve().parents[2] / "scenarios"
DAY = 'title = "A day"\nterritory = "riviera"\n'
LINE = """
[[modification]]
kind = "bus_line"
name = "12"
stops = [[7.40, 43.74], "way:1"]
headway_s = 900
"""


def line_of(text: str) -> BusLine:
    (order,) = Scenario.loads(DAY + text, folder=HERE).in_force()
    assert isinstance(order, BusLine)
    return order


def test_a_line_says_stops_headway_and_hours() -> None:
    order = line_of(LINE + 'from = "06:30"\nuntil = "20:00"')
    assert order.stops == ((7.40, 43.74), "way:1")
    assert order.service_s((6.0, 21.0)) == (23_400, 72_000)
    assert line_of(LINE).service_s((6.0, 21.0)) == (21_600, 75_600)
    assert line_of(LINE + 'from = "2020-01"').service_s((6.0, 21.0)) == (21_600, 75_600)
    assert "12" in order.differs()


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (LINE.replace(', "way:1"', ""), "stops", "is not right"),
        (LINE.replace("7.40", "200"), "stops", "is not right"),
        (LINE.replace("[7.40, 43.74]", "[7.40]"), "stops", "is not right"),
        (LINE.replace("900", "0"), "headway_s", "0 is not right"),
        (LINE.replace("headway_s = 900", ""), "headway_s", "missing"),
        (LINE.replace('name = "12"', ""), "name", "missing"),
        (LINE + "speed_kmh = -3", "speed_kmh", "-3 is not right"),
        (LINE + 'from = "20:00"\nuntil = "06:00"', "modification 1", "not after"),
    ],
)
def test_a_wrong_line_is_one_line(text: str, where: str, what: str) -> None:
    with pytest.raises(InputError) as error:
        Scenario.loads(DAY + text, folder=HERE)
    assert where in error.value.where
    assert what in error.value.what
    assert len(str(error.value).splitlines()) == 1


def test_a_timetable_is_found_beside_the_scenario_or_in_the_territory(tmp_path: Path) -> None:
    named = 'timetable = "timetable.toml"\n'
    assert Scenario.loads(DAY, folder=HERE).timetable_path() is None
    in_territory = Scenario.loads(named + DAY, folder=HERE).timetable_path()
    assert in_territory is not None
    assert in_territory.parent.name == "riviera"
    territory = (HERE.parent / "networks" / "riviera").as_posix()
    (tmp_path / "timetable.toml").write_text("")
    beside = Scenario.loads(named + DAY.replace('"riviera"', f'"{territory}"'), folder=tmp_path)
    assert beside.timetable_path() == tmp_path / "timetable.toml"
    with pytest.raises(InputError, match=r"no timetable 'nowhere\.zip'"):
        Scenario.loads('timetable = "nowhere.zip"\n' + DAY, folder=HERE).timetable_path()
    with pytest.raises(InputError, match="3 is not right"):
        Scenario.loads("timetable = 3\n" + DAY, folder=HERE)


def test_a_run_is_kept_under_its_timetable_and_others_under_what_they_were(tmp_path: Path) -> None:
    plain = Scenario.loads(DAY, folder=HERE)
    assert "timetable" not in plain.resolved()
    file = tmp_path / "lines.toml"
    territory = (HERE.parent / "networks" / "riviera").as_posix()
    text = 'timetable = "lines.toml"\n' + DAY.replace('"riviera"', f'"{territory}"')
    keys = set()
    for content in ("a", "b"):
        file.write_text(content)
        keys.add(simulation_key(Scenario.loads(text, folder=tmp_path), 1))
    assert len(keys) == 2
