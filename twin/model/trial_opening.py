"""A day opened for trial: all that a scenario names is found on its territory before anybody learns."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from twin.behaviour.habits import Habits
from twin.clock import N_SLICES
from twin.errors import InputError
from twin.mobility.links import link_ms
from twin.model.twin_model import TwinModel
from twin.population.population import Population
from twin.routing.routes import Routes
from twin.scenario.scenario import Scenario
from twin.territory.settle import settled
from twin.territory.territory import Territory


def check_opens(scenario: Scenario, territory: Territory, population: Population, seed: int) -> None:
    """Open the scenario's day as it would be lived, with habits that nobody learned.

    Raises
    ------
    InputError
        Something that the scenario orders, places or offers does not fit its territory and people.
    """
    spec = settled(scenario, territory)
    habits = unlearned(territory, population)
    try:
        TwinModel(spec, rng=seed, territory=territory, population=population, habits=habits)
    finally:
        gc.collect()  # a model and its agents hold each other, and the collector counts objects, not bytes


@contextmanager
def told_of_parameters(scenario: Scenario) -> Iterator[None]:
    """What a scenario's own value of a ledger row makes impossible within is told of that value."""
    try:
        yield
    except InputError as error:
        if error.where in scenario.parameters:
            raise InputError(scenario.where("parameters", error.where), error.what, error.right) from None
        raise


def unlearned(territory: Territory, population: Population) -> Habits:
    """Free-flow times, and for each trip no more of a route than the link on which it begins."""
    streets, origin = territory.streets, population.trips.origin_link
    row = np.arange(len(origin), dtype=np.int64)
    expected_ms = link_ms(streets.length_m / streets.free_speed_mps).astype(np.float64)
    routes = Routes(np.maximum(origin, 0).astype(np.int32), row, row + 1)
    return Habits(routes, np.tile(expected_ms, (N_SLICES, 1)))
