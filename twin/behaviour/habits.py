"""Habits of drivers: the routes they take unless told otherwise, and how they come by them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.behaviour.learning import lived_times_ms, reviewers, smoothed, volume_delay_ms
from twin.clock import MS, N_SLICES, SLICE_MS
from twin.kernels import paths
from twin.kernels.paths import Bounds, RoutePool, RouteQueries, Stream, Topology, Weights
from twin.kernels.random import stream_of
from twin.routing.routes import Routes
from twin.routing.search import bounds_to, find_routes
from twin.scenario.ledger import Parameters

PERCEPTION = stream_of("calculators.perception")


@dataclass(frozen=True)
class Drivers:
    """Who drives on what: the fixed side of learning.

    Parameters
    ----------
    topology, free_ms, capacity_vps
        The month's streets, edits of whole days included, before anything happens in a day; (n_links,).
    aversion
        What drivers feel a second on each link to be worth, (n_links,) >= 1: they prefer the road
        hierarchy they know.
    sigma
        Spread of each person's own view of each link (cost times 1 + sigma * u).
    trips
        All car trips, by trip row (n_trips,).
    rows
        Rows of trips by car.
    """

    topology: Topology
    free_ms: np.ndarray
    capacity_vps: np.ndarray
    aversion: np.ndarray
    sigma: float
    trips: RouteQueries
    rows: np.ndarray
    seed: int
    threads: int = 1

    def bounds(self) -> Bounds:
        """Least felt cost to every destination."""
        least = np.floor(self.free_ms * self.aversion).astype(np.int32)
        return bounds_to(self.topology, least, self.trips.destination[self.rows])

    def weights(self, time_ms: np.ndarray) -> Weights:
        """What links cost drivers who expect those times, (n_slices, n_links) [ms]."""
        expected = paths.whole_ms(np.ceil(time_ms))
        felt = paths.whole_ms(np.ceil(expected * self.aversion))
        return Weights(felt, expected, SLICE_MS * N_SLICES // time_ms.shape[0], self.sigma)

    def choose(self, weights: Weights, bounds: Bounds, rows: np.ndarray) -> Routes:
        """Least felt routes of those trips."""
        draws = Stream(self.seed, PERCEPTION)
        return find_routes(self.topology, weights, bounds, self.trips, rows, draws, self.threads)


@dataclass(frozen=True)
class Habits:
    """What drivers have learned: a route for each car trip, and the times they expect.

    Parameters
    ----------
    routes
        Route of each trip row.
    expected_ms
        Expected travel times, (N_SLICES, n_links) float64 [ms].
    streets
        Digest of the edited territory that they were fitted to, empty for streets as they were.
    """

    routes: Routes
    expected_ms: np.ndarray
    streets: str = ""

    def extended(self, drivers: Drivers) -> Habits:
        """These habits for who has none yet: who stands behind the rows known here, or did not drive before.

        They take the route that feels best under the times that the others expect; the others keep theirs.
        """
        n_known, n_trips = self.routes.start.shape[0], drivers.trips.origin.shape[0]
        none = np.full(n_trips - n_known, -1, dtype=np.int64)
        start, end = (np.concatenate([column, none]) for column in (self.routes.start, self.routes.end))
        joined = drivers.rows[start[drivers.rows] < 0]
        if not joined.size:
            return self if n_known == n_trips else replace(self, routes=Routes(self.routes.pool, start, end))
        found = drivers.choose(drivers.weights(self.expected_ms), drivers.bounds(), joined)
        return replace(self, routes=Routes(self.routes.pool, start, end).replaced(joined, found))


def equilibrium_start(drivers: Drivers, parameters: Parameters) -> Habits:
    """Habits near a user equilibrium of the volume-delay function, by successive averages."""
    bounds = drivers.bounds()
    n_links = drivers.free_ms.shape[0]
    flow = np.zeros((N_SLICES, n_links), dtype=np.int32)
    time_ms = np.broadcast_to(drivers.free_ms, flow.shape)
    capacity_veh = drivers.capacity_vps * (SLICE_MS / MS)
    routes = drivers.choose(drivers.weights(time_ms), bounds, drivers.rows)
    for number in range(1, int(parameters["behaviour.equilibrium_rounds"]) + 1):
        if number > 1:
            chosen = reviewers(drivers.seed, -number, 1.0 / number, drivers.trips.person[drivers.rows])
            again = drivers.rows[chosen]
            routes = routes.replaced(again, drivers.choose(drivers.weights(time_ms), bounds, again))
        clock_ms = np.ascontiguousarray(time_ms, dtype=np.int32)
        paths.spread_flows(
            routes.pool, routes.start, routes.end, drivers.trips.depart_ms, clock_ms, SLICE_MS, flow
        )
        time_ms = volume_delay_ms(drivers.free_ms, flow, capacity_veh, SLICE_MS, parameters)
    return Habits(routes, time_ms.astype(np.float64))


def review(
    drivers: Drivers,
    habits: Habits,
    passages: tuple[np.ndarray, np.ndarray, np.ndarray],
    day: int,
    parameters: Parameters,
) -> Habits:
    """Habits after one more day lived; ``passages`` are link, enter_ms and exit_ms, (n,) each.

    A driver who reviews and finds a route that feels better by more than the band takes it up.
    """
    link, enter_ms, exit_ms = passages
    lived_ms = lived_times_ms(link, enter_ms, exit_ms, SLICE_MS, N_SLICES, drivers.free_ms)
    weight = 1.0 if day == 1 else float(parameters["behaviour.memory_weight"])
    expected_ms = smoothed(habits.expected_ms, lived_ms, weight)
    share = float(parameters["behaviour.review_share"]) / day
    rows = drivers.rows[reviewers(drivers.seed, day, share, drivers.trips.person[drivers.rows])]
    weights = drivers.weights(expected_ms)
    found = drivers.choose(weights, drivers.bounds(), rows)
    now, then = (felt_ms(drivers, weights, routes, rows) for routes in (habits.routes, found))
    band = float(parameters["behaviour.switching_band"])
    switching = rows[then < now * (1.0 - band)]
    return replace(habits, routes=habits.routes.replaced(switching, found), expected_ms=expected_ms)


def felt_ms(drivers: Drivers, weights: Weights, routes: Routes, rows: np.ndarray) -> np.ndarray:
    """Felt cost of the routes of those trips, (n,) int64."""
    out = np.zeros(rows.shape[0], dtype=np.int64)
    pool = RoutePool(routes.pool, routes.start, routes.end)
    draws = Stream(drivers.seed, PERCEPTION)
    paths.route_costs(pool, drivers.trips, rows, weights, drivers.topology.link_key, draws, out)
    return out
