"""One service day of a GTFS feed: its stops, lines, runs and calls, and what was left out and why.

After the GTFS Schedule Reference (MobilityData, gtfs.org). Everything is in the feed's own ids and in
degrees; which of it lies in a territory is for the territory to say.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.clock import format_time_s
from twin.errors import InputError
from twin.readers.gtfs_calendar import busiest_weekday, check_calendar, first_and_last, services_on
from twin.readers.gtfs_calls import Calls, Headways, expand, read_calls, read_headways
from twin.readers.gtfs_fares import LineFares, read_line_fares
from twin.readers.gtfs_files import check_ids, digest_of_files, numbers, read_feed, refuse, rows_of, texts

MODES = {0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "ferry", 5: "tram", 11: "bus", 12: "metro"}
"""Route types by number; what is none of these (cable cars, funiculars, taxis) is "other"."""
EXTENDED = {1: "rail", 2: "bus", 4: "metro", 5: "metro", 6: "metro", 7: "bus", 8: "bus", 9: "tram",
            10: "ferry", 12: "ferry"}  # fmt: skip
"""Extended route types (Google, after the European TPEG), by hundreds."""
LEAST_CALLS = 2

Texts = NDArray[np.str_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ServiceDay:
    """What runs on one date: only stops that are called at, lines that run; lines and stops by id.

    `calls` are those of the runs in order; `run_line` and the stops of the calls are rows. `dropped`
    counts what was left out, by reason; `notes` says where it comes from and counts the whole feed.
    """

    date: dt.date
    stop_id: Texts
    stop_name: Texts
    stop_lon: Floats
    stop_lat: Floats
    line_id: Texts
    line_name: Texts
    line_mode: Texts
    line_fares: LineFares
    run_id: Texts
    run_line: NDArray[np.int32]
    calls: Calls
    dropped: Mapping[str, int]
    notes: Mapping[str, Any]


def read_service_day(path: str | Path, date: dt.date | None = None) -> ServiceDay:
    """Read what a GTFS feed, a zip or a folder, runs on a date.

    Parameters
    ----------
    date
        The service day; the Monday-to-Friday date with the most runs, the first among equals, if none
        is given.

    Raises
    ------
    InputError
        The feed cannot be used, with file, row and field; or nothing runs on that date.
    """
    file = Path(path)
    where = str(file)
    feed = read_feed(file)
    check_calendar(feed, where)
    trips, lines = _check_trips(feed, where), check_ids(where, "routes", "route_id", feed.routes)
    line_of_trip = rows_of(lines, texts(feed.trips, "route_id"))
    refuse(where, "trips", line_of_trip < 0, feed.trips, ("route_id", "a route of routes.txt"))
    headways = read_headways(feed, trips, where)
    services = texts(feed.trips, "service_id")
    runs_of_service = _runs_of_services(services, headways)
    day = busiest_weekday(feed, runs_of_service, where) if date is None else date
    running = np.isin(services, np.array(sorted(services_on(feed, day)), dtype=np.str_))
    if not running.any():
        first, last = first_and_last(feed)
        right = f"a date from {first} to {last}, such as {busiest_weekday(feed, runs_of_service, where)}"
        raise InputError(where, f"no trip runs on {day}", right)
    dropped = Counter({"trips_of_other_days": int((~running).sum())})
    running &= ~_on_demand(feed, trips, dropped)
    stops = _read_stops(feed, where)
    calls, of, leaves = _runs(feed, np.flatnonzero(running), trips, headways, (stops, dropped, where))
    return _day(
        feed, day, (lines, line_of_trip[of], _run_ids(trips[of], leaves)), (stops, calls), dropped, file
    )


def mode_of(route_type: float) -> str:
    """Mode of a route type, plain or extended.

    >>> mode_of(3), mode_of(0), mode_of(109), mode_of(1400)
    ('bus', 'tram', 'rail', 'other')
    """
    number = int(route_type)
    return MODES.get(number, "other") if number < 100 else EXTENDED.get(number // 100, "other")


def _check_trips(feed: Any, where: str) -> Texts:
    trips = check_ids(where, "trips", "trip_id", feed.trips)
    unknown = rows_of(trips, texts(feed.stop_times, "trip_id")) < 0
    refuse(where, "stop_times", unknown, feed.stop_times, ("trip_id", "a trip of trips.txt"))
    kinds = numbers(feed.routes, "route_type")
    refuse(
        where, "routes", ~(kinds >= 0), feed.routes, ("route_type", "a route type, for example 3 for a bus")
    )
    return trips


def _runs_of_services(services: Texts, headways: Headways) -> dict[str, int]:
    """Runs a day of each service, those given by headways counted one by one."""
    runs = np.ones(len(services), dtype=np.int64)
    runs[headways.trip] = 0
    np.add.at(runs, headways.trip, headways.n_runs())
    total: Counter[str] = Counter()
    for service, n_runs in zip(services.tolist(), runs.tolist(), strict=True):
        total[service] += n_runs
    return dict(total)


def _on_demand(feed: Any, trips: Texts, dropped: Counter[str]) -> NDArray[np.bool_]:
    """Trips that serve areas on request instead of stops (GTFS-Flex): there is no timetable of them."""
    table = feed.stop_times
    areas = [name for name in ("location_id", "location_group_id") if name in table.columns]
    flexible = np.zeros(len(trips), dtype=bool)
    for name in areas:
        rows = (texts(table, "stop_id") == "") & (texts(table, name) != "")
        flexible[rows_of(trips, texts(table, "trip_id")[rows])] = True
    dropped["trips_on_demand"] += int(flexible.sum())
    return flexible


def _read_stops(feed: Any, where: str) -> tuple[Texts, Texts, Floats, Floats]:
    """Id, name, lon and lat of all stops; a platform without name or place has its station's."""
    table = feed.stops
    ids = check_ids(where, "stops", "stop_id", table)
    name, lon, lat = texts(table, "stop_name"), numbers(table, "stop_lon"), numbers(table, "stop_lat")
    parent_id = texts(table, "parent_station")
    parent = rows_of(ids, parent_id)
    refuse(where, "stops", (parent_id != "") & (parent < 0), table, ("parent_station", "a stop of stops.txt"))
    name = np.where((name == "") & (parent >= 0), name[parent], name)
    bare = (np.isnan(lon) | np.isnan(lat)) & (parent >= 0)
    lon, lat = np.where(bare, lon[parent], lon), np.where(bare, lat[parent], lat)
    kind = np.nan_to_num(numbers(table, "location_type"), nan=0.0)
    for column, value, most in (("stop_lon", lon, 180.0), ("stop_lat", lat, 90.0)):
        wrong = (kind <= 2) & ~(np.abs(value) <= most)
        refuse(where, "stops", wrong, table, (column, f"degrees, -{most:g} to {most:g}"))
    return ids, np.where(name == "", ids, name), lon, lat


def _runs(
    feed: Any,
    today: np.ndarray,
    trips: Texts,
    headways: Headways,
    ground: tuple[tuple[Texts, Texts, Floats, Floats], Counter[str], str],
) -> tuple[Calls, np.ndarray, Floats]:
    """Calls of the day's runs, the trip of each run, and when those given by headways leave."""
    (stop_id, _, lon, lat), dropped, where = ground
    calls = read_calls(feed, trips[today], (stop_id, lon, lat), where)
    length = np.diff(calls.start)
    dropped["trips_without_two_calls"] += int((length < LEAST_CALLS).sum())
    kept = np.flatnonzero(length >= LEAST_CALLS)
    calls = calls.picked(kept, np.zeros(len(kept)))
    today = today[kept]
    row_of_trip = np.full(len(trips), -1, dtype=np.int64)
    row_of_trip[today] = np.arange(len(today))
    rows = np.flatnonzero(row_of_trip[headways.trip] >= 0)
    headways = Headways(
        row_of_trip[headways.trip[rows]],
        headways.from_s[rows],
        headways.until_s[rows],
        headways.every_s[rows],
    )
    calls, of, leaves = expand(calls, headways, where)
    return calls, today[of], leaves


def _run_ids(trips: Texts, leaves: Floats) -> Texts:
    """Trip ids; with the moment of departure where a trip stands for several runs."""
    names = [
        trip if np.isnan(moment) else f"{trip}@{format_time_s(moment)}"
        for trip, moment in zip(trips.tolist(), leaves.tolist(), strict=True)
    ]
    seen: Counter[str] = Counter()
    for row, name in enumerate(names):
        seen[name] += 1
        names[row] = name if seen[name] == 1 else f"{name}+{seen[name] - 1}"
    return np.array(names, dtype=np.str_)


def _day(
    feed: Any,
    day: dt.date,
    runs: tuple[Texts, np.ndarray, Texts],
    served: tuple[tuple[Texts, Texts, Floats, Floats], Calls],
    dropped: Counter[str],
    file: Path,
) -> ServiceDay:
    """The day's lines and stops by id, rows counted anew."""
    (lines, run_line, run_id), ((stop_id, stop_name, lon, lat), calls) = runs, served
    stops, stop_row = _rows_by_id(stop_id, calls.stop)
    kept, line_row = _rows_by_id(lines, run_line)
    short, long = texts(feed.routes, "route_short_name")[kept], texts(feed.routes, "route_long_name")[kept]
    name = np.where(short != "", short, np.where(long != "", long, lines[kept]))
    modes = [mode_of(kind) for kind in numbers(feed.routes, "route_type")[kept].tolist()]
    fares = read_line_fares(feed, lines, dropped, str(file))
    dropped["stops_not_called_at"] += len(stop_id) - len(stops)
    dropped["lines_not_running"] += len(lines) - len(kept)
    moved = Calls(
        calls.start, stop_row, calls.arrival_s, calls.departure_s, calls.pickup, calls.drop, calls.filled
    )
    counts = {table: len(getattr(feed, table)) for table in ("stops", "routes", "trips", "stop_times")}
    notes = {
        "source": f"GTFS feed {file.name}",
        "source_sha256": digest_of_files(file),
        "attribution": _publishers(feed),
        "version": _first(feed.feed_info, "feed_version"),
        "feed": counts,
        "times_filled": calls.filled,
    }
    return ServiceDay(
        day, stop_id[stops], stop_name[stops], lon[stops], lat[stops], lines[kept], name,
        np.array(modes, dtype=np.str_), LineFares(*(column[kept] for column in fares)), run_id,
        line_row.astype(np.int32), moved,
        {reason: n for reason, n in dropped.items() if n}, notes,
    )  # fmt: skip


def _rows_by_id(ids: Texts, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are used, by id, and the place among them of each use."""
    rows = np.unique(used)
    rows = rows[np.argsort(ids[rows], kind="stable")]
    place = np.full(len(ids), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return rows, place[used]


def _publishers(feed: Any) -> str:
    """Who made the feed: its agencies, and its publisher."""
    names = [] if feed.agency is None else sorted(set(texts(feed.agency, "agency_name").tolist()) - {""})
    publisher = _first(feed.feed_info, "feed_publisher_name")
    return ", ".join([*names, publisher] if publisher and publisher not in names else names)


def _first(table: Any, column: str) -> str:
    return "" if table is None else str(texts(table, column)[0])
