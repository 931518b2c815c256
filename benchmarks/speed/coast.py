"""A network like a real one: the streets of the embedded riviera, laid side by side.

Each tile is the largest part of the riviera in which all is reached from everywhere (streets, one-way
streets, motorway and hairpins as OpenStreetMap has them, © OpenStreetMap contributors, ODbL); neighbouring
tiles are joined both ways where their streets come nearest to each other. Turns are not banned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from benchmarks.speed.world import World, _two_peaks
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.routing.hierarchy import build_hierarchy, customize, paths
from twin.routing.routes import Routes
from twin.routing.topology import build_topology
from twin.territory.territory import Territory
from twin.units import KMH_PER_MPS

RIVIERA = Path(__file__).resolve().parents[2] / "networks" / "riviera"
TILES = (7, 6)
JOINED_BY = 12
"""Pairs of nodes that join two neighbouring tiles, each node once."""
NEAREST = 24
"""Nodes of the neighbour that each node may be joined to."""
JOINT_MPS = 50.0 / KMH_PER_MPS
PARKS_A_TILE = 20
MEAN_TRIP_M = 3_000.0
METRICS = 4

Net = dict[str, NDArray[Any]]


def _drawn(purpose: str, n: int, k: int = 0) -> NDArray[np.float64]:
    return uniforms(1, stream_of(f"benchmarks.coast.{purpose}"), np.arange(n, dtype=np.uint64), k)


def _tile() -> tuple[Net, NDArray[np.float64]]:
    """Links of one tile, and where its nodes are [m] (n_nodes, 2), from its lower left corner."""
    streets = Territory.load(RIVIERA).streets
    n_nodes = streets.node_x_m.shape[0]
    matrix = coo_array((np.ones(streets.tail.shape[0]), (streets.tail, streets.head)), shape=(n_nodes,) * 2)
    _, part = connected_components(matrix, directed=True, connection="strong")
    kept = part == np.bincount(part).argmax()
    row = np.cumsum(kept) - 1
    links = kept[streets.tail] & kept[streets.head] & (streets.tail != streets.head)
    net: Net = {
        "tail": row[streets.tail[links]],
        "head": row[streets.head[links]],
        "length_m": streets.length_m[links].astype(np.float64),
        "speed_mps": streets.free_speed_mps[links].astype(np.float64),
        "lanes": np.maximum(np.rint(streets.lanes[links]), 1).astype(np.int64),
    }
    xy = np.stack([streets.node_x_m[kept], streets.node_y_m[kept]], axis=1)
    return net, xy - xy.min(axis=0)


def _joints(xy: NDArray[np.float64], shift: NDArray[np.float64]) -> NDArray[np.int64]:
    """Nodes of a tile and of its neighbour, so far away, that are nearest to each other, (n, 2)."""
    away, near = cKDTree(xy + shift).query(xy, NEAREST)
    pairs: list[tuple[int, int]] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for at in np.argsort(away, axis=None, kind="stable").tolist():
        here, there = at // NEAREST, int(near.flat[at])
        if here not in taken[0] and there not in taken[1] and len(pairs) < JOINED_BY:
            pairs.append((here, there))
            taken[0].add(here)
            taken[1].add(there)
    return np.array(pairs)


def coast_streets(tiles: tuple[int, int] = TILES) -> tuple[Net, NDArray[np.float64]]:
    """Links of so many tiles across and up, and where the nodes are [m] (n_nodes, 2)."""
    tile, xy = _tile()
    n, (across, up) = xy.shape[0], tiles
    size = xy.max(axis=0)
    at = np.array([(i, j) for j in range(up) for i in range(across)])
    places = (xy[None] + (at * size)[:, None]).reshape(-1, 2)
    parts = [tile | {end: tile[end] + n * k for end in ("tail", "head")} for k in range(at.shape[0])]
    for step, stride in (((1, 0), 1), ((0, 1), across)):
        pairs = _joints(xy, size * step)
        for k in np.flatnonzero((at + step < tiles).all(axis=1)).tolist():
            ends = pairs + n * np.array([k, k + stride])
            tail, head = np.concatenate([ends, ends[:, ::-1]]).T
            length_m = np.maximum(np.hypot(*(places[tail] - places[head]).T), 10.0)
            joint = {"tail": tail, "head": head, "length_m": length_m}
            alike = {
                "speed_mps": np.full(tail.shape[0], JOINT_MPS),
                "lanes": np.ones(tail.shape[0], dtype=np.int64),
            }
            parts.append(joint | alike)
    net = {name: np.concatenate([part[name] for part in parts]) for name in tile}
    return net | {end: net[end].astype(np.int32) for end in ("tail", "head")}, places


def coast_world(n_trips: int, tiles: tuple[int, int] = TILES) -> World:
    """The coast: trips of 24 h with two peaks, gamma-distributed lengths as the crow flies (shape 2).

    Origins anywhere, destinations at the car park nearest to the drawn place; routes by one of four metrics.
    """
    net, xy = coast_streets(tiles)
    n_links = net["tail"].shape[0]
    origin = (_drawn("origins", n_trips) * n_links).astype(np.int32)
    lengths = np.log1p(-_drawn("length", n_trips, 0)) + np.log1p(-_drawn("length", n_trips, 1))
    away_m = -0.5 * MEAN_TRIP_M * lengths
    angle = 2.0 * np.pi * _drawn("angle", n_trips)
    wanted = xy[net["head"][origin]] + away_m[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    parks = (_drawn("parks", PARKS_A_TILE * tiles[0] * tiles[1]) * n_links).astype(np.int32)
    destination = parks[cKDTree(xy[net["tail"][parks]]).query(wanted)[1]]
    topology = build_topology(net["tail"], net["head"], keys_of(np.arange(n_links)), xy.shape[0])
    hierarchy = build_hierarchy(topology, xy[:, 0], xy[:, 1])
    free_ms = np.maximum(np.rint(1_000.0 * net["length_m"] / net["speed_mps"]), 1_000.0)
    found: list[Routes] = []
    rows = [np.arange(k, n_trips, METRICS) for k in range(METRICS)]
    for k, mine in enumerate(rows):
        cost_ms = (free_ms * (0.8 + 0.4 * _drawn("metric", n_links, k))).astype(np.int32)
        found.append(paths(customize(hierarchy, cost_ms), origin[mine], destination[mine])[1])
    shift = np.cumsum([0, *(routes.pool.shape[0] for routes in found)])
    order = np.argsort(np.concatenate(rows), kind="stable")
    start, end = (
        np.concatenate([getattr(routes, name) + shift[k] for k, routes in enumerate(found)])[order]
        for name in ("start", "end")
    )
    pool = np.concatenate([routes.pool for routes in found])
    routes = _begun_and_ended_ahead(net, Routes(pool, start, end))
    ways = {"pool": routes.pool, "start": routes.start, "end": routes.end}
    return World(xy[:, 0], xy[:, 1], **net, depart_s=_two_peaks(n_trips), **ways, horizon_s=86_400)


def _begun_and_ended_ahead(net: Net, routes: Routes) -> Routes:
    """Routes in which a first or last turn on the spot is cut off: one begins in the direction one needs."""
    start, end, pool = routes.start.copy(), routes.end.copy(), routes.pool
    tail, head = net["tail"], net["head"]
    for first in (True, False):
        long = np.flatnonzero(end - start > 1)
        a = start[long] if first else end[long] - 2
        one, next_one = pool[a], pool[a + 1]
        turns = (tail[one] == head[next_one]) & (head[one] == tail[next_one])
        if first:
            start[long] += turns
        else:
            end[long] -= turns
    return Routes(pool, start, end).packed()
