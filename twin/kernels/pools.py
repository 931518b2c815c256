"""Routes in one pool of links, put one behind another."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel


@kernel
def pack(pool: np.ndarray, start: np.ndarray, end: np.ndarray, packed: np.ndarray) -> None:
    """Write the links of routes (n_routes,) of a pool one after another, with no gaps."""
    at = 0
    for route in range(start.shape[0]):
        for place in range(start[route], end[route]):
            packed[at] = pool[place]
            at += 1
