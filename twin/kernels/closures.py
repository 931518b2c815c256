"""Where a route first runs into a closure."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel


@kernel
def first_closed(
    pool: np.ndarray,
    route_at: np.ndarray,
    route_end: np.ndarray,
    rows: np.ndarray,
    closed: np.ndarray,
    out: np.ndarray,
) -> None:
    """Place in the pool of the first closed link that each route would enter from outside, -1 if none.

    Written to out (n_rows,) int64. Who is inside a closure already may go on through it.
    """
    for k in range(rows.shape[0]):
        trip = rows[k]
        out[k] = -1
        inside = closed[pool[route_at[trip]]]
        for at in range(route_at[trip] + 1, route_end[trip]):
            now = closed[pool[at]]
            if now and not inside:
                out[k] = at
                break
            inside = now
