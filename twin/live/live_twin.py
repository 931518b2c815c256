"""The live twin at one moment: what came in until then, the nowcast, how true it is, and what if."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.clock import format_time_s, parse_date
from twin.conditions.calendar import calendar_day
from twin.errors import InputError
from twin.knowledge.scores import day_of_week_mean
from twin.live.fidelity import Fidelity, fidelity_of
from twin.live.nowcast import Nowcast, nowcast
from twin.live.observed import Counted, counts_of, fleets_of, observed_platform_of
from twin.live.store import ObservationStore
from twin.live.what_if import WhatIf, from_now, what_if
from twin.model.sources import load_territory
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.study.dated_days import dated_days
from twin.study.habits import cache_folders
from twin.study.progress import Progress, silent, within
from twin.study.run import World, world_of, world_of_days
from twin.study.things import ZONE, midnight_us

N_DAYS = 7
"""Earlier days that are lived for the prior: enough to see how days differ, seconds each."""


@dataclass(frozen=True)
class LiveTwin:
    """What is known at a moment: nowcast, its fidelity, rows of no counter here, and what if, where asked."""

    scenario: Scenario
    now_s: float
    link_id: np.ndarray
    nowcast: Nowcast
    fidelity: Fidelity
    n_foreign: int
    what_if: WhatIf | None

    def lines(self) -> list[str]:
        """The report; its first line says whether the twin beats persistence."""
        told = self.fidelity.lines()
        if self.n_foreign:
            told.append(f"{self.n_foreign:,} observations are of no counter of this scenario.")
        return told + (self.what_if.lines() if self.what_if else [])

    def summary(self) -> dict[str, Any]:
        """The same as plain values, with the flows of all links now and in the next slice."""
        slot, coming = self.nowcast.slot, self.nowcast.forecast(1)
        now, spread = self.nowcast.filtered.flow_veh, self.nowcast.filtered.spread_veh
        flows = {
            "link_id": self.link_id,
            "flow_veh": np.round(now[slot], 2),
            "spread_veh": np.round(spread[slot], 2),
            "next_flow_veh": np.round(coming.flow_veh[0], 2) if len(coming.flow_veh) else [],
        }
        return {
            "report": self.lines(),
            "now": format_time_s(self.now_s),
            "slice_ends": format_time_s((slot + 1) * 900.0),
            "fidelity": self.fidelity.summary(),
            "n_foreign": self.n_foreign,
            "what_if": None if self.what_if is None else self.what_if.summary(),
            "flows": flows,
        }


def twin_at(
    scenario: Scenario,
    observed: Path,
    now_s: float,
    *,
    alternative: Scenario | None = None,
    n_days: int = N_DAYS,
    zone: str = ZONE,
    progress: Progress = silent,
) -> LiveTwin:
    """The live twin of a dated scenario at a moment of its day, by what `twin ingest` keeps in a folder."""
    if scenario.date is None:
        right = 'date = "YYYY-MM-DD", the day that is observed'
        raise InputError(scenario.where("date"), "a mean weekday is nobody's present", right)
    if alternative is not None:
        changed_from(scenario, alternative, now_s)
    progress(0.0, "reading what came in")
    counted, n_foreign = counted_until(scenario, observed, now_s, zone)
    progress(0.01, "learning the usual week")
    usual = usual_world(scenario, within(progress, 0.01, 0.35))
    progress(0.4, "living earlier days")
    parameters = scenario.ledger()
    dates = earlier_dates(parse_date(scenario.date), n_days, parameters)
    days_veh, ways = [], within(progress, 0.4, 0.8)
    for number, day in enumerate(dated_days(scenario, dates, scenario.seed, usual=usual), start=1):
        days_veh.append(day.record.exits.astype(np.float64))
        ways(number / n_days, f"lived {day.conditions.calendar.date}")
    days = np.array(days_veh)
    found = nowcast(days, counted, usual.territory, parameters, now_s, scenario.seed)
    if not np.isfinite(
        found.ahead_veh[: found.slot + 1][np.isfinite(counted.flow_veh[: found.slot + 1])]
    ).any():
        raise _nothing_counted(scenario, observed, now_s)
    weekday = np.array([date.weekday() for date in dates])
    fidelity = fidelity_of(found, day_of_week_mean(days, weekday, parse_date(scenario.date).weekday()))
    asked = None
    if alternative is not None:
        progress(0.8, "living the day without and with the change")
        asked = what_if(scenario, alternative, usual, found, now_s, scenario.seed)
    progress(1.0, "done")
    return LiveTwin(
        scenario, now_s, usual.territory.streets.link_id, found, fidelity, n_foreign, asked
    )  # fmt: skip


def counted_until(scenario: Scenario, observed: Path, now_s: float, zone: str = ZONE) -> tuple[Counted, int]:
    """Counts of the scenario's date until a moment, and how many rows are of no counter of it.

    Raises `InputError` where there are none: told before any day is lived.
    """
    fleets, parameters, territory = fleets_of(scenario), scenario.ledger(), load_territory(scenario)
    begin_us = midnight_us(scenario, zone)
    with ObservationStore(observed, parameters, read_only=True) as store:
        platform, n_foreign = observed_platform_of(store, territory, fleets, begin_us)
    counted = counts_of(platform, fleets, territory.streets.n_links, parameters, now_s)
    if not np.isfinite(counted.flow_veh).any():
        raise _nothing_counted(scenario, observed, now_s)
    return counted, n_foreign


def _nothing_counted(scenario: Scenario, observed: Path, now_s: float) -> InputError:
    what = f"no counts of {scenario.date} until {format_time_s(now_s)}"
    return InputError(str(observed), what, "observations of that date by the scenario's road counters")


def changed_from(scenario: Scenario, alternative: Scenario, now_s: float) -> Scenario:
    """The scenario with the alternative's changes from a moment on, which must be of one territory."""
    if alternative.territory_path().resolve() != scenario.territory_path().resolve():
        right = f"a scenario of {scenario.territory!r}"
        raise InputError(alternative.where("territory"), "is another territory than the present's", right)
    return from_now(scenario, alternative, now_s)


def usual_world(scenario: Scenario, progress: Progress = silent) -> World:
    """People, streets and habits of usual weekdays, who have got used to days that differ."""
    plain = scenario.model_copy(update={"date": None})
    folders = cache_folders()
    return world_of_days(
        plain, plain.seed, world_of(plain, plain.seed, folders=folders, progress=progress), 1, folders
    )


def earlier_dates(date: dt.date, n_days: int, parameters: Parameters) -> list[dt.date]:
    """So many dates before one, of its kind (weekday, Saturday, Sunday; school or holidays), in order.

    >>> before = earlier_dates(dt.date(2027, 1, 18), 2, Parameters.defaults())
    >>> [day.isoformat() for day in before]
    ['2027-01-14', '2027-01-15']
    """
    if n_days < 2:
        raise InputError("earlier days", f"{n_days}", "2 or more, to see how days differ")
    asked, day = calendar_day(date, parameters), date
    found: list[dt.date] = []
    while len(found) < n_days:
        day -= dt.timedelta(days=1)
        other = calendar_day(day, parameters)
        if (other.kind, other.school_holidays) == (asked.kind, asked.school_holidays):
            found.append(day)
    return found[::-1]
