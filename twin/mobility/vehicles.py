"""What a loading begins with: cars of trips, behind them the legs of buses, and streets without anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.traffic import BLOCK_BITS, LINK, SLOT, Network, Traffic, Vehicles
from twin.routing.routes import Routes

CACHE_LINE = 64


@dataclass(frozen=True)
class Legs:
    """Vehicles that go on where another arrives: legs of buses from stop to stop, (n_legs,) rows.

    Parameters
    ----------
    key, routes
        Random key (uint64) and route of each leg.
    next_leg
        Row of the leg that follows, -1 none (int32); it begins at the node where this one ends.
    not_before_ms, dwell_ms
        A leg that follows is released no earlier than that moment, nor sooner than so long after the
        leg before it has arrived (int64). One that follows none is released by `Loader.release`.
    """

    key: np.ndarray
    routes: Routes
    next_leg: np.ndarray
    not_before_ms: np.ndarray
    dwell_ms: np.ndarray

    @staticmethod
    def none() -> Legs:
        """No buses."""
        no = np.empty(0, dtype=np.int64)
        routes = Routes(no.astype(np.int32), no, no)
        return Legs(no.astype(np.uint64), routes, no.astype(np.int32), no, no)

    @property
    def n_legs(self) -> int:
        """Number of legs."""
        return int(self.key.shape[0])


def vehicles_of(trip_key: np.ndarray, routes: Routes, legs: Legs) -> Vehicles:
    """Trips, and behind them legs; nobody has been released."""
    n_trips, n_vehicles = trip_key.shape[0], trip_key.shape[0] + legs.n_legs
    shift = routes.pool.shape[0]
    never = np.full(n_vehicles, -1, dtype=np.int64)
    nobody = np.full(n_vehicles, -1, dtype=np.int32)
    next_leg, not_before_ms, dwell_ms = nobody.copy(), never.copy(), np.zeros(n_vehicles, dtype=np.int64)
    next_leg[n_trips:] = np.where(legs.next_leg >= 0, legs.next_leg + n_trips, -1)
    not_before_ms[n_trips:], dwell_ms[n_trips:] = legs.not_before_ms, legs.dwell_ms
    return Vehicles(
        key=np.concatenate([trip_key, legs.key]).astype(np.uint64),
        route_at=np.concatenate([routes.start, legs.routes.start + shift]),
        route_end=np.concatenate([routes.end, legs.routes.end + shift]),
        release_ms=never.copy(),
        entered_ms=never.copy(),
        arrived_ms=never.copy(),
        link_enter_ms=never,
        queue_next=nobody,
        next_leg=next_leg,
        not_before_ms=not_before_ms,
        dwell_ms=dwell_ms,
    )


def _in_cache_lines(n: int, record: np.dtype) -> np.ndarray:
    """Records of noughts (n,), each beginning at the beginning of a cache line."""
    room = np.zeros(n * record.itemsize + CACHE_LINE, dtype=np.uint8)
    shift = -room.ctypes.data % CACHE_LINE
    return room[shift : shift + n * record.itemsize].view(record)


def no_traffic(network: Network) -> Traffic:
    """Empty streets."""
    n_links, n_nodes = network.tail.shape[0], network.in_start.shape[0] - 1
    links = _in_cache_lines(n_links, LINK)
    for name in ("tail", "head", "storage_veh", "hole_ms", "priority", "link_key"):
        links[name] = getattr(network, name)
    links["ring_start"] = network.ring_start[:-1]
    for name in ("queue_head", "queue_tail", "full_s"):
        links[name] = -1
    slots = _in_cache_lines(int(network.ring_start[-1]), SLOT)
    slots["vehicle"] = -1
    n_blocks = (n_nodes >> BLOCK_BITS) + 1
    waking, blocks, due, waiting = (
        np.zeros(n, dtype=np.int32) for n in (n_nodes, n_blocks, n_nodes, n_nodes)
    )
    return Traffic(links, slots, waking, blocks, due, waiting, np.zeros(1, dtype=np.int64))
