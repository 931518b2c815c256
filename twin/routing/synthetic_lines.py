"""A synthetic timetable for a place without any: each zone's line to the centre, and lines to the gateways.

Nobody runs these lines. They are drawn by rule from the ledger's rows `timetable.*`, and flagged as assumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.clock import MS, format_time_s
from twin.kernels.paths import BLOCKED, RouteQueries, Topology
from twin.routing.lines import lines_on_streets
from twin.routing.search import NO_DRAWS, bounds_to, find_routes, static_weights
from twin.routing.topology import build_topology
from twin.scenario.ledger import Parameters
from twin.territory.access import with_doors
from twin.territory.declared_lines import Run, timetable_of_runs
from twin.territory.tables import ROAD_CLASSES, Floats, Ints, Longs
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable
from twin.territory.timetable_build import lay_stops
from twin.units import M_PER_KM, S_PER_H

MAIN_ROADS = tuple(ROAD_CLASSES.index(name) for name in ("primary", "secondary", "tertiary"))
GATE_ROADS = tuple(ROAD_CLASSES.index(name) for name in ("trunk", "primary", "secondary"))
VILLAGE = 0


@dataclass(frozen=True)
class _Line:
    """A line to draw: from node to node, and the density class that sets its headway."""

    name: str
    origin: int
    destination: int
    density: int


def synthetic_timetable(territory: Territory, parameters: Parameters | None = None) -> Timetable:
    """Lines from the centre of every zone to that of the largest, and from there to the gateways.

    A zone's centre is the main-road junction nearest to the middle of its dwellings. Lines keep to
    main roads, stop at junctions about `timetable.stop_spacing_m` apart and run both ways, by headway
    and free-flow time as the ledger's rows `timetable.*` say. A direction that cannot be driven from
    end to end is left out.
    """
    ledger = parameters or Parameters.defaults()
    streets = territory.streets
    topology = build_topology(streets.tail, streets.head, streets.link_key, streets.n_nodes)
    lines = _lines(territory, ledger)
    chains = [_stops_along(line, territory, topology, ledger) for line in lines]
    drawn = [row for row, chain in enumerate(chains) if len(chain) >= 2]
    dropped: dict[str, int] = {}
    if len(drawn) < len(lines):
        dropped["lines_without_route"] = len(lines) - len(drawn)
    meta = _notes(territory, ledger, dropped)
    if not drawn:
        return replace(Timetable.none(), meta=meta)
    lines, chains = [lines[row] for row in drawn], [chains[row] for row in drawn]
    nodes = np.unique(np.concatenate(chains))
    ground = _ground(nodes, territory, ledger)
    ways = [
        (row, way, np.searchsorted(nodes, chain[::step]).astype(np.int64))
        for row, chain in enumerate(chains)
        for way, step in (("out", 1), ("back", -1))
    ]
    names = [(line.name, "bus") for line in lines]
    still = [(row, way, np.zeros(len(stops)), np.zeros(len(stops)), stops) for row, way, stops in ways]
    sketch = timetable_of_runs(names, ground, still, meta)
    times = _leg_times(sketch, topology, territory, ledger)
    runs = [
        run
        for row, way, stops in ways
        if (row, stops.tobytes()) in times
        for run in _runs(lines[row], row, way, (stops, times[row, stops.tobytes()]), ledger)
    ]
    if len(times) < len(ways):
        dropped["directions_not_driven"] = len(ways) - len(times)
    return timetable_of_runs(names, ground, runs, meta)


def _lines(territory: Territory, ledger: Parameters) -> list[_Line]:
    """Zones to the one with most inhabitants, and from there to a gateway of each group."""
    places, zones = territory.places, territory.zones
    people = places.dwellings.astype(float) * ledger["timetable.persons_per_dwelling"]
    inhabitants = np.array([people[places.zone == row].sum() for row in range(len(zones.name))])
    if not inhabitants.size or inhabitants.max() <= 0.0:
        return []
    hub = int(inhabitants.argmax())
    lived_in = np.flatnonzero(inhabitants > 0.0).tolist()
    centres = {row: _centre(row, people, territory, ledger) for row in lived_in}
    lines = [
        _Line(f"{zones.name[row]} – {zones.name[hub]}", node, centres[hub][0], density)
        for row, (node, density) in centres.items()
        if row != hub
        and node != centres[hub][0]
        and inhabitants[row] >= ledger["timetable.least_inhabitants"]
    ]
    gates, named = territory.gateways, set()
    for gate in np.flatnonzero((gates.in_link >= 0) & (gates.out_link >= 0)).tolist():
        group = str(gates.group[gate])
        node = int(gates.node[gate])
        if gates.road_class[gate] in GATE_ROADS and group not in named and node != centres[hub][0]:
            named.add(group)
            lines.append(_Line(f"{zones.name[hub]} – {group}", centres[hub][0], node, VILLAGE))
    return lines


def _centre(zone: int, people: np.ndarray, territory: Territory, ledger: Parameters) -> tuple[int, int]:
    """Node of the main roads nearest to the middle of a zone's dwellings, and the zone's density class."""
    places, streets = territory.places, territory.streets
    own = np.flatnonzero((places.zone == zone) & (people > 0.0))
    weight = people[own]
    x, y = np.average(places.x_m[own], weights=weight), np.average(places.y_m[own], weights=weight)
    radius_m = ledger["timetable.density_radius_m"]
    near = np.hypot(places.x_m[own] - x, places.y_m[own] - y) <= radius_m
    density = weight[near].sum() / (np.pi * (radius_m / M_PER_KM) ** 2)
    steps = ledger["timetable.density_steps_per_km2"]
    open_links = with_doors(streets)
    main = open_links & np.isin(streets.road_class, MAIN_ROADS) & (streets.zone == zone)
    nodes = np.unique(streets.head[main if main.any() else open_links])
    away = np.hypot(streets.node_x_m[nodes] - x, streets.node_y_m[nodes] - y)
    return int(nodes[away.argmin()]), int(np.searchsorted(steps, density, side="right"))


def _stops_along(line: _Line, territory: Territory, topology: Topology, ledger: Parameters) -> Ints:
    """Nodes at which a line stops, from its origin on; none where it cannot be driven."""
    streets = territory.streets
    free_ms = np.rint(MS * streets.free_flow_time_s)
    side = ~np.isin(streets.road_class, (*MAIN_ROADS, *GATE_ROADS))
    barred = np.isin(streets.road_class, [row for row, name in enumerate(ROAD_CLASSES) if "motorway" in name])
    felt_ms = np.where(side, free_ms * ledger["timetable.side_road_penalty"], free_ms)
    weight_ms = np.where(barred, BLOCKED, felt_ms).astype(np.int32)
    into = np.flatnonzero((topology.head == line.destination) & ~barred).astype(np.int32)
    begin = np.flatnonzero(topology.head == line.origin)[:1].astype(np.int32)
    if not len(into) or not len(begin):
        return begin[:0]
    bounds = bounds_to(topology, weight_ms, into)
    reach_ms = bounds.cost_ms[bounds.row_of_node[topology.tail[into]], line.origin].astype(np.int64)
    last = into[[int((reach_ms + weight_ms[into]).argmin())]]
    queries = RouteQueries.between(begin, last)
    routes = find_routes(topology, static_weights(weight_ms), bounds, queries, np.arange(1), NO_DRAWS)
    route = routes.of(0)[1:]
    along_m = np.cumsum(streets.length_m[route])
    spacing_m, stops, stopped_m = ledger["timetable.stop_spacing_m"], [line.origin], 0.0
    for node, at_m in zip(streets.head[route].tolist(), along_m.tolist(), strict=True):
        if at_m - stopped_m >= spacing_m and along_m[-1] - at_m >= spacing_m / 2.0 and node not in stops:
            stops.append(node)
            stopped_m = at_m
    return np.array([*stops, line.destination] if len(route) else [], dtype=np.int32)


def _ground(nodes: Ints, territory: Territory, ledger: Parameters) -> dict[str, Any]:
    """Stops at nodes, named after a street there."""
    streets = territory.streets
    name = {int(node): "" for node in nodes}
    for link in np.flatnonzero(np.isin(streets.head, nodes)).tolist():
        name[int(streets.head[link])] = name[int(streets.head[link])] or str(streets.name[link])
    ids = [f"node {streets.node_id[node]}" for node in nodes]
    names = [f"{name[node]} ({each})".strip() for node, each in zip(nodes.tolist(), ids, strict=True)]
    lon, lat = streets.node_lon[nodes], streets.node_lat[nodes]
    return lay_stops(np.array(ids), np.array(names), lon, lat, territory, ledger)


def _leg_times(
    sketch: Timetable, topology: Topology, territory: Territory, ledger: Parameters
) -> dict[tuple[int, bytes], np.ndarray]:
    """Scheduled seconds of each leg, by line and stops, of the patterns that can be driven throughout."""
    streets = territory.streets
    free_ms = np.rint(MS * streets.free_flow_time_s).astype(np.int64)
    routes = lines_on_streets(sketch, topology, free_ms, streets, ledger)
    ratio, times = ledger["timetable.running_time_share"], {}
    for run, pattern in enumerate(sketch.pattern_of_run.tolist()):
        rows = slice(int(sketch.pattern_start[pattern]), int(sketch.pattern_start[pattern + 1]))
        legs = range(int(routes.pattern_leg_start[pattern]), int(routes.pattern_leg_start[pattern + 1]))
        if (routes.stop_link[rows] >= 0).all():
            driven_s = np.array([free_ms[routes.links_of(leg)].sum() for leg in legs]) / MS
            stops = sketch.pattern_stop[rows].astype(np.int64)
            times[int(sketch.run_line[run]), stops.tobytes()] = np.maximum(1.0, np.ceil(driven_s * ratio))
    return times


def _runs(line: _Line, row: int, way: str, driven: tuple[Longs, Floats], ledger: Parameters) -> list[Run]:
    """The runs of one direction of a line through the day."""
    stops, ride_s = driven
    stand_s = np.full(len(stops), ledger["timetable.dwell_s"])
    stand_s[[0, -1]] = 0.0
    leaves = np.cumsum(np.concatenate([[0.0], ride_s]) + stand_s)
    return [
        (row, f"{line.name} {way} {format_time_s(moment)}", moment + leaves - stand_s, moment + leaves, stops)
        for moment in _departures_s(line.density, ledger)
    ]


def _departures_s(density: int, ledger: Parameters) -> list[float]:
    """Departures through the day [s], closer in the peaks."""
    first, last = (S_PER_H * hour for hour in ledger["timetable.service_hours"])
    peaks = [S_PER_H * hour for hour in ledger["timetable.peak_hours"]]
    headway_s = ledger["timetable.headway_s"][density]
    moments, moment = [], first
    while moment <= last:
        moments.append(moment)
        peak = any(a <= moment < b for a, b in zip(peaks[::2], peaks[1::2], strict=True))
        moment += headway_s * (ledger["timetable.peak_headway_share"] if peak else 1.0)
    return moments


def _notes(territory: Territory, ledger: Parameters, dropped: dict[str, int]) -> dict[str, Any]:
    return {
        "source": "synthetic: drawn by rule from the ledger's rows timetable.*",
        "kind": "assumption",
        "synthetic": True,
        "territory_digest": territory.digest,
        "parameters": {row.name: row.values() for row in ledger.rows() if row.name.startswith("timetable.")},
        "dropped": dropped,
    }
