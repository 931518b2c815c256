"""Small timetables made by hand, and the streets that their buses drive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.routing.lines import LineRoutes
from twin.territory.timetable import Timetable, fares_unknown

Call = tuple[int, float, float]
"""Stop, arrival and departure [s]."""


def timetable_of(
    runs: Sequence[Sequence[Call]], lines: Sequence[int] = (), nodes: Sequence[int] = (), n_stops: int = 0
) -> Timetable:
    """Runs of lines (0 unless given) between stops that stand at path nodes; everybody may get on and off."""
    n = max([n_stops, *(stop + 1 for run in runs for stop, _, _ in run)])
    line = np.array(lines or [0] * len(runs), dtype=np.int32)
    names = np.array([f"line {row}" for row in range(int(line.max()) + 1)])
    calls = [call for run in runs for call in run]
    return Timetable.of(
        {
            "stop_id": np.array([f"stop {row}" for row in range(n)]),
            "stop_name": np.array([f"Stop {row}" for row in range(n)]),
            **{name: np.zeros(n) for name in ("stop_lon", "stop_lat", "stop_x_m", "stop_y_m")},
            "stop_path_node": np.array(nodes or [-1] * n, dtype=np.int32),
        },
        {
            "line_id": names,
            "line_name": names,
            "line_mode": np.full(names.shape[0], "bus"),
            "line_provenance": np.zeros(names.shape[0], dtype=np.int8),
            **fares_unknown(names.shape[0]),
        },
        {
            "run_id": np.array([f"run {row:03d}" for row in range(len(runs))]),
            "run_line": line,
            "n_calls": np.array([len(run) for run in runs], dtype=np.int32),
        },
        {
            "call_stop": np.array([call[0] for call in calls], dtype=np.int32),
            "call_arrival_s": np.array([call[1] for call in calls], dtype=np.float64),
            "call_departure_s": np.array([call[2] for call in calls], dtype=np.float64),
            "call_pickup": np.ones(len(calls), dtype=np.bool_),
            "call_drop": np.ones(len(calls), dtype=np.bool_),
        },
        {"source": "made by hand"},
    )


def routes_of(patterns: Sequence[tuple[Sequence[int], Sequence[Sequence[int]]]]) -> LineRoutes:
    """Ways of patterns, each given by the link of every stop (-1 off the road) and the links of every leg."""
    legs = [leg for _, ways in patterns for leg in ways]
    return LineRoutes(
        np.cumsum([0] + [len(ways) for _, ways in patterns]).astype(np.int64),
        np.cumsum([0] + [len(leg) for leg in legs]).astype(np.int64),
        np.array([link for leg in legs for link in leg], dtype=np.int32),
        np.array([link for stops, _ in patterns for link in stops], dtype=np.int32),
    )
