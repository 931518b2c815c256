"""One run: a scenario and a seed in, a result out."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twin.behaviour.habits import Habits
from twin.errors import InputError
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.sources import load_population
from twin.model.trial_opening import check_opens, told_of_parameters
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.dated_habits import habits_on
from twin.study.ground import territory_of
from twin.study.habits import are_learned, cache_folders, learned_habits
from twin.study.keys import simulation_key, stamp_of_ground
from twin.study.known_rules import informed
from twin.study.progress import Progress, silent, within
from twin.study.results import Result
from twin.study.streets import check_networks, edited_by
from twin.study.varied_days import used_to_days
from twin.territory.settle import settled
from twin.territory.territory import Territory


@dataclass(frozen=True)
class World:
    """What a scenario and a seed start from: the same for a baseline and its alternatives."""

    territory: Territory
    population: Population
    habits: Habits


def run(
    scenario: Scenario | str | Path,
    seed: int | None = None,
    *,
    threads: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    cache: bool = True,
    progress: Progress = silent,
) -> Result:
    """Run a scenario for one seed.

    Parameters
    ----------
    seed
        The scenario's own if not given.
    threads
        Threads for route searches; the result does not depend on it.
    out
        Folder for manifest and tables.
    resume
        Take up what stands: a finished run in ``out`` is read, learning goes on from its last whole day.
    cache
        Whether learned habits may be read from, and kept in, the user's cache.
    """
    spec = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    chosen = spec.seed if seed is None else seed
    folder = None if out is None else Path(out)
    if resume and folder is not None and (folder / store.MANIFEST).is_file():
        kept = Result.load(folder)
        if kept.manifest["simulation_key"] == simulation_key(spec, chosen):
            return kept
    kept_in = (*(() if folder is None else (folder / "checkpoints",)), *(cache_folders() if cache else ()))
    learning = within(progress, 0.0, 0.8)
    world = world_of(spec, chosen, threads=threads or 1, folders=kept_in, progress=learning)
    result = run_in(spec, chosen, world, threads=threads or 1, progress=within(progress, 0.8, 1.0))
    if folder is not None:
        result.save(folder)
    progress(1.0, "done")
    return result


def world_of(
    scenario: Scenario,
    seed: int,
    *,
    threads: int = 1,
    folders: Sequence[Path] = (),
    progress: Progress = silent,
) -> World:
    """Territory, population and learned habits of a scenario for a seed; drivers learn on usual weekdays."""
    usual = scenario.model_copy(update={"date": None})
    territory, population = _ground(scenario, seed, progress)
    if not are_learned(usual, territory, population, seed, folders):  # else it opens at once anyway
        _open(scenario, territory, population, seed, progress)
    learning = within(progress, 0.1, 1.0)
    habits = learned_habits(
        usual, territory, population, seed, threads=threads, folders=folders, progress=learning
    )
    world = World(territory, population, habits)
    if scenario.date is None:
        return world
    return world_on(scenario, seed, world_of_days(scenario, seed, world, threads, folders), threads)


def checked_ground(
    scenario: Scenario, seed: int, progress: Progress = silent
) -> tuple[Territory, Population]:
    """Territory and usual population of a scenario, on which its day opens: what does not fit is told here.

    Raises
    ------
    InputError
        Nobody travels, or something that the scenario names or orders does not fit.
    """
    territory, population = _ground(scenario, seed, progress)
    _open(scenario, territory, population, seed, progress)
    return territory, population


def _ground(scenario: Scenario, seed: int, progress: Progress) -> tuple[Territory, Population]:
    with told_of_parameters(scenario):
        progress(0.0, "loading the territory")
        territory = territory_of(scenario)
        edited_by(scenario, territory)
        check_networks(scenario, territory, seed)
        progress(0.02, "drawing the population")
        population = _population(scenario.model_copy(update={"date": None}), territory, seed)
    if population.trips.trip_id.size == 0:
        where, right = scenario.where("territory"), "a population that makes trips"
        raise InputError(where, "nobody travels there", right)
    return territory, population


def _open(
    scenario: Scenario, territory: Territory, population: Population, seed: int, progress: Progress
) -> None:
    key = simulation_key(scenario, seed)
    if key in _opened:
        return
    progress(0.08, "opening the day for trial")
    with told_of_parameters(scenario):
        check_opens(scenario, territory, population, seed)
    _opened.add(key)


_opened: set[str] = set()
"""Keys of the runs whose day has been opened for trial: all that it could refuse hangs on the key."""


def world_of_days(
    scenario: Scenario, seed: int, usual: World, threads: int = 1, folders: Sequence[Path] = ()
) -> World:
    """The world of a usual weekday, whose drivers have got used to days that differ."""
    learned = (usual.population, usual.habits)
    plain = scenario.model_copy(update={"date": None})
    habits = used_to_days(plain, seed, usual.territory, learned, threads=threads, folders=folders)
    return World(usual.territory, usual.population, habits)


def world_on(scenario: Scenario, seed: int, usual: World, threads: int = 1) -> World:
    """The world of a scenario's date, from `world_of_days`: its people, and habits for their trips."""
    population = _population(scenario, usual.territory, seed)
    learned = (usual.population, usual.habits)
    habits = habits_on(scenario, seed, usual.territory, learned, population, threads)
    return World(usual.territory, population, habits)


def run_in(
    scenario: Scenario, seed: int, world: World, *, threads: int = 1, progress: Progress = silent
) -> Result:
    """Run a scenario in a world that stands."""
    record = live(scenario, seed, world, threads=threads, progress=progress)
    return Result.of_day(record, scenario)


def live(
    scenario: Scenario, seed: int, world: World, *, threads: int = 1, progress: Progress = silent
) -> DayRecord:
    """The day of a scenario in a world that stands, without what it amounts to."""
    spec = settled(scenario, world.territory)
    model = _model(spec, seed, world, world.habits, threads)
    habits = informed(model, model.habits)
    if habits is not model.habits:
        model = _model(spec, seed, world, habits, threads)
    hours = 30
    for hour in range(1, hours + 1):
        model.run_until(hour * 3_600)
        progress(hour / (hours + 1), f"{hour:02d}:00")
    progress(hours / (hours + 1), "working out indicators")
    record = record_of(model)
    del model
    gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes
    return record


def _model(spec: Scenario, seed: int, world: World, habits: Habits, threads: int) -> TwinModel:
    return TwinModel(
        spec, rng=seed, territory=world.territory, population=world.population, habits=habits, threads=threads
    )


_populations: dict[tuple[str, ...], Population] = {}
"""The populations drawn last: a baseline and its alternatives share one."""
MOST_POPULATIONS = 2


def _population(scenario: Scenario, territory: Territory, seed: int) -> Population:
    """A population, drawn once while territory, parameters, scale and seed stay as they are."""
    stamp, day = stamp_of_ground(scenario), (repr(scenario.demand_scale), str(scenario.date))
    key = (stamp, scenario.ledger().digest, *day, str(seed))
    if key not in _populations:
        drawn = load_population(scenario, territory, seed)
        while len(_populations) >= MOST_POPULATIONS:
            del _populations[next(iter(_populations))]
        _populations[key] = drawn
    return _populations[key]
