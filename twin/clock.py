"""The two clocks as whole numbers: seconds through a day, representative or of a date, months through years.

Operational moments count seconds from 00:00 of that day. A day is loaded until 30:00,
so that evening trips can end after midnight.
"""

from __future__ import annotations

import datetime as dt
import re

from twin.errors import InputError

DAY_S = 86_400
N_HOURS = 30
"""Hours of a simulated day."""
HORIZON_S = N_HOURS * 3_600
"""Last moment of a simulated day: 30:00."""
SLICE_S = 900
"""Length of the slices by which flows and travel times are recorded [s]."""
N_SLICES = HORIZON_S // SLICE_S
SLICES_PER_H = N_SLICES // N_HOURS

MS = 1_000
"""Milliseconds in a second: moments within a day of traffic are whole milliseconds."""
DAY_MS = DAY_S * MS
HORIZON_MS = HORIZON_S * MS
SLICE_MS = SLICE_S * MS
MIDDLE_DAY = 15
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years of dates and months: far enough from the calendar's ends that days before and after are dates too."""

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_time_s(text: str, where: str = "time") -> int:
    """Time of day ``HH:MM[:SS]`` in seconds; hours may reach 30.

    >>> parse_time_s("07:30")
    27000
    """
    match = _TIME.fullmatch(text.strip())
    if match:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        moment = hours * 3_600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and moment <= HORIZON_S:
            return moment
    raise InputError(where, f"{text!r} is not a time of day", "HH:MM between 00:00 and 30:00")


def format_time_s(moment_s: float) -> str:
    """Seconds as ``HH:MM:SS``.

    >>> format_time_s(27_000)
    '07:30:00'
    """
    whole = round(moment_s)
    return f"{whole // 3_600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def parse_month(text: str, where: str = "month") -> int:
    """Month ``YYYY-MM`` as months since year 0.

    >>> parse_month("2027-01") - parse_month("2026-11")
    2
    """
    match = _MONTH.fullmatch(text.strip())
    if match and FIRST_YEAR <= int(match[1]) <= LAST_YEAR and 1 <= int(match[2]) <= 12:
        return int(match[1]) * 12 + int(match[2]) - 1
    right = f"YYYY-MM from {FIRST_YEAR}-01 to {LAST_YEAR}-12, for example 2027-01"
    raise InputError(where, f"{text!r} is not a month", right)


def format_month(month: int) -> str:
    """Months since year 0 as ``YYYY-MM``.

    >>> format_month(parse_month("2027-01") + 1)
    '2027-02'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def middle_of_month(month: int) -> dt.date:
    """The date that stands for a whole month, by months since year 0.

    >>> middle_of_month(parse_month("2027-01")).isoformat()
    '2027-01-15'
    """
    return dt.date(month // 12, month % 12 + 1, MIDDLE_DAY)


def parse_date(text: str, where: str = "date") -> dt.date:
    """Date ``YYYY-MM-DD``.

    >>> parse_date("2027-01-16").isoweekday()
    6
    """
    if is_date(text.strip()):
        return dt.date.fromisoformat(text.strip())
    right = f"YYYY-MM-DD from {FIRST_YEAR}-01-01 to {LAST_YEAR}-12-31, for example 2027-01-16"
    raise InputError(where, f"{text!r} is not a date", right)


def is_date(text: str) -> bool:
    """Whether a text is a date ``YYYY-MM-DD`` of the years 1900 to 2199.

    >>> is_date("2028-02-29"), is_date("2027-02-29"), is_date("9999-12-31")
    (True, False, False)
    """
    try:
        return bool(_DATE.fullmatch(text)) and FIRST_YEAR <= dt.date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False
