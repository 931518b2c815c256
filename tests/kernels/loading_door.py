"""A case of the tests, run by the loading kernel through its public door."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tests.oracles_loading import Loaded
from tests.worlds import Case, Demand
from twin.kernels.traffic import Supply
from twin.mobility.loading import Loader, Passages, Rules, build_network
from twin.mobility.vehicles import Legs
from twin.routing.routes import Routes
from twin.routing.topology import build_topology


def routes_of(routes: tuple[tuple[int, ...], ...]) -> Routes:
    """Routes one after another in one pool."""
    length = np.array([len(route) for route in routes], dtype=np.int64)
    end = np.cumsum(length)
    return Routes(np.array([link for route in routes for link in route], dtype=np.int32), end - length, end)


def loader_of(case: Case) -> Loader:
    """The kernel's state at the start of a case, all its vehicles released."""
    net, demand = case.net, case.demand
    n_cars = demand.n_trips - demand.n_legs
    topology = build_topology(net.tail, net.head, net.link_key, net.n_nodes)
    loader = Loader(
        build_network(topology, net.storage, net.hole_ms, net.weight),
        Supply(net.free_ms.copy(), net.headway_ms.copy(), np.zeros(net.n_links, dtype=np.bool_)),
        demand.trip_key[:n_cars],
        routes_of(demand.routes[:n_cars]),
        Rules(case.origin_priority, case.deadlock_check_s),
        case.seed,
        legs_of(demand),
    )
    released = np.flatnonzero(demand.release_ms >= 0)
    loader.release(released, demand.release_ms[released])
    return loader


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


def load_by_kernel(case: Case) -> Loaded:
    """Run the kernel over a case, from one incident to the next."""
    loader = loader_of(case)
    parts: list[Passages] = []
    moments_s = sorted({0, case.n_steps} | {i.at_s for i in case.incidents if i.at_s < case.n_steps})
    for from_s, until_s in pairwise(moments_s):
        for incident in case.incidents:
            if incident.at_s == from_s:
                loader.supply.closed[incident.link] = incident.closed
                loader.supply.headway_ms[incident.link] = incident.headway_ms
        parts.append(loader.advance(from_s, until_s))
    log = Passages.join(parts)
    columns = (log.trip.tolist(), log.link.tolist(), log.enter_ms.tolist(), log.exit_ms.tolist())
    return Loaded(
        loader.vehicles.entered_ms.tolist(),
        loader.vehicles.arrived_ms.tolist(),
        sorted(zip(*columns, strict=True)),
        loader.rotations,
    )
