"""Water held against its rules: ``python -m benchmarks.studies.water [TERRITORY] [--elevation FILE]``.

The network is laid again, with the heights of a file (GeoTIFF, .hgt, CSV) if one is given, and run for a
day of quarters of an hour with what the drawn inhabitants use; trips take ten minutes. Told are pressures
at occupied junctions and what of them is not verifiable, velocities, kilometres of main, leaks,
hydrants, what does not add up, what is left without any pump, and CPU time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from twin.clock import MS
from twin.errors import InputError
from twin.model.sources import load_population
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.territory.elevation import streets_with_heights
from twin.territory.geometry import in_rings
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import mapped_in
from twin.territory.utilities.tables import WATER
from twin.utilities.demand import ConsumptionRates, DayConsumption
from twin.utilities.spans import QUARTER_S
from twin.utilities.water.checks import pressure_check, velocities_mps
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.fire import fire_flow
from twin.utilities.water.laid import LaidWater, laid_water

HOME = Path(__file__).resolve().parents[2]
QUARTERS = 96
TRIP_MS = 600 * MS
FOCUSES = {"riviera": ("dense", "la_turbie")}
SHOWN = 10
"""Exceptions that are listed."""


@dataclass(frozen=True)
class Day:
    """A laid network and its day."""

    territory: Territory
    laid: LaidWater
    day: WaterDay
    drawn_lps: np.ndarray


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What a piece of work gives, and the CPU time it takes [s]."""
    start = time.process_time()
    done = work()
    return done, time.process_time() - start


def drawn_lps(territory: Territory, name: str, parameters: Parameters) -> np.ndarray:
    """What places draw (96, n_places) [l/s] when every trip takes ten minutes."""
    scenario = Scenario.load(
        HOME / "scenarios" / ("village.toml" if name == "la_turbie_crop" else "riviera.toml")
    )
    population = load_population(scenario.model_copy(update={"territory": name}), territory, 1)
    departed = np.rint(population.trips.depart_s * MS).astype(np.int64)
    consumption = DayConsumption(
        ConsumptionRates(population, territory.places, parameters), departed, departed + TRIP_MS
    )
    ends = [(row * QUARTER_S * MS, (row + 1) * QUARTER_S * MS) for row in range(QUARTERS)]
    return np.array([consumption.between("water", *each) for each in ends]) / QUARTER_S


def day_of(name: str, elevation: Path | None, parameters: Parameters) -> tuple[Day, dict[str, float]]:
    """The network laid again and its day, and CPU times [s]."""
    territory = Territory.load(HOME / "networks" / name)
    streets = territory.streets
    if elevation is not None:
        streets = streets_with_heights(streets, elevation, parameters)
    mapped = mapped_in(territory.utilities, tuple(territory.meta["bbox"]))
    tables = streets, territory.places, territory.zones
    layers, lay_s = timed(lambda: lay_utilities(tables, mapped, parameters))
    territory = replace(territory, streets=streets, utilities=layers)
    drawn, draw_s = timed(lambda: drawn_lps(territory, name, parameters))
    ids = territory.places.place_id
    water_day(laid_water(layers, ids, drawn[0], parameters), drawn[:1], QUARTER_S)  # loads the engine
    laid, laid_s = timed(lambda: laid_water(layers, ids, drawn.mean(axis=0), parameters))
    filled = float(parameters["utilities.tank_filled"])
    day, day_s = timed(lambda: water_day(laid, drawn, QUARTER_S, filled=filled))
    cpu = {"lay all networks": lay_s, "draws of inhabitants": draw_s, "water of the day": laid_s + day_s}
    return Day(territory, laid, day, drawn), cpu


def nodes_in(run: Day, focus: str | None) -> np.ndarray:
    """Whether each utility node lies within a zone (n_nodes,)."""
    nodes, zones = run.laid.layers.nodes, run.territory.zones
    if focus is None:
        return np.ones(nodes.n_nodes, dtype=bool)
    return np.asarray(in_rings(nodes.lon, nodes.lat, zones.rings[zones.name.index(focus)] or ()))


def focus_figures(run: Day, focus: str | None) -> dict[str, Any]:
    """Pressures, velocities, mains and leaks, in a zone or everywhere."""
    territory, laid = run.territory, run.laid
    places, zones, edges = territory.places, territory.zones, laid.layers.edges
    here = np.ones(places.n_places, dtype=bool) if focus is None else places.zone == zones.name.index(focus)
    check = pressure_check(laid, run.day, here & (places.dwellings > 0.0))
    near = nodes_in(run, focus)
    inside = near[edges.tail[laid.mains]]
    mains = (edges.utility == WATER) & (edges.kind == "main") & near[edges.tail]
    km = float(edges.length_m[mains].sum()) / 1000.0
    served, leaked = run.day.served_lps[:, near].sum(), run.day.leaked_lps[:, near].sum()
    return {
        "pressures": check.told(),
        "exceptions": check.exceptions()[:SHOWN],
        "least and greatest bar": [
            round(float(check.least_bar.min()), 2),
            round(float(check.greatest_bar.max()), 2),
        ],
        "greatest velocity m/s": round(float(velocities_mps(laid, run.day)[inside].max()), 2),
        "km of main": round(km, 1),
        "leaks m3/km/day": round(float(leaked) * QUARTER_S / 1000.0 / km, 1),
        "yield": round(float(served / (served + leaked)), 3),
    }


def figures(name: str, elevation: Path | None, hydrants: int) -> dict[str, Any]:
    """All figures of a territory."""
    parameters = Parameters.defaults()
    run, cpu = day_of(name, elevation, parameters)
    laid, day = run.laid, run.day
    junctions = np.flatnonzero(laid.zone >= 0).astype(np.int32)
    some = junctions[:: max(len(junctions) // hydrants, 1)] if hydrants else junctions[:0]
    dark = np.zeros((QUARTERS, len(laid.zone)))
    still = water_day(laid, run.drawn_lps, QUARTER_S, dark, float(parameters["utilities.tank_filled"]))
    share = still.served_lps.sum(axis=1) / still.asked_lps.sum(axis=1)
    return {
        "territory": name,
        "elevation": "assumed" if elevation is None else elevation.name,
        "junctions": len(junctions),
        "pressure zones": len(laid.zones.name),
        "zones with a tank": int((laid.zones.volume_l > 0.0).sum()),
        "m3 drawn": round(float(day.asked_lps.sum()) * QUARTER_S / 1000.0),
        "share served": round(float(day.served_lps.sum() / day.asked_lps.sum()), 6),
        "most amiss of what may be": float(f"{float((day.amiss_lps / day.allowed_lps).max()):.1e}"),
        "share served without pumps": round(float(still.served_lps.sum() / still.asked_lps.sum()), 3),
        "hours until half of it is lost": float(np.argmax(share < 0.5)) / 4.0
        if (share < 0.5).any()
        else None,
        "junctions whose hydrant gives its flow": round(
            float(fire_flow(laid, laid.asked(run.drawn_lps.mean(axis=0)), some).mean())
            if hydrants
            else np.nan,
            3,
        ),
        **{focus or "everywhere": focus_figures(run, focus) for focus in (*FOCUSES.get(name, ()), None)},
        "CPU s": {what: round(seconds, 2) for what, seconds in cpu.items()},
        "machine": machine(),
    }


def main() -> int:
    """Print the figures of a territory as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("territory", nargs="?", default="riviera", choices=("riviera", "la_turbie_crop"))
    parser.add_argument("--elevation", type=Path, help="heights: GeoTIFF, .hgt, .hgt.zip or CSV")
    parser.add_argument("--hydrants", type=int, default=300, help="junctions at which a hydrant is tried")
    given = parser.parse_args()
    try:
        found = figures(given.territory, given.elevation, given.hydrants)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
