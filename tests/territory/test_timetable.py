"""A timetable on a territory: sorted, read-only, cut to the box, kept in the folder, joined to another."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gtfs_feeds import as_zip, feed
from tests.territories import grid_territory
from twin.errors import InputError
from twin.readers.gtfs import read_service_day
from twin.scenario.ledger import Parameters
from twin.scenario.lines import LineTable
from twin.territory.declared_lines import timetable_of_lines
from twin.territory.tables import ASSUMED, OBSERVED
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable, fares_unknown
from twin.territory.timetable_build import lay_stops, projected, timetable_of_feed

MONDAY = dt.date(2026, 3, 2)
WEST, SOUTH, EAST, NORTH = 7.399, 43.739, 7.406, 43.746


@pytest.fixture
def ground() -> Territory:
    """A grid of 600 m around the feed's stops, which lie along its southern street."""
    territory = grid_territory()
    territory.meta["bbox"] = [WEST, SOUTH, EAST, NORTH]
    return territory


@pytest.fixture
def day(tmp_path):
    return read_service_day(as_zip(feed(), tmp_path / "feed.zip"), MONDAY)


@pytest.fixture
def timetable(day, ground) -> Timetable:
    return timetable_of_feed(day, ground)


def calls(timetable: Timetable, run: str) -> list[tuple[str, float, float]]:
    row = timetable.run_id.tolist().index(run)
    rows = slice(int(timetable.call_start[row]), int(timetable.call_start[row + 1]))
    stops = timetable.stop_id[timetable.call_stop[rows]].tolist()
    times = (timetable.call_arrival_s[rows].tolist(), timetable.call_departure_s[rows].tolist())
    return list(zip(stops, *times, strict=True))


def declared(territory: Territory, *stops, **words) -> Timetable:
    line = {
        "name": "loop",
        "headway_s": 3600,
        "first": "08:00",
        "last": "09:00",
        "speed_kmh": 18,
        "dwell_s": 20,
    }
    return timetable_of_lines([LineTable(stops=stops, **{**line, **words})], (), territory)


def test_runs_are_sorted_and_their_calls_go_with_them(timetable):
    first = timetable.call_departure_s[timetable.call_start[:-1]]
    order = np.lexsort((timetable.run_id, first, timetable.run_line))
    assert order.tolist() == list(range(timetable.n_runs))
    assert timetable.run_id.tolist()[:2] == ["early", "late"]
    assert [stop for stop, *_ in calls(timetable, "late")] == ["s0", "s1", "s3"]
    assert timetable.call_start[-1] == timetable.n_calls == 2 * 3 + 5 * 3
    assert set(timetable.line_provenance.tolist()) == {OBSERVED}


def test_times_never_decrease_along_a_run(timetable):
    for row in range(timetable.n_runs):
        rows = slice(int(timetable.call_start[row]), int(timetable.call_start[row + 1]))
        both = np.column_stack([timetable.call_arrival_s[rows], timetable.call_departure_s[rows]]).ravel()
        assert (np.diff(both) >= 0.0).all()


def test_patterns_are_the_stop_sequences_of_each_line(timetable):
    assert timetable.n_patterns == 2
    for run, pattern in enumerate(timetable.pattern_of_run.tolist()):
        rows = slice(int(timetable.call_start[run]), int(timetable.call_start[run + 1]))
        own = slice(int(timetable.pattern_start[pattern]), int(timetable.pattern_start[pattern + 1]))
        assert timetable.pattern_stop[own].tolist() == timetable.call_stop[rows].tolist()


def test_nothing_of_it_can_be_changed(timetable):
    assert {name for name, value in timetable.columns().items() if value.flags.writeable} == set()


def test_stops_lie_where_the_nodes_do(ground, timetable):
    streets = ground.streets
    x_m, y_m = projected(streets.node_lon, streets.node_lat, streets)
    assert np.abs(x_m - streets.node_x_m).max() <= 0.001
    assert np.abs(y_m - streets.node_y_m).max() <= 0.001
    steps = np.diff(timetable.stop_x_m[:3])
    assert np.allclose(steps, 80.34, atol=0.1), "0.001 degree each"


def test_a_stop_has_the_nearest_path_node_within_reach(ground):
    lon, lat = ground.streets.node_lon[[5, 5, 5]], ground.streets.node_lat[[5, 5, 5]] + [0.0, 0.0004, 0.1]
    ids = np.array(["at", "near", "far"])
    assert lay_stops(ids, ids, lon, lat, ground, Parameters.defaults())["stop_path_node"].tolist() == [
        5,
        5,
        -1,
    ]
    reach = Parameters.defaults().replaced({"timetable.stop_reach_m": 20})
    assert lay_stops(ids, ids, lon, lat, ground, reach)["stop_path_node"].tolist() == [5, -1, -1]


def test_what_lies_outside_the_box_is_left_out_and_counted(day, ground):
    """Without s1 the trams begin at s2, and the bus has calls on both sides of the gap only."""
    inside = replace(day, stop_lat=np.where(day.stop_id == "s1", 44.0, day.stop_lat))
    cut = timetable_of_feed(inside, ground)
    assert cut.stop_id.tolist() == ["s2", "s3"]
    assert cut.line_id.tolist() == ["tram"]
    assert [stop for stop, *_ in calls(cut, "tram@06:20:00")] == ["s2", "s3"]
    dropped = cut.meta["dropped"]
    assert (dropped["lines_outside"], dropped["runs_outside"]) == (1, 2)
    assert (dropped["stops_outside"], dropped["calls_outside"]) == (2, 2 * 3 + 5)


def test_a_run_that_leaves_the_box_and_comes_back_goes_on_as_another(tmp_path, ground):
    stops = feed()["stops"]
    rows = [
        {"trip_id": "early", "arrival_time": f"07:0{k}:00", "departure_time": f"07:0{k}:00", "stop_id": stop,
         "stop_sequence": str(k)}
        for k, stop in enumerate(["s0", "s1", "far", "s2", "s3", "far", "s0"])
    ]  # fmt: skip
    tables = feed(stops=stops, stop_times=rows, frequencies=None)
    cut = timetable_of_feed(read_service_day(as_zip(tables, tmp_path / "f.zip"), MONDAY), ground)
    assert cut.run_id.tolist() == ["early", "early#1"]
    assert [stop for stop, *_ in calls(cut, "early#1")] == ["s2", "s3"]
    assert cut.meta["dropped"]["calls_outside"] == 3


def test_a_feed_of_elsewhere_is_refused(day):
    with pytest.raises(InputError, match=r"no line calls twice within .*; right would be: the feed of this"):
        timetable_of_feed(day, replace(grid_territory(), meta={"bbox": [1.0, 2.0, 3.0, 4.0]}))


def test_it_is_kept_in_the_folder_of_its_territory(timetable, ground, tmp_path):
    ground.save(tmp_path / "town")
    timetable.save(tmp_path / "town")
    again = Timetable.load(tmp_path / "town")
    assert again.digest == timetable.digest
    assert again.meta == timetable.meta
    for name, column in timetable.columns().items():
        assert np.array_equal(getattr(again, name), column), name
    assert Territory.load(tmp_path / "town").digest == ground.digest


def test_a_folder_without_changed_or_of_another_state_is_refused(timetable, ground, tmp_path):
    town = tmp_path / "town"
    ground.save(town)
    with pytest.raises(InputError, match="no timetable in this folder"):
        Timetable.load(town)
    timetable.save(town)
    notes = town / "timetable" / "timetable.json"
    kept = notes.read_text()
    notes.write_text(kept.replace(timetable.digest, "0" * 64))
    with pytest.raises(InputError, match="has the digest"):
        Timetable.load(town)
    notes.write_text(kept.replace('"schema_version": 2', '"schema_version": 7'))
    with pytest.raises(InputError, match="schema version 7"):
        Timetable.load(town)
    notes.write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        Timetable.load(town)
    notes.write_text(kept)
    territory = json.loads((town / "territory.json").read_text())
    (town / "territory.json").write_text(json.dumps({**territory, "digest": "1" * 64}))
    with pytest.raises(InputError, match="another state of this territory"):
        Timetable.load(town)
    (town / "timetable" / "calls.parquet").write_bytes(b"PAR1")
    (town / "territory.json").unlink()
    with pytest.raises(InputError, match=r"calls\.parquet"):
        Timetable.load(town)


def test_a_place_without_one_has_the_empty_timetable(timetable, tmp_path):
    none = Timetable.none()
    assert (none.n_stops, none.n_lines, none.n_runs, none.n_calls, none.n_patterns) == (0, 0, 0, 0, 0)
    assert none.call_start.tolist() == none.pattern_start.tolist() == [0]
    none.save(tmp_path)
    assert Timetable.load(tmp_path).digest == none.digest
    assert none.extended(timetable).digest == timetable.extended(none).digest == timetable.digest


def test_another_line_comes_last_and_changes_nothing_of_the_others(timetable, ground):
    loop = declared(ground, (7.4, 43.744), (7.402, 43.744))
    both = timetable.extended(loop)
    assert both.line_id.tolist() == ["bus", "tram", "loop"]
    assert both.line_provenance.tolist() == [OBSERVED, OBSERVED, ASSUMED]
    assert both.run_id.tolist() == timetable.run_id.tolist() + loop.run_id.tolist()
    for one in (timetable, loop):
        for run in one.run_id.tolist():
            assert calls(both, run) == calls(one, run)
    assert both.meta["added"][0]["lines"] == ["loop"]
    assert both.digest not in (timetable.digest, loop.digest)


def test_a_shared_stop_is_one_stop(ground):
    first = declared(ground, (7.4, 43.744), (7.402, 43.744))
    second = declared(ground, (7.402, 43.744), (7.404, 43.744), name="on")
    both = first.extended(second)
    assert both.n_stops == 3
    assert [stop for stop, *_ in calls(both, "on out 08:00:00")] == ["7.40200,43.74400", "7.40400,43.74400"]


def test_a_line_twice_or_a_stop_in_two_places_is_refused(timetable, ground):
    with pytest.raises(InputError, match="line 'bus': the timetable has a line of that id"):
        timetable.extended(timetable)
    loop = declared(ground, (7.4, 43.744), (7.402, 43.744))
    moved = replace(loop, stop_id=np.array(["s0", "x"]))
    with pytest.raises(InputError, match="stop 's0': the timetable has a stop of that id elsewhere"):
        timetable.extended(moved)


@settings(max_examples=25)
@given(st.permutations(range(4)), st.integers(0, 3))
def test_the_order_in_which_runs_come_changes_nothing(order, first):
    stops = {"stop_id": np.array(["a", "b"]), "stop_name": np.array(["a", "b"])}
    stops |= {name: np.zeros(2) for name in ("stop_lon", "stop_lat", "stop_x_m", "stop_y_m")}
    stops["stop_path_node"] = np.zeros(2, dtype=np.int32)
    lines = {"line_id": np.array(["l"]), "line_name": np.array(["l"]), "line_mode": np.array(["bus"])}
    lines |= {"line_provenance": np.zeros(1, dtype=np.int8), **fares_unknown(1)}

    def of(rows: list[int]) -> Timetable:
        moments = np.repeat([600.0 * (row % 2) for row in rows], 2) + np.tile([0.0, 60.0], len(rows))
        turn = np.concatenate([[0, 1] if row != first else [1, 0] for row in rows]).astype(np.int32)
        runs = {"run_id": np.array([f"r{row}" for row in rows]), "run_line": np.zeros(len(rows), np.int32)}
        times = {"call_arrival_s": moments, "call_departure_s": moments}
        can = {"call_pickup": np.ones(len(turn), bool), "call_drop": np.ones(len(turn), bool)}
        tables = ({**runs, "n_calls": np.full(len(rows), 2)}, {"call_stop": turn, **times, **can})
        return Timetable.of(stops, lines, *tables, {})

    made = of(list(order))
    assert made.digest == of([0, 1, 2, 3]).digest
    assert made.run_id.tolist() == ["r0", "r2", "r1", "r3"]
    assert made.n_patterns == 2
