"""Forecasts that need no model: what an estimator must beat on days that differ.

Each forecasts a day from the days before it alone: the mean of them all, yesterday, the last day of its kind
(weekday, Saturday, Sunday or public holiday), the mean of the same days of the week, and that mean moved by
a part of what yesterday departed from its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.conditions.day import DayConditions

WARM_UP_DAYS = 14
RIVALS = ("mean", "yesterday", "last_of_kind", "day_of_week", "day_of_week_moved")


def rival_errors(days: np.ndarray, conditions: Sequence[DayConditions], moved: float) -> dict[str, float]:
    """Mean squared error of each forecast over the days after the warm-up, and over cells.

    ``days`` are (n_days, n_cells), ``moved`` is the part of yesterday's departure that goes on.
    """
    weekday = np.array([each.calendar.date.weekday() for each in conditions])
    kind = np.array([each.kind for each in conditions])
    total = dict.fromkeys(RIVALS, 0.0)
    for day in range(WARM_UP_DAYS, len(days)):
        for name, forecast in zip(RIVALS, _forecasts(days, day, weekday, kind, moved), strict=True):
            total[name] += float(np.mean((days[day] - forecast) ** 2))
    return {name: error / (len(days) - WARM_UP_DAYS) for name, error in total.items()}


def _forecasts(
    days: np.ndarray, day: int, weekday: np.ndarray, kind: np.ndarray, moved: float
) -> tuple[np.ndarray, ...]:
    past = days[:day]

    def usual(of: int) -> np.ndarray:
        return np.asarray(past[weekday[:day] == weekday[of]].mean(axis=0))

    alike = np.flatnonzero(kind[:day] == kind[day])
    last = past[alike[-1]] if len(alike) else past[-1]
    departure = past[-1] - usual(day - 1)
    return past.mean(axis=0), past[-1], last, usual(day), usual(day) + moved * departure


def variance_shares(days: np.ndarray, conditions: Sequence[DayConditions]) -> dict[str, float]:
    """Shares of the variance between days (n_days, n_cells), summed over cells, and what is left.

    ``day_of_week``: between the means of days of the week; ``conditions``: of the rest, what a straight line
    in the logarithm of the day's level, in its rain and in school holidays tells.
    """
    away = days - days.mean(axis=0)
    weekday = np.array([each.calendar.date.weekday() for each in conditions])
    rest = away.copy()
    for each in np.unique(weekday):
        rest[weekday == each] -= rest[weekday == each].mean(axis=0)
    causes = np.array(
        [
            [1.0, np.log(each.level), each.weather.rain_mm, float(each.calendar.school_holidays)]
            for each in conditions
        ]
    )
    fitted, *_ = np.linalg.lstsq(causes, rest, rcond=None)
    left = rest - causes @ fitted
    total = float((away**2).sum())
    by_weekday, unexplained = 1.0 - float((rest**2).sum()) / total, float((left**2).sum()) / total
    return {"day_of_week": by_weekday, "conditions": 1.0 - by_weekday - unexplained, "left": unexplained}
