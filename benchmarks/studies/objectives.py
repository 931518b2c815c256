"""What providers' objectives do to a day of works on the A8, at two shares of travellers who consult one.

Both providers have the same objective; everything else, luck included, is the same in all lines of a seed. Of
every day the table tells, over all trips by car unless said otherwise,

- ``car_hours``: time from leaving to arriving [h];
- ``user_s``, ``other_s``: mean of it for those who consult a provider and for the others [s];
- ``co2_t``: CO2 from exhausts [t]; ``vehicle_km``, ``local_km``: driven in all, and on streets that the map
  calls unclassified, residential, living or service streets;
- ``top_tenth``: share of vehicle-km on the tenth of links that carries most of them;
- ``late_s``: mean of arrival made over arrival told [s]; ``guided``: trips that followed an advice.

``marginal_linear`` is the marginal cost of a law that is linear in flow, ``predicted`` time with predicted
times, ``ranked_by_ghg`` time under the modification of that name.

Run ``python -m benchmarks.studies.objectives`` (about four minutes a seed); it writes the table anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.studies.table import live_and_write, read_rows
from twin.indicators.records import DayRecord
from twin.model.provider import LOCAL
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.scenario.scenario import Scenario
from twin.study.habits import cache_folders
from twin.study.run import World, world_of
from twin.territory.settle import settled

HOME = Path(__file__).resolve().parents[2]
TABLE = HOME / "benchmarks" / "studies" / "objectives.csv"
SCENARIO = HOME / "scenarios" / "metropolis_a8_one_lane.toml"
RANKED = HOME / "scenarios" / "metropolis_ranked_by_ghg.toml"
APP_SHARES = (0.2, 0.6)
OBJECTIVES = ("time", "time_co2", "secondary_penalty", "marginal_cost", "forward", "diverse")
LINES = (*OBJECTIVES, "marginal_linear", "predicted", "ranked_by_ghg")
LINEAR = ("parameters.calculators.marginal_cost_power", 1.0)


def scenario_of(line: str, share: float, base: Scenario, ranked: Scenario) -> Scenario:
    """The scenario of a line: an objective, predicted times, or the ranking by greenhouse gases."""
    spec = (ranked if line == "ranked_by_ghg" else base).varied("app_share", share)
    key, value = {
        "predicted": ("times", "predicted"),
        "marginal_linear": ("objective", "marginal_cost"),
        "ranked_by_ghg": ("objective", "time"),
    }.get(line, ("objective", line))
    for provider in base.providers:
        spec = spec.varied(f"provider.{provider.name}.{key}", value)
    return spec.varied(*LINEAR) if line == "marginal_linear" else spec


def days_of(
    base: Scenario,
    ranked: Scenario,
    seed: int,
    lines: tuple[str, ...] = LINES,
    shares: tuple[float, ...] = APP_SHARES,
) -> Iterator[dict[str, str]]:
    """One line for each app share and objective."""
    world = world_of(base, seed, folders=cache_folders())
    for share in shares:
        for line in lines:
            lived = _lived(scenario_of(line, share, base, ranked), seed, world)
            yield {"seed": str(seed), "app_share": f"{share:g}", "objective": line, **_told(lived)}


def _lived(scenario: Scenario, seed: int, world: World) -> DayRecord:
    model = TwinModel(
        settled(scenario, world.territory),
        rng=seed, territory=world.territory, population=world.population, habits=world.habits,
    )  # fmt: skip
    model.run_day()
    return record_of(model)


def _told(record: DayRecord) -> dict[str, str]:
    """The numbers of one day."""
    streets, drives = record.territory.streets, record.comparable
    users = drives & (record.provider >= 0)
    km = record.link_flow_veh * streets.length_m / 1_000.0
    most = np.sort(km)[::-1][: max(km.shape[0] // 10, 1)]
    assert record.promised_ms is not None
    told = (record.promised_ms >= 0) & (record.arrived_ms >= 0)
    values = {
        "car_hours": float(record.elapsed_s[drives].sum()) / 3_600.0,
        "user_s": float(record.elapsed_s[users].mean()),
        "other_s": float(record.elapsed_s[drives & ~users].mean()),
        "co2_t": float(record.emissions.co2_kg_by_trip.sum()) / 1_000.0,
        "vehicle_km": float(km.sum()),
        "local_km": float(km[LOCAL[streets.road_class]].sum()),
        "top_tenth": float(most.sum() / km.sum()),
        "late_s": float((record.arrived_ms - record.promised_ms)[told].mean()) / 1_000.0,
        "guided": float(record.guided.sum()),
    }
    return {name: f"{value:.6g}" for name, value in values.items()}


def read_table(table: Path = TABLE) -> list[dict[str, str]]:
    """Lines of the table."""
    return read_rows(table)


def main() -> None:
    """Live the days of some seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", type=Path, default=TABLE)
    options = parser.parse_args()
    base, ranked = Scenario.load(SCENARIO), Scenario.load(RANKED)
    seeds = range(1, options.seeds + 1)
    live_and_write(options.table, (line for seed in seeds for line in days_of(base, ranked, seed)))


if __name__ == "__main__":
    main()
