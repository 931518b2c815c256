"""Bad GTFS feeds: one line that names the file, the row, the field and what would be right."""

from __future__ import annotations

import datetime as dt
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gtfs_feeds import as_folder, as_zip, feed, replaced, written
from twin.errors import InputError
from twin.readers.gtfs import ServiceDay, read_service_day

MONDAY = dt.date(2026, 3, 2)


@pytest.fixture
def read(tmp_path):
    def of(date: dt.date | None = MONDAY, **changed) -> ServiceDay:
        return read_service_day(as_zip(feed(**changed), tmp_path / "feed.zip"), date)

    return of


STOPS, TIMES, TRIPS, ROUTES = (feed()[name] for name in ("stops", "stop_times", "trips", "routes"))
CALENDAR, DATES, HEADWAYS = (feed()[name] for name in ("calendar", "calendar_dates", "frequencies"))
BAD = {
    "no such time": (
        "stop_times", replaced(TIMES, 1, arrival_time="06:61:00"),
        "row 3: arrival_time", "HH"),
    "a word for a time": (
        "stop_times", replaced(TIMES, 1, departure_time="noon"),
        "row 3: departure_time", "HH"),
    "no first time": (
        "stop_times", replaced(TIMES, 0, arrival_time="", departure_time=""),
        "row 2: arrival_time", "the first"),
    "backwards": (
        "stop_times", replaced(TIMES, 2, arrival_time="06:31:00", departure_time="06:31:00"),
        "row 4: arrival_time", "not before"),
    "leaves before it comes": (
        "stop_times", replaced(TIMES, 1, departure_time="06:31:00"),
        "row 3: departure_time", "or later"),
    "unknown stop": (
        "stop_times", replaced(TIMES, 1, stop_id="s9"),
        "row 3: stop_id: 's9'", "stops.txt"),
    "unknown trip": (
        "stop_times", replaced(TIMES, 1, trip_id="t9"),
        "row 3: trip_id: 't9'", "trips.txt"),
    "same place in the row": (
        "stop_times", replaced(TIMES, 1, stop_sequence="1"),
        "row 3: stop_sequence", "larger"),
    "a word for a number": (
        "stop_times", replaced(TIMES, 1, stop_sequence="two"),
        "row 3: stop_sequence: 'two'", "whole number"),
    "no such pickup": (
        "stop_times", replaced(TIMES, 1, pickup_type="7"),
        "row 3: pickup_type", "0, 1, 2 or 3"),
    "off the Earth": (
        "stops", replaced(STOPS, 0, stop_lat="143.7"),
        "row 2: stop_lat", "-90 to 90"),
    "no place": (
        "stops", replaced(STOPS, 0, stop_lon=""),
        "row 2: stop_lon: nothing is given", "degrees"),
    "a word for degrees": (
        "stops", replaced(STOPS, 0, stop_lon="east"),
        "row 2: stop_lon: 'east'", "decimal"),
    "no such station": (
        "stops", replaced(STOPS, 2, parent_station="x"),
        "row 4: parent_station", "stops.txt"),
    "a stop twice": (
        "stops", [*STOPS, STOPS[0]],
        "row 8: stop_id: 's0'", "no other row"),
    "a trip twice": (
        "trips", [*TRIPS, TRIPS[0]],
        "row 7: trip_id", "no other row"),
    "a trip without a name": (
        "trips", replaced(TRIPS, 1, trip_id=""),
        "row 3: trip_id: nothing", "an id"),
    "unknown route": (
        "trips", replaced(TRIPS, 1, route_id="r9"),
        "row 3: route_id: 'r9'", "routes.txt"),
    "no route type": (
        "routes", replaced(ROUTES, 0, route_type=""),
        "row 2: route_type", "3 for a bus"),
    "no such date": (
        "calendar", replaced(CALENDAR, 0, start_date="20260230"),
        "row 2: start_date", "YYYYMMDD"),
    "ends before it begins": (
        "calendar", replaced(CALENDAR, 0, end_date="20260101"),
        "row 2: end_date", "start_date or later"),
    "half a Monday": (
        "calendar", replaced(CALENDAR, 0, monday="2"),
        "row 2: monday", "0 or 1"),
    "a dashed date": (
        "calendar_dates", replaced(DATES, 1, date="2026-03-04"),
        "row 3: date", "YYYYMMDD"),
    "no such exception": (
        "calendar_dates", replaced(DATES, 0, exception_type="3"),
        "row 2: exception_type", "removed"),
    "no headway": (
        "frequencies", replaced(HEADWAYS, 0, headway_secs="0"),
        "row 2: headway_secs", "1 second"),
    "a headway of a day": (
        "frequencies", replaced(HEADWAYS, 0, headway_secs="86400"),
        "row 2: headway_secs", "32767"),
    "no end": (
        "frequencies", replaced(HEADWAYS, 0, end_time="06:00:00"),
        "row 2: end_time", "later"),
    "half exact": (
        "frequencies", replaced(HEADWAYS, 1, exact_times="2"),
        "row 3: exact_times", "0 or 1"),
    "headway of no trip": (
        "frequencies", replaced(HEADWAYS, 0, trip_id="t"),
        "row 2: trip_id", "trips.txt"),
    "endless": (
        "frequencies", replaced(HEADWAYS, 0, end_time="999:00:00", headway_secs="1") * 3,
        "calls", "at most"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named_with_file_row_and_field(read, name):
    file, rows, where, right = BAD[name]
    with pytest.raises(InputError) as error:
        read(**{file: rows})
    text = str(error.value)
    assert f"feed.zip: {file}.txt: " in text
    assert where in text
    assert right in text.partition("right would be")[2]


@pytest.mark.parametrize("name", ["stops", "routes", "trips", "stop_times"])
def test_a_needed_file_is_asked_for(read, name):
    with pytest.raises(InputError, match=f"has no {name}.txt"):
        read(**{name: None})


def test_a_needed_column_and_a_calendar_are_asked_for(read):
    with pytest.raises(InputError, match=r"stop_times\.txt: no column 'stop_sequence'"):
        read(stop_times=[{k: v for k, v in row.items() if k != "stop_sequence"} for row in TIMES])
    with pytest.raises(InputError, match=r"calendar_dates\.txt have no rows"):
        read(calendar=None, calendar_dates=None)


def test_a_day_without_trips_is_told_which_days_have_some(read):
    with pytest.raises(
        InputError, match=r"no trip runs on 2027-01-01; .*2026-03-02 to 2026-03-29, such as 2026"
    ):
        read(dt.date(2027, 1, 1))


def test_files_that_are_no_feed_are_refused(tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    bomb = as_zip(feed(), tmp_path / "bomb.zip")
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("shapes.txt", b"0" * 80 * 2**20)
    twice = as_zip(feed(), tmp_path / "twice.zip")
    with zipfile.ZipFile(twice, "a") as packed:
        packed.writestr("old/stops.txt", written(STOPS))
    latin = as_folder(feed(), tmp_path / "latin")
    (latin / "stops.txt").write_bytes(written(replaced(STOPS, 0, stop_name="Èze")).encode("latin-1"))
    wide = as_folder(feed(), tmp_path / "wide")
    (wide / "stops.txt").write_text(written(STOPS) + "s9,a,b,c,d,e,f,g,h\n")
    for name, what in {
        "absent.zip": "no such file",
        "text.zip": "is no zip",
        "bomb.zip": "unpacks to",
        "twice.zip": "stops.txt more than once",
        "latin": "stops.txt: is not in UTF-8",
        "wide": "stops.txt: row 8: 9 values; right would be: as many as the header has: 6",
    }.items():
        with pytest.raises(InputError, match=what):
            read_service_day(tmp_path / name, MONDAY)


def test_without_the_extra_one_is_told_how_to_install_it(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "gtfs_kit", None)
    with pytest.raises(InputError, match=r"extra 'transit'; right would be: pip install 'twin\[transit\]'"):
        read()


HOSTILE = (
    *("", " ", "-1", "1e999", "nan", "inf", "=cmd()", "9" * 20, "25:61:00", "-06:00:00", "٣", "20269999"),
    *("\x00", "x" * 5000, '"', "0.5", "\u202e", "true", "s0", "6:00"),
)
CELLS = [
    (name, row, column) for name, rows in feed().items() for row in range(len(rows)) for column in rows[0]
]


@settings(max_examples=120)
@given(st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from(HOSTILE)), min_size=1, max_size=2))
def test_hostile_values_are_used_or_refused_and_nothing_else(tmp_path_factory, changes):
    tables = feed()
    for (name, row, column), value in changes:
        tables[name] = replaced(tables[name], row, **{column: value})
    file = as_zip(tables, tmp_path_factory.mktemp("feed") / "feed.zip")
    try:
        day = read_service_day(file, MONDAY)
    except InputError:
        return
    assert (np.diff(day.calls.start) >= 2).all()
    assert (day.calls.departure_s >= day.calls.arrival_s).all()
    assert np.isfinite(day.calls.arrival_s).all()
