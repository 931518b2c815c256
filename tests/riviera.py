"""The riviera as it ships, with its people: drawn once for all tests of a process."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from twin.model.sources import load_population, load_territory
from twin.population.population import Population
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory

SCENARIOS = Path(__file__).parents[1] / "scenarios"
SEED = 1


@cache
def riviera() -> tuple[Scenario, Territory, Population]:
    """The scenario of the village's focus, the territory, and the population of a seed."""
    scenario = Scenario.load(SCENARIOS / "village.toml")
    territory = load_territory(scenario)
    return scenario, territory, load_population(scenario, territory, SEED)
