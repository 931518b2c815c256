"""A day of a million devices of mixed kinds, and where to put a hundred sensors in the metropolis.

    python -m benchmarks.speed.devices [--json] [--devices 1000000] [--threads 2]

Eight kinds stand at random on 30 by 30 km and report every 15 minutes, with radio, battery, drift,
failure, and visits of crews all on. The clock covers all: gateways, what they hear, ages, the crews' day,
and every interval; what is observed is made before, since truth is the simulation's. Bytes are those of
all arrays that a fleet keeps; the peak is the process's own, with truth and observations in it.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from twin.clock import DAY_S
from twin.kernels.devices import DOWN, LOST, NOTHING
from twin.kernels.random import stream_of, uniforms
from twin.knowledge.datasets import Column, Dataset
from twin.model.sources import open_territory
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.sensing.device_fleets import DeviceReports, new_table, share_the_air, step_fleet
from twin.sensing.devices import Fleet, Site, Spots, Tally, sensor_keys
from twin.sensing.kinds import fleet_settings
from twin.sensing.lives import grown_devices
from twin.sensing.placement import place, place_devices
from twin.sensing.visits import plan_visits, straight_ways

SIDE_M, INTERVAL_S, SEED = 30_000.0, 900, 1
DETOUR, SPEED_MPS = 1.3, 8.0
"""How crews drive where no streets are."""
SHARES = {
    "parking_sensor": 0.15,
    "bin_sensor": 0.15,
    "pressure_logger": 0.05,
    "feeder_monitor": 0.15,
    "air_quality_sensor": 0.1,
    "noise_sensor": 0.1,
    "street_lamp": 0.2,
    "presence_counter": 0.1,
}
"""Kinds of the mixed million, and the share of each."""
BUDGET_S, BUDGET_BYTES, BUDGET_PLACEMENT_S = 30.0, 64.0, 10.0


def world(n: int, kind: str) -> tuple[SensorFleet, Spots, np.ndarray]:
    """An order, its spots, and what a day shows there (n_spots, n_intervals)."""
    rows = np.arange(n, dtype=np.uint64)
    x_m, y_m = (
        SIDE_M * uniforms(SEED, stream_of(f"benchmarks.devices.{axis}.{kind}"), rows) for axis in "xy"
    )
    key = rows * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(len(kind))
    ones = np.ones(n)
    spots = Spots(np.arange(n, dtype=np.int32), key, x_m, y_m, np.arange(n, dtype=np.int32), ones, ones)
    hour = (np.arange(DAY_S // INTERVAL_S) + 0.5) * INTERVAL_S / 3_600.0
    level = 1.0 - np.cos(2.0 * np.pi * (hour - 4.0) / 24.0)
    truth = (0.4 * level * (1.0 + rows[:, None].astype(np.float32) % 7)).astype(np.float32)
    order = SensorFleet(name=kind, kind=kind, owner="city", interval_s=float(INTERVAL_S))
    return order, spots, truth


def fleet_of(order: SensorFleet, spots: Spots, parameters: Parameters) -> Fleet:
    """A fleet on all its spots."""
    settings = fleet_settings(order, parameters)
    column = Column("result", settings.kind.unit, settings.kind.observed_property)
    dataset = Dataset.of_features(order.name, order.owner, column, "place", cadence_s=float(INTERVAL_S))
    n, nowhere = len(spots.candidates), np.empty(0, dtype=np.int32)
    table = new_table(sensor_keys(order.name, spots.key), spots.candidates)
    return Fleet(
        order.name, order.kind, dataset, nowhere, nowhere.astype(np.uint64), settings, table=table,
        tally=Tally.fresh(n), units=np.ones(n, dtype=np.float32),
    )  # fmt: skip


def bytes_of(fleet: Fleet) -> int:
    """Bytes of all arrays that a fleet keeps."""
    assert fleet.table is not None
    assert fleet.tally is not None
    own = (fleet.link, fleet.key, fleet.pending_veh, fleet.place, fleet.units, fleet.cut)
    return sum(column.nbytes for column in (*fleet.table, *fleet.tally, *own))


def clocked(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds of the clock and of all CPUs, and what was made."""
    begun, spent = time.perf_counter(), time.process_time()
    made = work()
    return time.perf_counter() - begun, time.process_time() - spent, made


def day_row(n_devices: int, threads: int) -> dict[str, Any]:
    """A day of all kinds together."""
    parameters = Parameters.defaults()
    worlds = {kind: world(round(share * n_devices), kind) for kind, share in SHARES.items()}
    _day({kind: world(500, kind) for kind in SHARES}, parameters, threads)  # compile
    wall_s, cpu_s, (fleets, reports, visits) = clocked(lambda: _day(worlds, parameters, threads))
    late = [out.late_s for out in reports]
    n_made = sum(each.size for each in late)
    n = sum(each.n_devices for each in fleets)
    share = {
        name: sum(int((each == code).sum()) for each in late) / n_made
        for name, code in (("lost", LOST), ("down", DOWN), ("nothing", NOTHING))
    }
    return {
        "row": "day",
        "devices": n,
        "reports": n_made,
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "threads": threads,
        "budget_s": BUDGET_S,
        "bytes_a_device": sum(map(bytes_of, fleets)) / n,
        "budget_bytes": BUDGET_BYTES,
        "bytes_an_observation": sum(out.result.nbytes + out.late_s.nbytes for out in reports) / n_made,
        "observation_bytes_a_device": sum(out.result.nbytes + out.late_s.nbytes for out in reports) / n,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024.0,
        "visits": visits,
        **share,
        "arrived": 1.0 - sum(share.values()),
    }


def _day(
    worlds: dict[str, tuple[SensorFleet, Spots, np.ndarray]], parameters: Parameters, threads: int
) -> tuple[list[Fleet], list[DeviceReports], int]:
    fleets = {kind: fleet_of(order, spots, parameters) for kind, (order, spots, _) in worlds.items()}
    share_the_air([(fleets[kind], worlds[kind][1]) for kind in worlds], parameters, SEED)
    reports, n_visits = [], 0
    for kind, fleet in fleets.items():
        _, spots, truth = worlds[kind]
        assert fleet.table is not None
        grown_devices(fleet.table, fleet.settings.rule, SEED, 0, parameters)
        ways = straight_ways(spots.x_m, spots.y_m, DETOUR, SPEED_MPS)
        crews = int(np.ceil(fleet.n_devices / parameters["sensing.devices_per_crew"]))
        drifts = fleet.settings.kind.drifts
        n_visits += len(plan_visits(
            fleet.table, spots.street, 0, ways, parameters, drifts=drifts, crews=crews).device)  # fmt: skip
        out = DeviceReports.room(fleet.n_devices, truth.shape[1])
        step_fleet(fleet.table, fleet.settings.rule, truth, (0, truth.shape[1]), SEED, out, threads=threads)
        reports.append(out)
    return list(fleets.values()), reports, n_visits


def placement_rows(count: int = 100) -> list[dict[str, Any]]:
    """A hundred road counters on all links of the metropolis' territory, by each rule."""
    spec = Scenario.load(Path("scenarios/metropolis.toml"))
    streets, parameters = open_territory(Path(spec.territory_path())).streets, spec.ledger()
    rows = np.arange(streets.n_links, dtype=np.int32)
    middle = [
        (each[streets.tail] + each[streets.head]) / 2.0 for each in (streets.node_x_m, streets.node_y_m)
    ]
    worth = streets.length_m * streets.flow_capacity_vps
    spots = Spots(rows, streets.link_key, *middle, rows, worth, np.ones(len(rows)))
    site = Site(rows, streets.link_key, streets.road_class, SEED, spots=spots)
    counters = SensorFleet(name="c", kind="road_counter", owner="city", count=count)
    noise = SensorFleet(name="n", kind="noise_sensor", owner="city", count=count, placement="value")
    asked = {
        rule: partial(place, counters.model_copy(update={"placement": rule}), site, parameters)
        for rule in ("random", "class", "coverage", "value")
    }
    asked["value, noise"] = partial(place_devices, noise, spots, SEED, parameters)
    made = []
    for rule, work in asked.items():
        wall_s, cpu_s, chosen = clocked(work)
        made.append({
            "row": f"placement {rule}", "sensors": len(chosen), "sites": len(rows), "wall_s": wall_s,
            "cpu_s": cpu_s, "budget_s": BUDGET_PLACEMENT_S,
        })  # fmt: skip
    return made


def main(arguments: list[str] | None = None) -> int:
    """Step the devices, place the sensors, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.devices", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    found = [day_row(options.devices, options.threads), *placement_rows()]
    if options.json:
        print(json.dumps({"machine": machine(), "rows": found}, indent=1))
        return 0
    day = found[0]
    print(f"{day['devices']:,} devices, {day['reports']:,} reports: {day['wall_s']:.1f} s of {BUDGET_S:.0f} "
          f"({day['cpu_s']:.1f} s of CPU, {day['threads']} threads), {day['visits']} visits")  # fmt: skip
    print(f"{day['bytes_a_device']:.1f} bytes a device of {BUDGET_BYTES:.0f}, and "
          f"{day['observation_bytes_a_device']:.0f} of its observations ({day['bytes_an_observation']:.0f} "
          f"each); peak {day['peak_mb']:,.0f} MB with truth and observations")  # fmt: skip
    print(", ".join(f"{name} {day[name]:.2%}" for name in ("arrived", "lost", "down", "nothing")))
    for row in found[1:]:
        took = f"{row['wall_s']:.2f} s of {row['budget_s']:.0f}"
        print(f"{row['row']:<24} {row['sensors']} of {row['sites']:,} sites: {took}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
