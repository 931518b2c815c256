"""The calendar: which kind of day a date is, in France."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from twin.scenario.ledger import Parameters

WEEKDAY, SATURDAY, SUNDAY = range(3)
DAY_KINDS = ("weekday", "saturday", "sunday")
SEASONS = ("winter", "spring", "summer", "autumn")
FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
AFTER_EASTER = (1, 39, 50)
"""Days after Easter: its Monday, Ascension, Whit Monday. All legal holidays: Code du travail L3133-1."""


@dataclass(frozen=True)
class CalendarDay:
    """A date: its kind (index into `DAY_KINDS`; a public holiday counts as Sunday), and school holidays."""

    date: dt.date
    kind: int
    school_holidays: bool

    @property
    def ordinal(self) -> int:
        """Days since the first of January of year 1: the moment of the date's draws."""
        return self.date.toordinal()

    @property
    def season(self) -> str:
        """Meteorological season of the month."""
        return SEASONS[self.date.month % 12 // 3]


def calendar_day(date: dt.date, parameters: Parameters) -> CalendarDay:
    """A date with its kind.

    >>> ledger = Parameters.defaults()
    >>> [calendar_day(dt.date(2027, 5, day), ledger).kind for day in (6, 7, 8, 9)]
    [2, 0, 2, 2]
    """
    holiday = date in public_holidays(date.year)
    kind = SUNDAY if holiday or date.weekday() == 6 else SATURDAY if date.weekday() == 5 else WEEKDAY
    return CalendarDay(date, kind, in_school_holidays(date, parameters))


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm; Meeus 1991, Astronomical Algorithms).

    >>> easter(2027).isoformat(), easter(2024).isoformat()
    ('2027-03-28', '2024-03-31')
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)


def public_holidays(year: int) -> frozenset[dt.date]:
    """Legal holidays of a year."""
    fixed = [dt.date(year, month, day) for month, day in FIXED_HOLIDAYS]
    moving = [easter(year) + dt.timedelta(days=after) for after in AFTER_EASTER]
    return frozenset(fixed + moving)


def in_school_holidays(date: dt.date, parameters: Parameters) -> bool:
    """Whether schools are closed that day, Saturdays and Sundays within the holidays included."""
    rows = [int(number) for number in parameters["conditions.school_holidays"]]
    for year in (date.year - 1, date.year):
        for month, nth, length in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
            first = dt.date(year, month, 1)
            begin = first + dt.timedelta(days=(5 - first.weekday()) % 7 + 7 * (nth - 1))
            if 0 <= (date - begin).days < length:
                return True
    return False
