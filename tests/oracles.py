"""Slow, plain-Python twins of the kernels: written apart from them, to vouch for them.

Here: random numbers, cycles, paths. The twin of the loading is in `tests/oracles_loading.py`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from tests.worlds import Net

_WORD = 2**64 - 1
BLOCKED_MS = 2**30
"""A weight from here on means that the link cannot be used."""
SLICE_MS = 900_000


def slow_mix(word: int) -> int:
    """One SplitMix64 step (Steele, Lea & Flood 2014) in whole numbers of any size."""
    z = (word + 0x9E3779B97F4A7C15) & _WORD
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
    return z ^ (z >> 31)


def slow_uniform(seed: int, stream: int, who: int, when: int) -> float:
    """Uniform draw in [0, 1) of (seed, stream, who, when)."""
    word = seed & _WORD ^ stream
    for part in (who, when & _WORD):
        word = slow_mix(word) ^ part
    return (slow_mix(word) >> 11) / 2**53


def shuffled(n: int, seed: int) -> np.ndarray:
    """Rows 0 to n - 1 in another order."""
    return np.argsort([slow_uniform(seed, n, row, 0) for row in range(n)])


def cycles_of(follower: dict[int, int]) -> list[list[int]]:
    """Cycles of a map from each element to one follower, each from its smallest element."""
    cycles = []
    for start in sorted(follower):
        walk = [start]
        while follower.get(walk[-1]) not in (None, start) and len(walk) <= len(follower):
            walk.append(follower[walk[-1]])
        if follower.get(walk[-1]) == start and start == min(walk):
            cycles.append(walk)
    return cycles


def slow_costs(net: Net, weight_ms: np.ndarray, origin: int, moment_ms: int = 0) -> list[int | None]:
    """Cost [ms] from the end of link ``origin`` to the end of every link; None where no path leads.

    ``weight_ms`` is (n_links,), or (n_slices, n_links) for slices of 15 minutes: then a link weighs
    what it weighs in the slice of the moment it is entered (the last slice has no end), and nodes are
    settled by earliest arrival (Dijkstra 1959). The origin itself costs nothing.
    """
    weights = np.atleast_2d(weight_ms).tolist()
    arrival: dict[int, int] = {}
    frontier = [(moment_ms, int(net.head[origin]))]
    while frontier:
        moment, node = heapq.heappop(frontier)
        if node in arrival:
            continue
        arrival[node] = moment
        for link in np.flatnonzero(net.tail == node):
            step = weight_at(weights, int(link), moment)
            if step < BLOCKED_MS:
                heapq.heappush(frontier, (moment + step, int(net.head[link])))
    costs: list[int | None] = []
    for link, node in enumerate(net.tail.tolist()):
        step = weight_at(weights, link, arrival[node]) if node in arrival else BLOCKED_MS
        costs.append(arrival[node] + step - moment_ms if step < BLOCKED_MS else None)
    costs[origin] = 0
    return costs


def entries_along(time_ms: np.ndarray, route: Sequence[int], moment_ms: int) -> list[tuple[int, int]]:
    """Each link of a route and the moment [ms] it is entered, the first at the moment given."""
    weights, entries = np.atleast_2d(time_ms).tolist(), []
    for link in route:
        entries.append((link, moment_ms))
        moment_ms += weight_at(weights, link, moment_ms)
    return entries


def cost_along(net: Net, weight_ms: np.ndarray, path: Sequence[int], moment_ms: int = 0) -> int:
    """Cost [ms] of a path of links, its first link not counted; complains if links do not join."""
    weights = np.atleast_2d(weight_ms).tolist()
    end_ms = moment_ms
    for before, link in zip(path, path[1:], strict=False):
        assert net.head[before] == net.tail[link], f"links {before} and {link} do not join"
        step = weight_at(weights, link, end_ms)
        assert step < BLOCKED_MS, f"link {link} is blocked"
        end_ms += step
    return end_ms - moment_ms


def weight_at(weights: list[list[int]], link: int, moment_ms: int) -> int:
    """Weight [ms] of a link that is entered at a moment."""
    return int(weights[min(moment_ms // SLICE_MS, len(weights) - 1)][link])
