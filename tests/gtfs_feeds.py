"""Small GTFS feeds written as files: one sound feed with everything in it, to be changed table by table."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Rows = list[dict[str, str]]
Tables = dict[str, Rows]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STEP_DEG = 0.001


def table(columns: str, *rows: str) -> Rows:
    """Rows of a table, values parted by commas as in the file.

    >>> table("a,b", "1,", "2,x")
    [{'a': '1', 'b': ''}, {'a': '2', 'b': 'x'}]
    """
    names = columns.split(",")
    return [dict(zip(names, row.split(","), strict=True)) for row in rows]


def feed(**changed: Rows | None) -> Tables:
    """A feed around 7.40, 43.74: a bus with trips at all hours, a tram by headway, a ferry that never runs.

    Tables given replace those of the feed; None leaves one out.
    """
    tables = {
        "agency": table("agency_id,agency_name,agency_url,agency_timezone", "A,Hill Buses,,Europe/Paris"),
        "stops": table(
            "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station",
            "s0,Square,43.740,7.400,0,",
            "s1,School,43.740,7.401,,",
            "s2,,43.740,7.402,0,hub",
            "s3,Station,43.740,7.404,0,",
            "hub,Hub,43.7401,7.4021,1,",
            "far,Nowhere,43.750,7.500,0,",
        ),
        "routes": table(
            "route_id,agency_id,route_short_name,route_long_name,route_type",
            "bus,A,7,Square to Station,3",
            "tram,A,,Hill tram,0",
            "boat,A,B,,4",
        ),
        "trips": table(
            "route_id,service_id,trip_id",
            "bus,week,early",
            "bus,week,late",
            "bus,end,weekend",
            "tram,week,tram",
            "boat,never,boat",
        ),
        "stop_times": table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type",
            "early,6:30:00,06:30:00,s0,1,0,1",
            "early,06:32:00,06:32:30,s1,2,,",
            "early,06:35:00,06:35:00,s3,5,1,0",
            "late,23:58:00,23:58:00,s0,1,,",
            "late,24:01:00,24:02:00,s1,2,,",
            "late,25:10:05,25:10:05,s3,3,,",
            "weekend,10:00:00,10:00:00,s0,1,,",
            "weekend,10:20:00,10:20:00,s3,2,,",
            "tram,00:00:00,00:00:00,s1,1,,",
            "tram,00:05:00,00:06:00,s2,2,,",
            "tram,00:10:00,00:10:00,s3,3,,",
            "boat,12:00:00,12:00:00,s0,1,,",
            "boat,13:00:00,13:00:00,far,2,,",
        ),
        "calendar": table(
            "service_id," + ",".join(WEEKDAYS) + ",start_date,end_date",
            "week,1,1,1,1,1,0,0,20260302,20260329",
            "end,0,0,0,0,0,1,1,20260302,20260329",
        ),
        "calendar_dates": table(
            "service_id,date,exception_type", "week,20260304,2", "end,20260304,1", "end,20260305,1"
        ),
        "frequencies": table(
            "trip_id,start_time,end_time,headway_secs,exact_times",
            "tram,06:00:00,07:00:00,1200,1",
            "tram,23:30:00,24:30:00,1800,0",
        ),
        "feed_info": table("feed_publisher_name,feed_version", "County,v1"),
    }
    made = {name: changed.get(name, rows) for name, rows in (tables | changed).items()}
    return {name: rows for name, rows in made.items() if rows is not None}


def replaced(rows: Iterable[Mapping[str, str]], number: int, **values: str) -> Rows:
    """The rows with some values of one of them changed (numbers from 0)."""
    return [{**row, **values} if place == number else dict(row) for place, row in enumerate(rows)]


def written(rows: Rows, header: str = "", end: str = "\n") -> str:
    """A table as the text of its file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return header + text.getvalue()


def as_zip(tables: Tables, file: Path, folder: str = "", header: str = "", end: str = "\n") -> Path:
    """The feed as a zip, its files in a folder of it if one is named."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, rows in tables.items():
            packed.writestr(f"{folder}{name}.txt", written(rows, header, end))
    return file


def as_folder(tables: Tables, folder: Path) -> Path:
    """The feed as a folder of files."""
    folder.mkdir()
    for name, rows in tables.items():
        (folder / f"{name}.txt").write_text(written(rows), encoding="utf-8")
    return folder
