"""The bus feed of Coquimbo inside the PyPI package aequilibrae: as many of everything as its files have.

The feed may not be kept here, so it is looked for in an installed aequilibrae, in the file
``gtfs/coquimbo.zip`` of TWIN_TEST_DATA (the package's `reference_files/coquimbo.zip`), or skipped.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.territories import grid_territory
from twin.readers.gtfs import read_service_day
from twin.territory.timetable_build import timetable_of_feed

PROJECT, FEED = "coquimbo.zip", "gtfs_coquimbo.zip"
HOLIDAY = dt.date(2016, 6, 27)
"""A Monday on which the weekday service is taken away and another runs."""


@pytest.fixture(scope="module")
def coquimbo(tmp_path_factory) -> Path:
    """The feed, taken out of the package's sample project; the package itself is not imported."""
    package = find_spec("aequilibrae")
    places = [Path(package.origin).parent / "reference_files" / PROJECT] if package and package.origin else []
    if os.environ.get("TWIN_TEST_DATA"):
        places.append(Path(os.environ["TWIN_TEST_DATA"], "gtfs", PROJECT))
    project = next((each for each in places if each.is_file()), None)
    if project is None:
        pytest.skip(f"aequilibrae is not installed, and there is no gtfs/{PROJECT} in TWIN_TEST_DATA")
    with zipfile.ZipFile(project) as packed:
        return Path(packed.extract(FEED, tmp_path_factory.mktemp("coquimbo")))


@pytest.fixture(scope="module")
def tables(coquimbo) -> dict[str, list[dict[str, str]]]:
    """The feed's files as the csv module reads them."""
    with zipfile.ZipFile(coquimbo) as packed:
        return {
            Path(name).stem: list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig"))))
            for name in packed.namelist()
        }


def running(tables, date: dt.date) -> set[str]:
    """Trips of a date, by the specification's words."""
    day, weekday = f"{date:%Y%m%d}", f"{date:%A}".lower()
    services = {
        row["service_id"]
        for row in tables["calendar"]
        if row[weekday] == "1" and row["start_date"] <= day <= row["end_date"]
    }
    for row in tables["calendar_dates"]:
        if row["date"] == day:
            (services.add if row["exception_type"] == "1" else services.discard)(row["service_id"])
    return {row["trip_id"] for row in tables["trips"] if row["service_id"] in services}


@pytest.mark.parametrize("date", [None, HOLIDAY, dt.date(2017, 1, 7)])
def test_stops_lines_runs_and_calls_are_those_of_the_files(coquimbo, tables, date):
    day = read_service_day(coquimbo, date)
    trips = running(tables, day.date)
    calls = [row for row in tables["stop_times"] if row["trip_id"] in trips]
    assert len(trips) > 100
    assert set(day.run_id.tolist()) == trips
    assert len(day.run_id) == len(trips)
    assert set(day.stop_id.tolist()) == {row["stop_id"] for row in calls}
    assert set(day.line_id.tolist()) == {
        row["route_id"] for row in tables["trips"] if row["trip_id"] in trips
    }
    assert len(day.calls.stop) == len(calls)
    counted = {name: len(tables[name]) for name in ("stops", "routes", "trips", "stop_times")}
    assert day.notes["feed"] == counted


def test_an_exception_moves_the_holiday_to_another_service(coquimbo, tables):
    holiday, monday = running(tables, HOLIDAY), running(tables, HOLIDAY + dt.timedelta(days=7))
    assert not holiday & monday
    assert set(read_service_day(coquimbo, HOLIDAY).run_id.tolist()) == holiday


def test_no_weekday_is_busier(coquimbo, tables):
    day = read_service_day(coquimbo)
    first = min(row["start_date"] for row in tables["calendar"])
    begin = dt.datetime.strptime(first, "%Y%m%d").date()
    weekdays = [begin + dt.timedelta(days=days) for days in range(400)]
    most = max(len(running(tables, each)) for each in weekdays if each.weekday() < 5)
    assert day.date.weekday() < 5
    assert len(day.run_id) == most


def test_every_time_is_that_of_the_file(coquimbo, tables):
    day = read_service_day(coquimbo)
    told = {}
    for row, run in enumerate(day.run_id.tolist()):
        rows = slice(int(day.calls.start[row]), int(day.calls.start[row + 1]))
        stops = day.stop_id[day.calls.stop[rows]].tolist()
        told[run] = list(zip(stops, day.calls.departure_s[rows].tolist(), strict=True))
    listed: dict[str, list[tuple[int, str, float]]] = {}
    for row in tables["stop_times"]:
        if row["trip_id"] in told:
            hours, minutes, seconds = map(int, row["departure_time"].split(":"))
            call = (int(row["stop_sequence"]), row["stop_id"], 3600.0 * hours + 60 * minutes + seconds)
            listed.setdefault(row["trip_id"], []).append(call)
    assert told == {trip: [call[1:] for call in sorted(calls)] for trip, calls in listed.items()}


def test_the_feed_becomes_a_timetable_on_the_ground(coquimbo):
    """On a territory around all its stops nothing is lost; with half of them, only what lies outside is."""
    day = read_service_day(coquimbo)
    ground = grid_territory()
    box = [day.stop_lon.min(), day.stop_lat.min(), day.stop_lon.max(), day.stop_lat.max()]
    ground.meta["bbox"] = [float(each) for each in box]
    timetable = timetable_of_feed(day, ground)
    counts = (timetable.n_stops, timetable.n_lines, timetable.n_runs, timetable.n_calls)
    assert counts == (len(day.stop_id), len(day.line_id), len(day.run_id), len(day.calls.stop))
    ground.meta["bbox"][2] = float(np.median(day.stop_lon))
    part = timetable_of_feed(day, ground)
    assert 0 < part.n_stops < timetable.n_stops
    assert part.stop_lon.max() <= ground.meta["bbox"][2]
    assert part.meta["dropped"]["stops_outside"] == timetable.n_stops - part.n_stops
