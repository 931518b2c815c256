"""Many questions to a router, shared out over threads; what comes back joined into one pool of routes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from twin.kernels.paths import Topology
from twin.routing.routes import Routes

LINKS_A_ROUTE = 96
"""First guess of a route's length, for the size of a pool; a longer one only costs a second call."""

Piece = tuple[np.ndarray, np.ndarray]
"""Rows that were answered, and the links of their routes."""


def in_pools(topology: Topology, rows: np.ndarray, fill: Callable[[int, np.ndarray], int]) -> list[Piece]:
    """Routes of rows (n,), in as many pools as it takes.

    ``fill`` answers from a place in the rows on until the pool of links is full, and returns the place from
    which nothing is done; any one route has room.
    """
    n_states = topology.first_out.shape[0] - 1 + topology.turn_from.shape[0]
    done, pieces = 0, list[Piece]()
    while done < rows.shape[0]:
        pool = np.empty((rows.shape[0] - done) * LINKS_A_ROUTE + n_states + 2, dtype=np.int32)
        upto = fill(done, pool)
        pieces.append((rows[done:upto], pool))
        done = upto
    return pieces


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
    return in_one([piece for answer in answers for piece in answer], start, end)


def in_one(pieces: list[Piece], start: np.ndarray, end: np.ndarray) -> Routes:
    """Routes of all pieces in one pool; start and end (n_trips,), places in each piece's own, are moved."""
    pools: list[np.ndarray] = [np.empty(0, dtype=np.int32)]
    shift = 0
    for done, pool in pieces:
        found = done[start[done] >= 0]
        used = int(end[found].max()) if found.size else 0
        start[found] += shift
        end[found] += shift
        shift += used
        pools.append(pool[:used])
    return Routes(np.concatenate(pools), start, end)
