"""Shortest paths by peers: pandana (contraction hierarchies, built anew for new weights) and networkx."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import need

Ends = tuple[NDArray[np.int32], NDArray[np.int32]]


class Network(NamedTuple):
    """Links between nodes on a map, and what they cost now."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    weight_ms: NDArray[np.int32]


@contextmanager
def _told_aside() -> Iterator[None]:
    """What compiled code prints goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def pandana_round(network: Network, ends: Ends) -> tuple[float, float, NDArray[np.float64]]:
    """CPU seconds to build for these weights and for a query with path; costs [ms] of the paths found."""
    import pandas as pd

    with warnings.catch_warnings(), _told_aside():
        warnings.simplefilter("ignore")  # of its own dependencies
        pandana = need("pandana")
        nodes = pd.DataFrame({"x": network.x_m, "y": network.y_m})
        frame = pd.DataFrame({"from": network.tail, "to": network.head, "s": network.weight_ms / 1_000.0})
        begin = time.process_time()
        built = pandana.Network(nodes.x, nodes.y, frame["from"], frame["to"], frame[["s"]], twoway=False)
        ready = time.process_time()
        found = built.shortest_paths(ends[0], ends[1], imp_name="s")
        done = time.process_time()
    return ready - begin, (done - ready) / len(found), _costs_of(network, found)


def _costs_of(network: Network, found: list[Any]) -> NDArray[np.float64]:
    """What paths given by their nodes cost."""
    pairs = zip(network.tail.tolist(), network.head.tolist(), strict=True)
    cost = dict(zip(pairs, network.weight_ms.tolist(), strict=True))
    each = [[int(node) for node in path] for path in found]
    return np.array([sum(cost[pair] for pair in pairwise(path)) for path in each], float)


def networkx_costs(network: Network, ends: Ends) -> tuple[float, NDArray[np.float64]]:
    """CPU seconds a query with path, as osmnx asks by default (Dijkstra from both ends), and costs [ms]."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        zip(network.tail.tolist(), network.head.tolist(), network.weight_ms.tolist(), strict=True),
        weight="ms",
    )
    begin = time.process_time()
    found = [
        nx.shortest_path(graph, a, b, weight="ms") for a, b in zip(*(e.tolist() for e in ends), strict=True)
    ]
    return (time.process_time() - begin) / len(found), _costs_of(network, found)
