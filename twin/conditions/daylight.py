"""When the sun is up: sunrise and sunset of a date by latitude and longitude, in French legal time.

Declination by Cooper (1969, Solar Energy 12(3)), the equation of time as in Duffie and Beckman (Solar
Engineering of Thermal Processes, 1.5); some minutes off at most.
"""

from __future__ import annotations

import datetime as dt
import math

SUN_EDGE_DEG = -0.833
"""Height of the sun's middle when its upper edge is at the horizon, refraction included."""


def summer_time(date: dt.date) -> bool:
    """Whether clocks are an hour on (Directive 2000/84/EC): last Sunday of March to that of October."""
    first, last = (_last_sunday(date.year, month) for month in (3, 10))
    return first <= date < last


def _last_sunday(year: int, month: int) -> dt.date:
    last = dt.date(year, month, 31)
    return last - dt.timedelta(days=(last.weekday() + 1) % 7)


def sun_hours(date: dt.date, lon: float, lat: float) -> tuple[float, float]:
    """Hours of sunrise and sunset; equal where the sun does not rise, a day apart where it does not set.

    >>> [round(hour, 1) for hour in sun_hours(dt.date(2027, 6, 21), 7.4, 43.7)]
    [5.8, 21.3]
    >>> [round(hour, 1) for hour in sun_hours(dt.date(2027, 12, 21), 7.4, 43.7)]
    [8.0, 16.9]
    """
    n = date.timetuple().tm_yday
    turn = math.radians(23.45) * math.sin(math.radians(360.0 * (284 + n) / 365.0))
    b = math.radians(360.0 * (n - 81) / 364.0)
    late_min = 9.87 * math.sin(2.0 * b) - 7.53 * math.cos(b) - 1.5 * math.sin(b)
    noon = 12.0 + (2.0 if summer_time(date) else 1.0) - lon / 15.0 - late_min / 60.0
    phi = math.radians(lat)
    cosine = (math.sin(math.radians(SUN_EDGE_DEG)) - math.sin(phi) * math.sin(turn)) / (
        math.cos(phi) * math.cos(turn)
    )
    half = math.degrees(math.acos(min(max(cosine, -1.0), 1.0))) / 15.0
    return noon - half, noon + half


def dark_share(rise_h: float, set_h: float, start_h: float, end_h: float) -> float:
    """Share of a span of hours in which the sun is down; hours from 24 on are those of a like day.

    >>> dark_share(6.0, 20.0, 5.0, 7.0), dark_share(6.0, 20.0, 29.0, 31.0)
    (0.5, 0.5)
    """
    up = 0.0
    for day in (-24.0, 0.0, 24.0):
        up += max(min(end_h, set_h + day) - max(start_h, rise_h + day), 0.0)
    return 1.0 - up / (end_h - start_h)
