"""Dated days of one place: lived one by one, with habits learned once; and what was planned on them.

For estimators, which learn from some days and are judged on others: flows of links by hour of successive
dates, each with its conditions. A date comes out the same whichever dates are lived with it.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from twin.clock import N_HOURS, SLICES_PER_H
from twin.conditions.day import DayConditions
from twin.conditions.incidents import Incidents
from twin.indicators.records import DayRecord
from twin.model.conditions import day_incidents
from twin.model.sources import conditions_of, load_population, load_territory
from twin.population.tables import CAR
from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.run import World, live, world_of, world_of_days, world_on


@dataclass(frozen=True, eq=False)
class DatedDay:
    """One date: its conditions, the incidents that happened, and the whole record of the day."""

    conditions: DayConditions
    incidents: Incidents
    record: DayRecord

    @property
    def flow_veh(self) -> np.ndarray:
        """Vehicles that left each link by hour (30, n_links) int64."""
        exits = self.record.exits.reshape(N_HOURS, SLICES_PER_H, -1)
        return np.asarray(exits.sum(axis=1, dtype=np.int64))


def dates_from(first: dt.date, n_days: int) -> list[dt.date]:
    """So many successive dates.

    >>> [date.day for date in dates_from(dt.date(2027, 1, 30), 3)]
    [30, 31, 1]
    """
    return [first + dt.timedelta(days=day) for day in range(n_days)]


def dated(scenario: Scenario, date: dt.date) -> Scenario:
    """The scenario on that date, whichever month it names."""
    return scenario.model_copy(update={"date": date.isoformat(), "month": date.isoformat()[:7]})


def dated_days(
    scenario: Scenario,
    dates: Iterable[dt.date],
    seed: int | None = None,
    *,
    usual: World | None = None,
    threads: int = 1,
) -> Iterator[DatedDay]:
    """The scenario lived on each of the dates, as they are asked for.

    ``usual`` is what `twin.study.run.world_of_days` makes; it is made where it is not given.
    """
    seed = scenario.seed if seed is None else seed
    plain = scenario.model_copy(update={"date": None})
    world = usual
    if world is None:
        folders = cache_folders()
        weekday = world_of(plain, seed, threads=threads, folders=folders)
        world = world_of_days(plain, seed, weekday, threads, folders)
    for date in dates:
        spec = dated(plain, date)
        today = conditions_of(spec, world.territory, seed)
        assert today is not None
        incidents = day_incidents(world.territory.streets, today, spec.ledger(), seed)
        record = live(spec, seed, world_on(spec, seed, world, threads), threads=threads)
        yield DatedDay(today, incidents, record)
        del record
        gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes


def planned_departures(scenario: Scenario, dates: Iterable[dt.date], seed: int | None = None) -> np.ndarray:
    """Planned departures by car by date, hour and zone of origin (n_days, 30, n_zones + 1); gates come last.

    Nothing is loaded: a year of days takes little more than a minute for a village.
    """
    seed = scenario.seed if seed is None else seed
    territory = load_territory(scenario)
    n_zones, days = len(territory.zones.name), []
    for date in dates:
        trips = load_population(dated(scenario, date), territory, seed).trips
        rows = np.flatnonzero(trips.mode == CAR)
        origin = trips.origin_place[rows]
        zone = np.where(origin >= 0, territory.places.zone[np.maximum(origin, 0)], n_zones)
        hour = (trips.depart_s[rows] // 3_600.0).astype(np.int64)
        cell = hour * (n_zones + 1) + np.where(zone < 0, n_zones, zone)
        days.append(np.bincount(cell, minlength=N_HOURS * (n_zones + 1)).reshape(N_HOURS, -1))
    return np.array(days)
