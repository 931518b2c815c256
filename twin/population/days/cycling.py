"""Rides by bicycle: the quickest way along the paths, pushed where riding is not allowed, up and down."""

from __future__ import annotations

import numpy as np

from twin.population.days.legs import ResidentTrips
from twin.population.days.paths import path_distances_m, path_graph
from twin.population.days.speeds import (
    BICYCLE,
    PEDELEC,
    bicycle_of,
    cycle_speeds_mps,
    pushing_factor,
    slope_factors,
)
from twin.population.draws import Draws
from twin.population.tables import CYCLE
from twin.scenario.ledger import Parameters
from twin.territory.tables import Paths
from twin.territory.territory import Territory


def cycle_times_s(
    territory: Territory,
    legs: ResidentTrips,
    mode: np.ndarray,
    ways: tuple[np.ndarray, np.ndarray],
    parameters: Parameters,
    draws: Draws,
) -> np.ndarray:
    """Time of each leg by bicycle (n,) [s]: by the quickest way, for those who cycle, at their own speed.

    ``ways`` are planning distance [m] and the traveller's age (n,); who finds no way along the paths rides
    that distance on the flat.
    """
    distance_m, age = ways
    bicycle = bicycle_of(legs.key, parameters, draws)
    flat_m = distance_m.copy()
    for kind in (BICYCLE, PEDELEC):
        rows = np.flatnonzero((mode == CYCLE) & ~legs.outside & (bicycle == kind))
        found = flat_metres(territory, legs, rows, kind, parameters)
        flat_m[rows] = np.where(np.isfinite(found), found, flat_m[rows])
    return np.asarray(flat_m / cycle_speeds_mps(age, bicycle, legs.key, parameters, draws))


def flat_metres(
    territory: Territory, legs: ResidentTrips, rows: np.ndarray, bicycle: int, parameters: Parameters
) -> np.ndarray:
    """Length [m] of the flat ride that takes as long as the quickest way of legs (rows, n); NaN: none."""
    paths, node = territory.paths, territory.places.path_node
    forth, back = paces(paths, bicycle, parameters)
    usable = paths.walk | paths.cycle
    if not rows.size or not usable.any():
        return np.full(rows.shape[0], np.nan)
    graph = path_graph(territory, usable, (forth, back))
    origin, destination = node[legs.origin_place[rows]], node[legs.destination_place[rows]]
    least = float(min(forth[usable].min(), back[usable].min(), 0.999))
    found = path_distances_m(graph, origin, destination, legs.straight_m[rows], least)
    fastest = float(max(forth[usable].max(), back[usable].max()))
    least_m = np.maximum(legs.straight_m[rows] / fastest, parameters["population.shortest_trip_m"])
    return np.asarray(np.where(np.isfinite(found), np.maximum(found, least_m), np.nan))


def paces(paths: Paths, bicycle: int, parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Speed along each path and back over that on the flat (n_paths,); flat where no height is known."""
    grade = np.zeros(paths.length_m.shape[0])
    if paths.has_heights:
        rise_m = paths.node_elevation_m[paths.v] - paths.node_elevation_m[paths.u]
        grade = np.nan_to_num(rise_m / np.maximum(paths.length_m, 1.0))
    pushed = pushing_factor(parameters)
    forth, back = (
        np.where(paths.cycle, slope_factors(each, bicycle, parameters), pushed) for each in (grade, -grade)
    )
    return forth, back
