"""Networks with known equilibria: Braess, Pigou, Nguyen-Dupuis, and networks from a few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.readers.given_routes import GivenRoutes
from twin.readers.tntp import RoadNetwork, TripTable

Row = tuple[int, int, float, float, float]
"""Nodes from 1 on, free-flow time, rise and power: time + rise flow^power."""

NGUYEN_DUPUIS = """1-5 7 .0125, 1-12 9 .01, 4-5 9 .01, 4-9 12 .005, 5-6 3 .0075, 5-9 9 .0075, 6-7 5 .0125,
6-10 13 .005, 7-8 5 .0125, 7-11 9 .0125, 8-2 9 .0125, 9-10 10 .005, 9-13 9 .005, 10-11 6 .0025, 11-2 9 .005,
11-3 8 .01, 12-6 7 .0125, 12-8 14 .01, 13-3 11 .01"""
TINY = 1e-8
"""Free-flow time that stands for none: a time that rises with flow must begin above 0."""


def network_of(
    rows: Sequence[Row], n_zones: int, first_through: int = 1, **columns: list[float]
) -> RoadNetwork:
    """Links that take ``time + rise flow^power``; nodes from ``first_through`` (from 1) let trips pass."""
    tail, head, time, rise, power = (np.array(column) for column in zip(*rows, strict=True))
    time = time.astype(float)
    rise = rise.astype(float)
    time = np.where((time == 0.0) & (rise > 0.0), TINY, time)
    n = len(rows)
    more = {name: np.array(columns.get(name, [0.0] * n), dtype=float) for name in ("length", "toll")}
    b = np.divide(rise, time, out=np.zeros(n), where=time > 0.0)
    return RoadNetwork(
        "net.tntp",
        n_zones,
        int(max(tail.max(), head.max())),
        first_through - 1,
        (tail - 1).astype(np.int32),
        (head - 1).astype(np.int32),
        np.ones(n),
        more["length"],
        time,
        b,
        power.astype(float),
        more["toll"],
    )


def trips_of(trips: Mapping[tuple[int, int], float], n_zones: int) -> TripTable:
    """Trips by (origin, destination), counted from 1."""
    origin, destination = (np.array(column, dtype=np.int32) - 1 for column in zip(*trips, strict=True))
    return TripTable("trips.tntp", n_zones, origin, destination, np.array(list(trips.values()), dtype=float))


def braess(bridge: bool) -> tuple[RoadNetwork, TripTable]:
    """Six trips from 1 to 2: 10 x to 3, 50 + x to 4, 50 + x and 10 x on; a bridge of 10 + x (Braess 1968)."""
    rows: list[Row] = [(1, 3, 0, 10, 1), (1, 4, 50, 1, 1), (3, 2, 50, 1, 1), (4, 2, 0, 10, 1)]
    return network_of([*rows, (3, 4, 10, 1, 1)] if bridge else rows, 2), trips_of({(1, 2): 6.0}, 2)


HALF_AND_HALF = GivenRoutes("habit.csv", {(0, 1): [(0.5, np.array([0, 2])), (0.5, np.array([1, 3]))]})
"""Braess without the bridge, as drivers knew it."""


def pigou(power: float) -> tuple[RoadNetwork, TripTable]:
    """One trip on two parallel links, of time 1 and flow^power (Pigou 1920)."""
    return network_of([(1, 2, 1, 0, 1), (1, 2, 0, 1, power)], 2), trips_of({(1, 2): 1.0}, 2)


def nguyen_dupuis() -> tuple[RoadNetwork, TripTable]:
    """Thirteen nodes, 19 links, four pairs (Nguyen & Dupuis 1984), with linear times."""
    rows: list[Row] = []
    for link in NGUYEN_DUPUIS.replace("\n", " ").split(", "):
        ends, time, rise = link.split()
        tail, head = ends.split("-")
        rows.append((int(tail), int(head), float(time), float(rise), 1.0))
    trips = {(1, 2): 400.0, (1, 3): 800.0, (4, 2): 600.0, (4, 3): 200.0}
    return network_of(rows, 4), trips_of(trips, 4)
