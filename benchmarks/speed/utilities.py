"""A day of all utility networks: ``python -m benchmarks.speed.utilities [--json]``.

Power, water, heat and telecom of the riviera (the metropolis) and of the village crop at steps of a quarter
of an hour, the cascade at steps of a minute, with what all inhabitants draw by where they are; and a storm
of twenty damages with crews. Traffic, loading, synthesis and imports are left out: CPU seconds of this
process, the least of runs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from twin.clock import MS
from twin.conditions.weather import season_temperature_c
from twin.model.sources import load_population, open_territory
from twin.population.population import Population
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.territory.territory import Territory
from twin.utilities.day import UtilityDay, utility_day
from twin.utilities.demand import ConsumptionRates, DayConsumption
from twin.utilities.failures.damages import Damages
from twin.utilities.failures.storms import Gusts, storm_damages

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
PLACES = {"metropolis": "riviera", "village": "la_turbie_crop"}
BUDGET_S = {"metropolis": 30.0, "village": 5.0, "storm": 90.0}
GUSTS = (22.0, 28.0, 34.0, 38.0, 40.0, 38.0, 33.0, 26.0)
EVENTS, RUNS, HOURS = 20, 3, 24.0
MEAN_TRIP_S = 900.0


def world_of(area: str) -> tuple[Territory, Population, Parameters]:
    """Territory and inhabitants of an area."""
    spec = Scenario.loads(f'title = "Networks"\nterritory = "{area}"\n', folder=SCENARIOS)
    territory = open_territory(Path(spec.territory_path()))
    return territory, load_population(spec, territory, 1), spec.ledger()


def drawn_by(population: Population, territory: Territory, parameters: Parameters) -> DayConsumption:
    """What places draw when everybody travels as planned."""
    trips = population.trips
    departed = np.rint(trips.depart_s * MS).astype(np.int64)
    lasts_s = np.where(np.isfinite(trips.duration_s), trips.duration_s, MEAN_TRIP_S)
    demand = ConsumptionRates(population, territory.places, parameters)
    return DayConsumption(demand, departed, departed + np.rint(lasts_s * MS).astype(np.int64))


def least_s(work: Callable[[], UtilityDay]) -> tuple[float, UtilityDay]:
    """Least CPU seconds of some runs, and what the last one found."""
    spent = []
    for _ in range(RUNS):
        begun = time.process_time()
        found = work()
        spent.append(time.process_time() - begun)
    return min(spent), found


def row_of(name: str, cpu_s: float, day: UtilityDay, n_damages: int = 0) -> dict[str, Any]:
    """What one day cost, and that it adds up."""
    places = day.territory.places
    off = {f"{key}_imbalance": float(each.max()) for key, each in day.physics.balance().items()}
    found = day.indicators(np.ones(places.n_places, dtype=bool))
    return {
        "day": name,
        "cpu_s": cpu_s,
        "budget_s": BUDGET_S[name],
        "places": places.n_places,
        "elements": day.territory.utilities.nodes.n_nodes + day.territory.utilities.edges.n_edges,
        "damages": n_damages,
        "falls": len(day.falls),
        "energy_not_served_kwh": found["energy_not_served_kwh"],
        **off,
    }


def day_in(world: tuple[Territory, Population, Parameters], damages: Damages | None = None) -> UtilityDay:
    """A day of an area's networks in January."""
    territory, population, parameters = world
    cold_c = season_temperature_c(dt.date(2027, 1, 15), "riviera", parameters)
    outside_c = np.full(round(HOURS * 4), cold_c)
    drawn = drawn_by(population, territory, parameters)
    return utility_day(territory, drawn, parameters, hours=HOURS, damages=damages, outside_c=outside_c)


def rows() -> list[dict[str, Any]]:
    """A day of each area, and the storm."""
    made = []
    worlds = {name: world_of(area) for name, area in PLACES.items()}
    for name, world in worlds.items():
        made.append(row_of(name, *least_s(partial(day_in, world))))
    territory, _, parameters = worlds["metropolis"]
    storm = storm_damages(territory.utilities, Gusts(np.array(GUSTS)), parameters, 1, EVENTS)
    day = least_s(partial(day_in, worlds["metropolis"], storm))
    made.append(row_of("storm", *day, storm.n_damages))
    return made


def main(arguments: list[str] | None = None) -> int:
    """Reckon all, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.utilities", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = rows()
    if options.json:
        print(json.dumps({"machine": machine(), "rows": found}, indent=1))
        return 0
    for row in found:
        print(
            f"{row['day']:<12} {row['cpu_s']:6.2f} s of {row['budget_s']:.0f}   {row['places']:,} places, "
            f"{row['elements']:,} elements, {row['damages']} damages, {row['falls']} falls"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
