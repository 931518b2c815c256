"""Erasing a person from runs and from what the user's cache keeps of the same people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from twin.errors import InputError, TwinError
from twin.model.sources import load_population
from twin.population.population import Population
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.erasure import Erased, erase, is_of, remove, rewrite_table
from twin.study.ground import ground_of
from twin.study.habits import cache_folders, habits_key
from twin.study.members import user_store
from twin.territory.territory import Territory

HOMES, TRIPS = "homes.parquet", "trips.parquet"


def erase_person(folders: Iterable[str | Path], person_id: int, *, cache: bool = True) -> Erased:
    """Take a person out of folders, and of finished runs and learned habits in the user's cache.

    An id names a person of one population, so of the cache only what is of the same people is touched. A run
    that is made anew draws its synthetic people anew.
    """
    homes = [Path(folder) for folder in folders]
    for home in homes:
        if not home.is_dir():
            raise InputError(str(home), "no such folder", "a folder with results")
    runs = [run for home in homes for run in _runs_below(home)]
    people = {_population_digest(run) for run in runs} - {""}
    cached = [run for run in _cached_runs() if _population_digest(run) in people] if cache else []
    done = Erased(int(person_id))
    for run in (*runs, *cached):
        _leave(run, done, cache)
    return erase([*homes, *cached], person_id, done)


def _leave(run: Path, done: Erased, cache: bool) -> None:
    """Take the person out of the table of homes and out of habits, found by drawing the population again.

    Where it cannot be drawn the table of homes goes whole; a home that too few others share leaves it. Who
    makes no trips stays counted where enough others live: nothing else tells whether this was done before.
    """
    manifest = store.read_manifest(run, "run")
    drawn = _drawn(run)
    file = run / HOMES
    if drawn is None:
        if file.is_file():
            remove(file, done)
        return
    scenario, territory, population = drawn
    if cache:
        key = habits_key(scenario.model_copy(update={"date": None}), territory, population, manifest["seed"])
        for folder in cache_folders():
            for kept in (folder / key, folder / f"{key}-varied"):
                if kept.is_dir():
                    remove(kept, done)
    row = np.flatnonzero(population.persons.person_id == done.person_id)
    home = int(population.persons.home[row[0]]) if len(row) else -1
    if home < 0 or not file.is_file():
        return
    table = store.read_table(file)
    mine = (table["place_id"].astype(str) == str(territory.places.place_id[home])).to_numpy()
    trips = store.read_table(run / TRIPS) if (run / TRIPS).is_file() else None
    stands = trips is not None and bool(is_of(done.person_id, trips).any())
    fewest = int(scenario.ledger()["knowledge.privacy_least_people"])
    small = mine & (table["inhabitants"] - 1 < fewest).to_numpy()
    if small.any() or (mine.any() and stands):
        table.loc[mine, "inhabitants"] -= 1.0
        rewrite_table(file, table[~small], 1, done)


def _drawn(run: Path) -> tuple[Scenario, Territory, Population] | None:
    """What a run's people were drawn from, None where that is not there any more."""
    manifest = store.read_manifest(run, "run")
    try:
        ground = ground_of(Scenario.from_tables(manifest["scenario"], str(run)), manifest, run)
        scenario, territory = ground.scenario, ground.built
        population = load_population(scenario, territory, manifest["seed"])
    except TwinError:
        return None
    same = population.digest == manifest["provenance"]["population_digest"]
    return (scenario, territory, population) if same else None


def _runs_below(home: Path) -> list[Path]:
    return [path.parent for path in sorted(home.rglob(store.MANIFEST)) if _population_digest(path.parent)]


def _cached_runs() -> list[Path]:
    kept = user_store()
    keys = () if kept is None else kept.keys()
    return [kept.folder / key for key in keys if kept is not None]


def _population_digest(run: Path) -> str:
    """Of whom a run is; empty for a folder that holds no finished run."""
    try:
        return str(store.read_manifest(run, "run")["provenance"]["population_digest"])
    except InputError:
        return ""
