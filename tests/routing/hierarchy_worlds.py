"""Networks for the tests of hierarchies, and their slow twin: Dijkstra's search turn by turn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from tests.conftest import ROOT
from tests.oracles import BLOCKED_MS, shuffled, slow_uniform
from twin.kernels.paths import Topology
from twin.kernels.random import keys_of
from twin.routing.topology import build_topology
from twin.territory.territory import Territory


class Town(NamedTuple):
    """A network with weights: arrays (n_links,), places of nodes (n_nodes,), banned turns (n_bans, 2)."""

    tail: np.ndarray
    head: np.ndarray
    x_m: np.ndarray
    y_m: np.ndarray
    weight_ms: np.ndarray
    bans: np.ndarray

    @property
    def topology(self) -> Topology:
        keys, bans = keys_of(np.arange(self.tail.shape[0])), (self.bans[:, 0], self.bans[:, 1])
        return build_topology(self.tail, self.head, keys, self.x_m.shape[0], bans)


def draws(n: int, seed: int) -> np.ndarray:
    """n uniform draws."""
    return np.array([slow_uniform(seed, 7, row, 0) for row in range(n)])


def turns_of(tail: np.ndarray, head: np.ndarray) -> np.ndarray:
    """All pairs of links that follow each other, (n, 2)."""
    order = np.argsort(tail, kind="stable")
    first = np.searchsorted(tail[order], np.arange(max(tail.max(), head.max()) + 2))
    count = first[head + 1] - first[head]
    before = np.repeat(np.arange(head.shape[0]), count)
    at = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first[head], count)
    return np.stack([before, order[at]], axis=1)


def jittered_grid(side: int, ban_share: float) -> Town:
    """Streets both ways with every tenth missing, every thirtieth link closed, and banned turns."""
    node = np.arange(side * side).reshape(side, side)
    pairs = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    ends = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    ends = ends[draws(ends.shape[0], 1) > 0.1]
    tail, head = (column.astype(np.int32) for column in np.concatenate([ends, ends[:, ::-1]]).T)
    x_m, y_m = (
        node.ravel() % side + 0.3 * draws(node.size, 2),
        node.ravel() // side + 0.3 * draws(node.size, 3),
    )
    weight_ms = np.rint(1_000.0 + 9_000.0 * draws(tail.shape[0], 4)).astype(np.int64)
    weight_ms[draws(tail.shape[0], 5) < 1 / 30] = BLOCKED_MS
    turns = turns_of(tail, head)
    return Town(tail, head, x_m, y_m, weight_ms, turns[draws(turns.shape[0], 6) < ban_share])


def riviera(with_bans: bool) -> Town:
    """The embedded territory, empty roads."""
    territory = Territory.load(ROOT / "networks" / "riviera")
    streets = territory.streets
    free_ms = np.rint(1_000.0 * streets.free_flow_time_s).astype(np.int64)
    bans = np.stack([territory.turns.from_link, territory.turns.to_link], axis=1)
    bans = bans if with_bans else bans[:0]
    return Town(streets.tail, streets.head, streets.node_x_m, streets.node_y_m, free_ms, bans)


def slow_costs_between(town: Town, origin: np.ndarray, destination: np.ndarray) -> np.ndarray:
    """Least cost [ms] of all links after each origin up to each destination, (n, m); inf where none leads.

    Links are the nodes of the search, so a banned turn is an edge that is not there (Dijkstra 1959).
    """
    turns = turns_of(town.tail, town.head)
    n = town.tail.shape[0]
    banned = np.isin(turns[:, 0] * n + turns[:, 1], town.bans[:, 0].astype(np.int64) * n + town.bans[:, 1])
    turns = turns[~banned & (town.weight_ms[turns[:, 1]] < BLOCKED_MS)]
    weights = town.weight_ms[turns[:, 1]].astype(float)
    graph = csr_array((weights, (turns[:, 0], turns[:, 1])), shape=(n, n))
    return np.asarray(dijkstra(graph, indices=origin)[:, destination])


def some_links(town: Town, n: int, seed: int) -> np.ndarray:
    """n links, each once."""
    return np.asarray(shuffled(town.tail.shape[0], seed)[:n]).astype(np.int32)
