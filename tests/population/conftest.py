"""The grid town and its population, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.population.world import grid_town, write_population
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
