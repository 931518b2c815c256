"""What two days' routes differ in, trip by trip, and what tells one route from another."""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import kernel
from twin.kernels.paths import RoutePool


@kernel
def changed_lengths(
    one: RoutePool, other: RoutePool, length_m: np.ndarray, count: np.ndarray, out_m: np.ndarray
) -> None:
    """Half the length of links in the symmetric difference of each trip's two routes, out_m (n_trips,) [m].

    Routes are multisets: a link driven twice in one and once in the other counts once. ``count``
    (n_links,) int32 is nought before and after. Equal routes give exactly nought.
    """
    for trip in range(out_m.shape[0]):
        for at in range(one.start[trip], one.end[trip]):
            count[one.link[at]] += 1
        for at in range(other.start[trip], other.end[trip]):
            count[other.link[at]] -= 1
        total_m = 0.0
        for at in range(one.start[trip], one.end[trip]):
            link = one.link[at]
            total_m += abs(count[link]) * length_m[link]
            count[link] = 0
        for at in range(other.start[trip], other.end[trip]):
            link = other.link[at]
            total_m += abs(count[link]) * length_m[link]
            count[link] = 0
        out_m[trip] = 0.5 * total_m


@kernel
def sum_keys(trip: np.ndarray, link: np.ndarray, link_key: np.ndarray, out: np.ndarray) -> None:
    """Add the keys of the links that each trip leaves to out (n_trips,) uint64, whatever their order."""
    for i in range(trip.shape[0]):
        out[trip[i]] += link_key[link[i]]
