"""Customizable contraction hierarchies: the network once, weights often, queries all the time.

    hierarchy = build_hierarchy(topology, x_m, y_m)     # once per network
    metric = customize(hierarchy, weights_ms)           # once per set of weights
    cost_ms, routes = paths(metric, origins, destinations)

Costs are exact whole milliseconds, those of Dijkstra's search (Dibbelt, Strasser & Wagner 2016). Banned turns
are honoured by the same states as in `twin.kernels.search`. Among routes of equal cost the hierarchy decides,
always the same way for one hierarchy, but not by the rule of `find_routes`: parallel links by the lesser
key, then a link before a detour, then the detour over the state that was eliminated first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.errors import InputError
from twin.kernels import hierarchy_query as queries
from twin.kernels import hierarchy_weights as customizing
from twin.kernels.hierarchy import FAR, Shape
from twin.kernels.hierarchy_query import Desk, OdPairs, Ways
from twin.kernels.hierarchy_trees import LANES, trees_to
from twin.kernels.hierarchy_weights import Costs, Given
from twin.kernels.paths import Bounds, RoutePool, Topology
from twin.routing.dissection import geometric_order, has_metis, metis_order
from twin.routing.elimination import edges_of, links_of_arcs, shape_of
from twin.routing.pieces import Piece, in_parts, in_pools
from twin.routing.routes import Routes
from twin.routing.topology import star

MOST_CHANGED = 0.005
"""Share of changed weights up to which it pays to go by what changed (measured: `benchmarks/README.md`)."""
ORDERS = ("geometric", "metis")


@dataclass(frozen=True)
class Hierarchy:
    """What is joined to what in the order of elimination; place (n_states,) of each state in it."""

    topology: Topology
    order: str
    place: np.ndarray
    shape: Shape
    given: Given
    turns_first: np.ndarray
    turns: np.ndarray

    @property
    def height(self) -> int:
        """Length of the longest way to the root."""
        return int(self.shape.level.max()) + 1

    @property
    def n_triangles(self) -> int:
        """Detours over lower states that a customization looks at."""
        degree = np.diff(self.shape.up_first)
        return int((degree * (degree - 1) // 2).sum())


@dataclass(frozen=True)
class Metric:
    """A hierarchy under one set of weights."""

    hierarchy: Hierarchy
    ways: Ways


def build_hierarchy(
    topology: Topology, x_m: np.ndarray, y_m: np.ndarray, order: str = "geometric"
) -> Hierarchy:
    """The hierarchy of a network with nodes at x_m, y_m (n_nodes,).

    Parameters
    ----------
    order
        "geometric", the same wherever the twin runs, or "metis" (extra `routing`), which is found sooner.
    """
    if order not in ORDERS or (order == "metis" and not has_metis()):
        raise InputError(f"order {order}", "is not there", "geometric, or metis with the extra routing")
    n_nodes = topology.first_out.shape[0] - 1
    begin, end, link = _steps(topology)
    n = n_nodes + topology.turn_from.shape[0]
    low, high = edges_of(begin, end, n)
    node = np.concatenate([np.arange(n_nodes), topology.head[topology.turn_from]])
    xy_m = (x_m[node], y_m[node])
    rank = metis_order(low, high, n) if order == "metis" else geometric_order(low, high, *xy_m)
    place, shape = shape_of((low, high), rank, xy_m)
    turns_first, turns = star(topology.head[topology.turn_from], n_nodes)
    given = links_of_arcs(shape, place[begin], place[end], link, topology.link_key)
    return Hierarchy(topology, order, place, shape, given, turns_first, (turns + n_nodes).astype(np.int32))


def _steps(topology: Topology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States before and after each link, one row for every state it may be taken in; loops left out."""
    begin, link = [topology.tail.astype(np.int64)], [np.arange(topology.tail.shape[0])]
    for turn, entered in enumerate(topology.turn_from.tolist()):
        node = topology.head[entered]
        onward = topology.out_links[topology.first_out[node] : topology.first_out[node + 1]]
        banned = topology.banned[topology.first_banned[turn] : topology.first_banned[turn + 1]]
        onward = onward[~np.isin(onward, banned)]
        begin.append(np.full(onward.shape[0], topology.first_out.shape[0] - 1 + turn))
        link.append(onward.astype(np.int64))
    begins, links = np.concatenate(begin), np.concatenate(link)
    ends = topology.lands_in[links].astype(np.int64)
    moves = begins != ends
    return begins[moves], ends[moves], links[moves]


def customize(hierarchy: Hierarchy, weights_ms: np.ndarray) -> Metric:
    """The hierarchy under weights (n_links,) [ms]; from `BLOCKED` on a link must not be used."""
    shape = hierarchy.shape
    n_arcs = shape.up_head.shape[0]
    up_ms, down_ms = (np.empty(n_arcs, dtype=np.int32) for _ in range(2))
    up_via, down_via = (np.empty(n_arcs, dtype=np.int64) for _ in range(2))
    costs, weight_ms = Costs(up_ms, down_ms, up_via, down_via), _checked(hierarchy, weights_ms)
    by_level = np.empty((2, hierarchy.height), dtype=np.int32)
    customizing.customize_all(shape, hierarchy.given, costs, weight_ms, by_level)
    return _metric(hierarchy, costs, weight_ms)


def recustomize(metric: Metric, weights_ms: np.ndarray) -> Metric:
    """The same as `customize`, by what changed since that metric; from scratch where that is much."""
    hierarchy, weight_ms = metric.hierarchy, _checked(metric.hierarchy, weights_ms)
    given, shape = hierarchy.given, hierarchy.shape
    is_other = weight_ms != metric.ways.weight_ms
    if is_other.sum() > MOST_CHANGED * is_other.shape[0]:
        return customize(hierarchy, weights_ms)
    changed = is_other[given.link]
    touched = np.zeros(shape.parent.shape[0], dtype=np.bool_)
    touched[shape.arc_low[given.arc[changed]]] = True
    costs = Costs(*(column.copy() for column in metric.ways.costs))
    by_level = np.empty((2, hierarchy.height), dtype=np.int32)
    customizing.customize_some(shape, given, costs, weight_ms, by_level, touched)
    return _metric(hierarchy, costs, weight_ms)


def _metric(hierarchy: Hierarchy, costs: Costs, weight_ms: np.ndarray) -> Metric:
    h = hierarchy
    return Metric(h, Ways(h.topology, h.shape, costs, weight_ms, h.place, h.turns_first, h.turns))


def _checked(hierarchy: Hierarchy, weights_ms: np.ndarray) -> np.ndarray:
    """Weights as the kernels take them."""
    n_links = hierarchy.topology.tail.shape[0]
    if weights_ms.shape != (n_links,) or not np.issubdtype(weights_ms.dtype, np.integer):
        what = f"are {weights_ms.dtype} of shape {weights_ms.shape}"
        raise InputError("weights", what, f"whole milliseconds of shape ({n_links},)")
    negative = np.flatnonzero(weights_ms < 0)
    if negative.size:
        raise InputError(f"weight of link {negative[0]}", f"is {weights_ms[negative[0]]} ms", "0 ms or more")
    return np.asarray(np.minimum(weights_ms, FAR), dtype=np.int32)


def costs_between(metric: Metric, origin_links: np.ndarray, destination_links: np.ndarray) -> np.ndarray:
    """Cost (n,) int64 [ms] from the end of each origin to the end of its destination; UNREACHED: no path."""
    asked, rows, cost_ms = _asked(metric, origin_links, destination_links)
    places = np.empty(rows.shape[0], dtype=np.int64), np.empty(rows.shape[0], dtype=np.int64)
    queries.ask(
        metric.ways,
        asked,
        rows,
        0,
        cost_ms,
        RoutePool(np.empty(0, dtype=np.int32), *places),
        desk_for(metric),
    )
    return cost_ms


def paths(
    metric: Metric, origin_links: np.ndarray, destination_links: np.ndarray, threads: int = 1
) -> tuple[np.ndarray, Routes]:
    """Costs as by `costs_between`, and routes, both ends included; those of one destination in one batch."""
    asked, rows, cost_ms = _asked(metric, origin_links, destination_links)
    start, end = np.full(rows.shape[0], -1, dtype=np.int64), np.full(rows.shape[0], -1, dtype=np.int64)

    def work(part: np.ndarray) -> list[Piece]:
        desk = desk_for(metric)

        def fill(done: int, pool: np.ndarray) -> int:
            return queries.ask(metric.ways, asked, part, done, cost_ms, RoutePool(pool, start, end), desk)

        return in_pools(metric.ways.topology, part, fill)

    return cost_ms, in_parts(rows, threads, work, (start, end))


def bounds_by(metric: Metric, destinations: np.ndarray) -> Bounds:
    """Least cost from every node to the tails of those destination links (n,): bounds for any larger weights.

    Banned turns are honoured on the way, but no turn at a tail is: what is left is the least that any link
    from there costs to reach. Without banned turns the same as `twin.routing.search.bounds_to`.
    """
    ways = metric.ways
    topology, n_nodes = ways.topology, ways.topology.first_out.shape[0] - 1
    targets = np.unique(topology.tail[destinations]).astype(np.int32)
    cost_ms = np.empty((targets.shape[0], n_nodes), dtype=np.int32)
    trees_to(ways, targets, np.empty((ways.place.shape[0], LANES), dtype=np.int32), cost_ms)
    row_of_node = np.full(n_nodes, -1, dtype=np.int32)
    row_of_node[targets] = np.arange(targets.shape[0], dtype=np.int32)
    return Bounds(cost_ms, row_of_node)


def goals_of(metric: Metric, destination: int) -> list[int]:
    """Places of the states at the begin of a link from which it may be taken."""
    ways, topology = metric.ways, metric.ways.topology
    node, n_nodes = int(topology.tail[destination]), topology.first_out.shape[0] - 1
    states = [node]
    for state in ways.turns[ways.turns_first[node] : ways.turns_first[node + 1]].tolist():
        first, upto = topology.first_banned[state - n_nodes : state - n_nodes + 2]
        if destination not in topology.banned[first:upto]:
            states.append(state)
    return [int(ways.place[state]) for state in states]


def _asked(
    metric: Metric, origin_links: np.ndarray, destination_links: np.ndarray
) -> tuple[OdPairs, np.ndarray, np.ndarray]:
    """Pairs as the kernels take them, rows by destination, and room for costs."""
    n_links = metric.ways.weight_ms.shape[0]
    for name, links in (("origin", origin_links), ("destination", destination_links)):
        wrong = np.flatnonzero((links < 0) | (links >= n_links))
        if wrong.size:
            raise InputError(
                f"{name} {wrong[0]}", f"is link {links[wrong[0]]}", f"a row from 0 to {n_links - 1}"
            )
    asked = OdPairs(
        *(np.ascontiguousarray(links, dtype=np.int32) for links in (origin_links, destination_links))
    )
    rows = np.argsort(metric.ways.topology.tail[asked.destination], kind="stable")
    return asked, rows, np.empty(rows.shape[0], dtype=np.int64)


def desk_for(metric: Metric) -> Desk:
    """Memory for one query at a time."""
    height = metric.hierarchy.height
    up_ms, up_arc, down_ms, down_arc = (np.empty(height, dtype=np.int32) for _ in range(4))
    stack, found = np.empty(3 * height + 8, dtype=np.int64), np.empty(2, dtype=np.int64)
    return Desk(up_ms, up_arc, down_ms, down_arc, stack, found)
