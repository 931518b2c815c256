"""How far drivers' learning has come, day by day: what the ledger's number of learning days rests on.

From the equilibrium start on, days are lived one after another with nothing modified and nobody guided,
exactly as `twin.study.habits` does it. Of every day the table tells

- ``mean_time_s``: time of a car trip, waiting to enter counted, over the trips that end by 30:00;
- ``unfinished``: car trips that have left and do not end by then, or are held back by such a one;
- ``gap``: how much longer drivers feel their habits to be than the best routes under the times they
  lived that day, summed over drivers, as a share of the best (the relative gap of traffic assignment);
- ``switched``: share of drivers who take another route the day after;
- ``most_driving``: most vehicles on the streets at the end of a step, where a jam of the first day shows.

Run ``python -m benchmarks.studies.learning`` (about two minutes a seed); it writes the table anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.studies.table import live_and_write, read_rows
from twin.behaviour.habits import Habits, felt_ms, review
from twin.behaviour.learning import lived_times_ms
from twin.clock import N_SLICES, SLICE_MS
from twin.mobility.passages import Passages
from twin.model.sources import load_population, load_territory
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario
from twin.study.habits import usual_day

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "learning.csv"
SCENARIO = HOME / "scenarios" / "riviera.toml"
DAYS = 14


def lived_days(scenario: Scenario, seed: int, days: int) -> Iterator[dict[str, str]]:
    """One line for each day lived, the first on the equilibrium start."""
    usual = usual_day(scenario)
    territory = load_territory(usual)
    population = load_population(usual, territory, seed)
    habits: Habits | None = None
    for day in range(1, days + 1):
        model = TwinModel(usual, rng=seed, territory=territory, population=population, habits=habits)
        model.run_day()
        passages = Passages.join(model.state.log.parts)
        columns = (passages.link, passages.enter_ms, passages.exit_ms)
        habits = review(model.drivers(), model.habits, columns, day, model.parameters)
        yield {"seed": str(seed), "day": str(day), **_told(model, columns, habits)}


def _told(
    model: TwinModel, passages: tuple[np.ndarray, np.ndarray, np.ndarray], after: Habits
) -> dict[str, str]:
    """The numbers of one day, and of the review that followed it."""
    drivers, now = model.drivers(), model.habits.routes
    known = drivers.rows[now.start[drivers.rows] >= 0]
    lived_ms = lived_times_ms(*passages, SLICE_MS, N_SLICES, drivers.free_ms)
    weights = drivers.weights(lived_ms)
    best = drivers.choose(weights, drivers.bounds(), known)
    felt, least = (float(felt_ms(drivers, weights, routes, known).sum()) for routes in (now, best))
    vehicles = model.state.loader.vehicles
    arrived = known[vehicles.arrived_ms[known] >= 0]
    spent_ms = (vehicles.arrived_ms - vehicles.release_ms)[arrived].sum()
    switched = np.mean([not np.array_equal(now.of(trip), after.routes.of(trip)) for trip in known.tolist()])
    driving = model.datacollector.get_model_vars_dataframe()["driving_veh"]
    values = {
        "mean_time_s": float(spent_ms) / (1_000.0 * arrived.size),
        "gap": felt / least - 1.0,
        "switched": float(switched),
        "most_driving": float(driving.max()),
        "unfinished": float(known.size - arrived.size),
    }
    return {name: f"{value:.6g}" for name, value in values.items()}


def read_table(table: Path = TABLE) -> list[dict[str, str]]:
    """Lines of the table."""
    return read_rows(table)


def main() -> None:
    """Live the days of some seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    scenario, seeds = Scenario.load(SCENARIO), range(1, options.seeds + 1)
    live_and_write(
        options.table, (line for seed in seeds for line in lived_days(scenario, seed, options.days))
    )


if __name__ == "__main__":
    main()
