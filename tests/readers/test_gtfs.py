"""A service day of a GTFS feed: which trips run, when they call where, and what bad feeds are told."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gtfs_feeds import WEEKDAYS, as_folder, as_zip, feed, replaced, table
from twin.errors import InputError
from twin.readers.gtfs import ServiceDay, mode_of, read_service_day
from twin.readers.gtfs_calls import seconds_of

MONDAY, WEDNESDAY, SATURDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 4), dt.date(2026, 3, 7)
HOUR = 3600.0


@pytest.fixture
def read(tmp_path):
    def of(date: dt.date | None = MONDAY, **changed) -> ServiceDay:
        return read_service_day(as_zip(feed(**changed), tmp_path / "feed.zip"), date)

    return of


def calls(day: ServiceDay, run: str) -> list[tuple[str, float, float]]:
    """Stop, arrival and departure of a run's calls."""
    row = day.run_id.tolist().index(run)
    rows = slice(int(day.calls.start[row]), int(day.calls.start[row + 1]))
    stops = day.stop_id[day.calls.stop[rows]].tolist()
    return list(
        zip(stops, day.calls.arrival_s[rows].tolist(), day.calls.departure_s[rows].tolist(), strict=True)
    )


def told(day: ServiceDay) -> dict[str, list[tuple[str, float, float]]]:
    return {run: calls(day, run) for run in day.run_id.tolist()}


def test_a_weekday_has_its_trips_and_only_what_they_use(read):
    day = read()
    assert day.line_id.tolist() == ["bus", "tram"]
    assert (day.line_name.tolist(), day.line_mode.tolist()) == (["7", "Hill tram"], ["bus", "tram"])
    assert day.stop_id.tolist() == ["s0", "s1", "s2", "s3"]
    assert set(day.run_id.tolist()) == {
        "early", "late", "tram@06:00:00", "tram@06:20:00", "tram@06:40:00", "tram@23:30:00", "tram@24:00:00",
    }  # fmt: skip
    assert day.dropped == {"trips_of_other_days": 2, "stops_not_called_at": 2, "lines_not_running": 1}
    assert day.notes["feed"] == {"stops": 6, "routes": 3, "trips": 5, "stop_times": 13}
    assert (day.notes["attribution"], day.notes["version"]) == ("Hill Buses, County", "v1")


def test_times_go_on_past_midnight(read):
    assert calls(read(), "late") == [
        ("s0", 23 * HOUR + 58 * 60, 23 * HOUR + 58 * 60),
        ("s1", 24 * HOUR + 60, 24 * HOUR + 120),
        ("s3", 25 * HOUR + 605, 25 * HOUR + 605),
    ]
    assert calls(read(), "tram@24:00:00")[-1] == ("s3", 24 * HOUR + 600, 24 * HOUR + 600)


@pytest.mark.parametrize("exact", ["0", "1", ""])
def test_headways_become_runs_from_the_first_moment_to_before_the_last(read, exact):
    rows = table(
        "trip_id,start_time,end_time,headway_secs,exact_times", f"tram,07:00:00,08:00:00,900,{exact}"
    )
    day = read(frequencies=rows)
    trams = [run for run in day.run_id.tolist() if run.startswith("tram")]
    assert trams == [f"tram@07:{minute:02d}:00" for minute in (0, 15, 30, 45)]
    assert calls(day, "tram@07:15:00") == [
        ("s1", 7.25 * HOUR, 7.25 * HOUR),
        ("s2", 7.25 * HOUR + 300, 7.25 * HOUR + 360),
        ("s3", 7.25 * HOUR + 600, 7.25 * HOUR + 600),
    ]


def test_a_headway_trip_leaves_at_its_moments_whatever_its_own_times_are(read):
    shifted = feed()["stop_times"]
    for row, time in ((8, "09:00:00"), (9, "09:05:00"), (10, "09:10:00")):
        shifted = replaced(shifted, row, arrival_time=time, departure_time=time)
    at_six = calls(read(stop_times=shifted), "tram@06:00:00")
    assert [arrival for _, arrival, _ in at_six] == [6 * HOUR, 6 * HOUR + 300, 6 * HOUR + 600]


def test_two_headways_at_one_moment_are_two_runs(read):
    rows = table("trip_id,start_time,end_time,headway_secs", *["tram,07:00:00,07:10:00,600"] * 2)
    trams = [run for run in read(frequencies=rows).run_id.tolist() if run.startswith("tram")]
    assert trams == ["tram@07:00:00", "tram@07:00:00+1"]


def test_exceptions_take_services_away_and_add_them(read):
    assert read(WEDNESDAY).run_id.tolist() == ["weekend"]
    assert {"early", "weekend"} <= set(read(dt.date(2026, 3, 5)).run_id.tolist())
    assert read(SATURDAY).run_id.tolist() == ["weekend"]


def test_a_feed_may_have_exceptions_only_or_none(read):
    dates = table("service_id,date,exception_type", "week,20260309,1", "end,20260310,1")
    assert read(dt.date(2026, 3, 10), calendar=None, calendar_dates=dates).run_id.tolist() == ["weekend"]
    assert "early" in read(WEDNESDAY, calendar_dates=None).run_id.tolist()


def test_the_busiest_weekday_is_the_first_with_most_runs(read):
    assert read(None).date == dt.date(2026, 3, 5), "that Thursday the weekend's bus runs as well"
    assert read(None, calendar_dates=None).date == MONDAY
    saturdays = table("service_id,date,exception_type", "end,20260307,1")
    assert read(None, calendar=None, calendar_dates=saturdays).date == SATURDAY, "no weekday has any"


def test_a_service_may_run_until_the_last_date_of_the_calendar(read):
    """Which feeds write where no end is known."""
    forever = replaced(feed()["calendar"], 0, end_date="99991231")
    assert read(None, calendar=forever).date == read(None).date


FIRST = dt.date(2026, 2, 23)
MOMENTS = st.integers(0, 27).map(lambda days: FIRST + dt.timedelta(days=days))
PERIODS = st.tuples(
    st.sampled_from(["week", "end"]), st.tuples(*[st.booleans()] * 7), MOMENTS, st.integers(0, 14)
)
EXCEPTIONS = st.tuples(st.sampled_from(["week", "end"]), MOMENTS, st.sampled_from(["1", "2"]))


@settings(max_examples=40)
@given(
    st.lists(PERIODS, min_size=1, max_size=2, unique_by=lambda each: each[0]),
    st.lists(EXCEPTIONS, max_size=5),
)
def test_the_day_is_as_the_specification_says_date_by_date(tmp_path_factory, periods, exceptions):
    """A slow reading of the calendar, each date by itself, agrees on the busiest weekday and its trips."""
    weekly = [
        {"service_id": service, **{day: str(int(on)) for day, on in zip(WEEKDAYS, days, strict=True)},
         "start_date": f"{start:%Y%m%d}", "end_date": f"{start + dt.timedelta(days=length):%Y%m%d}"}
        for service, days, start, length in periods
    ]  # fmt: skip
    dates = [{"service_id": s, "date": f"{d:%Y%m%d}", "exception_type": t} for s, d, t in exceptions]
    trips_of = {"week": {"early", "late"}, "end": {"weekend"}}

    def running(date: dt.date) -> set[str]:
        services = {
            service
            for service, days, start, length in periods
            if start <= date <= start + dt.timedelta(days=length) and days[date.weekday()]
        }
        services |= {s for s, d, t in exceptions if d == date and t == "1"}
        services -= {s for s, d, t in exceptions if d == date and t == "2"}
        return set().union(*(trips_of[service] for service in services))

    span = [FIRST + dt.timedelta(days=days) for days in range(60)]
    ranked = sorted(span, key=lambda date: (date.weekday() > 4, -len(running(date)), date))
    served = [date for date in ranked if running(date)]
    tables = feed(
        calendar=weekly, calendar_dates=dates or None, frequencies=None,
        trips=[row for row in feed()["trips"] if row["route_id"] == "bus"],
        stop_times=[row for row in feed()["stop_times"] if row["trip_id"] in ("early", "late", "weekend")],
    )  # fmt: skip
    file = as_zip(tables, tmp_path_factory.mktemp("feed") / "feed.zip")
    if not served:
        with pytest.raises(InputError, match="no trip runs on any date"):
            read_service_day(file)
        return
    day = read_service_day(file)
    assert (day.date, set(day.run_id.tolist())) == (served[0], running(served[0]))


def test_zip_folder_and_folder_in_a_zip_are_one_feed(read, tmp_path):
    plain = told(read())
    assert told(read_service_day(as_folder(feed(), tmp_path / "feed"), MONDAY)) == plain
    assert told(read_service_day(as_zip(feed(), tmp_path / "nested.zip", folder="in/"), MONDAY)) == plain
    marked = as_zip(feed(), tmp_path / "bom.zip", header="\ufeff", end="\r\n")
    assert told(read_service_day(marked, MONDAY)) == plain


def test_optional_files_and_columns_may_be_absent(read):
    bare = [
        {key: row[key] for key in ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence")}
        for row in feed()["stop_times"]
    ]
    day = read(stop_times=bare, agency=None, feed_info=None, frequencies=None)
    assert calls(day, "tram")[0] == ("s1", 0.0, 0.0)
    assert day.calls.pickup.all()
    assert day.calls.drop.all()
    assert day.notes["attribution"] == ""


def test_where_nobody_may_get_on_or_off(read):
    day = read()
    row = day.run_id.tolist().index("early")
    rows = slice(int(day.calls.start[row]), int(day.calls.start[row + 1]))
    assert day.calls.pickup[rows].tolist() == [True, True, False]
    assert day.calls.drop[rows].tolist() == [False, True, True]


def test_a_platform_has_the_name_and_place_of_its_station(read):
    day = read(stops=replaced(feed()["stops"], 2, stop_lat="", stop_lon=""))
    row = day.stop_id.tolist().index("s2")
    assert (day.stop_name[row], day.stop_lon[row], day.stop_lat[row]) == ("Hub", 7.4021, 43.7401)
    own = read()
    assert own.stop_lon[own.stop_id.tolist().index("s2")] == 7.402


def test_missing_times_lie_between_the_known_by_distance(read):
    """s0 to s3 is 4 steps in a straight line, s1 after 1 of them; or as shape_dist_traveled has it."""
    gap = replaced(feed()["stop_times"], 1, arrival_time="", departure_time="")
    assert calls(read(stop_times=gap), "early")[1] == ("s1", 6.5 * HOUR + 75, 6.5 * HOUR + 75)
    along = [
        {**row, "shape_dist_traveled": way}
        for row, way in zip(gap, ["0", "8", "10", *[""] * (len(gap) - 3)], strict=True)
    ]
    day = read(stop_times=along)
    assert calls(day, "early")[1] == ("s1", 6.5 * HOUR + 240, 6.5 * HOUR + 240)
    assert day.notes["times_filled"] == 1


def test_one_of_the_two_times_is_enough(read):
    half = replaced(feed()["stop_times"], 1, arrival_time="")
    assert calls(read(stop_times=half), "early")[1] == ("s1", 6.5 * HOUR + 150, 6.5 * HOUR + 150)


def test_trips_on_demand_or_with_one_call_are_left_out_and_counted(read):
    rows = [{**row, "location_group_id": ""} for row in feed()["stop_times"]]
    rows[0] |= {"stop_id": "", "location_group_id": "hamlets"}
    lone = [row for place, row in enumerate(rows) if place not in (4, 5)]
    day = read(stop_times=lone)
    assert day.line_id.tolist() == ["tram"]
    assert (day.dropped["trips_on_demand"], day.dropped["trips_without_two_calls"]) == (1, 1)


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [(1, "metro"), (2, "rail"), (7, "other"), (11, "bus"), (704, "bus"), (900, "tram"), (1501, "other")],
)
def test_route_types_are_modes(route_type, mode):
    assert mode_of(route_type) == mode


@settings(max_examples=60)
@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_times_are_read_as_they_are_written(hours, minutes, seconds):
    texts = np.array([f"{hours}:{minutes:02d}:{seconds:02d}", f"{hours:02d}:{minutes:02d}:{seconds:02d}"])
    assert seconds_of(texts).tolist() == [3600 * hours + 60 * minutes + seconds] * 2


FARES = table(
    "fare_id,price,currency_type,payment_method,transfers",
    "town,1.50,EUR,0,",
    "hill,2.60,EUR,1,0",
    "far,0.50,EUR,1,",
    "pound,0.10,GBP,1,",
)
RULES = table(
    "fare_id,route_id,origin_id", "town,bus,", "hill,tram,", "town,tram,z1", "far,,z1", "pound,bus,"
)


def test_the_fares_of_lines_are_read_and_those_by_zone_or_of_other_currencies_left_out(read):
    day = read(fare_attributes=FARES, fare_rules=RULES)
    assert day.line_id.tolist() == ["bus", "tram"]
    assert day.line_fares.cents.tolist() == [150, 260]
    assert day.line_fares.by_boarding.tolist() == [False, True], "no change between lines is paid for"
    assert (day.dropped["fare_rules_by_zone"], day.dropped["fares_in_other_currency"]) == (2, 1)


def test_a_fare_without_rules_holds_on_all_lines_and_the_lowest_is_charged(read):
    assert read(fare_attributes=FARES[:2]).line_fares.cents.tolist() == [150, 150]
    assert read(fare_attributes=FARES[:2], fare_rules=RULES[1:2]).line_fares.cents.tolist() == [150, 150]
    assert read().line_fares.cents.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("attributes", "rules", "line"),
    [
        (table("fare_id,price,currency_type", "town,-1,EUR"), None, "fare_attributes.txt: row 2: price"),
        (table("fare_id,price,currency_type", ",1,EUR"), None, "fare_attributes.txt: row 2: fare_id"),
        (FARES, table("fare_id,route_id", "town,bus", "village,bus"), "fare_rules.txt: row 3: fare_id"),
        (FARES, table("fare_id,route_id", "town,cable"), "fare_rules.txt: row 2: route_id"),
        (table("fare_id,price", "town,1"), None, "fare_attributes.txt: no column 'currency_type'"),
    ],
)
def test_wrong_fares_are_told_by_row_and_field(read, attributes, rules, line):
    with pytest.raises(InputError, match=line):
        read(fare_attributes=attributes, **({} if rules is None else {"fare_rules": rules}))
