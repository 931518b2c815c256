"""Bus lines that a scenario adds to a timetable: their stops on the ground, their runs by headway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.kernels.paths import Topology
from twin.routing.lines import LineRoutes, lines_on_streets
from twin.scenario.entry import told_of
from twin.scenario.ledger import Parameters
from twin.scenario.modifications import BusLine
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable
from twin.territory.timetable_build import assumed_lines, lay_stops
from twin.units import KMH_PER_MPS


@dataclass(frozen=True)
class LineGround:
    """What lines are laid on: a territory, its topology, free-flow times of its links [ms], the ledger."""

    territory: Territory
    topology: Topology
    free_ms: np.ndarray
    parameters: Parameters

    def routes(self, timetable: Timetable) -> LineRoutes:
        """The links that a timetable's buses drive."""
        return lines_on_streets(
            timetable, self.topology, self.free_ms, self.territory.streets, self.parameters
        )


def with_bus_lines(timetable: Timetable, added: Sequence[BusLine], ground: LineGround) -> Timetable:
    """The timetable and the lines added to it."""
    for order in added:
        line = _line(order, timetable, ground)
        with told_of(order, "name"):
            timetable = timetable.extended(line)
    return timetable


def _line(order: BusLine, timetable: Timetable, ground: LineGround) -> Timetable:
    """A timetable of that line alone: runs by headway, scheduled as fast as the order or the streets say."""
    where = order.where()
    located = [_located(order, k, timetable, ground.territory, where) for k in range(len(order.stops))]
    known = {each[0]: each for each in located}
    row_of = {stop: row for row, stop in enumerate(known)}
    way = np.array([row_of[each[0]] for each in located])
    stop_id, name, lon, lat = (np.array(column) for column in zip(*known.values(), strict=True))
    stops = lay_stops(stop_id, name, lon, lat, ground.territory, ground.parameters)
    ways = [way, way[::-1]] if order.both_ways else [way]
    halts = [np.zeros((2, way.shape[0]))] * len(ways)
    trial = _timetable(order, stops, ways, halts, [0.0])
    routes = ground.routes(trial)
    times = [_times_s(order, routes, int(trial.pattern_of_run[k]), ground, where) for k in range(len(ways))]
    first_s, last_s = order.service_s(ground.parameters["timetable.service_hours"])
    leaves_s = np.arange(first_s, last_s + 1e-6, order.headway_s).tolist()
    return _timetable(order, stops, ways, times, leaves_s)


def _located(
    order: BusLine, k: int, timetable: Timetable, territory: Territory, where: str
) -> tuple[str, str, float, float]:
    """Id, name, lon and lat of a stop given by coordinates, by a place or by a stop of the timetable."""
    stop, name = order.stops[k], f"{order.name} {k + 1}"
    if isinstance(stop, tuple):
        return name, name, *stop
    at = np.flatnonzero(timetable.stop_id == stop)
    if at.size:
        row = int(at[0])
        lon, lat = float(timetable.stop_lon[row]), float(timetable.stop_lat[row])
        return stop, str(timetable.stop_name[row]), lon, lat
    at = np.flatnonzero(territory.places.place_id == stop)
    if not at.size:
        right = "[lon, lat], a place id or a stop id of the timetable"
        raise InputError(f"{where}: stops", f"no place and no stop {stop!r}", right)
    row = int(at[0])
    return name, name, float(territory.places.lon[row]), float(territory.places.lat[row])


def _times_s(order: BusLine, routes: LineRoutes, pattern: int, ground: LineGround, where: str) -> np.ndarray:
    """Arrival and departure at each stop after the first departure (2, n_stops), whole seconds."""
    streets, parameters = ground.territory.streets, ground.parameters
    legs = range(int(routes.pattern_leg_start[pattern]), int(routes.pattern_leg_start[pattern + 1]))
    n_before = legs.start + pattern  # each pattern has one stop more than it has legs
    links = routes.stop_link[n_before : n_before + len(legs) + 1]
    if (links < 0).any():
        number = int(np.flatnonzero(links < 0)[0]) + 1
        what = f"stop {number} in its direction cannot be served from a street"
        raise InputError(f"{where}: stops", what, "stops beside streets that lead from one to the next")
    times = np.zeros((2, len(legs) + 1))
    for k, leg in enumerate(legs):
        driven = routes.links_of(leg)
        if order.speed_kmh is None:
            share = float(parameters["timetable.running_time_share"])
            drive_s = share * float(ground.free_ms[driven].sum()) / MS
        else:
            drive_s = KMH_PER_MPS * float(streets.length_m[driven].sum()) / order.speed_kmh
        times[0, k + 1] = times[1, k] + np.ceil(drive_s)
        times[1, k + 1] = times[0, k + 1] + parameters["timetable.dwell_s"]
    times[1, -1] = times[0, -1]
    return times


def _timetable(
    order: BusLine,
    stops: dict[str, Any],
    ways: list[np.ndarray],
    times: list[np.ndarray],
    leaves_s: list[float],
) -> Timetable:
    """Runs of each way (stop rows) at those departures, with times after the departure (2, n_stops)."""
    runs = [(k, moment) for k in range(len(ways)) for moment in leaves_s]
    call_stop = [ways[k] for k, _ in runs]
    n_calls = [each.shape[0] for each in call_stop]
    anywhere = np.ones(sum(n_calls), dtype=np.bool_)
    ids = [f"{order.name} {'back' if k else 'out'} {moment:.0f}" for k, moment in runs]
    return Timetable.of(
        stops,
        assumed_lines([order.name], [order.name], ["bus"]),
        {
            "run_id": np.array(ids),
            "run_line": np.zeros(len(runs), dtype=np.int32),
            "n_calls": np.array(n_calls, dtype=np.int32),
        },
        {
            "call_stop": np.concatenate(call_stop).astype(np.int32),
            "call_arrival_s": np.concatenate([times[k][0] + moment for k, moment in runs]),
            "call_departure_s": np.concatenate([times[k][1] + moment for k, moment in runs]),
            "call_pickup": anywhere,
            "call_drop": anywhere.copy(),
        },
        {"source": "scenario", "name": order.name, "synthetic": True},
    )
