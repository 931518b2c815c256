"""A loading with guided trips: providers that know what their own users saw, and a hierarchy that answers.

Every ``every_s`` each provider sums up what its users' vehicles took on each link in the ledger's window
(those held in a queue say so too), weighs it with the map as a calculator of the twin does, and gives the
hierarchy new weights. Then every guided trip that is under way or about to depart asks: those whose present
route could be beaten at all are searched for, cost first, and those who gain enough get a new route.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.guidance import Guidance, Incident, Provider, Tally
from benchmarks.speed.ours import PLAIN, Setup, loader_of
from benchmarks.speed.world import World
from twin.kernels.advice import most_worth_ms
from twin.kernels.paths import Bounds, RoutePool
from twin.kernels.picture import sum_by_owner
from twin.kernels.random import keys_of
from twin.mobility.loading import Loader
from twin.mobility.passages import Passages
from twin.routing.hierarchy import (
    Hierarchy,
    bounds_by,
    build_hierarchy,
    costs_between,
    customize,
    paths,
    recustomize,
)
from twin.routing.topology import build_topology
from twin.scenario.ledger import Parameters


class Navigation:
    """One day of a world with guidance."""

    def __init__(
        self,
        world: World,
        setup: Setup = PLAIN,
        guidance: Guidance | None = None,
        incident: Incident | None = None,
    ) -> None:
        self.world, self.incident = world, incident
        self.guidance = guidance = Guidance() if guidance is None else guidance
        self.loader = loader_of(world, setup)
        self.provider_of = guidance.provider_of(world.n_trips)
        self.guided = np.flatnonzero(self.provider_of >= 0)
        self.release_ms = self.loader.vehicles.release_ms[self.guided]
        order = np.argsort(self.release_ms, kind="stable")
        self.guided, self.release_ms = self.guided[order], self.release_ms[order]
        self.under_way = np.empty(0, dtype=np.int64)
        self.free_ms = self.loader.supply.free_ms.astype(np.int32)
        self.hierarchy = _hierarchy_of(world)
        ledger = Parameters.defaults()
        self.least_saving_ms = round(1_000 * float(ledger["calculators.least_saving_s"]))
        n_intervals = max(1, round(float(ledger["calculators.window_s"]) / guidance.every_s))
        empty, weight = (
            customize(self.hierarchy, self.free_ms),
            float(ledger["scenario.provider_prior_weight"]),
        )
        self.providers = [Provider(self.free_ms, empty, n_intervals, weight) for _ in guidance.market]
        self.tally = Tally()

    def run(self, until_s: int | None = None) -> Tally:
        """The whole day, or its beginning."""
        tally, every_s = self.tally, self.guidance.every_s
        with tally.part("bounds"):
            bounds = self._bounds()
        end_s = self.world.horizon_s if until_s is None else until_s
        for now_s in range(0, end_s, every_s):
            if self.incident is not None:
                self.incident.strike(self.loader, now_s)
            if self.guided.size:
                self._guide(now_s, bounds)
            with tally.part("loading"):
                left = self.loader.advance(now_s, min(now_s + every_s, end_s))
            tally.n["link_entries"] += left.link.shape[0]
            if self.guided.size:
                self._learn(now_s + every_s, left)
        return tally

    def _bounds(self) -> Bounds:
        """Least costs on empty roads to the destinations of the guided; noughts where nothing is bounded."""
        world = self.world
        destinations = world.pool[world.end[self.guided] - 1]
        if self.guidance.bounded:
            return bounds_by(self.providers[0].metric, destinations)
        n_nodes = world.x_m.shape[0]
        return Bounds(np.zeros((1, n_nodes), dtype=np.int32), np.zeros(n_nodes, dtype=np.int32))

    def _guide(self, now_s: int, bounds: Bounds) -> None:
        """Advise all who are under way, or depart before the next time."""
        tally, loader = self.tally, self.loader
        with tally.part("asking"):
            on_way = self.under_way[loader.vehicles.arrived_ms[self.under_way] < 0]
            span = 1_000 * np.array([now_s, now_s + self.guidance.every_s])
            first, upto = np.searchsorted(self.release_ms, span)
            asking = self.under_way = np.concatenate([on_way, self.guided[first:upto]])
        tally.n["asked"] += asking.shape[0]
        for row, provider in enumerate(self.providers):
            mine = asking[self.provider_of[asking] == row]
            if mine.size:
                self._advise(provider, mine, bounds)

    def _advise(self, provider: Provider, trips: NDArray[np.int64], bounds: Bounds) -> None:
        """Give those of a provider's users who gain enough a new route."""
        tally = self.tally
        with tally.part("asking"):
            ahead = self.loader.ahead_of(trips)
            most_ms = np.empty(trips.shape[0], dtype=np.int64)
            most_worth_ms(
                self.hierarchy.topology,
                bounds,
                provider.weights_ms,
                RoutePool(ahead.pool, ahead.start, ahead.end),
                self.guidance.indifference,
                self.least_saving_ms,
                most_ms,
            )
            worth = np.flatnonzero(most_ms >= 0)
            ends = ahead.pool[ahead.start[worth]], ahead.pool[ahead.end[worth] - 1]
        tally.n["searched"] += worth.shape[0]
        if not worth.size:
            return
        with tally.part("weights"):
            tally.n["weight_sets"] += provider.customized()
        with tally.part("queries"):
            gains = np.flatnonzero(costs_between(provider.metric, *ends) <= most_ms[worth])
            _, routes = paths(provider.metric, ends[0][gains], ends[1][gains])
        with tally.part("taking"):
            if gains.size:
                self.loader.take_routes(trips[worth[gains]], routes)
        tally.n["rerouted"] += gains.shape[0]

    def _learn(self, now_s: int, left: Passages) -> None:
        """New pictures from what each provider's users have just seen, and new weights."""
        tally = self.tally
        with tally.part("pictures"):
            held = self.loader.queued(now_s, now_s - self.guidance.every_s, left)
            n = len(self.providers), self.free_ms.shape[0]
            n_probes, total_ms = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int64)
            for seen in (left, held):
                sum_by_owner(
                    seen.trip, seen.link, seen.enter_ms, seen.exit_ms, self.provider_of, n_probes, total_ms
                )
            for row, provider in enumerate(self.providers):
                provider.learn(n_probes[row], total_ms[row])

    def results(self) -> dict[str, float]:
        """What came of it: trips completed and their mean time, costs by part, and how many asked."""
        vehicles, tally = self.loader.vehicles, self.tally
        there = vehicles.arrived_ms >= 0
        trip_ms = (vehicles.arrived_ms.astype(np.int64) - vehicles.release_ms)[there]
        return {
            "completed": float(there.sum()),
            "mean_trip_s": float(trip_ms.mean() / 1_000.0),
            "guided": float(self.guided.shape[0]),
            "rotations": float(self.loader.rotations),
            **{name: float(n) for name, n in tally.n.items()},
            **{f"{name}_s": spent for name, spent in tally.cpu_s.items()},
        }


def digest_of(loader: Loader) -> str:
    """Digest over all moments of entry and arrival, in the order of trips."""
    digest = hashlib.sha256()
    for column in (loader.vehicles.entered_ms, loader.vehicles.arrived_ms):
        digest.update(column.astype("<i4").tobytes())
    return digest.hexdigest()[:16]


def compile_kernels(world: World, setup: Setup) -> None:
    """Run all kernels once, on the first trips of a world: what is compiled is compiled then."""
    few = world.between(0.0, float(world.depart_s[min(200, world.n_trips - 1)]) + 1.0)
    navigation = Navigation(few, setup, Guidance(share=1.0, indifference=0.0))
    navigation.least_saving_ms = 0  # whatever is found is taken
    navigation.run(until_s=1_200)
    one = navigation.free_ms.copy()
    one[0] += 1
    recustomize(customize(navigation.hierarchy, navigation.free_ms), one)


def _hierarchy_of(world: World) -> Hierarchy:
    n_links, n_nodes = world.tail.shape[0], world.x_m.shape[0]
    topology = build_topology(world.tail, world.head, keys_of(np.arange(n_links)), n_nodes)
    return build_hierarchy(topology, world.x_m, world.y_m)
