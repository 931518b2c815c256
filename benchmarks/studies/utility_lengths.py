"""Metres of network for each inhabitant, in town and village, and what holds at the peak.

python -m benchmarks.studies.utility_lengths
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from twin.population.file import read_population_file
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import Flags, Ints
from twin.territory.territory import Territory
from twin.territory.utilities.heat import HeatDeclared
from twin.territory.utilities.layers import with_district_heat
from twin.territory.utilities.lengths import lengths_of
from twin.territory.utilities.tables import HEAT, Utilities
from twin.utilities.power.flow import PowerFlow
from twin.utilities.power.laid import laid_power

LEDGER = Parameters.defaults()
FOCUSES = (
    ("networks/riviera", "dense", (7.424, 43.738)),
    ("networks/riviera", "la_turbie", (7.401, 43.745)),
    ("networks/la_turbie_crop", "la_turbie", (7.401, 43.745)),
)
RATES = (0.2, 0.4, 1.0)


def zone_of_nodes(town: Territory, layers: Utilities) -> Ints:
    """Zone of the place that is nearest to each utility node (n_nodes,)."""
    plane = Plane(float(town.places.lon.mean()), float(town.places.lat.mean()))
    places = np.column_stack([plane.x_m(town.places.lon), plane.y_m(town.places.lat)])
    nodes = np.column_stack([plane.x_m(layers.nodes.lon), plane.y_m(layers.nodes.lat)])
    return np.asarray(town.places.zone[cKDTree(places).query(nodes)[1]])


def inhabitants_of(folder: str, zone: str) -> float:
    """Who lives in the zone inside the territory: a crop may hold a part of what the map counts."""
    areas = read_population_file(Path(folder) / "population.toml").area
    return float(sum(each.inhabitants for each in areas if each.zone == zone))


def focus_table(
    town: Territory, zone: str, at: tuple[float, float], people: float
) -> Iterator[tuple[str, str]]:
    """Rows of one focus, where so many people live: what, and how much."""
    row = list(town.zones.name).index(zone)
    here = zone_of_nodes(town, town.utilities) == row
    inside = town.places.zone == row
    nodes = town.utilities.nodes
    yield "inhabitants", f"{people:,.0f}"
    (lengths,) = (replace(each, inhabitants=people) for each in lengths_of(town) if each.zone == zone)
    for line, metres in lengths.metres.items():
        yield line, f"{metres / 1e3:,.1f} km, {lengths.per_inhabitant[line]:.2f} m"
    stations = here & (nodes.kind == "station")
    yield "inhabitants per MV/LV station", f"{people / stations.sum():.0f} ({stations.sum()} stations)"
    yield (
        "mobile sites, gateways",
        f"{(here & (nodes.kind == 'site')).sum()}, {(here & (nodes.kind == 'gateway')).sum()}",
    )
    yield from _at_the_peak(town, inside, here)
    for rate in RATES:
        yield f"heat pipe at a connection rate of {rate:g}", _heat(town, row, people, HeatDeclared(*at, rate))


def _at_the_peak(town: Territory, inside: Flags, here: Flags) -> Iterator[tuple[str, str]]:
    """Voltages and loadings at the design load of the whole territory, of one focus."""
    places = town.places
    kva = LEDGER["utilities.dwelling_load_kva"] * places.dwellings.astype(float)
    kva = np.maximum(kva + LEDGER["utilities.job_load_kva"] * places.jobs.astype(float), 1.0)
    laid = laid_power(town.utilities, places.place_id, LEDGER)
    flow = PowerFlow(laid.grid).solve(*laid.loads(kva * LEDGER["utilities.power_factor"]))
    voltage = laid.node_voltage(flow.u_pu)[0][here]
    station = here[np.flatnonzero(town.utilities.nodes.kind == "station")]
    cable = laid.line_of_edge >= 0
    line = here[town.utilities.edges.head[cable]]
    yield "design load", f"{kva[inside].sum() / 1e3:.1f} MVA"
    yield "voltage at the peak", f"{np.nanmin(voltage):.3f} to {np.nanmax(voltage):.3f} pu"
    yield (
        "transformers, cables at the peak",
        (f"at most {flow.transformer_loading[0][station].max():.2f}, {flow.line_loading[0][line].max():.2f}"),
    )


def _heat(town: Territory, row: int, people: float, declared: HeatDeclared) -> str:
    """Metres of trench inside a zone, of a network that serves that zone alone."""
    places = replace(
        town.places, floor_area_m2=np.where(town.places.zone == row, town.places.floor_area_m2, 0.0)
    )
    layers = with_district_heat(town.utilities, (town.streets, places, town.zones), LEDGER, declared)
    metres = float(layers.edges.length_m[layers.edges.kind == "heat_pipe"].sum())
    joined = layers.rows_for("place", places.place_id, HEAT) >= 0
    mwh = float(places.floor_area_m2[joined].sum()) * LEDGER["utilities.heat_kwh_per_m2"] / 1e3
    sold = mwh / metres if metres else float("nan")
    return (
        f"{metres / 1e3:.1f} km, {metres / people:.2f} m; {joined.sum()} buildings, {sold:.1f} MWh/m a year"
    )


def main() -> None:
    """Print a table for each focus."""
    for folder, zone, at in FOCUSES:
        town = Territory.load(folder)
        print(f"\n{folder}, {zone}\n")
        for what, much in focus_table(town, zone, at, inhabitants_of(folder, zone)):
            print(f"| {what} | {much} |")


if __name__ == "__main__":
    main()
