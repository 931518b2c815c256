"""Which services of a GTFS feed run on a date: weekly calendars, their exceptions, the busiest weekday."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.readers.gtfs_files import IF_THERE, numbers, refuse, texts

WEEKDAYS = IF_THERE["calendar"][1:8]
A_DATE = "a date as YYYYMMDD"
ADDED, REMOVED = 1, 2


def check_calendar(feed: Any, where: str) -> None:
    """Refuse dates that are none and exceptions of a kind that there is not."""
    if feed.calendar is not None:
        for column in ("start_date", "end_date"):
            _check_dates(feed.calendar, "calendar", column, where)
        late = texts(feed.calendar, "start_date") > texts(feed.calendar, "end_date")
        refuse(where, "calendar", late, feed.calendar, ("end_date", "start_date or later"))
        for day in WEEKDAYS:
            wrong = ~np.isin(numbers(feed.calendar, day), (0, 1))
            refuse(where, "calendar", wrong, feed.calendar, (day, "0 or 1"))
    if feed.calendar_dates is not None:
        _check_dates(feed.calendar_dates, "calendar_dates", "date", where)
        wrong = ~np.isin(numbers(feed.calendar_dates, "exception_type"), (ADDED, REMOVED))
        right = "1 (the service is added) or 2 (removed)"
        refuse(where, "calendar_dates", wrong, feed.calendar_dates, ("exception_type", right))


def services_on(feed: Any, date: dt.date) -> frozenset[str]:
    """Services that run on a date: by the weekly calendar, less those removed, and those added."""
    return frozenset(feed.get_active_services(date.strftime("%Y%m%d")))


def busiest_weekday(feed: Any, runs_of_service: dict[str, int], where: str) -> dt.date:
    """The Monday-to-Friday date with the most runs, the first among equals; any date where none runs then.

    Services change only where a calendar begins or ends or at an exception, so looking a week ahead
    from each such date misses nothing.
    """
    best: tuple[int, int, int] | None = None
    chosen: dt.date | None = None
    for date in _candidates(feed):
        n_runs = sum(runs_of_service.get(service, 0) for service in services_on(feed, date))
        score = (int(date.weekday() < 5), n_runs, -date.toordinal())
        if n_runs and (best is None or score > best):
            best, chosen = score, date
    if chosen is None:
        raise InputError(where, "no trip runs on any date", "calendars whose services the trips name")
    return chosen


def first_and_last(feed: Any) -> tuple[dt.date, dt.date]:
    """First and last date of which the calendars speak."""
    dates = [date for table, columns in _dated(feed) for column in columns for date in _dates(table, column)]
    return min(dates), max(dates)


def _candidates(feed: Any) -> list[dt.date]:
    """Dates that stand for all: a week from every one at which something changes."""
    changes: set[int] = set()  # as ordinals: the day after the calendar's last is a number still
    for table, columns in _dated(feed):
        for column in columns:
            days = {date.toordinal() for date in _dates(table, column)}
            changes |= {day + 1 for day in days} if column != "start_date" else set()
            changes |= days if column != "end_date" else set()
    first, last = (date.toordinal() for date in first_and_last(feed))
    week = {day + later for day in changes for later in range(len(WEEKDAYS))}
    return [dt.date.fromordinal(day) for day in sorted(week) if first <= day <= last]


def _dated(feed: Any) -> list[tuple[Any, tuple[str, ...]]]:
    tables = [(feed.calendar, ("start_date", "end_date")), (feed.calendar_dates, ("date",))]
    return [(table, columns) for table, columns in tables if table is not None]


def _dates(table: Any, column: str) -> list[dt.date]:
    return [dt.datetime.strptime(each, "%Y%m%d").date() for each in set(texts(table, column).tolist())]


def _check_dates(table: Any, name: str, column: str, where: str) -> None:
    wrong = np.array([not _is_date(each) for each in texts(table, column).tolist()], dtype=bool)
    refuse(where, name, wrong, table, (column, A_DATE))


def _is_date(text: str) -> bool:
    try:
        dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return len(text) == 8 and text.isdecimal()
