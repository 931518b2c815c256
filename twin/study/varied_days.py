"""Weekdays that differ: what drivers learn to expect where not everybody makes the trips of the day before.

Drivers who lived one and the same day until it settled expect what that day takes; where others make new
trips, streets jam that were just free enough. So before any date more weekdays are lived, each with errands
of its own (`twin.population.days.another_day`), without weather or incidents. Routes stay those that were
learned; what is expected of streets moves on.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

from twin.behaviour.habits import Habits
from twin.behaviour.learning import lived_times_ms, smoothed
from twin.clock import N_SLICES, SLICE_MS
from twin.mobility.passages import Passages
from twin.model.sources import load_population
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.scenario.scenario import Scenario
from twin.study.dated_habits import habits_on
from twin.study.habits import habits_key, keep_day, kept_day, usual_day
from twin.study.people import RunPeople
from twin.study.progress import Progress, silent
from twin.territory.territory import Territory


def used_to_days(
    scenario: Scenario,
    seed: int,
    territory: Territory,
    learned: tuple[Population, Habits],
    *,
    threads: int = 1,
    folders: Sequence[Path] = (),
    progress: Progress = silent,
) -> Habits:
    """The habits learned, with times expected after the ledger's number of weekdays that differ; kept by key.

    The scenario names no date; ``learned`` are the usual weekday's population and habits.
    """
    (population, habits), ledger = learned, scenario.ledger()
    n_days = int(ledger["conditions.learning_days"])
    key = habits_key(scenario, territory, population, seed)
    homes = [folder / f"{key}-varied" for folder in folders]
    people = RunPeople.of(scenario, territory, population.persons, seed)
    kept, first = max((kept_day(home, n_days) for home in homes), key=itemgetter(1), default=(None, 0))
    if kept is not None:
        habits = kept
    for day in range(max(first, 1), n_days + 1):
        progress((day - 1) / n_days, f"getting used to days, {day} of {n_days}")
        others = load_population(scenario, territory, seed, day)
        own = habits_on(scenario, seed, territory, (population, habits), others, threads)
        model = TwinModel(
            usual_day(scenario), rng=seed, territory=territory, population=others, habits=own, threads=threads
        )
        model.run_day()
        lived = Passages.join(model.state.log.parts)
        free_ms, columns = model.drivers().free_ms, (lived.link, lived.enter_ms, lived.exit_ms)
        lived_ms = lived_times_ms(*columns, SLICE_MS, N_SLICES, free_ms)
        weight = float(ledger["behaviour.memory_weight"])
        habits = replace(habits, expected_ms=smoothed(habits.expected_ms, lived_ms, weight))
        del model
        gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes
        for home in homes:
            keep_day(home, day, habits, people)
    return habits
