"""Streets on hills with known heights, and the embedded territories with heights of the radar tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.territories import territory_of
from tests.worlds import Street, net_of
from twin.scenario.ledger import Parameters
from twin.territory.elevation import streets_with_heights
from twin.territory.tables import GIVEN
from twin.territory.territory import Territory
from twin.territory.utilities.draft import Draft
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.territory.utilities.plan import make_plan
from twin.territory.utilities.tables import Utilities
from twin.utilities.water.laid import LaidWater, laid_water

LEDGER = Parameters.defaults()
SHAPE = np.array(LEDGER["utilities.water_home_shape"])
SHAPE = SHAPE / SHAPE.mean()
TILE = "elevation/N43E007.hgt.zip"


@dataclass(frozen=True)
class World:
    """A territory, its layers and water network, and what places draw on the mean [l/s]."""

    territory: Territory
    layers: Utilities
    laid: LaidWater
    mean_lps: np.ndarray


def with_heights(territory: Territory, heights_m: np.ndarray) -> Territory:
    """The territory with heights of its street nodes, as from a file."""
    given = np.full(len(heights_m), GIVEN, dtype=np.int8)
    streets = replace(territory.streets, node_elevation_m=heights_m, node_elevation_provenance=given)
    return replace(territory, streets=streets)


def world_of(territory: Territory) -> World:
    """Its networks, laid now."""
    tables = territory.streets, territory.places, territory.zones
    layers = lay_utilities(tables, ObservedElements(), LEDGER)
    mean = make_plan(tables, ObservedElements(), LEDGER, Draft()).asked.litres_per_day / 86_400.0
    return World(territory, layers, laid_water(layers, territory.places.place_id, mean, LEDGER), mean)


def hill(rises_m: list[float], length_m: float = 90.0, dwellings: float = 40.0) -> World:
    """A street up a hill, with so many dwellings at every place."""
    n = len(rises_m)
    at = [(length_m * node, 0.0) for node in range(n)]
    pairs = [(a, a + 1) for a in range(n - 1)]
    streets = [
        s for a, b in pairs for s in (Street(a, b, length_m, 36, 900), Street(b, a, length_m, 36, 900))
    ]
    town = territory_of(net_of(streets, at))
    homes = np.full(town.places.n_places, dwellings, dtype=np.float32)
    zones = replace(town.zones, inhabitants=np.full(len(town.zones.name), np.nan))
    town = replace(town, places=replace(town.places, dwellings=homes), zones=zones)
    return world_of(with_heights(town, np.array(rises_m, dtype=float)))


def embedded(name: str) -> Territory:
    """A territory of the folder `networks`."""
    return Territory.load(Path(__file__).parents[2] / "networks" / name)


def radar_world(name: str, data_file: Callable[[str], Path]) -> World:
    """An embedded territory with the heights of the radar tile, which is not committed."""
    territory = embedded(name)
    return world_of(
        replace(territory, streets=streets_with_heights(territory.streets, data_file(TILE), LEDGER))
    )


def quarters(mean_lps: np.ndarray) -> np.ndarray:
    """A day in quarters of an hour of what places draw (96, n_places), by the hours of homes."""
    return SHAPE.repeat(4)[:, None] * mean_lps
