"""The grid town and its population, made once."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.population.world import grid_town, write_population
from twin.conditions.day import DayConditions
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory


@pytest.fixture(scope="session")
def town() -> Territory:
    return grid_town()


@pytest.fixture(scope="session")
def population_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_population(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="session")
def population(town: Territory, population_file: Path) -> Population:
    return synthesise(town, population_file, Parameters.defaults(), seed=1)


class Made(Protocol):
    """Draws the grid town's people on a date, or on the representative weekday."""

    def __call__(self, today: DayConditions | None, parameters: Parameters = ...) -> Population:
        """The population of seed 1."""


@pytest.fixture(scope="session")
def made(town: Territory, population_file: Path) -> Made:
    """Populations of dates, each drawn once."""
    kept: dict[tuple[str, str], Population] = {}

    def draw(today: DayConditions | None, parameters: Parameters = Parameters.defaults()) -> Population:  # noqa: B008
        key = (repr(today), parameters.digest)
        if key not in kept:
            kept[key] = synthesise(town, population_file, parameters, seed=1, today=today)
        return kept[key]

    return draw
