"""The streets that the buses of a timetable drive: a link for every stop, and the links between stops.

A stop stands on the kerb, near several links. Which of them a bus serves it from is chosen along the
whole pattern at once, by the least total driving time (dynamic programming, Bellman 1957): so it comes
by on the right side of the street and does not turn round to stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.kernels.paths import BLOCKED, RouteQueries, Topology
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.routing.topology import usable_in
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import ROAD_CLASSES, Ints, Longs, Streets, Table
from twin.territory.timetable import Timetable

NO_STOPS = tuple(ROAD_CLASSES.index(name) for name in ("motorway", "motorway_link", "trunk_link"))
SAMPLE_M = 10.0
MOST_CANDIDATES = 8
TREE_BYTES = 64 * 2**20
"""Memory for the cost trees of one round of stops."""
GAP_WEIGHT = 2.0
"""Weight of the way between a stop and the end of its link: at 1 it would cost nothing to shorten a line."""
FAR = np.int64(2**40)

Times = NDArray[np.int64]


@dataclass(frozen=True)
class LineRoutes(Table):
    """Links driven by the patterns of a timetable, leg by leg; a leg leads from one stop to the next.

    Parameters
    ----------
    pattern_leg_start
        Offsets of each pattern's legs, (n_patterns + 1,).
    leg_link_start
        Offsets of each leg's links, (n_legs + 1,).
    leg_links
        Link rows: from the stop's link exclusive to the next stop's link inclusive. The first leg of a
        pattern, and the first after one off the road, begins with its first stop's own link. A later leg
        between two stops of one link has no links, as the bus is there already.
    stop_link
        Link at whose downstream end the bus stands, for each position of `Timetable.pattern_stop`; -1
        where the pattern is off the road there and keeps its scheduled times. A leg with -1 at either
        of its stops has no links.
    """

    pattern_leg_start: Longs
    leg_link_start: Longs
    leg_links: Ints
    stop_link: Ints

    def links_of(self, leg: int) -> Ints:
        """Links of one leg, in order."""
        return self.leg_links[self.leg_link_start[leg] : self.leg_link_start[leg + 1]]


@dataclass
class _Sites:
    """Links that each stop may be served from, and what it costs that they lie and end elsewhere [ms]."""

    links: dict[int, Ints] = field(default_factory=dict)
    off_ms: dict[int, Times] = field(default_factory=dict)


class _Step(NamedTuple):
    """From the links of a stop to those of the next: driving time, and what turning round costs [ms]."""

    drive_ms: Times
    turn_ms: Times


def lines_on_streets(
    timetable: Timetable,
    topology: Topology,
    free_ms: np.ndarray,
    streets: Streets,
    parameters: Parameters | None = None,
) -> LineRoutes:
    """The links that each pattern of a bus line drives.

    A stop is served from a street within `timetable.kerb_reach_m` of it, else from the nearest within
    `timetable.station_reach_m`. Where a stop has neither, or cannot be driven to from the one before,
    the pattern is off the road there. Lines of other modes are off the road.

    Parameters
    ----------
    free_ms
        Free-flow time of each link, (n_links,) [ms].
    """
    weight_ms = np.ascontiguousarray(free_ms, dtype=np.int32)
    patterns = _bus_patterns(timetable)
    stops = np.unique(np.concatenate([np.zeros(0, dtype=np.int32), *patterns.values()]))
    ground = streets, np.flatnonzero(usable_in(topology))
    sites = _sites(timetable, stops, ground, parameters or Parameters.defaults())
    between = _times_between(patterns, sites, topology, weight_ms)
    stop_link = np.full(len(timetable.pattern_stop), -1, dtype=np.int32)
    for pattern, sequence in patterns.items():
        start = int(timetable.pattern_start[pattern])
        stop_link[start : start + len(sequence)] = _chosen_links(sequence, sites, between)
    return _laid(timetable, stop_link, topology, weight_ms)


def _bus_patterns(timetable: Timetable) -> dict[int, Ints]:
    """Stops of each pattern of a bus line, by pattern row."""
    line = np.zeros(timetable.n_patterns, dtype=np.int32)
    line[timetable.pattern_of_run] = timetable.run_line
    of_bus = np.flatnonzero(timetable.line_mode[line] == "bus") if timetable.n_lines else ()
    first, last = timetable.pattern_start[:-1], timetable.pattern_start[1:]
    return {int(row): timetable.pattern_stop[first[row] : last[row]] for row in of_bus}


def _sites(
    timetable: Timetable, stops: Ints, ground: tuple[Streets, np.ndarray], parameters: Parameters
) -> _Sites:
    """Links that stops (rows) may be served from, among the streets' links that buses may drive (rows)."""
    sites, (streets, driven) = _Sites(), ground
    links = driven[~np.isin(streets.road_class[driven], NO_STOPS)]
    if not len(links) or not len(stops):
        return sites
    plane = Plane(float(streets.node_lon.mean()), float(streets.node_lat.mean()))
    points, of = _samples(links, streets, plane)
    at = np.column_stack([plane.x_m(timetable.stop_lon[stops]), plane.y_m(timetable.stop_lat[stops])])
    head = streets.head
    ends = np.column_stack([plane.x_m(streets.node_lon[head]), plane.y_m(streets.node_lat[head])])
    kerb_m, station_m = parameters["timetable.kerb_reach_m"], parameters["timetable.station_reach_m"]
    tree = cKDTree(points)
    near = tree.query_ball_point(at, kerb_m)
    away, _ = tree.query(at)
    for row, stop in enumerate(stops.tolist()):
        rows = np.array(near[row], dtype=np.int64)
        if not len(rows) and away[row] <= station_m:
            rows = np.array(tree.query_ball_point(at[row], away[row] + SAMPLE_M), dtype=np.int64)
        apart_m = np.hypot(*(points[rows] - at[row]).T)
        order = np.lexsort((apart_m, of[rows]))
        found, first = np.unique(of[rows][order], return_index=True)
        off_m = GAP_WEIGHT * np.hypot(*(ends[found] - at[row]).T) + apart_m[order][first]
        off_ms = np.rint(1000.0 * off_m / streets.free_speed_mps[found]).astype(np.int64)
        best = np.lexsort((found, off_ms))[:MOST_CANDIDATES]
        sites.links[stop], sites.off_ms[stop] = found[best].astype(np.int32), off_ms[best]
    return sites


def _samples(links: np.ndarray, streets: Streets, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) [m] along the links, at most `SAMPLE_M` apart and at both ends, and the link of each."""
    x, y = plane.x_m(streets.shape_lon), plane.y_m(streets.shape_lat)
    points, of = [], []
    for link in links.tolist():
        rows = slice(int(streets.shape_start[link]), int(streets.shape_start[link + 1]))
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x[rows]), np.diff(y[rows])))])
        at = np.linspace(0.0, along[-1], int(np.ceil(along[-1] / SAMPLE_M)) + 1)
        points.append(np.column_stack([np.interp(at, along, x[rows]), np.interp(at, along, y[rows])]))
        of.append(np.full(len(at), link))
    return np.concatenate(points), np.concatenate(of)


def _times_between(
    patterns: dict[int, Ints], sites: _Sites, topology: Topology, weight_ms: np.ndarray
) -> dict[tuple[int, int], _Step]:
    """Driving times from the end of each link of a stop to the end of each link of the next, by pair.

    Turning round at once costs the way along the first link and back.
    """
    pairs = {
        pair
        for stops in patterns.values()
        for pair in zip(stops[:-1].tolist(), stops[1:].tolist(), strict=True)
    }
    before: dict[int, list[int]] = {}
    for a, b in sorted(pairs):
        before.setdefault(b, []).append(a)
    n_nodes = topology.first_out.shape[0] - 1
    a_round = max(1, TREE_BYTES // (4 * n_nodes * MOST_CANDIDATES))
    back_ms = _back_ms(topology, weight_ms)
    between: dict[tuple[int, int], _Step] = {}
    served = [stop for stop in before if len(sites.links.get(stop, ()))]
    for first in range(0, len(served), a_round):
        some = served[first : first + a_round]
        bounds = bounds_to(topology, weight_ms, np.concatenate([sites.links[stop] for stop in some]))
        for b in some:
            to = sites.links[b]
            rows = bounds.row_of_node[topology.tail[to]]
            for a in before[b]:
                origin = sites.links.get(a, to[:0])
                ahead, behind = (
                    bounds.cost_ms[rows[None, :], node[origin][:, None]].astype(np.int64)
                    for node in (topology.head, topology.tail)
                )
                drive = np.where(ahead >= BLOCKED, FAR, ahead + weight_ms[to])
                begun, ended = topology.tail[origin][:, None], topology.head[origin][:, None]
                round_ms = back_ms[origin][:, None]
                at_once = (ended == topology.tail[to]) & (begun == topology.head[to])
                turned = np.where(ended == topology.tail[to], at_once, round_ms + behind == ahead)
                turn = np.where(turned, weight_ms[origin][:, None] + round_ms, 0)
                elsewhere = origin[:, None] != to
                between[a, b] = _Step(np.where(elsewhere, drive, 0), np.where(elsewhere, turn, 0))
    return between


def _back_ms(topology: Topology, weight_ms: np.ndarray) -> Times:
    """Time of the quickest link from each link's end to its beginning [ms], FAR if none (n_links,)."""
    quickest: dict[tuple[int, int], int] = {}
    for link in topology.out_links.tolist():
        ends, time = (int(topology.tail[link]), int(topology.head[link])), int(weight_ms[link])
        quickest[ends] = min(time, quickest.get(ends, time))
    pairs = zip(topology.head.tolist(), topology.tail.tolist(), strict=True)
    return np.array([quickest.get(pair, int(FAR)) for pair in pairs], dtype=np.int64)


def _chosen_links(sequence: Ints, sites: _Sites, between: dict[tuple[int, int], _Step]) -> Ints:
    """Link of each stop of a pattern, by the least total driving time; -1 where it is off the road.

    Nothing tells where the bus comes from to its first stop, so turning round there counts as time.
    A stop that cannot be driven to from the one before is off the road, so every leg with links at both
    of its stops is driven.
    """
    chosen = np.full(len(sequence), -1, dtype=np.int32)
    stretch: list[tuple[int, Times]] = []  # position, and where each of its links was come to from
    total = np.zeros(0, dtype=np.int64)
    for position, stop in enumerate(sequence.tolist()):
        own = sites.off_ms.get(stop, np.zeros(0, dtype=np.int64))
        if stretch:
            step = between.get((int(sequence[position - 1]), stop))
            reached = None
            if step is not None and step.drive_ms.size:
                reached = total[:, None] + step.drive_ms + (step.turn_ms if len(stretch) == 1 else 0)
            if reached is not None and int(reached.min()) < FAR:
                stretch.append((position, reached.argmin(axis=0)))
                total = reached.min(axis=0) + own
            else:
                _trace(stretch, total, sequence, sites, chosen)
                stretch = []
        elif len(own):
            stretch, total = [(position, own)], own
    _trace(stretch, total, sequence, sites, chosen)
    return chosen


def _trace(
    stretch: list[tuple[int, Times]], total: Times, sequence: Ints, sites: _Sites, chosen: Ints
) -> None:
    """Write the links of a stretch on the road, from its last stop backwards; a lone stop is none."""
    if len(stretch) < 2:
        return
    best = int(total.argmin())
    for position, came_from in reversed(stretch):
        chosen[position] = sites.links[int(sequence[position])][best]
        best = int(came_from[best])


def _laid(timetable: Timetable, stop_link: Ints, topology: Topology, weight_ms: np.ndarray) -> LineRoutes:
    """Routes of all legs between the chosen links."""
    n_legs = np.maximum(np.diff(timetable.pattern_start) - 1, 0)
    leg_start = np.concatenate([[0], np.cumsum(n_legs)]).astype(np.int64)
    pattern = np.repeat(np.arange(timetable.n_patterns), n_legs)
    position = timetable.pattern_start[pattern] + np.arange(leg_start[-1]) - leg_start[pattern]
    origin, destination = stop_link[position], stop_link[position + 1]
    driven = (origin >= 0) & (destination >= 0)
    routes = _routes_between(origin[driven], destination[driven], topology, weight_ms)
    begins = np.ones(len(position), dtype=bool)
    begins[1:] = (pattern[1:] != pattern[:-1]) | ~driven[:-1]
    legs = []
    for leg, (a, b) in enumerate(zip(origin.tolist(), destination.tolist(), strict=True)):
        route = routes[a, b] if driven[leg] else stop_link[:0]
        legs.append(route if begins[leg] else route[1:])
    lengths = np.array([len(each) for each in legs], dtype=np.int64)
    return LineRoutes(
        leg_start,
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([stop_link[:0], *legs]).astype(np.int32),
        stop_link,
    )


def _routes_between(
    origin: Ints, destination: Ints, topology: Topology, weight_ms: np.ndarray
) -> dict[tuple[int, int], Ints]:
    """Quickest route from link to link, both included; each pair is searched for once."""
    found: dict[tuple[int, int], Ints] = {}
    pairs = np.unique(np.column_stack([destination, origin]), axis=0)
    at_once = max(1, TREE_BYTES // (4 * (topology.first_out.shape[0] - 1)))
    weights = static_weights(weight_ms)
    for first in range(0, len(pairs), at_once):
        to, begin = pairs[first : first + at_once].T
        queries = RouteQueries.between(begin, to)
        bounds = bounds_to(topology, weight_ms, to)
        routes = find_routes(topology, weights, bounds, queries, np.arange(len(to)), NO_DRAWS)
        for row, pair in enumerate(zip(begin.tolist(), to.tolist(), strict=True)):
            found[pair] = routes.of(row)
    return found
