"""The conditions of a date, as a function of seed and date: equal for every scenario, in any order."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from twin.conditions.calendar import DAY_KINDS, WEEKDAY, CalendarDay, calendar_day
from twin.conditions.series import autoregression
from twin.conditions.weather import Weather, weather_on
from twin.scenario.ledger import Parameters


@dataclass(frozen=True)
class DayConditions:
    """What a date brings to everybody.

    Parameters
    ----------
    calendar, climate
        Which kind of day it is, and whose weather.
    level
        How many leave home, over the mean day of its kind; 1 on average.
    weather
        Rain and temperature.
    """

    calendar: CalendarDay
    climate: str
    level: float
    weather: Weather

    @property
    def kind(self) -> int:
        """Index into `DAY_KINDS`."""
        return self.calendar.kind

    def by_kind(self, name: str, parameters: Parameters) -> float:
        """A factor that the ledger has by kind of day."""
        return float(parameters[f"conditions.{name}"][self.kind])

    def season_factor(self, parameters: Parameters) -> float:
        """Traffic from afar over its yearly mean."""
        return float(parameters[f"conditions.season_factor_{self.climate}"][self.calendar.date.month - 1])

    def told(self) -> dict[str, Any]:
        """The date in words and numbers, for reports."""
        return {
            "date": self.calendar.date.isoformat(),
            "kind": DAY_KINDS[self.kind],
            "season": self.calendar.season,
            "school_holidays": self.calendar.school_holidays,
            "level": round(self.level, 4),
            "rain_mm": round(self.weather.rain_mm, 2),
            "temperature_c": round(self.weather.mean_temperature_c, 2),
        }


def conditions_on(seed: int, date: dt.date, climate: str, parameters: Parameters) -> DayConditions:
    """The conditions of a date."""
    day = calendar_day(date, parameters)
    level = level_on(seed, day, parameters)
    return DayConditions(day, climate, level, weather_on(seed, date, climate, parameters))


def level_on(seed: int, day: CalendarDay, parameters: Parameters) -> float:
    """How many leave home over the mean day: by weekday, times a lognormal AR(1) process of mean 1."""
    spread = float(parameters["conditions.level_spread"])
    persistence = float(parameters["conditions.level_persistence"])
    common = spread * autoregression(seed, "level", day.ordinal, persistence)
    usual = parameters["conditions.weekday_factor"][day.date.weekday()] if day.kind == WEEKDAY else 1.0
    return round(float(usual * math.exp(common - spread**2 / 2.0)), 9)
