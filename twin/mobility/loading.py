"""Cars on the streets: the loading kernel's state, its releases, re-routings and log of passages.

Kernels: `twin.kernels.loading`. This is its public door: it owns the moving arrays, grows the route
pool when a vehicle takes another route, and checks conservation after every call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import WorkError
from twin.kernels import loading as kernels
from twin.kernels.paths import Topology
from twin.kernels.random import stream_of
from twin.kernels.traffic import STEP_MS, Events, Network, Scene, Settings, Supply
from twin.mobility.vehicles import Legs, no_traffic, vehicles_of
from twin.routing.routes import Routes

MERGE_STREAM = stream_of("loading.merge")
LOG_ROOM = 2**20  # events that may be logged between two looks at what the log still holds


@dataclass(frozen=True)
class Passages:
    """Links left, in the order of the log: trip and link rows (n,) int32, moments (n,) int64 [ms]."""

    trip: np.ndarray
    link: np.ndarray
    enter_ms: np.ndarray
    exit_ms: np.ndarray

    def of(self, chosen: np.ndarray) -> Passages:
        """Those chosen by a mask; the log itself where that is all."""
        if chosen.all():
            return self
        return Passages(self.trip[chosen], self.link[chosen], self.enter_ms[chosen], self.exit_ms[chosen])

    @staticmethod
    def join(parts: list[Passages]) -> Passages:
        """One log from several, in order."""
        if not parts:
            empty = np.empty(0, dtype=np.int64)
            return Passages(empty.astype(np.int32), empty.astype(np.int32), empty, empty)
        return Passages(
            np.concatenate([p.trip for p in parts]),
            np.concatenate([p.link for p in parts]),
            np.concatenate([p.enter_ms for p in parts]),
            np.concatenate([p.exit_ms for p in parts]),
        )


@dataclass(frozen=True)
class Rules:
    """Numbers of the loading that hold everywhere (rows of the ledger)."""

    origin_priority: float
    deadlock_check_s: int


def link_ms(duration_s: np.ndarray) -> np.ndarray:
    """Durations in whole milliseconds, at least one step of the loading.

    >>> link_ms(np.array([0.2, 12.3456])).tolist()
    [1000, 12346]
    """
    return np.maximum(np.rint(duration_s * 1_000.0), STEP_MS).astype(np.int64)


def headway_ms(flow_capacity_vps: np.ndarray) -> np.ndarray:
    """Least time between vehicles at that flow capacity, in whole milliseconds.

    >>> headway_ms(np.array([0.5])).tolist()
    [2000]
    """
    return np.maximum(np.rint(1_000.0 / flow_capacity_vps), 1).astype(np.int64)


def build_network(
    topology: Topology, storage_veh: np.ndarray, hole_ms: np.ndarray, flow_capacity_vps: np.ndarray
) -> Network:
    """The loading's fixed arrays; merges share in proportion to flow capacity (Daganzo 1995)."""
    ring_start = np.zeros(storage_veh.shape[0] + 1, dtype=np.int64)
    np.cumsum(storage_veh, out=ring_start[1:])
    return Network(
        tail=topology.tail,
        head=topology.head,
        in_start=topology.first_in,
        in_links=topology.in_links,
        out_start=topology.first_out,
        out_links=topology.out_links,
        storage_veh=np.ascontiguousarray(storage_veh, dtype=np.int32),
        ring_start=ring_start,
        hole_ms=np.ascontiguousarray(hole_ms, dtype=np.int64),
        priority=np.ascontiguousarray(flow_capacity_vps, dtype=np.float64),
        link_key=topology.link_key,
    )


class Loader:
    """All cars and buses of a day on one network.

    Parameters
    ----------
    network, supply
        See `twin.kernels.traffic`; ``supply`` may be changed between calls of `advance`.
    trip_key
        Random key of every trip, (n_trips,) uint64; rows that are no car trips are never released.
    routes
        Route of every trip at the start.
    legs
        Buses; their vehicles are the rows behind those of the trips.
    """

    def __init__(
        self,
        network: Network,
        supply: Supply,
        trip_key: np.ndarray,
        routes: Routes,
        rules: Rules,
        seed: int,
        legs: Legs | None = None,
    ) -> None:
        self.network, self.supply, self.rules, self.seed = network, supply, rules, seed
        self.n_trips = trip_key.shape[0]
        legs = Legs.none() if legs is None else legs
        self.pool_used = int(routes.pool.shape[0]) + int(legs.routes.pool.shape[0])
        room = np.zeros(max(1_024, self.pool_used // 4), np.int32)
        self.pool = np.concatenate([routes.pool, legs.routes.pool, room])
        self.vehicles = vehicles_of(trip_key, routes, legs)
        self.traffic = no_traffic(network)
        self.rotations = 0
        self.n_released = 0

    def release(self, trips: np.ndarray, release_ms: np.ndarray) -> None:
        """Let trips (rows) wish to enter at those moments; equal moments go by random key."""
        order = np.lexsort((self.vehicles.key[trips], release_ms))
        rows = np.ascontiguousarray(trips[order], dtype=np.int32)
        self.vehicles.release_ms[rows] = release_ms[order]
        kernels.release(self.vehicles, self.traffic, self.pool, rows)
        self.n_released += rows.shape[0]

    def take_routes(self, trips: np.ndarray, routes: Routes) -> None:
        """Give trips (rows) other routes, by place in ``trips``.

        Each must begin with the link the vehicle is on or waits for.
        """
        room = self.pool_used + routes.pool.shape[0]
        if room > self.pool.shape[0]:
            self.pool = np.concatenate([self.pool[: self.pool_used], np.zeros(room, dtype=np.int32)])
        self.pool[self.pool_used : room] = routes.pool
        self.vehicles.route_at[trips] = routes.start + self.pool_used
        self.vehicles.route_end[trips] = routes.end + self.pool_used
        self.pool_used = room

    def start_by(self, waiting: np.ndarray, routes: Routes) -> None:
        """Let vehicles that wait to enter start by another link that leaves the same node."""
        rows = np.ascontiguousarray(waiting, dtype=np.int32)
        kernels.withdraw(self.vehicles, self.traffic, self.pool, rows)
        self.take_routes(waiting, routes)
        kernels.release(self.vehicles, self.traffic, self.pool, rows)

    def advance(self, from_s: int, until_s: int) -> Passages:
        """Run the steps from one moment to another and return the links left meanwhile."""
        margin = int((1_000 // self.supply.headway_ms + 2).sum()) + self.network.tail.shape[0]
        parts: list[Passages] = []
        step = from_s
        while step < until_s:
            scene = self._scene(margin + LOG_ROOM)
            step, turned = kernels.advance(scene, (step, until_s, margin))
            self.rotations += turned
            parts.append(_passages(scene.events))
        self.check()
        return Passages.join(parts)

    def queued(self, now_s: int, since_s: int, left: Passages) -> Passages:
        """Vehicles held up by a queue now, with the moments at which they expect to leave their links.

        ``left`` are the passages since ``since_s``, from which the rate of each queue is seen.
        """
        scene = self._scene(int(self.on_link_veh.sum()))
        left_veh = np.bincount(left.link, minlength=self.network.tail.shape[0])
        kernels.queued(scene, now_s * STEP_MS, since_s * STEP_MS, left_veh)
        return _passages(scene.events)

    def ahead_of(self, trips: np.ndarray) -> Routes:
        """Routes of trips (rows) from the link that each is on or waits for, by place in ``trips``."""
        at, route_end = self.vehicles.route_at[trips], self.vehicles.route_end[trips]
        return Routes(self.pool, at, route_end).packed()

    @property
    def on_link_veh(self) -> np.ndarray:
        """Vehicles on each link now (n_links,)."""
        links = self.traffic.links
        on_link: np.ndarray = links["n_in"] - links["n_out"]
        return on_link

    @property
    def on_way(self) -> np.ndarray:
        """Rows of vehicles, buses among them, that are on a link now."""
        vehicles = self.vehicles
        return np.flatnonzero((vehicles.entered_ms >= 0) & (vehicles.arrived_ms < 0))

    @property
    def to_enter(self) -> np.ndarray:
        """Rows of vehicles, buses among them, that wait to enter their first link, or are held at a stop."""
        vehicles = self.vehicles
        return np.flatnonzero((vehicles.release_ms >= 0) & (vehicles.entered_ms < 0))

    @property
    def driving(self) -> np.ndarray:
        """Rows of trips that are on a link now."""
        rows = self.on_way
        return rows[: np.searchsorted(rows, self.n_trips)]

    @property
    def waiting(self) -> np.ndarray:
        """Rows of trips that wait to enter their first link."""
        rows = self.to_enter
        return rows[: np.searchsorted(rows, self.n_trips)]

    def check(self) -> None:
        """Conservation: released = waiting + driving + arrived, and no link above its storage.

        Released are those let go by `release`, and each leg behind one that has arrived.
        """
        on_links = self.on_link_veh
        arrived = self.vehicles.arrived_ms >= 0
        n_arrived = int(arrived.sum())
        n_waiting = self.to_enter.shape[0]
        n_released = self.n_released + int((arrived & (self.vehicles.next_leg >= 0)).sum())
        if n_waiting + int(on_links.sum()) + n_arrived != n_released:
            raise WorkError(
                f"vehicles not conserved: {n_released} released, {n_waiting} waiting, "
                f"{int(on_links.sum())} driving, {n_arrived} arrived"
            )
        if (on_links > self.network.storage_veh).any() or (on_links < 0).any():
            worst = int(np.argmax(on_links - self.network.storage_veh))
            raise WorkError(f"link row {worst} above its storage")

    def _scene(self, n_events: int) -> Scene:
        """All that the kernels work on, with an empty log for that many events."""
        whole, moments = (np.empty((2, n_events), dtype=kind) for kind in (np.int32, np.int64))
        events = Events(whole[0], whole[1], moments[0], moments[1], np.zeros(1, dtype=np.int64))
        rules = self.rules
        settings = Settings(
            int(self.seed), MERGE_STREAM, float(rules.origin_priority), int(rules.deadlock_check_s)
        )
        return Scene(self.network, self.supply, self.traffic, self.vehicles, self.pool, events, settings)


def _passages(events: Events) -> Passages:
    """What was written to a log, without the room that is left."""
    n = int(events.n[0])
    return Passages(*(column[:n].copy() for column in events[:4]))
