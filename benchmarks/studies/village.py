"""The village beside the motorway: how much traffic calculators send through its main street.

Three experiments on one simulated area, on the links of `scenarios/village_links.csv` (D 2564 and
D 2204 A inside the commune of La Turbie):

- ``one_lane``: the A8 eastbound at 1,500 veh/h from 7 to 9, against the app share;
- ``closed``: the A8 closed and signed from 7 to 9, against the app share;
- ``class``: ``one_lane`` at app share 0.3 with the street classified as secondary, respect 0 and 1.

Run ``python -m benchmarks.studies.village --seeds 20``; every finished run is a line of the table, and
a study that was stopped goes on with the runs that are missing. A table made by other code is gone on with
if some of its lines come out again, and is refused if one does not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.studies.table import Lines, Work, arguments, go_on, read_lines, write_lines
from twin.indicators.focus import focuses_of
from twin.indicators.records import DayRecord
from twin.indicators.through import through_vehicle_km, vehicle_km_of
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.study.habits import cache_folders
from twin.study.keys import simulation_key
from twin.study.run import World, run_in, world_of
from twin.territory.select import select_links

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "village.csv"
VILLAGE = "la_turbie"
WORKS_HOURS = (7.0, 9.0)
BUSY_HOUR = (8, 9)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
CLASS_SHARE = 0.3
DIRECTIONS = ("eastbound", "westbound")


@dataclass(frozen=True)
class Member:
    """One run of the study."""

    experiment: str
    app_share: float
    respect: float | None
    seed: int

    def scenario(self) -> Scenario:
        """The scenario of this member."""
        file = {
            "one_lane": "village_a8_one_lane.toml",
            "closed": "village_a8_closed.toml",
            "class": "village_a8_one_lane_classified.toml",
        }[self.experiment]
        scenario = Scenario.load(HOME / "scenarios" / file).varied("app_share", self.app_share)
        if self.respect is None:
            return scenario
        return scenario.varied(f"modification.{len(scenario.modifications)}.respect", self.respect)

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What tells it from the others, as written in the table."""
        respect = "" if self.respect is None else f"{self.respect:g}"
        return self.experiment, f"{self.app_share:g}", respect, str(self.seed)


def members(seeds: range, shares: tuple[float, ...] = SHARES) -> Iterator[Member]:
    """All members, seed by seed, so that a part of the study is a study with fewer seeds."""
    for seed in seeds:
        for experiment in ("one_lane", "closed"):
            yield from (Member(experiment, share, None, seed) for share in shares)
        if CLASS_SHARE in shares:
            yield from (Member("class", CLASS_SHARE, respect, seed) for respect in (0.0, 1.0))


def measured(record: DayRecord, digest: str) -> dict[str, str]:
    """The numbers of one member, as written in the table."""
    links = street_links(record)
    village = focuses_of(record.territory, VILLAGE)[0]
    everyone = np.ones(record.n_trips, dtype=np.bool_)
    row: dict[str, float] = {}
    for direction in DIRECTIONS:
        way = direction
        row[f"km_{way}"] = vehicle_km_of(record, links, everyone, WORKS_HOURS, way)
        row[f"through_km_{way}"] = through_vehicle_km(record, links, village, WORKS_HOURS, False, way)
        row[f"use_{way}"] = _busiest_share(record, links, way)
    row["guided_through_km"] = through_vehicle_km(record, links, village, WORKS_HOURS, True)
    row["through_km_day"] = through_vehicle_km(record, links, village)
    row["rotations"] = float(record.rotations)
    row["completed"] = float((record.arrived_ms >= 0).mean())
    return {name: f"{value:.6g}" for name, value in row.items()} | {"digest": digest[:16]}


def street_links(record: DayRecord) -> np.ndarray:
    """Rows of the links of the village's street."""
    selector = LinkSelector(file=str(HOME / "scenarios" / "village_links.csv"))
    return select_links(selector, record.territory.streets, record.territory.zones)


def of_direction(record: DayRecord, links: np.ndarray, direction: str) -> np.ndarray:
    """Those of the links that lead that way."""
    streets = record.territory.streets
    gain = streets.node_x_m[streets.head[links]] - streets.node_x_m[streets.tail[links]]
    return links[gain > 0] if direction == "eastbound" else links[gain < 0]


def _busiest_share(record: DayRecord, links: np.ndarray, direction: str) -> float:
    """Flow over capacity, 8 to 9, of the link of that direction that is used most."""
    streets, chosen = record.territory.streets, of_direction(record, links, direction)
    slices = slice(BUSY_HOUR[0] * 4, BUSY_HOUR[1] * 4)
    flow_vph = record.exits[slices][:, chosen].sum(axis=0)
    return float((flow_vph / (streets.flow_capacity_vps[chosen] * 3_600.0)).max())


def run_members(wanted: list[Member], threads: int = 1) -> Iterator[tuple[Member, dict[str, str]]]:
    """Run members one after another, and measure each."""
    for member, record, digest in live(wanted, threads):
        yield member, measured(record, digest) | {"key": key_of(member)}


def live(wanted: list[Member], threads: int = 1) -> Iterator[tuple[Member, DayRecord, str]]:
    """Live members one after another; the world of a seed is made once for all its members."""
    world: World | None = None
    seed = -1
    for member in wanted:
        scenario = member.scenario()
        if world is None or member.seed != seed:
            world, seed = (
                world_of(scenario, member.seed, threads=threads, folders=cache_folders()),
                member.seed,
            )
        result = run_in(scenario, member.seed, world, threads=threads)
        assert result.record is not None
        yield member, result.record, result.digest


def key_of(member: Member) -> str:
    """The key of a member's simulation, as written in the table."""
    return simulation_key(member.scenario(), member.seed)[:16]


NAMES = ("experiment", "app_share", "respect", "seed")


def finished(table: Path) -> Lines:
    """Lines of the table by member."""
    return read_lines(table, NAMES)


def keep(table: Path, lines: Lines) -> None:
    """Write the whole table, or leave it; lines stand in the order of members, however they were finished."""
    order = {name: number for number, name in enumerate(("one_lane", "closed", "class"))}
    write_lines(
        table,
        lines,
        lambda line: (
            order[line["experiment"]], float(line["app_share"]), line["respect"], int(line["seed"])
        ),
    )  # fmt: skip


WORK = Work(NAMES, key_of, run_members, keep)


def main() -> int:
    """Run what is missing of the study and print what stands."""
    options = arguments(__doc__, TABLE, seeds=20).parse_args()
    return go_on(options.table, list(members(range(1, options.seeds + 1))), WORK, options.processes)


if __name__ == "__main__":
    sys.exit(main())
