"""Slow, plain-Python twins of the kernels: written apart from them, to vouch for them.

Here: random numbers, cycles, paths, advice, closures. The loading's is in `tests/oracles_loading.py`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tests.worlds import Net

_WORD = 2**64 - 1
BLOCKED_MS = 2**30
"""A weight from here on means that the link cannot be used."""
UNREACHED_MS = 2**60
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


@dataclass(frozen=True)
class View:
    """How a traveller sees the links: cost steers, time moves the clock, both (n_slices, n_links) [ms].

    Every link is felt 1 to 1 + sigma times as long as it costs, by a draw of person and link.
    """

    cost_ms: np.ndarray
    time_ms: np.ndarray
    sigma: float = 0.0
    person: int = 0
    seed: int = 0
    stream: int = 0

    def felt_ms(self, net: Net, link: int, moment_ms: int) -> int:
        """What the link costs this traveller who enters it at that moment."""
        cost_ms = weight_at(self.cost_ms, link, moment_ms)
        own = slow_uniform(self.seed, self.stream, self.person, int(net.link_key[link]) % 2**62)
        return int(float(cost_ms) * (1.0 + self.sigma * own)) if cost_ms < BLOCKED_MS else BLOCKED_MS


def plain_view(weight_ms: np.ndarray) -> View:
    """Cost and time are one, (n_links,) or (n_slices, n_links) [ms]."""
    weights = np.atleast_2d(weight_ms)
    return View(weights, weights)


def slow_routes(net: Net, view: View, origin: int, depart_ms: int = 0) -> list[tuple[int, ...]]:
    """Route to every link from link ``origin``, entered at ``depart_ms``; empty where there is none.

    Nodes are settled by least felt cost (Dijkstra 1959), which begins at the end of the origin; a link
    weighs what it weighs in the slice of its entry. Among equal costs into a node the lesser key wins.
    """
    net_keys = net.link_key.tolist()
    clock_ms = depart_ms + weight_at(view.time_ms, origin, depart_ms)
    frontier = [(0, 0, int(net.head[origin]), clock_ms, (origin,))]
    settled: dict[int, tuple[int, tuple[int, ...]]] = {}
    while frontier:
        cost, _, node, clock_ms, path = heapq.heappop(frontier)
        if node in settled:
            continue
        settled[node] = (clock_ms, path)
        for link in np.flatnonzero(net.tail == node).tolist():
            felt = view.felt_ms(net, link, clock_ms)
            if felt < BLOCKED_MS:
                end_ms = clock_ms + weight_at(view.time_ms, link, clock_ms)
                heapq.heappush(
                    frontier, (cost + felt, net_keys[link], int(net.head[link]), end_ms, (*path, link))
                )
    routes: list[tuple[int, ...]] = [()] * net.n_links
    for link, node in enumerate(net.tail.tolist()):
        if node in settled and weight_at(view.cost_ms, link, settled[node][0]) < BLOCKED_MS:
            routes[link] = (*settled[node][1], link)
    routes[origin] = (origin,)
    return routes


def entries_along(time_ms: np.ndarray, route: Sequence[int], moment_ms: int) -> list[tuple[int, int]]:
    """Each link of a route and the moment [ms] it is entered, the first at the moment given."""
    entries = []
    for link in route:
        entries.append((link, moment_ms))
        moment_ms += weight_at(time_ms, link, moment_ms)
    return entries


def weight_at(weight_ms: np.ndarray, link: int, moment_ms: int) -> int:
    """Weight (n_slices, n_links) [ms] of a link entered at a moment; the last slice has no end."""
    return int(weight_ms[min(moment_ms // SLICE_MS, len(weight_ms) - 1), link])


class Advice(NamedTuple):
    """Cost [ms] of keeping the route and of the best one worth proposing, which is empty if none is."""

    now_ms: int
    best_ms: int
    route: tuple[int, ...]


def slow_advice(
    net: Net, weight_ms: np.ndarray, route: Sequence[int], band: float, least_saving_ms: int
) -> Advice:
    """What a provider advises who is on the first link of a route, weights (n_links,) [ms] as it sees them.

    The best route is proposed if it saves the band, as a share of the present one, and the least time.
    """
    remaining = [int(weight_ms[link]) for link in route[1:]]
    now_ms = UNREACHED_MS if any(weight >= BLOCKED_MS for weight in remaining) else sum(remaining)
    best = slow_routes(net, plain_view(weight_ms), route[0])[route[-1]]
    best_ms = sum(int(weight_ms[link]) for link in best[1:])
    saves = bool(best) and now_ms - best_ms >= max(math.ceil(now_ms * band), least_saving_ms)
    if saves and route[0] != route[-1]:
        return Advice(now_ms, best_ms, best)
    return Advice(now_ms, now_ms, ())


def slow_first_closed(route: Sequence[int], closed: np.ndarray) -> int:
    """Place in a route of the first closed link that is entered from an open one, -1 if none."""
    turns = [place for place in range(1, len(route)) if closed[route[place]] and not closed[route[place - 1]]]
    return turns[0] if turns else -1
