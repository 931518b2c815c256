"""Whether a scenario fits its territory: what it names is there, and its day opens in each of its months."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.clock import format_month, parse_month
from twin.indicators.focus import focuses_of
from twin.machine import without_collecting
from twin.model.sources import population_file
from twin.population.marginals import marginals_of
from twin.population.summary import declared
from twin.scenario.entry import Entry, told_of
from twin.scenario.modification import Modification
from twin.scenario.scenario import Scenario
from twin.scenario.selectors import LinkSelector
from twin.study.ground import territory_of
from twin.study.keys import simulation_key
from twin.study.members import has_run
from twin.study.streets import edited_by
from twin.territory.select import select_links
from twin.territory.settle import selectors_of
from twin.territory.tables import Ints
from twin.territory.territory import Territory


def fit(scenario: Scenario) -> dict[str, Any]:
    """The territory a scenario names, its areas, and how many links each modification names.

    Raises
    ------
    InputError
        Anything that would stop its day: found before anybody learns, and nothing is written.
    """
    found = named(scenario)
    open_days(scenario)
    return found


def named(scenario: Scenario) -> dict[str, Any]:
    """What `fit` returns, once all that a scenario names is found; nobody is drawn."""
    unedited = territory_of(scenario)
    territory = edited_by(scenario, unedited)
    focuses_of(territory, scenario.focus, scenario.where("focus"))
    people = marginals_of(territory, population_file(scenario), scenario.ledger())
    changes = [_links_of(change, territory) for change in scenario.modifications]
    for fleet in scenario.fleets(in_force=False):
        if fleet.links is not None:
            _links(fleet.links, territory, fleet, "links")
    return {
        "territory": territory.name,
        "territory_digest": unedited.digest,
        "areas": [declared(area) for area in people.areas],
        "modification_links": [len(np.unique(np.concatenate(found))) if found else None for found in changes],
    }


def open_days(scenario: Scenario) -> None:
    """Open the day for trial in each of the scenario's months, but where it has run: there it opened."""
    of_months = [scenario.model_copy(update={"month": month}) for month in _months(scenario)]
    unopened = [each for each in of_months if not has_run(simulation_key(each, scenario.seed))]
    if unopened:
        with without_collecting():  # the model and its libraries, only where needed
            from twin.study.run import checked_ground

        for each in unopened:
            checked_ground(each, each.seed)


def _months(scenario: Scenario) -> list[str]:
    """The scenario's month, and those in which something else begins, or goes on for the last time."""
    found = {scenario.month: None}
    if scenario.date is not None:
        return list(found)
    for change in scenario.modifications:
        begins, ends = (each if each and ":" not in each else None for each in (change.from_, change.until))
        if begins is not None:
            found[begins] = None
        elif ends is not None:
            found[format_month(parse_month(ends) - 1)] = None
    return list(found)


def _links_of(change: Modification, territory: Territory) -> list[Ints]:
    """Links that a modification names by its own keys, else, if it is from outside, by its parts'."""
    own = selectors_of(change)
    parts = change.told_parts()
    named = own or {key: each for part in parts for key, each in selectors_of(part).items()}
    return [_links(selector, territory, change, key) for key, selector in named.items()]


def _links(selector: LinkSelector, territory: Territory, entry: Entry, key: str) -> Ints:
    """Rows of the links that a selector names; an error names the key in the scenario's own file."""
    with told_of(entry, key):
        return select_links(selector, territory.streets, territory.zones, places=territory.places)
