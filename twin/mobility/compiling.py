"""Compiles the loading before there is anything to load: it takes longest of all kernels.

A process beside can do so while this one reads, draws and opens. Who comes to the loading before it has
finished waits for it, for a kernel is compiled by one process at a time (`twin.kernels.jit`).
"""

from __future__ import annotations

import os
import signal
from functools import cache
from multiprocessing import get_context

from twin.kernels.folder import are_kept, choose_folder

KERNELS = ("loading.advance", "loading.take_up", "loading.release", "loading.settle")


def compile_loading() -> None:
    """Have the loading's kernels compiled and kept on disk, by a vehicle on a road of two links."""
    # here, since who only asks for it beside itself needs neither them nor Numba, which take long to load
    import numpy as np

    from twin.mobility.links import build_network, supply_of
    from twin.mobility.loading import Loader
    from twin.mobility.rules import Rules
    from twin.routing.routes import Routes
    from twin.routing.topology import build_topology

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


@cache
def compile_beside() -> None:
    """Begin to compile the loading in a process beside this one, which ends with it at the latest.

    Done once, and not where it is kept already, where it cannot be kept, or on one processor.
    """
    if choose_folder() is None or are_kept(KERNELS) or (os.cpu_count() or 1) < 2:
        return
    # a fresh interpreter: a fork would copy locks that threads of this process may hold
    get_context("spawn").Process(target=_until_told, daemon=True).start()


def _until_told() -> None:
    """Compile; whoever stops the command stops this too, without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    compile_loading()
