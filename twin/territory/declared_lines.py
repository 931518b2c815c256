"""Declared lines as a timetable: runs by headway, times by distance and speed, flagged as assumed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.clock import format_time_s
from twin.errors import InputError
from twin.readers.gtfs_calls import Calls
from twin.scenario.ledger import Parameters
from twin.scenario.lines import STOP_WORDS, LineTable, StopTable, TimetableTable, read_timetable_file
from twin.territory.geometry import distances_m, in_box
from twin.territory.tables import Floats
from twin.territory.territory import Territory
from twin.territory.timetable import Timetable
from twin.territory.timetable_build import assumed_lines, call_columns, lay_stops
from twin.units import KMH_PER_MPS

Stop = tuple[str, str, float, float]
"""Id, name, lon and lat."""


def open_timetable(
    source: str | Path, territory: Territory, parameters: Parameters | None = None
) -> Timetable:
    """The timetable that a path names: a declared `timetable.toml`, or a territory's folder with one.

    Raises
    ------
    InputError
        The path is neither, or what it holds does not fit the territory.
    """
    path = Path(source)
    if path.is_dir():
        timetable = Timetable.load(path)
        if timetable.meta.get("territory_digest", territory.digest) != territory.digest:
            raise InputError(str(path), "its timetable is of another territory", "the territory's own folder")
        return timetable
    if path.suffix != ".toml" or not path.is_file():
        right = "a timetable.toml, or a territory's folder fetched with --gtfs"
        raise InputError(str(path), "is no timetable", right)
    table = read_timetable_file(path)
    return declared_timetable(table, territory, parameters, str(path))


def declared_timetable(
    table: TimetableTable,
    territory: Territory,
    parameters: Parameters | None = None,
    where: str = "timetable",
) -> Timetable:
    """The timetable of a declared file on a territory."""
    meta = {"source": table.source, "kind": table.kind, "place": table.place}
    return timetable_of_lines(table.line, table.stop, territory, parameters, where, meta)


def timetable_of_lines(
    lines: Sequence[LineTable],
    stops: Sequence[StopTable],
    territory: Territory,
    parameters: Parameters | None = None,
    where: str = "timetable",
    meta: dict[str, Any] | None = None,
) -> Timetable:
    """The timetable of declared lines.

    Buses leave by headway from the first stop and, where a line runs both ways, at the same moments
    from the last. From stop to stop they take the straight distance at the line's speed, in whole
    seconds, and stand at every stop on the way.
    """
    known = {each.name: (each.name, each.name, each.lon, each.lat) for each in stops}
    used: dict[str, Stop] = {}
    ways: list[tuple[int, str, list[Stop]]] = []
    for row, line in enumerate(lines):
        called = []
        for number, reference in enumerate(line.stops, start=1):
            place = f"{where}: line {line.name!r}: stop {number}"
            called.append(_stop(reference, known, territory, place))
        used.update({stop[0]: stop for stop in called})
        ways.append((row, "out", called))
        if line.both_ways:
            ways.append((row, "back", called[::-1]))
    rows = {stop: row for row, stop in enumerate(sorted(used))}
    columns = [np.array(each) for each in zip(*(used[stop] for stop in rows), strict=True)]
    ids, names, lon, lat = columns
    ground = lay_stops(ids, names, lon, lat, territory, parameters or Parameters.defaults())
    runs = [
        (
            row,
            f"{lines[row].name} {way} {format_time_s(moment)}",
            moment + times[0],
            moment + times[1],
            sequence,
        )
        for row, way, called in ways
        for times, sequence in [(_times(called, lines[row]), [rows[stop[0]] for stop in called])]
        for moment in lines[row].departures_s()
    ]
    lined = [(line.name, str(line.mode)) for line in lines]
    return timetable_of_runs(lined, ground, runs, {**(meta or {}), "territory_digest": territory.digest})


Run = tuple[int, str, Floats, Floats, Sequence[int] | NDArray[np.integer[Any]]]
"""Line, id, arrivals and departures [s], rows of stops."""


def timetable_of_runs(
    lines: Sequence[tuple[str, str]], ground: dict[str, Any], runs: Sequence[Run], meta: dict[str, Any]
) -> Timetable:
    """The timetable of assumed lines, by name and mode, from the columns of its stops and its runs."""
    lengths = [len(stops) for *_, stops in runs]
    stop = np.concatenate([np.array(stops, dtype=np.int64) for *_, stops in runs])
    first = np.concatenate([np.arange(length) == 0 for length in lengths])
    last = np.concatenate([np.arange(length) == length - 1 for length in lengths])
    calls = Calls(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        stop,
        np.concatenate([arrival for _, _, arrival, _, _ in runs]),
        np.concatenate([departure for _, _, _, departure, _ in runs]),
        ~last,
        ~first,
    )
    names, modes = [name for name, _ in lines], [mode for _, mode in lines]
    notes = {
        "licence": "none: declared, not published",
        "attribution": "",
        "date": "",
        "synthetic": True,
        "dropped": {},
    }
    return Timetable.of(
        ground,
        assumed_lines(names, names, modes),
        {
            "run_id": np.array([name for _, name, *_ in runs], dtype=np.str_),
            "run_line": np.array([row for row, *_ in runs], dtype=np.int32),
            "n_calls": np.array(lengths, dtype=np.int64),
        },
        call_columns(calls, calls.stop),
        {**notes, **meta},
    )


def _stop(
    reference: str | tuple[float, float], known: dict[str, Stop], territory: Territory, where: str
) -> Stop:
    """A stop by name, place id or coordinates, within the territory's box."""
    if not isinstance(reference, str):
        lon, lat = reference
        found: Stop = (f"{lon:.5f},{lat:.5f}", f"{lat:.5f}, {lon:.5f}", lon, lat)
    elif reference in known:
        found = known[reference]
    else:
        row = np.flatnonzero(territory.places.place_id == reference)
        if not len(row):
            raise InputError(where, f"no stop {reference!r}", STOP_WORDS)
        place = int(row[0])
        found = (reference, reference, float(territory.places.lon[place]), float(territory.places.lat[place]))
    if not in_box(found[2], found[3], tuple(territory.meta["bbox"])):
        west, south, east, north = territory.meta["bbox"]
        right = f"lon {west:g} to {east:g}, lat {south:g} to {north:g}"
        raise InputError(where, f"{found[1]!r} lies outside the territory", right)
    return found


def _times(called: Sequence[Stop], line: LineTable) -> tuple[Floats, Floats]:
    """Arrivals and departures at the stops of one way, in seconds after leaving the first."""
    lon, lat = (np.array([stop[axis] for stop in called]) for axis in (2, 3))
    ride_s = np.maximum(
        1.0, np.round(distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:]) / line.speed_kmh * KMH_PER_MPS)
    )
    stand_s = np.full(len(called), float(line.dwell_s))
    stand_s[[0, -1]] = 0.0
    departure = np.cumsum(np.concatenate([[0.0], ride_s]) + stand_s)
    return departure - stand_s, departure
