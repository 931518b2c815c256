"""Where a model's territory, population and conditions come from when they are not handed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.clock import parse_date
from twin.conditions.day import DayConditions, conditions_on
from twin.conditions.weather import climate_of
from twin.errors import InputError
from twin.population.file import read_population_file
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.readers.gtfs import read_service_day
from twin.scenario.scenario import Scenario
from twin.territory.declared_lines import open_timetable
from twin.territory.own_places import with_own_places
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable
from twin.territory.timetable_build import timetable_of_feed
from twin.territory.timetable_store import NOTES


def scenario_of(given: Scenario | str | Path, changes: Mapping[str, Any]) -> Scenario:
    """A scenario, or that of a file, with some values changed."""
    scenario = given if isinstance(given, Scenario) else Scenario.load(given)
    for key, value in changes.items():
        scenario = scenario.varied(key, value, "TwinModel")
    return scenario


def load_territory(scenario: Scenario) -> Territory:
    """The territory that a scenario names: a folder built before, or a local OSM file."""
    return open_territory(Path(scenario.territory_path()))


def open_territory(path: Path) -> Territory:
    """A folder built before or a local OSM file; places as a table says that its `population.toml` names."""
    territory = Territory.load(path) if path.is_dir() else Territory.from_osm(path)
    table = _beside(path)
    own = None if table is None else read_population_file(table).places
    return territory if table is None or own is None else with_own_places(territory, table.parent / own.file)


def population_file(scenario: Scenario) -> Path | None:
    """The table of marginals beside a territory, if there is one."""
    return _beside(Path(scenario.territory_path()))


def _beside(path: Path) -> Path | None:
    table = path / "population.toml" if path.is_dir() else path.with_name("population.toml")
    return table if table.is_file() else None


def load_timetable(scenario: Scenario, territory: Territory) -> Timetable:
    """The timetable that a scenario names: a feed, declared lines, or one laid on the territory before.

    A feed is read for the scenario's date, and without one for its busiest weekday.
    """
    path = scenario.timetable_path()
    if path is None:
        return Timetable.none()
    if (path / NOTES).is_file():
        path = path.parent
    date = None if scenario.date is None else parse_date(scenario.date)
    if path.suffix == ".zip" or (path / "stops.txt").is_file():
        return timetable_of_feed(read_service_day(path, date), territory, scenario.ledger())
    return open_timetable(path, territory, scenario.ledger())


def conditions_of(spec: Scenario, territory: Territory, seed: int) -> DayConditions | None:
    """What the scenario's date brings to that territory; None without a date."""
    if spec.date is None:
        return None
    parameters, streets = spec.ledger(), territory.streets
    climate = climate_of(float(streets.node_lon.mean()), float(streets.node_lat.mean()), parameters)
    return conditions_on(seed, parse_date(spec.date), climate, parameters)


def load_population(scenario: Scenario, territory: Territory, seed: int, day: int = 0) -> Population:
    """Persons and trips of a territory, drawn with that seed and scaled as the scenario says; of its date."""
    if scenario.date is not None and day:
        raise InputError(scenario.where("date"), "a scenario of one date", "no date, to draw more weekdays")
    today = conditions_of(scenario, territory, seed)
    population = synthesise(territory, population_file(scenario), scenario.ledger(), seed, day, today)
    return population.scaled(scenario.demand_scale)
