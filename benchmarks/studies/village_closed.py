"""The A8 closed and signed, nobody with an app: how full the street of the village is, lorries as two cars.

A capacity counts passenger-car units. Of each direction of the links of `scenarios/village_links.csv`, the
link that carries the largest share of its capacity from 8 to 9, in vehicles and in these units. The days are
those of `benchmarks.studies.village` (``closed`` at share 0), which the digest of each line shows.

Run ``python -m benchmarks.studies.village_closed --seeds 20``, or both by ``make study``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.studies.table import Line, Lines, Work, arguments, go_on, read_lines, write_lines
from benchmarks.studies.village import BUSY_HOUR, DIRECTIONS, Member, live, of_direction, street_links
from benchmarks.studies.village import key_of as key_of_member
from twin.indicators.records import DayRecord
from twin.units import MS_PER_H, S_PER_H

TABLE = Path(__file__).with_name("village_closed.csv")
NAMES = ("seed",)


@dataclass(frozen=True)
class Closed:
    """The day of one seed."""

    seed: int

    @property
    def name(self) -> tuple[str]:
        """What tells it from the others, as written in the table."""
        return (str(self.seed),)

    def member(self) -> Member:
        """The same day in the study of the village."""
        return Member("closed", 0.0, None, self.seed)


def key_of(day: Closed) -> str:
    """The key of a day's simulation, as written in the table."""
    return key_of_member(day.member())


def shares_of_capacity(record: DayRecord, links: np.ndarray) -> tuple[float, float]:
    """Flow over capacity from 8 to 9 on the link where that is most: vehicles, passenger-car units."""
    begin_ms, end_ms = (hour * MS_PER_H for hour in BUSY_HOUR)
    there = (record.event_exit_ms >= begin_ms) & (record.event_exit_ms < end_ms)
    pcu = np.asarray(record.parameters["mobility.class_pcu"])[record.vehicles.vehicle_class]
    streets = record.territory.streets
    of_link = np.full(streets.n_links, -1)
    of_link[links] = np.arange(len(links))
    row = of_link[record.event_link]
    kept = there & (row >= 0)
    per_h = streets.flow_capacity_vps[links] * S_PER_H
    vehicles = np.bincount(row[kept], minlength=len(links))
    units = np.bincount(row[kept], weights=pcu[record.event_trip[kept]], minlength=len(links))
    return float((vehicles / per_h).max()), float((units / per_h).max())


def measured(record: DayRecord) -> Line:
    """The numbers of one day, as written in the table."""
    links, row = street_links(record), dict[str, str]()
    for direction in DIRECTIONS:
        vehicles, units = shares_of_capacity(record, of_direction(record, links, direction))
        row[f"use_{direction}"] = f"{vehicles:.6g}"
        row[f"use_pcu_{direction}"] = f"{units:.6g}"
    return row


def run_members(wanted: list[Closed], threads: int = 1) -> Iterator[tuple[Closed, Line]]:
    """Run days one after another."""
    for day in wanted:
        ((member, record, digest),) = live([day.member()], threads)
        yield day, measured(record) | {"digest": digest[:16], "key": key_of_member(member)}


def finished(table: Path) -> Lines:
    """Lines of the table by day."""
    return read_lines(table, NAMES)


def keep(table: Path, lines: Lines) -> None:
    """Write the whole table, or leave it; by seed."""
    write_lines(table, lines, lambda line: int(line["seed"]))


WORK = Work(NAMES, key_of, run_members, keep)


def main() -> int:
    """Run what is missing."""
    options = arguments(__doc__, TABLE, seeds=20).parse_args()
    days = [Closed(seed) for seed in range(1, options.seeds + 1)]
    return go_on(options.table, days, WORK, options.processes)


if __name__ == "__main__":
    sys.exit(main())
