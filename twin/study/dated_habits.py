"""Habits on a date: what was learned on usual weekdays, for the trips that are made that day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from twin.behaviour.dated_habits import evened_out
from twin.behaviour.habits import Habits
from twin.clock import MS
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.routing.routes import Routes
from twin.scenario.scenario import Scenario
from twin.study.habits import usual_day
from twin.territory.territory import Territory


def habits_on(
    scenario: Scenario,
    seed: int,
    territory: Territory,
    learned: tuple[Population, Habits],
    population: Population,
    threads: int = 1,
) -> Habits:
    """Habits for the trips of the scenario's date; ``learned`` are a usual weekday's population and habits.

    Who goes where he goes on that weekday keeps his route; whoever goes elsewhere takes one of his own, as
    `twin.behaviour.dated_habits` has it. Nobody expects the date's weather or incidents.
    """
    usual, habits = learned
    known = _same_trip(usual, population)
    start = np.where(known >= 0, habits.routes.start[known], -1)
    end = np.where(known >= 0, habits.routes.end[known], -1)
    kept = replace(habits, routes=Routes(habits.routes.pool, start, end).packed())
    model = TwinModel(
        usual_day(scenario),
        rng=seed,
        territory=territory,
        population=population,
        habits=kept,
        threads=threads,
    )
    drivers, first = model.drivers(), model.habits
    new = drivers.rows[(kept.routes.start[drivers.rows] < 0) & (first.routes.start[drivers.rows] >= 0)]
    if not new.size:
        return first
    depart_ms = np.rint(usual.trips.depart_s * MS).astype(np.int64)
    return evened_out(drivers, first, new, (habits.routes, depart_ms), model.parameters)


def _same_trip(usual: Population, population: Population) -> np.ndarray:
    """Row of the usual day's trip of the same person between the same links (n_trips,); -1 without one."""
    ends = []
    for each in (usual, population):
        trips = each.trips
        columns = [each.persons.person_key[trips.person], trips.origin_link, trips.destination_link]
        ends.append(pd.DataFrame(dict(zip(("person", "from", "to"), columns, strict=True))))
    known = ends[0].drop_duplicates()
    row = pd.MultiIndex.from_frame(known).get_indexer(pd.MultiIndex.from_frame(ends[1]))
    return np.where(row >= 0, known.index.to_numpy()[row], -1)
