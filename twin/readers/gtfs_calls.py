"""The calls of the runs of one day of a GTFS feed: times past 24:00, gaps filled, frequencies expanded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.readers.gtfs_files import numbers, refuse, rows_of, texts
from twin.units import EARTH_RADIUS_M

A_TIME = "a time as HH:MM:SS, past 24:00:00 after midnight"
NOT_POSSIBLE = 1  # pickup_type and drop_off_type
MOST_CALLS = 20_000_000

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Calls:
    """Calls of runs one run after another: offsets (n_runs + 1,), the rest (n_calls,), times in seconds."""

    start: Longs
    stop: Longs
    arrival_s: Floats
    departure_s: Floats
    pickup: NDArray[np.bool_]
    drop: NDArray[np.bool_]
    filled: int = 0

    def picked(self, runs: np.ndarray, shift_s: Floats) -> Calls:
        """The calls of some runs, each as often as it is named, moved by seconds (n,)."""
        length = (self.start[1:] - self.start[:-1])[runs]
        start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
        rows = np.repeat(self.start[:-1][runs] - start[:-1], length) + np.arange(start[-1])
        moved = np.repeat(shift_s, length)
        return replace(
            self,
            start=start,
            stop=self.stop[rows],
            arrival_s=self.arrival_s[rows] + moved,
            departure_s=self.departure_s[rows] + moved,
            pickup=self.pickup[rows],
            drop=self.drop[rows],
        )


def seconds_of(times: np.ndarray) -> Floats:
    """Seconds after 00:00 of texts HH:MM:SS or H:MM:SS; NaN where there is none, -1 where it is no time.

    >>> seconds_of(np.array(["06:30:00", "25:01:02", "", "25:61:00"])).tolist()
    [23400.0, 90062.0, nan, -1.0]
    """
    unique, back = np.unique(times, return_inverse=True)
    return np.array([_seconds(text) for text in unique.tolist()], dtype=np.float64)[back]


def _seconds(text: str) -> float:
    if not text:
        return float("nan")
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() and part.isascii() for part in parts):
        return -1.0
    hours, minutes, seconds = (int(part) for part in parts)
    if len(parts[0]) > 3 or len(parts[1]) != 2 or len(parts[2]) != 2 or minutes > 59 or seconds > 59:
        return -1.0
    return float(3600 * hours + 60 * minutes + seconds)


def read_calls(feed: Any, trips: np.ndarray, stops: tuple[np.ndarray, Floats, Floats], where: str) -> Calls:
    """The calls of those trips as the feed lists them, gaps in the times filled.

    Parameters
    ----------
    trips
        Ids of the day's trips, (n_trips,); the calls come in their order.
    stops
        Ids of the feed's stops, and their lon and lat in degrees.
    """
    table = feed.stop_times
    trip = rows_of(trips, texts(table, "trip_id"))
    sequence = numbers(table, "stop_sequence")
    refuse(where, "stop_times", ~(sequence >= 0), table, ("stop_sequence", "a whole number, 0 or more"))
    rows = np.flatnonzero(trip >= 0)
    rows = rows[np.lexsort((sequence[rows], trip[rows]))]
    table, trip, sequence = table.iloc[rows], trip[rows], sequence[rows]
    same_trip = np.concatenate([[False], trip[1:] == trip[:-1]]) if len(trip) else trip.astype(bool)
    again = same_trip & (sequence == np.roll(sequence, 1))
    refuse(where, "stop_times", again, table, ("stop_sequence", "larger at each stop of the trip"))
    stop = rows_of(stops[0], texts(table, "stop_id"))
    refuse(where, "stop_times", stop < 0, table, ("stop_id", "a stop of stops.txt"))
    start = np.searchsorted(trip, np.arange(len(trips) + 1)).astype(np.int64)
    arrival, departure, filled = _times(table, start, same_trip, (stop, stops[1], stops[2]), where)
    can = {column: _can(table, column, where) for column in ("pickup_type", "drop_off_type")}
    return Calls(start, stop, arrival, departure, can["pickup_type"], can["drop_off_type"], filled)


def _can(table: Any, column: str, where: str) -> NDArray[np.bool_]:
    """Whether riders can get on, or off; by telephone or by a sign to the driver counts as yes."""
    kind = np.nan_to_num(numbers(table, column), nan=0.0)
    refuse(where, "stop_times", ~np.isin(kind, (0, 1, 2, 3)), table, (column, "0, 1, 2 or 3"))
    return np.asarray(kind != NOT_POSSIBLE)


def _times(
    table: Any, start: Longs, same_trip: np.ndarray, place: tuple[np.ndarray, Floats, Floats], where: str
) -> tuple[Floats, Floats, int]:
    """Arrival and departure of each call in seconds, never decreasing along a trip."""
    columns = {name: seconds_of(texts(table, f"{name}_time")) for name in ("arrival", "departure")}
    for name, seconds in columns.items():
        refuse(where, "stop_times", seconds < 0, table, (f"{name}_time", A_TIME))
    arrival = np.where(np.isnan(columns["arrival"]), columns["departure"], columns["arrival"])
    departure = np.where(np.isnan(columns["departure"]), columns["arrival"], columns["departure"])
    missing = np.isnan(arrival)
    ends = ~same_trip | ~np.append(same_trip[1:], False)
    right = f"{A_TIME}, at the first and the last stop of every trip"
    refuse(where, "stop_times", missing & ends, table, ("arrival_time", right))
    if missing.any():
        along = _along_m(table, start, same_trip, place)
        arrival, departure = _filled(arrival, departure, along)
    refuse(where, "stop_times", departure < arrival, table, ("departure_time", "arrival_time or later"))
    early = same_trip & (arrival < np.roll(departure, 1))
    refuse(where, "stop_times", early, table, ("arrival_time", "not before the trip left the stop before"))
    return arrival, departure, int(missing.sum())


def _filled(arrival: Floats, departure: Floats, along: Floats) -> tuple[Floats, Floats]:
    """Missing times between known ones, in proportion to the way between them, whole seconds.

    Along grows from call to call, also where the way has no length and from one trip to the next.
    """
    missing = np.isnan(arrival)
    known = np.flatnonzero(~missing)
    rows = np.flatnonzero(missing)
    after = np.searchsorted(known, rows)
    before, behind = known[after - 1], known[after]
    share = (along[rows] - along[before]) / (along[behind] - along[before])
    times = np.rint(departure[before] + share * (arrival[behind] - departure[before]))
    arrival, departure = arrival.copy(), departure.copy()
    arrival[rows] = departure[rows] = times
    return arrival, departure


def _along_m(
    table: Any, start: Longs, same_trip: np.ndarray, place: tuple[np.ndarray, Floats, Floats]
) -> Floats:
    """Way along all calls: shape_dist_traveled where it grows along the whole trip, else straight lines."""
    stop, lon, lat = place[0], np.radians(place[1]), np.radians(place[2])
    x, y = (lon * np.cos(np.nanmean(lat)))[stop] * EARTH_RADIUS_M, lat[stop] * EARTH_RADIUS_M
    straight = np.hypot(np.diff(x, prepend=x[0]), np.diff(y, prepend=y[0]))
    given = numbers(table, "shape_dist_traveled")
    steps = np.diff(given, prepend=given[0])
    bad = np.isnan(given) | (same_trip & ~(steps > 0.0))
    trip = np.repeat(np.arange(len(start) - 1), np.diff(start))
    whole = np.bincount(trip, weights=bad, minlength=len(start) - 1)[trip] == 0
    way = np.where(same_trip & whole, steps, straight)
    return np.cumsum(np.where(same_trip, np.maximum(way, 1e-6), 1.0))


@dataclass(frozen=True)
class Headways:
    """Rows of frequencies.txt: which trip, from when until when [s], how far apart [s] (n,)."""

    trip: np.ndarray
    from_s: Floats
    until_s: Floats
    every_s: Floats

    def n_runs(self) -> Longs:
        """Runs that each row stands for: from the first moment on, the last before the end (n,)."""
        return np.ceil((self.until_s - self.from_s) / self.every_s).astype(np.int64)


def read_headways(feed: Any, trips: np.ndarray, where: str) -> Headways:
    """Rows of frequencies.txt, checked; none if there is no such file."""
    table = feed.frequencies
    if table is None:
        nothing = np.zeros(0)
        return Headways(np.zeros(0, dtype=np.int64), nothing, nothing, nothing)
    trip = rows_of(trips, texts(table, "trip_id"))
    refuse(where, "frequencies", trip < 0, table, ("trip_id", "a trip of trips.txt"))
    begin, end = seconds_of(texts(table, "start_time")), seconds_of(texts(table, "end_time"))
    refuse(where, "frequencies", ~(begin >= 0), table, ("start_time", A_TIME))
    refuse(where, "frequencies", ~(end > begin), table, ("end_time", f"{A_TIME}, later than start_time"))
    every = numbers(table, "headway_secs")
    refuse(where, "frequencies", ~(every >= 1), table, ("headway_secs", "1 second or more"))
    exact = np.nan_to_num(numbers(table, "exact_times"), nan=0.0)
    refuse(where, "frequencies", ~np.isin(exact, (0, 1)), table, ("exact_times", "0 or 1"))
    return Headways(trip, begin, end, every)


def expand(calls: Calls, headways: Headways, where: str) -> tuple[Calls, Longs, Floats]:
    """Trips given by headways as single runs, the first at start_time, and what each run is a run of.

    Both kinds of `exact_times` are expanded alike: where only the headway is promised, even spacing
    is what is assumed. Returns calls, the trip of each run, and the moment it leaves by headway, NaN
    for a trip that runs once as listed.
    """
    by_headway = np.unique(headways.trip)
    once = np.setdiff1d(np.arange(len(calls.start) - 1), by_headway)
    n_runs = headways.n_runs()
    wanted = int((np.diff(calls.start)[headways.trip] * n_runs).sum()) if len(n_runs) else 0
    if wanted > MOST_CALLS:
        right = f"{MOST_CALLS:,} calls a day at most"
        raise InputError(f"{where}: frequencies.txt", f"expands to {wanted:,} calls", right)
    number = np.arange(n_runs.sum()) - np.repeat(np.cumsum(n_runs) - n_runs, n_runs)
    leaves = np.repeat(headways.from_s, n_runs) + number * np.repeat(headways.every_s, n_runs)
    trip = np.repeat(headways.trip, n_runs)
    listed = calls.departure_s[np.minimum(calls.start[:-1], max(len(calls.stop) - 1, 0))]
    shift = np.concatenate([np.zeros(len(once)), leaves - listed[trip]])
    of = np.concatenate([once, trip]).astype(np.int64)
    return calls.picked(of, shift), of, np.concatenate([np.full(len(once), np.nan), leaves])
