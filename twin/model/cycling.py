"""Bike lanes: who cycles along them is quicker, and some who did not cycle change to it.

Paths carry no street, so a path counts as running along a laned street where it lies within reach of the
street's line. Who gains by them chooses again (`twin.model.choices`), on minutes as they are felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from twin.kernels.synthesis import PathGraph
from twin.model.choices import DayModes
from twin.model.journeys_compared import inside
from twin.population.days.paths import path_distances_m, path_graph
from twin.population.population import Population
from twin.population.tables import CYCLE, Trips
from twin.scenario.road_edits import BikeLane
from twin.territory.select import select_links
from twin.territory.tables import Flags, Floats, Ints
from twin.territory.territory import Territory
from twin.territory.timetable_build import projected

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

SAMPLE_M = 5.0
LOOKED_FACTOR, LOOKED_EXTRA_M = 2.0, 500.0
"""A lane matters to a trip whose way by it, in straight lines, is no longer than so many times the straight
line from end to end, plus so much. This bounds the work: beyond it nobody would ride round by the lane."""


@dataclass(frozen=True)
class BikeLanes:
    """Paths along bike lanes: what a metre there costs in time, and feels like, beside one elsewhere.

    along is (n_paths,) bool; time and felt are (n_paths,) ratios, 1 off the lanes.
    """

    along: Flags
    time: Floats
    felt: Floats


def bike_lanes(model: TwinModel) -> BikeLanes | None:
    """The scenario's bike lanes; None without any."""
    orders = model.spec.orders(BikeLane)
    if not orders:
        return None
    return lanes_along(model.territory, orders, float(model.parameters["population.cycle_speed_kmh"]))


def along_lanes(model: TwinModel, planned: Population, lanes: BikeLanes) -> Population:
    """The population whose rides are as quick as the lanes make them."""
    trips = planned.trips
    rows = np.flatnonzero((trips.mode == CYCLE) & inside(trips))
    before, after = (_ridden_m(model.territory, trips, rows, each) for each in (None, lanes.time))
    duration_s = trips.duration_s.copy()
    saved = np.isfinite(before) & np.isfinite(after) & (after < before)
    duration_s[rows[saved]] *= after[saved] / before[saved]
    return Population.of(planned.persons, trips.with_columns(duration_s=duration_s), planned.report)


def lanes_along(territory: Territory, orders: Sequence[BikeLane], usual_kmh: float) -> BikeLanes:
    """Which paths run along the streets that the orders name, and what that changes."""
    paths = territory.paths
    time, felt = np.ones((2, len(paths.u)))
    for order in orders:
        where = order.where("links")
        rows = select_links(order.links, territory.streets, territory.zones, where, territory.places)
        along = _along(territory, rows, order.reach_m)
        quicker = min(1.0, usual_kmh / order.speed_kmh)
        time[along] = np.minimum(time[along], quicker)
        felt[along] = np.minimum(felt[along], quicker * order.comfort)
    return BikeLanes(felt < 1.0, time, felt)


def _along(territory: Territory, rows: Ints, reach_m: float) -> Flags:
    """Paths of which both ends and the middle lie within reach of the links' lines (n_paths,)."""
    streets, paths = territory.streets, territory.paths
    x_m, y_m = _projected(territory)
    points = []
    for row in rows.tolist():
        at = slice(int(streets.shape_start[row]), int(streets.shape_start[row + 1]))
        gone = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x_m[at]), np.diff(y_m[at])))])
        stops = np.linspace(0.0, gone[-1], int(np.ceil(gone[-1] / SAMPLE_M)) + 1)
        points.append(np.column_stack([np.interp(stops, gone, x_m[at]), np.interp(stops, gone, y_m[at])]))
    tree = cKDTree(np.concatenate(points))
    ends = [np.column_stack([paths.node_x_m[end], paths.node_y_m[end]]) for end in (paths.u, paths.v)]
    apart = [tree.query(each)[0] for each in (*ends, (ends[0] + ends[1]) / 2.0)]
    return np.asarray(np.max(apart, axis=0) <= reach_m)


def _projected(territory: Territory) -> tuple[Floats, Floats]:
    """Points of the streets' lines in metres as the nodes have them (n_points,) each."""
    streets = territory.streets
    return projected(streets.shape_lon, streets.shape_lat, streets)


def _graph(territory: Territory, ratio: Floats | None) -> PathGraph:
    """Paths for cycling, each metre counted by its ratio; positions shrink with the least of them."""
    paths = territory.paths
    graph = path_graph(territory, paths.walk | paths.cycle)
    if ratio is None:
        return graph
    usable = paths.walk | paths.cycle
    u, v = paths.u[usable].astype(np.int64), paths.v[usable].astype(np.int64)
    order = np.lexsort((np.concatenate([v, u]), np.concatenate([u, v])))
    each = np.concatenate([ratio[usable], ratio[usable]])[order]
    least = float(each.min(initial=1.0))
    length = np.ceil(graph.length_mm * each).astype(np.int64)
    return graph._replace(length_mm=length, x_mm=graph.x_mm * least, y_mm=graph.y_mm * least)


def _ridden_m(territory: Territory, trips: Trips, rows: np.ndarray, ratio: Floats | None) -> Floats:
    """Shortest rides of trips (rows) in metres, counted by the ratios of paths (n,); NaN without a way."""
    places = territory.places
    origin, destination = trips.origin_place[rows], trips.destination_place[rows]
    ends = places.path_node[origin], places.path_node[destination]
    straight = _straight_m(territory, origin, destination)
    return path_distances_m(_graph(territory, ratio), *ends, straight)


def _straight_m(territory: Territory, origin: np.ndarray, destination: np.ndarray) -> Floats:
    x, y = territory.places.x_m, territory.places.y_m
    return np.asarray(np.hypot(x[origin] - x[destination], y[origin] - y[destination]))


def by_cycle_saved_min(model: TwinModel, modes: DayModes, lanes: BikeLanes) -> Floats:
    """Minutes, as they are felt, that each tour (n_tours,) takes less by bicycle because of the lanes."""
    trips, usual = modes.accustomed.trips, modes.usual
    may = usual.all_of(inside(trips)) & np.isfinite(usual.utility[:, CYCLE])
    may &= usual.summed(_meets(model.territory, trips, lanes)) > 0
    rows = usual.row[may[usual.legs.tour]]
    before, felt = (_ridden_m(model.territory, trips, rows, each) for each in (None, lanes.felt))
    metres_a_min = 1_000.0 * float(model.parameters["population.cycle_speed_kmh"]) / 60.0
    saved = np.zeros(len(trips))
    saved[rows] = np.maximum(np.nan_to_num(before - felt), 0.0) / metres_a_min
    return usual.summed(saved)


def _meets(territory: Territory, trips: Trips, lanes: BikeLanes) -> Flags:
    """Trips to which the lanes may matter (n_trips,)."""
    paths, places = territory.paths, territory.places
    rows = np.flatnonzero(inside(trips))
    node = np.unique(np.append(paths.u[lanes.along], paths.v[lanes.along]))
    found = np.zeros(len(trips), dtype=np.bool_)
    if not node.size or not rows.size:
        return found
    tree = cKDTree(np.column_stack([paths.node_x_m[node], paths.node_y_m[node]]))
    to_lane, _ = tree.query(np.column_stack([places.x_m, places.y_m]))
    origin, destination = trips.origin_place[rows], trips.destination_place[rows]
    straight = _straight_m(territory, origin, destination)
    found[rows] = to_lane[origin] + to_lane[destination] <= LOOKED_FACTOR * straight + LOOKED_EXTRA_M
    return found
