"""What a loading begins with: cars of trips, behind them the legs of buses, and streets without anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.kernels.calendar import no_calendar
from twin.kernels.traffic import (
    ARM,
    FIRST_SLOTS,
    LINK,
    SLOT,
    SLOTS_A_LINK,
    Calendar,
    Network,
    Traffic,
    Vehicles,
    Work,
)
from twin.routing.routes import Routes

LINES_BYTES = 128
"""Two cache lines: a processor fetches one's neighbour with it."""


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


def vehicles_of(trip_key: np.ndarray, legs: Legs, kind: np.ndarray | None) -> Vehicles:
    """Trips, and behind them legs; nobody has a route, nobody has been released."""
    n_vehicles = trip_key.shape[0] + legs.n_legs
    kinds = np.zeros(n_vehicles, dtype=np.uint8) if kind is None else kind.astype(np.uint8)
    moments, rows = np.full((3, n_vehicles), -1, dtype=np.int32), np.full((2, n_vehicles), -1, np.int32)
    return Vehicles(
        key=np.concatenate([trip_key, legs.key]).astype(np.uint64),
        link=rows[0],
        at=np.zeros(n_vehicles, dtype=np.uint32),
        kind=kinds,
        release_ms=moments[0],
        entered_ms=moments[1],
        arrived_ms=moments[2],
        queue_next=rows[1],
        next_leg=legs.next_leg.astype(np.int32),
        not_before_ms=legs.not_before_ms.astype(np.int32),
        dwell_ms=legs.dwell_ms.astype(np.int32),
    )


def still_under_way(vehicles: Vehicles, rows: np.ndarray) -> np.ndarray:
    """Of vehicles that were released (rows), those that have not arrived, and legs released behind who has.

    They are few of all at any moment, so they are remembered instead of looked for. Rows in order, int64.
    """
    first = vehicles.key.shape[0] - vehicles.next_leg.shape[0]
    there = vehicles.arrived_ms[rows] >= 0
    parts, ended = [rows[~there]], rows[there]
    while ended.size:
        behind = vehicles.next_leg[ended[ended >= first] - first]
        behind = behind[behind >= 0].astype(np.int64) + first
        there = vehicles.arrived_ms[behind] >= 0
        parts, ended = [*parts, behind[~there]], behind[there]
    return np.sort(np.concatenate(parts))


def in_cache_lines(n: int, record: np.dtype) -> np.ndarray:
    """Records of noughts (n,), the first at the beginning of two cache lines."""
    room = np.zeros(n * record.itemsize + LINES_BYTES, dtype=np.uint8)
    shift = -room.ctypes.data % LINES_BYTES
    return room[shift : shift + n * record.itemsize].view(record)


def _empty_rings(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Links and slots, two views of one memory; nobody is there."""
    n_links = network.tail.shape[0]
    first = SLOTS_A_LINK * np.arange(1, n_links + 1) - FIRST_SLOTS
    more = np.maximum(network.storage_veh - FIRST_SLOTS, 0)
    end = SLOTS_A_LINK * n_links + np.cumsum(more)
    slots = in_cache_lines(SLOTS_A_LINK * n_links + int(more.sum()), SLOT)
    links = slots.view(np.uint8)[: n_links * LINK.itemsize].view(LINK)
    for here in (*(first + place for place in range(FIRST_SLOTS)), slice(SLOTS_A_LINK * n_links, None)):
        slots["vehicle"][here] = -1
    links["head_at"] = links["entry_at"] = first
    links["ring_on"] = np.where(more > 0, end - more, first + FIRST_SLOTS)
    links["ring_end"] = np.where(more > 0, end, first + network.storage_veh)
    n_turns = np.diff(network.out_start)[network.head]
    for turn in range(2 * FIRST_SLOTS):
        there = np.flatnonzero(n_turns > turn)
        exits = slots["odd_exit" if turn & 1 else "even_exit"]
        exits[first[there] + turn // 2] = network.out_links[network.out_start[network.head[there]] + turn]
    return links, slots


def no_traffic(network: Network, origin_priority: float, n_domains: int) -> Traffic:
    """Empty streets, their nodes parted into domains of about as many links each."""
    links, slots = _empty_rings(network)
    arms = in_cache_lines(network.tail.shape[0], ARM)
    links["hole_ms"], links["row"] = network.hole_ms, network.row
    links["node"], links["n_free"] = network.head, network.storage_veh
    arms["key"], arms["weight"] = network.link_key, network.weight
    arms["start_weight"] = np.maximum(np.rint(origin_priority * network.weight), 1)
    for name in ("queue_head", "queue_tail", "queue_due_s", "full_s"):
        arms[name] = -1
    work, calendar = _work(network, n_domains)
    tight = np.zeros(-(-links.shape[0] // 8) * 8, dtype=np.uint8)
    return Traffic(links, arms, slots, calendar, work, tight, np.zeros((n_domains, 8), dtype=np.int64))


def _work(network: Network, n_domains: int) -> tuple[Work, Calendar]:
    """Scratch and calendars; a domain is a run of nodes, and has what happens at their in-links' ends."""
    n_links, n_nodes = network.tail.shape[0], network.in_start.shape[0] - 1
    part = network.in_start[:-1].astype(np.int64) * n_domains // max(n_links, 1)
    # a node without links that end there may come last
    domain = np.minimum(part, n_domains - 1).astype(np.int32)
    ends = np.bincount(domain[network.head], minlength=n_domains)
    begins = np.bincount(domain[network.tail], minlength=n_domains)
    n_events = int((ends + 2 * begins).max(initial=0)) + 64
    n_cut = int((domain[network.head] != domain[network.tail]).sum())
    room = 4 * n_cut * 8 + 16
    most_in = int(np.diff(network.in_start).max()) if n_nodes else 0
    work = Work(
        event=np.zeros((n_domains, n_events), dtype=np.uint32),
        behind=np.zeros((n_domains, n_events), dtype=np.int32),
        due=np.zeros((n_domains, n_nodes), dtype=np.uint32),
        first=np.full(n_nodes, -1, dtype=np.int32),
        parts=np.zeros((n_domains, most_in), dtype=np.int64),
        domain=domain,
        handed=np.zeros((2, n_domains, room), dtype=np.int32),
        n_handed=np.zeros((2, n_domains, 8), dtype=np.int64),
        meeting=np.zeros(32, dtype=np.int64),
    )
    return work, no_calendar(n_domains, 2 * n_events)
