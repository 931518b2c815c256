"""Small hand-made worlds whose answers can be worked out on paper.

A `Net` is a street network as the loading sees it (whole milliseconds), a `Demand` the vehicles with
their routes, an `Incident` a change of one link at one moment, a `Case` all that one run needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.kernels.random import keys_of

KJ_VEH_PER_KM_LANE = 150
WAVE_KMH = 20.0
"""Jam density and backward wave speed of the known answers (triangular diagram, Newell 1993)."""


Signal = tuple[int, int, int]
"""Cycle, offset and green [ms]: green from the offset on in every cycle; no signal where the cycle is 0."""
Gap = tuple[int, tuple[int, ...]]
"""Critical gap [ms] and the rows of the links that a link yields to, which end at the same node."""
NO_SIGNAL: Signal = (0, 0, 0)
NO_GAP: Gap = (0, ())


@dataclass(frozen=True)
class Net:
    """Links between nodes: all arrays (n_links,), times in whole ms, storage in places.

    Signals and gaps, one each per link, may be left out: then there are none.
    """

    n_nodes: int
    tail: np.ndarray
    head: np.ndarray
    free_ms: np.ndarray
    hole_ms: np.ndarray
    storage: np.ndarray
    headway_ms: np.ndarray
    link_key: np.ndarray
    weight: np.ndarray
    length_m: np.ndarray
    node_x_m: np.ndarray
    node_y_m: np.ndarray
    signals: tuple[Signal, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def n_links(self) -> int:
        return len(self.tail)

    def successors(self, link: int) -> list[int]:
        """Links that begin where this one ends, by row."""
        return [int(row) for row in np.flatnonzero(self.tail == self.head[link])]

    def signal_of(self, link: int) -> Signal:
        """The signal at the end of a link."""
        return self.signals[link] if self.signals else NO_SIGNAL

    def gap_of(self, link: int) -> Gap:
        """The critical gap of a link and the links that it yields to."""
        return self.gaps[link] if self.gaps else NO_GAP


@dataclass(frozen=True)
class Demand:
    """Vehicles: key, route (links in order, not empty) and the moment each wants to enter its first link.

    The last ``legs`` of them may follow others: next_leg is the vehicle that goes on where this one
    arrives (-1: none), after dwell_ms and not before not_before_ms; its own release_ms is -1.
    """

    trip_key: np.ndarray
    routes: tuple[tuple[int, ...], ...]
    release_ms: np.ndarray
    n_legs: int = 0
    next_leg: tuple[int, ...] = ()
    not_before_ms: tuple[int, ...] = ()
    dwell_ms: tuple[int, ...] = ()
    kind: tuple[int, ...] = ()

    @property
    def n_trips(self) -> int:
        return len(self.routes)

    def following(self, trip: int) -> int:
        """The vehicle that goes on where this one arrives, -1 none."""
        return self.next_leg[trip] if self.next_leg else -1

    def kind_of(self, trip: int) -> int:
        """Row of a vehicle in the tables of places and pace; without kinds all are cars."""
        return self.kind[trip] if self.kind else 0


@dataclass(frozen=True)
class Incident:
    """From the start of step ``at_s`` on, the link is closed or open and has this headway.

    Free-flow time and signal change too where they are given.
    """

    at_s: int
    link: int
    closed: bool
    headway_ms: int
    free_ms: int | None = None
    signal: Signal | None = None


@dataclass(frozen=True)
class Case:
    """One run of the loading; a kind of vehicle takes so many places and pace/4 of a car's headway."""

    net: Net
    demand: Demand
    n_steps: int
    incidents: tuple[Incident, ...] = ()
    seed: int = 1
    origin_priority: float = 1.0
    deadlock_check_s: int = 30
    places: tuple[int, ...] = (1,)
    pace: tuple[int, ...] = (4,)


class Street(NamedTuple):
    """One street as a planner writes it down."""

    tail: int
    head: int
    length_m: float
    speed_kmh: float
    capacity_vph: float
    lanes: int = 1


def link_ids(tail: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Outside ids "way:from:to"; every link is a way of its own, ways and nodes are numbered from 1."""
    return np.array([f"{row + 1}:{a + 1}:{b + 1}" for row, (a, b) in enumerate(zip(tail, head, strict=True))])


def net_of(streets: list[Street], xy_m: list[tuple[float, float]] | None = None) -> Net:
    """The network of some streets: storage = length x lanes x jam density, holes travel at 20 km/h."""
    columns = [np.array(column) for column in zip(*streets, strict=True)]
    tail, head, length_m, speed_kmh, capacity_vph, lanes = columns
    n_nodes = int(max(tail.max(), head.max())) + 1
    xy = np.array(xy_m if xy_m is not None else [(100.0 * node, 0.0) for node in range(n_nodes)])
    return Net(
        n_nodes=n_nodes,
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        free_ms=np.rint(length_m / speed_kmh * 3_600).astype(np.int64),
        hole_ms=np.rint(length_m / WAVE_KMH * 3_600).astype(np.int64),
        storage=np.rint(length_m * lanes * KJ_VEH_PER_KM_LANE / 1_000).astype(np.int32),
        headway_ms=np.rint(3_600_000 / capacity_vph).astype(np.int64),
        link_key=keys_of(link_ids(tail, head)),
        weight=capacity_vph / 3_600,
        length_m=length_m.astype(np.float64),
        node_x_m=xy[:, 0],
        node_y_m=xy[:, 1],
    )


def demand_of(trips: list[tuple[float, tuple[int, ...]]]) -> Demand:
    """Vehicles from (moment of release in s, route)."""
    return Demand(
        trip_key=keys_of(np.array([f"trip {row}" for row in range(len(trips))])),
        routes=tuple(route for _, route in trips),
        release_ms=np.array([round(1_000 * release_s) for release_s, _ in trips], dtype=np.int64),
    )


def even_flow(flow_vph: float, from_s: float, until_s: float) -> list[float]:
    """Release moments [s] of an even flow in [from, until)."""
    n = round((until_s - from_s) * flow_vph / 3_600)
    return [from_s + vehicle * 3_600 / flow_vph for vehicle in range(n)]


def one_link() -> Net:
    """1,000 m at 20 m/s."""
    return net_of([Street(0, 1, 1_000, 72, 1_800)])


def corridor(n_links: int, length_m: float, bottleneck_vph: float) -> Net:
    """Links in a row with v = 100, w = 20 km/h, 150 veh/km; one bottleneck link behind them.

    The bottleneck is long enough never to fill, so only its entry capacity speaks.
    """
    row = [Street(i, i + 1, length_m, 100, 2_500) for i in range(n_links)]
    return net_of([*row, Street(n_links, n_links + 1, 20_000, 100, bottleneck_vph)])


def merge(first_vph: float, second_vph: float, out_vph: float) -> Net:
    """Links 0 and 1 join into link 2."""
    first, second = Street(0, 2, 1_000, 72, first_vph), Street(1, 2, 1_000, 72, second_vph)
    return net_of([first, second, Street(2, 3, 20_000, 72, out_vph)])


def diverge(in_vph: float, first_vph: float, second_vph: float) -> Net:
    """Link 0 splits into links 1 and 2."""
    first, second = Street(1, 2, 20_000, 72, first_vph), Street(1, 3, 20_000, 72, second_vph)
    return net_of([Street(0, 1, 5_000, 72, in_vph), first, second])


def ring(n_links: int, storage: int) -> Net:
    """Links in a circle that each hold ``storage`` vehicles and take 3 s at 36 km/h."""
    net = net_of([Street(i, (i + 1) % n_links, 30, 36, 1_800) for i in range(n_links)])
    return Net(**{**vars(net), "storage": np.full(n_links, storage, dtype=np.int32)})


def grid(n_side: int, length_m: float = 120) -> Net:
    """A square grid of two-way streets at 36 km/h."""
    at = [(length_m * (node % n_side), length_m * (node // n_side)) for node in range(n_side * n_side)]
    streets = []
    for node in range(n_side * n_side):
        right, up = node + 1, node + n_side
        if right % n_side:
            streets += [Street(node, right, length_m, 36, 900), Street(right, node, length_m, 36, 900)]
        if up < n_side * n_side:
            streets += [Street(node, up, length_m, 36, 900), Street(up, node, length_m, 36, 900)]
    return net_of(streets, at)
