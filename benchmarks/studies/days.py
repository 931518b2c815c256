"""How days differ, and how well forecasts that need no model do on them: docs/days.md.

Eight weeks of the village alone (`networks/la_turbie_crop`) are lived date by date with habits learned once.
The table has a line for each date: its conditions, car departures, links left, delay, and the digest of its
truth. Told at the end: mean squared errors of forecasts from the days before, over that of the mean of all
earlier days, for all links together by day and for every busy link by hour; and what the variance between
days is made of.

Run ``python -m benchmarks.studies.days`` (under a minute); it writes the table anew.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.studies.table import live_and_write
from twin.conditions.calendar import DAY_KINDS
from twin.scenario.scenario import Scenario
from twin.study.dated_days import DatedDay, dated_days, dates_from
from twin.study.digests import truth_digest
from twin.study.rivals import rival_errors, variance_shares

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "days.csv"
SCENARIO = 'title = "Days of the village"\nterritory = "la_turbie_crop"\n'
FIRST, DAYS = dt.date(2027, 1, 11), 56
BUSY_VEH_PER_H = 20.0
MOVED = 0.5
"""As the ledger's persistence of the level."""


def scenario() -> Scenario:
    """The village, on no date yet."""
    return Scenario.loads(SCENARIO, HOME)


def line_of(day: DatedDay, seed: int) -> dict[str, str]:
    """What the table tells of a date."""
    today, record = day.conditions, day.record
    delay_s = record.delay_s[record.comparable]
    return {
        "seed": str(seed),
        "date": today.calendar.date.isoformat(),
        "kind": DAY_KINDS[today.kind],
        "school_holidays": str(int(today.calendar.school_holidays)),
        "level": f"{today.level:.4f}",
        "rain_mm": f"{today.weather.rain_mm:.2f}",
        "temperature_c": f"{today.weather.mean_temperature_c:.2f}",
        "incidents": str(len(day.incidents)),
        "car_trips": str(int(record.by_car.sum())),
        "links_left": str(int(record.exits.sum())),
        "delay_h": f"{float(delay_s[np.isfinite(delay_s)].sum()) / 3_600.0:.3f}",
        "digest": truth_digest(record)[:16],
    }


def told(days: list[DatedDay]) -> Iterator[str]:
    """Lines of the summary."""
    conditions = [day.conditions for day in days]
    hourly = np.array([day.flow_veh for day in days], dtype=np.float64)
    busy = hourly.mean(axis=0) >= BUSY_VEH_PER_H
    cells = {"all links, by day": hourly.sum(axis=(1, 2))[:, None], "busy links, by hour": hourly[:, busy]}
    for name, values in cells.items():
        errors = rival_errors(values, conditions, MOVED)
        ratios = ", ".join(f"{rival} {error / errors['mean']:.3f}" for rival, error in errors.items())
        yield f"{name} ({values.shape[1]}): squared error over that of the mean: {ratios}"
        shares = ", ".join(
            f"{part} {share:.3f}" for part, share in variance_shares(values, conditions).items()
        )
        spread = float(np.sqrt(values.var(axis=0).sum() / (values.mean(axis=0) ** 2).sum()))
        yield f"{name}: spread between days {spread:.3f} of the mean; of its variance: {shares}"


def main() -> None:
    """Live the days, write the table, tell the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    days: list[DatedDay] = []

    def lived() -> Iterator[dict[str, str]]:
        for day in dated_days(scenario(), dates_from(FIRST, options.days), options.seed):
            days.append(day)
            yield line_of(day, options.seed)

    live_and_write(options.table, lived())
    for line in told(days):
        print(line)


if __name__ == "__main__":
    main()
