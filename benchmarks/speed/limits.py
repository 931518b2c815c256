"""What the machine allows in the same run: independent reads of a set that no cache holds."""

from __future__ import annotations

import time

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.random import stream_of, uniforms

SET_BYTES = 64 * 2**20
READS = 4_000_000
LINES_AN_ENTRY = 5
"""Cache lines a link entry must touch: two link headers, two slots, and the route."""


@kernel
def gather(values: np.ndarray, at: np.ndarray) -> float:
    """Sum of values at independent places."""
    total = 0.0
    for k in range(at.shape[0]):
        total += values[at[k]]
    return total


def gather_ns(repeats: int = 5, set_bytes: int = SET_BYTES) -> float:
    """CPU time of one independent read of a set, best of several [ns]."""
    values = np.ones(set_bytes // 8)
    who = np.arange(READS, dtype=np.uint64)
    at = (uniforms(1, stream_of("benchmarks.gather"), who) * values.shape[0]).astype(np.int64)
    gather(values, at[:10])
    best = float("inf")
    for _ in range(repeats):
        begin = time.process_time()
        assert gather(values, at) == READS
        best = min(best, time.process_time() - begin)
    return best / READS * 1e9


def limit_entries_per_s(ns: float) -> float:
    """Link entries per CPU second if every line were a read as above."""
    return 1e9 / (LINES_AN_ENTRY * ns)
