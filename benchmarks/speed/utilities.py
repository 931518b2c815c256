"""A day of 96 quarters of power and of heat with all inhabitants, CPU seconds, imports and building aside.

python -m benchmarks.speed.utilities
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from twin.clock import MS
from twin.model.sources import load_population, load_territory
from twin.scenario.scenario import Scenario
from twin.territory.utilities.heat import HeatDeclared
from twin.territory.utilities.layers import with_district_heat
from twin.utilities.demand import POWER, DayConsumption, Demand
from twin.utilities.heat.day import heat_day
from twin.utilities.power.flow import PowerFlow
from twin.utilities.power.laid import laid_power

WORLDS = (
    ("riviera", "scenarios/metropolis.toml", None, (7.424, 43.738)),
    ("la_turbie_crop", "scenarios/village.toml", "networks/la_turbie_crop", (7.401, 43.745)),
)
MEAN_C, SWING_C, ON_THE_WAY_MS = 8.0, 3.5, 900_000
QUARTER_MS = 900_000
OFTEN = 3


def main() -> None:
    """Print the least CPU seconds of three days, and the largest imbalance of a step."""
    for name, scenario, folder, at in WORLDS:
        spec = Scenario.load(scenario)
        spec = spec if folder is None else spec.varied("territory", folder, "benchmark")
        town, ledger = load_territory(spec), spec.ledger()
        population = load_population(spec, town, 1)
        departed = (population.trips.depart_s * MS).astype(np.int64)
        demand = Demand(population, town.places, ledger)
        declared = HeatDeclared(*at, 1.0)
        tables = town.streets, town.places, town.zones
        heated = replace(town, utilities=with_district_heat(town.utilities, tables, ledger, declared))
        outside_c = MEAN_C + SWING_C * np.cos(2.0 * np.pi * (np.arange(96) / 4.0 - 14.0) / 24.0)
        spent: dict[str, list[float]] = {"power": [], "heat": []}
        for _ in range(OFTEN):
            consumption = DayConsumption(demand, departed, departed + ON_THE_WAY_MS)
            start = time.process_time()
            kwh = [consumption.between(POWER, k * QUARTER_MS, (k + 1) * QUARTER_MS) for k in range(96)]
            laid = laid_power(town.utilities, town.places.place_id, ledger)
            flow = PowerFlow(laid.grid).solve(*laid.loads(4.0 * np.array(kwh)))
            spent["power"].append(time.process_time() - start)
            consumption = DayConsumption(demand, departed, departed + ON_THE_WAY_MS)
            start = time.process_time()
            day = heat_day(heated, consumption, ledger, outside_c)
            spent["heat"].append(time.process_time() - start)
        n_pipes = int((heated.utilities.edges.kind == "heat_pipe").sum())
        print(f"{name}: {len(population.persons):,} persons, {town.places.n_places:,} places")
        for what, n, missing in (
            ("power", f"{laid.grid.n_buses:,} buses", flow.imbalance()),
            ("heat", f"{n_pipes:,} trenches", day.network.imbalance.max()),
        ):
            print(f"  {what} {min(spent[what]):.2f} s, {n}, {missing:.1e} of a step's throughput missing")


if __name__ == "__main__":
    main()
