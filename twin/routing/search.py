"""Queries: shortest routes for many trips on several threads, the same for any number of them."""

from __future__ import annotations

import numpy as np

from twin.kernels import paths
from twin.kernels.paths import Bounds, RoutePool, RouteQueries, Stream, Topology, Weights
from twin.kernels.search import SearchGround, route_trips
from twin.routing.pieces import Piece, in_parts, in_pools
from twin.routing.routes import Routes
from twin.routing.topology import workspace_for

SLICES_SIDE_BY_SIDE = 4
"""Trips that leave in so many slices are searched by destination: their weights lie in a cache together."""

NO_DRAWS = Stream(0, np.uint64(0))
"""For weights that everyone feels the same."""


def bounds_to(topology: Topology, least_ms: np.ndarray, destinations: np.ndarray) -> Bounds:
    """Lower bounds for searches to the tails of those destination links under the least weights.

    Parameters
    ----------
    least_ms
        The least weight each link ever has, (n_links,) int32 [ms].
    destinations
        Destination links, (n,).
    """
    n_nodes = topology.first_out.shape[0] - 1
    targets = np.unique(topology.tail[destinations]).astype(np.int32)
    cost_ms = np.empty((targets.shape[0], n_nodes), dtype=np.int32)
    paths.cost_trees(topology, least_ms.astype(np.int32), targets, workspace_for(topology), cost_ms)
    row_of_node = np.full(n_nodes, -1, dtype=np.int32)
    row_of_node[targets] = np.arange(targets.shape[0], dtype=np.int32)
    return Bounds(cost_ms, row_of_node)


def times_between(
    topology: Topology, bounds: Bounds, origin: np.ndarray, destination: np.ndarray
) -> np.ndarray:
    """Least time from the head of origin links to the tail of destination links, int64 [ms].

    So neither link's own time is counted; BLOCKED where there is no way. The bounds are those to the
    destination links. Origins and destinations are broadcast: (n, 1) and (m,) make a table (n, m).
    """
    row = bounds.row_of_node[topology.tail[destination]]
    return np.asarray(bounds.cost_ms[row, topology.head[origin]], dtype=np.int64)


def static_weights(weight_ms: np.ndarray) -> Weights:
    """Weights that hold all day and are felt as they are: (n_links,) int32 [ms]."""
    row = np.ascontiguousarray(weight_ms, dtype=np.int32).reshape(1, -1)
    return Weights(row, row, 1, 0.0)


def find_routes(
    topology: Topology,
    weights: Weights,
    bounds: Bounds,
    queries: RouteQueries,
    rows: np.ndarray,
    draws: Stream,
    threads: int = 1,
) -> Routes:
    """Shortest routes of the trips ``rows``; other trips have none in the answer."""
    n_trips = queries.origin.shape[0]
    start, end = np.full(n_trips, -1, dtype=np.int64), np.full(n_trips, -1, dtype=np.int64)

    def work(part: np.ndarray) -> list[Piece]:
        ground = SearchGround(topology, bounds, workspace_for(topology), draws)

        def fill(done: int, pool: np.ndarray) -> int:
            return route_trips(ground, weights, queries, part, done, RoutePool(pool, start, end))

        return in_pools(topology, part, fill)

    return in_parts(_side_by_side(queries, weights, rows), threads, work, (start, end)).packed()


def _side_by_side(queries: RouteQueries, weights: Weights, rows: np.ndarray) -> np.ndarray:
    """The trips ``rows`` by time of day and destination: what a search reads, the next finds near at hand."""
    while_held_ms = SLICES_SIDE_BY_SIDE * weights.slice_ms if weights.cost_ms.shape[0] > 1 else 2**62
    order = np.lexsort((queries.destination[rows], queries.depart_ms[rows] // while_held_ms))
    return np.ascontiguousarray(rows[order], dtype=np.int64)
