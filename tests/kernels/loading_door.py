"""Cases of the tests, run by the loading kernel through its public door."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import numpy as np

from tests.oracles import slow_uniform
from tests.oracles_loading import Loaded
from tests.worlds import Case, Demand, Incident, Net, demand_of, grid
from twin.kernels.traffic import Supply
from twin.mobility.links import RightOfWay, build_network
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.mobility.rules import Rules
from twin.mobility.vehicles import Legs
from twin.routing.routes import Routes
from twin.routing.topology import build_topology


def rush_on_grid(n_side: int, n_trips: int, n_steps: int) -> Case:
    """Zigzag trips over a grid, all within two minutes: queues, spillback, gridlock."""
    net = grid(n_side, length_m=60)
    trips = []
    for trip in range(n_trips):
        draws = [slow_uniform(1, trip, 0, when) for when in range(12)]
        route = [int(draws[0] * net.n_links)]
        for draw in draws[2:]:
            following = net.successors(route[-1])
            route.append(following[int(draw * len(following))])
        trips.append((120 * draws[1], tuple(route)))
    return Case(net, demand_of(trips), n_steps)


def routes_of(routes: tuple[tuple[int, ...], ...]) -> Routes:
    """Routes one after another in one pool."""
    length = np.array([len(route) for route in routes], dtype=np.int64)
    end = np.cumsum(length)
    return Routes(np.array([link for route in routes for link in route], dtype=np.int32), end - length, end)


def control_of(net: Net) -> RightOfWay:
    """Who yields to whom, with its critical gap."""
    gaps = [net.gap_of(row) for row in range(net.n_links)]
    return RightOfWay(
        np.array([gap_ms for gap_ms, _ in gaps], dtype=np.int32),
        np.cumsum([0, *(len(majors) for _, majors in gaps)]).astype(np.int64),
        np.array([major for _, majors in gaps for major in majors], dtype=np.int32),
    )


def supply_of(net: Net) -> Supply:
    """Supply of a network on which nothing has happened yet."""
    signals = np.array([net.signal_of(row) for row in range(net.n_links)], dtype=np.int32)
    return Supply(
        net.free_ms.copy(),
        net.headway_ms.copy(),
        np.zeros(net.n_links, dtype=np.bool_),
        *(np.ascontiguousarray(column) for column in signals.T),
    )


def loader_of(case: Case, n_domains: int = 1, n_threads: int = 1) -> Loader:
    """The kernel's state at the start of a case, all its vehicles released."""
    net, demand = case.net, case.demand
    n_cars = demand.n_trips - demand.n_legs
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    loader = Loader(
        build_network(topology, net.storage, net.hole_ms, net.weight, control_of(net)),
        supply_of(net),
        demand.trip_key[:n_cars],
        routes_of(demand.routes[:n_cars]),
        Rules(case.origin_priority, case.deadlock_check_s, case.places, case.pace),
        legs_of(demand),
        np.array([demand.kind_of(trip) for trip in range(demand.n_trips)], dtype=np.int8),
        domains=(n_domains, n_threads),
    )
    released = np.flatnonzero(demand.release_ms >= 0)
    loader.release(released, demand.release_ms[released])
    return loader


def apply(loader: Loader, incident: Incident) -> None:
    """Change the supply of one link from now on."""
    supply, link = loader.supply, incident.link
    supply.closed[link], supply.headway_ms[link] = incident.closed, incident.headway_ms
    if incident.free_ms is not None:
        supply.free_ms[link] = incident.free_ms
    if incident.signal is not None:
        supply.cycle_ms[link], supply.offset_ms[link], supply.green_ms[link] = incident.signal


def legs_of(demand: Demand) -> Legs:
    """The last vehicles of a demand, as legs."""
    if not demand.n_legs:
        return Legs.none()
    n_cars = demand.n_trips - demand.n_legs
    next_leg = np.array(demand.next_leg[n_cars:], dtype=np.int32)
    return Legs(
        demand.trip_key[n_cars:],
        routes_of(demand.routes[n_cars:]),
        np.where(next_leg >= 0, next_leg - n_cars, -1).astype(np.int32),
        np.array(demand.not_before_ms[n_cars:], dtype=np.int64),
        np.array(demand.dwell_ms[n_cars:], dtype=np.int64),
    )


def load_by_kernel(
    case: Case, n_domains: int = 1, n_threads: int = 1, stops_s: Collection[int] = ()
) -> Loaded:
    """Run the kernel over a case, from one incident or stop to the next."""
    loader = loader_of(case, n_domains, n_threads)
    parts: list[Passages] = []
    inside = {moment_s for moment_s in stops_s if 0 < moment_s < case.n_steps}
    changes = {incident.at_s for incident in case.incidents if incident.at_s < case.n_steps}
    for from_s, until_s in pairwise(sorted({0, case.n_steps} | changes | inside)):
        for incident in case.incidents:
            if incident.at_s == from_s:
                apply(loader, incident)
        parts.append(loader.advance(from_s, until_s))
    log = Passages.join(parts)
    columns = (log.trip.tolist(), log.link.tolist(), log.enter_ms.tolist(), log.exit_ms.tolist())
    return Loaded(
        loader.vehicles.entered_ms.tolist(),
        loader.vehicles.arrived_ms.tolist(),
        sorted(zip(*columns, strict=True)),
        loader.rotations,
    )
