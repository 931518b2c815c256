"""What a manifest says of a run: counts, demand, how it flowed, what it was made from."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.behaviour.days import ARRIVED
from twin.clock import MS, format_time_s
from twin.indicators.focus import WHOLE, every_focus
from twin.indicators.indicator import IndicatorValue
from twin.indicators.records import DayRecord
from twin.knowledge.catalogue import personal_in
from twin.machine import peak_memory_mb
from twin.population.tables import RESIDENT
from twin.scenario.scenario import Scenario
from twin.study import tables
from twin.study.keys import code_digest, simulation_key
from twin.study.people import people_digest
from twin.version import VERSION

SCHEMA_VERSION = 1
CAR_TIME = "mean_car_time_over_free_flow"
LEAST_COMPLETED = 0.995
MOST_ROTATIONS = 10
MOST_TIME_OVER_FREE_FLOW = 2.0
"""A network carries a demand whose trips all but end by 30:00, with hardly a deadlock, in decent time. The
verdict changes no run, and the three numbers that it judges stand beside it in the manifest."""
LEAST_TIME_S = 1.0
"""A link takes a step of the loading at least."""
ABOUT_POPULATION = ("areas", "notes", "calibration")
ABOUT_TERRITORY = ("place", "date", "source", "licence", "attribution")


@dataclass(frozen=True)
class SeedTraffic:
    """How a day's traffic went with one seed: by the run's own numbers, and its own verdict."""

    seed: int
    completed_share: float
    time_over_free_flow: float | None
    rotations: int
    flows: bool

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> SeedTraffic:
        """What the manifest of a run says of it."""
        completed_share = manifest["completed_trips"] / max(manifest["trips"], 1)
        return cls(
            manifest["seed"], completed_share, manifest[CAR_TIME], manifest["rotations"], manifest["flows"]
        )


def manifest_of(record: DayRecord, scenario: Scenario, values: Sequence[IndicatorValue]) -> dict[str, Any]:
    """The manifest of a run, before the digests of its files are known."""
    streets = record.territory.streets
    car_time = {(each.focus, each.group): each.value for each in values if each.name == CAR_TIME}
    return {
        "kind": "run",
        "schema_version": SCHEMA_VERSION,
        "title": scenario.title,
        "scenario": scenario.resolved(),
        "seed": record.seed,
        "simulation_key": simulation_key(scenario, record.seed),
        "trips": record.n_trips,
        "vehicle_trips": int(record.by_car.sum()),
        "full_sum": record.population.report.get("full_sum"),
        "completed_trips": int((record.state == ARRIVED).sum()),
        CAR_TIME: car_time.get((WHOLE, "")),
        "rotations": record.rotations,
        "flows": _flows(record, car_time.get((WHOLE, ""))),
        "first_full": [[str(streets.link_id[row]), format_time_s(at)] for row, at in record.first_full],
        "link_entries": int(record.entries.sum()),
        "least_time_share": _least_time_share(record),
        "demand": tables.demand_table(record),
        "inhabitants": _inhabitants(record),
        "pools": {name: list(zones) for name, zones in record.territory.zones.pools},
        "population": {key: record.population.report.get(key, []) for key in ABOUT_POPULATION},
        "calibrated": bool(record.population.report.get("calibration", {}).get("calibrated")),
        "observations": _observation_counts(record),
        "personal_datasets": sorted({*record.personal_datasets, *personal_in(record.catalogue)}),
        "timings_s": {name: float(seconds) for name, seconds in record.timings_s.items()},
        "peak_memory_mb": peak_memory_mb(),
        "provenance": _provenance(record, scenario),
    }


def _flows(record: DayRecord, car_time: float | None) -> bool:
    """Whether the network carried its demand."""
    completed = float((record.state == ARRIVED).mean())
    in_time = car_time is None or car_time <= MOST_TIME_OVER_FREE_FLOW
    return completed >= LEAST_COMPLETED and record.rotations <= MOST_ROTATIONS and in_time


def _least_time_share(record: DayRecord) -> float:
    """Share of all vehicle-hours that traverse times add by being a step of the loading at least."""
    streets = record.territory.streets
    added_s = np.maximum(LEAST_TIME_S - streets.free_flow_time_s, 0.0) * record.entries.sum(axis=0)
    spent_s = float(record.time_ms.sum()) / MS
    return float(added_s.sum()) / spent_s if spent_s > 0.0 else 0.0


def _inhabitants(record: DayRecord) -> dict[str, int]:
    """Residents simulated, by zone and in all."""
    persons = record.population.persons
    resident = persons.kind == RESIDENT
    return {each.name: int((resident & each.persons(record)).sum()) for each in every_focus(record.territory)}


def _observation_counts(record: DayRecord) -> dict[str, int]:
    """Observations by dataset, those that are not kept included."""
    dataset = record.observations.get("dataset", np.zeros(len(record.observations["result"]), dtype=np.int16))
    names = record.datasets or ("observations",)
    return {name: int((dataset == row).sum()) for row, name in enumerate(names)}


def _provenance(record: DayRecord, scenario: Scenario) -> dict[str, Any]:
    meta = record.territory.meta
    return {
        "territory": record.territory.name,
        "territory_digest": record.territory.digest,
        "territory_path": str(scenario.territory_path().resolve()),
        **{key: str(meta[key]) for key in ABOUT_TERRITORY if key in meta},
        "population_digest": record.population.digest,
        "people_digest": people_digest(record.population.persons, record.territory, record.seed),
        "parameters_digest": record.parameters.digest,
        "scenario_digest": scenario.digest,
        "simulation_digest": scenario.simulation_digest(),
        "code_digest": code_digest(),
        "twin": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
    }
