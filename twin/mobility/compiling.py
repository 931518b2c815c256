"""Compiles the loading before there is anything to load: it takes longest of all kernels.

Several processes that begin together would each compile every kernel. If one of them compiles the loading
meanwhile, the others find it on disk when they come to it, and it finds there what they compiled.
"""

from __future__ import annotations

import numpy as np

from twin.mobility.links import build_network, supply_of
from twin.mobility.loading import Loader
from twin.mobility.rules import Rules
from twin.routing.routes import Routes
from twin.routing.topology import build_topology


def compile_loading() -> None:
    """Have the loading's kernels compiled and kept on disk, by a vehicle on a road of two links."""
    tail, head, keys = np.array([0, 1]), np.array([1, 2]), np.array([1, 2], dtype=np.uint64)
    topology = build_topology(tail, head, keys, 3)
    free_ms, headway_ms = np.full(2, 10_000, dtype=np.int64), np.full(2, 2_000, dtype=np.int64)
    network = build_network(topology, np.full(2, 10, dtype=np.int32), free_ms, np.full(2, 0.5))
    start, end = np.array([0], dtype=np.int64), np.array([2], dtype=np.int64)
    routes = Routes(np.array([0, 1], dtype=np.int32), start, end)
    loader = Loader(network, supply_of(free_ms, headway_ms), keys[:1], routes, Rules(1.0, 30))
    loader.release(np.array([0]), np.array([0], dtype=np.int64))
    loader.advance(0, 60)
    if loader.driving.size or loader.waiting.size:
        raise RuntimeError("a vehicle alone on two links of 10 s has not arrived after 60 s")
