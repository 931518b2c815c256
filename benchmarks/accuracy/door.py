"""The common door of the cases: tables in, one run of the loading engine out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.belief import believed_ms, reports
from benchmarks.accuracy.case import Case, Choice, Flow
from benchmarks.accuracy.run import STILL_THERE, Run, free_flow_ms
from twin.kernels.paths import RouteQueries, Topology, Weights
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.kernels.traffic import Supply
from twin.mobility.links import RightOfWay, build_network, places_and_holes
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.mobility.rules import Rules
from twin.routing.routes import Routes
from twin.routing.search import NO_DRAWS, Stream, bounds_to, find_routes
from twin.routing.topology import build_topology
from twin.units import KMH_PER_MPS

GAPS = stream_of("benchmarks.gaps")
ENDS = stream_of("benchmarks.ends")
VIEWS = stream_of("benchmarks.views")


@dataclass(frozen=True)
class Demand:
    """Vehicles of a case: moment of the wish, flow, and routes (a choice's are set while it runs)."""

    release_ms: NDArray[np.int64]
    flow: NDArray[np.int32]
    routes: Routes
    key: NDArray[np.uint64]
    kind: NDArray[np.int8]


def releases_s(flow: Flow | Choice, seed: int, row: int) -> NDArray[np.float64]:
    """Moments of a flow's wishes [s]."""
    if isinstance(flow, Flow) and flow.count:
        return np.full(flow.count, flow.from_s)
    gap_s = 3_600.0 / flow.vph
    n = round((flow.until_s - flow.from_s) / gap_s)
    if isinstance(flow, Flow) and flow.random:
        who = np.arange(2 * n + 100, dtype=np.uint64)
        moments: NDArray[np.float64] = flow.from_s + np.cumsum(
            -gap_s * np.log1p(-uniforms(seed, GAPS, who, row))
        )
        return moments[moments < flow.until_s]
    return flow.from_s + gap_s * np.arange(n)


def topology_of(case: Case) -> Topology:
    """The case's links as a graph; nodes are numbered by name."""
    names = sorted({link.from_ for link in case.links} | {link.to for link in case.links})
    row_of = {name: row for row, name in enumerate(names)}
    tail = np.array([row_of[link.from_] for link in case.links], dtype=np.int32)
    head = np.array([row_of[link.to] for link in case.links], dtype=np.int32)
    return build_topology(tail, head, keys_of(np.array([link.id for link in case.links])), len(names))


def free_ms(case: Case) -> NDArray[np.int64]:
    """Traverse times in free flow, (n_links,) whole ms."""
    return np.array([free_flow_ms(case, row) for row in range(len(case.links))], dtype=np.int64)


def demand_of(case: Case, topology: Topology) -> Demand:
    """All vehicles of a case."""
    row_of = {link.id: row for row, link in enumerate(case.links)}
    release, flow, length, pools = [], [], [], []
    for number, asked in enumerate((*case.flows, *case.choices)):
        moments = releases_s(asked, case.seed, number)
        links = asked.route if isinstance(asked, Flow) else (asked.origin,)
        route = np.array([row_of[link] for link in links], dtype=np.int32)
        release.append(moments)
        flow.append(np.full(moments.shape[0], number, dtype=np.int32))
        length.append(np.full(moments.shape[0], route.shape[0]))
        pools.append(np.tile(route, moments.shape[0]))
    if case.rush is not None:
        moments, routes = _rush(case, topology)
        release.append(moments)
        flow.append(np.full(moments.shape[0], len(flow), dtype=np.int32))
        length.append(routes.end - routes.start)
        pools.append(routes.pool)
    end = np.cumsum(np.concatenate(length))
    n = end.shape[0]
    flows = np.concatenate(flow)
    kind_of = {kind.id: row for row, kind in enumerate(case.kinds)}
    kinds = [kind_of[asked.kind] for asked in case.flows] + [0] * (1 + len(case.choices))
    return Demand(
        np.rint(1_000.0 * np.concatenate(release)).astype(np.int64),
        flows,
        Routes(np.concatenate(pools), end - np.concatenate(length), end),
        keys_of(np.array([f"{case.name} {row}" for row in range(n)])),
        np.array(kinds, dtype=np.int8)[flows],
    )


def _rush(case: Case, topology: Topology) -> tuple[NDArray[np.float64], Routes]:
    """Trips between random links at the rush's rates: moments [s] and free-flow routes."""
    rush = case.rush
    assert rush is not None
    parts = []
    for row, vph in enumerate(rush.profile_vph):
        n = round(vph * rush.slice_s / 3_600)
        parts.append(rush.slice_s * (row + np.arange(n) / max(n, 1)))
    moments = np.concatenate(parts)
    n, n_links = moments.shape[0], topology.tail.shape[0]
    who = np.arange(n, dtype=np.uint64)
    ends = [(uniforms(case.seed, ENDS, who, k) * n_links).astype(np.int32) for k in range(2)]
    # a trip of one link is no trip: it goes on to the next link's number
    ends[1] = np.where(ends[0] == ends[1], (ends[1] + 1) % n_links, ends[1]).astype(np.int32)
    trips = RouteQueries(ends[0], ends[1], np.zeros(n, dtype=np.int64), who)
    times = free_ms(case).astype(np.int32)
    return moments, _routes(case, topology, times, trips, rush.spread)


def _routes(
    case: Case, topology: Topology, times: NDArray[np.int32], trips: RouteQueries, spread: float
) -> Routes:
    """Least-time routes, each by its traveller's own view of the links."""
    weights = Weights(times.reshape(1, -1), times.reshape(1, -1), 1, spread)
    draws = Stream(case.seed, VIEWS) if spread else NO_DRAWS
    bounds = bounds_to(topology, times, trips.destination)
    rows = np.arange(trips.origin.shape[0])
    return find_routes(topology, weights, bounds, trips, rows, draws)


def control_of(case: Case) -> RightOfWay:
    """Who yields to whom, with its critical gap."""
    row_of = {link.id: row for row, link in enumerate(case.links)}
    majors = [[row_of[major] for major in link.yields_to] for link in case.links]
    return RightOfWay(
        np.array([round(1_000 * link.gap_s) for link in case.links], dtype=np.int32),
        np.cumsum([0, *map(len, majors)]).astype(np.int64),
        np.array([major for each in majors for major in each], dtype=np.int32),
    )


def supply_of(case: Case) -> Supply:
    """Free times, headways and signals before any lever."""
    row_of = {link.id: row for row, link in enumerate(case.links)}
    capacity_vps = np.array([link.capacity_vph for link in case.links]) / 3_600.0
    plan = np.zeros((3, len(case.links)), dtype=np.int32)
    for signal in case.signals:
        plan[:, row_of[signal.link]] = signal.cycle_s, signal.offset_s, signal.green_s
    return Supply(
        free_ms(case),
        np.rint(1_000.0 / capacity_vps).astype(np.int64),
        np.zeros(len(case.links), np.bool_),
        *(1_000 * plan),
    )


def loader_of(case: Case, topology: Topology, demand: Demand) -> Loader:
    """The engine before the first second."""
    capacity_vps = np.array([link.capacity_vph for link in case.links]) / 3_600.0
    length_m = np.array([link.length_m for link in case.links])
    free_s, wave_s = (
        KMH_PER_MPS * length_m / np.array([getattr(link, speed) for link in case.links])
        for speed in ("speed_kmh", "wave_kmh")
    )
    stored = length_m * np.array([link.jam_veh_per_km for link in case.links]) / 1_000.0
    network = build_network(
        topology, *places_and_holes(free_s, wave_s, stored), capacity_vps, control_of(case)
    )
    places, pace = (tuple(getattr(kind, name) for kind in case.kinds) for name in ("places", "pace"))
    rules = Rules(1.0, case.deadlock_check_s, places, pace)
    return Loader(network, supply_of(case), demand.key, demand.routes, rules, kind=demand.kind)


def run_case(case: Case) -> Run:
    """Run a case through the engine."""
    topology = topology_of(case)
    demand = demand_of(case, topology)
    loader = loader_of(case, topology, demand)
    chosen = demand.flow >= len(case.flows) if case.choices else np.zeros(demand.flow.shape, np.bool_)
    fixed = np.flatnonzero(~chosen)
    loader.release(fixed, demand.release_ms[fixed])
    stops = {0, case.until_s} | {lever.at_s for lever in case.levers if lever.at_s < case.until_s}
    for choice in case.choices:
        stops |= set(range(int(choice.from_s), int(choice.until_s), choice.update_s))
    parts: list[Passages] = []
    since_s = 0
    for from_s, until_s in pairwise(sorted(stops)):
        _pull(case, loader, from_s)
        for row, choice in enumerate(case.choices, start=len(case.flows)):
            starts = (from_s - choice.from_s) % choice.update_s == 0
            if starts and choice.from_s <= from_s < choice.until_s:
                asks = (demand.flow == row) & (demand.release_ms >= 1_000 * from_s)
                asks &= demand.release_ms < 1_000 * (from_s + choice.update_s)
                last = (since_s, from_s, Passages.join(parts[-1:]))
                _choose(case, loader, topology, choice, np.flatnonzero(asks), demand, last)
        parts.append(loader.advance(from_s, until_s))
        since_s = from_s
    return run_of(case, loader, demand, Passages.join(parts))


def _pull(case: Case, loader: Loader, now_s: int) -> None:
    """Levers of this moment."""
    row_of = {link.id: row for row, link in enumerate(case.links)}
    for lever in case.levers:
        if lever.at_s == now_s:
            if lever.closed is not None:
                loader.supply.closed[row_of[lever.link]] = lever.closed
            if lever.capacity_vph is not None:
                loader.supply.headway_ms[row_of[lever.link]] = round(3_600_000 / lever.capacity_vph)


def _choose(
    case: Case,
    loader: Loader,
    topology: Topology,
    choice: Choice,
    rows: NDArray[np.int64],
    demand: Demand,
    last: tuple[int, int, Passages],
) -> None:
    """Release trips on the routes that took least by the last picture (free flow where nobody reported)."""
    since_s, now_s, left = last
    seen = reports(loader, left, since_s, now_s, choice.sees)
    times = believed_ms(seen, now_s, np.inf, free_ms(case))
    ids = [link.id for link in case.links]
    ends = [np.full(rows.shape[0], ids.index(end), np.int32) for end in (choice.origin, choice.destination)]
    trips = RouteQueries(ends[0], ends[1], np.zeros(rows.shape[0], dtype=np.int64), demand.key[rows])
    loader.take_routes(rows, _routes(case, topology, times, trips, choice.spread))
    loader.release(rows, demand.release_ms[rows])


def run_of(case: Case, loader: Loader, demand: Demand, log: Passages) -> Run:
    """What is left, with the passages that had not ended."""
    vehicles = loader.vehicles
    there = loader.driving
    return Run(
        case,
        np.concatenate([log.trip, there.astype(np.int32)]),
        np.concatenate([log.link, loader.link_of(there)]),
        np.concatenate([log.enter_ms, loader.entered_link_ms(there)]).astype(np.int64),
        np.concatenate([log.exit_ms, np.full(there.shape[0], STILL_THERE)]).astype(np.int64),
        demand.release_ms,
        vehicles.entered_ms.astype(np.int64),
        vehicles.arrived_ms.astype(np.int64),
        demand.flow,
        demand.routes.pool[demand.routes.start],
        loader.rotations,
    )
