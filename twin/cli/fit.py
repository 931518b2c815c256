"""Whether a scenario fits its territory: its focus are zones of it, its modifications name links of it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from twin.calculators.objectives import objective_of
from twin.errors import InputError
from twin.indicators.focus import focuses_of
from twin.model.sources import open_territory, population_file
from twin.population.marginals import marginals_of
from twin.population.summary import declared
from twin.scenario.modification import Modification
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.study.streets import check_networks, edited_by
from twin.territory.select import select_links
from twin.territory.settle import selectors_of
from twin.territory.tables import Ints
from twin.territory.territory import Territory


def fit(scenario: Scenario) -> dict[str, Any]:
    """The territory a scenario names, its areas, and how many links each modification and fleet names."""
    unedited = _territory(scenario.territory_path())
    territory = edited_by(scenario, unedited)
    check_networks(scenario, territory, scenario.seed)
    focuses_of(territory, scenario.focus, scenario.where("focus"))
    people = marginals_of(territory, population_file(scenario), scenario.ledger())
    changes = [
        [
            _links(selector, territory, scenario.where("modification", row, "links"))
            for selector in _selectors(change)
        ]
        for row, change in enumerate(scenario.modifications)
    ]
    for row, provider in enumerate(scenario.providers):
        objective_of(provider.objective, scenario.where("provider", row, "objective"))
    for row, fleet in enumerate(scenario.sensor_fleets):
        if fleet.links is not None:
            _links(fleet.links, territory, scenario.where("sensor_fleet", row, "links"))
    return {
        "territory": territory.name,
        "territory_digest": unedited.digest,
        "areas": [declared(area) for area in people.areas],
        "modification_links": [len(np.unique(np.concatenate(found))) if found else None for found in changes],
    }


@lru_cache(maxsize=2)
def _territory(path: Path) -> Territory:
    return open_territory(path)


def _selectors(change: Modification) -> list[LinkSelector]:
    return [selector for part in change.parts() for selector in selectors_of(part).values()]


def _links(selector: LinkSelector, territory: Territory, where: str) -> Ints:
    """Rows of the links that a selector names; an error names the key in the scenario's own file."""
    try:
        return select_links(selector, territory.streets, territory.zones, places=territory.places)
    except InputError as error:
        raise InputError(where, error.what, error.right) from None
