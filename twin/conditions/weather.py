"""Weather: wet and dry days, the rain of each hour, temperature; and what rain does to streets.

After Richardson (1981, Water Resources Research 17(1)): a first-order chain of wet and dry days, gamma
amounts (Katz 1977), and a temperature that departs from a seasonal cosine as an AR(1) process.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from twin.clock import N_HOURS
from twin.conditions.series import autoregression, chain_state, date_draw
from twin.scenario.ledger import Parameters
from twin.units import DAYS_PER_MONTH, H_PER_DAY

CLIMATES = ("riviera", "default")


@dataclass(frozen=True)
class Weather:
    """A day's weather: total rain [mm], rain by hour (30,) [mm/h], temperature by hour (30,) [degC].

    Hours from 24 on are the next date's.
    """

    rain_mm: float
    rain_mm_per_h: np.ndarray
    temperature_c: np.ndarray

    @property
    def wet(self) -> bool:
        """Whether it rains at all."""
        return self.rain_mm > 0.0

    @property
    def mean_temperature_c(self) -> float:
        """Mean of the date's 24 hours."""
        return float(self.temperature_c[:24].mean())


def climate_of(lon: float, lat: float, parameters: Parameters) -> str:
    """Climate of a point: that of the Riviera within the ledger's box.

    >>> climate_of(7.40, 43.74, Parameters.defaults()), climate_of(2.35, 48.86, Parameters.defaults())
    ('riviera', 'default')
    """
    west, south, east, north = parameters["conditions.riviera_box"]
    return CLIMATES[0] if west <= lon <= east and south <= lat <= north else CLIMATES[1]


def weather_on(seed: int, date: dt.date, climate: str, parameters: Parameters) -> Weather:
    """The weather of a date, until 30:00."""
    tomorrow = date + dt.timedelta(days=1)
    today_mm = rain_by_hour(seed, date, climate, parameters)
    next_mm = rain_by_hour(seed, tomorrow, climate, parameters)
    rain = np.concatenate([today_mm, next_mm])[:N_HOURS]
    swing = swing_of_day_c(np.arange(N_HOURS), parameters)
    mean = np.repeat([mean_temperature_c(seed, day, climate, parameters) for day in (date, tomorrow)], 24)
    return Weather(float(today_mm.sum()), rain, (mean[:N_HOURS] + swing).round(3))


def swing_of_day_c(hour: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Temperature at hours of a day (n,) above that day's mean (n,) [degC]: a cosine."""
    amplitude = float(parameters["conditions.temperature_of_day"])
    warmest = float(parameters["conditions.warmest_hour"])
    return np.asarray(amplitude * np.cos(2.0 * np.pi * (hour - warmest) / H_PER_DAY))


def wet_chances(date: dt.date, climate: str, parameters: Parameters) -> tuple[float, float]:
    """Chance of rain after a dry day, after a wet day, so that wet days are as many as in the ledger."""
    share = parameters[f"conditions.wet_days_{climate}"][date.month - 1] / DAYS_PER_MONTH
    persistence = parameters["conditions.wet_persistence"][CLIMATES.index(climate)]
    return share * (1.0 - persistence), share + persistence * (1.0 - share)


def rain_by_hour(seed: int, date: dt.date, climate: str, parameters: Parameters) -> np.ndarray:
    """Rain of a date's hours (24,) [mm/h]: one spell on a wet day, evenly strong."""
    ordinal, rain = date.toordinal(), np.zeros(24)

    def chance(at: int) -> tuple[float, float]:
        return wet_chances(dt.date.fromordinal(at), climate, parameters)

    if not chain_state(seed, "wet", ordinal, chance):
        return rain
    shape = float(parameters["conditions.rain_shape"])
    month_mm = parameters[f"conditions.rain_{climate}"][date.month - 1]
    scale_mm = month_mm / parameters[f"conditions.wet_days_{climate}"][date.month - 1] / shape
    amount_mm = scale_mm * float(gammaincinv(shape, date_draw(seed, "rain", ordinal)))
    more_h = -math.log1p(-date_draw(seed, "rain hours", ordinal)) * _more_h(parameters)
    length = min(1 + int(more_h), 24)
    begin = int(date_draw(seed, "rain begins", ordinal) * (25 - length))
    rain[begin : begin + length] = max(round(amount_mm, 3), 0.001) / length
    return rain


def _more_h(parameters: Parameters) -> float:
    """Scale of the exponential whose whole hours, and one more, have the ledger's mean length."""
    mean_h = float(parameters["conditions.rain_hours"])
    return 1.0 / math.log(mean_h / (mean_h - 1.0)) if mean_h > 1.0 else 0.0


def season_temperature_c(date: dt.date, climate: str, parameters: Parameters) -> float:
    """The seasonal cosine [degC]."""
    mean, amplitude, warmest = parameters[f"conditions.temperature_{climate}"]
    day = date.timetuple().tm_yday
    return float(mean + amplitude * math.cos(2.0 * math.pi * (day - warmest) / 365.25))


def mean_temperature_c(seed: int, date: dt.date, climate: str, parameters: Parameters) -> float:
    """A date's mean temperature [degC]."""
    spread = parameters["conditions.temperature_spread"][CLIMATES.index(climate)]
    persistence = float(parameters["conditions.temperature_persistence"])
    away = autoregression(seed, "temperature", date.toordinal(), persistence)
    return float(season_temperature_c(date, climate, parameters) + spread * away)


def rain_factors(mm_per_h: float, parameters: Parameters) -> tuple[float, float]:
    """What rain leaves of streets' capacity and of free speed.

    >>> rain_factors(0.1, Parameters.defaults()), rain_factors(3.0, Parameters.defaults())
    ((1.0, 1.0), (0.93, 0.96))
    """
    light, heavy = parameters["conditions.rain_rates"]
    if mm_per_h < light:
        return 1.0, 1.0
    strength = int(mm_per_h >= heavy)
    names = ("conditions.rain_capacity_factor", "conditions.rain_speed_factor")
    capacity, speed = (float(parameters[name][strength]) for name in names)
    return capacity, speed
