"""A timetable: stops on the ground, lines, the runs of one service day and their calls, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import InputError
from twin.territory.content import content_digest
from twin.territory.tables import Flags, Floats, Ints, Longs, Table, Texts
from twin.territory.timetable_store import read_timetable, write_timetable

LINE_MODES = ("bus", "tram", "metro", "rail", "ferry", "other")
SAME_PLACE_DEG = 1e-6
"""Two stops of one id lie in one place if their coordinates differ by less."""


def fares_unknown(n_lines: int) -> dict[str, np.ndarray]:
    """Columns of the fares of lines of which no feed tells."""
    return {
        "line_fare_cents": np.full(n_lines, -1, dtype=np.int64),
        "line_fare_by_boarding": np.zeros(n_lines, dtype=np.bool_),
    }


@dataclass(frozen=True)
class Timetable(Table):
    """What runs on one service day.

    A run is one journey of one vehicle; runs are sorted by line, first departure and id, and the calls
    of each lie one after another from `call_start` on. Times are seconds after 00:00 of the service
    day, may pass 86,400 and never decrease along a run. A pattern is one of the distinct stop sequences
    of a line. `stop_path_node` is a row of the territory's paths, -1 where none is within reach;
    `line_provenance` indexes `PROVENANCES`: 0 observed in a feed, 2 assumed. `line_fare_cents` is what a feed
    says that a line costs, by boarding or once a journey, -1 where none does.

    `digest` covers the tables, `meta` says where they come from and what was left out and why.
    """

    stop_id: Texts
    stop_name: Texts
    stop_lon: Floats
    stop_lat: Floats
    stop_x_m: Floats
    stop_y_m: Floats
    stop_path_node: Ints
    line_id: Texts
    line_name: Texts
    line_mode: Texts
    line_provenance: NDArray[np.int8]
    line_fare_cents: Longs
    line_fare_by_boarding: Flags
    run_id: Texts
    run_line: Ints
    call_start: Longs
    call_stop: Ints
    call_arrival_s: Floats
    call_departure_s: Floats
    call_pickup: Flags
    call_drop: Flags
    pattern_of_run: Ints
    pattern_start: Longs
    pattern_stop: Ints
    digest: str = ""
    meta: dict[str, Any] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """The tables' columns by name, without digest and notes."""
        names = (each.name for each in fields(self) if each.name not in ("digest", "meta"))
        return {name: getattr(self, name) for name in names}

    @classmethod
    def of(
        cls, stops: Columns, lines: Columns, runs: Columns, calls: Columns, meta: dict[str, Any]
    ) -> Timetable:
        """The timetable of tables by column name: runs are sorted, patterns found, the digest taken.

        `runs` has run_id, run_line and n_calls; the calls of the runs lie in their order.
        """
        sorted_runs, sorted_calls = _sorted(runs, calls)
        patterns = _patterns(sorted_runs["run_line"], sorted_runs["call_start"], sorted_calls["call_stop"])
        made = cls(**stops, **lines, **sorted_runs, **sorted_calls, **patterns, meta=dict(meta))
        return replace(made, digest=content_digest({"timetable": made}))

    @classmethod
    def none(cls) -> Timetable:
        """The timetable of a place without one."""
        empty = {each: np.zeros(0) for each in ("stop_lon", "stop_lat", "stop_x_m", "stop_y_m")}
        texts = {each: np.zeros(0, dtype=np.str_) for each in ("stop_id", "stop_name")}
        lines = {each: np.zeros(0, dtype=np.str_) for each in ("line_id", "line_name", "line_mode")}
        whole = np.zeros(0, dtype=np.int32)
        return cls.of(
            {**texts, **empty, "stop_path_node": whole},
            {**lines, "line_provenance": np.zeros(0, dtype=np.int8), **fares_unknown(0)},
            {"run_id": np.zeros(0, dtype=np.str_), "run_line": whole, "n_calls": whole},
            {
                "call_stop": whole,
                **{each: np.zeros(0) for each in ("call_arrival_s", "call_departure_s")},
                **{each: np.zeros(0, dtype=bool) for each in ("call_pickup", "call_drop")},
            },
            {"source": "none", "synthetic": False, "dropped": {}},
        )

    @classmethod
    def load(cls, folder: str | Path) -> Timetable:
        """Read the timetable that lies in a territory's folder.

        Raises
        ------
        InputError
            There is none, it was changed, or the territory was built anew since.
        """
        path = Path(folder)
        tables, meta, digest = read_timetable(path)
        try:
            made = cls.of(**tables, meta=meta)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            what = f"the tables of the timetable do not fit together: {error}"
            raise InputError(str(path), what, "a folder as built") from None
        if made.digest != digest:
            right = f"content with the digest {digest[:12]}"
            raise InputError(str(path), f"the timetable has the digest {made.digest[:12]}", right)
        return made

    def save(self, folder: str | Path) -> None:
        """Write the timetable into a territory's folder: all of it, or nothing that passes for it."""
        columns = self.columns()
        tables = {
            "stops": {name: value for name, value in columns.items() if name.startswith("stop_")},
            "lines": {name: value for name, value in columns.items() if name.startswith("line_")},
            "runs": {"run_id": self.run_id, "run_line": self.run_line, "n_calls": self.calls_of_runs()},
            "calls": {
                name: value
                for name, value in columns.items()
                if name.startswith("call_") and name != "call_start"
            },
        }
        write_timetable(Path(folder), tables, self.meta, self.digest)

    def extended(self, other: Timetable) -> Timetable:
        """Join the lines of another timetable on the same ground; they come last.

        A stop that both have, by id, is one stop.

        Raises
        ------
        InputError
            Both have a line of one id, or a stop of one id in two places.
        """
        stop_row, stops = _joined_stops(self, other)
        again = set(self.line_id.tolist()) & set(other.line_id.tolist())
        if again:
            raise InputError(f"line {min(again)!r}", "the timetable has a line of that id", "another id")
        mine, yours = self.columns(), other.columns()
        lines = {name: np.concatenate([mine[name], yours[name]]) for name in mine if name.startswith("line_")}
        runs = {
            "run_id": np.concatenate([self.run_id, other.run_id]),
            "run_line": np.concatenate([self.run_line, other.run_line + self.n_lines]).astype(np.int32),
            "n_calls": np.concatenate([self.calls_of_runs(), other.calls_of_runs()]),
        }
        calls = {
            name: np.concatenate([mine[name], yours[name]])
            for name in mine
            if name.startswith("call_") and name not in ("call_start", "call_stop")
        }
        calls["call_stop"] = np.concatenate([self.call_stop, stop_row[other.call_stop]]).astype(np.int32)
        added = [*self.meta.get("added", []), {"lines": other.line_id.tolist(), "from": other.meta}]
        return Timetable.of(stops, lines, runs, calls, {**self.meta, "added": added})

    def calls_of_runs(self) -> Ints:
        """Calls of each run (n_runs,)."""
        return np.diff(self.call_start).astype(np.int32)

    @property
    def n_stops(self) -> int:
        """Number of stops."""
        return len(self.stop_id)

    @property
    def n_lines(self) -> int:
        """Number of lines."""
        return len(self.line_id)

    @property
    def n_runs(self) -> int:
        """Number of runs of the day."""
        return len(self.run_id)

    @property
    def n_calls(self) -> int:
        """Number of calls of all runs."""
        return len(self.call_stop)

    @property
    def n_patterns(self) -> int:
        """Number of distinct stop sequences."""
        return len(self.pattern_start) - 1


Columns = Mapping[str, Any]


def _sorted(runs: Columns, calls: Columns) -> tuple[dict[str, Any], dict[str, Any]]:
    """Runs by line, first departure and id, their calls with them."""
    length = np.asarray(runs["n_calls"], dtype=np.int64)
    begin = np.cumsum(length) - length
    leaves = np.asarray(calls["call_departure_s"])[begin] if len(length) else np.zeros(0)
    order = np.lexsort((runs["run_id"], leaves, runs["run_line"]))
    start = np.concatenate([[0], np.cumsum(length[order])]).astype(np.int64)
    rows = np.repeat(begin[order] - start[:-1], length[order]) + np.arange(start[-1])
    fresh = {"run_id": runs["run_id"][order], "run_line": runs["run_line"][order], "call_start": start}
    return fresh, {name: np.asarray(value)[rows] for name, value in calls.items()}


def _patterns(run_line: Ints, call_start: Longs, call_stop: Ints) -> dict[str, Any]:
    """Distinct stop sequences of each line, numbered by first run, and that of each run."""
    known: dict[tuple[int, bytes], int] = {}
    of_run = np.zeros(len(run_line), dtype=np.int32)
    sequences: list[Ints] = []
    for run, line in enumerate(run_line.tolist()):
        stops = call_stop[call_start[run] : call_start[run + 1]].astype(np.int32)
        key = (line, stops.tobytes())
        if key not in known:
            known[key] = len(sequences)
            sequences.append(stops)
        of_run[run] = known[key]
    lengths = [len(each) for each in sequences]
    return {
        "pattern_of_run": of_run,
        "pattern_start": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "pattern_stop": np.concatenate([np.zeros(0, dtype=np.int32), *sequences]).astype(np.int32),
    }


def _joined_stops(mine: Timetable, yours: Timetable) -> tuple[Longs, dict[str, Any]]:
    """Row among all stops of each of the other's, and the columns of all stops."""
    row_of = {stop: row for row, stop in enumerate(mine.stop_id.tolist())}
    rows = np.array([row_of.get(stop, -1) for stop in yours.stop_id.tolist()], dtype=np.int64)
    shared = np.flatnonzero(rows >= 0)
    for column in ("stop_lon", "stop_lat"):
        apart = np.abs(getattr(yours, column)[shared] - getattr(mine, column)[rows[shared]]) > SAME_PLACE_DEG
        if apart.any():
            stop = str(yours.stop_id[shared[apart][0]])
            raise InputError(f"stop {stop!r}", "the timetable has a stop of that id elsewhere", "another id")
    new = np.flatnonzero(rows < 0)
    rows[new] = mine.n_stops + np.arange(len(new))
    theirs = yours.columns()
    return rows, {
        name: np.concatenate([value, theirs[name][new]])
        for name, value in mine.columns().items()
        if name.startswith("stop_")
    }
