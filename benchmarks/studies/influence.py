"""Who moves whom, calculators or the road manager, and what that does to dense zone and village alike.

Days of one simulated area, by the share of travellers who consult an app:

- ``works``: a bad morning (`scenarios/riviera_works_and_incident.toml`), shares 0 to 100 % in steps of 10, at
  respect of the law by providers 0, 1/2 and 1; at three shares also without each provider alone;
- ``incident``: that morning with its incident alone, neither works nor classes: were the works counted as the
  road manager's as well, this were the day without him;
- ``closed``: the A8 closed and signed from 7 to 9, a lever that everybody sees;
- ``ordinary``: the same area on a day with nothing of the kind.

A line of the table says what the day was to each focus, and what calculators, the road manager and both
together move in it: the same seed, habits and random numbers with and without them. The days without are
days of the study themselves: without calculators share 0; without the manager respect 0, which is the day
without the class to the last digit, and for ``closed`` the ordinary day.

Run ``python -m benchmarks.studies.influence``; a study that was stopped goes on with what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.studies.table import Line, Lines, Work, arguments, go_on, read_lines, write_lines
from twin.indicators.focus import focuses_of
from twin.indicators.indicator import INDICATORS
from twin.indicators.records import DayRecord
from twin.indicators.through import through_vehicle_km
from twin.scenario.modifications import ClassifySecondary
from twin.scenario.scenario import Scenario
from twin.scenario.without import without_providers
from twin.study.digests import truth_digest
from twin.study.habits import cache_folders
from twin.study.keys import simulation_key
from twin.study.moved import Driven, moved
from twin.study.run import World, live, world_of
from twin.territory.select import select_links

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "influence.csv"
EXPERIMENTS = ("works", "incident", "closed", "ordinary")
NAMES = ("experiment", "app_share", "respect", "absent", "seed")
MEASURES = ("km", "min")
"""Vehicle-kilometres and person-minutes moved."""
MOVERS = ("calculators", "manager", "both", "absent", "works_too")
"""Who moves: all providers; the manager; both; the provider that is absent; the manager with his works."""
COLUMNS = {
    "car_h": ("person_time", "mode:car"),
    "co2_kg": ("co2_on_links", ""),
    "vehicle_km": ("vehicle_km", ""),
    "through_km": ("through_vehicle_km_in_focus", ""),
    "local_km": ("through_vehicle_km_near_homes_and_schools", ""),
    "gini": ("flow_concentration", ""),
    "busiest": ("flow_on_busiest_links", ""),
    "routes": ("route_diversity", ""),
    "regret_s": ("regret_of_routes", ""),
}
"""Columns of each focus: indicator and group."""
OF_PROVIDERS = {"blind": "links_without_probe", "error": "time_error_of_providers"}
"""Columns of each focus and provider: indicator."""


@dataclass(frozen=True)
class Study:
    """What is run: files by experiment, focuses beside the whole, shares and respects that are tried."""

    files: tuple[tuple[str, Path], ...]
    focuses: tuple[str, ...]
    shares: tuple[float, ...]
    respects: tuple[float, ...]
    some_shares: tuple[float, ...]
    absent_shares: tuple[float, ...]

    def scenario(self, experiment: str) -> Scenario:
        """The scenario of an experiment as its file has it."""
        return Scenario.load(dict(self.files)[experiment])


FLAGSHIP = Study(
    files=(
        ("works", HOME / "scenarios" / "riviera_works_and_incident.toml"),
        ("incident", HOME / "scenarios" / "metropolis_incident.toml"),
        ("closed", HOME / "scenarios" / "metropolis_a8_closed.toml"),
        ("ordinary", HOME / "scenarios" / "riviera.toml"),
    ),
    focuses=("dense", "la_turbie"),
    shares=tuple(step / 10 for step in range(11)),
    respects=(0.0, 0.5, 1.0),
    some_shares=(0.0, 0.3, 0.6, 1.0),
    absent_shares=(0.3, 0.6, 1.0),
)


@dataclass(frozen=True)
class Member:
    """One run of a study; respect is None where no class is in force or nobody asks."""

    study: Study
    experiment: str
    app_share: float
    respect: float | None
    absent: str
    seed: int

    def scenario(self) -> Scenario:
        """The scenario of this member."""
        scenario = self.study.scenario(self.experiment).varied("app_share", self.app_share)
        for provider in scenario.providers:
            if self.respect is not None:
                scenario = scenario.varied(f"provider.{provider.name}.respect", self.respect)
        return without_providers(scenario, [self.absent]) if self.absent else scenario

    @property
    def name(self) -> tuple[str, ...]:
        """What tells it from the others, as written in the table."""
        respect = "" if self.respect is None else f"{self.respect:g}"
        return self.experiment, f"{self.app_share:g}", respect, self.absent, str(self.seed)

    def without(self) -> dict[str, Member]:
        """The days without calculators, manager and both; of a day without one provider, the day with all."""
        if self.absent:
            return {"absent": replace(self, absent="")}
        nobody = replace(self, app_share=0.0, respect=None)
        if self.experiment == "works":
            lawless = replace(self, respect=0.0) if self.app_share else self
            found = {"calculators": nobody, "manager": lawless, "both": nobody}
            if _first_of_share(self.study, self.app_share):
                found["works_too"] = replace(self, experiment="incident", respect=None)
            return found
        if self.experiment == "incident":
            return {"calculators": nobody, "manager": self, "both": nobody}
        ordinary = replace(self, experiment="ordinary")
        return {"calculators": nobody, "manager": ordinary, "both": replace(nobody, experiment="ordinary")}


def _first_of_share(study: Study, share: float) -> tuple[str, ...]:
    """Experiments run before the days of works of a share, which are held against them."""
    return ("incident",) if "incident" in dict(study.files) and share in study.some_shares else ()


def members(study: Study, seeds: Sequence[int]) -> Iterator[Member]:
    """All members by seed and share, so that days held against each other stand together."""
    names = [each.name for each in study.scenario("works").providers]
    for seed in seeds:
        for share in study.shares:
            for experiment in _first_of_share(study, share):
                yield Member(study, experiment, share, None, "", seed)
            for respect in study.respects if share else (None,):
                yield Member(study, "works", share, respect, "", seed)
            if share in study.absent_shares:
                yield from (Member(study, "works", share, 0.0, name, seed) for name in names)
        for share in study.some_shares:
            for experiment in ("ordinary", "closed"):
                if experiment in dict(study.files):
                    yield Member(study, experiment, share, None, "", seed)


def key_of(member: Member) -> str:
    """The key of a member's simulation, as written in the table."""
    return simulation_key(member.scenario(), member.seed)[:16]


def measured(record: DayRecord, study: Study) -> dict[str, float]:
    """What the day was to each focus and to the whole; of a provider without users nothing is known."""
    users = np.bincount(record.provider[record.provider >= 0], minlength=len(record.providers))
    serving = {f"provider:{name}" for name, n in zip(record.providers, users, strict=True) if n}
    orders = [each for each in study.scenario("works").in_force() if isinstance(each, ClassifySecondary)]
    streets, zones = record.territory.streets, record.territory.zones
    rows = [select_links(each.links, streets, zones) for each in orders]
    classified = np.unique(np.concatenate(rows)).astype(np.int32)
    row: dict[str, float] = {}
    for focus in focuses_of(record.territory, study.focuses):
        for column, (name, group) in COLUMNS.items():
            found = {each.group: each.value for each in INDICATORS.get(name, "study")(record, focus)}
            row[f"{column}_{focus.name}"] = found.get(group, float("nan"))
        there = classified[focus.links(record)[classified]]
        row[f"classified_km_{focus.name}"] = through_vehicle_km(record, there, focus)
        for column, name in OF_PROVIDERS.items():
            found = {each.group: each.value for each in INDICATORS.get(name, "study")(record, focus)}
            for provider in (each.name for each in study.scenario("works").providers):
                known = found if f"provider:{provider}" in serving else {}
                row[f"{column}_{provider}_{focus.name}"] = known.get(f"provider:{provider}", float("nan"))
    completed = float((record.arrived_ms >= 0).mean())
    return row | {"rotations": float(record.rotations), "completed": completed}


class Days:
    """Days of one seed: run when first asked for; of each, only what trips drove is kept."""

    def __init__(self, study: Study, seed: int, threads: int) -> None:
        self.threads = threads
        works = study.scenario("works")
        self.world: World = world_of(works, seed, threads=threads, folders=cache_folders())
        self._driven: dict[tuple[str, ...], Driven] = {}

    def record(self, member: Member) -> DayRecord:
        """The day of a member, run now."""
        record = live(member.scenario(), member.seed, self.world, threads=self.threads)
        self._driven[member.name] = Driven.of(record)
        return record

    def driven(self, member: Member) -> Driven:
        """What trips drove on the day of a member."""
        if member.name not in self._driven:
            self.record(member)
        return self._driven[member.name]

    def forget(self, share: float) -> None:
        """Drop the days that no member of that app share is held against."""
        kept = ("0", f"{share:g}")
        self._driven = {name: day for name, day in self._driven.items() if name[1] in kept}


def run_members(wanted: Sequence[Member], threads: int = 1) -> Iterator[tuple[Member, Line]]:
    """Run the members of one seed one after another, and hold each against the days without an actor."""
    days = Days(wanted[0].study, wanted[0].seed, threads)
    for member in wanted:
        days.forget(member.app_share)
        record = days.record(member)
        row = measured(record, member.study)
        digest = truth_digest(record)
        del record
        own = days.driven(member)
        against = member.without()
        for mover in MOVERS:
            moving = moved(own, days.driven(against[mover])) if mover in against else None
            row[f"km_{mover}"] = float("nan") if moving is None else float(moving.vehicle_km.sum())
            row[f"min_{mover}"] = float("nan") if moving is None else float(moving.person_min.sum())
        written = {name: "" if np.isnan(value) else f"{value:.6g}" for name, value in row.items()}
        yield member, written | {"digest": digest[:16], "key": key_of(member)}


def finished(table: Path) -> Lines:
    """Lines of the table by member."""
    return read_lines(table, NAMES)


def keep(table: Path, lines: Lines) -> None:
    """Write the whole table, or leave it; lines stand in the order of members, however they were finished."""
    write_lines(
        table,
        lines,
        lambda line: (
            EXPERIMENTS.index(line["experiment"]), line["absent"], float(line["app_share"]), line["respect"],
            int(line["seed"]),
        ),
    )  # fmt: skip


WORK = Work(NAMES, key_of, run_members, keep)


def main() -> int:
    """Run what is missing of the study and print what stands."""
    parser = arguments(__doc__, TABLE, seeds=10)
    parser.add_argument("--shares", help="app shares of the days of works, for example 0,0.5 (default: all)")
    options = parser.parse_args()
    study = FLAGSHIP
    if options.shares:
        shares = tuple(float(each) for each in options.shares.split(","))
        some = tuple(each for each in study.some_shares if each in shares)
        study = replace(study, shares=shares, some_shares=some)
    wanted = list(members(study, range(1, options.seeds + 1)))
    return go_on(options.table, wanted, WORK, options.processes)


if __name__ == "__main__":
    sys.exit(main())
