"""What guides trips in a benchmark: market, an incident, what a provider knows, and what it all costs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.world import World
from twin.calculators.provider import advice_times_ms
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.estimates import Prior, shrunk_times_s
from twin.mobility.loading import Loader
from twin.routing.hierarchy import Metric, recustomize

PARTS = ("bounds", "loading", "pictures", "weights", "asking", "queries", "taking")
COUNTS = ("asked", "searched", "rerouted", "weight_sets", "link_entries")


@dataclass(frozen=True)
class Guidance:
    """Who is guided and by whom, how often, and what makes a route worth proposing.

    Parameters
    ----------
    share
        Of all trips.
    market
        Shares of the guided among providers.
    indifference
        Band, as a share of the present route's cost.
    bounded
        Whether those whose route cannot be beaten even on empty roads are left out of the search.
    """

    share: float = 0.3
    market: tuple[float, ...] = (0.6, 0.4)
    every_s: int = 300
    indifference: float = 0.05
    bounded: bool = True

    def provider_of(self, n_trips: int) -> NDArray[np.int8]:
        """Row of each trip's provider, -1 for who is not guided (n_trips,)."""
        keys = keys_of(np.arange(n_trips))
        is_guided = uniforms(1, stream_of("benchmarks.guided"), keys) < self.share
        drawn = uniforms(1, stream_of("benchmarks.provider"), keys)
        provider = np.searchsorted(np.cumsum(self.market)[:-1], drawn, side="right")
        return np.where(is_guided, provider, -1).astype(np.int8)


@dataclass(frozen=True)
class Incident:
    """Links that let through one vehicle in ``factor``, between two moments at which pictures are drawn."""

    links: NDArray[np.int64]
    from_s: int
    until_s: int
    factor: int = 10

    @staticmethod
    def busiest(world: World, n_links: int, hours: tuple[float, float]) -> Incident:
        """On the links that most trips mean to use."""
        planned = np.bincount(world.pool, minlength=world.tail.shape[0])
        links = np.argsort(-planned, kind="stable")[:n_links]
        return Incident(links, int(3_600 * hours[0]), int(3_600 * hours[1]))

    def strike(self, loader: Loader, now_s: int) -> None:
        """Change the capacities where it begins and where it ends."""
        if now_s == self.from_s:
            loader.supply.headway_ms[self.links] *= self.factor
        if now_s == self.until_s:
            loader.supply.headway_ms[self.links] //= self.factor


@dataclass
class Tally:
    """CPU seconds by part, and how many."""

    cpu_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    n: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the CPU seconds of a block (all threads)."""
        begin = time.process_time()
        yield
        self.cpu_s[name] += time.process_time() - begin


class Provider:
    """One provider's memory: sums over the last few intervals, and the weights that follow from them.

    The hierarchy gets them when somebody is to be searched for, not before.
    """

    def __init__(self, free_ms: NDArray[np.int32], metric: Metric, n_intervals: int, weight: float) -> None:
        self.free_ms, self.weights_ms, self.metric = free_ms, free_ms, metric
        self.prior = Prior(free_ms / 1_000.0, weight)
        self.n_intervals = n_intervals
        self.seen: deque[tuple[NDArray[np.int32], NDArray[np.int64]]] = deque()
        self.n_probes, self.total_ms = np.zeros_like(free_ms), np.zeros(free_ms.shape[0], dtype=np.int64)

    def learn(self, n_probes: NDArray[np.int32], total_ms: NDArray[np.int64]) -> None:
        """Draw a new picture with what was seen in one more interval; it knows of no closure."""
        self.seen.append((n_probes, total_ms))
        self.n_probes += n_probes
        self.total_ms += total_ms
        if len(self.seen) > self.n_intervals:
            before = self.seen.popleft()
            self.n_probes -= before[0]
            self.total_ms -= before[1]
        times_s = shrunk_times_s(self.n_probes, self.total_ms, self.prior)
        self.weights_ms = advice_times_ms(times_s, self.free_ms)

    def customized(self) -> bool:
        """Give the hierarchy the present weights; whether they were other ones."""
        if np.array_equal(self.weights_ms, self.metric.ways.weight_ms):
            return False
        self.metric = recustomize(self.metric, self.weights_ms)
        return True
