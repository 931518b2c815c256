"""Erasing a person from runs and from what the user's cache keeps of the same people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from twin.errors import InputError, TwinError
from twin.model.sources import load_population
from twin.population.population import Population
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.erasure import Erased, erase, is_of, remove, rewrite_table
from twin.study.ground import ground_of
from twin.study.habits import kept_habits_of
from twin.study.members import user_store
from twin.study.people import RunPeople, people_digest
from twin.territory.territory import Territory

HOMES, TRIPS = "homes.parquet", "trips.parquet"


def erase_person(folders: Iterable[str | Path], person_id: int, *, cache: bool = True) -> Erased:
    """Take a person out of folders, and of finished runs and learned habits in the user's cache.

    An id names a person among the people of one territory and seed, so of the cache only what is of them is
    touched, under whatever scenario they live there. A run that is made anew draws its synthetic people anew.
    """
    homes = [Path(folder) for folder in folders]
    for home in homes:
        if not home.is_dir():
            raise InputError(str(home), "no such folder", "a folder with results")
    done = Erased(int(person_id))
    runs = {path.parent: _people_of(path.parent) for home in homes for path in home.rglob(store.MANIFEST)}
    people = {each for each in runs.values() if each is not None}
    cached = _cached_runs(people, done) if cache and people else []
    if cache and people:
        for habits in kept_habits_of(people):
            remove(habits, done)
    for run in (*(run for run, whose in sorted(runs.items()) if whose is not None), *cached):
        _leave_home(run, done)
    return erase([*homes, *cached], person_id, done)


def _cached_runs(people: Collection[RunPeople], done: Erased) -> list[Path]:
    """Folders of the cache with a run of these people; what is no finished run is removed, whosesoever."""
    kept = user_store()
    folders = sorted(each for each in kept.folder.iterdir() if each.is_dir()) if kept is not None else []
    found = []
    for folder in folders:
        whose = _people_of(folder)
        if whose is None:
            remove(folder, done)
        elif any(whose.are(each) for each in people):
            found.append(folder)
    return found


def _leave_home(run: Path, done: Erased) -> None:
    """Take the person out of the table of homes, found by drawing the population again.

    Where it cannot be drawn the table of homes goes whole; a home that too few others share leaves it. Who
    makes no trips stays counted where enough others live: nothing else tells whether this was done before.
    """
    file = run / HOMES
    if not file.is_file():
        return
    drawn = _drawn(run)
    if drawn is None:
        remove(file, done)
        return
    scenario, territory, population = drawn
    row = np.flatnonzero(population.persons.person_id == done.person_id)
    home = int(population.persons.home[row[0]]) if len(row) else -1
    if home < 0:
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
    """What a run's people were drawn from, None where that is not there any more.

    Manifests of earlier versions tell of trips as they were made, and of no persons: where a scenario changed
    trips, who made them is not known again.
    """
    manifest = store.read_manifest(run, "run")
    try:
        ground = ground_of(Scenario.from_tables(manifest["scenario"], str(run)), manifest, run)
        scenario, territory = ground.scenario, ground.built
        population = load_population(scenario, territory, manifest["seed"])
    except TwinError:
        return None
    about = manifest["provenance"]
    if "people_digest" in about:
        digest = people_digest(population.persons, territory, manifest["seed"])
        return (scenario, territory, population) if digest == about["people_digest"] else None
    return (scenario, territory, population) if population.digest == about["population_digest"] else None


def _people_of(folder: Path) -> RunPeople | None:
    """Of whom a run is; None for a folder that holds no finished run."""
    try:
        return RunPeople.of_run(store.read_manifest(folder, "run"))
    except InputError:
        return None
