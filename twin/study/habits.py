"""Learned habits: days lived one after another, with no modification and no provider, kept by key.

They belong to territory, population, behaviour and seed, and are handed unchanged to every alternative.
Each day is kept as it ends, so that learning that was stopped goes on from the last whole day.
"""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
from collections.abc import Collection, Sequence
from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd

from twin.behaviour.habits import Habits, review
from twin.clock import N_SLICES
from twin.errors import InputError, WorkError
from twin.mobility.passages import Passages
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.routing.routes import Routes
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.keys import code_digest, stamp_of_timetable
from twin.study.people import RunPeople
from twin.study.progress import Progress, silent
from twin.territory.territory import Territory

HABITS = "habits"
LEARNED_ROOMS = (
    "territory.",
    "population.",
    "fleet.",
    "mobility.",
    "behaviour.",
    "calculators.habit",
    "calculators.perception",
)
"""Ledger names on which habits depend, by their beginnings."""
LEARNED_WITH_BUSES = ("timetable.", "transit.")
"""And those on which they depend where there is a timetable."""


def habits_key(scenario: Scenario, territory: Territory, population: Population, seed: int) -> str:
    """What learned habits depend on, as one key."""
    parameters = scenario.ledger()
    timetable = stamp_of_timetable(scenario)  # its buses are on the road while drivers learn
    rooms = (*LEARNED_ROOMS, *LEARNED_WITH_BUSES) if timetable else LEARNED_ROOMS
    rows = [f"{row.name}={row.value}" for row in parameters.rows() if row.name.startswith(rooms)]
    parts = (territory.digest, population.digest, *timetable, *rows, str(seed), code_digest())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def usual_day(scenario: Scenario) -> Scenario:
    """The scenario with nothing modified, nobody guided, nothing observed, networks that stand."""
    nothing = {"modifications": (), "providers": (), "sensor_fleets": (), "app_share": 0.0, "utilities": None}
    return scenario.model_copy(update=nothing)


def learned_habits(
    scenario: Scenario,
    territory: Territory,
    population: Population,
    seed: int,
    *,
    threads: int = 1,
    folders: Sequence[Path] = (),
    progress: Progress = silent,
) -> Habits:
    """Habits after the ledger's number of days; read from folders as far as they stand there, and kept."""
    days = int(scenario.ledger()["behaviour.learning_rounds"])
    key = habits_key(scenario, territory, population, seed)
    homes = [folder / key for folder in folders]
    habits, done = max((kept_day(home, days) for home in homes), key=itemgetter(1), default=(None, 0))
    usual, people = usual_day(scenario), RunPeople.of(scenario, territory, population.persons, seed)
    model: TwinModel | None = None
    for day in range(done, days + 1):
        progress(day / (days + 1), f"learning habits, day {day} of {days}")
        if model is None or habits is None:
            model = TwinModel(
                usual, rng=seed, territory=territory, population=population, habits=habits, threads=threads
            )
        else:
            model.begin_day(habits)
        habits = _after(model, day)
        for home in homes:
            keep_day(home, day, habits, people)
    del model
    gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes
    assert habits is not None
    return habits


def are_learned(
    scenario: Scenario, territory: Territory, population: Population, seed: int, folders: Sequence[Path]
) -> bool:
    """Whether habits after the ledger's number of days stand in one of the folders."""
    last = f"day-{int(scenario.ledger()['behaviour.learning_rounds']):02d}"
    key = habits_key(scenario, territory, population, seed)
    return any((folder / key / last / store.MANIFEST).is_file() for folder in folders)


def kept_habits_of(people: Collection[RunPeople]) -> list[Path]:
    """Folders of the user's cache with habits of any of these people.

    One that does not tell whose it is, of an earlier version or stopped on the way, may be and is among them.
    """
    kept = [each for folder in cache_folders() for each in sorted(folder.iterdir()) if each.is_dir()]
    return [home for home in kept if _may_be_of(home, people)]


def _may_be_of(home: Path, people: Collection[RunPeople]) -> bool:
    """Whether habits kept there are of any of these people, or of people not told."""
    try:
        told = [
            RunPeople(**store.read_manifest(day, HABITS)["people"])
            for day in sorted(home.iterdir())
            if day.is_dir()
        ]
    except (InputError, KeyError, TypeError):
        return True
    return not told or any(theirs.are(each) for theirs in told for each in people)


def _after(model: TwinModel, day: int) -> Habits:
    """Habits after that day of the model; day 0 is the equilibrium start, and nobody lives it."""
    if day == 0:
        return model.habits
    model.run_day()
    lived = Passages.join(model.state.log.parts)
    return review(
        model.drivers(), model.habits, (lived.link, lived.enter_ms, lived.exit_ms), day, model.parameters
    )


def cache_folders() -> tuple[Path, ...]:
    """Where learned habits are kept for this user; nowhere, if that cannot be written."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twin" / "habits"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return ()
    return (folder,) if os.access(folder, os.W_OK) else ()


def kept_day(home: Path, days: int) -> tuple[Habits | None, int]:
    """Habits after the latest whole day kept there, and the day to go on with."""
    for day in range(days, -1, -1):
        folder = home / f"day-{day:02d}"
        if (folder / store.MANIFEST).is_file():
            try:
                return _read(folder), day + 1
            except InputError:
                shutil.rmtree(folder, ignore_errors=True)  # harmed: an earlier day, or the start, is as good
    return None, 0


def keep_day(home: Path, day: int, habits: Habits, people: RunPeople) -> None:
    """Keep habits after a day, in the place of those after earlier ones; and whose routes they are.

    A process that learns the same at the same time, and is further on, may have cleared this day away.
    """
    folder = home / f"day-{day:02d}"
    try:
        _write(folder, day, habits, people)
    except (FileNotFoundError, WorkError):
        if folder.exists() or not any(other.name > folder.name for other in home.glob("day-*")):
            raise
    for before in home.glob("day-*"):
        if before.name < folder.name:
            shutil.rmtree(before, ignore_errors=True)


def _write(folder: Path, day: int, habits: Habits, people: RunPeople) -> None:
    store.open_folder(folder)
    files = {
        "pool.parquet": store.write_table(
            folder / "pool.parquet", pd.DataFrame({"link": habits.routes.pool})
        ),
        "routes.parquet": store.write_table(
            folder / "routes.parquet", pd.DataFrame({"start": habits.routes.start, "end": habits.routes.end})
        ),
        "expected.parquet": store.write_table(
            folder / "expected.parquet", pd.DataFrame({"time_ms": habits.expected_ms.ravel()})
        ),
    }
    store.seal_folder(folder, {"kind": HABITS, "day": day, "people": people._asdict()}, files)


def _read(folder: Path) -> Habits:
    manifest = store.read_manifest(folder, HABITS)
    tables = {
        name: store.read_table(store.verify_file(folder, f"{name}.parquet", manifest))
        for name in ("pool", "routes", "expected")
    }
    routes = Routes(
        tables["pool"]["link"].to_numpy(np.int32),
        tables["routes"]["start"].to_numpy(np.int64),
        tables["routes"]["end"].to_numpy(np.int64),
    )
    return Habits(routes, tables["expected"]["time_ms"].to_numpy(np.float64).reshape(N_SLICES, -1))
