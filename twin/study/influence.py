"""Who moves whom: each actor's influence by counterfactual, the day with and without it.

Same people, same learned habits, same random numbers: what differs between the two days is the actor's
doing, and an actor without effect has an influence of exactly nought. Without a provider its users drive
by habit. Without the road manager his levers are gone, and what nobody orders stays.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.indicators.focus import focuses_of
from twin.indicators.indicator import INDICATORS
from twin.indicators.records import DayRecord
from twin.scenario.scenario import Scenario
from twin.scenario.without import without_manager, without_providers
from twin.study import store
from twin.study.compare import ScenarioLike, load_scenario, seeds_of
from twin.study.habits import cache_folders
from twin.study.influence_found import ALL, CALCULATORS, MANAGER, SEPARATOR, Influence, influence_of
from twin.study.keys import simulation_key
from twin.study.moved import Driven, moved
from twin.study.progress import Progress, silent, within

EXTERNALITIES = (
    "through_vehicle_km_in_focus",
    "through_vehicle_km_near_homes_and_schools",
    "flow_concentration",
    "flow_on_busiest_links",
    "route_diversity",
    "regret_of_routes",
    "person_time",
    "co2_on_links",
    "links_without_probe",
    "time_error_of_providers",
    "time_over_promise",
)
"""Indicators told of the day as it is, and of the day without each actor."""
MEMBERS = "members"


def influence(
    scenario: ScenarioLike,
    seeds: int | Sequence[int] = 5,
    out: str | Path | None = None,
    *,
    processes: int | None = None,
    progress: Progress = silent,
) -> Influence:
    """Work out the influence of every actor of a scenario.

    Parameters
    ----------
    scenario
        What is asked about, or the path of its file.
    seeds
        How many, counted from the scenario's own; or which.
    out
        Folder for what each seed came to, and for the whole; work that was stopped goes on there.
    processes
        Seeds run side by side; as many as there are processors unless given. They change no result.
    """
    spec = load_scenario(scenario)
    chosen = seeds_of(spec, seeds)
    home = None if out is None else Path(out)
    if home is not None:
        store.open_folder(home / MEMBERS)
    found = _found(spec, chosen, home, processes or os.cpu_count() or 1, progress)
    whole = influence_of(spec, chosen, tuple(absences(spec)), [found[seed] for seed in chosen])
    if home is not None:
        store.write_sealed(home / "influence.json", whole.summary())
    progress(1.0, "done")
    return whole


def absences(scenario: Scenario) -> dict[str, Scenario]:
    """The scenario without each of its actors, by actor."""
    names = [each.name for each in scenario.providers]
    taken = sorted({CALCULATORS, MANAGER, ALL} & set(names))
    if taken:
        raise InputError(scenario.where("provider"), f"{taken[0]!r} names another actor", "another name")
    alone = {name: without_providers(scenario, [name]) for name in names}
    all_ = {CALCULATORS: without_providers(scenario, names), MANAGER: without_manager(scenario)}
    return {**alone, **all_, ALL: without_manager(without_providers(scenario, names))}


def influences_of_seed(
    scenario: Scenario, seed: int, threads: int = 1, progress: Progress = silent
) -> dict[str, Any]:
    """What every actor moves with one seed, and indicators of the day as it is and without each."""
    from twin.study.run import live, world_of

    learning = within(progress, 0.0, 0.5)
    world = world_of(scenario, seed, threads=threads, folders=cache_folders(), progress=learning)
    record = live(scenario, seed, world, threads=threads)
    base, about = Driven.of(record), _about(record, scenario)
    actors: dict[str, Any] = {}
    known = {simulation_key(scenario, seed): (moved(base, base).of_groups(record), about)}
    absent = absences(scenario)
    for number, (actor, without) in enumerate(absent.items(), start=1):
        key = simulation_key(without, seed)
        if key not in known:
            other = live(without, seed, world, threads=threads)
            known[key] = (moved(base, Driven.of(other)).of_groups(record), _about(other, scenario))
            del other
        actors[actor] = dict(zip(("moved", "about"), known[key], strict=True))
        progress(0.5 + 0.5 * number / len(absent), f"the day without {actor}")
    return {"about": about, "actors": actors}


def _about(record: DayRecord, scenario: Scenario) -> dict[str, Any]:
    """Indicators of the scenario's focus and of the whole, by name; and the digest of the day's truth.

    Of a provider that nobody consults there is nothing to tell.
    """
    from twin.study.digests import truth_digest

    users = np.bincount(record.provider[record.provider >= 0], minlength=len(record.providers))
    unused = {f"provider:{name}" for name, n in zip(record.providers, users, strict=True) if not n}
    values = {
        SEPARATOR.join((each.name, each.focus, each.group, each.unit)): each.value
        for name in EXTERNALITIES
        for focus in focuses_of(record.territory, scenario.focus)
        for each in INDICATORS.get(name, "externalities")(record, focus)
        if each.group not in unused
    }
    return {"digest": truth_digest(record), "values": values}


def _found(
    scenario: Scenario, seeds: tuple[int, ...], home: Path | None, processes: int, progress: Progress
) -> dict[int, dict[str, Any]]:
    """What each seed came to: read where it stands, else worked out and kept."""
    found = {seed: kept for seed in seeds if (kept := _kept(home, scenario, seed)) is not None}
    missing = [seed for seed in seeds if seed not in found]
    workers = min(processes, len(missing))
    if workers < 2:
        for number, seed in enumerate(missing):
            part = within(progress, number / len(missing), (number + 1) / len(missing), f"seed {seed}")
            found[seed] = influences_of_seed(scenario, seed, processes, part)
            _keep(home, scenario, seed, found[seed])
        return found
    # a fresh interpreter each: a fork would copy locks that threads of this process may hold
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        work = {executor.submit(influences_of_seed, scenario, seed): seed for seed in missing}
        progress(0.0, f"{len(missing)} seeds on {workers} processes")
        for number, finished in enumerate(as_completed(work), start=1):
            seed = work[finished]
            found[seed] = finished.result()
            _keep(home, scenario, seed, found[seed])
            progress(number / len(missing), f"seed {seed} done")
    return found


def _key(scenario: Scenario, seed: int) -> str:
    keys = [simulation_key(each, seed) for each in (scenario, *absences(scenario).values())]
    return hashlib.sha256("\n".join([*keys, *scenario.focus_zones]).encode()).hexdigest()


def _kept(home: Path | None, scenario: Scenario, seed: int) -> dict[str, Any] | None:
    file = None if home is None else home / MEMBERS / f"{_key(scenario, seed)}.json"
    try:
        return None if file is None or not file.is_file() else store.read_sealed(file)
    except InputError:
        return None  # harmed on disk: it is worked out anew


def _keep(home: Path | None, scenario: Scenario, seed: int, found: dict[str, Any]) -> None:
    if home is not None:
        store.write_sealed(home / MEMBERS / f"{_key(scenario, seed)}.json", found)
