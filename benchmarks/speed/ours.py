"""Our engine on a world of the speed benchmarks: which physics, how many threads, in which order of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.junctions import FOLLOW_UP_MS, control_of, signals_of
from benchmarks.speed.world import JAM_SPACING_M, WAVE_MPS, World
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.kernels.traffic import Network, Supply
from twin.mobility.links import RightOfWay, build_network, headway_ms, link_ms, places_and_holes, supply_of
from twin.mobility.loading import Loader
from twin.mobility.rules import Rules
from twin.routing.routes import Routes
from twin.routing.topology import build_topology


@dataclass(frozen=True)
class Setup:
    """How our engine is run: as a peer without junctions is, unless more is asked for.

    Parameters
    ----------
    capacity_factor
        On every link.
    check_s
        How often deadlocks are looked for; 0 never, as in validation.
    controlled
        Signals and give-way.
    lorry_share
        Vehicles of two places and twice a car's headway.
    domains
        Parts of the network, and threads that work them.
    renumbered
        Nodes and links in another order, with the keys of their own.
    """

    capacity_factor: float = 1.0
    check_s: int = 0
    controlled: bool = False
    lorry_share: float = 0.0
    domains: tuple[int, int] = (1, 1)
    renumbered: bool = False


PLAIN = Setup()
CONTROLLED = Setup(check_s=30, controlled=True)
ALL_PHYSICS = Setup(check_s=30, controlled=True, lorry_share=0.05)
"""All that the engine knows of the road; lorries as one vehicle in twenty."""
OURS = {"twin, junction control": CONTROLLED, "twin, all physics": ALL_PHYSICS}


def _shuffled(n: int, purpose: str) -> NDArray[np.int64]:
    """A fixed random order of n rows."""
    return np.argsort(uniforms(1, stream_of(purpose), np.arange(n, dtype=np.uint64)), kind="stable")


def _roads(world: World, setup: Setup) -> tuple[Network, Supply, NDArray[np.int64]]:
    """Network and supply, and the row that each link has there (n_links,)."""
    n_links, n_nodes = world.tail.shape[0], world.x_m.shape[0]
    order, node = np.arange(n_links), np.arange(n_nodes)
    if setup.renumbered:
        order, node = _shuffled(n_links, "benchmarks.links"), _shuffled(n_nodes, "benchmarks.nodes")
    row = np.empty(n_links, dtype=np.int64)
    row[order] = np.arange(n_links)
    ends = [node[each[order]].astype(np.int32) for each in (world.tail, world.head)]
    topology = build_topology(ends[0], ends[1], keys_of(order), n_nodes)
    capacity = world.capacity_vps * setup.capacity_factor
    free_s, storage = world.length_m / world.speed_mps, world.length_m * world.lanes / JAM_SPACING_M
    places, hole_ms = places_and_holes(free_s, world.length_m / WAVE_MPS, storage)
    apart_ms, control, signals = headway_ms(capacity), RightOfWay.none(n_links), ()
    if setup.controlled:
        control, signals = control_of(world), signals_of(world)
        apart_ms = np.maximum(apart_ms, np.where(control.gap_ms > 0, FOLLOW_UP_MS, 0))
    network = build_network(
        topology, places[order], hole_ms[order], capacity[order], _reordered(control, order, row)
    )
    supply = supply_of(link_ms(free_s)[order], apart_ms[order], *(each[order] for each in signals))
    return network, supply, row


def _reordered(control: RightOfWay, order: NDArray[np.int64], row: NDArray[np.int64]) -> RightOfWay:
    """Who gives way to whom, in rows of another order."""
    lists = [control.major_links[control.major_start[k] : control.major_start[k + 1]] for k in order.tolist()]
    start = np.concatenate([[0], np.cumsum([each.shape[0] for each in lists])])
    majors = row[np.concatenate([np.empty(0, dtype=np.int64), *lists]).astype(np.int64)]
    return RightOfWay(control.gap_ms[order], start.astype(np.int64), majors.astype(np.int32))


def loader_of(world: World, setup: Setup = PLAIN) -> Loader:
    """Our engine on a world, all trips released."""
    network, supply, row = _roads(world, setup)
    routes = Routes(row[world.pool].astype(np.int32), world.start, world.end)
    keys = keys_of(np.arange(world.n_trips))
    kind = (uniforms(1, stream_of("benchmarks.lorries"), keys) < setup.lorry_share).astype(np.int8)
    rules = Rules(1.0, setup.check_s, (1, 2), (4, 8))
    loader = Loader(network, supply, keys, routes, rules, kind=kind, domains=setup.domains)
    loader.release(np.arange(world.n_trips), np.rint(1_000.0 * world.depart_s).astype(np.int64))
    return loader
