"""Many questions to a router, shared out over threads; what comes back joined into one pool of routes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from twin.routing.routes import Routes

Piece = tuple[np.ndarray, np.ndarray]
"""Rows that were answered, and the links of their routes."""


def in_parts(
    rows: np.ndarray,
    threads: int,
    work: Callable[[np.ndarray], list[Piece]],
    places: tuple[np.ndarray, np.ndarray],
) -> Routes:
    """Routes of all rows (n,) int64, whatever the number of threads.

    ``work`` answers a part of the rows: pieces, with the places of each route within its piece written to
    ``places``, start and end (n_trips,), which become places in the pool of all.
    """
    start, end = places
    parts = np.array_split(rows, max(1, threads))
    if threads > 1:
        with ThreadPoolExecutor(threads) as executor:
            answers = list(executor.map(work, parts))
    else:
        answers = [work(part) for part in parts]
    pools: list[np.ndarray] = [np.empty(0, dtype=np.int32)]
    shift = 0
    for done, pool in (piece for answer in answers for piece in answer):
        found = done[start[done] >= 0]
        used = int(end[found].max()) if found.size else 0
        start[found] += shift
        end[found] += shift
        shift += used
        pools.append(pool[:used])
    return Routes(np.concatenate(pools), start, end)
