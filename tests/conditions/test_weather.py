"""Weather: as wet and as warm as the ledger's climate, the same whoever asks and in whatever order."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.conditions.weather import (
    CLIMATES,
    mean_temperature_c,
    rain_by_hour,
    rain_factors,
    season_temperature_c,
    weather_on,
)
from twin.scenario.ledger import Parameters

LEDGER = Parameters.defaults()
DATES = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))


@pytest.mark.parametrize("climate", CLIMATES)
def test_a_month_is_as_wet_as_the_ledger_says(climate):
    """Octobers of 150 seeds: wet days, rain, and hours of rain on a wet day; each within four errors."""
    days = [(seed, dt.date(2027, 10, day)) for seed in range(150) for day in range(1, 32)]
    rain = np.array([rain_by_hour(seed, date, climate, LEDGER) for seed, date in days])
    daily = rain.sum(axis=1)
    share = LEDGER[f"conditions.wet_days_{climate}"][9] / (365.25 / 12.0)
    lag = LEDGER["conditions.wet_persistence"][CLIMATES.index(climate)]
    error = math.sqrt(share * (1.0 - share) * (1.0 + lag) / (1.0 - lag) / len(days))
    assert (daily > 0.0).mean() == pytest.approx(share, abs=4.0 * error)
    wet_mm = daily[daily > 0.0]
    mean_mm = LEDGER[f"conditions.rain_{climate}"][9] / LEDGER[f"conditions.wet_days_{climate}"][9]
    spread_mm = mean_mm / math.sqrt(LEDGER["conditions.rain_shape"])
    assert wet_mm.mean() == pytest.approx(mean_mm, abs=4.0 * spread_mm / math.sqrt(len(wet_mm)))
    assert wet_mm.std() == pytest.approx(spread_mm, rel=0.2)
    hours = (rain[daily > 0.0] > 0.0).sum(axis=1)
    assert hours.mean() == pytest.approx(LEDGER["conditions.rain_hours"], rel=0.1)


def test_the_riviera_is_drier_in_july_and_wetter_in_october():
    """Both by number of days and by rain: what makes the season."""
    rain = {
        month: sum(
            rain_by_hour(1, dt.date(year, month, day), "riviera", LEDGER).sum()
            for year in range(2020, 2050)
            for day in range(1, 31)
        )
        for month in (7, 10)
    }
    assert rain[10] > 4.0 * rain[7]


def test_temperature_departs_from_its_season_by_the_ledgers_spread():
    dates = [dt.date(2027, 1, 1) + dt.timedelta(days=day) for day in range(1_500)]
    season = np.array([season_temperature_c(date, "riviera", LEDGER) for date in dates])
    away = np.array([mean_temperature_c(2, date, "riviera", LEDGER) for date in dates]) - season
    spread = LEDGER["conditions.temperature_spread"][0]
    lag = LEDGER["conditions.temperature_persistence"]
    error = math.sqrt(2.0 * (1.0 + lag**2) / (1.0 - lag**2) / len(dates))
    assert away.var() == pytest.approx(spread**2, rel=4.0 * error)
    assert np.corrcoef(away[:-1], away[1:])[0, 1] == pytest.approx(lag, abs=0.08)
    assert season.max() - season.min() == pytest.approx(
        2.0 * LEDGER["conditions.temperature_riviera"][1], rel=0.01
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**62), DATES, st.sampled_from(CLIMATES))
def test_tomorrow_begins_as_today_ends(seed, date, climate):
    """Hours 24 to 29 of a day are the first of the next: nothing depends on which day is lived."""
    today = weather_on(seed, date, climate, LEDGER)
    tomorrow = weather_on(seed, date + dt.timedelta(days=1), climate, LEDGER)
    assert (today.rain_mm_per_h[24:] == tomorrow.rain_mm_per_h[:6]).all()
    assert (today.temperature_c[24:] == tomorrow.temperature_c[:6]).all()
    assert today.rain_mm == pytest.approx(today.rain_mm_per_h[:24].sum())
    assert today.wet == bool((today.rain_mm_per_h[:24] > 0.0).any())


@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_more_rain_never_leaves_more(one, other):
    weak, strong = (rain_factors(rate, LEDGER) for rate in sorted((one, other)))
    assert strong[0] <= weak[0] <= 1.0
    assert strong[1] <= weak[1] <= 1.0
