"""Declared lines: runs by headway, times by distance and speed, flagged as assumed, and bad files refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.territories import grid_territory
from twin.errors import InputError
from twin.scenario.lines import read_timetable_file
from twin.territory.declared_lines import declared_timetable, open_timetable
from twin.territory.tables import ASSUMED
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable

HEAD = """
schema_version = 1
place = "the grid"
kind = "assumption"
source = "the test"

[[stop]]
name = "west"
lon = 7.400
lat = 43.740

[[stop]]
name = "middle"
lon = 7.403
lat = 43.740
"""
LINE = """
[[line]]
name = "1"
stops = ["west", "middle", [7.406, 43.74]]
headway_s = 1800
first = "06:00"
last = "08:00"
speed_kmh = 18
dwell_s = 20

[[line.period]]
from = "07:00"
until = "08:00"
headway_s = 900
"""
LEG_S = round(241.0 / 5.0)
"""0.003 degrees at that latitude is 241 m; 18 km/h is 5 m/s."""


@pytest.fixture(scope="module")
def ground() -> Territory:
    return grid_territory()


@pytest.fixture
def declare(tmp_path, ground):
    def of(text: str) -> Timetable:
        file = tmp_path / "timetable.toml"
        file.write_text(text)
        return open_timetable(file, ground)

    return of


def leaves(timetable: Timetable, way: str) -> list[float]:
    """First departures of the runs that way."""
    rows = [row for row, run in enumerate(timetable.run_id.tolist()) if f" {way} " in run]
    return timetable.call_departure_s[timetable.call_start[rows]].tolist()


def test_runs_follow_the_headway_of_the_hour(declare):
    minutes = [360, 390, 420, 435, 450, 465, 480]
    timetable = declare(HEAD + LINE)
    assert leaves(timetable, "out") == leaves(timetable, "back") == [60.0 * minute for minute in minutes]
    one_way = declare(HEAD + LINE.replace("speed_kmh", "both_ways = false\nspeed_kmh"))
    assert leaves(one_way, "back") == []
    assert one_way.n_runs == len(minutes)


def test_times_are_distance_over_speed_with_a_stand_at_each_stop(declare):
    timetable = declare(HEAD + LINE)
    row = timetable.run_id.tolist().index("1 out 06:00:00")
    rows = slice(int(timetable.call_start[row]), int(timetable.call_start[row + 1]))
    assert (timetable.call_arrival_s[rows] - 21_600).tolist() == [0, LEG_S, 2 * LEG_S + 20]
    assert (timetable.call_departure_s[rows] - 21_600).tolist() == [0, LEG_S + 20, 2 * LEG_S + 20]
    assert timetable.call_pickup[rows].tolist() == [True, True, False]
    assert timetable.call_drop[rows].tolist() == [False, True, True]
    assert timetable.stop_id[timetable.call_stop[rows]].tolist() == ["west", "middle", "7.40600,43.74000"]


def test_it_is_flagged_as_assumed(declare):
    timetable = declare(HEAD + LINE)
    assert timetable.line_provenance.tolist() == [ASSUMED]
    assert (timetable.meta["synthetic"], timetable.meta["source"]) == (True, "the test")
    assert (timetable.n_stops, timetable.n_lines, timetable.n_patterns) == (3, 1, 2)


def test_a_stop_may_be_a_place(declare, ground):
    timetable = declare(HEAD + LINE.replace('"middle"', '"way:1005"'))
    row = timetable.stop_id.tolist().index("way:1005")
    place = ground.places.place_id.tolist().index("way:1005")
    assert timetable.stop_lon[row] == ground.places.lon[place]
    assert timetable.stop_path_node[row] >= 0


def test_a_line_may_run_past_midnight(declare):
    late = declare(HEAD + LINE.replace('"06:00"', '"23:30"').replace('"08:00"\nspeed', '"25:00"\nspeed'))
    assert leaves(late, "out") == [23.5 * 3600, 24 * 3600, 24.5 * 3600, 25 * 3600]


def test_a_folder_is_read_as_well_and_only_its_own_territory_takes_it(declare, ground, tmp_path):
    timetable = declare(HEAD + LINE)
    timetable.save(tmp_path / "town")
    assert open_timetable(tmp_path / "town", ground).digest == timetable.digest
    with pytest.raises(InputError, match="of another territory"):
        open_timetable(tmp_path / "town", grid_territory(5))


@pytest.mark.parametrize(
    ("old", "new", "where", "right"),
    [
        ('"west", "middle"', '"west", "nowhere"', "line '1': stop 2: no stop 'nowhere'", "[[stop]]"),
        ("[7.406, 43.74]", "[8.4, 43.74]", "stop 3: '43.74000, 8.40000' lies outside", "lon 7.4 to"),
        (
            "[7.406, 43.74]",
            "[191.0, 43.74]",
            "line 1: stops 3: [191.0, 43.74] is no stop",
            "degrees [lon, lat]",
        ),
        ('["west", "middle", [7.406, 43.74]]', '["west"]', "line 1: stops", "two stops or more"),
        ('["west", "middle"', '["west", "west"', "stops 2: 'west' follows itself", "another stop"),
        ("headway_s = 1800", "headway_s = 5", "line 1: headway_s", "60 or more"),
        ("headway_s = 1800", "", "line 1: headway_s: missing", "seconds between two departures"),
        ('first = "06:00"', 'first = "6 am"', "line 1: first: '6 am'", "HH:MM"),
        ('last = "08:00"', 'last = "05:00"', "last: last 05:00 is before first 06:00", "a later time"),
        ('until = "08:00"', 'until = "06:30"', "period 1: until", "a later time"),
        ("speed_kmh = 18", "speed_kmh = 0", "line 1: speed_kmh", "km/h in a straight line"),
        ("dwell_s = 20", "dwell_s = -1", "line 1: dwell_s", "0 to 3600"),
        ("dwell_s = 20", "dwell_s = 20\ndwell = 3", "line 1: dwell: unknown key", "dwell_s"),
        ("dwell_s = 20", 'mode = "boat"\ndwell_s = 20', "line 1: mode", "ferry"),
        ('name = "middle"', 'name = "west"', "stop 2: name: 'west' stands twice", "a name for each stop"),
        ("schema_version = 1", "schema_version = 2", "schema_version", "1"),
        ('kind = "assumption"', 'kind = "hearsay"', "kind", "literature"),
        ("[[line]]", "[[line", "timetable.toml", "tables [[line]]"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(declare, old, new, where, right):
    text = HEAD + LINE
    assert old in text
    with pytest.raises(InputError) as error:
        declare(text.replace(old, new, 1))
    assert where in str(error.value)
    assert right in str(error.value).partition("right would be")[2]


@pytest.mark.parametrize("name", ["absent.toml", "feed.zip", "folder"])
def test_what_is_no_timetable_is_refused(ground, tmp_path, name):
    (tmp_path / "feed.zip").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="timetable"):
        open_timetable(tmp_path / name, ground)


def test_the_rivieras_timetable_is_declared_assumed_and_on_foot_within_reach():
    riviera = Territory.load(ROOT / "networks" / "riviera")
    file = Path(ROOT, "networks", "riviera", "timetable.toml")
    table = read_timetable_file(file)
    timetable = declared_timetable(table, riviera)
    assert (table.kind, timetable.meta["synthetic"]) == ("assumption", True)
    assert timetable.line_name.tolist() == [line.name for line in table.line]
    assert (timetable.stop_path_node >= 0).all()
    zones = {str(riviera.zones.name[zone]) for zone in _zones_of(timetable, riviera)}
    assert {"dense", "la_turbie", "eze", "cap_d_ail"} <= zones


def _zones_of(timetable: Timetable, territory: Territory) -> set[int]:
    """Zone of the place nearest to each stop."""
    places = territory.places
    away = np.hypot(
        places.x_m[None, :] - timetable.stop_x_m[:, None], places.y_m[None, :] - timetable.stop_y_m[:, None]
    )
    return set(places.zone[away.argmin(axis=1)].tolist())
