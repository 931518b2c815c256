"""Timetables laid on a territory: stops projected and tied to paths, a feed cut to the territory's box."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.readers.gtfs import ServiceDay
from twin.readers.gtfs_calls import Calls
from twin.scenario.ledger import Parameters
from twin.territory.geometry import Plane
from twin.territory.tables import ASSUMED, OBSERVED, Floats, Ints, Longs, Streets, Texts
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable, fares_unknown

LEAST_CALLS = 2
LICENCE_OF_FEED = "not stated in the feed: see its publisher"


def lay_stops(
    stop_id: Texts, name: Texts, lon: Floats, lat: Floats, territory: Territory, parameters: Parameters
) -> dict[str, Any]:
    """Columns of stops: projected as the territory's nodes are, and the nearest node of a walking path."""
    x_m, y_m = projected(lon, lat, territory.streets)
    return {
        "stop_id": stop_id,
        "stop_name": name,
        "stop_lon": lon,
        "stop_lat": lat,
        "stop_x_m": x_m,
        "stop_y_m": y_m,
        "stop_path_node": _path_nodes(x_m, y_m, territory, parameters["timetable.stop_reach_m"]),
    }


def projected(lon: Floats, lat: Floats, streets: Streets) -> tuple[Floats, Floats]:
    """Positions in metres as the streets' nodes have them, rounded to mm.

    A territory's plane is linear in each of lon and lat, so the two nodes farthest apart tell it.
    """
    plane = Plane(float(streets.node_lon[0]), float(streets.node_lat[0]))
    axes = (
        (lon, streets.node_lon, streets.node_x_m, plane.x_m),
        (lat, streets.node_lat, streets.node_y_m, plane.y_m),
    )
    found = []
    for degrees, node_degrees, node_m, fallback in axes:
        low, high = int(np.argmin(node_degrees)), int(np.argmax(node_degrees))
        span = float(node_degrees[high] - node_degrees[low])
        if span > 0.0:
            scale = float(node_m[high] - node_m[low]) / span
            found.append(np.round(node_m[low] + (degrees - node_degrees[low]) * scale, 3))
        else:
            found.append(node_m[0] + fallback(degrees))
    return found[0], found[1]


def _path_nodes(x_m: Floats, y_m: Floats, territory: Territory, reach_m: float) -> Ints:
    """Nearest node at the end of a path for walking, -1 where none is within reach (n_stops,)."""
    from scipy.spatial import cKDTree

    paths = territory.paths
    walked = np.unique(np.concatenate([paths.u[paths.walk], paths.v[paths.walk]]))
    if not len(walked) or not len(x_m):
        return np.full(len(x_m), -1, dtype=np.int32)
    nodes = np.column_stack([paths.node_x_m[walked], paths.node_y_m[walked]])
    away, row = cKDTree(nodes).query(np.column_stack([x_m, y_m]))
    return np.where(away <= reach_m, walked[row], -1).astype(np.int32)


def timetable_of_feed(
    day: ServiceDay, territory: Territory, parameters: Parameters | None = None
) -> Timetable:
    """What of a feed's service day lies in the territory's box.

    A run is cut to its calls inside; where it leaves the box and comes back it goes on as another run.
    Parts with a single call are left out, and so are lines of which nothing is left.

    Raises
    ------
    InputError
        No line of the feed calls twice within the box.
    """
    west, south, east, north = territory.meta["bbox"]
    inside = (
        (west <= day.stop_lon) & (day.stop_lon <= east) & (south <= day.stop_lat) & (day.stop_lat <= north)
    )
    dropped = Counter(day.dropped)
    calls, of, part = _parts_inside(day.calls, inside, dropped)
    if not len(of):
        box = ", ".join(f"{each:g}" for each in (west, south, east, north))
        right = "the feed of this place, or a larger box"
        raise InputError(day.notes["source"], f"no line calls twice within {box} on {day.date}", right)
    stops, call_stop = np.unique(calls.stop, return_inverse=True)
    lines, run_line = np.unique(day.run_line[of], return_inverse=True)
    dropped["lines_outside"] += len(day.line_id) - len(lines)
    dropped["stops_outside"] += len(day.stop_id) - len(stops)
    suffix = [f"#{number}" if number else "" for number in part.tolist()]
    names = [run + more for run, more in zip(day.run_id[of].tolist(), suffix, strict=True)]
    names_at = day.stop_id[stops], day.stop_name[stops]
    places_at = day.stop_lon[stops], day.stop_lat[stops]
    ground = lay_stops(*names_at, *places_at, territory, parameters or Parameters.defaults())
    return Timetable.of(
        ground,
        {
            "line_id": day.line_id[lines],
            "line_name": day.line_name[lines],
            "line_mode": day.line_mode[lines],
            "line_provenance": np.full(len(lines), OBSERVED, dtype=np.int8),
            "line_fare_cents": day.line_fares.cents[lines],
            "line_fare_by_boarding": day.line_fares.by_boarding[lines],
        },
        {
            "run_id": np.array(names, dtype=np.str_),
            "run_line": run_line.astype(np.int32),
            "n_calls": np.diff(calls.start),
        },
        call_columns(calls, call_stop),
        _notes(day, territory, dropped),
    )


def call_columns(calls: Calls, stop: np.ndarray) -> dict[str, Any]:
    """Columns of calls as the timetable names them."""
    return {
        "call_stop": stop.astype(np.int32),
        "call_arrival_s": calls.arrival_s,
        "call_departure_s": calls.departure_s,
        "call_pickup": calls.pickup,
        "call_drop": calls.drop,
    }


def assumed_lines(line_id: list[str], name: list[str], mode: list[str]) -> dict[str, Any]:
    """Columns of lines that no feed has: flagged as assumed."""
    return {
        "line_id": np.array(line_id, dtype=np.str_),
        "line_name": np.array(name, dtype=np.str_),
        "line_mode": np.array(mode, dtype=np.str_),
        "line_provenance": np.full(len(line_id), ASSUMED, dtype=np.int8),
        **fares_unknown(len(line_id)),
    }


def _parts_inside(calls: Calls, inside: np.ndarray, dropped: Counter[str]) -> tuple[Calls, Longs, Longs]:
    """Unbroken stretches of calls inside, the run each is of, and its number among those of the run."""
    run = np.repeat(np.arange(len(calls.start) - 1), np.diff(calls.start))
    within = inside[calls.stop]
    row = np.flatnonzero(within)
    fresh = np.ones(len(row), dtype=bool)
    fresh[1:] = (np.diff(row) > 1) | (np.diff(run[row]) > 0)
    stretch = np.cumsum(fresh) - 1
    length = np.bincount(stretch, minlength=int(fresh.sum()))
    of = run[row[fresh]]
    kept = length >= LEAST_CALLS
    dropped["runs_outside"] += len(calls.start) - 1 - len(np.unique(of[kept]))
    row, of, length = row[kept[stretch]], of[kept], length[kept]
    dropped["calls_outside"] += len(run) - len(row)
    part = np.arange(len(of)) - np.searchsorted(of, of)
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    cut = Calls(
        start,
        calls.stop[row],
        calls.arrival_s[row],
        calls.departure_s[row],
        calls.pickup[row],
        calls.drop[row],
    )
    return cut, of.astype(np.int64), part.astype(np.int64)


def _notes(day: ServiceDay, territory: Territory, dropped: Counter[str]) -> dict[str, Any]:
    return {
        **day.notes,
        "licence": LICENCE_OF_FEED,
        "date": day.date.isoformat(),
        "synthetic": False,
        "territory_digest": territory.digest,
        "dropped": {reason: int(count) for reason, count in sorted(dropped.items()) if count},
    }
