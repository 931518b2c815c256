"""Calibration to counts of streets: days are lived until what passes is what was counted, or no better.

Which part of each table of commuters and through traffic passes a count is read off the simulated day, so
congestion and detours are in it. Of all totals that would meet the counts with these parts, those closest to
the file's are taken (Van Zuylen & Willumsen 1980, Transp. Res. B 14(3)); with them the next day is lived.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.kernels.synthesis import rake_weights
from twin.model.sources import load_territory, population_file
from twin.population.additions import PERSON_IDS
from twin.population.file import CalibrationTable, read_population_file, with_calibration, with_scaled_totals
from twin.population.outside.counts import MET_WITHIN, ROUNDS, TOLERANCE
from twin.population.outside.travellers import KIND_IDS
from twin.population.residents.households import AREA_IDS
from twin.population.synthesis import synthesise
from twin.population.tables import COMMUTER, THROUGH
from twin.readers.csv_rows import number_of, read_rows
from twin.scenario.scenario import Scenario
from twin.study.habits import learned_habits, usual_day
from twin.study.progress import Progress, silent, within
from twin.study.run import World, live
from twin.territory.territory import Territory
from twin.units import H_PER_DAY, MS_PER_H

COLUMNS = ("links", "from_hour", "until_hour", "vehicles", "source")


@dataclass(frozen=True)
class LinkCount:
    """Vehicles that passed a street, or a line across several, within some hours of a weekday."""

    links: tuple[str, ...]
    from_hour: int
    until_hour: int
    vehicles: float
    source: str


@dataclass(frozen=True)
class Round:
    """A day that was lived: totals over the file's, and what passed each count."""

    factors: tuple[float, ...]
    passed: tuple[int, ...]
    worst: float
    """The largest error as a part of its count, once twice the error of chance is taken off."""


@dataclass(frozen=True)
class Calibrated:
    """Rounds in their order, the best of them, and why no further one was lived."""

    counts: tuple[LinkCount, ...]
    tables: tuple[str, ...]
    rounds: tuple[Round, ...]
    best: int
    stopped: str
    text: str
    """The place's population file with the best totals."""

    @property
    def met(self) -> bool:
        """Whether each count is met by the best day: within 5 %, or twice the error of chance."""
        return self.rounds[self.best].worst <= MET_WITHIN

    def summary(self) -> dict[str, Any]:
        """What `twin calibrate --json` prints."""
        best, first = self.rounds[self.best], self.rounds[0]
        rows = [
            {
                "links": list(count.links),
                "from_hour": count.from_hour,
                "until_hour": count.until_hour,
                "counted": count.vehicles,
                "before": before,
                "simulated": passed,
                "error": passed - count.vehicles,
                "standard_error": float(np.sqrt(count.vehicles)),
                "met": _beyond(passed, count.vehicles) <= MET_WITHIN,
                "source": count.source,
            }
            for count, before, passed in zip(self.counts, first.passed, best.passed, strict=True)
        ]
        return {
            "calibrated": self.met,
            "stopped": self.stopped,
            "rounds": [{"worst": each.worst, "factors": list(each.factors)} for each in self.rounds],
            "best_round": self.best,
            "factors": dict(zip(self.tables, best.factors, strict=True)),
            "counts": rows,
        }


def read_link_counts(path: Path, territory: Territory) -> tuple[LinkCount, ...]:
    """Counts of a CSV file with the columns `COLUMNS`; ids of links are apart by spaces."""
    known = set(territory.streets.link_id.tolist())
    found = tuple(_count(row, f"{path}: line {line}", known) for line, row in read_rows(path, COLUMNS))
    if not found:
        raise InputError(str(path), "a table without a count", "a row for each count")
    return found


def _count(row: dict[str, str], where: str, known: set[str]) -> LinkCount:
    links = tuple(row["links"].split())
    for link in links or ("",):
        if link not in known:
            raise InputError(f"{where}: links", f"no link {link!r}", "ids of links of the territory")
    try:
        hours = int(row["from_hour"]), int(row["until_hour"])
    except ValueError:
        raise InputError(where, "hours are no whole numbers", "0 <= from < until <= 24") from None
    if not 0 <= hours[0] < hours[1] <= H_PER_DAY:
        raise InputError(where, f"from {hours[0]} until {hours[1]} is no time", "0 <= from < until <= 24")
    vehicles = number_of(row["vehicles"], f"{where}: vehicles", "vehicles, more than 0")
    if vehicles == 0.0:
        raise InputError(f"{where}: vehicles", "0 is no count", "vehicles, more than 0")
    if not row["source"]:
        raise InputError(f"{where}: source", "missing", "where the count comes from")
    return LinkCount(links, *hours, vehicles, row["source"])


def calibrate(
    scenario: Scenario,
    counts: Sequence[LinkCount],
    seed: int,
    rounds: int = 5,
    threads: int = 1,
    progress: Progress = silent,
) -> Calibrated:
    """Live usual days of a scenario until its counts are met, no round helps any more, or they run out."""
    file = population_file(scenario)
    where = "calibrate" if file is None else str(file)
    read = None if file is None else read_population_file(file)
    if file is None or read is None or not (read.commuters or read.through):
        raise InputError(where, "nobody from outside to scale", "a population.toml with commuters or through")
    if read.count:
        raise InputError(where, "counts at gateways scale the same totals", "a file without tables [[count]]")
    text, territory = file.read_text(encoding="utf-8"), load_territory(scenario)
    tables = (*(f"commuters {i + 1}" for i in range(len(read.commuters))),)
    tables += tuple(f"through {i + 1}" for i in range(len(read.through)))
    n_commuters = len(read.commuters)
    factors, lived, best, stopped = (1.0,) * len(tables), [], 0, "rounds ran out"
    for number in range(rounds):
        part = within(progress, number / rounds, (number + 1) / rounds)
        totals = with_scaled_totals(text, factors[:n_commuters], factors[n_commuters:], where)
        record = _day(scenario, territory, totals, seed, threads, part)
        passes, fixed, vehicles = _passing(record, counts, n_commuters, len(tables))
        passed = np.rint(passes.sum(axis=1) + fixed)
        worst = max(_beyond(n, count.vehicles) for n, count in zip(passed, counts, strict=True))
        lived.append(Round(factors, tuple(int(n) for n in passed), worst))
        best = min(range(len(lived)), key=lambda row: lived[row].worst)
        if worst <= MET_WITHIN:
            stopped = "every count is met"
            break
        if number and best != number:
            stopped = "the last round came no closer"
            break
        factors = _closest(factors, passes, fixed, vehicles, counts)
    found = lived[best].factors
    told = CalibrationTable(
        kind="statistic",
        source="; ".join(dict.fromkeys(count.source for count in counts)),
        counts=len(counts),
        met=lived[best].worst <= MET_WITHIN,
        worst_error=round(lived[best].worst, 4),
    )
    scaled = with_calibration(with_scaled_totals(text, found[:n_commuters], found[n_commuters:], where), told)
    progress(1.0, "done")
    return Calibrated(tuple(counts), tables, tuple(lived), best, stopped, scaled)


def _day(
    scenario: Scenario, territory: Territory, totals: str, seed: int, threads: int, progress: Progress
) -> DayRecord:
    """A usual day with these totals, once drivers have learned what it is like."""
    usual = usual_day(scenario)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "population.toml"
        file.write_text(totals, encoding="utf-8")
        population = synthesise(territory, file, scenario.ledger(), seed).scaled(scenario.demand_scale)
    learning = within(progress, 0.0, 0.8)
    habits = learned_habits(usual, territory, population, seed, threads=threads, progress=learning)
    world = World(territory, population, habits)
    return live(usual, seed, world, threads=threads, progress=within(progress, 0.8, 1.0))


def _passing(
    record: DayRecord, counts: Sequence[LinkCount], n_commuters: int, n_tables: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Passages by table (n_counts, n_tables) and of others (n_counts,), and persons of each table."""
    persons, trips = record.population.persons, record.population.trips
    number = persons.person_id % PERSON_IDS % KIND_IDS // AREA_IDS
    table = np.where(
        persons.kind == COMMUTER, number, np.where(persons.kind == THROUGH, n_commuters + number, -1)
    )
    of_event = table[trips.person[record.event_trip]]
    hour = record.event_enter_ms // MS_PER_H % H_PER_DAY
    link_id = record.territory.streets.link_id
    passes, fixed = np.zeros((len(counts), n_tables)), np.zeros(len(counts))
    for row, count in enumerate(counts):
        here = np.isin(record.event_link, np.flatnonzero(np.isin(link_id, count.links)))
        here &= (hour >= count.from_hour) & (hour < count.until_hour)
        passes[row] = np.bincount(of_event[here & (of_event >= 0)], minlength=n_tables)
        fixed[row] = np.count_nonzero(here & (of_event < 0))
    return passes, fixed, np.bincount(table[table >= 0], minlength=n_tables).astype(float)


def _closest(
    factors: tuple[float, ...],
    passes: np.ndarray,
    fixed: np.ndarray,
    vehicles: np.ndarray,
    counts: Sequence[LinkCount],
) -> tuple[float, ...]:
    """Factors closest to 1 that meet the counts, each vehicle passing them as on the day that was lived."""
    lived = np.array(factors)
    first = np.divide(vehicles, lived, out=np.zeros(len(lived)), where=lived > 0.0)
    rates = np.divide(passes, vehicles, out=np.zeros(passes.shape), where=vehicles > 0.0)
    aims = np.maximum(np.array([count.vehicles for count in counts]) - fixed, 0.0)
    weights = first.copy()
    rake_weights(weights, rates, aims, ROUNDS, TOLERANCE)
    found = np.divide(weights, first, out=lived.copy(), where=first > 0.0)
    return tuple(float(each) for each in found)


def _beyond(passed: float, counted: float) -> float:
    """Error as a part of the count; none within twice the error of chance of so many vehicles."""
    error = abs(float(passed) - counted)
    return 0.0 if error <= 2.0 * float(np.sqrt(counted)) else error / counted
